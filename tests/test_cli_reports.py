"""Lists of buckets and accounts, from a running server and from a store that nobody has open."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from tests.support.processes import ServerProcess, run, serving

from trug.cli.printing import size
from trug.domain.identity import DEFAULT_ACCOUNT

INIT = """
[[account]]
id = "111111111111"
display_name = "research"
keys = [{ access_key = "AKIARESEARCH", secret_key = "research-secret" }]

[[bucket]]
name = "papers"
account = "111111111111"
versioning = true
"""


def client(server: ServerProcess) -> Any:
    return boto3.client(
        "s3",
        endpoint_url=server.url,
        aws_access_key_id="minioadmin",
        aws_secret_access_key="minioadmin",
        region_name="us-east-1",
    )


@contextmanager
def filled(directory: Path, *, is_running: bool) -> Iterator[None]:
    """A store with buckets of two accounts, served or not."""
    (directory / "init.toml").write_text(INIT)
    with serving(directory, ["--init", "init.toml"]) as server:
        s3 = client(server)
        s3.create_bucket(Bucket="logs")
        for key in ("a", "b"):
            s3.put_object(Bucket="logs", Key=key, Body=b"x" * 5000)
        s3.create_multipart_upload(Bucket="logs", Key="c")
        if is_running:
            yield
        assert server.terminate() == 0
    if not is_running:
        yield


def listed(directory: Path, *arguments: str) -> Any:
    done = run(directory, *arguments, "--dir", "data", "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("is_running", [True, False], ids=["running", "stopped"])
def test_lists(tmp_path: Path, is_running: bool) -> None:
    with filled(tmp_path, is_running=is_running):
        logs, papers = listed(tmp_path, "bucket", "list")["buckets"]
        assert logs | {"created": ""} == {
            "name": "logs",
            "account": DEFAULT_ACCOUNT,
            "region": "us-east-1",
            "created": "",
            "versioning": "",
            "objects": 2,
            "versions": 2,
            "bytes": 10_000,
            "uploads": 1,
        }
        assert (papers["account"], papers["versioning"], papers["objects"]) == ("111111111111", "Enabled", 0)
        assert listed(tmp_path, "bucket", "list", "--account", "111111111111") == {"buckets": [papers]}
        ours, research = listed(tmp_path, "account", "list")["accounts"]
        assert (ours["id"], ours["bytes"], ours["uploads"]) == (DEFAULT_ACCOUNT, 10_000, 1)
        assert (research["id"], research["display_name"], research["objects"]) == ("111111111111", "research", 0)
        unknown = run(tmp_path, "bucket", "list", "--account", "nobody", "--dir", "data")
        assert (unknown.returncode, unknown.stderr) == (1, "trug: there is no account nobody\n")
        table = run(tmp_path, "bucket", "list", "--dir", "data").stdout.splitlines()
        assert [line.split()[:8] for line in table] == [
            ["NAME", "ACCOUNT", "REGION", "VERSIONING", "OBJECTS", "VERSIONS", "BYTES", "UPLOADS"],
            ["logs", DEFAULT_ACCOUNT, "us-east-1", "-", "2", "2", "9.8", "KiB"],
            ["papers", "111111111111", "us-east-1", "Enabled", "0", "0", "0", "B"],
        ]
        assert "research" in run(tmp_path, "account", "list", "--dir", "data").stdout


def test_all_pages_are_listed(tmp_path: Path) -> None:
    users = "".join(f'[[account.user]]\nname = "user-{number:04}"\n' for number in range(1001))
    (tmp_path / "init.toml").write_text(f'[[account]]\nid = "111111111111"\n{users}')
    with serving(tmp_path, ["--init", "init.toml", "--durability", "none"]) as server:
        running = listed(tmp_path, "user", "list", "--account", "111111111111")
        assert server.terminate() == 0
    assert listed(tmp_path, "user", "list", "--account", "111111111111") == running
    assert [user["name"] for user in running["users"]] == [f"user-{number:04}" for number in range(1001)]
    assert list(running) == ["users"]


@pytest.mark.parametrize(
    ("count", "shown"),
    [
        (0, "0 B"),
        (1023, "1023 B"),
        (1024, "1.0 KiB"),
        (1536, "1.5 KiB"),
        (5 << 30, "5.0 GiB"),
        (3 << 40, "3.0 TiB"),
        (1 << 60, "1024.0 PiB"),
        (-1, "-1 B"),
    ],
)
def test_sizes_for_people(count: int, shown: str) -> None:
    assert size(count) == shown


def test_a_table_of_nothing(tmp_path: Path) -> None:
    with serving(tmp_path):
        done = run(tmp_path, "bucket", "list", "--dir", "data")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 1)
