"""The load driver: keep-alive connections on one epoll loop, each with the next request as soon as it is answered.

It sends bytes that were made before and looks at answers only as far as their length, so that it costs less than any
server it measures.
"""

from __future__ import annotations

import gc
import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import NamedTuple

from benchmarks.signing import Request

SECONDS = 120
BUFFER = 1 << 20
JOINED = 1 << 16  # bodies up to here go out in one piece with their head
HEADER_END = b"\r\n\r\n"
CHUNKED_END = b"\r\n0\r\n\r\n"
BODILESS = (b"204", b"304")

Sink = Callable[[memoryview], object]
Clock = Callable[[], float]


class Refused(Exception):
    """The server answered with something else than success, or closed the connection."""


class Sample(NamedTuple):
    """What one run showed: operations, wall seconds, CPU seconds of the driver and of the server (None where nobody
    knows), latencies in seconds, ascending."""

    operations: int
    wall: float
    own: float
    cpu: float | None
    latencies: Sequence[float]

    @property
    def rate(self) -> float:
        return self.operations / self.wall

    def percentile(self, percent: float) -> float:
        return self.latencies[min(int(len(self.latencies) * percent / 100), len(self.latencies) - 1)]


class _Connection:
    """One keep-alive connection and the requests it still has to make."""

    def __init__(self, address: tuple[str, int], requests: Iterable[Request]) -> None:
        self.socket = socket.create_connection(address, timeout=SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.requests: Iterator[Request] = iter(requests)
        self.unsent = memoryview(b"")
        self.blocks = 0
        self.body = b""
        self.head = b""
        self.left = -1
        self.began = 0.0
        self.is_head = self.is_chunked = False

    def begin(self) -> bool:
        """Send the next request, as far as the socket takes it; False when there is none."""
        request = next(self.requests, None)
        if request is None:
            return False
        head, body, repeats = request
        self.is_head = head[0] == 72
        self.head, self.left = b"", -1
        self.began = time.perf_counter()
        if len(body) <= JOINED and repeats == 1:
            head, repeats = head + body, 0
        self.unsent, self.body, self.blocks = memoryview(head), body, repeats
        self.push()
        return True

    def push(self) -> None:
        while True:
            while self.unsent:
                try:
                    sent = self.socket.send(self.unsent)
                except BlockingIOError:
                    return
                self.unsent = self.unsent[sent:]
            if not self.blocks:
                return
            self.blocks -= 1
            self.unsent = memoryview(self.body)

    def take(self, data: memoryview, sink: Sink | None) -> bool:
        """See a piece of the answer; whether it is whole."""
        if self.left < 0:
            self.head += bytes(data)
            end = self.head.find(HEADER_END)
            if end < 0:
                return False
            data = memoryview(self.head)[end + 4 :]
            self._read_header(self.head[:end])
        if self.is_chunked:
            self.head = (self.head if data.obj is self.head else self.head + bytes(data))[-65536:]
            return self.head.endswith(CHUNKED_END)
        if sink is not None and data:
            sink(data)
        self.left -= len(data)
        return self.left == 0

    def _read_header(self, head: bytes) -> None:
        status, lines = head[9:12], head.lower()
        if status[:1] != b"2":
            raise Refused(self.head.decode("latin-1"))
        place = lines.find(b"\r\ncontent-length:")
        self.is_chunked = place < 0 and b"\r\ntransfer-encoding: chunked" in lines
        if self.is_head or status in BODILESS or place < 0:
            self.left = 0
        else:
            self.left = int(lines[place + 17 :].partition(b"\r\n")[0])


def drive(
    address: tuple[str, int],
    scripts: Sequence[Iterable[Request]],
    *,
    clock: Clock | None = None,
    sink: Sink | None = None,
    limit: float = SECONDS,
) -> Sample:
    """Run each script on a connection of its own, all at once, until they end or ``limit`` seconds are over.

    ``clock`` tells the server's CPU seconds so far; ``sink`` sees the bytes of all answers' bodies. Refused, OSError.
    """
    connections = {}
    poll = select.epoll()
    buffer = memoryview(bytearray(BUFFER))
    for script in scripts:
        connection = _Connection(address, script)
        connections[connection.socket.fileno()] = connection
        poll.register(connection.socket, select.EPOLLIN | select.EPOLLOUT | select.EPOLLET)
    latencies: list[float] = []
    before = clock() if clock else 0.0
    gc.collect()
    gc.disable()
    own, began = time.process_time(), time.perf_counter()
    deadline = began + limit
    try:
        busy = sum([connection.begin() for connection in connections.values()])
        while busy:
            events = poll.poll(SECONDS)
            if not events:
                raise Refused(f"no answer for {SECONDS} s")
            for number, event in events:
                connection = connections[number]
                if event & select.EPOLLOUT and (connection.unsent or connection.blocks):
                    connection.push()
                if event & ~select.EPOLLOUT:
                    busy -= _receive(connection, buffer, sink, latencies, deadline)
    finally:
        wall, own = time.perf_counter() - began, time.process_time() - own
        gc.enable()
        for connection in connections.values():
            connection.socket.close()
        poll.close()
    latencies.sort()
    return Sample(len(latencies), wall, own, clock() - before if clock else None, latencies)


def _receive(
    connection: _Connection, buffer: memoryview, sink: Sink | None, latencies: list[float], deadline: float
) -> int:
    """Take what has come (the events are edges: all of it); 1 when the connection has nothing more to do."""
    while True:
        try:
            count = connection.socket.recv_into(buffer)
        except BlockingIOError:
            return 0
        if not count:
            raise Refused("the server closed the connection")
        if connection.take(buffer[:count], sink):
            now = time.perf_counter()
            latencies.append(now - connection.began)
            if now > deadline or not connection.begin():
                return 1
            return 0


def ask(address: tuple[str, int], request: Request) -> bytes:
    """One request on a connection of its own; the body of its answer. Refused, OSError."""
    pieces: list[bytes] = []
    drive(address, [[request]], sink=lambda data: pieces.append(bytes(data)))
    return b"".join(pieces)


def deal(requests: Sequence[Request], connections: int) -> list[Sequence[Request]]:
    """Requests dealt out to connections, in turn."""
    return [requests[number::connections] for number in range(connections)]
