"""Stored bytes as a body again: what is copied into another kind of encryption goes the way of an upload."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping, Sequence

from trug.domain.checksums import ALGORITHMS
from trug.engine.reading import Reading


class StoredBody:
    """The ``Body`` that a span of an object is."""

    def __init__(self, reading: Reading, start: int, stop: int) -> None:
        self._reading = reading
        self._start = start
        self._stop = stop

    @property
    def length(self) -> int:
        return self._stop - self._start

    @property
    def checksum_algorithm(self) -> None:
        return None

    def open(self, algorithms: Collection[str]) -> StoredSource:
        """Begin to read, to compute these digests."""
        return StoredSource(self._pieces(), algorithms)

    async def gather(self, algorithms: Collection[str], limit: int) -> GatheredBytes:
        """All of it."""
        return GatheredBytes(b"".join([piece async for piece in self._pieces()]), algorithms)

    async def read(self, limit: int) -> bytes:
        """All of it."""
        gathered = await self.gather((), limit)
        return gathered.content

    async def _pieces(self) -> AsyncIterator[bytes | memoryview]:
        content = self._reading.content(self._start, self._stop)
        if isinstance(content, bytes | memoryview):
            yield content
            return
        async for piece in content:
            yield piece


class GatheredBytes:
    """A body in memory."""

    def __init__(self, content: bytes, algorithms: Collection[str]) -> None:
        self.content = content
        self._algorithms = algorithms

    def verified(self) -> Mapping[str, bytes]:
        """Its digests; what was read is verified already."""
        return {name: ALGORITHMS[name].hash(self.content) for name in self._algorithms}


class StoredSource:
    """An opened body of stored bytes, each digest a lane of its own."""

    def __init__(self, pieces: AsyncIterator[bytes | memoryview], algorithms: Collection[str]) -> None:
        self._pieces = pieces
        self._rest = memoryview(b"")
        self._hashers = {name: ALGORITHMS[name].new() for name in algorithms}

    @property
    def lanes(self) -> Sequence[Callable[[memoryview], None]]:
        return [hasher.update for hasher in self._hashers.values()]

    async def readinto(self, buffer: memoryview) -> int:
        """Fill ``buffer`` as far as the bytes go."""
        filled = 0
        while filled < len(buffer):
            if not self._rest:
                piece = await anext(self._pieces, None)
                if piece is None:
                    break
                self._rest = memoryview(piece)
            count = min(len(self._rest), len(buffer) - filled)
            buffer[filled : filled + count] = self._rest[:count]
            self._rest = self._rest[count:]
            filled += count
        return filled

    def verified(self) -> Mapping[str, bytes]:
        """The digests of all of it."""
        return {name: hasher.digest() for name, hasher in self._hashers.items()}
