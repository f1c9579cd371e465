"""Lifecycle rules carried out: what is due of the keys that there are reminders of, in bounded pages."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from trug.domain.access_log import LIFECYCLE_REQUESTER, Record, lifecycle_name, line_of
from trug.domain.configurations import HAS_LIFECYCLE, HAS_LOGGING, LIFECYCLE
from trug.domain.frozen import replace
from trug.domain.identity import canonical_id_of
from trug.domain.lines import key_of
from trug.domain.versioning import Versioning
from trug.engine.lifecycle import (
    TOP,
    Asked,
    Indexing,
    Lifecycles,
    Look,
    Place,
    RemindAll,
    Reschedule,
    Task,
    indexing_of,
    unpacked_indexing,
)
from trug.engine.refusals import Moved
from trug.jobs.access_logs import AccessLogs, unique
from trug.ports.keys import Clock
from trug.ports.reads import BucketWithId, Configuration, OpenUploads, Reminders, RowsOf, VersionRange
from trug.ports.rows import Bucket, Reminder, Upload
from trug.ports.stores import Damaged, MetadataStore, Reader

logger = logging.getLogger(__name__)

PERIOD = 60.0
"""Seconds between two looks at what is due."""
PAGE = 256
INDEXED = 1000
AT_ONCE = 64
NEWEST = 2**63 - 1


class Done(NamedTuple):
    """What a pass did: how many keys it looked at, how many tasks it carried out, and how many it could not."""

    keys: int = 0
    tasks: int = 0
    refused: int = 0


class LifecycleRuns:
    """Carries out the rules of all buckets."""

    def __init__(
        self, lifecycles: Lifecycles, metadata: MetadataStore, clock: Clock, access_logs: AccessLogs | None = None
    ) -> None:
        self._lifecycles = lifecycles
        self._metadata = metadata
        self._clock = clock
        self._access_logs = access_logs
        self._generation = -1

    async def keep_running(self, period: float = PERIOD) -> None:
        """Do what is due, every ``period`` seconds or ten times a day, until cancelled. A failure is logged."""
        period = min(period, max(self._lifecycles.day / 10_000_000, 0.05))
        while True:
            await asyncio.sleep(period)
            try:
                await self.run()
            except Exception:
                logger.exception("lifecycle rules could not be carried out")

    async def run(self) -> Done:
        """One pass: index what has new rules, then do all that is due."""
        await self._index_new()
        done, began = Done(), self._clock.now()
        while page := await self._metadata.fetch(Reminders(began, PAGE)):
            for bucket, reminders in groupby(sorted(page, key=_bucket_of), key=_bucket_of):
                did = await self._tend(bucket, list(reminders))
                done = Done(*map(sum, zip(done, did, strict=True)))
        return done

    # What is due

    async def _tend(self, number: int, reminders: Sequence[Reminder]) -> Done:
        """Look into reminders of one bucket, do what is due, and remember what will be."""
        bucket = await self._metadata.fetch(BucketWithId(number))
        document = await self._metadata.fetch(Configuration(number, LIFECYCLE))
        if bucket is None or document is None:
            await self._metadata.commit(Reschedule(tuple(reminders), ()))
            return Done()
        asked = self._lifecycles.asked(bucket, document)
        keys = sorted({reminder.key for reminder in reminders})
        looks = await self._looks(asked, keys)
        refused = await self._carry_out(bucket, document, [task for look in looks for task in look.tasks])
        times = [(key, look.next) for key, look in zip(keys, looks, strict=True) if look.next is not None]
        done = Done(len(keys), sum(len(look.tasks) for look in looks), len(refused))
        for key, look in zip(keys, looks, strict=True):
            if look.deeper is not None:
                below, did = await self._tend_below(asked, document, key, look)
                times += below
                done = Done(done.keys, done.tasks + did.tasks, done.refused + did.refused)
        times += [(key, self._lifecycles.tomorrow()) for key in refused]
        await self._metadata.commit(Reschedule(tuple(reminders), tuple((number, key, at) for key, at in times)))
        return done

    async def _looks(self, asked: Asked, keys: Sequence[str]) -> list[Look]:
        """A look at each key, of one state; where a row is damaged, at each by itself."""
        try:
            return await self._metadata.view(lambda reader: [asked.look(reader, key) for key in keys])
        except Damaged:
            return [await self._look_alone(asked, key) for key in keys]

    async def _look_alone(self, asked: Asked, key: str) -> Look:
        try:
            return await self._metadata.view(_looking(asked, key, TOP))
        except Damaged:
            logger.exception("the lifecycle of %r in %s cannot be looked at", key, asked.bucket.name)
            return Look([], self._lifecycles.tomorrow(), None)

    async def _tend_below(
        self, asked: Asked, document: bytes, key: str, look: Look
    ) -> tuple[list[tuple[str, int]], Done]:
        """The rest of a long history, view by view: when something of it will be due, and what was done."""
        times: list[tuple[str, int]] = []
        tasks = refusals = 0
        place = look.deeper
        while place is not None:
            look = await self._metadata.view(_looking(asked, key, place))
            refused = await self._carry_out(asked.bucket, document, look.tasks)
            tasks, refusals = tasks + len(look.tasks), refusals + len(refused)
            times += [(key, at) for at in (look.next, self._lifecycles.tomorrow() if refused else None) if at]
            place = look.deeper
        return times, Done(0, tasks, refusals)

    async def _carry_out(self, bucket: Bucket, document: bytes, tasks: Sequence[Task]) -> set[str]:
        """Do these, so many at once that they share commits; the keys of those that could not be done."""
        refused: set[str] = set()
        for some in _slices(tasks, AT_ONCE):
            done = await asyncio.gather(*(self._lifecycles.carry_out(bucket, document, task) for task in some))
            refused |= {task.target.key for task, is_done in zip(some, done, strict=True) if not is_done}
            self._log(bucket, [task for task, is_done in zip(some, done, strict=True) if is_done])
        return refused

    def _log(self, bucket: Bucket, tasks: Sequence[Task]) -> None:
        """What was done, for the access log of a bucket that has one."""
        if self._access_logs is None or not bucket.configured & HAS_LOGGING:
            return
        for task in tasks:
            record = recorded(bucket, task, self._clock.now())
            self._access_logs.add(bucket, record.time, line_of(record))

    # New rules

    async def _index_new(self) -> None:
        """Remind of every key of the buckets whose rules changed. They are looked for when anything was configured."""
        generation = self._metadata.generation
        if generation == self._generation:
            return
        after: Any = None
        while page := await self._metadata.fetch(RowsOf("buckets", after, INDEXED)):
            for _, bucket in page:
                if bucket is not None and bucket.configured & HAS_LIFECYCLE:
                    await self._index(bucket)
            after = page[-1][0]
        self._generation = generation

    async def _index(self, bucket: Bucket) -> None:
        """Page by page, from where it was left."""
        noted = await self._metadata.fetch(indexing_of(bucket.id))
        progress = unpacked_indexing(noted)
        while not progress.is_over:
            keys = await self._keys(bucket, progress)
            progress = _further(progress, keys)
            try:
                noted = await self._metadata.commit(RemindAll(bucket.id, tuple(keys), noted, progress))
            except Moved:
                return  # the rules are others by now: the next pass begins anew

    async def _keys(self, bucket: Bucket, progress: Indexing) -> list[str]:
        """The next keys in their order, each once."""
        if progress.of_uploads:
            uploads = OpenUploads(bucket.id, progress.key, "", True, "", INDEXED)
            found = await self._metadata.view(lambda reader: reader.fetch(uploads))
            return list(dict.fromkeys(upload.key for upload in found))
        versions = VersionRange(bucket.id, progress.key, 0 if progress.key else NEWEST, "", INDEXED)
        listed = await self._metadata.view(lambda reader: reader.fetch(versions))
        return list(dict.fromkeys(key_of(version.row) for version in listed))


def recorded(bucket: Bucket, task: Task, now: int) -> Record:
    """A task that was carried out, as access logs tell it."""
    step, target = task
    leaves_marker = bucket.versioning is not Versioning.OFF
    record = Record(
        owner=canonical_id_of(bucket.account),
        bucket=bucket.name,
        time=now,
        client="",
        requester=LIFECYCLE_REQUESTER,
        request_id=unique(),
        operation=lifecycle_name(step.act, step.storage_class, leaves_marker=leaves_marker),
        key=target.key,
    )
    if isinstance(target, Upload):
        return record
    return record._replace(
        size=None if target.marker else target.listing.size, version_id=target.version_id if leaves_marker else None
    )


def _further(progress: Indexing, keys: Sequence[str]) -> Indexing:
    """The progress behind a page of keys: an empty one ends the versions, then the uploads."""
    if keys:
        return replace(progress, key=keys[-1])
    return replace(progress, is_over=True) if progress.of_uploads else Indexing(of_uploads=True)


def _looking(asked: Asked, key: str, place: Place) -> Callable[[Reader], Look]:
    def look(reader: Reader) -> Look:
        return asked.look(reader, key, place)

    return look


def _bucket_of(reminder: Reminder) -> int:
    return reminder.bucket


def _slices(tasks: Sequence[Task], size: int) -> Iterator[Sequence[Task]]:
    return (tasks[start : start + size] for start in range(0, len(tasks), size))
