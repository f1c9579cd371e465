"""The write-ahead log is kept short, and nothing is added to one that readers hold."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.changes import apply, increment
from tests.support.sql import below, play

from trug.adapters.sql import checkpoint
from trug.adapters.sql.checkpoint import Checkpoints
from trug.adapters.sql.connection import create_file, open_reader, open_writer
from trug.adapters.sql.store import SqlMetadata
from trug.domain.objects import Record
from trug.ports.effects import PutInline, PutUpload
from trug.ports.rows import Completed, Upload
from trug.ports.stores import Unavailable

CONTENT = bytes(100_000)
FRAMES = len(CONTENT) // 4096


@pytest.fixture
def writer(tmp_path: Path) -> Iterator[sqlite3.Connection]:
    create_file(str(tmp_path / "trug.db"))
    connection = open_writer(str(tmp_path / "trug.db"), "none")
    connection.execute("CREATE TABLE rows (content BLOB)")
    yield connection
    connection.close()


def write(connection: sqlite3.Connection, checkpoints: Checkpoints) -> None:
    connection.execute("INSERT INTO rows VALUES (?)", (CONTENT,))
    checkpoints.after_commit(len(CONTENT))


def database_size(directory: Path) -> int:
    return os.stat(directory / "trug.db").st_size


def test_nothing_is_checkpointed_before_enough_has_gathered(
    writer: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "PASSIVE_FROM", 4 * FRAMES)
    checkpoints = Checkpoints(writer, [0, 0])
    before = database_size(tmp_path)
    for _ in range(3):
        write(writer, checkpoints)
    assert database_size(tmp_path) == before
    write(writer, checkpoints)
    assert database_size(tmp_path) > before + 4 * len(CONTENT)


def test_a_log_that_readers_hold_grows_until_nothing_may_be_added(
    writer: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "PASSIVE_FROM", FRAMES)
    monkeypatch.setattr(checkpoint, "AGAIN_AFTER", FRAMES)
    monkeypatch.setattr(checkpoint, "RESTART_FROM", 3 * FRAMES)
    monkeypatch.setattr(checkpoint, "LIMIT", 8 * FRAMES)
    checkpoints = Checkpoints(writer, [0, 0])
    write(writer, checkpoints)
    reader = open_reader(str(tmp_path / "trug.db"))
    reader.execute("BEGIN")
    assert reader.execute("SELECT count(*) FROM rows").fetchone() == (1,)
    for _ in range(10):
        write(writer, checkpoints)
    assert checkpoints.is_overgrown
    assert reader.execute("SELECT count(*) FROM rows").fetchone() == (1,)
    reader.execute("ROLLBACK")
    checkpoints.run()
    assert not checkpoints.is_overgrown
    reader.close()


def test_a_full_disk_puts_a_checkpoint_off(
    writer: sqlite3.Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database file may not grow: SQLite says so as it checkpoints, and the rows stay in the log."""
    monkeypatch.setattr(checkpoint, "PASSIVE_FROM", 1)
    monkeypatch.setattr(checkpoint, "AGAIN_AFTER", 1)
    checkpoints = Checkpoints(writer, [0, 0])
    descriptor = next(int(name) for name in os.listdir("/proc/self/fd") if path_of(name) == str(tmp_path / "trug.db"))
    kept, full = os.dup(descriptor), os.open("/dev/full", os.O_RDWR)
    os.dup2(full, descriptor)
    try:
        writer.execute("INSERT INTO rows VALUES (?)", (CONTENT,))
        checkpoints.after_commit(len(CONTENT))
    finally:
        os.dup2(kept, descriptor)
        os.close(full)
        os.close(kept)
    assert writer.execute("SELECT count(*) FROM rows").fetchone() == (1,)
    write(writer, checkpoints)
    assert database_size(tmp_path) > 2 * len(CONTENT)


def test_large_rows_count_as_the_pages_they_fill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "PASSIVE_FROM", 100)
    ends = tuple((number, number * 2**40) for number in range(1, 10_001))
    requested = tuple((number, "0" * 32) for number in range(1, 10_001))
    upload = Upload(
        5, "up", 1, "k", 5, 0, "arn", "STANDARD", "", "", Record(), Completed("v", "e", None, ends, requested)
    )

    async def scene(store: SqlMetadata) -> None:
        before = database_size(tmp_path)
        await store.commit(apply(PutUpload(upload)))
        await store.commit(increment())
        assert database_size(tmp_path) > before + 300_000

    play(tmp_path, scene)


def test_a_checkpoint_that_fails_before_a_batch_puts_the_store_in_doubt(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The database file cannot be synced: what the checkpoint wrote there is lost, maybe."""

    async def scene(store: SqlMetadata) -> None:
        await store.commit(apply(PutInline(1, CONTENT)))
        monkeypatch.setattr(checkpoint, "LIMIT", -1)
        database = next(int(name) for name in os.listdir("/proc/self/fd") if path_of(name) == str(tmp_path / "trug.db"))
        kept, null = os.dup(database), os.open("/dev/null", os.O_RDWR)
        os.dup2(null, database)
        try:
            with pytest.raises(Unavailable):
                await store.commit(increment())
        finally:
            os.dup2(kept, database)
            os.close(null)
            os.close(kept)
        assert store.is_in_doubt
        monkeypatch.undo()
        await store.reopen()
        assert await store.commit(increment()) == 1

    play(tmp_path, scene, durability="full")


def path_of(descriptor: str) -> str:
    try:
        return os.readlink(f"/proc/self/fd/{descriptor}")
    except OSError:
        return ""


def test_writes_wait_for_readers_when_the_log_is_too_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checkpoint, "PASSIVE_FROM", FRAMES)
    monkeypatch.setattr(checkpoint, "AGAIN_AFTER", FRAMES)
    monkeypatch.setattr(checkpoint, "RESTART_FROM", 2 * FRAMES)
    monkeypatch.setattr(checkpoint, "LIMIT", 4 * FRAMES)

    async def scene(store: SqlMetadata) -> None:
        await store.commit(increment())
        reader = open_reader(str(tmp_path / "trug.db"))
        try:
            reader.execute("BEGIN")
            reader.execute("SELECT * FROM configurations").fetchall()
            puts = (store.commit(apply(PutInline(number, CONTENT))) for number in range(10))
            answers = [await asyncio.gather(put, return_exceptions=True) for put in puts]
            assert isinstance(answers[-1][0], Unavailable)
            assert not isinstance(answers[0][0], Unavailable)
            reader.execute("ROLLBACK")
            assert await store.commit(increment()) == 2
        finally:
            reader.close()

    play(tmp_path, scene)
    with below(tmp_path) as connection:
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
