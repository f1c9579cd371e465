"""One pool of memory for all uploads, with a cap: the slow ones get little of it, and who finds it empty waits."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

BUFFER = 1 << 20
CAP = 48 << 20

_SHARES = {64 << 10: 0.0, 256 << 10: 1 / 4, 2 * BUFFER: 1 / 2}
"""Up to which size in bytes a loan leaves which part of the cap to smaller ones; pairs have just these sizes."""
_SMALLEST, _LARGEST = min(_SHARES), max(_SHARES)


class BufferPool:
    """Lends memory for bodies on their way to disk; ``cap`` bytes in all are out at any time.

    A body takes as long as its client likes. So large loans leave half of the cap free, and smaller ones a quarter:
    250 uploads that stand still fit beside each other.
    """

    def __init__(self, cap: int = CAP) -> None:
        self._cap = cap
        self._left = cap
        self._idle: list[tuple[bytearray, bytearray]] = []
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def may_lend(self, size: int) -> bool:
        """Whether a loan of ``size`` bytes needs no waiting, and leaves enough for smaller ones."""
        share = next(share for largest, share in _SHARES.items() if size <= largest)
        return not self._waiting and self._left - size >= self._cap * share

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
        """Two buffers of one size: 1 MiB, less when many are lent. Their former content may still be in them."""
        size = max(filter(self.may_lend, _SHARES), default=_SMALLEST)
        await self._reserve(size)
        pair = self._idle.pop() if size == _LARGEST and self._idle else (bytearray(size // 2), bytearray(size // 2))
        try:
            yield memoryview(pair[0]), memoryview(pair[1])
        finally:
            if size == _LARGEST:
                self._idle.append(pair)
            self._give_back(size)

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
        if not turn.cancelled():
            self._give_back(size)
            return
        with suppress(ValueError):  # whoever gave memory back in the same turn has passed over it already
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
