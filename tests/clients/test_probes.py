"""Real clients, at their default settings, live through a bucket's whole life over HTTP and TLS."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

RUN = [sys.executable, str(Path(__file__).parents[2] / "clients" / "run.py")]
NAMES = (
    "aws-cli",
    "s3cmd",
    "restic",
    "lock",
    "boto3",
    "minio-py",
    "minio-go",
    "aws-sdk-js",
    "rclone",
    "pyarrow",
    "s3fs",
    "curl-form",
    "json-api",
)  # slowest first


@pytest.mark.parametrize("scheme", ["http", "tls"])
@pytest.mark.parametrize("name", NAMES)
def test_probe(name: str, scheme: str) -> None:
    told = _run(name, f"--{scheme}-only")
    if "1 skipped" in told.stdout:
        pytest.skip(told.stdout.splitlines()[0])
    assert told.returncode == 0, told.stdout + told.stderr
    assert "1 passed, 0 failed" in told.stdout


def test_every_probe_is_tested() -> None:
    assert sorted(_run("--list").stdout.split()) == sorted(NAMES)


def test_unknown_probes_are_refused() -> None:
    assert _run("cyberduck").returncode == 2


def _run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*RUN, *arguments], capture_output=True, text=True, timeout=600, check=False)
