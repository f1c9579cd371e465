"""Changes that share one transaction: each is decided on what the ones before it did, in one order."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from operator import itemgetter
from sqlite3 import Cursor
from typing import Any, NamedTuple

from msgspec.json import encode

from trug.adapters.sql import packing
from trug.adapters.sql import statements as sql
from trug.adapters.sql.effects import EFFECTS
from trug.adapters.sql.generation import Words
from trug.adapters.sql.labels import relabel
from trug.adapters.sql.reads import READS
from trug.domain.audit import HEAD, KIND, Actor, Touched, end_of, written
from trug.domain.configurations import HAS_SEARCH
from trug.ports import effects as do
from trug.ports import reads as ask
from trug.ports.auditing import told_of
from trug.ports.changes import Change, Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.keys import Clock
from trug.ports.rows import Version
from trug.ports.stores import Damaged

SECOND = 1_000_000

# What many changes of a batch ask alike, and what is read ahead. Effects on the first say that they refresh.
KNOWN: frozenset[type[Read[Any]]] = frozenset(
    {ask.BucketNamed, ask.BucketWithId, ask.Configuration, ask.Current, ask.References}
)

# These see no row that a batch keeps for its end.
SEES_NOTHING_KEPT: frozenset[type[Read[Any]]] = frozenset(
    {
        ask.BucketNamed,
        ask.BucketWithId,
        ask.Configuration,
        ask.Configurations,
        ask.Document,
        ask.ItemAt,
        ask.References,
        ask.NewestHistory,
        ask.NullHistory,
        ask.UploadWithId,
        ask.BodyWithId,
        ask.PartNumbered,
        ask.Parts,
        ask.AnnotationNamed,
        ask.Annotations,
    }
)

UNREAD = object()
LAST = itemgetter(-1)

LABELS = 1024
"""Bytes that the labels of a version take, by a rough count."""


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


LONGEST_GAP = 30 * 86_400 * SECOND
"""In µs. A wall clock that is further from the store's last mark when it is opened is not believed."""


def resumed(wall: int, mark: int) -> int:
    """Where lock time goes on when the store is opened, all in µs since 1970: at the wall clock, but never before its
    mark in the store, and at the mark when the gap is too long, until somebody accepts the clock."""
    return mark if mark and wall - mark > LONGEST_GAP else max(wall, mark)


class LockClock:
    """The clock retention goes by: it advances with the wall clock, but no faster than time really passes since it
    had the value, at the monotonic time, that the words say."""

    def __init__(self, clock: Clock, words: Words) -> None:
        self._wall = clock
        self._words = words

    def now(self) -> int:
        """µs since 1970."""
        start, began = self._words.lock_base
        passed = (time.monotonic_ns() - began) // 1000
        return min(self._wall.now(), start + passed)


class Batch:
    """What one transaction has read and done so far.

    What many changes write is kept and written at the end, table by table: nothing reads it in between but through
    here. What they ask first is read for all of them at once: an absent row then takes 2,600 instructions instead of
    17,500. ``content`` counts the bytes of values that may fill
    pages of their own, ``changed`` names the keys whose newest version was written.
    """

    def __init__(self, cursor: Cursor, clock: Clock, lock_clock: LockClock) -> None:
        before = read_state(cursor)
        self._cursor = cursor
        self._before = before
        self._time = max(before.time, clock.now())
        self._lock_time = max(before.lock_time, lock_clock.now())
        self._next_id = before.next_id
        self._known: dict[Read[Any], Any] = {}
        self._current: dict[ask.Current, Version | None] = {}
        self.changed: list[ask.Current] = []
        self._inline: dict[int, bytes | None] = {}
        self._totals: dict[tuple[int, str], list[int]] = {}
        self._feed: list[packing.Row] = []
        self._trail: list[Touched] = []
        self.sequence = before.sequence
        self.refreshes = False
        self.content = 0

    @property
    def generation(self) -> int:
        """The generation before this batch."""
        return self._before.generation

    def foresee(self, changes: Iterable[Change[Any]]) -> list[Sequence[Read[Any]]]:
        """What each change asks first, and next. The current rows among that are read for all of them, one statement a
        bucket, with the counts of their inline bytes."""
        wanted = [change.reads(NOTHING) for change in changes]
        keys: dict[int, list[str]] = defaultdict(list)
        for reads in wanted:
            for read in reads:
                if type(read) is ask.Current:
                    keys[read.bucket].append(read.key)
                    self._known[read] = None
        next_to: dict[Read[Any], Read[Any]] = {}
        for bucket, asked in keys.items():
            for row in self._cursor.execute(sql.CURRENT_OF, (encode(asked).decode(), bucket)).fetchall():
                version = packing.version_of(bucket, row)
                current = ask.Current(bucket, version.key)
                self._known[current] = version
                if version.inline is not None:
                    count = next_to[current] = ask.References("inline", version.inline)
                    self._known[count] = packing.count_of("inline", version.inline, *row[-2:])
        if not next_to:
            return wanted
        return [(*reads, *(next_to[read] for read in reads if read in next_to)) for reads in wanted]

    def run(self, change: Change[Any], wanted: Sequence[Read[Any]], actor: Actor) -> Decided[Any] | Rejected:
        """Decide one change of ``actor``'s, and do what was decided; ``wanted`` is what it asks first."""
        rows = Rows()
        while wanted:
            for read in wanted:
                answer = self._known.get(read, UNREAD)
                rows[read] = self._answer(read) if answer is UNREAD else answer
            wanted = change.reads(rows)
        moment = Moment(self.sequence + 1, self._time, self._lock_time)
        decision = change.decide(rows, moment)
        if type(decision) is Decided:
            self.sequence = moment.sequence
            for effect in decision.effects:
                (OWN_EFFECTS.get(type(effect)) or Batch.apply)(self, effect)
            if self._trail:
                self._record(actor, moment)
        return decision

    def finish(self) -> None:
        """Write what was kept for the end."""
        self._flush_rows()
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
        own = OWN_READS.get(kind)
        if own is not None:
            return own(self, read)
        if kind not in SEES_NOTHING_KEPT:
            self._flush_rows()
        answer = READS[kind](self._cursor, read)
        if kind in KNOWN:
            self._known[read] = answer
        return answer

    def _flush_rows(self) -> None:
        self._flush_current()
        self._flush_inline()

    def _flush_current(self) -> None:
        if not self._current:
            return
        inline, others = [], []
        for version in filter(None, self._current.values()):
            if version.blob is version.body is version.noncurrent_since is None:
                inline.append(packing.plain_row(version))
            else:
                others.append((version.bucket, *packing.version_row(version)))
        self.content += sum(map(len, map(LAST, (*inline, *others))))
        self._write(sql.PUT_CURRENT_INLINE, inline)
        self._write(sql.PUT_CURRENT, others)
        removed = [(read.bucket, read.key) for read, version in self._current.items() if version is None]
        self._write(sql.REMOVE_CURRENT, removed)
        for bucket in {read.bucket for read in self._current}:
            self._relabel(bucket)
        self.changed += self._current
        self._current.clear()

    def _relabel(self, bucket: int) -> None:
        """Keep the labels of what is written, in a bucket that is searched by them."""
        row = self._answer(read) if (read := ask.BucketWithId(bucket)) not in self._known else self._known[read]
        if row is None or not row.configured & HAS_SEARCH:
            return
        versions = {each.key: version for each, version in self._current.items() if each.bucket == bucket}
        relabel(self._cursor, bucket, versions)
        self.content += LABELS * len(versions)

    def _flush_inline(self) -> None:
        if not self._inline:
            return
        kept = [packing.inline_row(number, content) for number, content in self._inline.items() if content is not None]
        self.content += sum(map(len, map(LAST, kept)))
        self._write(sql.PUT_INLINE, kept)
        self._write(sql.REMOVE_INLINE, [(number,) for number, content in self._inline.items() if content is None])
        self._inline.clear()

    def _write(self, statement: str, rows: list[packing.Row]) -> None:
        if rows:
            self._cursor.executemany(statement, rows)

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

    def put_current(self, effect: do.PutCurrent) -> None:
        version = effect.version
        if version.marker:
            raise ValueError("a delete marker is never in current")
        read = ask.Current(version.bucket, version.key)
        self._known[read] = self._current[read] = version

    def remove_current(self, effect: do.RemoveCurrent) -> None:
        read = ask.Current(effect.bucket, effect.key)
        self._known[read] = self._current[read] = None

    def put_inline(self, effect: do.PutInline) -> None:
        if effect.id in self._inline:
            self._flush_inline()
        self._inline[effect.id] = effect.content

    def remove_inline(self, effect: do.RemoveInline) -> None:
        """Bytes that came and go in one batch are never written."""
        if self._inline.pop(effect.id, None) is None:
            self._inline[effect.id] = None

    def set_references(self, effect: do.SetReferences) -> None:
        self._known[ask.References(effect.kind, effect.id)] = max(effect.count, 1)
        self.apply(effect)

    def reserve(self, effect: do.ReserveIds) -> None:
        self._next_id = effect.next

    def tally(self, effect: do.Tally) -> None:
        sums = self._totals.get((effect.bucket, effect.account))
        if sums is None:
            sums = self._totals[effect.bucket, effect.account] = [0, 0, 0, 0, 0]
        sums[0] += effect.objects
        sums[1] += effect.versions
        sums[2] += effect.bytes
        sums[3] += effect.uploads
        sums[4] += effect.current

    def announce(self, effect: do.Announce) -> None:
        event = (effect.kind, effect.bucket, effect.key, effect.version_id, effect.size, effect.etag, effect.account)
        self._feed.append((self.sequence, *event))

    def advance(self, _: do.Advance) -> None:
        self.sequence += 1

    def label(self, effect: do.Label) -> None:
        self._flush_rows()
        self.apply(effect)

    def remove_bucket(self, effect: do.RemoveBucket) -> None:
        self._flush_totals()
        self.apply(effect)

    def keep_document(self, effect: do.KeepDocument) -> None:
        self.tell(effect)
        self.apply(effect)

    def tell(self, effect: Effect) -> None:
        """Have the audit trail learn of an effect, before it is applied."""
        touched = told_of(effect, lambda read: READS[type(read)](self._cursor, read))
        if touched is not None:
            self._trail.append(touched)

    def _record(self, actor: Actor, moment: Moment) -> None:
        """The audit record of what a change has done, chained to the one before it."""
        end = end_of(READS[ask.Document](self._cursor, ask.Document(KIND, HEAD)))
        record = end.followed_by(moment.sequence, moment.time, written(actor, self._trail))
        self._trail = []
        self._cursor.execute(sql.ATTEST, record)
        self.apply(do.KeepDocument(KIND, HEAD, end.after(record).packed()))
        self.content += len(record.document)

    def apply(self, effect: Effect) -> None:
        """At once: any other effect."""
        if effect.refreshes:
            self.refreshes = True
            self._flush_rows()
            self._known.clear()
            self.tell(effect)
        self.content += EFFECTS[type(effect)](self._cursor, effect, self.sequence) or 0


NOTHING = Rows()

OWN_READS: Mapping[type[Read[Any]], Callable[[Batch, Any], Any]] = {
    ask.NextId: Batch.next_id,
    ask.CountersOf: Batch.totals_of,
    ask.CountersOfAccount: Batch.totals_of,
}

OWN_EFFECTS: Mapping[type[Effect], Callable[[Batch, Any], None]] = {
    do.PutCurrent: Batch.put_current,
    do.RemoveCurrent: Batch.remove_current,
    do.PutInline: Batch.put_inline,
    do.RemoveInline: Batch.remove_inline,
    do.SetReferences: Batch.set_references,
    do.ReserveIds: Batch.reserve,
    do.Tally: Batch.tally,
    do.Announce: Batch.announce,
    do.Advance: Batch.advance,
    do.Label: Batch.label,
    do.RemoveBucket: Batch.remove_bucket,
    do.KeepDocument: Batch.keep_document,
    do.Attest: Batch.tell,
}
