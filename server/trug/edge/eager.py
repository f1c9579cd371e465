"""Coroutines that run at once, and become tasks only where they have to wait."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Generator
from typing import Any


def run(
    work: Coroutine[Any, Any, None], loop: asyncio.AbstractEventLoop, then: Callable[[], None]
) -> asyncio.Task[None] | None:
    """Run ``work`` to its end, which answers None, or to where it first waits: there a task goes on with it, and calls
    ``then`` at its end, however that comes. What is raised before the work waits is raised here.

    Most requests never wait, and a task costs as much as reading a row (3.12's eager tasks are the same idea). Until it
    waits the work has no current task: it must not ask for one, as ``asyncio.timeout`` does. Loops hold their tasks
    weakly: whoever runs this keeps the task.
    """
    try:
        awaited = work.send(None)
    except StopIteration:
        return None
    task = loop.create_task(Rest(work, awaited))
    task.add_done_callback(lambda _: then())
    return task


class Rest(Coroutine[Any, Any, None]):
    """What is left of ``work``, which waits for ``awaited``.

    A generator would not do: what is thrown into one that has not begun, as by a task cancelled at once, never reaches
    the work.
    """

    __slots__ = ("_awaited", "_work")

    def __init__(self, work: Coroutine[Any, Any, None], awaited: Any) -> None:
        self._work = work
        self._awaited: Any = (awaited,)

    def send(self, value: Any) -> Any:
        if self._awaited:
            [awaited], self._awaited = self._awaited, ()
            return awaited
        return self._work.send(value)

    def throw(self, typ: Any, val: Any = None, tb: Any = None) -> Any:
        self._awaited = ()
        return self._work.throw(typ if val is None else val)

    def close(self) -> None:
        self._awaited = ()
        self._work.close()

    def __await__(self) -> Generator[Any, Any, None]:
        raise TypeError("made for a task alone")
