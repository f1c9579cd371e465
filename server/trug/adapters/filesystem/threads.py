"""Work on threads that is never left behind."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Executor
from contextlib import suppress
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


async def run(executor: Executor, work: Callable[[*Arguments], T], *args: *Arguments) -> T:
    """Do ``work`` on a thread; when cancelled, wait for its end first.

    A system call cannot be called back, and while it runs its buffer and its descriptor must stay what they are.
    """
    running = asyncio.get_running_loop().run_in_executor(executor, work, *args)
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        await _end_of(running)
        raise


async def _end_of(running: asyncio.Future[T]) -> None:
    while not running.done():
        with suppress(asyncio.CancelledError):
            await asyncio.wait([running])
    running.exception()  # looked at, so that asyncio does not report it as never retrieved
