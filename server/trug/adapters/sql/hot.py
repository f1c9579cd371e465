"""Small objects that are read again and again: their rows and bytes, in memory until they change."""

from __future__ import annotations

from typing import Any, NamedTuple, TypeVar, cast
from zlib import crc32

from trug.adapters.sql.generation import SLOTS, Words
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

    def fetch(self, read: Read[R]) -> R:
        assert isinstance(read, (Current, CurrentContent))  # noqa: S101 - others are not asked for here
        place = read.bucket, read.key
        stamp = self._words.stamps[slot_of(*place)]
        is_settled = stamp <= self._words.sequence
        kept = self._kept.get(place)
        if kept is not None and kept.stamp == stamp and is_settled:
            version, content = kept.fetched
            if type(read) is Current:
                return cast("R", version)
            if content is not None or version.inline is None:
                return cast("R", kept.fetched)
        found: Fetched | Version | None = cast("Any", self._reader.fetch(read))
        if found is not None and is_settled:
            self._keep(place, Kept(stamp, found if type(found) is Fetched else Fetched(cast("Version", found), None)))
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
