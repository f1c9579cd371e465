"""Uploads that come to nothing leave nothing behind: looked for in the folder of a server as users start it."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator
from urllib.parse import urlsplit

import httpx
import pytest
from tests.support.processes import SECONDS
from tests.support.services import Running, running

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 400_000
BOUNDARY = b"--x\r\n"
BUCKET = b'Content-Disposition: form-data; name="bucket"\r\n\r\nfiles\r\n'
UPLOAD_SECONDS = 3


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    options = ("--inline-max", "0", "--upload-timeout", str(UPLOAD_SECONDS))
    with running(tmp_path_factory.mktemp("served"), *options) as server:
        with server.http() as client:
            assert client.post("/buckets/create", json={"bucket_name": "files"}).status_code == 201
        yield server


def bytes_on_disk(server: Running) -> int:
    """Of blobs, whole ones and those being received."""
    found = [*(server.directory / "blobs").rglob("*"), *(server.directory / "staging").rglob("*")]
    return sum(path.stat().st_size for path in found if path.is_file())


def settles_at(server: Running, size: int) -> bool:
    """Whether the folder comes to hold no more than that, within some seconds."""
    for _ in range(1500):
        if bytes_on_disk(server) <= size:
            return True
        time.sleep(0.02)
    return False


@pytest.fixture
def client(server: Running) -> Iterator[httpx.Client]:
    with server.http() as client:
        yield client


def part(name: str, content: bytes) -> bytes:
    return b'Content-Disposition: form-data; name="%s"; filename="a.png"\r\n\r\n%s\r\n' % (name.encode(), content)


def raw(server: Running, path: str, body: bytes, length: int) -> socket.socket:
    """A request of which only this much has come so far."""
    address = urlsplit(server.url)
    connection = socket.create_connection((address.hostname or "", address.port or 0), timeout=SECONDS)
    head = (
        f"POST /api/v1{path} HTTP/1.1\r\nHost: {address.netloc}\r\nAuthorization: Basic "
        "bWluaW9hZG1pbjptaW5pb2FkbWlu\r\nContent-Type: multipart/form-data; boundary=x\r\n"
        f"Content-Length: {length}\r\n\r\n"
    )
    connection.sendall(head.encode() + body)
    return connection


def test_what_is_stored_stays(server: Running, client: httpx.Client) -> None:
    before = bytes_on_disk(server)
    answer = client.post("/upload", data={"bucket": "files"}, files={"file": ("a.png", PNG)})
    assert answer.status_code == 201
    assert bytes_on_disk(server) > before


@pytest.mark.parametrize("is_bucket_first", [True, False])
@pytest.mark.parametrize("last", [b"no image" * 100_000, b"", None])
def test_one_bad_file_of_many(
    server: Running, client: httpx.Client, last: bytes | None, *, is_bucket_first: bool
) -> None:
    before = bytes_on_disk(server)
    bucket = [("bucket", (None, "files"))]
    files = [("files", ("a.png", PNG)) for _ in range(3)]
    files.append(("files", ("b.png", last)) if last is not None else ("files", ("", PNG)))
    form = [*bucket, *files] if is_bucket_first else [*files, *bucket]
    answer = client.post("/upload-multiple", files=form)
    assert answer.status_code == 400
    assert settles_at(server, before)


@pytest.mark.parametrize("path", ["/upload", "/upload-multiple"])
@pytest.mark.parametrize("is_bucket_first", [True, False])
def test_a_client_that_goes(server: Running, path: str, *, is_bucket_first: bool) -> None:
    before = bytes_on_disk(server)
    field = "files" if path.endswith("multiple") else "file"
    begun = [BUCKET, part(field, PNG)] if is_bucket_first else [part(field, PNG)]
    body = b"".join(BOUNDARY + piece for piece in begun) + BOUNDARY + part("files", PNG)[:-1000]
    raw(server, path, body, len(body) + 5000).close()
    assert settles_at(server, before)


@pytest.mark.parametrize("size", [100, 300_000, 600_000])
def test_a_client_that_is_too_slow(server: Running, size: int) -> None:
    before = bytes_on_disk(server)
    body = (BOUNDARY + BUCKET + BOUNDARY + part("file", PNG + PNG))[:size]
    with raw(server, "/upload", body, 2_000_000) as connection:
        answer = connection.recv(4096)
        assert answer.startswith(b"HTTP/1.1 504 "), answer
    assert settles_at(server, before)


def test_a_form_that_breaks_off(server: Running) -> None:
    before = bytes_on_disk(server)
    body = BOUNDARY + BUCKET + BOUNDARY + part("file", PNG) + b"--x"
    with raw(server, "/upload", body, len(body)) as connection:
        assert connection.recv(4096).startswith(b"HTTP/1.1 400 ")
    assert settles_at(server, before)
