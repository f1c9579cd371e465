"""Connections of the management port, closed where the head of a request takes too long or is too long."""

from __future__ import annotations

import asyncio

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

SECONDS = 30.0
LONGEST = 64 << 10


class GuardedProtocol(HttpToolsProtocol):
    """uvicorn's protocol, which itself waits for ever and keeps what has come of a head, however much that is."""

    seconds = SECONDS
    _timer: asyncio.TimerHandle | None = None
    _received = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._expect_head()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_timer()
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
