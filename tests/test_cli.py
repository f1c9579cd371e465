"""The program as a person runs it: in a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import boto3
import pytest
from botocore.client import BaseClient
from botocore.exceptions import ClientError

SERVER = str(Path(__file__).parent.parent / "server")


def environment(**more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRUG_", "MINIO_", "AWS_"))}
    return kept | {"PYTHONPATH": SERVER} | more


def trug(*arguments: str, cwd: Path, **more: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "trug", *arguments]
    return subprocess.run(command, capture_output=True, text=True, cwd=cwd, env=environment(**more), timeout=60)


class Running(NamedTuple):
    """A server process and where it answers."""

    process: subprocess.Popen[bytes]
    urls: list[str]
    log: Path

    def client(self, access_key: str = "minioadmin", secret_key: str = "minioadmin") -> BaseClient:
        return boto3.client(
            "s3",
            endpoint_url=self.urls[0],
            aws_access_key_id=access_key,
            aws_secret_access_key=secret_key,
            region_name="us-east-1",
        )

    def end(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=30)


@contextmanager
def running(directory: Path, *flags: str, cwd: Path, **more: str) -> Iterator[Running]:
    reader, writer = os.pipe()
    log = cwd / "log"
    command = [sys.executable, "-m", "trug", "serve", str(directory), "--port", "0", "--ready-fd", str(writer), *flags]
    with log.open("wb") as out:
        process = subprocess.Popen(command, cwd=cwd, env=environment(**more), pass_fds=[writer], stderr=out)
    os.close(writer)
    try:
        with os.fdopen(reader) as ready:
            line = ready.readline()
        assert line, log.read_text()
        yield Running(process, json.loads(line)["s3"], log)
    finally:
        process.kill()
        process.wait()


def test_version(tmp_path: Path) -> None:
    assert trug("--version", cwd=tmp_path).stdout.startswith("trug ")


def test_help_names_every_command(tmp_path: Path) -> None:
    text = trug("--help", cwd=tmp_path).stdout
    for command in ("serve", "init", "user", "key", "fsck", "health", "config"):
        assert command in text
    assert "--inline-max BYTES" in trug("serve", "--help", cwd=tmp_path).stdout


def test_first_start_makes_a_pair_and_prints_it_once(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, cwd=tmp_path) as server:
        text = server.log.read_text()
        access_key = text.split("access key  ")[1].split()[0]
        secret_key = text.split("secret key  ")[1].split()[0]
        assert "boto3.client" in text
        assert "aws --endpoint-url" in text
        assert (data / "root.toml").stat().st_mode & 0o777 == 0o600
        server.client(access_key, secret_key).create_bucket(Bucket="first")
        assert server.end() == 0
    with running(data, cwd=tmp_path) as server:
        assert secret_key not in server.log.read_text()
        buckets = server.client(access_key, secret_key).list_buckets()["Buckets"]
        assert [bucket["Name"] for bucket in buckets] == ["first"]


def test_ready_and_health(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--dev", cwd=tmp_path) as server:
        for url in server.urls:
            answer = json.loads(urllib.request.urlopen(f"{url}/-/ready", timeout=5).read())
            assert answer == {"ready": True, "durability": "full", "store": "ok"}
        assert trug("health", server.urls[0], cwd=tmp_path).returncode == 0
        assert server.end() == 0
    assert trug("health", server.urls[0], cwd=tmp_path).returncode == 1


def test_a_second_server_is_refused(tmp_path: Path) -> None:
    with running(tmp_path / "data", "--dev", cwd=tmp_path):
        second = trug("serve", str(tmp_path / "data"), "--dev", "--port", "0", cwd=tmp_path)
        assert second.returncode == 3
        assert len(second.stderr.splitlines()) == 1
        assert "in use" in second.stderr


def test_mistakes_exit_with_2(tmp_path: Path) -> None:
    wrong = trug("serve", "data", "--dev", "--host", "0.0.0.0", cwd=tmp_path)
    assert (wrong.returncode, "loopback" in wrong.stderr) == (2, True)
    assert trug("serve", "data", "--port", "many", cwd=tmp_path).returncode == 2
    (tmp_path / "init.toml").write_text("[[bucket]]\n")
    wrong = trug("serve", "data", "--dev", "--port", "0", "--init", "init.toml", cwd=tmp_path)
    assert (wrong.returncode, "line 1" in wrong.stderr) == (2, True)


@pytest.mark.parametrize("is_running", [True, False], ids=["running", "stopped"])
def test_users_and_keys(tmp_path: Path, is_running: bool) -> None:
    data = tmp_path / "data"

    def command(*arguments: str) -> dict[str, object]:
        done = trug(*arguments, "--dir", str(data), "--json", cwd=tmp_path)
        assert done.returncode == 0, done.stderr
        answer: dict[str, object] = json.loads(done.stdout)
        return answer

    def manage() -> tuple[str, str]:
        command("user", "add", "bob", "--policy", "readwrite")
        key = command("key", "add", "--user", "bob")["key"]
        assert isinstance(key, dict)
        assert [user["name"] for user in command("user", "list")["users"]] == ["bob"]  # type: ignore[attr-defined]
        assert trug("user", "add", "bob", "--dir", str(data), cwd=tmp_path).returncode == 1
        return key["access_key"], key["secret_key"]

    with running(data, "--dev", cwd=tmp_path) as server:
        if is_running:
            bob = server.client(*manage())
            bob.create_bucket(Bucket="bobs")
            command("user", "remove", "bob")
            with pytest.raises(ClientError, match="InvalidAccessKeyId"):
                bob.list_buckets()
        assert server.end() == 0
    if not is_running:
        pair = manage()
        with running(data, "--dev", cwd=tmp_path) as server:
            server.client(*pair).create_bucket(Bucket="bobs")


def test_fsck_of_a_damaged_store(tmp_path: Path) -> None:
    data = tmp_path / "data"
    with running(data, "--dev", "--inline-max", "0", cwd=tmp_path) as server:
        client = server.client()
        client.create_bucket(Bucket="damaged")
        client.put_object(Bucket="damaged", Key="k", Body=b"x" * 1000)
        assert trug("fsck", "--dir", str(data), cwd=tmp_path).returncode == 0
        server.end()
    assert trug("fsck", "--dir", str(data), cwd=tmp_path).returncode == 0
    (blob,) = [path for path in (data / "blobs").glob("*/*") if path.is_file()]
    content = bytearray(blob.read_bytes())
    content[500] ^= 1
    blob.write_bytes(content)
    found = trug("fsck", "--dir", str(data), cwd=tmp_path)
    assert found.returncode == 1
    assert "'k'" in found.stdout


def test_config_show_tells_origins_and_no_secret(tmp_path: Path) -> None:
    done = trug(
        "config",
        "show",
        "--origin",
        cwd=tmp_path,
        TRUG_ROOT_ACCESS_KEY="a",
        TRUG_ROOT_SECRET_KEY="hidden",
        TRUG_PORT="1",
    )
    assert done.returncode == 0
    assert "environment TRUG_PORT" in done.stdout
    assert "hidden" not in done.stdout


def test_keys_from_the_environment_win_over_dev(tmp_path: Path) -> None:
    keys = {"MINIO_ROOT_USER": "someone", "MINIO_ROOT_PASSWORD": "some secret"}
    with running(tmp_path / "data", "--dev", cwd=tmp_path, **keys) as server:
        server.client("someone", "some secret").create_bucket(Bucket="mine")
        assert "some secret" not in server.log.read_text()
        with pytest.raises(ClientError, match="InvalidAccessKeyId"):
            server.client().list_buckets()
