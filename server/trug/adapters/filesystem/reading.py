"""Reading blobs: from the page cache on the loop, else on a thread, and never a byte whose check does not fit."""

from __future__ import annotations

import errno
import os
import stat
from concurrent.futures import Executor

from trug.adapters.filesystem import layout, threads
from trug.domain import blocks
from trug.ports.stores import Damaged, Unavailable

_OPEN = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a FIFO put there must not stop the loop
_OUT_OF = {errno.EMFILE, errno.ENFILE, errno.ENOMEM}
_CACHED_ONLY: int | None = getattr(os, "RWF_NOWAIT", None)
_NOT_CACHED = {errno.EAGAIN, errno.EOPNOTSUPP}
_CHECKS_AT_ONCE = 1024
"""How many checks are kept at a time: 4 KiB of them cover 64 MiB."""
_SMALL = 256 << 10
"""Up to this size in bytes a blob is read whole, with its footer, when it is opened."""


class OpenFile:
    """A blob that is open for reading."""

    def __init__(self, descriptor: int, blob: int, size: int, executor: Executor) -> None:
        self._descriptor = descriptor
        self._blob = blob
        self._size = size
        self._executor = executor
        self._whole: memoryview | None = None
        self._first_check = 0
        self._checks = b""

    async def read(self, offset: int, length: int) -> memoryview:
        """Exactly ``length`` bytes from ``offset``, Damaged when they are not what was written; ValueError when the
        blob does not reach so far."""
        if offset < 0 or length < 0 or offset + length > self._size:
            raise ValueError(f"no {length} bytes from {offset} in a blob of {self._size}")
        if length == 0:
            return memoryview(b"")
        first = offset // blocks.BLOCK
        end = blocks.count(offset + length)
        start = first * blocks.BLOCK
        content = await self._content(start, min(end * blocks.BLOCK, self._size))
        if blocks.checks(self._blob, content, first=first) != await self._checks_of(first, end):
            raise Damaged(f"blob {self._blob} does not match its checks in blocks {first} to {end - 1}")
        return content[offset - start : offset - start + length]

    def close(self) -> None:
        """Give the descriptor back; a second time is no error."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    async def verify_tail(self) -> None:
        """Damaged when the file's tail is not this blob's. Keeps what it read before it: checks, and small content."""
        total = blocks.count(self._size)
        kept = min(total, _CHECKS_AT_ONCE)
        start = blocks.check_offset(self._size, total - kept)
        footer_size = blocks.CHECK_SIZE * kept + blocks.TAIL_SIZE
        if self._size <= _SMALL:
            everything = await self._bytes_at(0, self._size + footer_size)
            self._whole, footer = everything[: self._size], everything[self._size :]
        else:
            footer = await self._bytes_at(start, footer_size)
        if footer[-blocks.TAIL_SIZE :] != blocks.tail(self._blob, self._size):
            raise Damaged(f"blob {self._blob} does not end as it was written")
        self._first_check = total - kept
        self._checks = bytes(footer[: -blocks.TAIL_SIZE])

    async def _content(self, start: int, end: int) -> memoryview:
        if self._whole is not None:
            return self._whole[start:end]
        return await self._bytes_at(start, end - start)

    async def _checks_of(self, first: int, end: int) -> bytes:
        if not self._has_checks_of(first, end):
            wanted = max(end - first, _CHECKS_AT_ONCE)
            count = min(wanted, blocks.count(self._size) - first)
            place = blocks.check_offset(self._size, first)
            self._checks = bytes(await self._bytes_at(place, blocks.CHECK_SIZE * count))
            self._first_check = first
        start = (first - self._first_check) * blocks.CHECK_SIZE
        return self._checks[start : start + (end - first) * blocks.CHECK_SIZE]

    def _has_checks_of(self, first: int, end: int) -> bool:
        return self._first_check <= first and end <= self._first_check + len(self._checks) // blocks.CHECK_SIZE

    async def _bytes_at(self, offset: int, length: int) -> memoryview:
        buffer = memoryview(bytearray(length))
        got = self._read_cached(buffer, offset)
        if got < length:
            await threads.run(self._executor, self._fill, buffer[got:], offset + got)
        return buffer

    def _read_cached(self, buffer: memoryview, offset: int) -> int:
        if _CACHED_ONLY is None:
            return 0
        try:
            return os.preadv(self._descriptor, [buffer], offset, _CACHED_ONLY)
        except OSError as error:
            if error.errno in _NOT_CACHED:
                return 0
            raise self._damaged(error) from error

    def _fill(self, buffer: memoryview, offset: int) -> None:
        while buffer:
            try:
                got = os.preadv(self._descriptor, [buffer], offset)
            except OSError as error:
                raise self._damaged(error) from error
            if got == 0:
                raise Damaged(f"blob {self._blob} ends at {offset}")
            buffer = buffer[got:]
            offset += got

    def _damaged(self, error: OSError) -> Damaged:
        return Damaged(f"blob {self._blob} cannot be read: {error.strerror}")


async def open_blob(directory: str, blob: int, size: int, executor: Executor) -> OpenFile:
    """Open a blob of ``size`` bytes. Damaged when it is missing, no regular file, or not of this size and id;
    Unavailable when the process has no descriptor left."""
    descriptor = _open(directory, blob)
    file = OpenFile(descriptor, blob, size, executor)
    try:
        _verify_file(descriptor, blob, size)
        await file.verify_tail()
    except BaseException:
        file.close()
        raise
    return file


def _open(directory: str, blob: int) -> int:
    try:
        return os.open(layout.blob_path(directory, blob), _OPEN)
    except OSError as error:
        message = f"blob {blob} cannot be opened: {error.strerror}"
        raise (Unavailable(message) if error.errno in _OUT_OF else Damaged(message)) from error


def _verify_file(descriptor: int, blob: int, size: int) -> None:
    found = os.fstat(descriptor)
    if not stat.S_ISREG(found.st_mode):
        raise Damaged(f"blob {blob} is not a regular file")
    whole = size + blocks.footer_size(size)
    if found.st_size != whole:
        raise Damaged(f"the file of blob {blob} has {found.st_size} bytes instead of {whole}")
