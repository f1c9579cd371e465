"""A request's body as it comes off the socket, piece by piece or straight into the reader's buffer."""

from __future__ import annotations

import asyncio
import math
from collections import deque
from contextlib import suppress
from typing import Protocol

from trug.domain.errors import ErrorCode, S3Error

HIGH_WATER = 256 << 10
"""Bytes that wait for a reader; above that the socket is left alone."""
AWAY_SECONDS = 1.0
"""A reader that was away for longer, for memory or for the disk, gives the client its time anew."""


class Line(Protocol):
    """What a body needs of its connection."""

    loop: asyncio.AbstractEventLoop

    def invite(self) -> None:
        """Send 100 Continue."""
        ...

    def pause(self) -> None:
        """Take no more bytes off the socket."""
        ...

    def resume(self) -> None: ...

    def watch(self) -> None:
        """Hold the client to its minimum rate, from now on."""
        ...

    def direct(self, buffer: memoryview) -> asyncio.Future[None] | None:
        """Have the next bytes written straight into ``buffer`` until it is full; None where that cannot be."""
        ...

    def undirect(self) -> None: ...


class Empty:
    """The body of a request that has none: an ``Arriving`` that needs no state."""

    __slots__ = ()

    length = 0
    received = 0
    awaits_continue = False
    is_begun = False
    is_finished = True
    is_gone = False

    def whole(self) -> bytes:
        return b""

    async def read(self) -> bytes:
        return b""

    async def readinto(self, buffer: memoryview) -> int:
        return 0

    async def discard(self, limit: int, seconds: float) -> bool:
        return True


class SocketBody:
    """An ``Arriving`` that its connection feeds. ``is_wanted`` while somebody waits for its next bytes."""

    __slots__ = (
        "_content",
        "_error",
        "_framing",
        "_left_at",
        "_line",
        "_pieces",
        "_waiter",
        "_waiting",
        "awaits_continue",
        "is_begun",
        "is_finished",
        "is_gone",
        "length",
        "received",
    )

    def __init__(self, line: Line, length: int | None, *, awaits_continue: bool) -> None:
        self._line = line
        self._pieces: deque[bytes | memoryview] = deque()
        self._waiting = 0
        self._waiter: asyncio.Future[None] | None = None
        self._error: S3Error | None = None
        self._left_at = -math.inf
        self._content = 0
        self._framing = 0
        self.length = length
        self.received = 0
        self.awaits_continue = awaits_continue
        self.is_begun = False
        self.is_finished = False
        self.is_gone = False

    @property
    def is_wanted(self) -> bool:
        return self._waiter is not None

    @property
    def left(self) -> int:
        """How many bytes are still to come; only of a body with a length."""
        return (self.length or 0) - self.received

    # --- for the connection ---

    def feed(self, data: bytes | memoryview) -> None:
        """The next bytes."""
        self.received += len(data)
        self._waiting += len(data)
        self._pieces.append(data)
        if self.received == self.length:
            self.is_finished = True
        if self._waiter is not None:
            self._wake()
        elif self._waiting > HIGH_WATER:
            self._line.pause()

    def filled(self, size: int) -> None:
        """So many of the next bytes went straight into the reader's buffer."""
        self.received += size
        if self.received == self.length:
            self.is_finished = True

    def count_framing(self, size: int) -> int:
        """Of a body in chunks: ``size`` bytes were read of it. How many in a row were but framing or trailer."""
        if self.received != self._content:
            self._content, self._framing = self.received, 0
        else:
            self._framing += size
        return self._framing

    def end(self) -> None:
        """The last byte has come."""
        self.is_finished = True
        self._wake()

    def fail(self, code: ErrorCode, *, is_gone: bool = False) -> None:
        """No more will come: readers get ``code``, or what was said before it."""
        self.is_gone = self.is_gone or is_gone
        self._error = self._error or S3Error(code)
        self._wake()

    def _wake(self) -> None:
        if self._waiter is not None and not self._waiter.done():
            self._waiter.set_result(None)

    # --- for the reader ---

    def whole(self) -> bytes | None:
        """All bytes, which may still be read; None where they have not come, or some were read."""
        if not self.is_finished or self._error is not None or self._waiting != self.received:
            return None
        if len(self._pieces) != 1:
            self._pieces = deque((b"".join(self._pieces),))
        piece = self._pieces[0]
        return piece if isinstance(piece, bytes) else bytes(piece)

    async def read(self) -> bytes:
        """The next bytes, ``b""`` at the end. IncompleteBody when the client is gone before it, RequestTimeout when it
        is too slow."""
        while not self._pieces:
            if self.is_finished:
                return b""
            await self._more()
        piece = self._pieces.popleft()
        self._waiting -= len(piece)
        return piece if isinstance(piece, bytes) else bytes(piece)

    async def readinto(self, buffer: memoryview) -> int:
        """The next bytes, as many as fit; fewer only of what has come already, or at the end; 0 after it."""
        if not self._pieces and not self.is_finished and self.length is not None:
            direct = await self._direct(buffer[: self.left])
            if direct:
                return direct
        while not self._pieces:
            if self.is_finished:
                return 0
            await self._more()
        piece = memoryview(self._pieces.popleft())
        size = min(len(piece), len(buffer))
        buffer[:size] = piece[:size]
        self._waiting -= size
        if size < len(piece):
            self._pieces.appendleft(piece[size:])
        return size

    async def discard(self, limit: int, seconds: float) -> bool:
        """Read and forget, for so many bytes and so long at most; whether the end has come."""
        end = self.received + limit
        timer = self._line.loop.call_later(seconds, self.fail, ErrorCode.RequestTimeout)
        try:
            with suppress(S3Error):
                while self.received <= end and await self.read():
                    pass
        finally:
            timer.cancel()
        return self.is_finished

    async def _direct(self, buffer: memoryview) -> int:
        self._begin()
        before = self.received
        waiter = self._line.direct(buffer)
        if waiter is None:
            return 0
        try:
            await self._wait(waiter)
        finally:
            self._line.undirect()
        return self.received - before

    async def _more(self) -> None:
        self._begin()
        self._line.resume()
        await self._wait(self._line.loop.create_future())

    def _begin(self) -> None:
        if self._error is not None:
            raise self._error
        if not self.is_begun:
            self.is_begun = True
            if self.awaits_continue and not self.received:
                self._line.invite()

    async def _wait(self, waiter: asyncio.Future[None]) -> None:
        time = self._line.loop.time
        if time() - self._left_at > AWAY_SECONDS:
            self._line.watch()
        self._waiter = waiter
        try:
            await waiter
        finally:
            self._waiter = None
            self._left_at = time()
        if self._error is not None and not self.is_finished:
            raise self._error
