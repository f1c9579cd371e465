"""One connection of the S3 port: bytes → requests, answers → bytes, one after the other."""

from __future__ import annotations

import asyncio
import fcntl
import logging
import sys
import termios
import time
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import Any, Protocol, cast

import httptools

from trug.domain.errors import ErrorCode
from trug.domain.frozen import frozen
from trug.edge import eager
from trug.edge.arriving import Empty, SocketBody
from trug.edge.gateway import Answer, Gateway, Underway
from trug.edge.incoming import MOST_HEADERS, Arriving, Head, declared_length, text_of
from trug.edge.logged import tls_of
from trug.edge.patience import FOREVER, Patience
from trug.edge.render import (
    AT_HAND,
    LINGER_BYTES,
    LINGER_SECONDS,
    BrokenStream,
    ClientGone,
    announced_length,
    close_stream,
    head_of,
    settled,
)
from trug.observe import Trace
from trug.wire.request import LONGEST_LIKE, Headers, Rule

logger = logging.getLogger(__name__)

FRAMING_BYTES = 4 << 10
"""What a header takes on the wire beyond what the setting counts: method, version, blanks and line ends."""
MOST_PIPELINED = 16
"""Requests that wait for their turn before the socket is left alone. One read of it may bring more."""
LONGEST_QUEUE = 128
"""Nobody asks for so much ahead. One read holds 14,000 of the shortest requests, as objects 20 MB: no memory of ours is
to be had so cheaply."""
BEHIND_ANOTHER = 1 << 40
"""Counts for the bytes of a header that began in the middle of what was read: they are looked at when it is whole."""
JOINED = 16 << 10
"""Up to this size a body is copied behind its header, and leaves in one piece."""

EMPTY = Empty()
UNANSWERED = Trace(0, "-", "-", "")
SPOKEN = frozenset({"1.1", "1.0", "0.9"})
"""Versions with an answer of their own. The parser knows 2.0 too, which is not spoken like this."""
FRAMING = frozenset({"content-length", "transfer-encoding", "connection"})
IS_PLAIN = Rule(FRAMING.isdisjoint)
"""Of heads without a body that say nothing of the connection either."""
METHODS = {name.encode(): name for name in ("GET", "HEAD", "PUT", "POST", "DELETE")}
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
CLOSING = "connection: close\r\n"
CHUNKED = "transfer-encoding: chunked\r\n"


class Desk(Protocol):
    """What the connections of a port share. ``now`` is the loop's time, a moment old."""

    gateway: Gateway
    patience: Patience
    loop: asyncio.AbstractEventLoop
    now: float
    is_closing: bool

    def enter(self, connection: Connection) -> bool:
        """Whether there is room for one more connection."""
        ...

    def leave(self, connection: Connection) -> None:
        """It is closed, and nothing is under way for it."""
        ...


@frozen
class Asked:
    """A request whose header is complete. ``stays`` when the connection may serve another one after it."""

    head: Head
    body: SocketBody | Empty
    stays: bool


class Connection(asyncio.Protocol):
    """HTTP/1.1 on one socket ("RFC 9112"), requests answered in their order.

    httptools parses. Bodies with a length go round it: their bytes are nobody's syntax. Whatever the client is waited
    for has its deadline (``edge.patience``), which the port's clock calls through ``tick``. From some point on a
    connection is deaf: what comes then is no HTTP, or too much, and is let go; what was asked before is answered.
    """

    __slots__ = (
        "_arriving",
        "_bypassing",
        "_client",
        "_desk",
        "_due",
        "_head_bytes",
        "_is_deaf",
        "_is_gone",
        "_is_in_head",
        "_is_last",
        "_is_new_head",
        "_is_paused",
        "_is_serving",
        "_mark",
        "_names",
        "_overdue",
        "_overheard",
        "_owed",
        "_parser",
        "_refusal",
        "_scheme",
        "_taken",
        "_taking_due",
        "_task",
        "_tls",
        "_transport",
        "_url",
        "_values",
        "_waiting",
        "_writable",
        "_written",
        "loop",
    )

    _transport: asyncio.Transport

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.loop = desk.loop
        self._parser: httptools.HttpRequestParser | None = None
        self._url = b""
        self._names: list[bytes] = []
        self._values: list[bytes] = []
        self._head_bytes = 0
        self._is_in_head = False
        self._is_new_head = False
        self._client = ""
        self._scheme = "http"
        self._tls = ""
        self._arriving: SocketBody | None = None  # fed by the parser
        self._bypassing: SocketBody | None = None  # fed round the parser
        self._waiting: deque[Asked] = deque()
        self._task: asyncio.Future[Any] | None = None
        self._is_serving = False
        self._is_last = False
        self._is_deaf = False
        self._refusal: ErrorCode | None = None  # the last word, behind the answers to what was understood
        self._overheard = 0
        self._is_gone = False
        self._is_paused = False
        self._writable: asyncio.Future[None] | None = None
        self._written = 0
        self._taken = 0
        self._owed = 0
        self._taking_due = FOREVER
        self._mark = 0
        self._due = FOREVER
        self._overdue: Callable[[], None] = self._close

    # --- the socket ---

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._client = peer[0] if isinstance(peer, tuple) else ""
        self._scheme = "https" if transport.get_extra_info("sslcontext") else "http"
        if self._scheme == "https":
            self._tls = tls_of(transport).version.removeprefix("TLSv")
        self._expect(self._desk.patience.first_byte, self._close)
        if not self._desk.enter(self):
            self._refuse(ErrorCode.SlowDown)
        elif self._desk.is_closing:
            self._close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._is_gone = self._is_deaf = True
        self._due = self._taking_due = FOREVER
        self._waiting.clear()
        self._fail_bodies()
        self.resume_writing()
        if not self._is_serving:
            self._desk.leave(self)

    def eof_received(self) -> bool:
        """The client sends no more. What it asked for in whole is still answered, over TLS as far as that allows."""
        self._is_deaf = True
        self._fail_bodies()
        if self._scheme == "https":
            return False
        if self._is_serving or self._waiting:
            return True
        self._close()
        return False

    def _fail_bodies(self) -> None:
        for body in (self._arriving, self._bypassing):
            if body is not None:
                body.fail(ErrorCode.IncompleteBody, is_gone=True)

    def pause_writing(self) -> None:
        self._writable = self.loop.create_future()
        if self._taking_due == FOREVER:
            self._expect_taking(self._desk.patience.window)

    def resume_writing(self) -> None:
        if self._writable is not None:
            if not self._writable.done():
                self._writable.set_result(None)
            self._writable = None
            if self._waiting:
                self.loop.call_soon(self._advance)

    def data_received(self, data: bytes) -> None:
        body = self._bypassing
        if body is not None:
            left = body.left
            if len(data) <= left:
                self._feed_round(body, data)
                return
            self._feed_round(body, data[:left])
            data = data[left:]
        if self._is_deaf:
            self._overhear(len(data))
            return
        self._parse(data)
        if self._waiting and not self._is_serving:
            self._advance()

    def _feed_round(self, body: SocketBody, data: bytes) -> None:
        if len(data) == body.left:
            self._bypassing = None
        body.feed(data)

    def _overhear(self, size: int) -> None:
        """Let go of what nobody listens to: not without end, and not while an answer is under way."""
        self._overheard += size
        if self._is_serving:
            self.pause()
        elif self._overheard > LINGER_BYTES:
            self._close()

    # --- the parser ---

    def _parse(self, data: bytes) -> None:
        parser = self._parser
        if parser is None:
            parser = self._parser = httptools.HttpRequestParser(self)
        self._head_bytes = self._head_bytes + len(data) if self._is_in_head else len(data)
        try:
            parser.feed_data(data)
        except httptools.HttpParserUpgrade as stop:
            self._stay_with_http(data[stop.args[0] :])
            return
        except httptools.HttpParserError:
            self._refuse(ErrorCode.SlowDown if len(self._waiting) > LONGEST_QUEUE else ErrorCode.BadRequest)
            return
        if self._arriving is not None:
            self._follow(self._arriving, len(data))
        elif self._is_in_head:
            self._await_head()

    def _follow(self, body: SocketBody, size: int) -> None:
        """Go on with a body that is still arriving, after ``size`` bytes that the parser was given."""
        if body.length is not None:
            self._arriving, self._bypassing, self._parser = None, body, None
        elif body.count_framing(size) > self._longest_head:
            self._refuse(ErrorCode.BadRequest)  # a trailer without end

    def _await_head(self) -> None:
        """A header is still arriving: it has its time, and is refused once it can only become too large."""
        if self._is_new_head:
            self._is_new_head = False
            if not self._is_serving:
                self._expect(self._desk.patience.head, self._refuse_slow_head)
        if self._head_bytes % BEHIND_ANOTHER > self._longest_head or len(self._names) > MOST_HEADERS:
            self._refuse(ErrorCode.RequestHeaderSectionTooLarge)

    @property
    def _longest_head(self) -> int:
        return self._desk.gateway.max_header_bytes + FRAMING_BYTES

    def _stay_with_http(self, rest: bytes) -> None:
        """Nobody upgrades here: the request is like any other (RFC 9110, section 7.8; Java's HttpClient asks for h2c on
        each connection). The parser took it for the last, and its body for another protocol: ``rest``."""
        parser, self._parser = self._parser, None
        body, self._arriving = self._arriving, None
        if body is not None and body.length is not None:
            size = body.left
            if rest:
                body.feed(rest[:size])
            if not body.is_finished:
                self._bypassing = body
            rest = rest[size:]
        elif body is not None:
            self._arriving = body
            self._refuse(ErrorCode.BadRequest)
        if rest or (parser is not None and parser.get_method() == b"CONNECT"):
            self._is_deaf = True

    def on_message_begin(self) -> None:
        self._is_in_head = self._is_new_head = True
        if self._names:  # of fields behind a chunked body, which come through the same door and are nobody's headers
            self._names, self._values = [], []

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._names.append(name)
        self._values.append(value)

    def on_headers_complete(self) -> None:
        parser = self._parser
        assert parser is not None  # noqa: S101 - it is calling
        names, values, url, size = self._names, self._values, self._url, self._head_bytes
        self._is_in_head, self._url = False, b""
        self._names, self._values = [], []
        if size >= LONGEST_LIKE:  # a body may have come with it
            size = len(url) + sum(map(len, names)) + sum(map(len, values)) + 4 * len(names)
        headers = Headers.arrived(names, values, size)
        stays, version = parser.should_keep_alive(), "1.1"
        is_plain = headers.shape.facts[IS_PLAIN]
        if not stays or not is_plain:
            version = parser.get_http_version()
            if version not in SPOKEN:
                raise ValueError(version)
            stays = stays and version == "1.1"
        body: SocketBody | Empty = EMPTY
        if not is_plain and (length := declared_length(headers)) != 0:
            is_waiting = "expect" in headers and version == "1.1"
            body = self._arriving = SocketBody(self, length, awaits_continue=is_waiting)
        path, _, query = text_of(url if url[:1] == b"/" else _origin_form(url)).partition("?")
        method = METHODS.get(parser.get_method()) or parser.get_method().decode("ascii")
        head = Head(method, path, query, headers, size, len(names), version, self._scheme, self._client, "", self._tls)
        self._due = FOREVER
        self._waiting.append(Asked(head, body, stays))
        if len(self._waiting) > MOST_PIPELINED:
            self.pause()
            if len(self._waiting) > LONGEST_QUEUE:
                raise ValueError("too many requests ahead of their answers")

    def on_body(self, data: bytes) -> None:
        if self._arriving is not None:
            self._arriving.feed(data)

    def on_message_complete(self) -> None:
        self._head_bytes = BEHIND_ANOTHER
        body = self._arriving
        if body is not None and self._parser is not None and not self._parser.should_upgrade():
            body.end()
            self._arriving = None

    # --- requests ---

    def _advance(self) -> None:
        """Serve what waits, until something has to be waited for. Answers must not pile up before who does not read."""
        while self._waiting and not self._is_serving and self._writable is None:
            self._is_serving = True
            began, asked = time.perf_counter(), self._waiting.popleft()
            try:
                answer, caller = self._desk.gateway.at_once(asked.head, asked.body)
                if answer is None:
                    answering = self._desk.gateway.respond(asked.head, asked.body, caller)
                    self._task = eager.run(self._serve(asked, answering, began), self.loop, self._go_on)
                elif isinstance(answer, Answer):
                    self._serve_at_once(asked, answer, began)
                else:
                    self._await(asked, answer, began)
            except BaseException:
                self._served()
                raise
            if self._task is None:
                self._served()

    def _go_on(self) -> None:
        self._task = None
        self._served()
        self._advance()

    def _served(self) -> None:
        self._is_serving = False
        if self._is_gone:
            self._desk.leave(self)
        elif self._is_last:
            self._waiting.clear()
        elif not self._waiting:
            self._rest()
        elif len(self._waiting) <= MOST_PIPELINED:
            self.resume()

    def _rest(self) -> None:
        """All that was asked is answered."""
        if self._is_paused:
            self.resume()
        if self._is_deaf:
            self._conclude()
        elif self._is_in_head:
            self._expect(self._desk.patience.head, self._refuse_slow_head)
        elif self._desk.is_closing:
            self._close()
        else:
            self._due, self._overdue = self._desk.now + self._desk.patience.keep_alive, self._close

    def _await(self, asked: Asked, underway: Underway, began: float) -> None:
        """Serve what was begun when it is done: a callback, where a task takes 40,000 instructions more."""
        self._task = underway.pending.made
        self._task.add_done_callback(lambda _: self._serve_made(asked, underway, began))

    def _serve_made(self, asked: Asked, underway: Underway, began: float) -> None:
        self._task = None
        try:
            answer = self._desk.gateway.made(underway)
        except Exception as failure:
            answering = self._desk.gateway.failed(underway, asked.body, failure)
            self._task = eager.run(self._serve(asked, answering, began), self.loop, self._go_on)
        except asyncio.CancelledError:
            self._is_last = self._is_deaf = True
            self._transport.abort()
        else:
            self._serve_at_once(asked, answer, began)
        if self._task is None:
            self._go_on()

    def _serve_at_once(self, asked: Asked, answer: Answer, began: float) -> None:
        """Send an answer that was at hand."""
        try:
            self._send_at_hand(answer, asked, is_settled=True)
        except ClientGone:
            answer.trace.error = "ClientGone"
        except Exception as failure:
            self._break_off(answer.trace, failure)
        finally:
            self._desk.gateway.finish(answer.trace, asked.body, time.perf_counter() - began, self._transport)

    async def _serve(self, asked: Asked, answering: Awaitable[Answer], began: float) -> None:
        trace = UNANSWERED
        try:
            answer = await answering
            trace = answer.trace
            body = asked.body
            is_settled = body.is_finished or await settled(body)
            if isinstance(answer.reply.body, AT_HAND):
                self._send_at_hand(answer, asked, is_settled=is_settled)
            else:
                await self._send_stream(answer, answer.reply.body, asked, is_settled=is_settled)
        except ClientGone:
            trace.error = "ClientGone"
        except Exception as failure:
            self._break_off(trace, failure)
        except BaseException:
            self._is_last = self._is_deaf = True
            self._transport.abort()
            raise
        finally:
            if trace is not UNANSWERED:
                self._desk.gateway.finish(trace, asked.body, time.perf_counter() - began, self._transport)

    def _break_off(self, trace: Trace, failure: Exception) -> None:
        self._is_last = self._is_deaf = True
        self._transport.abort()
        trace.error = type(failure).__name__
        logger.error("%s %s broke off", trace.operation, trace.request_id, exc_info=failure)

    # The connection is left in a state that both sides agree on: what is left of the request's body was read when it is
    # short (``is_settled``); else it closes, and not before the client had a moment to read the answer (E17, E18).

    def _send_at_hand(self, answer: Answer, asked: Asked, *, is_settled: bool) -> None:
        reply, is_head = answer.reply, asked.head.method == "HEAD"
        last = self._last_lines(asked, is_settled=is_settled)
        length = announced_length(reply)
        if length is not None and not (is_head and reply.status >= 400):
            last = f"{last}content-length: {length}\r\n"
        opening = head_of(reply, answer.letterhead, last)
        if is_head:
            self._write(opening)
        else:
            content = reply.body
            assert isinstance(content, AT_HAND)  # noqa: S101 - or it would be a stream
            self._write(opening, content)
            answer.trace.bytes_out = len(content)
        if self._is_last:
            self._take_leave(asked.body, is_settled=is_settled)

    async def _send_stream(
        self, answer: Answer, pieces: AsyncIterator[bytes | memoryview], asked: Asked, *, is_settled: bool
    ) -> None:
        reply, trace = answer.reply, answer.trace
        last = self._last_lines(asked, is_settled=is_settled)
        length = announced_length(reply)
        if asked.head.method == "HEAD":
            if length is not None and reply.status < 400:
                last = f"{last}content-length: {length}\r\n"
            await close_stream(pieces)
            self._write(head_of(reply, answer.letterhead, last))
        else:
            if length is not None:
                last = f"{last}content-length: {length}\r\n"
            elif asked.head.version != "1.0":
                last = f"{last}{CHUNKED}"
            opening = head_of(reply, answer.letterhead, last)
            await self._stream(opening, pieces, trace, is_chunked=last.endswith(CHUNKED))
            if length is not None and trace.bytes_out != length:
                raise BrokenStream(f"{trace.bytes_out} bytes where {length} were announced")
        if self._is_last:
            self._take_leave(asked.body, is_settled=is_settled)

    def _last_lines(self, asked: Asked, *, is_settled: bool) -> str:
        """What the answer says of the connection."""
        if not is_settled or not asked.stays or self._desk.is_closing or (self._is_deaf and self._is_final):
            self._is_last = True
        return CLOSING if self._is_last else ""

    def _take_leave(self, body: Arriving, *, is_settled: bool) -> None:
        if is_settled or body.is_gone:
            self._close()
        else:
            self._part()

    @property
    def _is_final(self) -> bool:
        """Whether nothing is to be said after the answer to the request that is being served."""
        return not self._waiting and self._refusal is None

    async def _stream(
        self, opening: bytes, pieces: AsyncIterator[bytes | memoryview], trace: Trace, *, is_chunked: bool
    ) -> None:
        """All pieces, the first behind the header, letting others run between them."""
        try:
            async for piece in pieces:
                if not piece:  # as a chunk it would be the end
                    continue
                if is_chunked:
                    self._write(b"%b%x\r\n" % (opening, len(piece)), piece, b"\r\n")
                else:
                    self._write(opening, piece)
                opening = b""
                trace.bytes_out += len(piece)
                del piece  # what is sent is sent: its memory, still warm, is the next one's
                await (self._writable or asyncio.sleep(0))
                if self._is_gone:
                    raise ClientGone
        finally:
            await close_stream(pieces)
        if is_chunked or opening:
            self._write(b"%b0\r\n\r\n" % opening if is_chunked else opening)

    def _write(self, opening: bytes, piece: bytes | memoryview = b"", closing: bytes = b"") -> None:
        if self._is_gone:
            raise ClientGone
        size = len(piece)
        self._written += len(opening) + size + len(closing)
        if size <= JOINED:
            self._transport.write(b"".join((opening, piece, closing)))
        else:
            self._transport.writelines([part for part in (opening, piece, closing) if part])

    # --- bodies ---

    def invite(self) -> None:
        self._write(CONTINUE)

    def pause(self) -> None:
        if not self._is_paused and not self._transport.is_closing():
            self._is_paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        if self._is_paused and not self._transport.is_closing():
            self._is_paused = False
            self._transport.resume_reading()

    def watch(self) -> None:
        body = self._bypassing or self._arriving
        if body is not None:
            self._mark = body.received
            self._expect(self._desk.patience.window, self._check_sending)

    def direct(self, buffer: memoryview) -> asyncio.Future[None] | None:
        body = self._bypassing
        if body is None or self._transport.is_closing():
            return None
        waiter = self.loop.create_future()
        self.pause()  # a transport looks at its protocol when it begins to read
        self._transport.set_protocol(Sink(self, body, buffer, waiter))
        self.resume()
        return waiter

    def undirect(self) -> None:
        """The buffer is full, or nobody wants it filled any more."""
        if not self._transport.is_closing():
            self.pause()
            self._transport.set_protocol(self)
        if self._bypassing is not None and self._bypassing.is_finished:
            self._bypassing = None
            self.resume()

    # --- deadlines ---

    def tick(self, now: float) -> None:
        """The port's clock: do what is overdue."""
        if now >= self._due:
            self._due = FOREVER
            self._overdue()
        if now >= self._taking_due:
            self._check_taking()

    def _expect(self, seconds: float, overdue: Callable[[], None]) -> None:
        self._due = self._desk.now + seconds
        self._overdue = overdue

    def _check_sending(self) -> None:
        body = self._bypassing or self._arriving
        if body is None or body.is_finished:
            return
        if body.is_wanted and body.received - self._mark < self._desk.patience.least:
            body.fail(ErrorCode.RequestTimeout)
        else:
            self.watch()

    def _expect_taking(self, seconds: float) -> None:
        """Until then the client has to take the least of what it was sent, or all of it."""
        self._taken = self._count_taken()
        self._owed = min(self._written - self._taken, self._desk.patience.least)
        self._taking_due = self._desk.now + seconds

    def _check_taking(self) -> None:
        transport = self._transport
        is_empty = not transport.get_write_buffer_size()
        if self._count_taken() - self._taken < self._owed or (is_empty and transport.is_closing()):
            transport.abort()
        elif is_empty:
            self._taking_due = FOREVER
        else:
            self._expect_taking(self._desk.patience.window)

    def _count_taken(self) -> int:
        """How many bytes have reached the client's side. The system's own buffer holds megabytes and makes room by the
        third of it: without a look into it, who takes 20 KiB a second seems to take nothing for 40 s."""
        return self._written - self._transport.get_write_buffer_size() - _unacknowledged(self._transport)

    # --- the end ---

    def retire(self) -> None:
        """End as soon as nothing is in flight."""
        if not self._is_serving and not self._waiting:
            self._close()

    def cut(self) -> None:
        """End now: what is under way learns that the client has gone."""
        self._transport.abort()

    def cancel(self) -> None:
        """End what is still under way."""
        if self._task is not None:
            self._task.cancel()

    def _refuse_slow_head(self) -> None:
        self._refuse(ErrorCode.RequestTimeout)

    def _refuse(self, code: ErrorCode) -> None:
        """Hear no more. What came is no request; that is said too, in S3's words, when its turn has come."""
        self._is_deaf, self._refusal, self._parser = True, code, None
        body, self._arriving = self._arriving, None
        if body is not None:
            body.fail(code)
        if not self._is_serving and not self._waiting:
            self._conclude()

    def _conclude(self) -> None:
        if self._refusal is None:
            self._close()
            return
        if self._transport.is_closing():
            return
        gateway = self._desk.gateway
        answer = gateway.refuse(self._refusal, self._client)
        content = answer.reply.body
        assert isinstance(content, bytes)  # noqa: S101 - errors are documents
        self._write(head_of(answer.reply, answer.letterhead, f"{CLOSING}content-length: {len(content)}\r\n"), content)
        gateway.finish(answer.trace, EMPTY, 0.0)
        self._part()

    def _part(self) -> None:
        """Close after the client had a moment to read the answer: closing on unread bytes would reset the connection
        under it. What it still sends is let go."""
        self._is_last = self._is_deaf = True
        self._arriving = self._bypassing = None
        with suppress(OSError):  # it may have reset the connection
            if self._transport.can_write_eof():
                self._transport.write_eof()
        self._expect(LINGER_SECONDS, self._close)
        self.resume()

    def _close(self) -> None:
        """Close once the client has taken what it was sent and, over TLS, has said goodbye: for either it has its
        time."""
        self._is_last = self._is_deaf = True
        transport = self._transport
        if not transport.is_closing():
            has_more = transport.get_write_buffer_size() > 0
            self._expect_taking(self._desk.patience.window if has_more else LINGER_SECONDS)
            transport.close()


def _unacknowledged(transport: asyncio.Transport) -> int:
    """Bytes that the system holds for the peer; 0 where it does not tell."""
    try:
        told = fcntl.ioctl(transport.get_extra_info("socket").fileno(), termios.TIOCOUTQ, bytes(4))
    except OSError:
        return 0
    return int.from_bytes(told, sys.byteorder)


class Sink(asyncio.BufferedProtocol):
    """Stands in for a connection while a buffer is filled: the kernel writes into it, nobody copies."""

    def __init__(
        self, connection: Connection, body: SocketBody, buffer: memoryview, waiter: asyncio.Future[None]
    ) -> None:
        self._connection = connection
        self._body = body
        self._rest = buffer
        self._waiter = waiter
        self.connection_lost = connection.connection_lost  # type: ignore[method-assign]
        self.eof_received = connection.eof_received  # type: ignore[method-assign]
        self.pause_writing = connection.pause_writing  # type: ignore[method-assign]
        self.resume_writing = connection.resume_writing  # type: ignore[method-assign]

    def get_buffer(self, sizehint: int) -> memoryview:
        return self._rest

    def buffer_updated(self, nbytes: int) -> None:
        self._rest = self._rest[nbytes:]
        self._body.filled(nbytes)
        if not self._rest:
            self._connection.undirect()
            if not self._waiter.done():
                self._waiter.set_result(None)


def _origin_form(url: bytes) -> bytes:
    """The path and query of a target in absolute form, which servers must accept (RFC 9112, section 3.2.2); others as
    they are."""
    if url[:4].lower() != b"http":
        return url
    try:
        parsed = httptools.parse_url(url)
    except httptools.HttpParserInvalidURLError:
        return url
    if parsed.fragment is not None:
        return url
    return (parsed.path or b"/") + (b"?" + parsed.query if parsed.query else b"")
