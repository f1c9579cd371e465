"""A gateway that listens on a free port, behind any of its doors."""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from functools import partial
from typing import Any

import uvicorn
import uvloop
from tests.support.certificates import trusting_context

from trug.edge.asgi import Application
from trug.edge.gateway import Gateway
from trug.edge.patience import Patience
from trug.edge.port import Port

SECONDS = 10.0
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "asyncio": asyncio.new_event_loop,
    "uvloop": uvloop.new_event_loop,
}
DOORS = ("own", "own on uvloop", "uvicorn with httptools", "uvicorn with h11")


class Served:
    """A gateway that listens in a thread of its own until the block is left.

    ``port`` is the server's own port object where the door is ours. ``drained`` says how long it waited at the end for
    what was in flight.
    """

    def __init__(
        self,
        gateway: Gateway,
        door: str = "own",
        *,
        patience: Patience | None = None,
        most: int = 100,
        tls: ssl.SSLContext | None = None,
        drains: float = 1.0,
    ) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self.listener.getsockname()
        self.gateway = gateway
        self.patience = patience or Patience()
        self.most = most
        self.tls = tls
        self.drains = drains
        self.complaints: list[dict[str, Any]] = []
        self._begun: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=(door,))

    def _run(self, door: str) -> None:
        with asyncio.Runner(loop_factory=LOOPS["uvloop" if door.endswith("uvloop") else "asyncio"]) as runner:
            self.loop = runner.get_loop()
            self.loop.set_exception_handler(lambda _, context: self.complaints.append(context))
            self._over = asyncio.Event()
            runner.run(self._doors(door)())

    def _doors(self, door: str) -> Callable[[], Coroutine[Any, Any, None]]:
        return self._own if door.startswith("own") else partial(self._asgi, door.rpartition(" ")[2])

    async def _own(self) -> None:
        self.port = Port(self.gateway, self.patience, most=self.most)
        await self.port.listen([self.listener], self.tls)
        self._begun.set_result(None)
        await self._over.wait()
        await self.port.drain(self.drains)

    async def _asgi(self, parser: Any) -> None:
        config = uvicorn.Config(
            Application(self.gateway),
            http=parser,
            ws="none",
            lifespan="on",
            log_level="critical",
            server_header=False,
            date_header=False,
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([self.listener]))
        self._begun.set_result(None)
        await self._over.wait()
        server.should_exit = True
        await serving

    def __enter__(self) -> Served:
        self._thread.start()
        self._begun.result(SECONDS)
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        self.join()
        self.listener.close()

    def stop(self) -> None:
        """Begin to drain."""
        if self._thread.is_alive():
            self.loop.call_soon_threadsafe(self._over.set)

    def join(self) -> None:
        self._thread.join(SECONDS * 3)
        assert not self._thread.is_alive()

    def run(self, what: Callable[[], Any]) -> Any:
        """Do something in the server's thread."""
        done: Future[Any] = Future()
        self.loop.call_soon_threadsafe(lambda: done.set_result(what()))
        return done.result(SECONDS)

    def connect(self) -> socket.socket:
        plain = socket.create_connection(self.address, timeout=SECONDS)
        return trusting_context().wrap_socket(plain) if self.tls is not None else plain


def everything_from(connection: socket.socket) -> bytes:
    """All bytes until the server closes. A reset raises."""
    content = b""
    while chunk := connection.recv(65536):
        content += chunk
    return content


def answer_on(connection: socket.socket) -> tuple[bytes, bytes]:
    """One answer with a Content-Length: its head and its body. Not one byte of the next is taken."""
    head = b""
    while not head.endswith(b"\r\n\r\n"):
        byte = connection.recv(1)
        assert byte, head
        head += byte
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    [length] = [int(line.split(b":")[1]) for line in lengths]
    body = b""
    while len(body) < length:
        chunk = connection.recv(min(length - len(body), 65536))
        assert chunk, (head, len(body))
        body += chunk
    return head, body


def head_of(method: str, target: str, *lines: str, version: str = "1.1") -> bytes:
    return "\r\n".join([f"{method} {target} HTTP/{version}", "Host: localhost", *lines, "", ""]).encode()


def statuses_in(content: bytes) -> list[int]:
    """Of all answers in these bytes."""
    return [int(piece[:3]) for piece in content.split(b"HTTP/1.1 ")[1:]]
