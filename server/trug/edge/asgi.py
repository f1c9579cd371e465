"""The door for ASGI servers: scope → Head, messages → body, Reply → messages."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping
from contextlib import suppress
from typing import Any

from trug.domain.errors import ErrorCode, S3Error
from trug.edge.gateway import Gateway
from trug.edge.incoming import Head, declared_length, text_of
from trug.edge.render import (
    AT_HAND,
    BrokenStream,
    ClientGone,
    RawHeaders,
    announced_length,
    close_stream,
    encoded,
    linger,
    may_linger,
    pairs_of,
    settled,
)
from trug.observe import Trace
from trug.wire.reply import Reply
from trug.wire.request import Headers

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]


class Application:
    """The S3 port as an ASGI application."""

    def __init__(self, gateway: Gateway) -> None:
        self._gateway = gateway

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _live_through(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1002})

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        began = time.perf_counter()
        head = head_of(scope)
        body = AsgiBody(receive, head.headers)
        answer = await self._gateway.respond(head, body)
        trace = answer.trace
        try:
            lines = pairs_of(answer.letterhead)
            await deliver(answer.reply, lines=lines, body=body, receive=receive, send=send, trace=trace)
        except ClientGone:
            trace.error = "ClientGone"
        except BaseException as failure:
            trace.error = type(failure).__name__
            raise
        finally:
            self._gateway.finish(trace, body, time.perf_counter() - began)


async def _live_through(receive: Receive, send: Send) -> None:
    """The lifespan protocol, where nobody above us has opened and closes the store."""
    while True:
        message = await receive()
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
        elif message["type"] == "lifespan.shutdown":
            await send({"type": "lifespan.shutdown.complete"})
            return


def head_of(scope: Scope) -> Head:
    """What the scope says of the request; ``scope["path"]`` is decoded and never read."""
    path: bytes | None = scope.get("raw_path")
    query: bytes = scope["query_string"]
    pairs: RawHeaders = scope["headers"]
    peer = scope.get("client")
    return Head(
        method=scope["method"],
        path=None if path is None else text_of(path),
        query=text_of(query),
        headers=Headers(pairs),
        size=len(path or b"") + len(query) + sum([len(name) + len(value) + 4 for name, value in pairs]),
        lines=len(pairs),
        version=scope["http_version"],
        scheme=scope["scheme"],
        client=peer[0] if peer else "",
        mount=scope.get("root_path", ""),
    )


class AsgiBody:
    """The body as ASGI's ``receive`` gives it: an ``Arriving``."""

    __slots__ = ("_receive", "_rest", "awaits_continue", "is_begun", "is_finished", "is_gone", "length", "received")

    def __init__(self, receive: Receive, headers: Headers) -> None:
        self._receive = receive
        self._rest = memoryview(b"")
        self.length = declared_length(headers)
        self.awaits_continue = "expect" in headers
        self.is_begun = False
        self.is_finished = self.length == 0
        self.is_gone = False
        self.received = 0

    async def read(self) -> bytes:
        """The next bytes, ``b""`` at the end. IncompleteBody when the client is gone before it."""
        while not self.is_finished:
            self.is_begun = True
            message = await self._receive()
            if message["type"] == "http.disconnect":
                self.is_gone = True
                raise S3Error(ErrorCode.IncompleteBody)
            chunk: bytes = message.get("body", b"")
            self.received += len(chunk)
            self._see_end(is_last=not message.get("more_body", False))
            if chunk:
                return chunk
        return b""

    async def readinto(self, buffer: memoryview) -> int:
        """Some of the next bytes, as many as fit; 0 at the end. Errors as ``read``."""
        piece = self._rest or memoryview(await self.read())
        size = min(len(piece), len(buffer))
        buffer[:size] = piece[:size]
        self._rest = piece[size:]
        return size

    async def discard(self, limit: int, seconds: float) -> bool:
        """Read and forget, for so many bytes and so long at most; whether the end has come."""
        end = self.received + limit
        with suppress(TimeoutError, S3Error):
            async with asyncio.timeout(seconds):
                while self.received <= end:
                    if not await self.read():
                        return True
        return self.is_finished

    def _see_end(self, *, is_last: bool) -> None:
        """The declared length ends the body too: nobody needs to ask for an empty last message."""
        self.is_finished = is_last or self.received == self.length
        if is_last and self.length is not None and self.received != self.length:
            raise S3Error(ErrorCode.IncompleteBody)


# --- the answer -----------------------------------------------------------------------------------------------------


async def deliver(
    reply: Reply, *, lines: RawHeaders, body: AsgiBody, receive: Receive, send: Send, trace: Trace
) -> None:
    """Send the answer, its header beginning with ``lines``, and leave the connection in a state both sides agree on.

    What is left of the request's body is read when it is short; else the connection closes, and not before the client
    had a moment to read the answer (E17, E18). A stream that fails, or gives another number of bytes than was
    announced, leaves as its own exception or as BrokenStream, after which the server must cut the connection.
    ClientGone when the client left.
    """
    is_head = trace.method == "HEAD"
    length = announced_length(reply)
    lines += encoded(reply.headers)
    if length is not None and not (is_head and reply.status >= 400):
        lines.append((b"content-length", b"%d" % length))
    is_settled = body.is_finished or await settled(body)
    if not is_settled:
        lines.append((b"connection", b"close"))
    await send({"type": "http.response.start", "status": reply.status, "headers": lines})
    last: bytes | memoryview = b""
    if isinstance(reply.body, AT_HAND):
        last = b"" if is_head else reply.body
    elif is_head:
        await close_stream(reply.body)
    else:
        await _stream(reply.body, length, receive=receive, send=send, trace=trace)
    trace.bytes_out += len(last)
    if not is_settled and may_linger(body):
        await send({"type": "http.response.body", "body": last, "more_body": True})
        await linger(body)
        last = b""
    await send({"type": "http.response.body", "body": last})


async def _stream(
    chunks: AsyncIterator[bytes | memoryview], length: int | None, *, receive: Receive, send: Send, trace: Trace
) -> None:
    """All chunks, letting others run between them. From the second on somebody watches for the client's leaving, after
    which a server takes what is sent and says nothing."""
    watch: asyncio.Task[None] | None = None
    try:
        async for chunk in chunks:
            if watch is not None:
                await asyncio.sleep(0)
                if watch.done():
                    raise ClientGone
            elif trace.bytes_out:
                watch = asyncio.ensure_future(_disconnected(receive))
            await send({"type": "http.response.body", "body": chunk, "more_body": True})
            trace.bytes_out += len(chunk)
    finally:
        if watch is not None:
            watch.cancel()
        await close_stream(chunks)
    if length is not None and trace.bytes_out != length:
        raise BrokenStream(f"{trace.bytes_out} bytes where {length} were announced")


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
