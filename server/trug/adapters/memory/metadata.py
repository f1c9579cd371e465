"""The metadata in memory: the executable specification of what each read and each effect means."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from itertools import takewhile
from typing import Any, TypeVar

from trug.adapters.memory.answers import ANSWERS
from trug.adapters.memory.effects import APPLY
from trug.adapters.memory.reports import MemoryReports
from trug.adapters.memory.tables import Tables
from trug.domain.audit import HEAD, KIND, Touched, end_of, written
from trug.ports.acting import ACTOR
from trug.ports.auditing import told_of
from trug.ports.changes import Change, Effect, Moment, Read, Rejected, Rows
from trug.ports.keys import Clock
from trug.ports.reads import (
    CurrentContent,
)
from trug.ports.rows import (
    Fetched,
)
from trug.ports.stores import BlobKeeper, Damaged, Reader

R = TypeVar("R")
T = TypeVar("T")

SECOND = 1_000_000


class MemoryMetadata:
    """A MetadataStore (ports.stores) that lives as long as its process; for one event loop.

    A commit runs at once and without awaiting, so that every change and every question finds a whole state. The lock
    time is the commit time. The feed goes back ``feed_kept`` sequences.
    """

    def __init__(self, clock: Clock, blobs: BlobKeeper | None = None, *, feed_kept: int = 1_000_000) -> None:
        self._clock = clock
        self._blobs = blobs
        self._state = State(feed_kept)
        self._sequence = 0
        self._generation = 0
        self._time = 0

    @property
    def sequence(self) -> int:
        return self._sequence

    @property
    def generation(self) -> int:
        """Always even: nobody can look while a change is applied."""
        return self._generation

    async def commit(self, change: Change[T]) -> T:
        return self._commit(change)

    def submit(self, change: Change[T]) -> asyncio.Future[T]:
        future: asyncio.Future[T] = asyncio.get_running_loop().create_future()
        try:
            future.set_result(self._commit(change))
        except Exception as error:
            future.set_exception(error)
        return future

    def _commit(self, change: Change[T]) -> T:
        try:
            self._sync(change.blobs)
            return self._run(change)
        except BaseException:
            self._state.journal.undo()
            self._unlink(change.blobs)
            raise

    def at_hand(self, bucket: int, key: str, *, content: bool) -> Fetched | None:
        try:
            return self._state.fetch(CurrentContent(bucket, key))
        except Damaged:
            return None

    async def fetch(self, read: Read[R]) -> R:
        return self._state.fetch(read)

    async def view(self, question: Callable[[Reader], T]) -> T:
        return question(self._state)

    def accept_clock(self) -> None:
        """Here lock time is the clock's, which tests set."""

    async def reports(self) -> MemoryReports:
        state = self._state
        return MemoryReports(
            state.buckets, state.bucket_names, state.counters, state.accounts, state.account_counters, state.items
        )

    async def close(self) -> None:
        pass

    def _run(self, change: Change[T]) -> T:
        rows = self._answers(change)
        moment = self._next_moment()
        decision = change.decide(rows, moment)
        if isinstance(decision, Rejected):
            raise decision.reason
        refreshes = self._state.apply(decision.effects, moment)
        self._state.journal.keep()
        self._sequence, self._time = self._state.sequence, moment.time
        self._generation += 2 if refreshes else 0
        return decision.result

    def _answers(self, change: Change[Any]) -> Rows:
        rows = Rows()
        while wanted := change.reads(rows):
            for read in wanted:
                rows[read] = self._state.fetch(read)
        return rows

    def _next_moment(self) -> Moment:
        time = max(self._time, self._clock.now())
        return Moment(self._sequence + 1, time, time)

    def _sync(self, blobs: Sequence[int]) -> None:
        if self._blobs is not None and blobs:
            self._blobs.sync(blobs)

    def _unlink(self, blobs: Sequence[int]) -> None:
        if self._blobs is not None and blobs:
            self._blobs.unlink(blobs)


class State(Tables):
    """All rows, what they answer, and what is done to them."""

    def fetch(self, read: Read[R]) -> R:
        answer: R = ANSWERS[type(read)](self, read)
        return answer

    def apply(self, effects: Iterable[Effect], moment: Moment) -> bool:
        """Apply in order what the commit of this moment does; whether any of it refreshes."""
        self.sequence, self.time = moment.sequence, moment.time // SECOND * SECOND
        refreshes = False
        trail = []
        for effect in effects:
            touched = told_of(effect, self.fetch)
            if touched is not None:
                trail.append(touched)
            APPLY[type(effect)](self, effect)
            refreshes |= effect.refreshes
        if trail:
            self._record(trail, moment)
        self._trim()
        return refreshes

    def _record(self, trail: list[Touched], moment: Moment) -> None:
        """The audit record of what a change has done, chained to the one before it."""
        end = end_of(self.documents.find(KIND, HEAD))
        record = end.followed_by(moment.sequence, moment.time, written(ACTOR.get(), trail))
        self.audit.put(record, record.sequence)
        self.documents.put(end.after(record).packed(), KIND, HEAD)

    def _trim(self) -> None:
        end = self.sequence - self.feed_kept
        for event in list(takewhile(lambda event: event.sequence < end, self.feed.since())):
            self.feed.remove(event.sequence)
