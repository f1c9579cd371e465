"""The scripts themselves: each leads up and down, and the commands that write and run them work in a clone."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import subprocess
import sys
from contextlib import closing
from importlib.util import find_spec
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from tests.support.processes import ROOT, SECONDS
from tests.support.toolchain import missing, program

from trug.adapters.sql import migrate

COPIED = ("migrations", "server", "Makefile", "pyproject.toml")


def test_the_scripts_are_one_chain_with_a_way_back() -> None:
    scripts = list(ScriptDirectory.from_config(migrate.configuration()).walk_revisions())
    numbers = [script.revision for script in reversed(scripts)]
    assert numbers == [f"{number:04}" for number in range(1, migrate.FORMAT + 1)]
    assert all(hasattr(script.module, "downgrade") for script in scripts if script.down_revision)
    assert all(Path(script.path).name.startswith(f"{script.revision}_") for script in scripts)


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """The files that the commands need, with the environment of these tests; nothing is installed into it."""
    for name in COPIED:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", ".mypy_cache"))
        else:
            shutil.copy2(ROOT / name, tmp_path / name)
    (tmp_path / "storage_data").mkdir(mode=0o700)
    (tmp_path / ".venv/bin").mkdir(parents=True)
    for name in ("python", "trug"):
        target = tmp_path / ".venv/bin" / name
        module = "-m trug " if name == "trug" else ""
        target.write_text(f'#!/bin/sh\nexec "{sys.executable}" {module}"$@"\n')
        target.chmod(0o755)
    return tmp_path


def make(clone: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make, which takes the environment for up to date."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRUG_", "MAKE", "MFLAGS"))}
    return subprocess.run(
        [program("make"), "-o", ".venv/run", "-o", ".venv/check", *arguments],
        cwd=clone,
        env={**kept, "PYTHONPATH": str(clone / "server"), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=4 * SECONDS,
        check=False,
    )


LATER = """

later = clustered("later", place("name", Name), number("checksum"), Index(None, "checksum"))
"""


def test_a_migration_is_added_and_run_by_make(clone: Path) -> None:
    if find_spec("ruff") is None:
        missing("ruff is not installed, which formats the script: make check installs it")
    done = make(clone, "migrate")
    assert (done.returncode, done.stdout) == (0, f"storage_data has a new store, of format {migrate.FORMAT}\n")

    schema = clone / "server/trug/adapters/sql/schema.py"
    schema.write_text(schema.read_text().replace('    number("current", default=0),\n', "", 1) + LATER)
    following = migrate.FORMAT + 1
    done = make(clone, "add-migration", "NAME=Later things, and fewer totals")
    assert done.returncode == 0, done.stderr
    script = clone / f"migrations/versions/{following:04}_later_things_and_fewer_totals.py"
    assert str(script.relative_to(clone)) in done.stdout
    text = script.read_text()
    assert text.startswith('"""Later things, and fewer totals."""\n')
    upgrade, downgrade = text.split("def downgrade")
    assert 'op.create_table(\n        "later"' in upgrade
    assert "drop_column" in upgrade
    assert 'op.drop_table("later")' in downgrade
    assert "add_column" in downgrade
    ruff = [sys.executable, "-m", "ruff"]
    for check in ([*ruff, "check"], [*ruff, "format", "--check"]):
        found = subprocess.run([*check, script], cwd=clone, capture_output=True, text=True, check=False)
        assert found.returncode == 0, found.stdout
    assert f"\nFORMAT = {following}\n" in (clone / "server/trug/adapters/sql/migrate.py").read_text()
    assert "CREATE TABLE later" in (clone / "server/trug/adapters/sql/statements.py").read_text()

    done = make(clone, "migrate")
    assert done.stdout == f"storage_data was brought from format {migrate.FORMAT} to format {following}\n", done.stderr
    assert tables_of(clone) >= {"later", "state"}
    refused = make(clone, "migrate", f"TO={migrate.FORMAT}")
    assert (refused.returncode, "say so with --yes" in refused.stderr) == (2, True)
    done = make(clone, "migrate", f"TO={migrate.FORMAT}", "YES=--yes")
    assert done.stdout == f"storage_data was brought from format {following} to format {migrate.FORMAT}\n"
    assert "later" not in tables_of(clone)


def tables_of(clone: Path) -> set[str]:
    with closing(sqlite3.connect(clone / "storage_data/trug.db")) as connection:
        return {name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def test_a_migration_needs_a_name(clone: Path) -> None:
    done = make(clone, "add-migration")
    assert done.returncode == 2
    assert 'make add-migration NAME="what changes"' in done.stderr
    assert len(list((clone / "migrations/versions").glob("*.py"))) == migrate.FORMAT


def test_scripts_share_nothing_that_the_program_changes() -> None:
    """A script that imports how rows are packed today would one day write rows of another format."""
    imported = set()
    for script in (ROOT / "migrations/versions").glob("*.py"):
        imported |= set(re.findall(r"^from (trug[\w.]*) import", script.read_text(), re.MULTILINE))
    assert imported <= {"trug.adapters.sql.formats", "trug.ports.stores"}
