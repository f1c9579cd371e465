"""Asking a server over its socket, and noticing that there is none."""

from __future__ import annotations

import os
import socket
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from trug.manage.client import LONGEST_PATH, find_answer, socket_path


@pytest.fixture
def directory() -> Iterator[str]:
    """A directory whose path is short enough for a socket, wherever the tests run."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        yield made


@contextmanager
def answering(directory: str, answer: bytes) -> Iterator[list[bytes]]:
    """A server that takes one request and says ``answer``; the request, once it came."""
    path = socket_path(directory)
    assert path is not None
    requests: list[bytes] = []
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen(1)
        listener.settimeout(30)

        def serve() -> None:
            accepted, _ = listener.accept()
            with accepted:
                accepted.settimeout(30)
                request = b""
                while not request.endswith(b"}"):
                    request += accepted.recv(65536)
                requests.append(request)
                accepted.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        yield requests
        thread.join(30)


def test_a_path_that_is_too_long_for_a_socket(tmp_path: Path) -> None:
    longest = "/" + "x" * (LONGEST_PATH - len("//socket"))
    assert socket_path(longest) == f"{longest}/socket"
    assert socket_path(longest + "x") is None
    assert socket_path("/" + "ü" * (LONGEST_PATH // 2)) is None
    directory = tmp_path / ("x" * LONGEST_PATH)
    directory.mkdir()
    assert find_answer(str(directory), "user/list", {}) is None


def test_no_server(directory: str) -> None:
    assert find_answer(directory, "user/list", {}) is None


def test_a_socket_that_a_server_left_behind(directory: str) -> None:
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(os.path.join(directory, "socket"))
    assert find_answer(directory, "user/list", {}) is None


def test_a_server_that_ends_before_it_answers(directory: str) -> None:
    with answering(directory, b""):
        assert find_answer(directory, "user/list", {}) is None


@pytest.mark.parametrize(
    ("status", "body"),
    [(b"200 OK", b'{"users": []}'), (b"400 Bad Request", b'{"error": "no"}')],
    ids=["answer", "refusal"],
)
def test_an_answer(directory: str, status: bytes, body: bytes) -> None:
    said = b"HTTP/1.1 %s\r\ncontent-length: %d\r\n\r\n%s" % (status, len(body), body)
    with answering(directory, said) as requests:
        answer = find_answer(directory, "user/list", {"account": "1"})
    assert answer is not None
    assert list(answer) == (["users"] if b"OK" in status else ["error"])
    assert requests[0].startswith(b"POST /user/list HTTP/1.1\r\n")
    assert requests[0].endswith(b'\r\n\r\n{"account": "1"}')
