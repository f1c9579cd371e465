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
_SMALLEST = min(_SHARES)


class BufferPool:
    """Lends memory for bodies on their way to disk; ``cap`` bytes in all are out at any time.

    A body takes as long as its client likes. So large loans leave half of the cap free, and smaller ones a quarter:
    250 uploads that stand still fit beside each other.
    """

    def __init__(self, cap: int = CAP) -> None:
        self._cap = cap
        self._left = cap
        self._idle: list[memoryview] = []
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()

    def may_lend(self, size: int) -> bool:
        """Whether a loan of ``size`` bytes needs no waiting, and leaves enough for smaller ones."""
        share = next(share for largest, share in _SHARES.items() if size <= largest)
        return not self._waiting and self._left - size >= self._cap * share

    @asynccontextmanager
    async def lend(self) -> AsyncIterator[memoryview]:
        """A buffer of 1 MiB, first come first served. Its former content may still be in it, as with pairs."""
        await self.reserve(BUFFER)
        buffer = self._take()
        try:
            yield buffer
        finally:
            self._idle.append(buffer)
            self.give_back(BUFFER)

    @asynccontextmanager
    async def lend_pair(self) -> AsyncIterator[tuple[memoryview, memoryview]]:
        """Two buffers of one size: 1 MiB, less when many are lent."""
        size = max(filter(self.may_lend, _SHARES), default=_SMALLEST)
        await self.reserve(size)
        is_full = size == 2 * BUFFER
        pair = (self._take(), self._take()) if is_full else (_buffer(size // 2), _buffer(size // 2))
        try:
            yield pair
        finally:
            if is_full:
                self._idle += pair
            self.give_back(size)

    def _take(self) -> memoryview:
        return self._idle.pop() if self._idle else _buffer(BUFFER)

    async def reserve(self, size: int) -> None:
        """Count ``size`` bytes of the borrower's own memory as lent, until they are given back."""
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
            self.give_back(size)
            return
        with suppress(ValueError):  # whoever gave memory back in the same turn has passed over it already
            self._waiting.remove((size, turn))
        self.give_back(0)

    def give_back(self, size: int) -> None:
        """They are free again."""
        self._left += size
        while self._waiting and self._waiting[0][0] <= self._left:
            wanted, turn = self._waiting.popleft()
            if turn.cancelled():
                continue
            self._left -= wanted
            turn.set_result(None)


def _buffer(size: int) -> memoryview:
    return memoryview(bytearray(size))
