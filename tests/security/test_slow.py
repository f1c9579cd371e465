"""Row F of the list of bad inputs: clients that are slow, many, or gone.

The server here has little patience and takes few connections, so that a test need not wait for what takes a minute
elsewhere: the times that count are the defaults of ``edge.patience``.
"""

from __future__ import annotations

import os
import selectors
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
from tests.support.hostile import UNSIGNED
from tests.support.raw import Answer, Connection, Cut, request_bytes
from tests.support.stand import ALICE, EVE, Stand, Straits, eventually, standing

PATIENCE = {"first_byte": 2.0, "head": 2.0, "keep_alive": 2.0, "window": 1.0, "least": 30_000}
MOST = 1200
MIB = 1 << 20
SOON = 20.0
LISTENING = 3
"""Sockets of a server without a client: the port, the control socket, and the loop's own."""
KEPT = 12


@pytest.fixture(scope="module")
def hasty(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stand]:
    with standing(tmp_path_factory.mktemp("hasty"), Straits(PATIENCE, MOST, 8192)) as running:
        yield running


@pytest.fixture
def stand(hasty: Stand) -> Iterator[Stand]:
    """After each test all is back at base: sockets, files, staged bytes. What is kept for the next (a connection to the
    database, a directory) is kept once."""
    hasty.leave()
    hasty.answers.clear()
    assert eventually(lambda: hasty.sockets() <= LISTENING, SOON)
    descriptors = len(list(hasty.descriptors()))
    yield hasty
    hasty.leave()
    assert eventually(lambda: hasty.sockets() <= LISTENING, SOON), list(hasty.descriptors())
    assert eventually(lambda: not hasty.open_blobs(), SOON), hasty.open_blobs()
    assert len(list(hasty.descriptors())) <= descriptors + KEPT, list(hasty.descriptors())
    assert eventually(lambda: not [name for name in hasty.blobs() if name.startswith("staging")])
    hasty.check_alive()
    hasty.leave()


@pytest.fixture
def bucket(stand: Stand) -> str:
    name = stand.make_bucket()
    stand.leave()
    return name


def threads_of(stand: Stand) -> int:
    return len(os.listdir(f"/proc/{stand.server.process.pid}/task"))


def ends(connection: Connection) -> bytes:
    """What the server says before it closes; AssertionError when it does not close soon."""
    connection.socket.settimeout(SOON)
    content = b""
    with suppress(ConnectionError):
        while piece := connection.socket.recv(1 << 16):
            content += piece
    return content


def test_f1_connect_and_send_nothing(stand: Stand) -> None:
    with stand.connect() as connection:
        assert ends(connection) == b""


def test_f2_a_byte_of_the_header_at_a_time(stand: Stand) -> None:
    """Dripping buys no time."""
    raw = stand.spell("GET", "/")
    with stand.connect() as connection:
        for start in range(len(raw)):
            connection.socket.settimeout(0.05)
            try:
                connection.socket.sendall(raw[start : start + 1])
                said = connection.socket.recv(1 << 16)
            except TimeoutError:
                continue
            except ConnectionError:
                break
            assert b"<Code>RequestTimeout</Code>" in said
            break
        else:
            raise AssertionError("the whole header was taken")


def test_f2_a_body_that_stands_still(stand: Stand, bucket: str) -> None:
    with stand.connect() as connection:
        connection.send(stand.spell("PUT", f"/{bucket}/key", payload=UNSIGNED, length=str(8 * MIB)) + bytes(MIB))
        assert b"<Code>RequestTimeout</Code>" in ends(connection)


def test_f4_who_does_not_read(stand: Stand, bucket: str) -> None:
    """Not at all, or a byte a while: memory stays bounded, and the connection and what it reads from are let go."""
    assert stand.send(stand.spell("PUT", f"/{bucket}/key", body=bytes(64 * MIB)), "PUT").status == 200
    base, memory = stand.sockets(), stand.memory()
    with ExitStack() as stack:
        connections = [stack.enter_context(stand.connect()) for _ in range(20)]
        for connection in connections:
            connection.send(stand.spell("GET", f"/{bucket}/key") * 3)
        for _ in range(40):
            if stand.sockets() <= base:
                break
            assert stand.memory() - memory < 32 * MIB
            for connection in connections[:5]:
                with suppress(ConnectionError):
                    connection.socket.recv(1)
            time.sleep(0.1)
        assert eventually(lambda: stand.sockets() <= base and not stand.open_blobs(), SOON)
    assert stand.send(stand.spell("DELETE", f"/{bucket}/key"), "DELETE").status == 204


def test_f5_a_thousand_idle_connections(stand: Stand, bucket: str) -> None:
    assert stand.send(stand.spell("PUT", f"/{bucket}/key", body=b"content"), "PUT").status == 200
    base, memory = stand.sockets(), stand.memory()
    with ExitStack() as stack:
        raw = stand.spell("GET", f"/{bucket}/key")
        for _ in range(1000):
            connection = stack.enter_context(stand.connect())
            connection.send(raw)
            assert connection.receive().status == 200
        assert stand.memory() - memory < 1000 * (64 << 10)
        assert eventually(lambda: stand.sockets() <= base, SOON)


def test_f6_five_thousand_connections(stand: Stand) -> None:
    """Served or told SlowDown, in S3's words; and well after it."""
    raw = request_bytes("GET", "/-/live", [("Host", stand.host)])
    address = ("127.0.0.1", int(stand.url.rpartition(":")[2]))
    said: Counter[str] = Counter()
    for _ in range(5):
        with selectors.DefaultSelector() as selector, ExitStack() as stack:
            for _ in range(1000):
                each = stack.enter_context(socket.create_connection(address, timeout=SOON))
                selector.register(each, selectors.EVENT_READ, bytearray())
                with suppress(ConnectionError):
                    each.sendall(raw)
            said.update(_first_words(selector))
            if len(said) == 1:  # all were served: crowd the next in with these
                for _ in range(MOST):
                    each = stack.enter_context(socket.create_connection(address, timeout=SOON))
                    selector.register(each, selectors.EVENT_READ, bytearray())
                said.update(_first_words(selector, waits=False))
    assert set(said) <= {"200", "503", ""}
    assert said["200"] >= 1000
    assert said["503"] >= 100


def _first_words(selector: selectors.BaseSelector, *, waits: bool = True) -> Iterator[str]:
    """The status each connection is answered with, empty for none."""
    end = time.monotonic() + SOON
    while selector.get_map() and time.monotonic() < end:
        found = selector.select(SOON if waits else 0.2)
        if not found:
            break
        for key, _ in found:
            assert isinstance(key.fileobj, socket.socket)
            selector.unregister(key.fileobj)
            try:
                words = key.fileobj.recv(4096)
            except ConnectionError:
                words = b""
            assert not words.startswith(b"HTTP/1.1 503") or b"<Code>SlowDown</Code>" in words
            yield words[9:12].decode()


def test_f6_what_is_open_goes_on_when_the_house_is_full(stand: Stand, bucket: str) -> None:
    with ExitStack() as stack:
        mine = stack.enter_context(stand.connect())
        for _ in range(MOST + 50):
            stack.enter_context(stand.connect())
        for number in range(5):
            mine.send(stand.spell("PUT", f"/{bucket}/{number}", body=b"content"))
            assert mine.receive("PUT").status == 200


def test_f8_five_hundred_aborted_transfers(stand: Stand, bucket: str) -> None:
    """Uploads left at any point, downloads at any: descriptors, threads and staged files are back at base."""
    assert stand.send(stand.spell("PUT", f"/{bucket}/key", body=bytes(2 * MIB)), "PUT").status == 200
    upload = stand.spell("PUT", f"/{bucket}/other", payload=UNSIGNED, length=str(4 * MIB))
    download = stand.spell("GET", f"/{bucket}/key")
    held = stand.blobs()
    threads = threads_of(stand)
    for turn in range(250):
        with stand.connect() as connection:
            connection.send(upload + bytes(turn * 8000))
        with stand.connect() as connection:
            connection.send(download)
            connection.socket.recv(1 + turn * 4000)
    assert eventually(lambda: stand.blobs() <= held, SOON), stand.blobs() - held
    assert eventually(lambda: not stand.open_blobs(), SOON)
    assert threads_of(stand) <= threads + 16  # pools have grown to what they hold, and no further
    assert stand.send(stand.spell("GET", f"/{bucket}/key")).body == bytes(2 * MIB)
    assert stand.holds(bucket)[0] == ["key"]


def test_f9_a_tenant_that_saturates_starves_nobody(stand: Stand, bucket: str) -> None:
    """While one asks for all it can on many connections, ahead of the answers, another's requests are answered."""
    other = stand.make_bucket(by=EVE)
    stand.leave()
    assert stand.send(stand.spell("PUT", f"/{bucket}/key", body=bytes(200_000)), "PUT").status == 200
    is_over = threading.Event()
    served = Counter[int]()

    def saturate() -> None:
        while not is_over.is_set():
            with stand.connect(seconds=SOON) as connection, suppress(Cut):
                connection.send(stand.spell("GET", f"/{bucket}/key") * 20)
                for _ in range(20):
                    served[connection.receive().status] += 1

    greedy = [threading.Thread(target=saturate) for _ in range(8)]
    for each in greedy:
        each.start()
    try:
        assert eventually(lambda: served[200] > 20)
        for number in range(10):
            put = stand.spell("PUT", f"/{other}/{number}", body=b"content", by=EVE)
            assert stand.send(put, "PUT").status == 200
            assert stand.send(stand.spell("GET", f"/{other}/{number}", by=EVE)).body == b"content"
    finally:
        is_over.set()
        for each in greedy:
            each.join()
    assert set(served) == {200}


def test_r7_out_of_descriptors(tmp_path: Path) -> None:
    """Whoever was let in gets 503 where a file is needed; afterwards all is as before."""
    with standing(tmp_path, Straits({}, 1000, 64)) as stand:
        bucket = stand.make_bucket()
        raw = stand.spell("PUT", f"/{bucket}/key", body=bytes(MIB), by=ALICE)
        stand.leave()
        with ExitStack() as stack:
            mine = stack.enter_context(stand.connect())
            mine.send(stand.spell("GET", f"/{bucket}?list-type=2"))
            assert mine.receive().status == 200
            for _ in range(100):
                with suppress(OSError):
                    stack.enter_context(stand.connect())
            mine.send(raw)
            assert mine.receive("PUT").status in (200, 503)
        assert eventually(lambda: _asked(stand, raw).status == 200)
        assert eventually(lambda: not [name for name in stand.blobs() if name.startswith("staging")])


def _asked(stand: Stand, raw: bytes) -> Answer:
    """The answer to a PUT, status 0 where there is none."""
    try:
        return stand.send(raw, "PUT")
    except (Cut, OSError):
        return Answer(0, (), b"")
