"""What is kept of rows that were read: used while they are the same, and not a moment longer."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from trug.adapters.sql.generation import Words
from trug.adapters.sql.hot import OVERHEAD, Hot, slot_of
from trug.domain.objects import Listing
from trug.ports.changes import Read
from trug.ports.reads import Current, CurrentContent
from trug.ports.rows import Fetched, Version

BUCKET = 7
READ = CurrentContent(BUCKET, "key")


class Rows:
    """A store below; it counts how often it is asked."""

    def __init__(self) -> None:
        self.contents: dict[str, bytes] = {}
        self.asked = 0

    def fetch(self, read: Read[Any]) -> Any:
        assert isinstance(read, (Current, CurrentContent))
        self.asked += 1
        content = self.contents.get(read.key)
        if content is None:
            return None
        version = Version(read.bucket, read.key, 1, 1, "null", Listing("e", len(content), 0), inline=1)
        return version if isinstance(read, Current) else Fetched(version, content)


@pytest.fixture
def words(tmp_path: Path) -> Iterator[Words]:
    words = Words(str(tmp_path / "generation"))
    words.sequence = 10
    yield words
    words.close()


def commit(words: Words, rows: Rows, key: str, content: bytes | None) -> None:
    """What the commit thread does."""
    announce(words, key)
    if content is None:
        rows.contents.pop(key)
    else:
        rows.contents[key] = content
    words.sequence += 1


def announce(words: Words, key: str) -> None:
    words.stamps[slot_of(BUCKET, key)] = words.sequence + 1


def content_of(fetched: Fetched | None) -> bytes | None:
    return None if fetched is None else fetched.content


def test_a_second_read_asks_nobody(words: Words) -> None:
    rows = Rows()
    rows.contents["key"] = b"one"
    hot = Hot(words, rows)
    first = hot.fetch(READ)
    assert first is not None
    assert hot.fetch(READ) is first
    assert hot.fetch(Current(BUCKET, "key")) is first.version
    assert rows.asked == 1


def test_a_row_without_its_bytes_does_for_who_needs_none(words: Words) -> None:
    rows = Rows()
    rows.contents["key"] = b"one"
    hot = Hot(words, rows)
    version = hot.fetch(Current(BUCKET, "key"))
    assert hot.fetch(Current(BUCKET, "key")) is version
    assert rows.asked == 1
    assert content_of(hot.fetch(READ)) == b"one"
    assert content_of(hot.fetch(READ)) == b"one"
    assert rows.asked == 2


def test_a_change_is_seen(words: Words) -> None:
    rows = Rows()
    hot = Hot(words, rows)
    for content in (b"one", b"two", None, b"three"):
        commit(words, rows, "key", content)
        for _ in range(2):
            assert content_of(hot.fetch(READ)) == content


def test_what_another_process_changes_is_seen_too(words: Words, tmp_path: Path) -> None:
    rows = Rows()
    rows.contents["key"] = b"one"
    hot = Hot(words, rows)
    hot.fetch(READ)
    theirs = Words(str(tmp_path / "generation"))
    commit(theirs, rows, "key", b"two")
    theirs.close()
    assert content_of(hot.fetch(READ)) == b"two"


def test_nothing_is_taken_or_kept_during_a_commit(words: Words) -> None:
    rows = Rows()
    rows.contents["key"] = b"old"
    hot = Hot(words, rows)
    hot.fetch(READ)
    announce(words, "key")
    assert content_of(hot.fetch(READ)) == b"old"
    assert rows.asked == 2
    rows.contents["key"] = b"new"
    assert content_of(hot.fetch(READ)) == b"new"
    words.sequence += 1
    assert content_of(hot.fetch(READ)) == b"new"
    assert rows.asked == 4


def test_a_row_read_before_a_commit_that_ended_while_it_was_read_is_not_kept(words: Words) -> None:
    class Slow(Rows):
        def fetch(self, read: Read[Any]) -> Any:
            found = super().fetch(read)
            if self.asked == 1:
                commit(words, self, "key", b"new")
            return found

    rows = Slow()
    rows.contents["key"] = b"old"
    hot = Hot(words, rows)
    assert content_of(hot.fetch(READ)) == b"old"
    assert content_of(hot.fetch(READ)) == b"new"


def test_a_commit_that_never_was_leaves_the_truth(words: Words) -> None:
    rows = Rows()
    rows.contents["key"] = b"old"
    hot = Hot(words, rows)
    hot.fetch(READ)
    announce(words, "key")
    commit(words, rows, "another", b"x")
    assert words.stamps[slot_of(BUCKET, "key")] == words.sequence
    assert content_of(hot.fetch(READ)) == b"old"
    assert rows.asked == 2


def test_memory_is_bounded(words: Words) -> None:
    rows = Rows()
    hot = Hot(words, rows, room=10 * (OVERHEAD + 1000))
    names = [f"{number:03}" for number in range(30)]
    for name in names:
        rows.contents[name] = b"x" * 990
        hot.fetch(CurrentContent(BUCKET, name))
    for name in reversed(names):
        hot.fetch(CurrentContent(BUCKET, name))
    assert rows.asked == 30 + 30 - 10
    rows.contents["large"] = b"x" * (64 << 10)
    for _ in range(2):
        hot.fetch(CurrentContent(BUCKET, "large"))
    assert hot.fetch(CurrentContent(BUCKET, names[0])) is not None
