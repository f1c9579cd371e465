"""Uploads that come to nothing leave nothing behind: looked for in the folder of a server as users start it."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from tests.support.processes import SECONDS, command, environment, first_line

KEYS = ("minioadmin", "minioadmin")
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 400_000
BOUNDARY = b"--x\r\n"
BUCKET = b'Content-Disposition: form-data; name="bucket"\r\n\r\nfiles\r\n'
UPLOAD_SECONDS = 0.7


class Running(NamedTuple):
    url: str
    directory: Path

    def http(self) -> httpx.Client:
        return httpx.Client(base_url=self.url + "/api/v1", auth=KEYS, timeout=SECONDS)

    def bytes_on_disk(self) -> int:
        """Of blobs, whole ones and those being received."""
        found = [*(self.directory / "blobs").rglob("*"), *(self.directory / "staging").rglob("*")]
        return sum(path.stat().st_size for path in found if path.is_file())

    def settles_at(self, size: int) -> bool:
        """Whether the folder comes to hold no more than that, within some seconds."""
        for _ in range(200):
            if self.bytes_on_disk() <= size:
                return True
            time.sleep(0.02)
        return False


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    directory = tmp_path_factory.mktemp("served")
    read, write = os.pipe()
    options = ("--dev", "--port", "0", "--console-port", "0", "--durability", "none", "--inline-max", "0")
    options = (*options, "--upload-timeout", str(UPLOAD_SECONDS), "--ready-fd", str(write))
    with (directory / "log").open("wb") as log:
        process = subprocess.Popen(
            command("serve", str(directory / "data"), *options),
            cwd=directory,
            env=environment(),
            stdout=log,
            stderr=log,
            pass_fds=(write,),
        )
    os.close(write)
    try:
        line = first_line(read)
        assert line, (directory / "log").read_text()
        server = Running(json.loads(line)["console"][0], directory / "data")
        with server.http() as client:
            assert client.post("/buckets/create", json={"bucket_name": "files"}).status_code == 201
        yield server
    finally:
        process.kill()
        process.wait(SECONDS)


@pytest.fixture
def client(running: Running) -> Iterator[httpx.Client]:
    with running.http() as client:
        yield client


def part(name: str, content: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="%s"; filename="a.png"\r\n\r\n%s\r\n' % (name.encode(), content)


def raw(running: Running, path: str, body: bytes, length: int) -> socket.socket:
    """A request of which only this much has come so far."""
    address = urlsplit(running.url)
    connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=SECONDS)
    head = (
        f"POST /api/v1{path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Basic "
        "bWluaW9hZG1pbjptaW5pb2FkbWlu\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {length}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def test_what_is_stored_stays(running: Running, client: httpx.Client) -> None:
    before = running.bytes_on_disk()
    answer = client.post("/upload", data={"bucket": "files"}, files={"file": ("a.png", PNG)})
    assert answer.status_code == 201
    assert running.bytes_on_disk() > before


@pytest.mark.parametrize("is_bucket_first", [True, False])
@pytest.mark.parametrize("last", [b"no image" * 100_000, b"", None])
def test_one_bad_file_of_many(
    running: Running, client: httpx.Client, last: bytes | None, *, is_bucket_first: bool
) -> None:
    before = running.bytes_on_disk()
    bucket = [("bucket", (None, "files"))]
    files = [("files", ("a.png", PNG)) for _ in range(3)]
    files.append(("files", ("b.png", last)) if last is not None else ("files", ("", PNG)))
    form = [*bucket, *files] if is_bucket_first else [*files, *bucket]
    answer = client.post("/upload-multiple", files=form)
    assert answer.status_code == 400
    assert running.settles_at(before)


@pytest.mark.parametrize("path", ["/upload", "/upload-multiple"])
@pytest.mark.parametrize("is_bucket_first", [True, False])
def test_a_client_that_goes(running: Running, path: str, *, is_bucket_first: bool) -> None:
    before = running.bytes_on_disk()
    field = "files" if path.endswith("multiple") else "file"
    begun = [BUCKET, part(field, PNG)] if is_bucket_first else [part(field, PNG)]
    body = b"".join(BOUNDARY + piece for piece in begun) + BOUNDARY + part("files", PNG)[:-1000]
    raw(running, path, body, len(body) + 5000).close()
    assert running.settles_at(before)


@pytest.mark.parametrize("size", [100, 300_000, 600_000])
def test_a_client_that_is_too_slow(running: Running, size: int) -> None:
    before = running.bytes_on_disk()
    body = (BOUNDARY + BUCKET + BOUNDARY + part("file", PNG + PNG))[:size]
    with raw(running, "/upload", body, 2_000_000) as connection:
        answer = connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 504 "), answer
    assert running.settles_at(before)


def test_a_form_that_breaks_off(running: Running) -> None:
    before = running.bytes_on_disk()
    body = BOUNDARY + BUCKET + BOUNDARY + part("file", PNG) + b"--x"
    with raw(running, "/upload", body, len(body)) as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert running.settles_at(before)
