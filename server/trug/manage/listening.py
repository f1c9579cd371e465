"""The Unix socket of the commands: bound at start, its HTTP server loaded by the first who knocks."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from trug.manage.client import socket_path
from trug.manage.commands import Managed

if TYPE_CHECKING:
    import uvicorn

BACKLOG = 64
SECONDS_TO_END = 1


@contextlib.asynccontextmanager
async def control(managed: Managed, directory: str) -> AsyncIterator[None]:
    """Answer the command line in ``directory``; where the path would be too long for a socket, nobody is answered.

    uvicorn is imported at the first connection: 60 ms that a start need not wait for, and 5 MiB. OSError.
    """
    path = socket_path(directory)
    if path is None:
        yield
        return
    bound = _bind(path)
    ending = asyncio.Event()
    task = asyncio.create_task(_serve(bound, managed, ending))
    try:
        yield
    finally:
        ending.set()
        await task
        bound.close()
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


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
    bound.listen(BACKLOG)
    bound.setblocking(False)
    return bound


async def _serve(bound: socket.socket, managed: Managed, ending: asyncio.Event) -> None:
    ended = asyncio.create_task(ending.wait())
    knocked = asyncio.create_task(_readable(bound))
    await asyncio.wait((ended, knocked), return_when=asyncio.FIRST_COMPLETED)
    if ending.is_set():
        knocked.cancel()
        await asyncio.wait((knocked,))
        return
    server = await asyncio.to_thread(_load_server, managed)
    serving = asyncio.create_task(server.serve([bound]))
    await asyncio.wait((ended, serving), return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    await serving
    await ended


async def _readable(bound: socket.socket) -> None:
    loop, readable = asyncio.get_running_loop(), asyncio.Event()
    loop.add_reader(bound, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(bound)


def _load_server(managed: Managed) -> uvicorn.Server:
    import uvicorn

    from trug.manage.control import Control

    config = uvicorn.Config(
        Control(managed),
        lifespan="off",
        log_config=None,
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=SECONDS_TO_END,
    )
    server = uvicorn.Server(config)
    server.capture_signals = contextlib.nullcontext  # type: ignore[method-assign, assignment]
    return server
