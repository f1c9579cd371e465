"""When the write-ahead log is brought into the database file. Only the holder of the write lock comes here."""

from __future__ import annotations

import logging
import sqlite3
from collections.abc import MutableSequence
from typing import Literal

from trug.adapters.sql.connection import BUSY_MS, PAGE

MIB = 1 << 20
FRAME = PAGE + 24

PASSIVE_FROM = 16 * MIB // FRAME
AGAIN_AFTER = 4 * MIB // FRAME
RESTART_FROM = 256 * MIB // FRAME
LIMIT = 1024 * MIB // FRAME

RESTART_BUSY_MS = 50

FRAMES, UNCHECKED = 0, 1

# The database file could not grow or be written; the log still has everything, so the next attempt may try again.
HARMLESS = {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}

log = logging.getLogger(__name__)


class Checkpoints:
    """Counts frames of the log and checkpoints when enough have gathered.

    SQLite tells the number of frames only as it checkpoints; in between, the number of rows that changed stands for it.
    ``counts`` are the frames of the log and those not checkpointed yet: all processes that write count in the same.
    """

    def __init__(self, connection: sqlite3.Connection, counts: MutableSequence[int] | memoryview) -> None:
        self._connection = connection
        self._counts = counts
        self._next = PASSIVE_FROM
        self._rows = connection.total_changes

    @property
    def is_overgrown(self) -> bool:
        """Whether the log is so long that nothing may be added to it."""
        return self._counts[FRAMES] > LIMIT

    def after_commit(self, content: int) -> None:
        """Count a commit with so many bytes of inline content, and checkpoint if it is time.

        sqlite3.Error when that failed in a way that says the file can no longer be trusted.
        """
        rows, self._rows = self._connection.total_changes - self._rows, self._connection.total_changes
        written = 2 * rows + content // PAGE
        self._counts[FRAMES] += written
        self._counts[UNCHECKED] += written
        if self._counts[UNCHECKED] >= self._next:
            self.run()

    def run(self) -> None:
        """PASSIVE, then RESTART when readers have let the log grow too long."""
        self._checkpoint("PASSIVE")
        if self._counts[FRAMES] >= RESTART_FROM:
            self._connection.execute(f"PRAGMA busy_timeout = {RESTART_BUSY_MS}").fetchall()
            self._checkpoint("RESTART")
            self._connection.execute(f"PRAGMA busy_timeout = {BUSY_MS}").fetchall()

    def _checkpoint(self, mode: Literal["PASSIVE", "RESTART"]) -> None:
        try:
            busy, frames, checked = self._connection.execute(f"PRAGMA wal_checkpoint({mode})").fetchone()
        except sqlite3.Error as error:
            if error.sqlite_errorcode not in HARMLESS:
                raise
            log.warning("the write-ahead log could not be brought into the database yet: %s", error)
            self._next = self._counts[UNCHECKED] + AGAIN_AFTER
            return
        frames, checked = max(frames, 0), max(checked, 0)  # -1 where SQLite could not even look
        self._counts[UNCHECKED] = frames - checked
        self._counts[FRAMES] = 0 if mode == "RESTART" and not busy else frames
        self._next = max(PASSIVE_FROM, self._counts[UNCHECKED] + AGAIN_AFTER)
