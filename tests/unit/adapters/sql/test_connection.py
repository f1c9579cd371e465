"""Connections are set as durability needs them, and failures are told in storage language."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any

import pytest

from trug.adapters.sql.connection import StoreRefused, broken, create_file, open_reader, open_writer, pragma, settle
from trug.ports.stores import Damaged, Unavailable


@pytest.fixture
def path(tmp_path: Path) -> str:
    create_file(str(tmp_path / "trug.db"))
    return str(tmp_path / "trug.db")


@pytest.mark.parametrize(("durability", "synchronous"), [("full", 2), ("none", 0)])
def test_the_writer_is_durable(path: str, durability: Any, synchronous: int) -> None:
    connection = open_writer(path, durability)
    found = {name: pragma(connection, name) for name in ("synchronous", "wal_autocheckpoint", "query_only")}
    mode = connection.execute("PRAGMA journal_mode").fetchone()
    connection.close()
    assert found == {"synchronous": synchronous, "wal_autocheckpoint": 0, "query_only": 0}
    assert mode == ("wal",)


def test_a_reader_cannot_write(path: str) -> None:
    writer = open_writer(path, "none")
    writer.execute("CREATE TABLE rows (x)")
    reader = open_reader(path)
    assert pragma(reader, "wal_autocheckpoint") == 0
    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        reader.execute("INSERT INTO rows VALUES (1)")
    reader.close()
    writer.close()


def test_a_file_is_never_made_by_opening_it(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        open_writer(str(tmp_path / "trug.db"), "none")
    assert not (tmp_path / "trug.db").exists()


def test_odd_directory_names(tmp_path: Path) -> None:
    folder = tmp_path / "100% #1?mode=memory & ü"
    folder.mkdir()
    create_file(str(folder / "trug.db"))
    open_writer(str(folder / "trug.db"), "none").close()
    assert (folder / "trug.db").stat().st_size > 0


def test_a_setting_that_does_not_take_is_refused(path: str) -> None:
    connection = open_writer(path, "none")
    with pytest.raises(StoreRefused, match="page_size"):
        settle(connection, {"page_size": 8192})
    connection.close()


def failure(*statements: str) -> sqlite3.Error:
    connection = sqlite3.connect(":memory:", isolation_level=None)
    try:
        for statement in statements:
            connection.execute(statement).fetchall()
    except sqlite3.Error as error:
        return error
    finally:
        connection.close()
    raise AssertionError(statements)


@pytest.mark.parametrize(
    ("statements", "kind"),
    [
        (("SELECT CAST(x'ff' AS TEXT)",), Damaged),
        (("PRAGMA query_only = 1", "CREATE TABLE t (x)"), Unavailable),
        (("CREATE TABLE t (x NOT NULL)", "INSERT INTO t VALUES (NULL)"), sqlite3.IntegrityError),
        (("SELECT nothing",), sqlite3.OperationalError),
        (("SELECT ?",), sqlite3.ProgrammingError),
    ],
    ids=lambda value: value[-1] if isinstance(value, tuple) else value.__name__,
)
def test_failures_in_storage_language(statements: tuple[str, ...], kind: type[Exception]) -> None:
    assert type(broken(failure(*statements))) is kind


def test_a_database_that_may_not_grow_is_full() -> None:
    error = failure("PRAGMA max_page_count = 2", "CREATE TABLE t (x)", "INSERT INTO t VALUES (zeroblob(99999))")
    told = broken(error)
    assert isinstance(told, Unavailable)
    assert told.is_full
