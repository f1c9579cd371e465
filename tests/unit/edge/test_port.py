"""The port: how many it lets in, whom it waits for, and how it ends."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import AsyncIterator
from contextlib import ExitStack, suppress
from typing import Any

import pytest
from tests.support.certificates import server_context
from tests.support.edge import Nothing, gateway_of, row
from tests.support.served import Served, answer_on, everything_from, head_of, statuses_in
from tests.support.stand import eventually

from trug.edge.patience import Patience
from trug.edge.port import TURNED_AWAY
from trug.operations.call import Call
from trug.wire.reply import Reply

GET = head_of("GET", "/b/k")


@pytest.fixture(params=["own", "own on uvloop"])
def door(request: pytest.FixtureRequest) -> str:
    return request.param  # type: ignore[no-any-return]


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_context(tmp_path_factory.mktemp("tls"))


def get(handler: Any) -> Any:
    return row("GetObject", "GET /{Bucket}/{Key+}", handler)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trug.edge.port.TICK", 0.05)
    monkeypatch.setattr("trug.edge.port.LAST_SECONDS", 0.2)
    monkeypatch.setattr("trug.edge.connection.LINGER_SECONDS", 0.2)


class Gate:
    """A handler that waits until it is let go, before its answer or in the middle of it."""

    def __init__(self, *, streams: bool = False) -> None:
        self.is_entered = threading.Event()
        self._streams = streams
        self._opened: asyncio.Event | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    async def __call__(self, call: Call, request: Nothing) -> Reply:
        self._loop, self._opened = asyncio.get_running_loop(), asyncio.Event()
        if self._streams:
            return Reply(body=self._pieces(), length=4)
        self.is_entered.set()
        await self._opened.wait()
        return Reply(body=b"done")

    async def _pieces(self) -> AsyncIterator[bytes]:
        assert self._opened is not None
        yield b"do"
        self.is_entered.set()
        await self._opened.wait()
        yield b"ne"

    def open(self) -> None:
        assert self._loop is not None and self._opened is not None
        self._loop.call_soon_threadsafe(self._opened.set)


def test_who_comes_when_all_places_are_taken_is_told_so(door: str) -> None:
    with Served(gateway_of(), door, most=3) as served, ExitStack() as stack:
        inside = [stack.enter_context(served.connect()) for _ in range(3)]
        assert eventually(lambda: served.port.open_connections == 3)
        with served.connect() as outside:
            content = everything_from(outside)
            assert statuses_in(content) == [503]
            assert b"<Code>SlowDown</Code>" in content
            assert b"retry-after: " in content
        for each in inside:
            each.sendall(GET)
            assert answer_on(each)[1] == b"hello"
        inside[0].close()
        assert eventually(lambda: served.port.open_connections == 2)
        with served.connect() as later:
            later.sendall(GET)
            assert answer_on(later)[1] == b"hello"


def test_those_who_are_turned_away_are_not_without_number(door: str) -> None:
    with Served(gateway_of(), door, most=1) as served, ExitStack() as stack:
        connections = [stack.enter_context(served.connect()) for _ in range(TURNED_AWAY + 100)]
        assert served.run(lambda: served.port.open_connections) <= TURNED_AWAY + 100
        for outside in connections[1:]:
            with suppress(ConnectionResetError):
                assert statuses_in(everything_from(outside)) in ([], [503])
        assert served.run(lambda: served.port.open_connections) <= TURNED_AWAY + 1


def test_a_drain_ends_the_idle_and_waits_for_the_busy(door: str) -> None:
    gate = Gate()
    with Served(gateway_of(get(gate)), door, drains=30) as served, ExitStack() as stack:
        mute, idle, half, busy = (stack.enter_context(served.connect()) for _ in range(4))
        idle.sendall(head_of("PUT", "/b/k", "Content-Length: 3") + b"abc")
        answer_on(idle)
        half.sendall(GET[:-2])
        busy.sendall(GET)
        assert gate.is_entered.wait(10)
        served.stop()
        for each in (mute, idle, half):
            assert each.recv(1) == b""
        with suppress(OSError), served.connect() as late:
            assert late.recv(1) == b""
        gate.open()
        head, body = answer_on(busy)
        assert body == b"done"
        assert b"connection: close" in head
        assert busy.recv(1) == b""
        served.join()


def test_a_drain_does_not_outlast_an_answer_that_had_begun(door: str) -> None:
    """Its header could not say so, but nothing is asked on that connection any more."""
    gate = Gate(streams=True)
    with Served(gateway_of(get(gate)), door, drains=30) as served, served.connect() as connection:
        connection.sendall(GET)
        assert gate.is_entered.wait(10)
        served.stop()
        served.run(lambda: None)
        gate.open()
        assert answer_on(connection)[1] == b"done"
        assert connection.recv(1) == b""
        served.join()


def test_a_drain_does_not_wait_for_goodbyes(door: str, context: ssl.SSLContext) -> None:
    """Clients that keep idle connections in a pool do not read what comes on them."""
    with Served(gateway_of(), door, tls=context, drains=60) as served, served.connect() as connection:
        connection.sendall(GET)
        answer_on(connection)
        served.stop()
        served.join()


def test_what_is_still_in_flight_is_cut(door: str) -> None:
    gate = Gate()
    with Served(gateway_of(get(gate)), door, drains=0.1) as served, served.connect() as connection:
        connection.sendall(GET)
        assert gate.is_entered.wait(10)
        served.stop()
        with suppress(ConnectionError):
            assert connection.recv(1) == b""
        served.join()
        assert served.port.open_connections == 0


def test_a_second_word_ends_it_at_once(door: str) -> None:
    gate = Gate(streams=True)
    with Served(gateway_of(get(gate)), door, drains=60) as served, served.connect() as connection:
        connection.sendall(GET)
        assert gate.is_entered.wait(10)
        served.stop()
        served.loop.call_soon_threadsafe(lambda: served.port.cut())
        with suppress(ConnectionError):
            while connection.recv(100):
                pass
        gate.open()
        served.join()


def test_a_clock_that_stood_still_blames_nobody(door: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that was stopped finds its clients' bytes waiting, and reads them before it looks at the clock."""
    monkeypatch.setattr("trug.edge.port.LATE", 0.2)
    with Served(gateway_of(), door, patience=Patience(keep_alive=0.6)) as served, served.connect() as connection:
        connection.sendall(GET)
        answer_on(connection)
        served.loop.call_soon_threadsafe(time.sleep, 0.8)
        time.sleep(0.1)
        connection.sendall(GET)
        assert answer_on(connection)[1] == b"hello"


def test_a_failed_handshake_is_nobodys_connection(door: str, context: ssl.SSLContext) -> None:
    with Served(gateway_of(), door, tls=context) as served:
        with socket.create_connection(served.address, timeout=10) as plain:
            plain.sendall(GET)
            with suppress(ConnectionError):
                while plain.recv(100):
                    pass
        assert served.port.open_connections == 0
        with served.connect() as connection:
            connection.sendall(GET)
            assert answer_on(connection)[1] == b"hello"
