"""Lifecycle over the rows: what is due of a key, and the changes that do it.

Every change of a key in a bucket with rules leaves a reminder (``engine.versions.reminded``); who looks at the key then
does what is due, and leaves one for when something will be. So the cost is that of what changes and of what is due,
whatever the bucket holds.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from trug.domain.configurations import HAS_LIFECYCLE, LIFECYCLE
from trug.domain.errors import S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.lifecycle import (
    Act,
    Lifecycle,
    Step,
    Subject,
    abort_step,
    expiry_of,
    midnight,
    next_step,
    pack_lifecycle,
    steps_of,
    unpack_lifecycle,
)
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.retention import is_protected
from trug.domain.versioning import Versioning, new_version_id
from trug.engine.configurations import BucketConfigurations, announced, configured
from trug.engine.ids import Ids
from trug.engine.refusals import Moved, no_such_bucket
from trug.engine.uploads import AbortUpload
from trug.engine.versions import DeleteNewest, DeleteVersion, reminded
from trug.ports.changes import Change, Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce, ForgetReminders, KeepDocument, PutCurrent, PutHistory, Remind
from trug.ports.keys import Clock
from trug.ports.reads import BucketWithId, Configuration, Current, Document, NewestHistory, OpenUploads, WithVersionId
from trug.ports.rows import NULL_VERSION, Bucket, Reminder, Upload, Version
from trug.ports.stores import MetadataStore, Reader

SECOND = 1_000_000
NEWEST = 2**63 - 1
DEEPEST = 500
"""Versions of a key, and uploads, that are looked at in one view."""
REMOVED = "ObjectRemoved:"
EXPIRED = "LifecycleExpiration:"


def may_expire(version: Version, moment: Moment) -> bool:
    """Whether a version may be removed for good: not while Object Lock protects it."""
    return not is_protected(version.record.lock, moment.lock_time)


# --- what is due ----------------------------------------------------------------------------------------------------


class Task(NamedTuple):
    """A step, and the version or upload that it is about."""

    step: Step
    target: Version | Upload


class Place(NamedTuple):
    """Where in a key's history a look goes on: below which sequence, behind how many noncurrent versions."""

    before: int = NEWEST
    newer: int = 0


TOP = Place()


class Look(NamedTuple):
    """What a look at a key found: tasks that are due; when (µs) something else will be, None for never; where its
    history goes on, None at its end."""

    tasks: list[Task]
    next: int | None
    deeper: Place | None


class Asked(NamedTuple):
    """Which rules are gone by, at which time (µs), and how long a day is (µs)."""

    bucket: Bucket
    lifecycle: Lifecycle
    now: int
    day: int

    def look(self, reader: Reader, key: str, place: Place = TOP) -> Look:
        """Look at a key: at as many versions as one view should hold, from ``place`` on."""
        tasks: list[Task] = []
        times: list[int] = []
        deeper = None
        for count, (version, newer, is_alone) in enumerate(self._versions(reader, key, place)):
            if count == DEEPEST:
                deeper = Place(version.sequence + 1, newer)
                break
            self._weigh(self._step(version, newer, is_alone=is_alone), version, tasks, times)
        if place == TOP:
            for upload in reader.fetch(OpenUploads(self.bucket.id, key, "", False, key + "\0", DEEPEST)):
                self._weigh(abort_step(self.lifecycle, key, upload.initiated, self.day), upload, tasks, times)
        return Look(tasks, min(times, default=None), deeper)

    def _weigh(self, step: Step | None, target: Version | Upload, tasks: list[Task], times: list[int]) -> None:
        if step is None:
            return
        if step.at > self.now:
            times.append(step.at)
        else:
            tasks.append(Task(step, target))

    def _versions(self, reader: Reader, key: str, place: Place) -> Iterator[tuple[Version, int, bool]]:
        """Each with how many newer ones are noncurrent, and whether it is all there is."""
        current = reader.fetch(Current(self.bucket.id, key)) if place == TOP else None
        if current is not None:
            yield current, 0, False
            if self.bucket.versioning is Versioning.OFF:
                return
        newer = place.newer
        found = reader.fetch(NewestHistory(self.bucket.id, key, place.before))
        while found is not None:
            following = reader.fetch(NewestHistory(self.bucket.id, key, found.sequence))
            is_newest = found.noncurrent_since is None
            yield found, newer, is_newest and following is None
            newer += not is_newest
            found = following

    def _step(self, version: Version, newer: int, *, is_alone: bool) -> Step | None:
        has_versions = self.bucket.versioning is not Versioning.OFF
        subject = Subject(
            version.key,
            version.listing.size,
            version.listing.modified,
            version.listing.storage_class,
            version.record.tags,
            version.marker,
            version.noncurrent_since,
            newer,
            is_alone,
            has_versions,
        )
        return next_step(steps_of(self.lifecycle, subject, self.day), self.now, has_versions=has_versions)


# --- changes --------------------------------------------------------------------------------------------------------


@frozen
class Expire:
    """Remove a version, or put a delete marker on it, as rules asked when it was ``seen``.

    Rejected with Moved when the version or the rules (``document``) are no longer those, when a delete marker is no
    longer all there is of its key, and when the version may not go. Answers None.
    """

    seen: Version
    document: bytes
    inner: DeleteNewest | DeleteVersion
    blobs: tuple[int, ...] = ()

    @property
    def _rules(self) -> Configuration:
        return Configuration(self.seen.bucket, LIFECYCLE)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        wanted = self.inner.reads(rows)
        return wanted if rows else (*wanted, self._rules)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        if rows.of(self._rules) != self.document or self._found(rows) != self.seen or self._has_company(rows):
            return Rejected(Moved())
        decision: Decided[Any] | Rejected = self.inner.decide(rows, moment)
        if isinstance(decision, Rejected):
            return decision
        if self._is_removal(rows) and not may_expire(self.seen, moment):
            return Rejected(Moved())
        return Decided(None, [_as_lifecycle(effect) for effect in decision.effects])

    def _found(self, rows: Rows) -> Version | None:
        if isinstance(self.inner, DeleteNewest):
            return rows.of(Current(self.seen.bucket, self.seen.key))
        return rows.of(WithVersionId(self.seen.bucket, self.seen.key, self.seen.version_id))

    def _has_company(self, rows: Rows) -> bool:
        """Whether it is a delete marker that goes as the last of its key, and is not."""
        seen = self.seen
        if not seen.marker or seen.noncurrent_since is not None:
            return False
        older = NewestHistory(seen.bucket, seen.key, before=seen.sequence)
        return rows.of(Current(seen.bucket, seen.key)) is not None or rows.of(older) is not None

    def _is_removal(self, rows: Rows) -> bool:
        """Whether the version goes for good: also where a null version gives its place to a delete marker."""
        bucket = rows.of(BucketWithId(self.seen.bucket))
        if isinstance(self.inner, DeleteVersion) or bucket is None or bucket.versioning is Versioning.OFF:
            return True
        return bucket.versioning is Versioning.SUSPENDED and self.seen.version_id == NULL_VERSION


def _as_lifecycle(effect: Effect) -> Effect:
    if isinstance(effect, Announce):
        return replace(effect, kind=effect.kind.replace(REMOVED, EXPIRED))
    return effect


@frozen
class Transit:
    """Have a version listed in another class, as rules asked when it was ``seen``; else as Expire. No byte moves."""

    seen: Version
    document: bytes
    storage_class: str
    blobs: tuple[int, ...] = ()

    @property
    def _reads(self) -> tuple[BucketWithId, WithVersionId, Configuration]:
        seen = self.seen
        return (
            BucketWithId(seen.bucket),
            WithVersionId(seen.bucket, seen.key, seen.version_id),
            Configuration(seen.bucket, LIFECYCLE),
        )

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else self._reads

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        of_bucket, of_version, of_rules = self._reads
        bucket, seen = rows.of(of_bucket), self.seen
        if bucket is None or rows.of(of_version) != seen or rows.of(of_rules) != self.document:
            return Rejected(Moved())
        version = seen._replace(listing=seen.listing._replace(storage_class=self.storage_class))
        is_current = seen.noncurrent_since is None
        event = Announce(
            "LifecycleTransition", bucket.id, seen.key, seen.version_id, seen.listing.size, seen.listing.etag
        )
        row = PutCurrent(version) if is_current else PutHistory(version)
        return Decided(None, (row, event, *reminded(bucket, seen.key)))


@frozen
class Reschedule:
    """Take reminders back that have been looked into, and leave others: (bucket, key, when)."""

    done: tuple[Reminder, ...]
    next: tuple[tuple[int, str, int], ...]
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return ()

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        return Decided(None, (ForgetReminders(self.done), *_reminders(self.next)))


def _reminders(times: Iterable[tuple[int, str, int]]) -> Iterator[Remind]:
    keys: dict[tuple[int, int], list[str]] = defaultdict(list)
    for bucket, key, at in times:
        keys[bucket, at].append(key)
    for (bucket, at), found in keys.items():
        yield Remind(bucket, tuple(found), at)


@frozen
class Indexing:
    """How far the keys of a bucket have been reminded of since its rules were stored.

    Up to ``key``: of the versions or, where they are over, of the uploads.
    """

    key: str = ""
    of_uploads: bool = False
    is_over: bool = False


@frozen
class ConfigureRules:
    """Store or remove (None) a bucket's rules; its keys are to be indexed anew."""

    bucket: Bucket
    document: bytes | None
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.bucket.id),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket.id))
        if bucket is None:
            return Rejected(no_such_bucket(self.bucket.name))
        forgotten = KeepDocument(LIFECYCLE, str(bucket.id), None)
        stored = configured(bucket, LIFECYCLE, self.document)
        return Decided(None, (*stored, forgotten, announced(bucket, LIFECYCLE)))


@frozen
class RemindAll:
    """Leave reminders for a page of keys, and note how far that has come since it was ``before``.

    Rejected with Moved when the bucket is gone, or its rules were stored or removed meanwhile. Answers what is noted.
    """

    bucket: int
    keys: tuple[str, ...]
    before: bytes | None
    progress: Indexing
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.bucket), indexing_of(self.bucket))

    def decide(self, rows: Rows, moment: Moment) -> Decided[bytes] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is None or not bucket.configured & HAS_LIFECYCLE or rows.of(indexing_of(bucket.id)) != self.before:
            return Rejected(Moved())
        noted = msgspec.msgpack.encode(self.progress)
        return Decided(noted, (Remind(bucket.id, self.keys), KeepDocument(LIFECYCLE, str(bucket.id), noted)))


def indexing_of(bucket: int) -> Document:
    """Where the progress of indexing a bucket is kept."""
    return Document(LIFECYCLE, str(bucket))


def unpacked_indexing(document: bytes | None) -> Indexing:
    return Indexing() if document is None else msgspec.msgpack.decode(document, type=Indexing)


# --- for operations and jobs ----------------------------------------------------------------------------------------


class Lifecycles:
    """The rules of buckets, and what they ask for. ``day`` is how long a day is, in seconds."""

    def __init__(
        self, metadata: MetadataStore, configurations: BucketConfigurations, ids: Ids, clock: Clock, *, day: float
    ) -> None:
        self._metadata = metadata
        self._configurations = configurations
        self._ids = ids
        self._clock = clock
        self.day = max(int(day * SECOND), 1)

    async def find(self, bucket: Bucket) -> Lifecycle | None:
        """A bucket's rules, None where it has none; without a read where its row says so."""
        document = await self._configurations.find(bucket, LIFECYCLE)
        return None if document is None else unpack_lifecycle(document)

    async def store(self, bucket: Bucket, lifecycle: Lifecycle | None) -> None:
        """Set a bucket's rules, which are checked; None removes them."""
        document = None if lifecycle is None else pack_lifecycle(lifecycle)
        await self._metadata.commit(ConfigureRules(bucket, document))

    async def expiry(
        self, bucket: Bucket, key: str, tags: Mapping[str, str], *, size: int, modified: int
    ) -> Step | None:
        """When which rule expires the current object of a key."""
        lifecycle = await self.find(bucket)
        if lifecycle is None:
            return None
        return expiry_of(lifecycle, Subject(key, size, modified, "", tags), self.day)

    async def expiries(self, bucket: Bucket) -> Callable[[Version], int | None]:
        """When (µs) a rule expires a current object of a bucket, as ``x-amz-expiration`` tells; never what is not."""
        lifecycle = await self.find(bucket) or Lifecycle(())

        def expiry(version: Version) -> int | None:
            if version.marker or version.noncurrent_since is not None:
                return None
            listing = version.listing
            subject = Subject(version.key, listing.size, listing.modified, "", version.record.tags)
            step = expiry_of(lifecycle, subject, self.day)
            return None if step is None else step.at

        return expiry

    async def abortion(self, bucket: Bucket, key: str, initiated: int) -> Step | None:
        """When which rule gives up an upload."""
        lifecycle = await self.find(bucket)
        return None if lifecycle is None else abort_step(lifecycle, key, initiated, self.day)

    def asked(self, bucket: Bucket, document: bytes) -> Asked:
        return Asked(bucket, unpack_lifecycle(document), self._clock.now(), self.day)

    def tomorrow(self) -> int:
        """The next midnight, as days are here."""
        return midnight(self._clock.now() + 1, self.day)

    async def carry_out(self, bucket: Bucket, document: bytes, task: Task) -> bool:
        """Do what was due by the rules in ``document``; false when it is no longer, or may not be done."""
        try:
            await self._metadata.commit(await self._change(bucket, document, task))
        except (Moved, S3Error):
            return False
        return True

    async def _change(self, bucket: Bucket, document: bytes, task: Task) -> Change[None]:
        step, target = task
        if isinstance(target, Upload):
            return AbortUpload(bucket.id, target.key, target.upload_id)
        if step.act is Act.TRANSITION:
            return Transit(target, document, step.storage_class)
        if step.act is Act.EXPIRE:
            return Expire(target, document, await self._deletion(bucket, target))
        removal = DeleteVersion(bucket.id, target.key, target.version_id, NO_WRITE_CONDITIONS)
        return Expire(target, document, removal)

    async def _deletion(self, bucket: Bucket, target: Version) -> DeleteNewest:
        if bucket.versioning is Versioning.OFF:
            return DeleteNewest(bucket.id, target.key, NO_WRITE_CONDITIONS)
        number = await self._ids.take()
        return DeleteNewest(bucket.id, target.key, NO_WRITE_CONDITIONS, number, new_version_id())
