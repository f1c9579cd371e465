"""Small objects that are read again and again: their rows and bytes, in memory until they change."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar, cast
from zlib import crc32

from trug.adapters.sql.generation import SEQUENCE, SLOTS, Words
from trug.ports.changes import Read
from trug.ports.reads import Current, CurrentContent
from trug.ports.rows import Fetched
from trug.ports.stores import Reader

R = TypeVar("R")

HOT: frozenset[type[Read[Any]]] = frozenset({Current, CurrentContent})
"""The reads that are answered from here."""

ROOM = 16 << 20
"""Bytes of memory for what is kept, by a rough count."""

LARGEST = 64 << 10
OVERHEAD = 2048
"""Bytes that a row takes beside its key and content."""


class Kept(NamedTuple):
    """What was read, maybe without its inline bytes, and what the stamp of its slot was before."""

    slot: int
    stamp: int
    fetched: Fetched


def slot_of(bucket: int, key: str) -> int:
    """Where the stamp of a key stands, in every process."""
    return crc32(key.encode(), bucket & 0xFFFFFFFF) % SLOTS


class Hot:
    """Answers what the newest version of a key is, from memory where it was read before and is still the same.

    Whoever changes that writes its sequence as the stamp of the key's slot before the COMMIT, in memory that all
    processes see, and ``words.sequence`` after it. So a stamp above that sequence belongs to a commit in flight, during
    which nothing is taken from here or kept; and while a stamp is what it was before a row was read, so is the row.

    Of a GET of 4 KiB, reading and checking the row again are two fifths.
    """

    def __init__(self, words: Words, reader: Reader, *, room: int = ROOM) -> None:
        self._words = words
        self._stamps, self._all = words.stamps, words.all
        self._reader = reader
        self._room = room
        self._kept: dict[tuple[int, str], Kept] = {}

    def find(self, bucket: int, key: str, *, content: bool) -> Fetched | None:
        """The newest version of a key, with its inline bytes where ``content`` asks for them."""
        kept = self._kept.get((bucket, key))
        if kept is None:
            return self._read(bucket, key, content=content)
        slot, stamp, fetched = kept
        is_same = self._stamps[slot] == stamp and stamp <= self._all[SEQUENCE]
        if is_same and (not content or fetched.content is not None or fetched.version.inline is None):
            return fetched
        return self._read(bucket, key, content=content)

    def fetch(self, read: Read[R]) -> R:
        assert isinstance(read, (Current, CurrentContent))  # noqa: S101 - others are not asked for here
        found = self.find(read.bucket, read.key, content=type(read) is CurrentContent)
        return cast("R", found.version if found is not None and type(read) is Current else found)

    def _read(self, bucket: int, key: str, *, content: bool) -> Fetched | None:
        slot = slot_of(bucket, key)
        stamp = self._stamps[slot]
        is_settled = stamp <= self._words.sequence
        if content:
            found = self._reader.fetch(CurrentContent(bucket, key))
        else:
            version = self._reader.fetch(Current(bucket, key))
            found = None if version is None else Fetched(version, None)
        if found is not None and is_settled:
            self._keep((bucket, key), Kept(slot, stamp, found))
        return found

    def _keep(self, place: tuple[int, str], kept: Kept) -> None:
        size = size_of(kept)
        if size > LARGEST:
            return
        self._drop(place)
        self._kept[place] = kept
        self._room -= size
        while self._room < 0:
            self._drop(next(iter(self._kept)))

    def _drop(self, place: tuple[int, str]) -> None:
        dropped = self._kept.pop(place, None)
        if dropped is not None:
            self._room += size_of(dropped)


def size_of(kept: Kept) -> int:
    version, content = kept.fetched
    return OVERHEAD + len(version.key) + len(content or b"")
