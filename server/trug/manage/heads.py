"""Connections of the management port, closed where the head of a request takes too long or is too long, where an
answer is not taken, and where there are too many."""

from __future__ import annotations

import asyncio
import resource

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from trug.manage.descriptors import most_connections

SECONDS = 30.0
LEAST = 1024
"""Bytes a second that a client must take of an answer."""
FULL = b"HTTP/1.1 503 Service Unavailable\r\nretry-after: 1\r\nconnection: close\r\ncontent-length: 0\r\n\r\n"
LONGEST = 64 << 10


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which itself waits for ever, for heads and for clients that take their answers, and keeps
    what has come of a head, however much that is."""

    seconds = SECONDS
    most: int | None = None
    _timer: asyncio.TimerHandle | None = None
    _stall: asyncio.TimerHandle | None = None
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self._most():
            transport.write(FULL)
            self._close()
            return
        self._expect_head()

    def _most(self) -> int:
        return most_connections(resource.getrlimit(resource.RLIMIT_NOFILE)[0]) if self.most is None else self.most

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
        self._stop_stall()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        whole = memoryview(data)
        for start in range(0, len(whole), LONGEST):
            self._piece_received(whole[start : start + LONGEST])
            if self.transport.is_closing():
                return

    def _piece_received(self, piece: memoryview) -> None:
        """A head counts from the piece after the one it begins in: what stands there before it is another request's."""
        self._received += len(piece)
        super().data_received(piece)  # type: ignore[arg-type]
        if self._timer is not None and self._received > LONGEST:
            self._close()

    def on_message_begin(self) -> None:
        self._expect_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        self._stop_timer()
        super().on_headers_complete()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._watch(self.transport.get_write_buffer_size())

    def resume_writing(self) -> None:
        self._stop_stall()
        super().resume_writing()

    def _watch(self, left: int) -> None:
        self._stop_stall()
        self._stall = self.loop.call_later(self.seconds, self._see_progress, left)

    def _see_progress(self, before: int) -> None:
        left = self.transport.get_write_buffer_size()
        if left > before - LEAST * self.seconds:
            self.transport.abort()
        else:
            self._watch(left)

    def _stop_stall(self) -> None:
        if self._stall is not None:
            self._stall.cancel()
            self._stall = None

    def timeout_keep_alive_handler(self) -> None:
        super().timeout_keep_alive_handler()
        self._abort_later()

    def _expect_head(self) -> None:
        self._stop_timer()
        self._received = 0
        self._timer = self.loop.call_later(self.seconds, self._close)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _close(self) -> None:
        self._stop_timer()
        self.transport.close()
        self._abort_later()

    def _abort_later(self) -> None:
        """What is closed is first sent to its end, which whoever takes nothing could put off for ever."""
        self._stop_stall()
        self._stall = self.loop.call_later(self.seconds, self.transport.abort)
