"""Bytes on their way in: small ones stay whole, large ones go to a blob while they are hashed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

from trug.domain.checksums import full_object
from trug.domain.frozen import frozen
from trug.domain.objects import Checksum
from trug.engine.buffers import BUFFER, BufferPool
from trug.engine.ids import Ids
from trug.ports.body import Body, Source
from trug.ports.stores import BlobStore, Staged

MD5 = "MD5"
DEFAULT_CHECKSUM = "CRC64NVME"


@frozen
class Received:
    """A verified body: its size in bytes and digests, and where its bytes are (inline, a blob, or nowhere)."""

    size: int
    digests: Mapping[str, bytes]
    inline: int | None = None
    content: bytes = b""
    blob: int | None = None

    @property
    def etag(self) -> str:
        """The bare ETag of a body: its MD5 in hex."""
        return self.digests[MD5].hex()

    def checksum(self, algorithm: str) -> Checksum:
        return full_object(algorithm, self.digests[algorithm])


class Intake:
    """Where bodies are put down."""

    def __init__(self, blobs: BlobStore, ids: Ids, pool: BufferPool, inline_max: int) -> None:
        self._blobs = blobs
        self._ids = ids
        self._pool = pool
        self._inline_max = inline_max

    @asynccontextmanager
    async def receive(self, body: Body, algorithms: frozenset[str]) -> AsyncIterator[Received]:
        """Take the whole body in, verified. Inside the context the caller commits the change that names its bytes;
        whatever is raised before that leaves nothing behind."""
        length = body.length
        if length is not None and length <= self._inline_max:
            yield await self._keep(body, algorithms, length)
            return
        async with self._blobs.stage() as staged, body.open(algorithms) as source:
            size = await self._pour(source, staged, length)
            staged.hand_over()
            yield Received(size, source.digests, blob=staged.blob)

    async def _keep(self, body: Body, algorithms: frozenset[str], length: int) -> Received:
        content, digests = await body.whole(algorithms, length)
        if not content:
            return Received(0, digests)
        return Received(len(content), digests, inline=await self._ids.take(), content=content)

    async def _pour(self, source: Source, staged: Staged, length: int | None) -> int:
        if length is not None and length <= BUFFER and self._pool.may_lend(length):
            async with self._pool.lend(length) as buffer:
                size = await source.readinto(buffer)
                await source.readinto(buffer[size:])
                await staged.finish(buffer[:size])
                return size
        async with self._pool.lend_pair() as pair:
            size = await _alternate(source, staged, pair)
        await staged.finish()
        return size


async def _alternate(source: Source, staged: Staged, pair: tuple[memoryview, memoryview]) -> int:
    """Read and hash into one buffer while the other is written."""
    size = 0
    writing: asyncio.Task[None] | None = None
    filling, resting = pair
    try:
        while count := await source.readinto(filling):
            if writing is not None:
                await writing
            writing = asyncio.create_task(_write(staged, filling[:count]))
            filling, resting = resting, filling
            size += count
    finally:
        if writing is not None:
            await _end_of(writing)
    if writing is not None:
        writing.result()
    return size


async def _write(staged: Staged, chunk: memoryview) -> None:
    await staged.write(chunk)


async def _end_of(task: asyncio.Task[None]) -> None:
    """Wait until the task is over, however often the waiting is cancelled: its buffer must not be lent again before."""
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait((task,))
        except asyncio.CancelledError as error:
            cancelled = error
    if cancelled is not None:
        raise cancelled
