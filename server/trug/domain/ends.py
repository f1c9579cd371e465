"""Where the parts of an object end: a packed table, searched where it lies.

A format byte, then for each part in order its number (2 bytes) and where it ends in the object (8), little-endian.
An object of 10,000 parts has 100 KB of it, and a read looks at a dozen entries.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Iterator
from struct import Struct

FORMAT = b"\x01"
ENTRY = Struct("<HQ")


def pack(entries: Iterable[tuple[int, int]]) -> bytes:
    """The table of (part number, end offset), both ascending."""
    return FORMAT + b"".join([ENTRY.pack(number, end) for number, end in entries])


def count(table: bytes) -> int:
    """How many parts there are."""
    return (len(table) - 1) // ENTRY.size


def entry(table: bytes, index: int) -> tuple[int, int]:
    """(part number, end offset) of the part at ``index``."""
    number, end = ENTRY.unpack_from(table, 1 + index * ENTRY.size)
    return number, end


def last(table: bytes) -> int:
    """The number of the last part, 0 when there is none."""
    return entry(table, count(table) - 1)[0] if count(table) else 0


def extended(table: bytes, number: int, end: int) -> bytes:
    """The table with one more part, behind all others."""
    return table + ENTRY.pack(number, end)


def begin_of(table: bytes, index: int) -> int:
    """Where the part at ``index`` begins in the object."""
    return entry(table, index - 1)[1] if index else 0


def size(table: bytes) -> int:
    """The size of the object, which is where its last part ends."""
    return begin_of(table, count(table))


def find(table: bytes, number: int) -> int | None:
    """The index of the part with this number."""
    index = bisect_left(range(count(table)), number, key=lambda at: entry(table, at)[0])
    return index if index < count(table) and entry(table, index)[0] == number else None


def parts_in(table: bytes, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """(part number, where it begins) of the parts that the span from ``start`` to before ``stop`` touches."""
    first = bisect_right(range(count(table)), start, key=lambda at: entry(table, at)[1])
    for index in range(first, count(table)):
        begin = begin_of(table, index)
        if begin >= stop:
            return
        yield entry(table, index)[0], begin


def numbers(table: bytes) -> Iterator[int]:
    """All part numbers."""
    return (entry(table, index)[0] for index in range(count(table)))


def numbers_after(table: bytes, after: int, *, among: int, limit: int) -> list[int]:
    """The part numbers above ``after``, at most ``limit``, of the first ``among`` parts."""
    most = min(among, count(table))
    first = bisect_right(range(most), after, key=lambda at: entry(table, at)[0])
    return [entry(table, index)[0] for index in range(first, min(first + limit, most))]
