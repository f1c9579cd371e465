"""Answers that are sent piece by piece, to clients that keep taking them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, MutableMapping
from contextlib import aclosing
from time import monotonic
from typing import Any

from starlette.responses import Response

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]

IDLE = 30.0
"""Seconds that a client may take for a piece."""
GRACE = 30.0
LEAST = 1024
"""Bytes a second that a client must take on the whole, once ``GRACE`` seconds are over."""


class Stream(Response):
    """Bytes as they come out of ``content``, which is closed when the client has gone, takes nothing for ``idle``
    seconds, or takes less than ``LEAST`` bytes a second. ``headers`` must say the length."""

    def __init__(
        self,
        content: AsyncIterator[bytes | memoryview],
        status: int,
        headers: Mapping[str, str],
        *,
        idle: float = IDLE,
    ) -> None:
        super().__init__(None, status, headers)
        self._content = content
        self._idle = idle

    async def __call__(self, scope: MutableMapping[str, Any], receive: Receive, send: Send) -> None:
        if scope["method"] == "HEAD":
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            await send({"type": "http.response.body", "body": b""})
            return
        pouring = asyncio.ensure_future(self._pour(send))
        watching = asyncio.ensure_future(_gone(receive))
        try:
            await asyncio.wait((pouring, watching), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (pouring, watching):
                task.cancel()
            await asyncio.gather(pouring, watching, return_exceptions=True)
        if pouring.cancelled():
            raise ConnectionAbortedError("the client has gone")
        pouring.result()

    async def _pour(self, send: Send) -> None:
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        began, sent = monotonic(), 0
        async with aclosing(_pieces(self._content)) as pieces:
            async for piece in pieces:
                async with asyncio.timeout(self._idle):
                    await send({"type": "http.response.body", "body": piece, "more_body": True})
                sent += len(piece)
                if sent < (monotonic() - began - GRACE) * LEAST:
                    raise TimeoutError("the client takes too little")
        await send({"type": "http.response.body", "body": b""})


async def _pieces(content: AsyncIterator[bytes | memoryview]) -> AsyncGenerator[bytes | memoryview, None]:
    """``content`` as what can be closed."""
    try:
        async for piece in content:
            yield piece
    finally:
        if isinstance(content, AsyncGenerator):
            await content.aclose()


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
