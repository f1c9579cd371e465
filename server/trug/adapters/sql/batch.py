"""Changes that share one transaction: each is decided on what the ones before it did, in one order."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from sqlite3 import Cursor
from typing import Any, NamedTuple

from trug.adapters.sql import packing
from trug.adapters.sql import statements as sql
from trug.adapters.sql.effects import EFFECTS
from trug.adapters.sql.reads import READS
from trug.ports import effects as do
from trug.ports import reads as ask
from trug.ports.changes import Change, Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.keys import Clock
from trug.ports.stores import Damaged

SECOND = 1_000_000

# What many changes of a batch ask alike. Every effect that touches these says that it refreshes, and empties the cache.
SHARED: frozenset[type[Read[Any]]] = frozenset({ask.BucketNamed, ask.BucketWithId, ask.Configuration})


UNREAD = object()


class State(NamedTuple):
    """The store's one row of numbers, times in µs since 1970."""

    format: int
    sequence: int
    time: int
    lock_time: int
    generation: int
    next_id: int


def read_state(cursor: Cursor) -> State:
    row = cursor.execute(sql.STATE).fetchone()
    if row is None:
        raise Damaged("the store's state is missing")
    return State(*packing.checked("state", row))


class LockClock:
    """The clock retention goes by: it advances with the wall clock, but no faster than time really passes."""

    def __init__(self, clock: Clock, mark: int) -> None:
        self._wall = clock
        self._start = max(clock.now(), mark)
        self._began = time.monotonic_ns()

    def now(self) -> int:
        """µs since 1970."""
        passed = (time.monotonic_ns() - self._began) // 1000
        return min(self._wall.now(), self._start + passed)


class Batch:
    """What one transaction has read and done so far.

    The row of numbers, totals and the feed are written once, at the end: nothing reads them in between but through
    here. ``content`` counts the bytes of values that may fill pages of their own.
    """

    def __init__(self, cursor: Cursor, clock: Clock, lock_clock: LockClock) -> None:
        before = read_state(cursor)
        self._cursor = cursor
        self._before = before
        self._time = max(before.time, clock.now())
        self._lock_time = max(before.lock_time, lock_clock.now())
        self._next_id = before.next_id
        self._shared: dict[Read[Any], Any] = {}
        self._totals: dict[tuple[int, str], list[int]] = {}
        self._feed: list[packing.Row] = []
        self.sequence = before.sequence
        self.refreshes = False
        self.content = 0

    @property
    def generation(self) -> int:
        """The generation before this batch."""
        return self._before.generation

    def run(self, change: Change[Any]) -> Decided[Any] | Rejected:
        """Decide one change, and do what was decided."""
        rows = Rows()
        while wanted := change.reads(rows):
            for read in wanted:
                rows[read] = self._answer(read)
        moment = Moment(self.sequence + 1, self._time, self._lock_time)
        decision = change.decide(rows, moment)
        if isinstance(decision, Decided):
            self.sequence = moment.sequence
            for effect in decision.effects:
                self._apply(effect)
        return decision

    def finish(self) -> None:
        """Write what was kept for the end."""
        self._flush_totals()
        if self._feed:
            self._cursor.executemany(sql.ANNOUNCE, self._feed)
        if self.sequence == self._before.sequence:
            return
        second = self._time // SECOND
        if second > self._before.time // SECOND:
            self._cursor.execute(sql.PUT_MOMENT, (second, self._before.sequence + 1))
        generation = self.generation + self.refreshes
        state = (self._before.format, self.sequence, self._time, self._lock_time, generation, self._next_id)
        self._cursor.execute(sql.SET_STATE, (*state[1:], packing.checksum(state)))

    def _answer(self, read: Read[Any]) -> Any:
        kind = type(read)
        if kind in SHARED:
            answer = self._shared.get(read, UNREAD)
            if answer is UNREAD:
                answer = self._shared[read] = READS[kind](self._cursor, read)
            return answer
        if kind in OWN_READS:
            return OWN_READS[kind](self, read)
        return READS[kind](self._cursor, read)

    def _apply(self, effect: Effect) -> None:
        if effect.refreshes:
            self.refreshes = True
            self._shared.clear()
        kind = type(effect)
        if kind in OWN_EFFECTS:
            OWN_EFFECTS[kind](self, effect)
        else:
            self.content += EFFECTS[kind](self._cursor, effect, self.sequence) or 0

    def _flush_totals(self) -> None:
        for (bucket, account), sums in self._totals.items():
            EFFECTS[do.Tally](self._cursor, do.Tally(bucket, account, *sums), self.sequence)
        self._totals.clear()

    # What the batch answers and does itself

    def next_id(self, _: ask.NextId) -> int:
        return self._next_id

    def totals_of(self, read: ask.CountersOf | ask.CountersOfAccount) -> Any:
        self._flush_totals()
        return READS[type(read)](self._cursor, read)

    def reserve(self, effect: do.ReserveIds) -> None:
        self._next_id = effect.next

    def tally(self, effect: do.Tally) -> None:
        sums = self._totals.setdefault((effect.bucket, effect.account), [0, 0, 0, 0])
        sums[0] += effect.objects
        sums[1] += effect.versions
        sums[2] += effect.bytes
        sums[3] += effect.uploads

    def announce(self, effect: do.Announce) -> None:
        self._feed.append(
            (self.sequence, effect.kind, effect.bucket, effect.key, effect.version_id, effect.size, effect.etag)
        )

    def remove_bucket(self, effect: do.RemoveBucket) -> None:
        self._flush_totals()
        EFFECTS[do.RemoveBucket](self._cursor, effect, self.sequence)


OWN_READS: Mapping[type[Read[Any]], Callable[[Batch, Any], Any]] = {
    ask.NextId: Batch.next_id,
    ask.CountersOf: Batch.totals_of,
    ask.CountersOfAccount: Batch.totals_of,
}

OWN_EFFECTS: Mapping[type[Effect], Callable[[Batch, Any], None]] = {
    do.ReserveIds: Batch.reserve,
    do.Tally: Batch.tally,
    do.Announce: Batch.announce,
    do.RemoveBucket: Batch.remove_bucket,
}
