"""The edge under uvicorn, byte by byte over a real socket."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
import uvicorn
from tests.support.edge import NOBODY, Nothing, gateway_of, row

from trug.edge.gateway import Gateway
from trug.operations.call import Call
from trug.wire.reply import Reply


class Served:
    """An application that listens on a free port, in a thread of its own."""

    def __init__(self, app: Gateway, parser: str) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self.listener.getsockname()[1]
        config = uvicorn.Config(
            app, http=parser, ws="none", lifespan="on", log_level="critical", server_header=False, date_header=False
        )
        self.server = uvicorn.Server(config)
        self.thread = threading.Thread(target=lambda: asyncio.run(self.server.serve([self.listener])))

    def __enter__(self) -> Served:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.server.should_exit = True
        self.thread.join(10)
        self.listener.close()

    def connect(self) -> socket.socket:
        return socket.create_connection(("127.0.0.1", self.port), timeout=10)


def received(connection: socket.socket) -> bytes:
    """All bytes until the server closes. A reset raises."""
    content = b""
    while chunk := connection.recv(65536):
        content += chunk
    return content


def answer_on(connection: socket.socket) -> tuple[bytes, bytes]:
    """One answer with a Content-Length: its head and its body."""
    content = b""
    while b"\r\n\r\n" not in content:
        chunk = connection.recv(65536)
        assert chunk, content
        content += chunk
    head, _, body = content.partition(b"\r\n\r\n")
    [length] = [int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    while len(body) < length:
        chunk = connection.recv(65536)
        assert chunk, content
        body += chunk
    assert len(body) == length
    return head, body


async def broken(call: Call, request: Nothing) -> Reply:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * 1000
        raise RuntimeError("a block does not match its checksum")

    return Reply(body=chunks(), length=2000)


async def broken_without_length(call: Call, request: Nothing) -> Reply:
    reply = await broken(call, request)
    return Reply(body=reply.body)


@pytest.fixture(params=["httptools", "h11"])
def parser(request: pytest.FixtureRequest) -> Iterator[str]:
    return request.param  # type: ignore[no-any-return]


def head_of(method: str, target: str, *lines: str) -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/1.1", "Host: localhost", *lines, "", ""]).encode()


def test_keep_alive_over_success_and_error(parser: str) -> None:
    with Served(gateway_of(), parser) as served, served.connect() as connection:
        for target, status in (("/b/k", b"200 OK"), ("/nowhere/k", b"404 Not Found"), ("/b/k", b"200 OK")):
            connection.sendall(head_of("GET", target))
            head, _ = answer_on(connection)
            assert status in head.split(b"\r\n")[0]


def test_E17_a_body_nobody_asked_for_is_not_the_next_request(parser: str) -> None:  # noqa: N802
    smuggled = head_of("GET", "/smuggled/k")
    with Served(gateway_of(), parser) as served, served.connect() as connection:
        connection.sendall(head_of("GET", "/b/k", f"Content-Length: {len(smuggled)}") + smuggled)
        assert answer_on(connection)[1] == b"hello"
        connection.sendall(head_of("GET", "/b/k2"))
        assert answer_on(connection)[1] == b"hello"


def test_E18_an_early_error_reaches_a_client_that_goes_on_sending(parser: str) -> None:  # noqa: N802
    size = 8 * 1024 * 1024
    with Served(gateway_of(identity=NOBODY), parser) as served, served.connect() as connection:
        connection.sendall(head_of("PUT", "/b/k", f"Content-Length: {size}"))
        for _ in range(size // 65536):
            connection.sendall(b"x" * 65536)
        content = received(connection)
    assert content.startswith(b"HTTP/1.1 403")
    assert b"connection: close" in content.lower()
    assert content.endswith(b"</Error>")


def test_behaviour_67_refused_before_100_continue(parser: str) -> None:
    with Served(gateway_of(identity=NOBODY), parser) as served, served.connect() as connection:
        connection.sendall(head_of("PUT", "/b/k", "Content-Length: 1000000", "Expect: 100-continue"))
        content = received(connection)
    assert content.startswith(b"HTTP/1.1 403")
    assert b"100 Continue" not in content
    assert b"connection: close" in content.lower()


def test_100_continue_when_the_body_is_wanted(parser: str) -> None:
    with Served(gateway_of(), parser) as served, served.connect() as connection:
        connection.sendall(head_of("PUT", "/b/k", "Content-Length: 3", "Expect: 100-continue"))
        interim = connection.recv(25)
        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert answer_on(connection)[1] == b"3"


@pytest.mark.parametrize(("handler", "end"), [(broken, b"x"), (broken_without_length, b"x\r\n")])
def test_R4_a_broken_stream_breaks_the_connection(parser: str, handler: Any, end: bytes) -> None:  # noqa: N802
    gateway = gateway_of(row("GetObject", "GET /{Bucket}/{Key+}", handler))
    with Served(gateway, parser) as served, served.connect() as connection:
        connection.sendall(head_of("GET", "/b/k"))
        content = received(connection)
    assert content.startswith(b"HTTP/1.1 200")
    assert content.count(b"x" * 1000) == 1
    assert not content.endswith(b"0\r\n\r\n")
    assert content.endswith(end)


def test_head_and_bodiless_answers_keep_the_connection(parser: str) -> None:
    with Served(gateway_of(), parser) as served, served.connect() as connection:
        connection.sendall(
            head_of("HEAD", "/nowhere") + head_of("HEAD", "/b") + head_of("GET", "/b/k", "Connection: close")
        )
        content = received(connection)
    assert content.count(b"HTTP/1.1 ") == 3
    assert content.endswith(b"hello")


def test_a_download_stops_when_its_client_leaves(parser: str) -> None:
    is_over = threading.Event()

    async def endless(call: Call, request: Nothing) -> Reply:
        async def chunks() -> AsyncIterator[bytes]:
            try:
                for _ in range(1_000_000):
                    yield b"x" * 65536
            finally:
                is_over.set()

        return Reply(body=chunks(), length=65536 * 1_000_000)

    with Served(gateway_of(row("GetObject", "GET /{Bucket}/{Key+}", endless)), parser) as served:
        with served.connect() as connection:
            connection.sendall(head_of("GET", "/b/k"))
            connection.recv(65536)
        assert is_over.wait(10)
