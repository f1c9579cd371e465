"""Connections to the store's file, with every setting that durability rests on made and read back."""

from __future__ import annotations

import os
import sqlite3
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Literal
from urllib.parse import quote

from trug.adapters.filesystem import syscalls
from trug.ports.stores import Damaged, Unavailable

Durability = Literal["full", "none"]

APPLICATION_ID = int.from_bytes(b"trug", "big")
PAGE = 4096

# How long SQLite itself waits for a lock: only somebody outside the house could hold one.
BUSY_MS = 5_000
INCREMENTAL = 2
SYNCHRONOUS: Mapping[Durability, int] = {"none": 0, "full": 2}

EVERY: Mapping[str, int] = {"wal_autocheckpoint": 0, "mmap_size": 0, "trusted_schema": 0, "temp_store": 2}
READING: Mapping[str, int] = {"query_only": 1, "cache_size": -8192}
# The free pages of a file need no zeroing, and a WAL that readers once held up need not stay large for ever.
WRITING: Mapping[str, int] = {"secure_delete": 0, "cache_size": -16384, "journal_size_limit": 64 << 20}
MAC: Mapping[str, int] = {"fullfsync": 1, "checkpoint_fullfsync": 1} if sys.platform == "darwin" else {}


class StoreRefused(Exception):
    """The store's file cannot be opened by this program: it is newer, not a store, or not where it should be."""


def create_file(path: str) -> None:
    """An empty file that only its owner may read, its name durable, when there is none."""
    if os.path.exists(path):
        return
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600))
    syscalls.sync_folder(os.path.dirname(path))


def open_writer(path: str, durability: Durability) -> sqlite3.Connection:
    """The connection that commits and checkpoints; the caller holds the write lock. An empty file becomes a store's.

    StoreRefused when the file is something else, Damaged when it cannot be read.
    """

    def prepare(connection: sqlite3.Connection) -> None:
        if pragma(connection, "page_count") == 0:
            initialise(connection)
        refuse_foreign(connection, path)
        write_ahead(connection, path)
        settle(connection, {**EVERY, **WRITING, **MAC, "synchronous": SYNCHRONOUS[durability]})

    return connect(path, prepare)


def open_reader(path: str) -> sqlite3.Connection:
    """A connection that cannot write; it must be closed before the writer."""
    return connect(path, lambda connection: settle(connection, {**EVERY, **READING}))


def connect(path: str, prepare: Callable[[sqlite3.Connection], None]) -> sqlite3.Connection:
    """Open a file that is there, prepared as asked; failures in storage language."""
    with ExitStack() as undo:
        try:
            connection = sqlite3.connect(
                f"file:{quote(path)}?mode=rw",
                uri=True,
                timeout=BUSY_MS / 1000,
                isolation_level=None,
                check_same_thread=False,
                cached_statements=256,
            )
            undo.callback(connection.close)
            prepare(connection)
        except sqlite3.Error as error:
            raise broken(error) from error
        undo.pop_all()
        return connection


def close(cursor: sqlite3.Cursor) -> None:
    """Close a connection by its only cursor. A statement that failed would hold the connection open through it."""
    connection = cursor.connection
    cursor.close()
    connection.close()


def initialise(connection: sqlite3.Connection) -> None:
    """What is fixed for ever by the first page; all of it is written by the last statement."""
    connection.execute(f"PRAGMA page_size = {PAGE}")
    connection.execute(f"PRAGMA auto_vacuum = {INCREMENTAL}")
    connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")


def refuse_foreign(connection: sqlite3.Connection, path: str) -> None:
    if pragma(connection, "application_id") != APPLICATION_ID:
        raise StoreRefused(f"{path} is an SQLite file, but not a store of trug")


def write_ahead(connection: sqlite3.Connection, path: str) -> None:
    (mode,) = connection.execute("PRAGMA journal_mode = WAL").fetchone()
    if mode != "wal":
        raise StoreRefused(f"{path} cannot use a write-ahead log here (journal mode {mode}): is it on a network share?")


def settle(connection: sqlite3.Connection, settings: Mapping[str, int]) -> None:
    """Make these settings, and see that SQLite took them."""
    for name, value in settings.items():
        connection.execute(f"PRAGMA {name} = {value}").fetchall()
        found = pragma(connection, name)
        if found != value and (found is not None or name not in OPTIONAL):
            raise StoreRefused(f"SQLite {sqlite3.sqlite_version} did not take {name} = {value} ({found})")


# Builds without memory mapping answer nothing when they are told not to map.
OPTIONAL = {"mmap_size"}


def pragma(connection: sqlite3.Connection, name: str) -> int | None:
    row = connection.execute(f"PRAGMA {name}").fetchone()
    return None if row is None else int(row[0])


UNREADABLE = {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB, sqlite3.SQLITE_IOERR}
FOR_NOW = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_CANTOPEN,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_PROTOCOL,
    sqlite3.SQLITE_READONLY,
}


def broken(error: sqlite3.Error) -> Exception:
    """A failure of SQLite in storage language, or itself when it is a mistake of ours.

    An error without a code comes from a value that is not what it should be: text that is not UTF-8.
    """
    if isinstance(error, sqlite3.ProgrammingError):
        return error
    code = getattr(error, "sqlite_errorcode", None)
    if code is None or code & 0xFF in UNREADABLE:
        return Damaged(f"the store cannot be read or written: {error}")
    if code & 0xFF in FOR_NOW:
        return Unavailable(f"the store does not answer: {error}", is_full=code == sqlite3.SQLITE_FULL)
    return error
