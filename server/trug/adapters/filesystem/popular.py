"""Spans of blobs that are read again and again, in memory."""

from __future__ import annotations

from typing import NamedTuple

ROOM = 16 << 20
"""Bytes of memory for what is kept."""
OWN = 512
"""Bytes of memory that each span takes beside its content: who reads single bytes would fill gigabytes else."""
LARGEST = 128 << 10
"""Bytes of the longest span that is kept: of longer ones, finding the file is a small part of what sending takes."""
SEEN = 1024
"""So many spans that were read once are remembered."""


class Span(NamedTuple):
    """Some bytes of a blob."""

    blob: int
    offset: int
    length: int


class Popular:
    """Verified bytes, kept from the second time on that they are read.

    Blobs never change and their numbers are never used again, so neither do these, and nobody has to be told. Of a GET
    of 64 KiB, opening, reading, checking and closing its file are a sixth. The oldest go first.
    """

    def __init__(self, room: int = ROOM) -> None:
        self._room = room
        self._kept: dict[Span, memoryview] = {}
        self._seen: dict[Span, None] = {}

    def find(self, span: Span) -> memoryview | None:
        return self._kept.get(span)

    def note(self, span: Span, content: memoryview) -> None:
        """``span`` was read, and is this; a copy is kept if it was read before."""
        if span.length > LARGEST:
            return
        if span not in self._seen:
            self._seen[span] = None
            if len(self._seen) > SEEN:
                del self._seen[next(iter(self._seen))]
            return
        del self._seen[span]
        self._kept[span] = memoryview(bytes(content))
        self._room -= span.length + OWN
        while self._room < 0:
            self._room += self._drop_oldest()

    def _drop_oldest(self) -> int:
        span = next(iter(self._kept))
        del self._kept[span]
        return span.length + OWN
