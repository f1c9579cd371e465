"""The load driver: keep-alive connections on epoll, each with the next request as soon as it is answered.

It sends bytes that were made before and looks at an answer only as far as its status and its length, so that it costs
less than any server it measures; whole bodies are compared by those who ask for single ones (``ask``).
"""

from __future__ import annotations

import gc
import os
import pickle
import re
import select
import socket
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import NamedTuple

from benchmarks.signing import Request

SECONDS = 120
BUFFER = 1 << 22
JOINED = 1 << 16  # bodies up to here go out in one piece with their head
HEADER_END = b"\r\n\r\n"
CHUNKED_END = b"\r\n0\r\n\r\n"
LENGTH = re.compile(rb"\r\ncontent-length: *([0-9]+)", re.IGNORECASE)
CHUNKED = re.compile(rb"\r\ntransfer-encoding: *chunked", re.IGNORECASE)
BODILESS = (b"204", b"304")
EVENTS = select.EPOLLIN | select.EPOLLOUT | select.EPOLLET
HEAD = ord("H")
TWO = ord("2")

Sink = Callable[[memoryview], object]
Clock = Callable[[], float]


class Refused(Exception):
    """The server answered with something else than what was to be expected, or closed the connection."""


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

    __slots__ = (
        *("answer", "began", "blocks", "body", "head", "is_chunked", "kind", "left", "receive", "requests"),
        *("send", "socket", "unsent"),
    )

    def __init__(self, address: tuple[str, int], requests: Iterable[Request]) -> None:
        self.socket = socket.create_connection(address, timeout=SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setblocking(False)
        self.send, self.receive = self.socket.send, self.socket.recv_into
        self.requests: Iterator[Request] = iter(requests)
        self.unsent = memoryview(b"")
        self.blocks = 0
        self.body = self.head = b""
        self.left = -1
        self.kind = 0
        self.answer: int | None = None
        self.began = 0.0
        self.is_chunked = False

    def begin(self) -> bool:
        """Send the next request, as far as the socket takes it; False when there is none."""
        request = next(self.requests, None)
        if request is None:
            return False
        head, body, repeats, self.answer = request
        self.kind = head[0]
        self.head, self.left = b"", -1
        if len(body) <= JOINED and repeats == 1:
            piece = head + body if body else head
            try:
                sent = self.send(piece)
            except BlockingIOError:
                sent = 0
            if sent < len(piece):
                self.unsent = memoryview(piece)[sent:]
        else:
            self.unsent, self.body, self.blocks = memoryview(head), body, repeats
            self.push()
        return True

    def push(self) -> None:
        while True:
            while self.unsent:
                try:
                    sent = self.send(self.unsent)
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
        if self.left < 0:
            raise Refused("more came than was announced")
        return self.left == 0

    def _read_header(self, head: bytes) -> None:
        status = head[9:12]
        if status[:1] != b"2":
            raise Refused(self.head.decode("latin-1"))
        found = LENGTH.search(head)
        self.is_chunked = found is None and CHUNKED.search(head) is not None
        length = int(found[1]) if found else 0
        if self.answer is not None and not self.is_chunked and length != self.answer:
            raise Refused(f"{self.answer} bytes were to come, not {length}:\n{head.decode('latin-1')}")
        self.left = 0 if self.kind == HEAD or status in BODILESS else length


def drive(
    address: tuple[str, int],
    scripts: Sequence[Iterable[Request]],
    *,
    clock: Clock | None = None,
    sink: Sink | None = None,
    limit: float = SECONDS,
    processes: int = 1,
) -> Sample:
    """Run each script on a connection of its own, all at once, until they end or ``limit`` seconds are over.

    ``clock`` tells the server's CPU seconds so far; ``sink`` sees the bytes of all answers' bodies, in one process
    only. Refused, OSError.
    """
    before = clock() if clock else 0.0
    if processes == 1 or len(scripts) < processes:
        sample = _drive(address, scripts, sink, limit)
    else:
        sample = _joined([_forked(address, scripts[number::processes], limit) for number in range(processes)])
    return sample._replace(cpu=clock() - before) if clock else sample


def _drive(address: tuple[str, int], scripts: Sequence[Iterable[Request]], sink: Sink | None, limit: float) -> Sample:
    connections: dict[int, _Connection] = {}
    poll = select.epoll()
    for script in scripts:
        connection = _Connection(address, script)
        connections[connection.socket.fileno()] = connection
        poll.register(connection.socket, EVENTS)
    latencies: list[float] = []
    gc.collect()
    gc.disable()
    own, began = time.process_time(), time.perf_counter()
    try:
        _run(connections, poll, sink, latencies, began + limit)
    finally:
        wall, own = time.perf_counter() - began, time.process_time() - own
        gc.enable()
        for connection in connections.values():
            connection.socket.close()
        poll.close()
    latencies.sort()
    return Sample(len(latencies), wall, own, None, latencies)


def _run(
    connections: dict[int, _Connection],
    poll: select.epoll,
    sink: Sink | None,
    latencies: list[float],
    deadline: float,
) -> None:
    """Until all scripts have ended. An answer that came in one piece, as long as the one before it to a request of this
    method, and with a status of 2xx, is not looked at any further: that is most of them, and halves their cost. Only
    where the length of the body is known beforehand, so that half an answer is never taken for a whole one."""
    buffer = memoryview(bytearray(BUFFER))
    lengths = [0] * 256
    clock, out = time.perf_counter, ~select.EPOLLOUT
    busy = 0
    for connection in connections.values():
        connection.began = clock()
        busy += connection.begin()
    while busy:
        events = poll.poll(SECONDS)
        if not events:
            raise Refused(f"no answer for {SECONDS} s")
        for number, event in events:
            connection = connections[number]
            if connection.unsent or connection.blocks:
                connection.push()
            if not event & out:
                continue
            if connection.left < 0 and not connection.head:
                try:
                    count = connection.receive(buffer)
                except BlockingIOError:
                    continue
                if sink is not None or count != lengths[connection.kind] or buffer[9] != TWO:
                    if _took(connection, buffer, count, sink):
                        lengths[connection.kind] = count if connection.answer is not None else 0
                    elif not _whole(connection, buffer, sink):
                        continue
            elif not _whole(connection, buffer, sink):
                continue
            now = clock()
            latencies.append(now - connection.began)
            connection.began = now
            if now > deadline or not connection.begin():
                busy -= 1


def _took(connection: _Connection, buffer: memoryview, count: int, sink: Sink | None) -> bool:
    if not count:
        raise Refused("the server closed the connection")
    return connection.take(buffer[:count], sink)


def _whole(connection: _Connection, buffer: memoryview, sink: Sink | None) -> bool:
    """Take what has come (the events are edges: all of it); whether the answer is whole."""
    while True:
        try:
            count = _more(connection, buffer, sink)
        except BlockingIOError:
            return False
        if _took(connection, buffer, count, sink):
            return True


def _more(connection: _Connection, buffer: memoryview, sink: Sink | None) -> int:
    """Receive; what nobody wants to see is not even copied out of the kernel (Linux drops it: MSG_TRUNC)."""
    if sink is None and connection.left > 0 and not connection.is_chunked:
        return connection.receive(buffer, min(connection.left, BUFFER), socket.MSG_TRUNC)
    return connection.receive(buffer)


def _forked(address: tuple[str, int], scripts: Sequence[Iterable[Request]], limit: float) -> tuple[int, int]:
    """A process that drives some of the connections, and where it will write what it saw."""
    read, write = os.pipe()
    child = os.fork()
    if child:
        os.close(write)
        return child, read
    try:
        os.close(read)
        found: Sample | Exception
        try:
            found = _drive(address, scripts, None, limit)
        except Exception as error:  # it is the parent's to raise
            found = Refused(repr(error))
        with os.fdopen(write, "wb") as out:
            pickle.dump(found, out)
    finally:
        os._exit(0)


def _joined(children: Sequence[tuple[int, int]]) -> Sample:
    found = []
    for child, read in children:
        with os.fdopen(read, "rb") as told, suppress(EOFError):
            found.append(pickle.load(told))
        os.waitpid(child, 0)
    for one in found:
        if isinstance(one, Exception):
            raise one
    if len(found) < len(children):
        raise Refused("a driver ended without a word")
    latencies = sorted(latency for sample in found for latency in sample.latencies)
    return Sample(
        len(latencies), max(sample.wall for sample in found), sum(sample.own for sample in found), None, latencies
    )


def ask(address: tuple[str, int], request: Request) -> bytes:
    """One request on a connection of its own; the body of its answer. Refused, OSError."""
    pieces: list[bytes] = []
    drive(address, [[request]], sink=lambda data: pieces.append(bytes(data)))
    return b"".join(pieces)


def deal(requests: Sequence[Request], connections: int) -> list[Sequence[Request]]:
    """Requests dealt out to connections, in turn."""
    return [requests[number::connections] for number in range(connections)]
