"""Blobs in memory."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

from trug.ports.stores import BLOBS_PER_EPOCH, Damaged


class MemoryBlobs:
    """A blob store that forgets everything when the process ends."""

    def __init__(self) -> None:
        self._contents: dict[int, bytes] = {}
        self._numbers = itertools.count(BLOBS_PER_EPOCH)

    def stage(self) -> StagedBytes:
        """A new blob to write. Leaving the context removes it unless it was handed over."""
        return StagedBytes(next(self._numbers), self._contents)

    async def open(self, blob: int, size: int) -> OpenBytes:
        """Open for reading a blob of ``size`` bytes. Damaged when it is missing or not of this size."""
        content = self._contents.get(blob)
        if content is None:
            raise Damaged(f"blob {blob} is missing")
        if len(content) != size:
            raise Damaged(f"blob {blob} has {len(content)} bytes instead of {size}")
        return OpenBytes(content)

    def at_hand(self, blob: int, size: int, offset: int, length: int) -> memoryview | None:
        """A span of a blob of ``size`` bytes; None when there is no such span."""
        content = self._contents.get(blob, b"")
        if len(content) != size or offset < 0 or length < 0 or offset + length > size:
            return None
        return memoryview(content)[offset : offset + length]

    @property
    def piece(self) -> int:
        """512 KiB."""
        return 512 << 10

    def sync(self, blobs: Iterable[int]) -> None:
        """Nothing to do: memory has no names that could be lost before the bytes."""

    def unlink(self, blobs: Iterable[int]) -> None:
        """Remove blobs that no row names; missing ones are no error."""
        for blob in blobs:
            self._contents.pop(blob, None)

    async def remove(self, blobs: Sequence[int]) -> None:
        """Remove blobs; missing ones are no error."""
        self.unlink(blobs)

    async def close(self) -> None:
        """Nothing is held."""


class StagedBytes:
    """A blob that is being written."""

    def __init__(self, blob: int, contents: dict[int, bytes]) -> None:
        self._blob = blob
        self._contents = contents
        self._written = bytearray()
        self._is_finished = False
        self._is_handed_over = False

    @property
    def blob(self) -> int:
        return self._blob

    async def write(self, chunk: memoryview, *beside: Callable[[memoryview], None]) -> None:
        """Append a copy of the chunk, and show it to ``beside``."""
        for look in beside:
            look(chunk)
        self._written += chunk

    async def finish(
        self, last: bytes | bytearray | memoryview = b"", check: Callable[[], object] | None = None
    ) -> None:
        """Append ``last`` once ``check`` has passed, and give the blob its final content: now it can be opened."""
        if check is not None:
            check()
        self._written += last
        self._contents[self._blob] = bytes(self._written)
        self._is_finished = True

    def hand_over(self) -> None:
        """From here on the blob belongs to the change that names it; RuntimeError before ``finish``."""
        if not self._is_finished:
            raise RuntimeError("a blob is handed over only once it is finished")
        self._is_handed_over = True

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if not self._is_handed_over:
            self._contents.pop(self._blob, None)


class OpenBytes:
    """A blob that is open for reading."""

    def __init__(self, content: bytes) -> None:
        self._content = memoryview(content)

    def at_hand(self, offset: int, length: int) -> memoryview | None:
        """Nothing: ``read`` does not wait either."""
        return None

    async def read(self, offset: int, length: int) -> memoryview:
        """Exactly ``length`` bytes from ``offset``; ValueError when the blob does not reach so far."""
        if offset < 0 or length < 0 or offset + length > len(self._content):
            raise ValueError(f"no {length} bytes from {offset} in a blob of {len(self._content)}")
        return self._content[offset : offset + length]

    def close(self) -> None:
        """Nothing is held."""
