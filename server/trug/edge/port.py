"""The S3 port: listens, counts its connections, keeps their time, and lets them end."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterable

from trug.edge.connection import Connection
from trug.edge.gateway import Gateway
from trug.edge.patience import Patience

TICK = 0.5
LATE = 2.0
"""A clock that is this many seconds late stood still with everything else (a stopped process, a full machine): what the
clients did meanwhile has not been read yet, and is not held against them before it is."""
BACKLOG = 2048
HANDSHAKE_SECONDS = 10.0
TURNED_AWAY = 256
"""So many at once are told SlowDown and may read it; who comes beyond them is cut off."""
LAST_SECONDS = 2.0
"""For the work of connections that were cut to clean up after itself, and again for what had to be cancelled."""


class Port:
    """Serves a gateway on sockets. At most ``most`` connections at once; who comes beyond that is told SlowDown.

    ``now`` is the loop's time, up to ``TICK`` seconds old: deadlines need no better, and asking costs each request.
    """

    def __init__(self, gateway: Gateway, patience: Patience, *, most: int) -> None:
        self.gateway = gateway
        self.patience = patience
        self.loop = asyncio.get_running_loop()
        self.now = self.loop.time()
        self.is_closing = False
        self._most = most
        self._connections: set[Connection] = set()
        self._servers: list[asyncio.Server] = []
        self._all_left: asyncio.Future[None] | None = None
        self._clock = self.loop.call_later(TICK, self._tick)

    @property
    def open_connections(self) -> int:
        """Those that are open, and those that are gone but for which something is still under way."""
        return len(self._connections)

    async def listen(self, sockets: Iterable[socket.socket], tls: ssl.SSLContext | None = None) -> None:
        """Accept on these bound sockets."""
        handshake = HANDSHAKE_SECONDS if tls is not None else None
        for bound in sockets:
            server = await self.loop.create_server(
                self._connection, sock=bound, ssl=tls, ssl_handshake_timeout=handshake, backlog=BACKLOG
            )
            self._servers.append(server)

    async def drain(self, seconds: float) -> None:
        """Accept no more, and wait so long at most for what is in flight; what is left then is cut. When this returns,
        nothing is under way for any connection."""
        self.is_closing = True
        for server in self._servers:
            server.close()
        for connection in list(self._connections):
            connection.retire()
        await self._empty_within(seconds)
        self.cut()
        await self._empty_within(LAST_SECONDS)
        for connection in list(self._connections):
            connection.cancel()
        await self._empty_within(LAST_SECONDS)
        self._clock.cancel()

    def cut(self) -> None:
        """End all connections at once, in the middle of whatever they do."""
        for connection in list(self._connections):
            connection.cut()

    def enter(self, connection: Connection) -> bool:
        self._connections.add(connection)
        if len(self._connections) > self._most + TURNED_AWAY:
            connection.cut()
        return len(self._connections) <= self._most

    def leave(self, connection: Connection) -> None:
        self._connections.discard(connection)
        if not self._connections and self._all_left is not None and not self._all_left.done():
            self._all_left.set_result(None)

    async def _empty_within(self, seconds: float) -> None:
        if self._connections:
            self._all_left = self.loop.create_future()
            await asyncio.wait((self._all_left,), timeout=seconds)

    def _connection(self) -> Connection:
        return Connection(self)

    def _tick(self) -> None:
        self._clock = self.loop.call_later(TICK, self._tick)
        now = self.loop.time()
        late, self.now = now - self.now - TICK, now
        if late > LATE:
            return
        for connection in list(self._connections):
            connection.tick(self.now)
