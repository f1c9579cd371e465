"""Object Lock over the rows: of buckets, of new versions, of versions there are."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trug.domain.configurations import HAS_OBJECT_LOCK, OBJECT_LOCK
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.retention import (
    NO_CONFIGURATION,
    Lock,
    LockConfiguration,
    check_until,
    lock_of_new,
    pack_configuration,
    unpack_configuration,
    with_hold,
    with_retention,
)
from trug.domain.versioning import Versioning
from trug.engine.configurations import announced, configured
from trug.engine.named import Named
from trug.engine.refusals import no_such_bucket
from trug.ports.changes import Decided, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce
from trug.ports.reads import BucketWithId, Configuration
from trug.ports.rows import Bucket, Version
from trug.ports.stores import MetadataStore

UNVERSIONED = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration"
VERSIONING_STAYS = "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed."


def has_no_lock(bucket: Bucket) -> S3Error:
    """InvalidRequest, to be raised, where a lock is spoken of in a bucket that has none."""
    return S3Error(ErrorCode.InvalidRequest, NO_CONFIGURATION, fields={"BucketName": bucket.name})


# New versions


def lock_reads(rows: Rows, bucket: Bucket) -> Sequence[Read[Any]]:
    """What must be read before ``locked``."""
    if not bucket.configured & HAS_OBJECT_LOCK:
        return ()
    read = Configuration(bucket.id, OBJECT_LOCK)
    return () if read in rows else (read,)


def locked(
    rows: Rows, bucket: Bucket, version: Version, moment: Moment, *, is_checked: bool = False
) -> Version | S3Error:
    """A new version with the lock it asks for, or the bucket's default, which begins with its commit.

    Or what ``refusal_of_lock`` says against it, unless it ``is_checked`` already. An unreadable configuration raises.
    """
    asked = version.record.lock
    refusal = None if is_checked else refusal_of_lock(bucket, asked, moment)
    if refusal is not None:
        return refusal
    if not bucket.configured & HAS_OBJECT_LOCK:
        return version
    document = rows.of(Configuration(bucket.id, OBJECT_LOCK))
    if document is None:
        raise ValueError(f"the Object Lock configuration of bucket {bucket.name} is not there")
    lock = lock_of_new(asked, unpack_configuration(document).default, moment.lock_time)
    return version if lock == asked else version._replace(record=replace(version.record, lock=lock))


def refusal_of_lock(bucket: Bucket, asked: Lock | None, moment: Moment) -> S3Error | None:
    """InvalidRequest for a lock in a bucket without Object Lock, InvalidArgument for its date (``check_until``)."""
    if asked is None:
        return None
    if not bucket.configured & HAS_OBJECT_LOCK:
        return has_no_lock(bucket)
    try:
        if asked.mode:
            check_until(asked.until, moment.lock_time)
    except S3Error as refusal:
        return refusal
    return None


# Changes


@frozen
class ConfigureLock:
    """Switch a bucket's Object Lock on, or set its default retention; nothing switches it off again.

    InvalidBucketState where versioning is not on.
    """

    bucket: Bucket
    configuration: LockConfiguration
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.bucket.id),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket.id))
        if bucket is None:
            return Rejected(no_such_bucket(self.bucket.name))
        if bucket.versioning is not Versioning.ENABLED:
            return Rejected(S3Error(ErrorCode.InvalidBucketState, UNVERSIONED))
        document = pack_configuration(self.configuration)
        return Decided(None, (*configured(bucket, OBJECT_LOCK, document), announced(bucket, OBJECT_LOCK)))


@frozen
class Relock:
    """Change the lock of a version; ``version_id`` None is the newest. Answers the version as it is then.

    With ``hold`` (ON, OFF) its legal hold, else its retention: ``mode`` (empty: none) to ``until`` (µs). Rejected as
    ``with_retention`` refuses.
    """

    bucket: int
    key: str
    version_id: str | None
    hold: str = ""
    mode: str = ""
    until: int = 0
    bypass: bool = False
    blobs: tuple[int, ...] = ()

    @property
    def _named(self) -> Named:
        return Named(self.bucket, self.key, self.version_id)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else self._named.reads()

    def decide(self, rows: Rows, moment: Moment) -> Decided[Version] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is not None and not bucket.configured & HAS_OBJECT_LOCK:
            return Rejected(has_no_lock(bucket))
        try:
            found = self._named.find(rows)
            lock = self._changed(found.version.record.lock, moment)
        except S3Error as refusal:
            return Rejected(refusal)
        version = found.version._replace(record=replace(found.version.record, lock=lock))
        return Decided(version, (found.put(version), self._event(version)))

    def _changed(self, before: Lock | None, moment: Moment) -> Lock:
        if self.hold:
            return with_hold(before, self.hold)
        return with_retention(before, self.mode, self.until, moment.lock_time, bypass=self.bypass)

    def _event(self, version: Version) -> Announce:
        name = "ObjectLegalHold:Put" if self.hold else "ObjectRetention:Put"
        return Announce(
            name, version.bucket, version.key, version.version_id, version.listing.size, version.listing.etag
        )


@frozen
class MarkTime:
    """Nothing but a commit: the store keeps lock time with each. Answers lock time (µs since 1970)."""

    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return ()

    def decide(self, rows: Rows, moment: Moment) -> Decided[int]:
        return Decided(moment.lock_time)


class Locks:
    """Object Lock of buckets and of versions."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def find(self, bucket: Bucket) -> LockConfiguration | None:
        """The bucket's configuration; None where Object Lock is not on, which costs no read."""
        if not bucket.configured & HAS_OBJECT_LOCK:
            return None
        document = await self._metadata.fetch(Configuration(bucket.id, OBJECT_LOCK))
        return None if document is None else unpack_configuration(document)

    async def configure(self, bucket: Bucket, configuration: LockConfiguration) -> None:
        """Switch it on, or set its default retention. InvalidBucketState."""
        await self._metadata.commit(ConfigureLock(bucket, configuration))

    async def mark_time(self) -> int:
        """Have the store keep how far lock time (µs since 1970) has come, so that it knows that it was not away."""
        return await self._metadata.commit(MarkTime())

    async def retain(
        self, bucket: Bucket, key: str, version_id: str | None, mode: str, until: int, *, bypass: bool
    ) -> Version:
        """Set a version's retention; ``mode`` empty takes it away. Errors of ``Objects.find`` and
        ``with_retention``."""
        change = Relock(bucket.id, key, version_id, mode=mode, until=until, bypass=bypass)
        return await self._metadata.commit(change)

    async def hold(self, bucket: Bucket, key: str, version_id: str | None, status: str) -> Version:
        """Set a version's legal hold, ON or OFF. Errors of ``Objects.find``."""
        return await self._metadata.commit(Relock(bucket.id, key, version_id, hold=status))
