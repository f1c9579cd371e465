"""On whose behalf this task changes the store: what the audit trail tells of every change of management."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from trug.domain.audit import ITSELF, Actor

ACTOR: ContextVar[Actor] = ContextVar("actor", default=ITSELF)


@contextmanager
def acting(actor: Actor) -> Iterator[None]:
    """Within, what this task changes is done by ``actor``."""
    token = ACTOR.set(actor)
    try:
        yield
    finally:
        ACTOR.reset(token)
