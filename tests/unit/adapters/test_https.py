"""Documents over HTTPS: certificates, times and sizes."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.certificates import server_context

from trug.adapters.https import HttpsFetcher, Place
from trug.ports.stores import Unavailable

OK = b"HTTP/1.1 200 OK\r\n"


@contextmanager
def answering(send: Callable[[socket.socket], None], context: ssl.SSLContext | None = None) -> Iterator[int]:
    """A server of one connection, that answers whatever it is asked; its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve() -> None:
        try:
            raw, _ = listener.accept()
            with raw, context.wrap_socket(raw, server_side=True) if context else raw as connection:
                connection.recv(65_536)
                send(connection)
        except OSError:
            return

    thread = threading.Thread(target=serve, name="answering")
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.close()
        thread.join()


def fetch(url: str, *, seconds: float = 5, most: int = 100) -> bytes:
    return asyncio.run(HttpsFetcher(seconds).fetch(url, most=most))


@pytest.mark.parametrize(
    ("answer", "body"),
    [
        (OK + b"Content-Length: 2\r\n\r\n{}", b"{}"),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n1\r\n{\r\n1\r\n}\r\n0\r\n\r\n", b"{}"),
        (OK + b"\r\n{}", b"{}"),
        (OK + b"Content-Length: 100\r\n\r\n" + b"x" * 100, b"x" * 100),
        (OK + b"Content-Length: 101\r\n\r\n" + b"x" * 101, None),
        (OK + b"Content-Length: 3\r\n\r\n{}", None),
        (OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n", None),
        (OK + b"X: " + b"x" * 200_000, None),
        (b"HTTP/1.1 301 Moved\r\nLocation: https://127.0.0.1/\r\nContent-Length: 0\r\n\r\n", None),
        (b"HTTP/1.1 204 No Content\r\n\r\n", None),
        (b"", None),
        (b"nonsense\r\n\r\n", None),
        (b"\x16\x03\x01", None),
    ],
)
def test_answers(answer: bytes, body: bytes | None) -> None:
    with answering(lambda connection: connection.sendall(answer)) as port:
        url = f"http://127.0.0.1:{port}/"
        if body is not None:
            assert fetch(url) == body
            return
        with pytest.raises(Unavailable, match="cannot be fetched"):
            fetch(url)


def test_all_of_it_has_a_time() -> None:
    """Who sends a byte now and then is cut as well."""
    over = threading.Event()

    def drip(connection: socket.socket) -> None:
        for byte in OK + b"X: " + b"x" * 200:
            connection.sendall(bytes([byte]))
            if over.wait(0.05):
                return

    with answering(drip) as port:
        with pytest.raises(Unavailable, match="within"):
            fetch(f"http://127.0.0.1:{port}/", seconds=0.3)
        over.set()


@pytest.mark.parametrize("is_trusted", [True, False])
def test_certificates(tmp_path: Path, is_trusted: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    context = server_context(tmp_path)
    if is_trusted:
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "certificate.pem"))
    with answering(lambda connection: connection.sendall(OK + b"Content-Length: 2\r\n\r\n{}"), context) as port:
        if is_trusted:
            assert fetch(f"https://localhost:{port}/") == b"{}"
            return
        with pytest.raises(Unavailable, match="cannot be fetched"):
            fetch(f"https://localhost:{port}/")


@pytest.mark.parametrize(
    ("url", "place"),
    [
        ("https://a.example/b?c=d", Place("a.example", 443, True, "a.example", "/b?c=d")),
        ("https://a.example:8443", Place("a.example", 8443, True, "a.example:8443", "/")),
        ("http://[::1]:80/x", Place("::1", 80, False, "[::1]:80", "/x")),
        ("http://127.0.0.2/x", Place("127.0.0.2", 80, False, "127.0.0.2", "/x")),
    ],
)
def test_places(url: str, place: Place) -> None:
    assert Place.of(url) == place


@pytest.mark.parametrize(
    "url",
    [
        "",
        "https://",
        "https:///a",
        "http://a.example/",
        "http://10.0.0.1/",
        "http://0.0.0.0/",
        "ftp://127.0.0.1/",
        "https://user@a.example/",
        "https://a.example:99999/",
        "https://a.example/a b",
        "https://a.example/\r\nX: y",
        "https://ä.example/",
        "//a.example/",
    ],
)
def test_what_is_not_fetched(url: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - whoever's words they are
        Place.of(url)
    with pytest.raises(Unavailable):
        fetch(url)
