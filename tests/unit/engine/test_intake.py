"""A body on its way to a blob keeps its buffers until nobody uses them, however often it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

import pytest
from tests.support.clock import HandClock

from trug.adapters.memory.blobs import MemoryBlobs, StagedBytes
from trug.adapters.memory.metadata import MemoryMetadata
from trug.engine.buffers import BUFFER, BufferPool
from trug.engine.ids import Ids
from trug.engine.intake import Intake
from trug.ports.body import Source


class StandingBody:
    """A body whose client stops after a full buffer."""

    checksum_algorithm = None
    length = 8 * BUFFER
    digests: Mapping[str, bytes] = {}

    def __init__(self) -> None:
        self.has_stopped = asyncio.Event()

    def open(self, algorithms: Collection[str]) -> AbstractAsyncContextManager[Source]:
        return self

    async def whole(self, algorithms: Collection[str], limit: int) -> tuple[bytes, Mapping[str, bytes]]:
        raise NotImplementedError

    async def read(self, limit: int) -> bytes:
        raise NotImplementedError

    async def readinto(self, buffer: memoryview) -> int:
        if self.has_stopped.is_set():
            await asyncio.Event().wait()
        self.has_stopped.set()
        return len(buffer)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...


class SlowStage(StagedBytes):
    """Writes until it is told to end, and cannot be called back: as a thread in a system call."""

    may_end: asyncio.Event
    is_writing: asyncio.Event

    async def write(self, chunk: memoryview) -> None:
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
            async with intake.receive(body, frozenset()):
                pass

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
