"""Stores of other formats, as whoever runs trug meets them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tests.migrations.filled import load
from tests.support.processes import run, serving
from tests.support.sql import below

from trug.adapters.sql.migrate import FORMAT, find_format


def test_a_store_goes_up_by_itself_and_down_when_told(tmp_path: Path) -> None:
    data = tmp_path / "data"
    load("0001", data)
    up = run(tmp_path, "migrate", "data")
    assert (up.returncode, up.stdout) == (0, f"data was brought from format 1 to format {FORMAT}\n")
    assert f"from format 1 to format {FORMAT}" in up.stderr
    again = run(tmp_path, "migrate", "data")
    assert (again.returncode, again.stdout, again.stderr) == (0, f"data has format {FORMAT}\n", "")
    refused = run(tmp_path, "migrate", "data", "--to", "2")
    assert (refused.returncode, "make a copy of trug.db, and say so with --yes" in refused.stderr) == (2, True)
    assert find_format(str(data / "trug.db")) == FORMAT
    down = run(tmp_path, "migrate", "data", "--to", "2", "--yes")
    assert (down.returncode, down.stdout) == (0, f"data was brought from format {FORMAT} to format 2\n")
    listed = run(tmp_path, "user", "list", "--account", "111111111111", "--dir", "data", "--json")
    assert [user["name"] for user in json.loads(listed.stdout)["users"]] == ["Ann", "ann-2"]
    assert find_format(str(data / "trug.db")) == FORMAT


@pytest.mark.parametrize("number", [0, FORMAT + 1])
def test_a_format_that_is_none_is_refused(tmp_path: Path, number: int) -> None:
    missing = run(tmp_path, "migrate", "data")
    assert (missing.returncode, missing.stderr) == (2, "trug: there is no data directory data\n")
    (tmp_path / "data").mkdir(mode=0o700)
    assert run(tmp_path, "migrate", "data").stdout == f"data has a new store, of format {FORMAT}\n"
    done = run(tmp_path, "migrate", "data", "--to", str(number), "--yes")
    assert done.returncode == 3
    assert f"there is no format {number}: this version of trug knows formats 1 to {FORMAT}" in done.stderr


@pytest.mark.parametrize("command", [("serve", "data"), ("fsck", "--dir", "data"), ("migrate", "data")])
def test_a_newer_store_is_refused_and_left_alone(tmp_path: Path, command: tuple[str, ...]) -> None:
    (tmp_path / "data").mkdir(mode=0o700)
    assert run(tmp_path, "migrate", "data").returncode == 0
    with below(tmp_path / "data") as connection:
        connection.execute("UPDATE state SET format = ?", (FORMAT + 1,))
        before = list(connection.iterdump())
    done = run(tmp_path, *command)
    assert (done.returncode, done.stdout) == (3, "")
    assert f"has format {FORMAT + 1}, but this version of trug knows only formats up to {FORMAT}" in done.stderr
    assert "use the version that wrote it, or a newer one" in done.stderr
    with below(tmp_path / "data") as connection:
        assert list(connection.iterdump()) == before


def test_a_store_that_is_served_is_not_migrated(tmp_path: Path) -> None:
    with serving(tmp_path):
        done = run(tmp_path, "migrate", "data", "--to", "1", "--yes")
    assert (done.returncode, "is in use by process" in done.stderr) == (3, True)


SPOILT = {
    "a table of that name": ("CREATE TABLE entities (x)", "table entities already exists"),
    "a user that cannot be read": ("UPDATE users SET created = 1", "of users does not match its checksum"),
}


@pytest.mark.parametrize("case", SPOILT)
def test_a_migration_that_fails_says_why_and_changes_nothing(tmp_path: Path, case: str) -> None:
    change, reason = SPOILT[case]
    load("0001", tmp_path / "data")
    with below(tmp_path / "data") as connection:
        connection.execute(change)
        before = list(connection.iterdump())
    done = run(tmp_path, "serve", "data", "--dev")
    assert done.returncode == 3
    assert f"cannot be brought from format 1 to format {FORMAT}" in done.stderr
    assert reason in done.stderr
    assert "Traceback" not in done.stderr
    with below(tmp_path / "data") as connection:
        assert list(connection.iterdump()) == before
