"""Whoever has a root key pair made sees it, once."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from tests.support.processes import run


def test_init_prints_the_pair_it_makes_once(tmp_path: Path) -> None:
    done = run(tmp_path, "init", "data", "--port", "9123")
    assert (done.returncode, done.stdout) == (0, "")
    pair = tomllib.loads((tmp_path / "data" / "root.toml").read_text())
    assert f"access key  {pair['access_key']}" in done.stderr
    assert f"secret key  {pair['secret_key']}" in done.stderr
    assert "--endpoint-url http://127.0.0.1:9123" in done.stderr
    again = run(tmp_path, "init", "data")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")


def test_a_command_makes_no_pair(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    done = run(tmp_path, "user", "list", "--dir", "data", "--json")
    assert (done.returncode, done.stdout, done.stderr) == (0, '{"users": []}\n', "")
    assert not (tmp_path / "data" / "root.toml").exists()


@pytest.mark.parametrize("given", [("--dev",), ()], ids=["well known", "refused"])
def test_no_pair_is_printed_where_none_was_made(tmp_path: Path, given: tuple[str, ...]) -> None:
    if not given:
        (tmp_path / "init.toml").write_text("[[bucket]]\n")
        assert run(tmp_path, "init", "data").returncode == 0
        done = run(tmp_path, "init", "data", "--init", "init.toml")
        assert (done.returncode, "line 1" in done.stderr) == (2, True)
    else:
        done = run(tmp_path, "init", "data", *given)
        assert done.returncode == 0
        assert not (tmp_path / "data" / "root.toml").exists()
    assert "secret key" not in done.stderr


def test_what_is_declared_is_read_and_has_to_be_text(tmp_path: Path) -> None:
    (tmp_path / "init.toml").write_text('[[bucket]]\nname = "größe"\n', encoding="latin-1")
    assert run(tmp_path, "init", "data", "--dev", "--init", "init.toml").returncode == 2
    assert run(tmp_path, "init", "data", "--dev", "--init", "missing.toml").returncode == 2
    (tmp_path / "init.toml").write_text('[[bucket]]\nname = "made"\n')
    assert run(tmp_path, "init", "data", "--dev", "--init", "init.toml").returncode == 0
    assert "made" in run(tmp_path, "bucket", "list", "--dir", "data").stdout
