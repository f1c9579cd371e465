"""Objects: written, read, deleted, tagged."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from trug.domain.configurations import HAS_ENCRYPTION, HAS_QUOTA
from trug.domain.encryption import CustomerKey, Encryption
from trug.domain.frozen import replace
from trug.domain.objects import Judged, Listing, Record
from trug.domain.preconditions import NO_WRITE_CONDITIONS, WriteConditions
from trug.domain.restoration import ARCHIVED, check_readable
from trug.domain.versioning import Versioning, new_version_id
from trug.engine.drafts import Deleted, Draft, Stored
from trug.engine.envelopes import Envelopes, check_customer_key
from trug.engine.ids import Ids
from trug.engine.intake import DEFAULT_CHECKSUM, Intake, Received, digests_for
from trug.engine.pins import Pins
from trug.engine.protection import Protections
from trug.engine.quotas import expect_room
from trug.engine.reading import PIECE, Reading, SealedReading
from trug.engine.refusals import Moved, hidden_by_marker, is_marker, no_such_key, unknown_version
from trug.engine.together import Together
from trug.engine.versions import DeleteNewest, DeleteVersion, PutVersion, RetagVersion
from trug.ports.body import Body
from trug.ports.keys import Clock
from trug.ports.reads import Current, CurrentContent, NewestHistory, WithVersionId, WithVersionIdContent
from trug.ports.rows import Bucket, Fetched, Version
from trug.ports.stores import BlobStore, MetadataStore

OFF = Versioning.OFF
PUT, POST = "ObjectCreated:Put", "ObjectCreated:Post"

ASKED_OF_WRITES = HAS_QUOTA | HAS_ENCRYPTION
"""What is looked up before a body is taken in."""


class Objects:
    """Objects of all buckets."""

    def __init__(
        self,
        metadata: MetadataStore,
        blobs: BlobStore,
        ids: Ids,
        intake: Intake,
        pins: Pins,
        protections: Protections,
        envelopes: Envelopes,
        clock: Clock,
    ) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._ids = ids
        self._intake = intake
        self._pins = pins
        self._protections = protections
        self._envelopes = envelopes
        self._clock = clock

    async def put(
        self, bucket: Bucket, key: str, body: Body, draft: Draft, conditions: WriteConditions, event: str = PUT
    ) -> Stored:
        """Store a body as the newest version of ``key``; visible only when it is whole, verified and durable.

        ``event`` is what the feed tells of it. Computes CRC64NVME when the client sends no checksum. S3Error from the
        body, the conditions or a quota; Unavailable.
        """
        change = await self.prepared(bucket, key, body, draft, conditions, event, is_named=False)
        try:
            return await self._metadata.commit(change)
        except Moved:
            return await self.put_named(change)

    async def put_named(self, change: PutVersion) -> Stored:
        """Commit, with a version id, what was Moved: somebody turned versions on just now. Errors as ``put``."""
        return await self._metadata.commit(replace(change, version_id=new_version_id()))

    def submit(self, change: PutVersion | DeleteNewest) -> asyncio.Future[Any]:
        """Begin to commit what was found ``…_at_hand``; also Moved, for which there is ``…_named``."""
        return self._metadata.submit(change)

    def may_keep(self, length: int) -> bool:
        """Whether a body of so many bytes is kept inline."""
        return self._intake.may_keep(length)

    def put_at_hand(
        self, bucket: Bucket, key: str, content: bytes, digests: Mapping[str, bytes], algorithm: str, draft: Draft
    ) -> PutVersion | None:
        """The change that ``put`` commits of a body that ``may_keep`` and has come as ``content``, with verified
        ``digests``, unless something has to be waited for, or looked up in the bucket's configurations."""
        if draft.protection is not None or bucket.configured & ASKED_OF_WRITES:
            return None
        row = self._ids.at_hand()
        received = self._intake.kept(content, digests) if row else None
        if received is None:
            return None
        version_id = "" if bucket.versioning is OFF else new_version_id()
        return put_of(bucket, key, row, version_id, received, algorithm, draft, NO_WRITE_CONDITIONS, PUT)

    async def put_all(self, changes: Sequence[PutVersion]) -> list[Stored]:
        """Commit what was ``prepared`` for different keys: all of it or nothing. Errors as ``put``."""
        return await self._metadata.commit(Together(tuple(changes)))

    async def forget(self, changes: Sequence[PutVersion]) -> None:
        """Remove the bytes of what was ``prepared`` and is not to be committed."""
        await self._blobs.remove([blob for change in changes for blob in change.blobs])

    async def prepared(
        self,
        bucket: Bucket,
        key: str,
        body: Body,
        draft: Draft,
        conditions: WriteConditions,
        event: str = PUT,
        *,
        is_named: bool = True,
    ) -> PutVersion:
        """The change that ``put`` commits, the body taken in; to be committed or forgotten. Errors as ``put``, but
        what the commit decides. Unless it ``is_named``, it may be without version id (PutVersion)."""
        if bucket.configured & HAS_QUOTA:
            await expect_room(self._metadata, bucket, key, body.length)
        algorithm = body.checksum_algorithm or DEFAULT_CHECKSUM
        envelope = None
        if draft.protection is not None or bucket.configured & HAS_ENCRYPTION:
            envelope = await self._protections.envelope(bucket, key, draft.protection)
        row = self._ids.at_hand() or await self._ids.take()
        if envelope is None:
            received = await self._intake.receive(body, digests_for(algorithm))
        else:
            received = await self._intake.enclose(body, algorithm, envelope)
        encryption = None if envelope is None else envelope.around(received.key)
        needs_name = is_named or bucket.versioning is not OFF or received.blob is not None
        version_id = new_version_id() if needs_name else ""
        return put_of(bucket, key, row, version_id, received, algorithm, draft, conditions, event, encryption)

    def at_hand(self, bucket: Bucket, key: str, *, content: bool) -> Fetched | None:
        """The newest version of a key, with its inline bytes where ``content`` asks for them, without waiting; None
        says nothing of what there is."""
        return self._metadata.at_hand(bucket.id, key, content=content)

    def file_at_hand(self, bucket: Bucket, version: Version) -> bytes | memoryview | None:
        """All bytes, verified, of a version that was ``at_hand``, still is the newest and is not encrypted; None where
        they cannot be had without waiting."""
        if version.body is not None or version.listing.size > PIECE:
            return None
        pin = self._pins.hold(self._metadata.sequence)
        fetched = self._metadata.at_hand(bucket.id, version.key, content=False)
        if fetched is None or fetched.version.id != version.id:
            return None
        return Reading(version, None, pin, self._metadata, self._blobs).at_hand(0, version.listing.size)

    async def find(self, bucket: Bucket, key: str, version_id: str | None) -> Version:
        """The newest version, or the one named. NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker that
        was named, InvalidArgument for text that is no version id."""
        if version_id is None:
            return await self._metadata.fetch(Current(bucket.id, key)) or await self._absent(bucket, key)
        return _object(await self._metadata.fetch(WithVersionId(bucket.id, key, version_id)), key, version_id)

    async def open(
        self,
        bucket: Bucket,
        key: str,
        version_id: str | None,
        customer: CustomerKey | None = None,
        *,
        is_read: bool = True,
    ) -> Reading:
        """As ``find``, with the bytes at hand; ``customer`` is the customer's key that the request brought. Also
        errors of ``Envelopes.open``, and, unless nothing of it ``is_read``, InvalidObjectState for what is archived and
        not restored."""
        pin = self._pins.hold(self._metadata.sequence)
        version, content = await self._fetch(bucket, key, version_id)
        if version.listing.storage_class in ARCHIVED and is_read:
            check_readable(version.listing.storage_class, version.record.restoration, self._clock.now())
        encryption = version.record.encryption
        if encryption is None:
            if customer is not None:
                check_customer_key(encryption, customer)
            return Reading(version, content, pin, self._metadata, self._blobs)
        body_key = await self._envelopes.open(encryption, customer)
        return SealedReading(version, content, pin, self._metadata, self._blobs, encryption=encryption, key=body_key)

    async def _fetch(self, bucket: Bucket, key: str, version_id: str | None) -> Fetched:
        if version_id is None:
            fetched = await self._metadata.fetch(CurrentContent(bucket.id, key))
            return fetched or Fetched(await self._absent(bucket, key), None)
        fetched = await self._metadata.fetch(WithVersionIdContent(bucket.id, key, version_id))
        _object(None if fetched is None else fetched.version, key, version_id)
        assert fetched is not None  # noqa: S101 - _object raised otherwise
        return fetched

    async def _absent(self, bucket: Bucket, key: str) -> Version:
        """Raise what a read of a key without a current object answers."""
        marker = await self._metadata.fetch(NewestHistory(bucket.id, key)) if bucket.versioning.value else None
        raise no_such_key(key) if marker is None else hidden_by_marker(key, marker)

    async def delete(
        self, bucket: Bucket, key: str, version_id: str | None, conditions: WriteConditions, *, bypass: bool = False
    ) -> Deleted:
        """Delete the key (a delete marker where versioning is or was on) or one version for good. Absent: no error.

        AccessDenied for a version that a lock protects; ``bypass`` is true of who may bypass governance, and asked to.
        """
        if version_id is not None:
            return await self._metadata.commit(DeleteVersion(bucket.id, key, version_id, conditions, bypass))
        change = self.delete_at_hand(bucket, key, conditions)
        if change is None:
            return await self.delete_named(bucket, key, conditions)
        try:
            return await self._metadata.commit(change)
        except Moved:  # somebody turned versions on just now
            return await self.delete_named(bucket, key, conditions)

    async def delete_named(self, bucket: Bucket, key: str, conditions: WriteConditions) -> Deleted:
        """Delete a key with a version id for the marker, wherever versions are on by now. Errors as ``delete``."""
        change = DeleteNewest(bucket.id, key, conditions, await self._ids.take(), new_version_id())
        return await self._metadata.commit(change)

    def delete_at_hand(self, bucket: Bucket, key: str, conditions: WriteConditions) -> DeleteNewest | None:
        """The change that ``delete`` commits of a key, unless something has to be waited for."""
        if bucket.versioning is OFF:
            return DeleteNewest(bucket.id, key, conditions)
        marker = self._ids.at_hand()
        return DeleteNewest(bucket.id, key, conditions, marker, new_version_id()) if marker else None

    async def retag(
        self, bucket: Bucket, key: str, version_id: str | None, tags: dict[str, str], judged: Judged | None = None
    ) -> Version:
        """Replace the tags of a version. Errors as ``find``; OperationAborted where it is not as it was ``judged``."""
        return await self._metadata.commit(RetagVersion(bucket.id, key, version_id, tags, judged))


def put_of(
    bucket: Bucket,
    key: str,
    row: int,
    version_id: str,
    received: Received,
    algorithm: str,
    draft: Draft,
    conditions: WriteConditions,
    event: str,
    encryption: Encryption | None = None,
) -> PutVersion:
    """The change that makes of a body that was taken in the newest version of its key."""
    checksum = received.checksum(algorithm)
    return PutVersion(
        bucket=bucket.id,
        key=key,
        id=row,
        version_id=version_id,
        listing=Listing(received.etag, received.size, 0, draft.storage_class, algorithm, checksum.type),
        record=Record(
            draft.headers,
            draft.metadata,
            draft.tags,
            checksum,
            encryption=encryption,
            lock=draft.lock,
            owner=draft.owner,
            filename=draft.filename,
            acl=draft.acl,
        ),
        conditions=conditions,
        event=event,
        inline=received.inline,
        content=received.content,
        blob=received.blob,
    )


def _object(version: Version | None, key: str, version_id: str) -> Version:
    if version is None:
        raise unknown_version(key, version_id)
    if version.marker:
        raise is_marker(version)
    return version
