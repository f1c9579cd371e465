"""Reply or S3Error → ASGI messages."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import replace
from email.utils import formatdate

from trug.domain.errors import S3Error
from trug.edge.incoming import CONTROLS, AsgiBody, Receive, Send
from trug.observe import Trace
from trug.wire.reply import XML, Reply
from trug.wire.xml import document, element

DRAINED_BYTES = 64 * 1024
DRAIN_SECONDS = 1.0
LINGER_BYTES = 32 * 1024 * 1024
LINGER_SECONDS = 2.0

BODILESS = frozenset({204, 304})
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What XML 1.0 cannot write: an error that SDKs cannot parse tells them nothing."""
RETRY_LATER = {"retry-after": "1"}


class BrokenStream(Exception):
    """A stream ended elsewhere than announced: leaves the application, so that the server cuts the connection."""


class ClientGone(Exception):
    """Nobody is there to be answered."""


# --- errors ---------------------------------------------------------------------------------------------------------


def error_reply(error: S3Error, *, resource: str, request_id: str, host_id: str) -> Reply:
    """The answer of an error ("Error responses" in the Amazon S3 API reference): flat XML, without a namespace."""
    status = error.code.status
    if status in BODILESS:
        return Reply(status, headers=error.headers)
    headers = {"content-type": XML, **(RETRY_LATER if status == 503 else {}), **error.headers}
    elements = [
        ("Code", error.code.name),
        ("Message", error.message),
        *error.fields.items(),
        ("Resource", resource),
        ("RequestId", request_id),
        ("HostId", host_id),
    ]
    inside = "".join([element(name, _UNWRITABLE.sub("\ufffd", text)) for name, text in elements])
    return Reply(status, headers=headers, body=document("Error", inside, namespaced=False))


# --- the header -----------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")
_CONTROLS_TO_SPACE = bytes(0x20 if byte in CONTROLS else byte for byte in range(256))


class _Names(dict[str, bytes]):
    """Header names as bytes: each distinct one is encoded once, and the first thousand are kept."""

    def __missing__(self, name: str) -> bytes:
        if not _TOKEN.match(name):
            raise ValueError(f"not a header name: {name!r}")
        encoded = name.lower().encode("ascii")
        if len(self) < 1024:
            self[name] = encoded
        return encoded


AT_HAND = (bytes, memoryview)
_NAMES = _Names()
RawHeaders = list[tuple[bytes, bytes]]


def encoded(headers: Mapping[str, str]) -> RawHeaders:
    """Headers in Latin-1, with ``?`` for what it lacks and a space for each control character (E22)."""
    names = _NAMES
    try:
        pairs = [(names[name], value.encode("latin-1")) for name, value in headers.items()]
    except UnicodeEncodeError:
        pairs = [(names[name], value.encode("latin-1", "replace")) for name, value in headers.items()]
    values = b"".join([value for _, value in pairs])
    if len(values.translate(None, CONTROLS)) != len(values):
        return [(name, value.translate(_CONTROLS_TO_SPACE)) for name, value in pairs]
    return pairs


class Letterhead:
    """The headers on every answer: Date, Server and the two ids."""

    __slots__ = ("_lines", "_second")

    def __init__(self, host_id: str) -> None:
        self._second = -1
        self._lines: RawHeaders = [(b"date", b""), (b"server", b"trug"), (b"x-amz-id-2", host_id.encode("ascii"))]

    def lines(self, request_id: str, received: int) -> RawHeaders:
        """A new list, to be appended to. ``received`` in µs since 1970 gives the date."""
        second = received // 1_000_000
        if second != self._second:
            self._second = second
            self._lines[0] = (b"date", formatdate(second, usegmt=True).encode("ascii"))
        return [*self._lines, (b"x-amz-request-id", request_id.encode("ascii"))]


def _content_length(reply: Reply) -> int | None:
    if reply.status in BODILESS or "content-length" in reply.headers:
        return None
    if reply.length is not None:
        return reply.length
    return len(reply.body) if isinstance(reply.body, AT_HAND) else None


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
    trace.status = reply.status
    is_head = trace.method == "HEAD"
    length = _content_length(reply)
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
        await _closed(reply.body)
    else:
        await _stream(reply.body, length, receive=receive, send=send, trace=trace)
    trace.bytes_out += len(last)
    if not is_settled and may_linger(body):
        await send({"type": "http.response.body", "body": last, "more_body": True})
        await linger(body)
        last = b""
    await send({"type": "http.response.body", "body": last})


async def begun(reply: Reply) -> Reply:
    """The reply with the first piece of its stream at hand: what fails there can still be answered as an error (R4). A
    stream of a single piece becomes a plain body."""
    if isinstance(reply.body, AT_HAND):
        return reply
    pieces = reply.body
    first = await anext(aiter(pieces), b"")
    if len(first) != reply.length:
        return replace(reply, body=_resumed(first, pieces))
    await _closed(pieces)
    return replace(reply, body=first)


async def _resumed(
    first: bytes | memoryview, rest: AsyncIterator[bytes | memoryview]
) -> AsyncIterator[bytes | memoryview]:
    try:
        yield first
        async for piece in rest:
            yield piece
    finally:
        await _closed(rest)


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
        await _closed(chunks)
    if length is not None and trace.bytes_out != length:
        raise BrokenStream(f"{trace.bytes_out} bytes where {length} were announced")


async def _disconnected(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _closed(chunks: AsyncIterator[bytes | memoryview]) -> None:
    """A generator left in its middle gives back what it holds now, not when it is collected."""
    aclose = getattr(chunks, "aclose", None)
    if aclose is not None:
        await aclose()


# --- what is left of the request --------------------------------------------------------------------------------------


async def settled(body: AsgiBody) -> bool:
    """Whether the body's end was reached, reading at most 64 KiB for a second. Never asks for a body not yet sent."""
    if body.is_gone or not may_linger(body):
        return False
    if body.length is not None and body.length - body.received > DRAINED_BYTES:
        return False
    return await _discard(body, DRAINED_BYTES, DRAIN_SECONDS)


async def linger(body: AsgiBody) -> None:
    """Read and discard for a while: closing on unread bytes would reset the connection under the answer."""
    await _discard(body, LINGER_BYTES, LINGER_SECONDS)


def may_linger(body: AsgiBody) -> bool:
    """False when the client still waits for 100 Continue: it sends nothing then, and asking would invite it to."""
    return not body.is_gone and (body.is_begun or not body.awaits_continue)


async def _discard(body: AsgiBody, limit: int, seconds: float) -> bool:
    end = body.received + limit
    with suppress(TimeoutError, S3Error):
        async with asyncio.timeout(seconds):
            while body.received <= end:
                if not await body.read():
                    return True
    return body.is_finished
