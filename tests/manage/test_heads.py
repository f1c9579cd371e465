"""Heads of requests that never end, and such as are too long."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import pytest
from tests.support.console import Console, consoling
from tests.support.server import SECONDS

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


def test_ordinary_heads() -> None:
    with consoling() as console, connected(console) as connection:
        for _ in range(3):
            connection.sendall(HEALTH[:10])
            connection.sendall(HEALTH[10:-2] + b"x: " + b"y" * (LONGEST // 2) + b"\r\n\r\n")
            assert answer_of(connection).startswith(b"HTTP/1.1 200 ")
