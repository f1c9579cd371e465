"""The edge behind each of its doors, byte by byte over a real socket."""

from __future__ import annotations

import threading
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest
from tests.support.edge import NOBODY, Nothing, gateway_of, row
from tests.support.served import DOORS, Served, answer_on, everything_from, head_of

from trug.operations.call import Call
from trug.wire.reply import Reply


async def broken(call: Call, request: Nothing) -> Reply:
    async def chunks() -> AsyncIterator[bytes]:
        yield b"x" * 1000
        raise RuntimeError("a block does not match its checksum")

    return Reply(body=chunks(), length=2000)


async def broken_without_length(call: Call, request: Nothing) -> Reply:
    reply = await broken(call, request)
    return Reply(body=reply.body)


@pytest.fixture(params=DOORS)
def door(request: pytest.FixtureRequest) -> Iterator[str]:
    return request.param  # type: ignore[no-any-return]


def test_keep_alive_over_success_and_error(door: str) -> None:
    with Served(gateway_of(), door) as served, served.connect() as connection:
        for target, status in (("/b/k", b"200 OK"), ("/nowhere/k", b"404 Not Found"), ("/b/k", b"200 OK")):
            connection.sendall(head_of("GET", target))
            head, _ = answer_on(connection)
            assert status in head.split(b"\r\n")[0]


def test_E17_a_body_nobody_asked_for_is_not_the_next_request(door: str) -> None:  # noqa: N802
    smuggled = head_of("GET", "/smuggled/k")
    with Served(gateway_of(), door) as served, served.connect() as connection:
        connection.sendall(head_of("GET", "/b/k", f"Content-Length: {len(smuggled)}") + smuggled)
        assert answer_on(connection)[1] == b"hello"
        connection.sendall(head_of("GET", "/b/k2"))
        assert answer_on(connection)[1] == b"hello"


def test_E18_an_early_error_reaches_a_client_that_goes_on_sending(door: str) -> None:  # noqa: N802
    size = 8 * 1024 * 1024
    with Served(gateway_of(identity=NOBODY), door) as served, served.connect() as connection:
        connection.sendall(head_of("PUT", "/b/k", f"Content-Length: {size}"))
        for _ in range(size // 65536):
            connection.sendall(b"x" * 65536)
        content = everything_from(connection)
    assert content.startswith(b"HTTP/1.1 403")
    assert b"connection: close" in content.lower()
    assert content.endswith(b"</Error>")


def test_behaviour_67_refused_before_100_continue(door: str) -> None:
    with Served(gateway_of(identity=NOBODY), door) as served, served.connect() as connection:
        connection.sendall(head_of("PUT", "/b/k", "Content-Length: 1000000", "Expect: 100-continue"))
        content = everything_from(connection)
    assert content.startswith(b"HTTP/1.1 403")
    assert b"100 Continue" not in content
    assert b"connection: close" in content.lower()


def test_100_continue_when_the_body_is_wanted(door: str) -> None:
    with Served(gateway_of(), door) as served, served.connect() as connection:
        connection.sendall(head_of("PUT", "/b/k", "Content-Length: 3", "Expect: 100-continue"))
        interim = connection.recv(25)
        assert interim == b"HTTP/1.1 100 Continue\r\n\r\n"
        connection.sendall(b"abc")
        assert answer_on(connection)[1] == b"3"


@pytest.mark.parametrize(("handler", "end"), [(broken, b"x"), (broken_without_length, b"x\r\n")])
def test_R4_a_broken_stream_breaks_the_connection(door: str, handler: Any, end: bytes) -> None:  # noqa: N802
    gateway = gateway_of(row("GetObject", "GET /{Bucket}/{Key+}", handler))
    with Served(gateway, door) as served, served.connect() as connection:
        connection.sendall(head_of("GET", "/b/k"))
        content = everything_from(connection)
    assert content.startswith(b"HTTP/1.1 200")
    assert content.count(b"x" * 1000) == 1
    assert not content.endswith(b"0\r\n\r\n")
    assert content.endswith(end)


def test_head_and_bodiless_answers_keep_the_connection(door: str) -> None:
    with Served(gateway_of(), door) as served, served.connect() as connection:
        connection.sendall(
            head_of("HEAD", "/nowhere") + head_of("HEAD", "/b") + head_of("GET", "/b/k", "Connection: close")
        )
        content = everything_from(connection)
    assert content.count(b"HTTP/1.1 ") == 3
    assert content.endswith(b"hello")


def test_a_download_stops_when_its_client_leaves(door: str) -> None:
    is_over = threading.Event()

    async def endless(call: Call, request: Nothing) -> Reply:
        async def chunks() -> AsyncIterator[bytes]:
            try:
                for _ in range(1_000_000):
                    yield b"x" * 65536
            finally:
                is_over.set()

        return Reply(body=chunks(), length=65536 * 1_000_000)

    with Served(gateway_of(row("GetObject", "GET /{Bucket}/{Key+}", endless)), door) as served:
        with served.connect() as connection:
            connection.sendall(head_of("GET", "/b/k"))
            connection.recv(65536)
        assert is_over.wait(10)
