"""A body on its way to a blob keeps its buffers until nobody uses them, however often it is cancelled."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import Callable, Collection, Mapping, Sequence

import pytest
from tests.support.bodies import request, split
from tests.support.clock import HandClock

from trug.adapters.memory.blobs import MemoryBlobs, StagedBytes
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.errors import S3Error
from trug.engine.buffers import BUFFER, BufferPool
from trug.engine.ids import Ids
from trug.engine.intake import IN_ONE_GO, Intake
from trug.ports.body import Gathered, Source
from trug.ports.stores import BLOBS_PER_EPOCH, Damaged
from trug.wire.body import verified_body
from trug.wire.payload import Mode, Payload


class StandingBody:
    """A body whose client stops after a full buffer."""

    checksum_algorithm = None
    length = 8 * BUFFER
    lanes: Sequence[Callable[[memoryview], None]] = ()

    def __init__(self) -> None:
        self.has_stopped = asyncio.Event()

    def open(self, algorithms: Collection[str]) -> Source:
        return self

    async def gather(self, algorithms: Collection[str], limit: int) -> Gathered:
        raise NotImplementedError

    def verified(self) -> Mapping[str, bytes]:
        return {}

    async def read(self, limit: int) -> bytes:
        raise NotImplementedError

    async def readinto(self, buffer: memoryview) -> int:
        if self.has_stopped.is_set():
            await asyncio.Event().wait()
        self.has_stopped.set()
        return len(buffer)


class SlowStage(StagedBytes):
    """Writes until it is told to end, and cannot be called back: as a thread in a system call."""

    may_end: asyncio.Event
    is_writing: asyncio.Event

    async def write(self, chunk: memoryview, *beside: Callable[[memoryview], None]) -> None:
        self.is_writing.set()
        waiting = asyncio.ensure_future(self.may_end.wait())
        while not waiting.done():
            try:
                await asyncio.wait([waiting])
            except asyncio.CancelledError:
                continue


class SlowBlobs(MemoryBlobs):
    def __init__(self) -> None:
        super().__init__()
        self.may_end = asyncio.Event()
        self.is_writing = asyncio.Event()

    def stage(self) -> StagedBytes:
        staged = SlowStage(1, {})
        staged.may_end, staged.is_writing = self.may_end, self.is_writing
        return staged


@pytest.mark.parametrize("times", [1, 2, 5])
def test_buffers_are_kept_while_they_are_written(times: int) -> None:
    async def scene() -> None:
        blobs, body = SlowBlobs(), StandingBody()
        pool = BufferPool(4 * BUFFER)
        intake = Intake(blobs, Ids(MemoryMetadata(HandClock(), blobs)), pool, 0)

        async def upload() -> None:
            await intake.receive(body, frozenset())

        uploading = asyncio.create_task(upload())
        await blobs.is_writing.wait()
        for _ in range(times):
            uploading.cancel()
            for _ in range(5):
                await asyncio.sleep(0)
        assert not uploading.done()
        assert not pool.may_lend(2 * BUFFER), "the write still reads its buffer"
        blobs.may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await uploading
        assert pool.may_lend(2 * BUFFER)

    asyncio.run(scene())


CONTENT = os.urandom(3 * BUFFER)


@pytest.mark.parametrize("size", [1, 100, IN_ONE_GO, IN_ONE_GO + 1, BUFFER, BUFFER + 1, 3 * BUFFER])
@pytest.mark.parametrize("piece", [0, 65_536, BUFFER])
@pytest.mark.parametrize("is_chunked", [False, True])
def test_every_way_in(size: int, piece: int, is_chunked: bool) -> None:
    content = CONTENT[:size]

    async def scene() -> None:
        blobs = MemoryBlobs()
        pool = BufferPool()
        intake = Intake(blobs, Ids(MemoryMetadata(HandClock(), blobs)), pool, 64)
        wire = request(split(content, [piece]), is_chunked=is_chunked)
        payload = Payload(Mode.LITERAL, hashlib.sha256(content).hexdigest())
        received = await intake.receive(verified_body(wire, payload, streams=True), frozenset(("MD5",)))
        assert (received.size, received.etag) == (size, hashlib.md5(content).hexdigest())
        if received.blob is None:
            assert received.content == content
        else:
            opened = await blobs.open(received.blob, size)
            assert bytes(await opened.read(0, size)) == content
        assert pool.may_lend(BUFFER)

    asyncio.run(scene())


@pytest.mark.parametrize("size", [100, IN_ONE_GO, BUFFER, 3 * BUFFER])
def test_another_body_than_was_signed_leaves_nothing(size: int) -> None:
    async def scene() -> None:
        blobs = MemoryBlobs()
        intake = Intake(blobs, Ids(MemoryMetadata(HandClock(), blobs)), BufferPool(), 64)
        payload = Payload(Mode.LITERAL, hashlib.sha256(b"another").hexdigest())
        body = verified_body(request(CONTENT[:size]), payload, streams=True)
        with pytest.raises(S3Error):
            await intake.receive(body, frozenset(("MD5",)))
        for blob in range(BLOBS_PER_EPOCH, BLOBS_PER_EPOCH + 4):
            with pytest.raises(Damaged):
                await blobs.open(blob, size)

    asyncio.run(scene())
