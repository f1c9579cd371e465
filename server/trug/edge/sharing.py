"""The S3 port of one of several processes that accept on the same sockets: none takes more than its share."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable
from contextlib import suppress
from typing import Protocol

from trug.edge.connection import Connection
from trug.edge.gateway import Gateway
from trug.edge.patience import Patience
from trug.edge.port import BACKLOG, HANDSHAKE_SECONDS, Port

DEFERENCE = 0.001
"""For how many seconds a process that has more connections than another leaves the door to it."""

REST = 1.0
"""How many seconds to wait when the system has no room for another connection."""


class Crowd(Protocol):
    """How many connections the processes have."""

    def count_connections(self, number: int) -> None:
        """Say how many this one has."""
        ...

    def fewest_connections(self) -> int | None:
        """Of another process; None when there is none."""
        ...


class SharedPort(Port):
    """A port that lets in one connection at a time, and those with fewer connections first.

    All processes wait at one queue, so that whoever lives empties it. Left alone, the first to wake takes all: of 16
    connections made at once by one client, 16 went to one of two processes. With a queue for each (SO_REUSEPORT) the
    system draws lots, 2 to 8 of 16 at four processes; macOS gives all to one, and what waits for a process that has
    crashed waits for the next. This way it is 4, one more or less, for 50 µs a connection.
    """

    def __init__(self, gateway: Gateway, patience: Patience, *, most: int, crowd: Crowd) -> None:
        super().__init__(gateway, patience, most=most)
        self._crowd = crowd
        self._doors: list[socket.socket] = []
        self._entering: set[asyncio.Task[None]] = set()
        self._tls: ssl.SSLContext | None = None

    async def listen(self, sockets: Iterable[socket.socket], tls: ssl.SSLContext | None = None) -> None:
        self._tls = tls
        for bound in sockets:
            bound.listen(BACKLOG)
            self._doors.append(bound)
            self.loop.add_reader(bound, self._hear, bound)

    async def drain(self, seconds: float) -> None:
        for door in self._doors:
            self.loop.remove_reader(door)
            door.close()
        await super().drain(seconds)

    def leave(self, connection: Connection) -> None:
        super().leave(connection)
        self._count()

    def _hear(self, door: socket.socket) -> None:
        """Somebody is at the door."""
        mine, others = self._count(), self._crowd.fewest_connections()
        if others is not None and mine > others + 1 + others // 8:
            self._rest(door, DEFERENCE)
        else:
            self._let_in(door)

    def _rest(self, door: socket.socket, seconds: float) -> None:
        self.loop.remove_reader(door)
        self.loop.call_later(seconds, self._come_back, door)

    def _come_back(self, door: socket.socket) -> None:
        if not self.is_closing:
            self.loop.add_reader(door, self._hear, door)
            self._let_in(door)

    def _let_in(self, door: socket.socket) -> None:
        try:
            accepted, _ = door.accept()
        except (BlockingIOError, InterruptedError, ConnectionAbortedError):
            return
        except OSError:
            self._rest(door, REST)
            return
        accepted.setblocking(False)
        with suppress(OSError):  # it may have gone
            accepted.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        task = self.loop.create_task(self._receive(accepted))
        self._entering.add(task)
        task.add_done_callback(self._entering.discard)
        self._count()

    async def _receive(self, accepted: socket.socket) -> None:
        handshake = HANDSHAKE_SECONDS if self._tls is not None else None
        with suppress(OSError):  # a handshake that failed, a client that has gone
            await self.loop.connect_accepted_socket(
                self._connection, accepted, ssl=self._tls, ssl_handshake_timeout=handshake
            )

    def _count(self) -> int:
        number = self.open_connections + len(self._entering)
        self._crowd.count_connections(number)
        return number
