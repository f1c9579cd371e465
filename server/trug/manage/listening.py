"""Ports of the management: bound at start, their HTTP server loaded by the first who knocks."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from typing import TYPE_CHECKING, Any

from trug.domain.frozen import frozen
from trug.manage.client import socket_path
from trug.manage.commands import Managed

if TYPE_CHECKING:
    import uvicorn

BACKLOG = 64
SECONDS_TO_END = 1
KEEP_ALIVE = 75


@frozen
class Manner:
    """How the management port is served: over TLS when there is a certificate; ``X-Forwarded-*`` is believed from
    ``proxies`` (CIDRs)."""

    certificate: str = ""
    key: str = ""
    proxies: tuple[str, ...] = ()
    seconds_to_end: int = SECONDS_TO_END


@contextlib.asynccontextmanager
async def control(managed: Managed, directory: str) -> AsyncIterator[None]:
    """Answer the command line in ``directory``; where the path would be too long for a socket, nobody is answered.
    OSError."""
    path = socket_path(directory)
    if path is None:
        yield
        return
    bound = _bind(path)
    try:
        async with listening([bound], lambda: _control_of(managed)):
            yield
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def _control_of(managed: Managed) -> Any:
    from trug.manage.control import Control

    return Control(managed)


@contextlib.asynccontextmanager
async def listening(
    sockets: Sequence[socket.socket], load: Callable[[], Any], manner: Manner | None = None
) -> AsyncIterator[None]:
    """Serve the ASGI application that ``load`` makes on bound ``sockets``, which are closed in the end.

    uvicorn and the application are imported at the first connection: a tenth of a second that a start need not wait
    for, and memory that many servers never need.
    """
    for bound in sockets:
        bound.listen(BACKLOG)
        bound.setblocking(False)
    ending = asyncio.Event()
    task = asyncio.create_task(_serve(sockets, load, manner or Manner(), ending))
    try:
        yield
    finally:
        ending.set()
        await task
        for bound in sockets:
            bound.close()


def _bind(path: str) -> socket.socket:
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    bound = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        bound.bind(path)
    except BaseException:
        bound.close()
        raise
    finally:
        os.umask(before)
    return bound


async def _serve(
    sockets: Sequence[socket.socket], load: Callable[[], Any], manner: Manner, ending: asyncio.Event
) -> None:
    ended = asyncio.create_task(ending.wait())
    knocked = asyncio.create_task(_readable(sockets))
    await asyncio.wait((ended, knocked), return_when=asyncio.FIRST_COMPLETED)
    if ending.is_set():
        knocked.cancel()
        await asyncio.wait((knocked,))
        return
    server = await asyncio.to_thread(_load_server, lambda: _with_ending(load(), ending), manner)
    serving = asyncio.create_task(server.serve(list(sockets)))
    await asyncio.wait((ended, serving), return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    await ended


def _with_ending(application: Any, ending: asyncio.Event) -> Any:
    """The application, its requests shown what says that the server is to stop (manage.api.visit)."""

    async def shown(scope: Any, receive: Any, send: Any) -> None:
        await application({**scope, "trug.ending": ending}, receive, send)

    return shown


async def _readable(sockets: Sequence[socket.socket]) -> None:
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    for bound in sockets:
        loop.add_reader(bound, readable.set)
    try:
        await readable.wait()
    finally:
        for bound in sockets:
            loop.remove_reader(bound)


def _load_server(load: Callable[[], Any], manner: Manner) -> uvicorn.Server:
    import uvicorn

    from trug.manage.heads import GuardedProtocol

    config = uvicorn.Config(
        load(),
        http=GuardedProtocol,
        lifespan="off",
        log_config=None,
        access_log=False,
        ws="none",
        server_header=False,
        timeout_keep_alive=KEEP_ALIVE,
        timeout_graceful_shutdown=manner.seconds_to_end,
        proxy_headers=bool(manner.proxies),
        forwarded_allow_ips=list(manner.proxies),
        ssl_certfile=manner.certificate or None,
        ssl_keyfile=manner.key or None,
    )
    logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # what happens to requests is in our own log
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    return server
