"""Playing scenes on the SQL store, and reaching below it with plain sqlite3."""

from __future__ import annotations

import asyncio
import os
import re
import sqlite3
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.support.clock import HandClock

from trug.adapters.sql.store import SqlMetadata
from trug.ports.keys import Clock
from trug.ports.stores import BlobKeeper


def play(
    directory: Path,
    scene: Callable[[SqlMetadata], Awaitable[None]],
    *,
    clock: Clock | None = None,
    blobs: BlobKeeper | None = None,
    durability: Any = "none",
) -> None:
    """Open the store, play the scene, close the store."""

    async def run() -> None:
        store = SqlMetadata.open(directory, clock=clock or HandClock(), durability=durability, blobs=blobs)
        try:
            await scene(store)
        finally:
            await store.close()

    asyncio.run(run())


@contextmanager
def below(directory: Path) -> Iterator[sqlite3.Connection]:
    """A plain connection to the file of a closed store; what it did is committed."""
    connection = sqlite3.connect(directory / "trug.db", isolation_level=None)
    try:
        yield connection
    finally:
        connection.close()


def schema_of(connection: sqlite3.Connection) -> dict[str, list[str]]:
    """Each table and index with what it consists of, the columns in their order and all else in any: a column that was
    added stands behind the constraints."""
    rows = connection.execute("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    columns = {name: connection.execute(f"PRAGMA table_xinfo({name})").fetchall() for name, _ in rows}
    return {name: [*_parts(" ".join(sql.split())), *map(str, columns[name])] for name, sql in rows}


def _parts(sql: str) -> list[str]:
    head, _, rest = sql.partition("(")
    inside, _, tail = rest.rpartition(")")
    return [head.strip(), tail.strip(), *sorted(part.strip() for part in re.split(r", (?![^(]*\))", inside))]


@contextmanager
def log_replaced_by(path: str, flags: int) -> Iterator[None]:
    """Let the writing connection's log be another file for a while: the faults that follow are the system's own.

    /dev/full gives ENOSPC to each write; /dev/null takes writes and refuses to be synced; a descriptor that is open for
    reading refuses writes.
    """
    log = min(descriptor for descriptor, name in open_files() if name.endswith("trug.db-wal"))
    kept = os.dup(log)
    other = os.open(path, flags)
    os.dup2(other, log)
    os.close(other)
    try:
        yield
    finally:
        os.dup2(kept, log)
        os.close(kept)


def open_files() -> list[tuple[int, str]]:
    found = []
    for descriptor in map(int, os.listdir("/proc/self/fd")):
        try:
            found.append((descriptor, os.readlink(f"/proc/self/fd/{descriptor}")))
        except OSError:  # the descriptor of this very listing
            continue
    return found
