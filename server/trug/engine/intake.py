"""Bytes on their way in: small ones stay whole, large ones go to a blob while they are hashed."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import cache

from trug.domain.checksums import full_object
from trug.domain.frozen import frozen, replace
from trug.domain.objects import Checksum
from trug.engine.buffers import BUFFER, BufferPool
from trug.engine.ciphers import BodyKey
from trug.engine.envelopes import Envelope, hides_digest, new_etag
from trug.engine.ids import Ids
from trug.engine.sealing import SealedStage
from trug.ports.body import Body, Source
from trug.ports.stores import BlobStore, Staged

IN_ONE_GO = 256 << 10
"""Up to this size in bytes a body is hashed and written by one thread in one go. Above it pays to do both at once."""

MD5 = "MD5"
DEFAULT_CHECKSUM = "CRC64NVME"


@frozen
class Received:
    """A verified body: its size in bytes and digests, and where its bytes are (inline, a blob, or nowhere).

    ``key`` is not empty where they are encrypted: the key of these bytes, wrapped under the body's; ``given_etag``
    where their ETag must not be their MD5.
    """

    size: int
    digests: Mapping[str, bytes]
    inline: int | None = None
    content: bytes = b""
    blob: int | None = None
    key: bytes = b""
    given_etag: str = ""

    @property
    def etag(self) -> str:
        """The bare ETag of a body: its MD5 in hex, unless it was given another."""
        return self.given_etag or self.digests[MD5].hex()

    def checksum(self, algorithm: str) -> Checksum:
        return full_object(algorithm, self.digests[algorithm])


class Intake:
    """Where bodies are put down."""

    def __init__(self, blobs: BlobStore, ids: Ids, pool: BufferPool, inline_max: int) -> None:
        self._blobs = blobs
        self._ids = ids
        self._pool = pool
        self._inline_max = inline_max

    async def receive(self, body: Body, algorithms: frozenset[str], key: BodyKey | None = None) -> Received:
        """Take the whole body in, verified, and encrypted under ``key`` if there is one. Whatever is raised leaves
        nothing behind; once this has returned, the bytes are named by a change, or left to recovery."""
        length = body.length
        if length is not None and length <= self._inline_max:
            received = await self._keep(body, algorithms, length)
            return received if key is None or received.inline is None else _sealed(received, key)
        async with self._blobs.stage() as staged:
            if key is None:
                received = await self._store(body, algorithms, staged, length)
            else:
                cipher, wrapped = key.new_cipher(staged.blob, inline=False)
                received = await self._store(body, algorithms, SealedStage(staged, cipher), length)
                received = replace(received, key=wrapped)
            staged.hand_over()
        return received

    async def enclose(self, body: Body, algorithm: str, envelope: Envelope) -> Received:
        """As ``receive``, encrypted under the key in the envelope; no MD5 is computed where the ETag must not be it."""
        if not hides_digest(envelope.encryption):
            return await self.receive(body, digests_for(algorithm), envelope.key)
        received = await self.receive(body, frozenset((algorithm,)), envelope.key)
        return replace(received, given_etag=new_etag())

    async def _store(self, body: Body, algorithms: frozenset[str], staged: Staged, length: int | None) -> Received:
        if length is not None and length <= IN_ONE_GO and self._pool.may_lend(length):
            return await self._store_whole(body, algorithms, staged, length)
        return await self._pour(body.open(algorithms), staged, length)

    async def _keep(self, body: Body, algorithms: frozenset[str], length: int) -> Received:
        gathered = await body.gather(algorithms, length)
        digests = gathered.verified()
        if not length:
            return Received(0, digests)
        inline = self._ids.at_hand() or await self._ids.take()
        return Received(length, digests, inline, bytes(gathered.content))

    def may_keep(self, length: int) -> bool:
        """Whether so many bytes stay whole."""
        return length <= self._inline_max

    def kept(self, content: bytes, digests: Mapping[str, bytes]) -> Received | None:
        """What ``receive`` answers of a body that ``may_keep``, whose verified digests these are, without waiting; None
        where it had to."""
        if not content:
            return Received(0, digests)
        inline = self._ids.at_hand()
        return Received(len(content), digests, inline, content) if inline else None

    async def _store_whole(self, body: Body, algorithms: frozenset[str], staged: Staged, length: int) -> Received:
        """Hash, verify, write and sync in one piece of work: a hop each would cost more than what they do."""
        digests: dict[str, bytes] = {}
        await self._pool.reserve(length)
        try:
            gathered = await body.gather(algorithms, length)
            await staged.finish(gathered.content, lambda: digests.update(gathered.verified()))
        finally:
            self._pool.give_back(length)
        return Received(length, digests, blob=staged.blob)

    async def _pour(self, source: Source, staged: Staged, length: int | None) -> Received:
        if length is not None and length <= BUFFER and self._pool.may_lend(BUFFER):
            async with self._pool.lend() as buffer:
                size = await source.readinto(buffer)
                await staged.write(buffer[:size], *source.lanes)
        else:
            async with self._pool.lend_pair() as pair:
                size = await _alternate(source, staged, pair)
        digests = source.verified()
        await staged.finish()
        return Received(size, digests, blob=staged.blob)


@cache
def digests_for(algorithm: str) -> frozenset[str]:
    """What is computed of a body beside what was asked: the digest its ETag is made of."""
    return frozenset((MD5, algorithm))


def _sealed(received: Received, key: BodyKey) -> Received:
    """The same, its inline bytes encrypted."""
    assert received.inline is not None  # noqa: S101 - the caller checked
    cipher, wrapped = key.new_cipher(received.inline, inline=True)
    return replace(received, content=bytes(cipher.seal(received.content)), key=wrapped)


async def _alternate(source: Source, staged: Staged, pair: tuple[memoryview, memoryview]) -> int:
    """Read into one buffer while the other is hashed and written."""
    size = 0
    writing: asyncio.Task[None] | None = None
    filling, resting = pair
    try:
        while count := await source.readinto(filling):
            if writing is not None:
                await writing
            writing = asyncio.create_task(_write(source, staged, filling[:count]))
            filling, resting = resting, filling
            size += count
    finally:
        if writing is not None:
            await _end_of(writing)
    if writing is not None:
        writing.result()
    return size


async def _write(source: Source, staged: Staged, chunk: memoryview) -> None:
    await staged.write(chunk, *source.lanes)


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
