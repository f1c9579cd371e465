"""On whose behalf a task changes the store: what the audit trail tells of every change of management."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from typing import Any, TypeVar

from trug.domain.audit import ITSELF, Actor

T = TypeVar("T")

ACTOR: ContextVar[Actor] = ContextVar("actor", default=ITSELF)


async def acting(actor: Actor, work: Coroutine[Any, Any, T]) -> T:
    """What ``work`` answers or raises; what it changes is done by ``actor``.

    It is a task of its own: a request begins in the context of its connection, where nothing may be left behind for the
    requests that follow.
    """
    context = copy_context()
    context.run(ACTOR.set, actor)
    return await asyncio.create_task(work, context=context)


@contextmanager
def acting_as(actor: Actor) -> Iterator[None]:
    """What is changed meanwhile is done by ``actor``. For a task that goes through the whole of it, and costs no other
    task."""
    before = ACTOR.set(actor)
    try:
        yield
    finally:
        ACTOR.reset(before)
