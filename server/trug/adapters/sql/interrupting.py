"""Reads that end when nobody waits for them any longer."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from contextlib import suppress

AGAIN = 0.02
"""Seconds from one interruption to the next: SQLite forgets one that comes between two statements."""


class GivenUp(Exception):
    """Whoever asked does not wait any longer."""


class Errand:
    """What one caller wants read: on a connection from ``begin`` to ``end``, as nobody else's is in between."""

    __slots__ = ("_connection", "_lock", "is_given_up")

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self.is_given_up = False

    def begin(self, connection: sqlite3.Connection) -> None:
        """GivenUp when it is too late to begin."""
        with self._lock:
            if self.is_given_up:
                raise GivenUp
            self._connection = connection

    def end(self) -> None:
        """From here on no interruption meets the connection."""
        with self._lock:
            self._connection = None

    def give_up(self) -> None:
        """Interrupt it until it has ended, or keep it from beginning. On the loop."""
        self.is_given_up = True
        self._interrupt(asyncio.get_running_loop())

    def _interrupt(self, loop: asyncio.AbstractEventLoop) -> None:
        with self._lock:
            if self._connection is None:
                return
            with suppress(sqlite3.Error):  # closed meanwhile
                self._connection.interrupt()
        loop.call_later(AGAIN, self._interrupt, loop)
