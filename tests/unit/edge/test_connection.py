"""Our own HTTP on a real socket: what is asked, in which pieces, and who leaves or waits in the middle of it."""

from __future__ import annotations

import asyncio
import socket
import ssl
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from typing import Any

import pytest
from tests.support.certificates import server_context
from tests.support.edge import Nothing, gateway_of, row
from tests.support.served import Served, answer_on, everything_from, head_of, statuses_in
from tests.support.stand import eventually

from trug.domain.errors import S3Error
from trug.edge.connection import LONGEST_QUEUE
from trug.edge.patience import Patience
from trug.operations.call import Call
from trug.wire.reply import Reply

GET = head_of("GET", "/b/k")
MIB = 1 << 20
IMPATIENT = Patience(first_byte=0.2, head=0.3, keep_alive=0.2, window=0.3, least=1000)


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> ssl.SSLContext:
    return server_context(tmp_path_factory.mktemp("tls"))


@pytest.fixture(params=["own", "own on uvloop", "own over TLS", "own over TLS on uvloop"])
def serve(request: pytest.FixtureRequest, context: ssl.SSLContext) -> Callable[..., Served]:
    """A server with the given rows, on each loop, with and without TLS."""
    tls = context if "TLS" in request.param else None
    return lambda *rows, **how: Served(gateway_of(*rows), request.param, tls=tls, **how)


@pytest.fixture(params=["own", "own on uvloop"])
def plain(request: pytest.FixtureRequest) -> Callable[..., Served]:
    return lambda *rows, **how: Served(gateway_of(*rows), request.param, **how)


@pytest.fixture
def timed() -> Callable[..., Served]:
    """On one loop only: what takes its time."""
    return lambda *rows, **how: Served(gateway_of(*rows), "own on uvloop", **how)


@pytest.fixture
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """The port looks at its clock often, and does not linger."""
    monkeypatch.setattr("trug.edge.port.TICK", 0.02)
    monkeypatch.setattr("trug.edge.port.LAST_SECONDS", 0.2)
    monkeypatch.setattr("trug.edge.connection.LINGER_SECONDS", 0.2)


def get(handler: Any) -> Any:
    return row("GetObject", "GET /{Bucket}/{Key+}", handler)


def put(handler: Any) -> Any:
    return row("PutObject", "PUT /{Bucket}/{Key+}", handler, streams=True)


async def large(call: Call, request: Nothing) -> Reply:
    return Reply(body=bytes(MIB))


async def later(call: Call, request: Nothing) -> Reply:
    await asyncio.sleep(0.005)
    return Reply(body=(call.wire.target.key or "").encode())


async def poured(call: Call, request: Nothing) -> Reply:
    """Reads the body through one buffer, and tells its length and whether it was right."""
    source = call.body.open(())
    buffer = memoryview(bytearray(300_000))
    size, is_right = 0, True
    while count := await source.readinto(buffer):
        is_right = is_right and buffer[:count] == pattern(size, count)
        size += count
    return Reply(body=f"{size} {is_right}".encode())


def pattern(start: int, length: int) -> bytes:
    return (bytes(range(251)) * (length // 251 + 2))[start % 251 :][:length]


class Counted:
    """A handler that counts its calls."""

    def __init__(self, handler: Any) -> None:
        self.calls = 0
        self._handler = handler

    async def __call__(self, call: Call, request: Nothing) -> Reply:
        self.calls += 1
        return await self._handler(call, request)  # type: ignore[no-any-return]


# --- one after the other ---


def test_pipelined_requests_are_answered_in_their_order(serve: Callable[..., Served]) -> None:
    with serve(get(later)) as served, served.connect() as connection:
        connection.sendall(b"".join(head_of("GET", f"/b/{number}") for number in range(30)))
        assert [answer_on(connection)[1] for _ in range(30)] == [b"%d" % number for number in range(30)]


@pytest.mark.parametrize("size", [1, 7, 100])
def test_requests_at_any_split(serve: Callable[..., Served], size: int) -> None:
    raw = head_of("PUT", "/b/k", "Content-Length: 300") + pattern(0, 300)
    raw += head_of("PUT", "/b/k", "Transfer-Encoding: chunked", "Connection: x")
    raw += b"1\r\n\0\r\n2\r\n\1\2\r\n0\r\nTrailer: x\r\n\r\n" + GET
    with serve(put(poured)) as served, served.connect() as connection:
        for start in range(0, len(raw), size):
            connection.sendall(raw[start : start + size])
        assert answer_on(connection)[1] == b"300 True"
        assert answer_on(connection)[1] == b"3 True"
        assert answer_on(connection)[1] == b"hello"


def test_what_was_understood_is_answered_before_what_was_not(serve: Callable[..., Served]) -> None:
    """Whatever is nonsense behind them: requests that came whole get their answers, then comes the refusal."""
    for handler in (later, large):
        with serve(get(handler)) as served, served.connect() as connection:
            connection.sendall(GET + GET + b"\0\0\0\r\n\r\n")
            assert answer_on(connection)[0].startswith(b"HTTP/1.1 200")
            head, _ = answer_on(connection)
            assert head.startswith(b"HTTP/1.1 200") and b"connection: close" not in head
            head, body = answer_on(connection)
            assert head.startswith(b"HTTP/1.1 400") and b"connection: close" in head
            assert b"<Code>BadRequest</Code>" in body


def test_nonsense_behind_the_last_request_is_let_go(plain: Callable[..., Served]) -> None:
    with plain() as served, served.connect() as connection:
        connection.sendall(head_of("GET", "/b/k", "Connection: close") + b"\0\0\0\r\n\r\n")
        assert statuses_in(everything_from(connection)) == [200]


def test_a_broken_chunk_ends_the_body_at_once(serve: Callable[..., Served]) -> None:
    with serve(put(poured)) as served, served.connect() as connection:
        connection.sendall(
            head_of("PUT", "/b/k", "Transfer-Encoding: chunked", "x-amz-content-sha256: UNSIGNED-PAYLOAD")
        )
        connection.sendall(b"3\r\nabc\r\n")
        connection.sendall(b"zz\r\n")
        assert answer_on(connection)[0].startswith(b"HTTP/1.1 4")


def test_half_a_connection_is_enough_to_answer(plain: Callable[..., Served]) -> None:
    for handler in (later, large):
        with plain(get(handler)) as served, served.connect() as connection:
            connection.sendall(GET * 5)
            connection.shutdown(socket.SHUT_WR)
            content = everything_from(connection)
            assert statuses_in(content) == [200] * 5
            assert content.count(b"connection: close") <= 1


def test_a_body_that_ends_too_early_is_told_so(plain: Callable[..., Served]) -> None:
    for sent in (0, 100, 400_000):
        with plain(put(poured)) as served, served.connect() as connection:
            connection.sendall(head_of("PUT", "/b/k", "Content-Length: 500000") + pattern(0, sent))
            connection.shutdown(socket.SHUT_WR)
            assert b"<Code>IncompleteBody</Code>" in everything_from(connection)


def test_bytes_behind_a_body_are_the_next_request(serve: Callable[..., Served]) -> None:
    """At any split, and whichever way the body was read."""
    for size in (3, 299_999, 300_000, 900_001):
        with serve(put(poured)) as served, served.connect() as connection:
            raw = head_of("PUT", "/b/k", f"Content-Length: {size}") + pattern(0, size) + GET
            connection.sendall(raw * 2)
            for _ in range(2):
                assert answer_on(connection)[1] == f"{size} True".encode()
                assert answer_on(connection)[1] == b"hello"


def test_a_large_body_goes_into_the_readers_buffer(serve: Callable[..., Served]) -> None:
    size = 5 * MIB + 12345
    with serve(put(poured)) as served, served.connect() as connection:
        for _ in range(2):
            connection.sendall(head_of("PUT", "/b/k", f"Content-Length: {size}"))
            connection.sendall(pattern(0, size))
            assert answer_on(connection)[1] == f"{size} True".encode()
        connection.sendall(GET)
        assert answer_on(connection)[1] == b"hello"


def test_an_upload_whose_client_leaves(serve: Callable[..., Served]) -> None:
    """At each stage of it: the handler is told, and nothing is left of the connection."""
    failures: list[BaseException] = []

    async def kept(call: Call, request: Nothing) -> Reply:
        try:
            return await poured(call, request)
        except BaseException as failure:
            failures.append(failure)
            raise

    with serve(put(kept)) as served:
        for sent in (0, 1, 100_000, 300_000, 2 * MIB):
            with served.connect() as connection:
                connection.sendall(head_of("PUT", "/b/k", f"Content-Length: {5 * MIB}") + pattern(0, sent))
        assert eventually(lambda: served.port.open_connections == 0)
        assert eventually(lambda: len(failures) == 5)
        assert {type(failure) for failure in failures} == {S3Error}
        assert served.complaints == []


def test_a_download_whose_client_leaves(serve: Callable[..., Served]) -> None:
    is_over = threading.Event()

    async def endless(call: Call, request: Nothing) -> Reply:
        async def pieces() -> AsyncIterator[bytes]:
            try:
                while True:
                    yield bytes(65536)
            finally:
                is_over.set()

        return Reply(body=pieces(), length=1 << 50)

    with serve(get(endless)) as served:
        with served.connect() as connection:
            connection.sendall(GET)
            connection.recv(65536)
        assert is_over.wait(10)
        assert eventually(lambda: served.port.open_connections == 0)


# --- what is not quite HTTP/1.1 ---


def test_nobody_upgrades(serve: Callable[..., Served]) -> None:
    """Java's HttpClient asks for h2c with each request on a new connection, uploads included."""
    upgrade = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA")
    with serve(put(poured)) as served, served.connect() as connection:
        for size in (0, 3, 400_000):
            connection.sendall(head_of("PUT", "/b/k", *upgrade, f"Content-Length: {size}") + pattern(0, size))
            assert answer_on(connection)[1] == f"{size} True".encode()
        connection.sendall(head_of("GET", "/b/k", *upgrade))
        assert answer_on(connection)[1] == b"hello"
        connection.sendall(head_of("PUT", "/b/k", *upgrade, "Content-Length: 3"))
        connection.sendall(pattern(0, 3))
        assert answer_on(connection)[1] == b"3 True"
        connection.sendall(GET)
        assert answer_on(connection)[1] == b"hello"


def test_nothing_is_read_behind_an_upgrade_that_was_not_waited_for(plain: Callable[..., Served]) -> None:
    upgrade = ("Connection: Upgrade", "Upgrade: websocket")
    for begin in (
        head_of("GET", "/b/k", *upgrade),
        head_of("PUT", "/b/k", *upgrade, "Content-Length: 3") + b"abc",
        head_of("CONNECT", "b:80"),
    ):
        with plain() as served, served.connect() as connection:
            connection.sendall(begin + GET)
            content = everything_from(connection)
            assert len(statuses_in(content)) == 1
            assert b"connection: close" in content
    with plain() as served, served.connect() as connection:
        connection.sendall(head_of("PUT", "/b/k", *upgrade, "Transfer-Encoding: chunked") + b"3\r\nabc\r\n0\r\n\r\n")
        assert statuses_in(everything_from(connection)) in ([400], [411])


@pytest.mark.parametrize(("version", "status"), [("1.0", 200), ("0.9", 400), ("2.0", 400), ("1.2", 400), ("3.0", 400)])
def test_versions(plain: Callable[..., Served], version: str, status: int) -> None:
    with plain() as served, served.connect() as connection:
        connection.sendall(head_of("GET", "/b/k", "Connection: keep-alive", version=version))
        content = everything_from(connection)
        assert statuses_in(content) == [status]
        assert b"connection: close" in content


def test_who_speaks_1_0_is_not_asked_to_continue(plain: Callable[..., Served]) -> None:
    with plain() as served, served.connect() as connection:
        connection.sendall(head_of("PUT", "/b/k", "Expect: 100-continue", "Content-Length: 3", version="1.0"))
        connection.sendall(b"abc")
        assert statuses_in(everything_from(connection)) == [200]


def test_an_absolute_target_with_a_fragment(plain: Callable[..., Served]) -> None:
    with plain() as served, served.connect() as connection:
        connection.sendall(head_of("GET", "http://localhost/b/k"))
        assert answer_on(connection)[1] == b"hello"
        connection.sendall(head_of("GET", "http://localhost/b/k#x"))
        assert b"<Code>InvalidURI</Code>" in answer_on(connection)[1]


def test_pieces_of_nothing_do_not_end_an_answer_in_chunks(plain: Callable[..., Served]) -> None:
    async def odd(call: Call, request: Nothing) -> Reply:
        async def pieces() -> AsyncIterator[bytes]:
            for piece in (b"", b"a", b"", b"b", b""):
                yield piece

        return Reply(body=pieces())

    async def empty(call: Call, request: Nothing) -> Reply:
        async def pieces() -> AsyncIterator[bytes]:
            for piece in ():
                yield piece

        return Reply(body=pieces())

    for handler, body in ((odd, b"1\r\na\r\n1\r\nb\r\n0\r\n\r\n"), (empty, b"0\r\n\r\n")):
        with plain(get(handler)) as served, served.connect() as connection:
            connection.sendall(head_of("GET", "/b/k", "Connection: close"))
            assert everything_from(connection).partition(b"\r\n\r\n")[2] == body


# --- limits ---


def test_a_header_that_is_too_large_is_refused_while_it_arrives(plain: Callable[..., Served]) -> None:
    with plain() as served:
        for filling in (b"X-A: " + b"x" * 60_000, b"X-A: b\r\n" * 300):
            with served.connect() as connection:
                connection.sendall(b"GET /b/k HTTP/1.1\r\n" + filling)
                assert b"<Code>RequestHeaderSectionTooLarge</Code>" in everything_from(connection)


def test_the_limit_holds_behind_another_request(plain: Callable[..., Served]) -> None:
    """In one piece with it or not; what was before it does not count."""
    long = head_of("GET", "/b/k", "X-A: " + "x" * 40_000)
    fitting = head_of("PUT", "/b/k", "X-A: " + "x" * 25_000, "Content-Length: 60000") + bytes(60_000)
    with plain() as served, served.connect() as connection:
        connection.sendall(fitting + fitting[:70])
        assert answer_on(connection)[1] == b"60000"
        connection.sendall(fitting[70:] + GET + long)
        assert answer_on(connection)[1] == b"60000"
        assert answer_on(connection)[1] == b"hello"
        assert b"<Code>RequestHeaderSectionTooLarge</Code>" in answer_on(connection)[1]


@pytest.mark.parametrize("line", [b"X: y\r\n", b"X: " + b"y" * 70_000])
def test_a_trailer_without_end(plain: Callable[..., Served], line: bytes) -> None:
    with plain(put(poured)) as served, served.connect() as connection:
        connection.sendall(
            head_of("PUT", "/b/k", "Transfer-Encoding: chunked", "x-amz-content-sha256: UNSIGNED-PAYLOAD")
            + b"3\r\nabc\r\n0\r\n"
        )
        with suppress(ConnectionError):
            for _ in range(100_000):
                connection.sendall(line)
                if connection_has_said_something(connection):
                    break
        with suppress(ConnectionError):
            assert answer_on(connection)[0].startswith(b"HTTP/1.1 4")


def connection_has_said_something(connection: socket.socket) -> bool:
    connection.setblocking(False)
    try:
        return bool(connection.recv(1, socket.MSG_PEEK)) or True
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(10)


def test_too_many_requests_ahead(plain: Callable[..., Served]) -> None:
    with plain() as served, served.connect() as connection:
        connection.sendall(GET * 100)
        for _ in range(100):
            assert answer_on(connection)[1] == b"hello"
        connection.sendall(GET * (LONGEST_QUEUE * 2))
        statuses = statuses_in(everything_from(connection))
        assert statuses == [200] * (len(statuses) - 1) + [503]
        assert len(statuses) > LONGEST_QUEUE


def test_answers_do_not_pile_up(serve: Callable[..., Served], request: pytest.FixtureRequest) -> None:
    """Who asks ahead and does not read is not served ahead."""
    if "uvloop" not in request.node.name and (3, 12) <= sys.version_info < (3, 13, 2):
        pytest.skip("writelines of this asyncio knows no limit (CVE-2024-12254)")
    handler = Counted(large)
    with serve(get(handler)) as served, served.connect() as connection:
        connection.sendall(GET * 100)
        assert eventually(lambda: handler.calls > 0)
        served.run(lambda: None)
        time.sleep(0.2)
        assert handler.calls < 20
        for _ in range(100):
            assert len(answer_on(connection)[1]) == MIB
        assert handler.calls == 100


# --- time ---


def closes(connection: socket.socket) -> bytes:
    """What the server said before it closed or cut the connection."""
    content = b""
    with suppress(ConnectionError):
        while chunk := connection.recv(65536):
            content += chunk
    return content


@pytest.mark.usefixtures("quick")
def test_silent_clients(timed: Callable[..., Served]) -> None:
    with timed(put(poured), patience=IMPATIENT) as served:
        mute, idle, head, between, body = connections = [served.connect() for _ in range(5)]
        idle.sendall(GET)
        answer_on(idle)
        head.sendall(GET[:-2])
        between.sendall(GET + GET[:-2])
        body.sendall(head_of("PUT", "/b/k", "Content-Length: 3000") + bytes(1000))
        assert closes(mute) == b""
        assert closes(idle) == b""
        assert b"<Code>RequestTimeout</Code>" in closes(head)
        assert statuses_in(closes(between)) == [200, 400]
        assert b"<Code>RequestTimeout</Code>" in closes(body)
        assert eventually(lambda: served.port.open_connections == 0)
        for connection in connections:
            connection.close()


@pytest.mark.usefixtures("quick")
def test_a_slow_body_is_cut_and_a_patient_one_is_not(timed: Callable[..., Served]) -> None:
    with timed(put(poured), patience=IMPATIENT) as served, served.connect() as slow, served.connect() as steady:
        for connection in (slow, steady):
            connection.sendall(head_of("PUT", "/b/k", "Content-Length: 15000"))
        for turn in range(15):
            steady.sendall(pattern(1000 * turn, 1000))
            with suppress(ConnectionError):
                slow.sendall(b"x")
            time.sleep(0.1)
        assert answer_on(steady)[1] == b"15000 True"
        assert b"<Code>RequestTimeout</Code>" in closes(slow)


@pytest.mark.usefixtures("quick")
def test_a_client_is_not_blamed_for_a_busy_server(
    timed: Callable[..., Served], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trug.edge.arriving.AWAY_SECONDS", 0.1)

    async def busy(call: Call, request: Nothing) -> Reply:
        source = call.body.open(())
        buffer = memoryview(bytearray(600_000))
        size = await source.readinto(buffer[:300_000])
        await asyncio.sleep(0.55)
        size += await source.readinto(buffer[:100])
        await asyncio.sleep(0.55)
        size += await source.readinto(buffer)
        return Reply(body=str(size).encode())

    with timed(put(busy), patience=IMPATIENT) as served, served.connect() as connection:
        connection.sendall(head_of("PUT", "/b/k", "Content-Length: 600000") + bytes(300_000))
        for _ in range(6):
            time.sleep(0.25)
            connection.sendall(bytes(50_000))
        assert answer_on(connection)[1] == b"600000"


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("method", ["GET", "LIST"])
def test_a_client_that_does_not_read(serve: Callable[..., Served], method: str) -> None:
    """In the middle of a stream, or of a last answer that is larger than what the system holds."""

    async def streamed(call: Call, request: Nothing) -> Reply:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(64):
                yield bytes(MIB)

        return Reply(body=pieces(), length=64 * MIB)

    async def whole(call: Call, request: Nothing) -> Reply:
        return Reply(body=bytes(64 * MIB))

    handler = streamed if method == "GET" else whole
    with serve(get(handler), patience=IMPATIENT) as served, served.connect() as connection:
        connection.sendall(GET * 2)
        assert eventually(lambda: served.port.open_connections == 1)
        assert eventually(lambda: served.port.open_connections == 0)


@pytest.mark.usefixtures("quick")
def test_a_last_answer_that_nobody_reads(plain: Callable[..., Served]) -> None:
    """The connection is closed on a few unsent bytes, which are waited for, and not forever."""
    size = 6 * MIB

    async def whole(call: Call, request: Nothing) -> Reply:
        return Reply(body=bytes(size))

    with plain(get(whole), patience=IMPATIENT) as served, served.connect() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(head_of("GET", "/b/k", "Connection: close"))
        connection.recv(100)
        assert eventually(lambda: served.port.open_connections == 0)


@pytest.mark.usefixtures("quick")
def test_a_slow_reader_who_goes_on_reading_is_served(timed: Callable[..., Served]) -> None:
    """The system's buffers move in steps of a megabyte: what has left them counts, not what fits into them."""

    async def streamed(call: Call, request: Nothing) -> Reply:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(16):
                yield bytes(MIB)

        return Reply(body=pieces(), length=16 * MIB)

    patience = Patience(window=0.4, least=20_000)
    with timed(get(streamed), patience=patience) as served, served.connect() as connection:
        connection.sendall(GET)
        got = 0
        for _ in range(20):
            got += len(connection.recv(150_000))
            time.sleep(0.1)
        while got < 16 * MIB and (chunk := connection.recv(MIB)):
            got += len(chunk)
        assert got >= 16 * MIB


@pytest.mark.usefixtures("quick")
def test_no_time_runs_while_the_server_is_at_work(timed: Callable[..., Served]) -> None:
    """Neither for the request that is being served nor for those that wait behind it."""

    async def long(call: Call, request: Nothing) -> Reply:
        async def pieces() -> AsyncIterator[bytes]:
            for _ in range(5):
                await asyncio.sleep(0.15)
                yield b"x"

        await asyncio.sleep(0.4)
        return Reply(body=pieces(), length=5)

    with timed(get(long), patience=IMPATIENT) as served, served.connect() as connection:
        connection.sendall(head_of("PUT", "/b/k", "Content-Length: 3") + b"abc" + GET + GET)
        assert answer_on(connection)[1] == b"3"
        assert answer_on(connection)[1] == b"xxxxx"
        assert answer_on(connection)[1] == b"xxxxx"
        assert closes(connection) == b""


# --- failures ---


@pytest.mark.parametrize("waits", [False, True])
def test_a_handler_that_is_cancelled_cuts_its_connection(plain: Callable[..., Served], *, waits: bool) -> None:
    async def cancelled(call: Call, request: Nothing) -> Reply:
        if waits:
            await asyncio.sleep(0.01)
        raise asyncio.CancelledError

    with plain(get(cancelled)) as served:
        with served.connect() as connection:
            connection.sendall(GET * 2)
            assert closes(connection) == b""
        assert eventually(lambda: served.port.open_connections == 0)
        with served.connect() as connection:
            connection.sendall(head_of("PUT", "/b/k", "Content-Length: 3") + b"abc")
            assert answer_on(connection)[1] == b"3"


@pytest.mark.usefixtures("quick")
def test_a_request_that_takes_longer_than_its_client_stays_is_counted(timed: Callable[..., Served]) -> None:
    """And is given up by the port when it ends."""
    begun, given_up = threading.Event(), threading.Event()

    async def stuck(call: Call, request: Nothing) -> Reply:
        begun.set()
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            given_up.set()
        raise AssertionError

    with timed(get(stuck), drains=0.1) as served:
        with served.connect() as connection:
            connection.sendall(GET)
            assert begun.wait(10)
        time.sleep(0.1)
        assert served.port.open_connections == 1
    assert given_up.is_set()
    assert served.port.open_connections == 0


@pytest.fixture(autouse=True)
def _quiet(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Nothing breaks off in these tests that should not."""
    yield
    assert not [record for record in caplog.records if record.levelname == "ERROR" and record.name == "asyncio"]
