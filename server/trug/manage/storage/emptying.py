"""Emptying a bucket, as clients ask for it and are told of it."""

from __future__ import annotations

from trug.engine.emptying import Asker, Emptying
from trug.manage.api.problems import FORBIDDEN, Mistake, Problem
from trug.manage.api.visit import Visit
from trug.manage.storage.schemas import EmptyingState
from trug.ports.rows import Bucket
from trug.wire.dates import iso_date

PATIENCE = 3.0
"""Seconds that a client waits for the end; a bucket with more in it is emptied behind its back."""


def asker_of(visit: Visit) -> Asker:
    wire = visit.wire
    return Asker(visit.identity, wire.client, wire.scheme, wire.headers.get("user-agent", ""))


def shown(bucket: Bucket, state: Emptying) -> EmptyingState:
    return EmptyingState(
        bucket_name=bucket.name,
        status="finished" if state.is_over else "running",
        started=iso_date(state.begun),
        removed_versions=state.removed,
        removed_uploads=state.aborted,
        locked=state.locked,
        refused=state.refused,
        left=list(state.left),
    )


def check_all_gone(state: Emptying) -> None:
    """Problem 409 for what a lock protected, 403 for what policies did."""
    mistakes = [Mistake(key, "was left") for key in state.left]
    if state.locked:
        raise Problem(409, "some files are locked and were left", mistakes)
    if state.refused:
        raise Problem(403, FORBIDDEN, mistakes)
