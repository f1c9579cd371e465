"""Filled stores of older formats go up and down, step by step, and lose nothing that both formats know."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.migrations.clients_view import ANN, PLAIN, ROOT, client, differences, fill_more, seen
from tests.migrations.filled import STORES, load
from tests.support.clock import HandClock
from tests.support.processes import SECONDS, environment, run, serving, with_console
from tests.support.sql import below, schema_of

from trug.adapters.sql.formats import VersionRow, is_sealed
from trug.adapters.sql.migrate import FORMAT, bring_to, find_format
from trug.adapters.sql.store import SqlMetadata

ALL = sorted(path.stem for path in STORES.glob("*.sql"))
SERVED = ("--sse-c-over-http", "--restore-delay", "0")


def path_of(directory: Path) -> str:
    return str(directory / "trug.db")


def rows_of(directory: Path) -> dict[str, list[tuple[Any, ...]]]:
    """All rows of all tables, but the numbers of format and the words that follow from items."""
    with below(directory) as connection:
        tables = connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'").fetchall()
        kept = [name for (name,) in tables if not name.startswith(("item_words", "sqlite_", "alembic", "state"))]
        return {name: sorted(connection.execute(f"SELECT * FROM {name}").fetchall(), key=repr) for name in kept}


def schema_at(directory: Path) -> dict[str, list[str]]:
    with below(directory) as connection:
        return schema_of(connection)


def fsck(directory: Path) -> str:
    done = run(directory.parent, "fsck", "--dir", str(directory))
    return done.stdout if done.returncode else ""


@pytest.mark.parametrize("name", ALL)
def test_a_server_brings_an_older_store_up_and_clients_see_what_they_saw(tmp_path: Path, name: str) -> None:
    before = load(name, tmp_path / "data")
    with serving(tmp_path, SERVED) as server:
        after = seen(client(server.url))
        ann = client(server.url, ANN).list_buckets()["Buckets"]
        assert server.terminate() == 0
    assert list(differences(before, after)) == []
    assert [bucket["Name"] for bucket in ann] == ["plans"]
    assert find_format(path_of(tmp_path / "data")) == FORMAT
    assert "migrating" in (tmp_path / "server.log").read_text()
    assert fsck(tmp_path / "data") == ""


def ways(first: int) -> Iterator[tuple[int, int]]:
    yield from zip(range(first, FORMAT), range(first + 1, FORMAT + 1), strict=True)


@pytest.mark.parametrize("name", ALL)
def test_each_step_up_leads_back_down(tmp_path: Path, name: str) -> None:
    """Every revision has one schema, wherever a store came from, and rows that both sides know stay as they are."""
    data = tmp_path / "data"
    load(name, data)
    first = int(name)
    schemas = {first: schema_at(data)}
    rows = {first: rows_of(data)}
    for before, after in ways(first):
        bring_to(path_of(data), after)
        schemas[after], rows[after] = schema_at(data), rows_of(data)
        bring_to(path_of(data), before)
        assert schema_at(data) == schemas[before]
        assert rows_of(data) == (rows[before] if before > 1 else of_first_format_again(rows[before]))
        bring_to(path_of(data), after)
        assert (schema_at(data), rows_of(data)) == (schemas[after], rows[after])
    for number in range(FORMAT - 1, first - 1, -1):
        bring_to(path_of(data), number)
        assert schema_at(data) == schemas[number]
    assert rows_of(data) == of_first_format_again(rows[first])


def of_first_format_again(rows: dict[str, list[tuple[Any, ...]]]) -> dict[str, list[tuple[Any, ...]]]:
    """What the way back to format 1 gives: names are not given back that differed from others' only in case, nor
    policies that never were any."""
    users = [(account, "ann-2" if name == "ann" else name) for account, name, *_ in rows["users"]]
    again = {**rows, "users": Sealed(users), "access_keys": Sealed(renamed_key(row) for row in rows["access_keys"])}
    again["declared"] = [row for row in rows["declared"] if row[:2] != ("policy", "111111111111/broken")]
    return again


def renamed_key(row: tuple[Any, ...]) -> tuple[Any, ...]:
    return (*row[:2], "ann-2" if row[0] == "AKIAOTHERANN" else row[2])


class Sealed(list[tuple[Any, ...]]):
    """Equal to rows that begin so and are sealed."""

    __hash__ = None  # type: ignore[assignment]

    def __eq__(self, rows: object) -> bool:
        assert isinstance(rows, list)
        assert all(map(is_sealed, rows))
        return sorted(self) == sorted(row[: len(self[0])] for row in rows)


def test_what_newer_formats_hold_goes_and_all_else_stays(tmp_path: Path) -> None:
    data = tmp_path / "data"
    before = load("0001", data)
    indexed = run(tmp_path, "bucket", "index", PLAIN, "on", "--dir", str(data))
    assert (indexed.returncode, "migrating" in indexed.stderr) == (0, True)
    with serving(tmp_path, SERVED, with_console()) as server:
        with httpx.Client(base_url=server.console, auth=ROOT, timeout=SECONDS) as console:
            fill_more(client(server.url), console)
        assert server.terminate() == 0
    assert fsck(data) == ""
    full = rows_of(data)
    added = {"entities", "links", "audit", "expected_files", "items", "labels", "labelled"}
    assert {table for table in added if not full[table]} == set()

    schemas = schema_of_each(tmp_path / "empty")
    for number in range(FORMAT - 1, 0, -1):
        bring_to(path_of(data), number)
        assert schema_at(data) == schemas[number]
    first = rows_of(data)
    assert not added & first.keys()
    assert_first_format(data, first)
    assert {row[1] for row in first["users"]} == {"Ann", "ann-2", "bob"}

    with serving(tmp_path, SERVED) as server:
        after = seen(client(server.url))
        assert server.terminate() == 0
    assert fsck(data) == ""
    assert list(differences(before, without_more(after))) == []


def schema_of_each(directory: Path) -> dict[int, dict[str, list[str]]]:
    """The schema of each format, from a new store that goes down."""

    async def make() -> None:
        await SqlMetadata.open(directory, clock=HandClock(), durability="none").close()

    directory.mkdir()
    asyncio.run(make())
    schemas = {FORMAT: schema_at(directory)}
    for number in range(FORMAT - 1, 0, -1):
        bring_to(path_of(directory), number)
        schemas[number] = schema_at(directory)
    return schemas


def assert_first_format(data: Path, rows: dict[str, list[tuple[Any, ...]]]) -> None:
    """Rows that the program of format 1 reads: sealed, of as many fields as it knows, of kinds that it knows."""
    with below(data) as connection:
        plain = "inline, blob, body, noncurrent_since, listing, record"
        place = "bucket, key, sequence, id, version_id"
        current = connection.execute(f"SELECT {place}, 0, {plain} FROM current").fetchall()
        history = connection.execute(f"SELECT bucket, key, -age, id, version_id, kind, {plain} FROM history").fetchall()
    versions = [VersionRow(*row) for row in (*current, *history)]
    assert len(versions) > 20
    assert all(row.is_whole and len(row.fields) <= 10 for row in versions)
    assert all(row.line[:2] != b"\0\3" for row in versions if "anns" in row.key)
    assert all(row.listing == row.telling(row.line, row.fields).listing for row in versions)
    assert all(map(is_sealed, (*rows["buckets"], *rows["configurations"], *rows["documents"], *rows["users"])))
    kinds = {row[1].partition("/")[0] for row in rows["configurations"]}
    assert not kinds & {"upload-types", "search", "search-filter"}
    assert all(row[6] < 0x800000 for row in rows["buckets"])
    assert not {row[0] for row in rows["documents"]} & {"audit", "search", "emptying", "feed-place", "key-used"}


def without_more(view: dict[str, Any]) -> dict[str, Any]:
    """The view without what ``fill_more`` added."""
    known = {"anns", "größe/anns", "listed", "granted"}
    for bucket in view.values():
        bucket["versions"] = [row for row in bucket["versions"] if not is_more(row["listed"]["Key"], known)]
        bucket["current"] = [key for key in bucket["current"] if not is_more(key, known)]
        bucket["uploads"] = [row for row in bucket["uploads"] if row["Key"] != "open too"]
    view["kept-versions"]["configured"]["get_bucket_website"] = "NoSuchWebsiteConfiguration"
    return view


def is_more(key: str, known: set[str]) -> bool:
    return key in known or key.endswith(".png")


# Killed


KILLED = """
import hashlib, os, shutil, signal, sqlite3, sys
from alembic import command
import sqlalchemy.dialects.sqlite
from trug.adapters.sql import migrate

whole, scratch, wanted, step = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
path = scratch + "/trug.db"
plain = migrate.open_writer

def migrate_until(number):
    left = number
    def count(_):
        nonlocal left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), signal.SIGKILL)
    def traced(*given):
        opened = plain(*given)
        opened.set_trace_callback(count)
        return opened
    migrate.open_writer = traced
    migrate.bring_to(path, wanted)

def look(*questions):
    below = sqlite3.connect(path)
    answers = [question(below) for question in questions]
    below.close()
    return answers

def names(below):
    return ",".join(sorted(name for (name,) in below.execute("SELECT name FROM sqlite_master")))

def check(below):
    return below.execute("PRAGMA integrity_check").fetchone()[0]

def digest(below):
    return hashlib.sha256("".join(sorted(below.iterdump())).encode()).hexdigest()

number, is_struck = 1, True
while is_struck and number < 5000:
    for name in os.listdir(scratch):
        os.unlink(f"{scratch}/{name}")
    shutil.copy(whole, path)
    child = os.fork()
    if child == 0:
        try:
            migrate_until(number)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    is_struck = os.WIFSIGNALED(status)
    found = migrate.find_format(path)
    seen = look(check, names)
    migrate.bring_to(path, wanted)
    print(int(is_struck), found, *seen, migrate.find_format(path), *look(digest), flush=True)
    number += step
"""


LEAST = 5
"""No script takes fewer statements: to begin, three for the numbers, to commit."""


@pytest.mark.parametrize(("first", "last"), [(1, FORMAT), (FORMAT, 1)])
def test_a_migration_that_is_killed_leaves_a_whole_format_and_goes_on(tmp_path: Path, first: int, last: int) -> None:
    """KILL before one statement after another: each format is made whole or not at all, and the next start goes on."""
    data = tmp_path / "data"
    tables = names_on_the_way(data)
    bring_to(path_of(data), first)
    (tmp_path / "scratch").mkdir()
    arguments = [path_of(data), str(tmp_path / "scratch"), str(last), str(LEAST)]
    done = subprocess.run(
        [sys.executable, "-c", KILLED, *arguments],
        env=environment(),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    games = [line.split(" ") for line in done.stdout.splitlines()]
    assert [game[0] for game in games] == ["1"] * (len(games) - 1) + ["0"]
    assert {game[2] for game in games} == {"ok"}
    assert all(game[3].split(",") == tables[int(game[1])] for game in games)
    assert {int(game[1]) for game in games} == set(range(1, FORMAT + 1))
    assert {(game[4], game[5]) for game in games} == {(str(last), games[-1][5])}


def names_on_the_way(data: Path) -> dict[int, list[str]]:
    """The names of all tables and indexes of each format; the store is left in the newest."""
    load("0001", data)
    found = {}
    for number in range(1, FORMAT + 1):
        bring_to(path_of(data), number)
        with below(data) as connection:
            found[number] = sorted(name for (name,) in connection.execute("SELECT name FROM sqlite_master"))
    return found
