"""What lists show of a version, as a line of text that is made once, when the version is written.

A page of a list is then its rows end to end, and XML by putting tags where marks stand: a thousand keys need no object
each. A row is the key, a NUL, which no key has, and the line, which is one of

- time, U+0001, ETag, U+0002, size, and one character for what ``STYLES`` lists: the usual line;
- U+0004 and a usual line, where the key has characters that XML or ``encoding-type=url`` may want written otherwise;
- U+0003 and a JSON array of the listing's fields, and the owner's account where that is not the bucket's, where they
  do not fit a usual line.

So where neither U+0003 nor U+0004 is on a page, every control character on it is a mark. Rows sort as their keys do.
"""

from __future__ import annotations

import calendar
import json
import re
import time
from functools import lru_cache
from typing import NamedTuple

from trug.domain.objects import COMPOSITE, FULL_OBJECT, STANDARD, Listing

KEY_END = b"\0"
TIME_END = b"\1"
ETAG_END = b"\2"
UNUSUAL = b"\3"
CAREFUL = b"\4"

Style = tuple[str, str, str]
"""Storage class, checksum algorithm, checksum type."""

# Rows on disk hold the numbers: nothing here ever moves.
OLDER = ("CRC64NVME", "CRC32", "CRC32C", "SHA1", "SHA256")
NEWER = ("MD5", "SHA512", "XXHASH64", "XXHASH3", "XXHASH128")
STYLES: tuple[Style, ...] = (
    (STANDARD, "", ""),
    *((STANDARD, name, FULL_OBJECT) for name in OLDER),
    *((STANDARD, name, COMPOSITE) for name in OLDER),
    *((STANDARD, name, FULL_OBJECT) for name in NEWER),
    *((STANDARD, name, COMPOSITE) for name in NEWER),
)
FIRST_STYLE = 0x0B
# They end at U+001F: what comes new is unusual.
STYLE_MARKS = {style: bytes([FIRST_STYLE + number]) for number, style in enumerate(STYLES)}

PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/*-._"
"""What no way to write a key writes otherwise."""
SECOND = 1_000_000
FIELDS = len(Listing._fields)
YEAR_10000 = 253_402_300_800


make = tuple.__new__


class Shown(NamedTuple):
    """A line's fields: ``time`` as ``2026-11-21T10:00:00`` (UTC), ``size`` in decimal; ``owner`` is an account's id,
    empty where that is the bucket's."""

    time: str
    etag: str
    size: str
    style: Style
    owner: str = ""


def line_of(key: str, listing: Listing, owner: str = "") -> bytes:
    """The line of a version of ``key`` that an account other than the bucket's owns (empty: that does), the NUL before
    it included."""
    etag, size, modified, *_ = listing
    mark = STYLE_MARKS.get(listing[3:])
    seconds = modified // SECOND
    if mark is None or owner or not 0 <= seconds < YEAR_10000 or not _is_usual(etag):
        return KEY_END + UNUSUAL + json.dumps((*listing, owner) if owner else listing).encode()
    careful = "\4" if key.encode().translate(None, PLAIN) else ""
    return f"\0{careful}{date_of(seconds)}\1{etag}\2{size}".encode() + mark


def _is_usual(etag: str) -> bool:
    """Whether it has only ASCII letters, digits and hyphens, or nothing at all."""
    return etag.isascii() and (etag.isalnum() or not etag or etag.replace("-", "").isalnum())


def listing_of(line: bytes, modified: int) -> Listing:
    """The listing of a version last modified at ``modified`` (µs), from its line. ValueError for what is none."""
    if line[1:2] == UNUSUAL:
        return Listing(*json.loads(line[2:])[:FIELDS])
    etag, _, size = line[line.index(TIME_END) + 1 : -1].partition(ETAG_END)
    return make(Listing, (etag.decode(), int(size), modified, *STYLES[line[-1] - FIRST_STYLE]))


def shown(line: bytes) -> Shown:
    """The fields of a line without the NUL before it."""
    if line[:1] == UNUSUAL:
        values = json.loads(line[1:])
        listing = Listing(*values[:FIELDS])
        return Shown(
            date_of(listing.modified // SECOND), listing.etag, str(listing.size), listing[3:], *values[FIELDS:]
        )
    date, etag, rest = re.split("[\1\2]", line.removeprefix(CAREFUL).decode("ascii"))
    return Shown(date, etag, rest[:-1], STYLES[ord(rest[-1]) - FIRST_STYLE])


def listing_shown(line: bytes) -> Listing:
    """The listing that a line without the NUL before it shows: last modified at a whole second."""
    date, etag, size, style, _ = shown(line)
    return Listing(etag, int(size), calendar.timegm(time.strptime(date, DATE)) * SECOND, *style)


DATE = "%Y-%m-%dT%H:%M:%S"


def key_of(row: bytes) -> str:
    """The key of a row."""
    return row[: row.index(KEY_END)].decode()


def rolled_up(row: bytes, prefix: bytes, delimiter: bytes) -> bytes | None:
    """The common prefix of a row: its key up to the first delimiter behind the prefix; None when there is none."""
    if not delimiter or not row.startswith(prefix):
        return None
    cut = row.find(delimiter, len(prefix), row.index(KEY_END))
    return None if cut < 0 else row[: cut + len(delimiter)]


@lru_cache(4096)
def date_of(seconds: int) -> str:
    """``2026-11-21T10:00:00`` of seconds since 1970."""
    year, month, day, hour, minute, second, *_ = time.gmtime(seconds)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}"
