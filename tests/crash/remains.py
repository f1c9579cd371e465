"""What a crash has left behind: a store is recovered, swept and checked, from its rows and from its files."""

from __future__ import annotations

import asyncio
import os
import sqlite3

from trug.app import Store
from trug.settings import read_settings

MOST_SLICES = 10_000


def examine(directory: str) -> list[str]:
    """What is wrong with a store that no server has open, after recovery and a full sweep."""
    checked = asyncio.run(check(directory))
    return checked + sorted(strangers(directory))


async def check(directory: str) -> list[str]:
    """What ``trug fsck`` lists."""
    settings = read_settings({"dev": ["true"]}, directory=directory, environment={})
    store = await Store.open(settings)
    try:
        slices = 0
        while await store.engine.sweep.run():
            slices += 1
            assert slices < MOST_SLICES, "the sweep does not end"
        return (await store.fsck.run()).findings
    finally:
        await store.close()


def strangers(directory: str) -> set[str]:
    """Files and rows that nobody refers to, found without trug's own code as far as that goes."""
    database = sqlite3.connect(f"file:{directory}/trug.db?mode=ro", uri=True)
    try:
        return unnamed_files(directory, database) | unused_rows(database)
    finally:
        database.close()


def has_dropped(directory: str) -> bool:
    """Whether the sweep has work left in a store that nobody has open."""
    database = sqlite3.connect(f"file:{directory}/trug.db", uri=True)
    try:
        return database.execute("SELECT 1 FROM dropped").fetchone() is not None
    finally:
        database.close()


def unnamed_files(directory: str, database: sqlite3.Connection) -> set[str]:
    named = {number for (number,) in database.execute("SELECT blob FROM files")}
    found = set()
    for epoch in os.listdir(f"{directory}/blobs"):
        for name in os.listdir(f"{directory}/blobs/{epoch}"):
            number = int(epoch) * 4096 + int(name)
            if number not in named:
                found.add(f"orphan file blobs/{epoch}/{name}")
            named.discard(number)
    found |= {f"row of the file {number}, which is not there" for number in named}
    for folder, _, names in os.walk(f"{directory}/staging"):
        found |= {f"staged file {folder}/{name}" for name in names}
    return found


def unused_rows(database: sqlite3.Connection) -> set[str]:
    """Rows that name what is not there, or that nobody refers to."""
    dropped = database.execute("SELECT kind, target FROM dropped")
    found = {f"dropped row of {kind} {target} left" for kind, target in dropped}
    owners = {
        (kind, number)
        for table in ("current", "history")
        for kind in ("inline", "blob", "body")
        for (number,) in database.execute(f"SELECT {kind} FROM {table} WHERE {kind} IS NOT NULL")
    } | part_extents(database)
    for kind, table, column in (("inline", "inline", "id"), ("blob", "files", "blob")):
        for (number,) in database.execute(f"SELECT {column} FROM {table}"):
            if (kind, number) not in owners:
                found.add(f"{kind} {number} without an owner")
    uploads = {number for (number,) in database.execute("SELECT id FROM uploads")}
    for (upload,) in database.execute("SELECT DISTINCT upload FROM parts"):
        if upload not in uploads:
            found.add(f"parts of the upload {upload}, which is not there")
    closed = {number for (number,) in database.execute("SELECT id FROM uploads WHERE is_open = 0")}
    found |= {f"body {number} without a version" for number in closed if ("body", number) not in owners}
    for kind, number, count in database.execute("SELECT kind, id, count FROM reference_counts"):
        if (kind, number) not in owners:
            found.add(f"{count} references counted to {kind} {number}, which nobody refers to")
    return found


def part_extents(database: sqlite3.Connection) -> set[tuple[str, int]]:
    from trug.adapters.sql.reads import READS
    from trug.engine.uploads import place_of_extent
    from trug.ports.reads import RowsOf

    rows = READS[RowsOf](database.cursor(), RowsOf("parts", None, 1 << 20))
    return {place_of_extent(extent) for _, part in rows if part is not None for extent in part.extents}
