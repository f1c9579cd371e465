"""Small objects that are read again and again: their rows and bytes, in memory until they change."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar, cast
from zlib import crc32

from trug.adapters.sql.generation import SEQUENCE, SLOTS, Words
from trug.ports.changes import Read
from trug.ports.reads import Current, CurrentContent
from trug.ports.rows import Fetched, Version
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
        self._reader = reader
        self._room = room
        self._kept: dict[tuple[int, str], Kept] = {}

    def at_hand(self, bucket: int, key: str) -> Fetched | None:
        """The newest version of a key, maybe without its inline bytes, if it is in memory and still the same."""
        kept = self._kept.get((bucket, key))
        if kept is None:
            return None
        slot, stamp, fetched = kept
        words = self._words
        return fetched if words.stamps[slot] == stamp and stamp <= words.all[SEQUENCE] else None

    def fetch(self, read: Read[R]) -> R:
        assert isinstance(read, (Current, CurrentContent))  # noqa: S101 - others are not asked for here
        known = self.at_hand(read.bucket, read.key)
        if known is not None:
            if type(read) is Current:
                return cast("R", known.version)
            if known.content is not None or known.version.inline is None:
                return cast("R", known)
        slot = slot_of(read.bucket, read.key)
        stamp = self._words.stamps[slot]
        is_settled = stamp <= self._words.sequence
        found: Fetched | Version | None = cast("Any", self._reader.fetch(read))
        if found is not None and is_settled:
            fetched = found if type(found) is Fetched else Fetched(cast("Version", found), None)
            self._keep((read.bucket, read.key), Kept(slot, stamp, fetched))
        return cast("R", found)

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
