"""A worker: one of the processes that serve a directory together, told what to do by their supervisor."""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Mapping, Sequence

from trug.app import Membership, Service, build_observer
from trug.edge.sharing import SharedPort
from trug.observe import Observer
from trug.serving import S3Port, announcement, management, most_connections, patience_of, run
from trug.settings import Settings, from_text
from trug.sockets import Doors, urls_of

logger = logging.getLogger(__name__)

ORPHAN_SECONDS = 0.5
"""What requests in flight get when the supervisor has died: the next one waits for 2 s."""

LAST_SECONDS = 1.5
"""After that the orphan ends, wherever it is."""


def work(index: int, link: int, sockets: Sequence[int], console: Sequence[int]) -> int:
    """Serve on these descriptors, those of the S3 port and of the management port (one worker has it), as the
    supervisor at the other end of ``link`` says; the exit code. What ``Store.open`` raises."""
    for number in (signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)  # a terminal sends them to all: the supervisor passes them on
    supervisor = Supervisor(socket.socket(fileno=link))
    settings = from_text(supervisor.order())
    order, fate = supervisor.first_order()
    if not order:
        return 0
    membership = Membership(index, settings.workers, order == "begin", supervisor.is_gone)
    doors = Doors(*([socket.socket(fileno=descriptor) for descriptor in each] for each in (sockets, console)))
    return run(_serve(settings, membership, supervisor, doors, fate), settings)


class Supervisor:
    """The supervisor as a worker knows it: orders in lines of text, reports in lines of JSON."""

    def __init__(self, link: socket.socket) -> None:
        self._link = link
        self._heard = b""

    def order(self) -> str:
        """The next order, however long it takes; empty when the supervisor is gone."""
        while b"\n" not in self._heard:
            piece = self._link.recv(1 << 16)
            if not piece:
                return ""
            self._heard += piece
        line, _, self._heard = self._heard.partition(b"\n")
        return line.decode()

    def first_order(self) -> tuple[str, str]:
        """``begin`` or ``join``, and what became of the worker whose place this one takes. Empty: end."""
        while order := self.order():
            name, _, rest = order.partition(" ")
            if name in ("begin", "join"):
                return name, rest
            if name in ("drain", "stop"):
                break
        return "", ""

    def is_gone(self) -> bool:
        """Whether nobody holds the other end any more."""
        try:
            return not self._link.recv(1, socket.MSG_PEEK | socket.MSG_DONTWAIT)
        except BlockingIOError:
            return False
        except OSError:
            return True

    def report(self, **said: object) -> None:
        """Who is gone need not hear it."""
        with contextlib.suppress(OSError):
            self._link.sendall(json.dumps(said).encode() + b"\n")

    def obey(self, orders: Mapping[str, Callable[[], None]]) -> None:
        """Carry orders out as they come; the empty one when the supervisor is gone."""
        self._link.setblocking(False)
        asyncio.get_running_loop().add_reader(self._link, self._hear, orders)
        self._carry_out(orders)

    def _hear(self, orders: Mapping[str, Callable[[], None]]) -> None:
        try:
            piece = self._link.recv(1 << 16)
        except BlockingIOError:
            return
        except OSError:
            piece = b""
        self._heard += piece
        if not piece:
            asyncio.get_running_loop().remove_reader(self._link)
            self._heard += b"\n"
        self._carry_out(orders)

    def _carry_out(self, orders: Mapping[str, Callable[[], None]]) -> None:
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            orders[line.decode()]()


async def _serve(
    settings: Settings,
    membership: Membership,
    supervisor: Supervisor,
    doors: Doors,
    fate: str,
) -> int:
    """``fate`` is what became of the worker whose place this one takes."""
    if fate:
        logger.warning("worker %d takes the place of one that %s", membership.index, fate)
    observer = build_observer(settings, is_terminal=sys.stderr.isatty())
    service = Service(settings, observer, membership)
    await service.start()
    try:
        if membership.is_first:
            supervisor.report(opened=announcement(service.store, *(urls_of(settings, each) for each in doors)))
        port = _port(settings, service, observer)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, port.drain)
        supervisor.obey(
            {
                "drain": port.drain,
                "stop": port.stop,
                "reload": port.reload_certificate,
                "": lambda: _end_soon(port),
            }
        )
        async with _management(service, membership, doors):
            await port.serve(doors.s3, lambda: supervisor.report(ready=os.getpid()))
    finally:
        await service.stop()
    return 0


def _port(settings: Settings, service: Service, observer: Observer) -> S3Port:
    seat = service.store.seat
    assert seat is not None  # noqa: S101 - every member has one
    shared = SharedPort(service.gateway, patience_of(settings), most=most_connections(), crowd=seat)
    return S3Port(settings, shared, observer)


def _management(service: Service, membership: Membership, doors: Doors) -> contextlib.AbstractAsyncContextManager[None]:
    return management(service, doors) if membership.leads else contextlib.nullcontext()


def _end_soon(port: S3Port) -> None:
    """The supervisor is gone: another may want the directory."""
    logger.warning("the supervisor is gone: this worker ends")
    port.drain(seconds=ORPHAN_SECONDS)
    asyncio.get_running_loop().call_later(LAST_SECONDS, os._exit, 1)
