"""One pool of buffers for all uploads, with a cap: who finds it empty waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

BUFFER = 1 << 20
CAP = 48 << 20


class BufferPool:
    """Lends memory for bodies on their way to disk; ``cap`` bytes in all are out at any time."""

    def __init__(self, cap: int = CAP) -> None:
        self._left = cap
        self._idle: list[tuple[bytearray, bytearray]] = []
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    @asynccontextmanager
    async def lend(self, size: int) -> AsyncIterator[memoryview]:
        """A buffer of ``size`` bytes, first come first served."""
        await self._reserve(size)
        try:
            yield memoryview(bytearray(size))
        finally:
            self._give_back(size)

    @asynccontextmanager
    async def lend_pair(self) -> AsyncIterator[tuple[memoryview, memoryview]]:
        """Two buffers of 1 MiB; their former content is still in them."""
        await self._reserve(2 * BUFFER)
        pair = self._idle.pop() if self._idle else (bytearray(BUFFER), bytearray(BUFFER))
        try:
            yield memoryview(pair[0]), memoryview(pair[1])
        finally:
            self._idle.append(pair)
            self._give_back(2 * BUFFER)

    async def _reserve(self, size: int) -> None:
        if not self._waiting and size <= self._left:
            self._left -= size
            return
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append((size, turn))
        try:
            await turn
        except asyncio.CancelledError:
            self._leave(size, turn)
            raise

    def _leave(self, size: int, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self._give_back(size)
            return
        self._waiting.remove((size, turn))
        self._give_back(0)

    def _give_back(self, size: int) -> None:
        self._left += size
        while self._waiting and self._waiting[0][0] <= self._left:
            wanted, turn = self._waiting.popleft()
            if turn.cancelled():
                continue
            self._left -= wanted
            turn.set_result(None)
