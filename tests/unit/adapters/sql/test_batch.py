"""What a batch reads ahead and keeps for its end: nobody can tell it from changes that are committed one by one."""

from __future__ import annotations

import asyncio
import random
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import pytest
from tests.support.changes import Ask, Follow, apply
from tests.support.sql import play

from trug.adapters.sql import commit
from trug.adapters.sql.store import SqlMetadata
from trug.domain.lines import key_of
from trug.domain.objects import Listing, Record
from trug.domain.preconditions import NO_WRITE_CONDITIONS, WriteConditions
from trug.domain.versioning import Versioning
from trug.engine.refusals import Moved
from trug.engine.versions import CopyVersion, DeleteNewest, DeleteVersion, PutVersion, RetagVersion
from trug.ports.changes import Change, Decided
from trug.ports.effects import PutBucket, PutCurrent, PutInline, RemoveCurrent, RemoveInline, SetReferences
from trug.ports.reads import (
    BucketWithId,
    CountersOf,
    Current,
    CurrentContent,
    CurrentRange,
    InlineContent,
    References,
    RowsOf,
    WithVersionId,
)
from trug.ports.rows import Bucket, Version

NOW = 1_700_000_000_000_000
BUCKETS = tuple(
    Bucket(number, f"bucket-{number}", "acc", "us-east-1", NOW, versioning)
    for number, versioning in enumerate(Versioning, 1)
)
KEYS = ("a", "b", 'q"\\\x01\N{GREEK SMALL LETTER ALPHA}\N{GRINNING FACE}')
TABLES = ("current", "history", "inline", "reference_counts", "dropped", "files", "buckets")
CONDITIONS = (NO_WRITE_CONDITIONS, NO_WRITE_CONDITIONS, WriteConditions(if_none_match="*"), WriteConditions("*"))


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Batches end by their number of changes alone, however slow the machine is."""
    monkeypatch.setattr(commit, "LONGEST_NS", 3600 * 10**9)


async def in_one_batch(store: SqlMetadata, changes: Iterable[Change[Any]]) -> list[Any]:
    """What becomes of changes that are submitted in one turn of the loop."""
    before = store.done
    outcomes = await asyncio.gather(*map(store.commit, changes), return_exceptions=True)
    assert store.done.batches == before.batches + 1
    return outcomes


async def one_by_one(store: SqlMetadata, changes: Iterable[Change[Any]]) -> list[Any]:
    return [(await asyncio.gather(store.commit(change), return_exceptions=True))[0] for change in changes]


async def contents(store: SqlMetadata) -> list[Any]:
    rows = [await store.fetch(RowsOf(table, None, 1000)) for table in TABLES]
    inline = [await store.fetch(InlineContent(number)) for (number,), _ in rows[TABLES.index("inline")]]
    return [rows, inline, [await store.fetch(CountersOf(bucket.id)) for bucket in BUCKETS]]


class Dice:
    """Changes of few keys, so that they meet each other."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._number = 0
        self._puts: list[PutVersion] = []

    def changes(self, count: int) -> list[Change[Any]]:
        return [self._change() for _ in range(count)]

    def _change(self) -> Change[Any]:
        self._number += 1
        bucket, key = self._random.choice(BUCKETS).id, self._random.choice(KEYS)
        conditions = self._random.choice(CONDITIONS)
        other = self._version_id(self._random.randint(1, self._number))
        match self._random.randrange(8):
            case 0 | 1 | 2:
                return self._put(bucket, key, conditions)
            case 7 if self._puts:
                return self._copy(bucket, key)
            case 3 | 4:
                return DeleteNewest(bucket, key, conditions, self._number, self._version_id(self._number))
            case 5:
                return DeleteVersion(bucket, key, self._random.choice((other, "null")), NO_WRITE_CONDITIONS)
            case _:
                return RetagVersion(bucket, key, self._random.choice((other, None)), {"n": str(self._number)})

    def _version_id(self, number: int) -> str:
        return f"{number:032}"

    def _put(self, bucket: int, key: str, conditions: WriteConditions) -> PutVersion:
        place = self._random.choice(({"inline": self._number}, {"blob": self._number}, {}))
        put = PutVersion(
            bucket=bucket,
            key=key,
            id=self._number,
            version_id=self._version_id(self._number),
            listing=Listing("e", self._number, 0),
            record=Record(),
            conditions=conditions,
            event="Put",
            content=b"x" * self._number,
            **place,
        )
        self._puts.append(put)
        return put

    def _copy(self, bucket: int, key: str) -> CopyVersion:
        put = self._puts[-self._random.randint(1, min(len(self._puts), 4))]
        version_id = put.version_id if BUCKETS[put.bucket - 1].versioning is Versioning.ENABLED else "null"
        source = Version(
            put.bucket, put.key, 0, put.id, version_id, put.listing, put.record, inline=put.inline, blob=put.blob
        )
        return CopyVersion(
            source=source,
            bucket=bucket,
            key=key,
            id=self._number,
            version_id=self._version_id(self._number),
            listing=Listing("e", 1, 0),
            record=Record(),
            conditions=NO_WRITE_CONDITIONS,
        )


def told(outcomes: Sequence[Any]) -> list[Any]:
    return [repr(outcome) for outcome in outcomes]


@pytest.mark.parametrize("seed", range(12))
def test_a_batch_leaves_what_its_changes_leave_one_by_one(tmp_path: Path, seed: int) -> None:
    left: list[Any] = []
    for directory, run in (("batch", in_one_batch), ("single", one_by_one)):

        async def scene(store: SqlMetadata, run: Any = run) -> None:
            dice = Dice(seed)
            await store.commit(apply(*map(PutBucket, BUCKETS)))
            outcomes = [told(await run(store, dice.changes(40))) for _ in range(4)]
            left.append([outcomes, await contents(store)])

        (tmp_path / directory).mkdir()
        play(tmp_path / directory, scene)
    assert left[0] == left[1]


def version(sequence: int, inline: int | None) -> Version:
    return Version(1, "k", sequence, sequence, "null", Listing("e", 1, NOW), inline=inline)


def test_inline_bytes_that_come_and_go_in_a_batch_leave_nothing(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await in_one_batch(store, [apply(PutInline(1, b"one"), PutInline(2, b"two")), apply(RemoveInline(1))])
        assert [await store.fetch(InlineContent(number)) for number in (1, 2)] == [None, b"two"]
        await in_one_batch(store, [apply(RemoveInline(2)), apply(PutInline(2, b"again"))])
        assert await store.fetch(InlineContent(2)) == b"again"

    play(tmp_path, scene)


@pytest.mark.parametrize("inline", [None, 1])
def test_reads_see_what_is_kept_for_the_end(tmp_path: Path, inline: int | None) -> None:
    async def scene(store: SqlMetadata) -> None:
        there = version(1, inline)
        for question, answer in (
            (Current(1, "k"), there),
            (WithVersionId(1, "k", "null"), there),
            (InlineContent(1), b"x"),
        ):
            put = apply(PutCurrent(there), PutInline(1, b"x"))
            found = Follow(Current(1, "other"), lambda _, question=question: question)
            gone = apply(RemoveCurrent(1, "k"), RemoveInline(1))
            outcomes = await in_one_batch(store, [put, found, gone, found])
            assert outcomes[1::2] == [answer, None]
        put = apply(PutCurrent(there), PutInline(1, b"x"))
        listed = Ask(
            (CurrentRange(1, "", False, "", 9), CurrentContent(1, "k")), lambda rows, _: Decided([*rows.values()])
        )
        ((row,), content) = (await in_one_batch(store, [put, listed]))[1]
        assert (key_of(row), content.version) == ("k", there)

    play(tmp_path, scene)


def test_counts_are_those_that_siblings_left(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await store.commit(apply(PutCurrent(version(1, 7)), SetReferences("inline", 7, 2)))
        counted = Ask(
            (Current(1, "k"), References("inline", 7)), lambda rows, _: Decided(rows.of(References("inline", 7)))
        )
        changes = [
            counted,
            apply(SetReferences("inline", 7, 3)),
            counted,
            apply(SetReferences("inline", 7, 1)),
            counted,
        ]
        assert (await in_one_batch(store, changes))[::2] == [2, 3, 1]

    play(tmp_path, scene)


def test_what_a_batch_knows_is_forgotten_when_a_bucket_changes(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        asked = Ask((BucketWithId(1), Current(1, "k")), lambda rows, _: Decided([*rows.values()]))
        changes = [asked, apply(PutCurrent(version(1, None)), PutBucket(BUCKETS[0])), asked]
        before, _, after = await in_one_batch(store, changes)
        assert (before, after) == ([None, None], [BUCKETS[0], version(1, None)])

    play(tmp_path, scene)


def test_a_removal_without_a_marker_is_prepared_again_once_a_bucket_has_versions(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await store.commit(apply(*map(PutBucket, BUCKETS)))
        changes = [DeleteNewest(bucket.id, "k", NO_WRITE_CONDITIONS) for bucket in BUCKETS]
        off, *others = await in_one_batch(store, changes)
        assert off.version_id is None
        assert [type(outcome) for outcome in others] == [Moved, Moved]

    play(tmp_path, scene)


def test_every_text_is_found_by_what_is_read_ahead(tmp_path: Path) -> None:
    """It goes to SQLite as JSON."""
    points = [chr(point) for point in range(1, sys.maxunicode + 1) if not 0xD800 <= point <= 0xDFFF]
    keys = ["".join(points[start : start + 250]) for start in range(0, len(points), 250)]
    keys += [*points[:127], "12", "1e3", "null", "[]", '\\u0041"']

    async def scene(store: SqlMetadata) -> None:
        await store.commit(apply(*(PutCurrent(version(1, None)._replace(key=key)) for key in keys)))
        asked = Ask(tuple(Current(1, key) for key in keys), lambda rows, _: Decided([*rows.values()]))
        assert [found.key for found in await store.commit(asked)] == keys

    play(tmp_path, scene)
