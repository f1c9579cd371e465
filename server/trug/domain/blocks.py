"""Checksums of stored bytes: one CRC32C per block, and the footer that carries them behind a file's bytes.

A stored file is its bytes, then one 4-byte check for each block of 64 KiB (the last may be shorter), then a tail:
format byte, blob id, length, and a CRC32C of the tail itself; all little-endian. A check is seeded with the blob's id
and the block's number, so that swapped files and swapped blocks do not pass for each other. Bytes kept inline in the
metadata carry the same checks under their inline id.
"""

from __future__ import annotations

import struct

from awscrt.checksums import crc32c

BLOCK = 65_536
FORMAT = 1

_ID = struct.Struct("<Q")
_CHECK = struct.Struct("<I")
_SEED = struct.Struct("<QI")
_TAIL = struct.Struct("<BQQ")

CHECK_SIZE = _CHECK.size
TAIL_SIZE = _TAIL.size + CHECK_SIZE


def count(length: int) -> int:
    """How many blocks ``length`` bytes fill."""
    return -(-length // BLOCK)


def footer_size(length: int) -> int:
    """How many bytes of footer follow ``length`` stored bytes."""
    return CHECK_SIZE * count(length) + TAIL_SIZE


def check_offset(length: int, block: int) -> int:
    """Where in a file of ``length`` stored bytes the check of ``block`` stands; for ``count(length)``, the tail."""
    return length + CHECK_SIZE * block


def checks(blob: int, content: bytes | bytearray | memoryview, *, first: int = 0) -> bytes:
    """The packed checks of ``content``, which starts at block ``first`` of ``blob``; its last block may be short."""
    if 0 < len(content) <= BLOCK:
        return _CHECK.pack(crc32c(content, crc32c(_SEED.pack(blob, first))))
    view = memoryview(content)
    base = crc32c(_ID.pack(blob))
    packed = bytearray()
    for block, start in enumerate(range(0, len(view), BLOCK), first):
        packed += _CHECK.pack(crc32c(view[start : start + BLOCK], crc32c(_CHECK.pack(block), base)))
    return bytes(packed)


def fit(content: memoryview, packed: bytes | bytearray | memoryview, blob: int, *, first: int) -> bool:
    """Whether ``content``, which starts at block ``first`` of ``blob``, has these packed checks, one for each block."""
    start = 0
    for block, (check,) in enumerate(_CHECK.iter_unpack(packed), first):
        if crc32c(content[start : start + BLOCK], crc32c(_SEED.pack(blob, block))) != check:
            return False
        start += BLOCK
    return start - BLOCK < len(content) <= start


def tail(blob: int, length: int) -> bytes:
    """The last bytes of the file of ``blob``; nothing else may stand there."""
    content = _TAIL.pack(FORMAT, blob, length)
    return content + _CHECK.pack(crc32c(content))


class Tally:
    """The checks of bytes that arrive in chunks of any size."""

    __slots__ = ("_base", "_blob", "_last", "_packed", "length")

    def __init__(self, blob: int) -> None:
        self.length = 0
        self._blob = blob
        self._base = crc32c(_ID.pack(blob))
        self._last = 0
        self._packed = bytearray()

    def update(self, chunk: bytes | bytearray | memoryview) -> None:
        """Go on with the next bytes."""
        view = memoryview(chunk)
        if filled := self.length % BLOCK:
            self._add(view[: BLOCK - filled], continues=True)
            view = view[BLOCK - filled :]
        if whole := len(view) // BLOCK * BLOCK:
            self._packed += checks(self._blob, view[:whole], first=self.length // BLOCK)
            self.length += whole
        if whole < len(view):
            self._add(view[whole:], continues=False)

    def footer(self) -> bytes:
        """What follows the bytes given so far; it does not end the tally."""
        open_block = _CHECK.pack(self._last) if self.length % BLOCK else b""
        return bytes(self._packed) + open_block + tail(self._blob, self.length)

    def _add(self, part: memoryview, *, continues: bool) -> None:
        block = self.length // BLOCK
        before = self._last if continues else crc32c(_CHECK.pack(block), self._base)
        self._last = crc32c(part, before)
        self.length += len(part)
        if self.length % BLOCK == 0:
            self._packed += _CHECK.pack(self._last)
