"""Schema, statements and migrations say the same."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from tests.support.sql import schema_of

from trug.adapters.sql import migrate, queries, statements
from trug.adapters.sql.connection import create_file, open_writer
from trug.adapters.sql.packing import checksum
from trug.adapters.sql.schema import metadata


def new_store(path: Path) -> sqlite3.Connection:
    create_file(str(path))
    return migrate.open_current(str(path), "none")


def migrated_store(path: Path) -> sqlite3.Connection:
    create_file(str(path))
    open_writer(str(path), "none").close()
    migrate.migrate(str(path), 0, migrate.FORMAT)
    return open_writer(str(path), "none")


def test_the_statements_are_those_of_the_schema() -> None:
    tracked = Path(statements.__file__).read_text()
    assert tracked == "\n".join(queries.generated()), "run: python -m trug.adapters.sql.queries > statements.py"


def test_a_new_store_is_what_the_migrations_make(tmp_path: Path) -> None:
    with closing(new_store(tmp_path / "new.db")) as new, closing(migrated_store(tmp_path / "migrated.db")) as migrated:
        assert schema_of(new) == schema_of(migrated)


@pytest.mark.parametrize("make", [new_store, migrated_store])
def test_a_store_starts_with_the_same_rows(tmp_path: Path, make: object) -> None:
    connection = make(tmp_path / "trug.db")  # type: ignore[operator]
    numbers = connection.execute("SELECT format, sequence, time, lock_time, generation, next_id FROM state").fetchall()
    versions = connection.execute("SELECT version_num FROM alembic_version").fetchall()
    (state,) = connection.execute("SELECT format, sequence, time, lock_time, generation, next_id, checksum FROM state")
    connection.close()
    assert numbers == [(migrate.FORMAT, 0, 0, 0, 0, 1)]
    assert versions == [(f"{migrate.FORMAT:04}",)]
    assert state[-1] == checksum(state[:-1])


def test_alembic_finds_nothing_to_migrate() -> None:
    command.check(migrate.configuration())


def test_the_format_is_the_newest_script() -> None:
    assert ScriptDirectory.from_config(migrate.configuration()).get_heads() == [f"{migrate.FORMAT:04}"]


def test_every_column_has_a_say_in_null() -> None:
    may_be_null = {
        f"{table.name}.{column.name}" for table in metadata.sorted_tables for column in table.c if column.nullable
    }
    of_versions = {"inline", "blob", "body", "noncurrent_since"}
    assert may_be_null == {
        "uploads.completed",
        *(f"{table}.{column}" for table in ("current", "history") for column in of_versions),
    }


FIRST_ROWS = {"DROPPED", "LAST_EPOCH", "OLDEST_ANNOUNCED", "OLDEST_MOMENT"}
SCANS = {name for name in queries.STATEMENTS if name.startswith("SCAN_")}
WALKS = {"FORMAT", "STATE", "SET_STATE", "UNSEALED_EPOCHS"} | FIRST_ROWS | SCANS
SHORT = {"SCAN both", "SCAN version", "SCAN rows", "SCAN found"}
HARMLESS = {"SCAN CONSTANT ROW", "SCAN asked VIRTUAL TABLE INDEX 1:", "SCAN item_words VIRTUAL TABLE INDEX 0:="} | SHORT
SORTS = {"WITH_VERSION_ID", "WITH_VERSION_ID_CONTENT"}


@pytest.mark.parametrize("name", queries.STATEMENTS)
def test_no_statement_reads_more_than_it_must(tmp_path: Path, name: str) -> None:
    sql, parameters = queries.compiled(queries.STATEMENTS[name])
    connection = new_store(tmp_path / "trug.db")
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [1] * len(parameters))]
    connection.close()
    assert name in WALKS or not [step for step in plan if step.startswith("SCAN ") and step not in HARMLESS]
    assert name in SORTS or not [step for step in plan if "TEMP B-TREE" in step]


LINKS = "ix_links_account_kind_right_left"
RANGES = {
    "OPEN_UPLOADS_AFTER": "uploads USING INDEX ix_uploads_open (bucket=? AND (key,upload_id)>(?,?))",
    "OPEN_UPLOADS_BEYOND": "uploads USING INDEX ix_uploads_open (bucket=? AND key>?)",
    "NULL_HISTORY": "history USING INDEX ix_history_null (bucket=? AND key=?)",
    "NEWEST_HISTORY": "history USING PRIMARY KEY (bucket=? AND key=? AND age>?)",
    "ENTITIES": "entities USING PRIMARY KEY (account=? AND kind=? AND place>? AND place<?)",
    "LINKS_FROM": "links USING PRIMARY KEY (account=? AND kind=? AND left=? AND right>? AND right<?)",
    "LINKS_TO": f"links USING INDEX {LINKS} (account=? AND kind=? AND right=? AND left>? AND left<?)",
    "LINK_COUNT": f"links USING COVERING INDEX {LINKS} (account=? AND kind=? AND right=?)",
    "KEYS_OF": "access_keys USING INDEX ix_access_keys_account_user_access_key (account=? AND user=?)",
}


@pytest.mark.parametrize("name", RANGES)
def test_ranges_seek_in_order(tmp_path: Path, name: str) -> None:
    sql, parameters = queries.compiled(queries.STATEMENTS[name])
    connection = new_store(tmp_path / "trug.db")
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [1] * len(parameters))]
    connection.close()
    assert plan == [f"SEARCH {RANGES[name]}"]


OPEN = "current USING PRIMARY KEY (bucket=? AND key>?)"
CLOSED = "current USING PRIMARY KEY (bucket=? AND key>? AND key<?)"
PAGES = {
    "CURRENT_FROM": [CLOSED, OPEN],
    "CURRENT_FROM_BELOW": [CLOSED, CLOSED],
    "CURRENT_AFTER": [CLOSED, OPEN],
    "CURRENT_AFTER_BELOW": [CLOSED, CLOSED],
    "SEEKS": [OPEN, OPEN],
    "SEEKS_BELOW": [CLOSED, CLOSED],
    "VERSIONS_AFTER": [OPEN, "history USING PRIMARY KEY (bucket=? AND (key,age)>(?,?))"],
    "VERSIONS_AFTER_BELOW": [CLOSED, "history USING PRIMARY KEY (bucket=? AND (key,age)>(?,?) AND key<?)"],
}


@pytest.mark.parametrize("name", PAGES)
def test_pages_seek_in_order(tmp_path: Path, name: str) -> None:
    """Each row by its place, merged as they come."""
    sql, parameters = queries.compiled(queries.STATEMENTS[name])
    connection = new_store(tmp_path / "trug.db")
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [1] * len(parameters))]
    connection.close()
    assert [step for step in plan if step.startswith("SEARCH ")] == [f"SEARCH {place}" for place in PAGES[name]]


@pytest.mark.parametrize("name", ["WITH_VERSION_ID", "WITH_VERSION_ID_CONTENT"])
def test_a_version_is_found_by_its_index(tmp_path: Path, name: str) -> None:
    sql, parameters = queries.compiled(queries.STATEMENTS[name])
    connection = new_store(tmp_path / "trug.db")
    plan = [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", [1] * len(parameters))]
    connection.close()
    index = "ix_history_bucket_key_version_id (bucket=? AND key=? AND version_id=?)"
    assert f"SEARCH history USING INDEX {index}" in plan
    assert "SEARCH current USING PRIMARY KEY (bucket=? AND key=?)" in plan
