"""What the store does for itself: old rows of the feed go, free pages are given back, a torn end of the log is cut."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from sqlite3 import Cursor
from typing import NamedTuple

from trug.adapters.sql import packing, reads
from trug.adapters.sql import statements as sql
from trug.adapters.sql.batch import read_state
from trug.adapters.sql.connection import PAGE, broken, pragma

MOMENTS_KEPT = 90 * 86_400
"""How many seconds ``moments`` goes back."""

ROWS_AT_ONCE = 2_000
"""Of how many sequences, and how many seconds, the rows go in one transaction."""

FREE_KEPT = (16 << 20) // PAGE
"""Free pages that the file keeps, since what is written next takes them again."""

PAGES_AT_ONCE = 64

# Giving a page back moves the last one of the file to its place, and changes who points to that.
WRITTEN_FOR_A_PAGE = 3 * PAGE


class Due(NamedTuple):
    """One slice of work: rows below these bounds go (None: none do), and so many pages."""

    feed: int | None
    moments: int | None
    pages: int

    @property
    def content(self) -> int:
        """About how many bytes giving pages back writes to the log."""
        return self.pages * WRITTEN_FOR_A_PAGE


NOTHING = Due(None, None, 0)


def due(cursor: Cursor, sequence: int, second: int) -> Due:
    """What is to be done next, at this sequence and in this second since 1970."""
    feed = bound(cursor, sql.OLDEST_ANNOUNCED, sequence - reads.FEED_KEPT)
    moments = bound(cursor, sql.OLDEST_MOMENT, second - MOMENTS_KEPT)
    spare = (pragma(cursor.connection, "freelist_count") or 0) - FREE_KEPT
    return Due(feed, moments, max(0, min(spare, PAGES_AT_ONCE)))


def bound(cursor: Cursor, oldest: str, end: int) -> int | None:
    """Where a slice of a table ends that goes back no further than ``end``; None when it does not."""
    row = cursor.execute(oldest).fetchone()
    return min(row[0] + ROWS_AT_ONCE, end) if row is not None and row[0] < end else None


def carry_out(cursor: Cursor, chores: Due) -> None:
    """In a transaction. SQLite's driver steps the vacuum once, so it is asked for each page."""
    if chores.feed is not None:
        cursor.execute(sql.TRIM_FEED, (chores.feed,))
    if chores.moments is not None:
        cursor.execute(sql.TRIM_MOMENTS, (chores.moments,))
    for _ in range(chores.pages):
        cursor.execute("PRAGMA incremental_vacuum(1)").fetchall()


def overwrite_tail(connection: sqlite3.Connection, on_full: Callable[[], None] | None) -> None:
    """Commit something, under the write lock, so that what a commit in doubt left at the end of the log is gone.

    Those frames are not there for anybody who has the store open. But if all processes ended now, SQLite would read the
    log from its file, find them whole, and give back rows whose blobs somebody took for unnamed and unlinked. Damaged
    or Unavailable when that fails; after ``on_full``, where the disk was full, it is tried once more.
    """
    try:
        try:
            count_up(connection.cursor())
        except sqlite3.Error as error:
            if on_full is None or error.sqlite_errorcode != sqlite3.SQLITE_FULL:
                raise
            on_full()
            count_up(connection.cursor())
    except sqlite3.Error as error:
        raise broken(error) from error


def count_up(cursor: Cursor) -> None:
    """Take a sequence for nothing."""
    with cursor.connection:
        cursor.execute("BEGIN IMMEDIATE")
        before = read_state(cursor)
        state = before._replace(sequence=before.sequence + 1)
        cursor.execute(sql.SET_STATE, (*state[1:], packing.checksum(state)))
