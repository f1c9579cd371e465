"""uvicorn's HTTP protocol without its gaps: trailers that pass for headers, endless heads, refusals in plain text."""

from __future__ import annotations

import asyncio
import time
from typing import ClassVar

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trug.domain.errors import ErrorCode, S3Error
from trug.edge.render import Letterhead, encoded, error_reply
from trug.observe import Observer

LONGEST_HEAD = 128 << 10
"""Of a request that is still arriving; the setting, checked when it is complete, is usually lower."""


class GuardedProtocol(HttpToolsProtocol):
    """One connection. ``guarded_by`` makes the class that servers are given."""

    observer: ClassVar[Observer]
    transport: asyncio.Transport
    _head = 0
    _is_in_head = False

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self._is_in_head:
            self._head += len(data)
            if self._head > LONGEST_HEAD:
                self._refuse(ErrorCode.RequestHeaderSectionTooLarge)

    def on_message_begin(self) -> None:
        super().on_message_begin()
        self._head = 0
        self._is_in_head = True

    def on_headers_complete(self) -> None:
        super().on_headers_complete()
        self._is_in_head = False
        self.headers = []  # fields behind a chunked body come through the same door and must not join the scope's

    def send_400_response(self, msg: str) -> None:
        self._refuse(ErrorCode.BadRequest)

    def _refuse(self, code: ErrorCode) -> None:
        """Answer what is no request, in S3's words, and close."""
        now = time.time_ns() // 1000
        trace = self.observer.begin("-", "", "", now)
        trace.operation, trace.status, trace.error = "Unparsed", code.status, code.name
        trace.client = self.client[0] if self.client else ""
        host_id = self.observer.host_id
        reply = error_reply(S3Error(code), resource="", request_id=trace.request_id, host_id=host_id)
        body = reply.body if isinstance(reply.body, bytes) else b""
        lines = [*Letterhead(host_id).lines(trace.request_id, now), *encoded(reply.headers)]
        lines += ((b"content-length", b"%d" % len(body)), (b"connection", b"close"))
        head = b"".join([b"%s: %s\r\n" % line for line in lines])
        self.transport.write(b"HTTP/1.1 %d Bad Request\r\n%s\r\n%s" % (code.status, head, body))
        self.transport.close()
        self.observer.end(trace, 0.0)


def guarded_by(observer: Observer) -> type[GuardedProtocol]:
    """The protocol class whose own refusals this observer sees."""
    return type("GuardedProtocol", (GuardedProtocol,), {"observer": observer})
