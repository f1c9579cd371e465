"""Heads of requests that never end, and such as are too long."""

from __future__ import annotations

import socket
import threading
import time
from urllib.parse import urlsplit

import pytest
from starlette.responses import Response
from tests.support.console import Console, consoling
from tests.support.server import SECONDS

from trug.manage import heads
from trug.manage.api.endpoint import Family
from trug.manage.api.visit import Visit
from trug.manage.descriptors import most_connections
from trug.manage.heads import LONGEST, GuardedProtocol

HEALTH = b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n\r\n"


def connected(console: Console) -> socket.socket:
    address = urlsplit(console.endpoint)
    return socket.create_connection((address.hostname or "", address.port or 0), timeout=SECONDS)


def answer_of(connection: socket.socket) -> bytes:
    """A whole answer to HEALTH; empty when the connection was closed."""
    heard = b""
    while b'"}' not in heard:
        try:
            piece = connection.recv(4096)
        except ConnectionResetError:
            return b""
        if not piece:
            return b""
        heard += piece
    return heard


@pytest.mark.parametrize("begun", [b"", b"GET", b"GET /api/v1/health HTTP/1.1\r\nHost: x\r\n"])
@pytest.mark.parametrize("is_first", [True, False])
def test_heads_that_never_end(monkeypatch: pytest.MonkeyPatch, begun: bytes, *, is_first: bool) -> None:
    monkeypatch.setattr(GuardedProtocol, "seconds", 0.2)
    with consoling() as console, connected(console) as connection:
        if not is_first:
            connection.sendall(HEALTH)
            assert answer_of(connection)
            begun = begun or b"G"  # a connection that rests may rest for longer
        connection.sendall(begun)
        assert answer_of(connection) == b""


@pytest.mark.parametrize("first", [1, len(HEALTH), LONGEST, 3 * LONGEST])
def test_heads_that_are_too_long(first: int) -> None:
    """However the head is split: all of it in one piece too."""
    endless = HEALTH[:-2] + b"x: " + b"y" * 2 * LONGEST
    with consoling() as console, connected(console) as connection:
        try:
            connection.sendall(endless[:first])
            time.sleep(0.05)
            connection.sendall(endless[first:])
        except (BrokenPipeError, ConnectionResetError):
            return
        assert answer_of(connection) == b""


LARGE = 64 << 20
"""More than the buffers of two sockets hold."""
family = Family("test", "For tests.", "/t")


@family.endpoint("Large", "GET /large", "A large answer", is_open=True, media="application/octet-stream")
async def large(visit: Visit, _: None) -> Response:
    del visit
    return Response(bytes(LARGE), media_type="application/octet-stream")


@pytest.mark.parametrize("is_read", [True, False])
def test_answers_that_nobody_takes(monkeypatch: pytest.MonkeyPatch, *, is_read: bool) -> None:
    gone = threading.Event()

    class Watched(GuardedProtocol):
        seconds = SECONDS if is_read else 0.2

        def connection_lost(self, exc: Exception | None) -> None:
            super().connection_lost(exc)
            gone.set()

    monkeypatch.setattr(heads, "GuardedProtocol", Watched)
    with consoling(family) as console, connected(console) as connection:
        connection.sendall(b"GET /t/large HTTP/1.1\r\nHost: x\r\n" + b"Connection: close\r\n" * is_read + b"\r\n")
        if not is_read:
            assert gone.wait(SECONDS)
        heard = 0
        try:
            while piece := connection.recv(1 << 20):
                heard += len(piece)
        except ConnectionResetError:
            assert not is_read
    assert (heard > LARGE) is is_read


def test_so_many_connections_and_no_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(GuardedProtocol, "most", 2)
    with consoling() as console, connected(console) as first, connected(console) as second:
        for connection in (first, second):
            connection.sendall(HEALTH)
            assert answer_of(connection).startswith(b"HTTP/1.1 200 ")
        with connected(console) as third:
            assert third.recv(4096).startswith(b"HTTP/1.1 503 ")
            assert not third.recv(4096)
        first.close()
        for _ in range(100):
            with connected(console) as another:
                another.sendall(HEALTH)
                if answer_of(another).startswith(b"HTTP/1.1 200 "):
                    break
            time.sleep(0.05)
        else:
            pytest.fail("the place of a connection that ended stays taken")


@pytest.mark.parametrize(("soft", "most"), [(1024, 256), (65_536, 4096)])
def test_s3_keeps_its_descriptors(soft: int, most: int) -> None:
    assert most_connections(soft) == most


def test_ordinary_heads() -> None:
    with consoling() as console, connected(console) as connection:
        for _ in range(3):
            connection.sendall(HEALTH[:10])
            connection.sendall(HEALTH[10:-2] + b"x: " + b"y" * (LONGEST // 2) + b"\r\n\r\n")
            assert answer_of(connection).startswith(b"HTTP/1.1 200 ")
