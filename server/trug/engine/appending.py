"""Objects that grow: PutObject with ``x-amz-write-offset-bytes``, decided on the object as the commit finds it.

Follows "Appending data to objects in directory buckets" in the Amazon S3 User Guide, in every bucket. A body is only
ever added to: a version names a body and how much of it there was, so that older versions and copies stay what they
are. The ETag of an appended object is made of the one before and of what was added; AWS's are no MD5 either.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

from trug.domain import ends
from trug.domain.checksums import ALGORITHMS, combine, full_object
from trug.domain.configurations import HAS_QUOTA
from trug.domain.encryption import Encryption, Managed, size_on_disk
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.objects import FULL_OBJECT, Checksum, Listing, Record
from trug.domain.preconditions import WriteConditions
from trug.domain.restoration import ARCHIVED
from trug.domain.retention import Lock
from trug.domain.versioning import Versioning, new_version_id
from trug.engine.drafts import Draft, Stored
from trug.engine.envelopes import Envelope, Envelopes, check_customer_key
from trug.engine.ids import Ids
from trug.engine.intake import Intake, Received, digests_for
from trug.engine.locking import locked
from trug.engine.multipart import new_upload_id
from trug.engine.objects import Objects
from trug.engine.protection import Protections
from trug.engine.quotas import expect_room
from trug.engine.refusals import no_such_bucket
from trug.engine.uploads import place_of_extent, references_to_extents
from trug.engine.versions import (
    added,
    make_room,
    overfull,
    place_of,
    recount,
    references_to,
    refusal_of,
    room_reads,
    stored,
    unanswered,
)
from trug.ports.body import Body
from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import NameBlob, PutInline, PutPart, PutUpload
from trug.ports.keys import Clock
from trug.ports.reads import BodyWithId, BucketWithId, Current, PartNumbered
from trug.ports.rows import NULL_VERSION, Bucket, Completed, Extent, Part, Upload, Version
from trug.ports.stores import MetadataStore

MOST_PARTS = 10_000


class Grown(NamedTuple):
    """A body with a part more: its table, the effects on rows, and who refers to which bytes now."""

    body: int
    table: bytes
    effects: list[Effect]
    counts: list[tuple[tuple[str, int] | None, int]]


@frozen
class AppendVersion:
    """Make the current object of a key longer by ``part``, whose bytes are ``content`` under a new inline id or the
    file among ``blobs``. ``body`` and ``upload_id`` are those of a new body, for an object that has none; ``id`` and
    ``version_id`` those of a version that does not replace the current one, and whose lock is ``lock`` or the bucket's
    default. ``encryption`` is what the current object had when the part was encrypted in the same way: with another
    one the change is rejected with OperationAborted. Answers Stored."""

    bucket: int
    key: str
    offset: int
    part: Part
    body: int
    upload_id: str
    id: int
    version_id: str
    conditions: WriteConditions
    encryption: Encryption | None = None
    lock: Lock | None = None
    content: bytes = b""
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        room = room_reads(rows, self.bucket, self.key)
        if room:
            return room
        current = rows.get(Current(self.bucket, self.key))
        if current is None:
            return ()
        return unanswered(rows, (*references_to(current), *self._body_reads(rows, current)))

    def _body_reads(self, rows: Rows, current: Version) -> Sequence[Read[Any]]:
        """What was left out of an upload may still have a row under the number that comes next."""
        if current.body is None:
            return ()
        body = rows.get(BodyWithId(current.body))
        if body is None or body.completed is None:
            return (BodyWithId(current.body),)
        left_out = PartNumbered(body.id, ends.last(body.completed.ends) + 1)
        before = rows.get(left_out)
        return (left_out,) if before is None else references_to_extents(before.extents)

    def decide(self, rows: Rows, moment: Moment) -> Decided[Stored] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is None:
            return Rejected(no_such_bucket(""))
        current = rows.of(Current(self.bucket, self.key))
        refusal = refusal_of(self.conditions, current, self.key)
        if refusal is not None:
            return Rejected(refusal)
        if current is None:
            return Rejected(S3Error(ErrorCode.InvalidWriteOffset))
        table = self._table(rows, current)
        refusal = refusal_to_append(current, self.offset, table)
        if refusal is not None:
            return Rejected(refusal)
        had, more = current.record.checksum, self.part.checksum
        if had is None or more is None or had.algorithm != more.algorithm or self._is_sealed_otherwise(current):
            return Rejected(S3Error(ErrorCode.OperationAborted))
        room = make_room(rows, bucket, self.key, current, moment)
        if bucket.configured & HAS_QUOTA and (refusal := overfull(rows, bucket, room, self.offset + self.part.size)):
            return Rejected(refusal)
        grown = self._grown(rows, current, table, moment)
        longer = self._version(bucket, current, grown, joined(had, self.offset, more, self.part.size), moment)
        version = locked(rows, bucket, longer, moment)
        if isinstance(version, S3Error):
            return Rejected(version)
        counts = recount(rows, [(room.freed, -1), *grown.counts])
        effects = (*room.effects, *counts, *grown.effects, *added(bucket, version, room, "ObjectCreated:Put"))
        return Decided(stored(bucket, version), effects)

    def _is_sealed_otherwise(self, current: Version) -> bool:
        return current.record.encryption != self.encryption

    def _table(self, rows: Rows, current: Version) -> bytes:
        if current.body is None:
            return ends.pack([(1, current.listing.size)] if current.listing.size else [])
        body = rows.of(BodyWithId(current.body))
        return b"" if body is None or body.completed is None else body.completed.ends

    def _grown(self, rows: Rows, current: Version, table: bytes, moment: Moment) -> Grown:
        number = ends.last(table) + 1
        longer = ends.extended(table, number, self.offset + self.part.size)
        body = self.body if current.body is None else current.body
        part = self.part._replace(upload=body, number=number, modified=moment.time)
        (extent,) = part.extents
        bytes_ = PutInline(extent.id, self.content) if extent.inline else NameBlob(extent.id)
        if current.body is None:
            row, first = self._new_body(current, longer, moment)
            return Grown(body, longer, [bytes_, row, *map(PutPart, (*first, part))], [(place_of(current), 1)])
        found = rows.of(BodyWithId(body))
        assert found is not None  # noqa: S101 - its table was read
        assert found.completed is not None  # noqa: S101 - as above
        row = PutUpload(found._replace(completed=found.completed._replace(ends=longer)))
        left_out = rows.of(PartNumbered(body, number))
        gives = [(place_of_extent(extent), -1) for extent in (left_out.extents if left_out else ())]
        return Grown(body, longer, [bytes_, row, PutPart(part)], [(("body", body), 1), *gives])

    def _new_body(self, current: Version, table: bytes, moment: Moment) -> tuple[PutUpload, list[Part]]:
        """The row of a body, and what there was of the object as its first part, if there was anything."""
        listing, checksum = current.listing, current.record.checksum
        completed = Completed(current.version_id, listing.etag, checksum, table, b"")
        upload = Upload(
            id=self.body,
            upload_id=self.upload_id,
            bucket=self.bucket,
            key=self.key,
            initiated=moment.time,
            changed=moment.sequence,
            initiator="",
            storage_class=listing.storage_class,
            checksum_algorithm="",
            checksum_type="",
            record=Record(),
            completed=completed,
        )
        place = place_of(current)
        if place is None:
            return PutUpload(upload), []
        encryption = current.record.encryption
        key = b"" if encryption is None else encryption.blob_key
        stored = size_on_disk(listing.size, encryption)
        extent = Extent(place[0] == "inline", place[1], 0, listing.size, stored, key)
        first = Part(self.body, 1, listing.etag, listing.size, listing.modified, (extent,), checksum)
        return PutUpload(upload), [first]

    def _version(self, bucket: Bucket, current: Version, grown: Grown, checksum: Checksum, moment: Moment) -> Version:
        listing, count = current.listing, ends.count(grown.table)
        encryption = self.encryption and self.encryption._replace(blob_key=b"")  # its parts have their keys
        is_replaced = bucket.versioning is not Versioning.ENABLED and current.version_id == NULL_VERSION
        return current._replace(
            sequence=moment.sequence,
            id=current.id if is_replaced else self.id,
            version_id=self.version_id if bucket.versioning is Versioning.ENABLED else NULL_VERSION,
            listing=Listing(
                etag_after(listing.etag, self.part.etag, count),
                self.offset + self.part.size,
                moment.time,
                listing.storage_class,
                checksum.algorithm,
                checksum.type,
            ),
            record=replace(current.record, checksum=checksum, parts=count, encryption=encryption, lock=self.lock),
            inline=None,
            blob=None,
            body=grown.body,
            noncurrent_since=None,
        )


def joined(had: Checksum, length: int, more: Checksum, size: int) -> Checksum:
    """The checksum of an object of ``length`` bytes that was made longer by ``size``."""
    digests = (base64.b64decode(had.value), length), (base64.b64decode(more.value), size)
    return full_object(had.algorithm, combine(had.algorithm, digests))


def etag_after(etag: str, part: str, count: int) -> str:
    """The ETag of an object that had ``etag`` and got another part, of which it then has ``count``."""
    before = bytes.fromhex(etag.partition("-")[0])
    return f"{hashlib.md5(before + bytes.fromhex(part), usedforsecurity=False).hexdigest()}-{count}"


def refusal_to_append(current: Version, offset: int, table: bytes | None = None) -> S3Error | None:
    """Why nothing can be appended to an object at ``offset``; ``table`` is its body's, None where that is not known."""
    record, size = current.record, current.listing.size
    if size != offset:
        return S3Error(ErrorCode.InvalidWriteOffset)
    if current.listing.storage_class in ARCHIVED:
        return S3Error(ErrorCode.InvalidObjectState, fields={"StorageClass": current.listing.storage_class})
    if record.annotations:
        return _not_implemented("an object with annotations")
    checksum = record.checksum
    if checksum is None or checksum.type != FULL_OBJECT or ALGORITHMS[checksum.algorithm].combine is None:
        return _not_implemented("an object without a CRC of all of it")
    if table is None:
        return None
    if ends.size(table) != size:
        return _not_implemented("an object whose bytes another one went on with")
    return S3Error(ErrorCode.TooManyParts) if ends.last(table) >= MOST_PARTS else None


def _not_implemented(what: str) -> S3Error:
    return S3Error(ErrorCode.NotImplemented, f"Appending to {what} is not implemented.")


class Appending:
    """PutObject with a write offset."""

    def __init__(
        self,
        metadata: MetadataStore,
        ids: Ids,
        intake: Intake,
        objects: Objects,
        clock: Clock,
        protections: Protections,
        envelopes: Envelopes,
    ) -> None:
        self._metadata = metadata
        self._ids = ids
        self._intake = intake
        self._objects = objects
        self._clock = clock
        self._protections = protections
        self._envelopes = envelopes

    async def append(
        self, bucket: Bucket, key: str, offset: int, body: Body, draft: Draft, conditions: WriteConditions
    ) -> Stored:
        """Add a body to the end of the key's object, which must have ``offset`` bytes; at 0 an absent one is made.

        What is added to an encrypted object is encrypted as it is; of a customer's key ``draft`` must bring the same.

        InvalidWriteOffset, TooManyParts, InvalidRequest for an empty body, for metadata or tags where there is an
        object already, and for a checksum of another algorithm than the object's; NotImplemented for objects whose
        checksum cannot be gone on with, and where there is an object, for a kind of encryption; the conditions' errors,
        those of ``Envelopes.open``, QuotaExceeded, S3Error from the body.
        """
        if body.length == 0:
            raise _invalid("Request body cannot be empty when 'write offset' is specified.")
        current = await self._metadata.fetch(Current(bucket.id, key))
        if current is None:
            return await self._first(bucket, key, offset, body, draft, conditions)
        refusal = refusal_of(conditions, current, key) or refusal_to_append(current, offset)
        if refusal is not None:
            raise refusal
        algorithm = _algorithm_of(current, draft, body)
        if bucket.configured & HAS_QUOTA:
            await expect_room(self._metadata, bucket, key, offset + (body.length or 0))
        envelope = await self._envelope_of(bucket, current, draft)
        if envelope is None:
            received = await self._intake.receive(body, digests_for(algorithm))
        else:
            received = await self._intake.enclose(body, algorithm, envelope)
        encryption = current.record.encryption
        change = AppendVersion(
            bucket=bucket.id,
            key=key,
            offset=offset,
            part=_part(received, algorithm, encryption),
            encryption=encryption,
            body=await self._ids.take(),
            upload_id=new_upload_id(self._clock.now()),
            id=await self._ids.take(),
            version_id=new_version_id(),
            conditions=conditions,
            lock=draft.lock,
            content=received.content,
            blobs=() if received.blob is None else (received.blob,),
        )
        return await self._metadata.commit(change)

    async def _envelope_of(self, bucket: Bucket, current: Version, draft: Draft) -> Envelope | None:
        """The key of an encrypted object's body, with which it goes on."""
        asked, encryption = draft.protection, current.record.encryption
        if isinstance(asked, Managed):
            raise _not_implemented("an object in another encryption than its own")
        if asked is not None:
            await self._protections.choose(bucket, asked)
        if encryption is None:
            check_customer_key(None, asked)
            return None
        return Envelope(await self._envelopes.open(encryption, asked), encryption)

    async def _first(
        self, bucket: Bucket, key: str, offset: int, body: Body, draft: Draft, conditions: WriteConditions
    ) -> Stored:
        """An object where there is none."""
        if offset:
            raise S3Error(ErrorCode.InvalidWriteOffset)
        absent = replace(conditions, if_none_match="*")
        try:
            return await self._objects.put(bucket, key, body, draft, absent)
        except S3Error as refusal:
            if refusal.code is ErrorCode.PreconditionFailed and conditions.if_none_match is None:
                raise S3Error(ErrorCode.InvalidWriteOffset) from refusal  # somebody was quicker
            raise


def _algorithm_of(current: Version, draft: Draft, body: Body) -> str:
    """The algorithm of the object's checksum, which what is added must have too."""
    if draft.metadata or draft.tags:
        raise _invalid(
            "Cannot specify both a write offset value and user-defined object metadata for existing objects."
        )
    assert current.record.checksum is not None  # noqa: S101 - refused otherwise
    algorithm = current.record.checksum.algorithm
    claimed = body.checksum_algorithm
    if claimed not in (None, algorithm):
        raise _invalid(
            f"Checksum Type mismatch occurred, expected checksum Type: {algorithm.lower()}, "
            f"actual checksum Type: {claimed.lower()}"
        )
    return algorithm


def _part(received: Received, algorithm: str, encryption: Encryption | None) -> Part:
    """What was received; the commit says of what, and under which number."""
    is_inline = received.inline is not None
    number = received.inline if received.inline is not None else received.blob
    assert number is not None  # noqa: S101 - it is not empty
    extent = Extent(is_inline, number, 0, received.size, size_on_disk(received.size, encryption), received.key)
    return Part(0, 0, received.etag, received.size, 0, (extent,), received.checksum(algorithm))


def _invalid(message: str) -> S3Error:
    return S3Error(ErrorCode.InvalidRequest, message)
