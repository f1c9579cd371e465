"""Making, migrating and refusing stores."""

from __future__ import annotations

import asyncio
import os
import shutil
import sqlite3
import stat
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from tests.support.changes import increment
from tests.support.clock import HandClock
from tests.support.sql import below, play

from trug.adapters.sql import migrate
from trug.adapters.sql.connection import Durability, StoreRefused, create_file, open_writer
from trug.adapters.sql.store import SqlMetadata
from trug.ports.stores import Damaged


async def nothing(store: SqlMetadata) -> None:
    pass


def opening(directory: Path) -> SqlMetadata:
    return SqlMetadata.open(directory, clock=HandClock(), durability="none")


NOW = migrate.FORMAT
NEXT = f"""
from alembic import op
revision = "{NOW + 1:04}"
down_revision = "{NOW:04}"
def upgrade() -> None:
    op.execute("CREATE TABLE later (x INTEGER)")
def downgrade() -> None:
    op.execute("DROP TABLE later")
"""


@pytest.fixture
def next_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A program that is one format ahead."""
    scripts = tmp_path / "migrations"
    shutil.copytree(migrate.scripts(), scripts)
    (scripts / f"versions/{NOW + 1:04}_later.py").write_text(NEXT)
    monkeypatch.setattr(migrate, "scripts", lambda: str(scripts))
    monkeypatch.setattr(migrate, "FORMAT", NOW + 1)


@pytest.mark.usefixtures("next_format")
def test_each_migration_is_one_transaction(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(tmp_path / "trug.db")
    create_file(path)
    seen: list[str] = []

    def traced(path: str, durability: Durability) -> sqlite3.Connection:
        connection = open_writer(path, "full")
        connection.set_trace_callback(lambda sql: seen.append(" ".join(sql.split())))
        return connection

    monkeypatch.setattr(migrate, "open_writer", traced)
    migrate.migrate(path, 0, NOW + 1)
    writes = [sql for sql in seen if sql.startswith(("BEGIN", "COMMIT", "CREATE", "INSERT", "UPDATE", "ROLLBACK"))]
    steps = [step.strip().split("\n") for step in "\n".join(writes).split("COMMIT") if step.strip()]
    assert len(steps) == NOW + 1
    assert [step[0] for step in steps] == ["BEGIN IMMEDIATE"] * len(steps)
    assert [sum(sql.startswith("BEGIN") for sql in step) for step in steps] == [1] * len(steps)
    assert any(sql.startswith("INSERT INTO alembic_version") for sql in steps[0])
    assert all(any(sql.startswith("UPDATE alembic_version") for sql in step) for step in steps[1:])
    assert all(any(sql.startswith("UPDATE state SET checksum") for sql in step) for step in steps)


@pytest.mark.usefixtures("next_format")
def test_an_older_store_is_migrated_and_keeps_its_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def count(store: SqlMetadata) -> None:
        counts.append(await store.commit(increment()))

    counts: list[int] = []
    with monkeypatch.context() as before:
        before.setattr(migrate, "FORMAT", NOW)
        play(tmp_path, count)
    play(tmp_path, count)
    assert counts == [1, 2]
    with below(tmp_path) as connection:
        assert connection.execute("SELECT format FROM state").fetchone() == (NOW + 1,)
        assert connection.execute("SELECT version_num FROM alembic_version").fetchone() == (f"{NOW + 1:04}",)
        assert connection.execute("SELECT count(*) FROM later").fetchone() == (0,)


@pytest.mark.parametrize(
    "change", ["UPDATE state SET format = 0", "UPDATE state SET format = 'x'", "DELETE FROM state"]
)
def test_a_store_without_a_format_is_damaged(tmp_path: Path, change: str) -> None:
    play(tmp_path, nothing)
    with below(tmp_path) as connection:
        connection.execute(change)
    with pytest.raises(Damaged):
        opening(tmp_path)


@pytest.mark.usefixtures("next_format")
def test_the_format_is_under_its_rows_checksum(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as before:
        before.setattr(migrate, "FORMAT", NOW)
        play(tmp_path, nothing)
    with below(tmp_path) as connection:
        connection.execute("UPDATE state SET format = ?", (NOW + 1,))
    with pytest.raises(Damaged):
        opening(tmp_path)


def test_a_creation_that_was_cut_is_taken_up_again(tmp_path: Path) -> None:
    create_file(str(tmp_path / "trug.db"))
    play(tmp_path, nothing)
    (tmp_path / "again").mkdir()
    create_file(str(tmp_path / "again/trug.db"))
    open_writer(str(tmp_path / "again/trug.db"), "none").close()
    play(tmp_path / "again", nothing)


def test_a_newer_store_is_refused(tmp_path: Path) -> None:
    play(tmp_path, nothing)
    with below(tmp_path) as connection:
        connection.execute("UPDATE state SET format = ?", (migrate.FORMAT + 1,))
    with pytest.raises(StoreRefused, match=f"format {migrate.FORMAT + 1}"):
        opening(tmp_path)


def test_another_programs_file_is_refused(tmp_path: Path) -> None:
    with below(tmp_path) as connection:
        connection.execute("CREATE TABLE theirs (x)")
    with pytest.raises(StoreRefused, match="not a store of trug"):
        opening(tmp_path)
    with below(tmp_path) as connection:
        assert connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)


def test_a_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "trug.db").write_bytes(b"something else entirely" * 999)
    with pytest.raises(Damaged):
        opening(tmp_path)


def test_a_missing_file_beside_blobs_is_refused(tmp_path: Path) -> None:
    (tmp_path / "blobs/1").mkdir(parents=True)
    with pytest.raises(StoreRefused, match="is missing"):
        opening(tmp_path)
    assert not (tmp_path / "trug.db").exists()


def test_what_is_fixed_by_the_first_page(tmp_path: Path) -> None:
    play(tmp_path, nothing)
    with below(tmp_path) as connection:
        settings = {
            name: connection.execute(f"PRAGMA {name}").fetchone()[0]
            for name in ("page_size", "auto_vacuum", "application_id", "journal_mode", "encoding")
        }
    assert settings == {
        "page_size": 4096,
        "auto_vacuum": 2,
        "application_id": int.from_bytes(b"trug", "big"),
        "journal_mode": "wal",
        "encoding": "UTF-8",
    }


def test_only_the_owner_may_read_the_files(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await store.commit(increment())
        for name in ("trug.db", "trug.db-wal", "trug.db-shm", "locks/write", "locks/generation"):
            assert stat.S_IMODE(os.stat(tmp_path / name).st_mode) == 0o600

    before = os.umask(0)
    try:
        play(tmp_path, scene)
    finally:
        os.umask(before)


def test_the_last_close_leaves_one_file(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await store.commit(increment())
        assert await store.view(lambda reader: 1) == 1

    play(tmp_path, scene)
    assert sorted(os.listdir(tmp_path)) == ["locks", "trug.db"]


OPEN_AND_LIST = """
import asyncio, sys
from trug.adapters.clock import SystemClock
from trug.adapters.sql.store import SqlMetadata
async def run():
    await SqlMetadata.open(sys.argv[1], clock=SystemClock(), durability="none").close()
asyncio.run(run())
print(*sorted({"alembic", "sqlalchemy"} & set(sys.modules)))
"""


@pytest.mark.parametrize("made", [False, True])
def test_opening_imports_neither_alembic_nor_sqlalchemy(tmp_path: Path, made: bool) -> None:
    if made:
        play(tmp_path, nothing)
    root = Path(__file__).parents[4] / "server"
    run = partial(subprocess.run, capture_output=True, text=True, check=True, timeout=60)
    done = run([sys.executable, "-c", OPEN_AND_LIST, str(tmp_path)], env={**os.environ, "PYTHONPATH": str(root)})
    assert done.stdout.strip() == ""


def test_a_store_opens_again_and_again_in_one_process(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await store.commit(increment())

    for _ in range(3):
        play(tmp_path, scene)

    async def look() -> int:
        store = opening(tmp_path)
        try:
            return store.sequence
        finally:
            await store.close()

    assert asyncio.run(look()) == 3
