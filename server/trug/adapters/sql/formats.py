"""Rows as the formats 1 to 7 of the store have them, for migrations alone: nothing here changes with the program.

A migration reads and writes rows of formats that the program may have left behind. What it knows of them stands here or
in its script, and is not shared with ``packing``, which is about the newest format.
"""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from struct import Struct
from typing import Any, NamedTuple

from awscrt.checksums import crc32c
from msgspec.msgpack import Decoder, Encoder

Row = tuple[Any, ...]

encode = Encoder().encode
decode = Decoder().decode

CRC = Struct("<I")
BUCKET = Struct("<q")
IDENTITY = Struct("<qB")
PLACE = Struct("<qB")
DOCUMENT = b"\x01"
"""The format byte of packed values."""


def seal(columns: Sequence[Any]) -> int:
    """The column ``checksum`` of a row with these other columns, in the order of the table."""
    value: int = crc32c(encode(tuple(columns)))
    return value


def sealed(*columns: Any) -> Row:
    """A row with its checksum behind it."""
    return (*columns, seal(columns))


def is_sealed(row: Sequence[Any]) -> bool:
    """Whether a row, its checksum last, is as it was written."""
    return bool(seal(row[:-1]) == row[-1])


# Versions


class VersionRow(NamedTuple):
    """A row of ``current`` or ``history``, with ``sequence`` in place of ``age``; ``kind`` is 1 of a delete marker."""

    bucket: int
    key: str
    sequence: int
    id: int
    version_id: str
    kind: int
    inline: int | None
    blob: int | None
    body: int | None
    noncurrent_since: int | None
    listing: bytes
    record: bytes

    @property
    def line(self) -> bytes:
        """What lists show, without the checksums behind it."""
        return self.listing[:-8]

    @property
    def fields(self) -> list[Any]:
        """What the record says: time of the last change in µs, headers, metadata, tags, checksum, parts, encryption,
        lock, restoration, annotations, owner, filename, list of access; cut where only defaults follow."""
        found: list[Any] = decode(self.record[1:-4])
        return found

    @property
    def is_whole(self) -> bool:
        """Whether the row matches the checksum of its record."""
        value = self.record[:-4]
        return value[:1] == DOCUMENT and self.record == value + self._check(self.listing, value)

    def telling(self, line: bytes, fields: Sequence[Any]) -> VersionRow:
        """The same row with another line and other fields, sealed anew."""
        while len(fields) > 1 and not fields[-1]:
            fields = fields[:-1]
        identity = self.version_id.encode() + IDENTITY.pack(self.sequence, self.kind)
        value = line + _chained(0, identity)
        listing = value + _chained(crc32c(BUCKET.pack(self.bucket)), self.key.encode() + value)
        record = DOCUMENT + encode(tuple(fields))
        return self._replace(listing=listing, record=record + self._check(listing, record))

    def _check(self, listing: bytes, value: bytes) -> bytes:
        plain = (self.key, self.sequence, self.id, self.version_id, *self[6:10])
        covered = encode((*plain, listing[:-4], value + bytes(4)))
        return CRC.pack(crc32c(covered[:-4], crc32c(PLACE.pack(self.bucket, self.kind))))


def _chained(mask: int, content: bytes) -> bytes:
    seed = crc32c(b"\5\5\5\5\6", crc32c(CRC.pack(mask)))
    return CRC.pack(crc32c(content, seed) ^ mask)


# The lines of lists

SUMS = ("CRC64NVME", "CRC32", "CRC32C", "SHA1", "SHA256")
NEWER_SUMS = ("MD5", "SHA512", "XXHASH64", "XXHASH3", "XXHASH128")
KINDS = ("FULL_OBJECT", "COMPOSITE")
STYLES = (
    ("STANDARD", "", ""),
    *(("STANDARD", name, kind) for sums in (SUMS, NEWER_SUMS) for kind in KINDS for name in sums),
)
MARKS = {style: bytes([0x0B + number]) for number, style in enumerate(STYLES)}
PLAIN = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789/*-._"
UNUSUAL = b"\0\3"
LISTED = 6
"""ETag, size, time (µs), storage class, checksum algorithm and type: what an unusual line says; an owner may follow."""


def size_in(line: bytes) -> int:
    """How many bytes the version of this line holds. ValueError or IndexError for what is none."""
    if line[:2] == UNUSUAL:
        return int(json.loads(line[2:])[1])
    return int(line[line.index(b"\2") + 1 : -1])


def without_owner(key: str, line: bytes) -> bytes:
    """The line as it is written where the bucket's owner owns the object."""
    if line[:2] != UNUSUAL:
        return line
    values = json.loads(line[2:])[:LISTED]
    etag, size, modified = values[:3]
    mark = MARKS.get(tuple(values[3:]))
    seconds = modified // 1_000_000
    if mark is None or not 0 <= seconds < 253_402_300_800 or not _is_usual(etag):
        return UNUSUAL + json.dumps(values).encode()
    careful = "\4" if key.encode().translate(None, PLAIN) else ""
    date = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(seconds))
    return f"\0{careful}{date}\1{etag}\2{size}".encode() + mark


def _is_usual(etag: str) -> bool:
    return etag.isascii() and (etag.isalnum() or not etag or etag.replace("-", "").isalnum())
