"""Work on threads that is never left behind."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Executor
from contextlib import suppress
from queue import SimpleQueue
from typing import TypeVar, TypeVarTuple

T = TypeVar("T")
Arguments = TypeVarTuple("Arguments")


class Crew:
    """At most ``most`` threads, started as they are needed, that take work from one queue.

    A hop to one of them and back costs a third of the instructions that an executor's takes, which makes a lock and a
    condition for each piece of work and chains two futures. Used from one event loop.
    """

    def __init__(self, most: int, name: str) -> None:
        self._most = most
        self._name = name
        self._queue: SimpleQueue[_Job | None] = SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._busy = 0
        self._is_closed = False

    async def run(self, *works: Callable[[], object]) -> None:
        """Do all ``works``, beside each other; what one raises is raised once all have ended.

        When cancelled, wait for their end first: a system call cannot be called back, and while it runs its buffer and
        its descriptor must stay what they are.
        """
        if self._is_closed:
            raise RuntimeError(f"{self._name} takes no more work")
        loop = asyncio.get_running_loop()
        jobs = [_Job(loop, work) for work in works]
        self._begin(jobs)
        cancelled: asyncio.CancelledError | None = None
        for job in jobs:
            while not job.is_over:
                job.waiter = loop.create_future()
                try:
                    await job.waiter
                except asyncio.CancelledError as error:
                    cancelled = error
        self._busy -= len(jobs)
        if cancelled is not None:
            raise cancelled
        for job in jobs:
            job.settle()

    def _begin(self, jobs: Iterable[_Job]) -> None:
        for job in jobs:
            self._busy += 1
            self._queue.put(job)
            if len(self._threads) < min(self._busy, self._most):
                self._hire()

    def _hire(self) -> None:
        thread = threading.Thread(target=self._work, name=f"{self._name}_{len(self._threads)}", daemon=True)
        thread.start()
        self._threads.append(thread)

    def _work(self) -> None:
        take = self._queue.get
        while (job := take()) is not None:
            job.do()
            del job  # its work may hold a buffer

    def close(self) -> None:
        """Wait for what has begun, and end the threads. There is no more work after that."""
        self._is_closed = True
        for _ in self._threads:
            self._queue.put(None)
        for thread in self._threads:
            thread.join()


class _Job:
    __slots__ = ("_error", "_loop", "_work", "is_over", "waiter")

    def __init__(self, loop: asyncio.AbstractEventLoop, work: Callable[[], object]) -> None:
        self._loop = loop
        self._work = work
        self._error: BaseException | None = None
        self.waiter: asyncio.Future[None] | None = None
        self.is_over = False

    def do(self) -> None:
        try:
            self._work()
        except BaseException as error:
            self._error = error
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._report)

    def _report(self) -> None:
        self.is_over = True
        if self.waiter is not None and not self.waiter.done():
            self.waiter.set_result(None)

    def settle(self) -> None:
        error, self._error = self._error, None
        if error is not None:
            try:
                raise error
            finally:
                del error  # its traceback has this frame: a cycle that only the collector would find


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
