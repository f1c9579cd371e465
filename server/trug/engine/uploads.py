"""How multipart uploads change: begun, given parts, completed, aborted."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.objects import Listing, Record
from trug.domain.preconditions import WriteConditions
from trug.domain.versioning import Versioning
from trug.engine.drafts import Stored
from trug.engine.locking import locked, refusal_of_lock
from trug.engine.refusals import Moved, no_such_bucket, no_such_upload
from trug.engine.versions import (
    added,
    cleared,
    recount,
    reminded,
    room_for,
    room_reads,
    stored,
    unanswered,
)
from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import (
    Announce,
    Drop,
    NameBlob,
    PutInline,
    PutPart,
    PutUpload,
    RemoveUpload,
    Tally,
    TouchUpload,
)
from trug.ports.reads import BucketWithId, PartNumbered, References, UploadWithId, WithVersionId
from trug.ports.rows import NULL_VERSION, Bucket, Completed, Extent, Part, Upload, Version


def place_of_extent(extent: Extent) -> tuple[str, int]:
    return ("inline" if extent.inline else "blob"), extent.id


def references_to_extents(extents: Sequence[Extent]) -> Sequence[References]:
    """What must be read before these bytes can be released or shared."""
    return [References(*place_of_extent(extent)) for extent in extents]


def find_open(rows: Rows, upload_id: str, bucket: int, key: str) -> Upload | None:
    """The open upload of this id, when it belongs to this key."""
    upload = rows.of(UploadWithId(upload_id))
    if upload is None or upload.completed is not None or (upload.bucket, upload.key) != (bucket, key):
        return None
    return upload


@frozen
class CreateUpload:
    """Begin an upload. Answers its row."""

    upload: Upload
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.upload.bucket),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[Upload] | Rejected:
        bucket = rows.of(BucketWithId(self.upload.bucket))
        if bucket is None:
            return Rejected(no_such_bucket(""))
        refusal = refusal_of_lock(bucket, self.upload.record.lock, moment)
        if refusal is not None:
            return Rejected(refusal)
        upload = self.upload._replace(initiated=moment.time, changed=moment.sequence)
        event = Announce("UploadCreated", bucket.id, upload.key)
        begun = (PutUpload(upload), Tally(bucket.id, bucket.account, uploads=1), event)
        return Decided(upload, (*begun, *reminded(bucket, upload.key)))


@frozen
class AddPart:
    """Give an upload a part, in place of any with its number. Its bytes are ``content`` under a new inline id, a new
    file among ``blobs``, or, when ``borrowed`` is not None, extents of that version, read before. Answers the part."""

    bucket: int
    key: str
    upload_id: str
    part: Part
    content: bytes = b""
    blobs: tuple[int, ...] = ()
    borrowed: Version | None = None

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        if not rows:
            return (UploadWithId(self.upload_id), BucketWithId(self.bucket))
        upload = find_open(rows, self.upload_id, self.bucket, self.key)
        if upload is None:
            return ()
        return unanswered(rows, (*self._part_reads(rows), *self._source_reads()))

    def _part_reads(self, rows: Rows) -> Sequence[Read[Any]]:
        read = PartNumbered(self.part.upload, self.part.number)
        before = rows.get(read)
        return (read,) if before is None else (read, *references_to_extents(before.extents))

    def _source_reads(self) -> Sequence[Read[Any]]:
        if self.borrowed is None:
            return ()
        source = self.borrowed
        return (
            WithVersionId(source.bucket, source.key, source.version_id),
            *references_to_extents(self.part.extents),
        )

    def decide(self, rows: Rows, moment: Moment) -> Decided[Part] | Rejected:
        if rows.of(BucketWithId(self.bucket)) is None:
            return Rejected(no_such_bucket(""))
        if find_open(rows, self.upload_id, self.bucket, self.key) is None:
            return Rejected(no_such_upload(self.upload_id))
        if self._source_moved(rows):
            return Rejected(Moved())
        part = self.part._replace(modified=moment.time)
        before = rows.of(PartNumbered(part.upload, part.number))
        gives = [(place_of_extent(extent), -1) for extent in (before.extents if before else ())]
        takes = [(place_of_extent(extent), 1) for extent in (part.extents if self.borrowed else ())]
        event = Announce("UploadPart", self.bucket, self.key, size=part.size, etag=part.etag)
        effects = [*recount(rows, (*gives, *takes)), *self._bytes(), PutPart(part), TouchUpload(part.upload), event]
        return Decided(part, effects)

    def _source_moved(self, rows: Rows) -> bool:
        if self.borrowed is None:
            return False
        source = self.borrowed
        found = rows.of(WithVersionId(source.bucket, source.key, source.version_id))
        return found is None or found.id != source.id

    def _bytes(self) -> Sequence[Effect]:
        if self.borrowed is not None or not self.part.extents:
            return ()
        (extent,) = self.part.extents
        return (PutInline(extent.id, self.content),) if extent.inline else (NameBlob(extent.id),)


@frozen
class CompleteUpload:
    """Turn an upload into a body and make it the newest version of its key.

    ``upload`` is the row that parts were validated against: if they changed since, the change is rejected with Moved.
    ``completed`` has no version id yet. ``leaves_parts`` when parts were left out. Answers Stored.
    """

    upload: Upload
    completed: Completed
    version_id: str
    id: int
    listing: Listing
    record: Record
    conditions: WriteConditions
    leaves_parts: bool
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        read = UploadWithId(self.upload.upload_id)
        return (read,) if read not in rows else room_reads(rows, self.upload.bucket, self.upload.key)

    def decide(self, rows: Rows, moment: Moment) -> Decided[Stored] | Rejected:
        key = self.upload.key
        bucket = rows.of(BucketWithId(self.upload.bucket))
        if bucket is None:
            return Rejected(no_such_bucket(""))
        upload = find_open(rows, self.upload.upload_id, bucket.id, key)
        if upload is None or upload.changed != self.upload.changed:
            return Rejected(Moved())
        room = room_for(rows, bucket, key, self.conditions, self.listing.size, moment)
        if isinstance(room, S3Error):
            return Rejected(room)
        version = locked(rows, bucket, self._version(bucket, moment), moment, is_checked=True)
        if isinstance(version, S3Error):
            return Rejected(version)
        done = upload._replace(completed=self.completed._replace(version_id=version.version_id))
        effects = [
            *cleared(rows, room),
            PutUpload(done),
            *((Drop("leftover", upload.id),) if self.leaves_parts else ()),
            Tally(bucket.id, bucket.account, uploads=-1),
            *added(bucket, version, room, "ObjectCreated:CompleteMultipartUpload"),
        ]
        return Decided(stored(bucket, version), effects)

    def _version(self, bucket: Bucket, moment: Moment) -> Version:
        return Version(
            bucket=bucket.id,
            key=self.upload.key,
            sequence=moment.sequence,
            id=self.id,
            version_id=self.version_id if bucket.versioning is Versioning.ENABLED else NULL_VERSION,
            listing=self.listing,
            record=self.record,
            body=self.upload.id,
        )


@frozen
class AbortUpload:
    """Give an open upload up; the sweep removes its parts. ``initiated`` (µs, by the second) must fit when given."""

    bucket: int
    key: str
    upload_id: str
    initiated: int | None = None
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (UploadWithId(self.upload_id), BucketWithId(self.bucket))

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is None:
            return Rejected(no_such_bucket(""))
        upload = find_open(rows, self.upload_id, self.bucket, self.key)
        if upload is None:
            return Rejected(no_such_upload(self.upload_id))
        if self.initiated is not None and self.initiated // 1_000_000 != upload.initiated // 1_000_000:
            return Rejected(
                S3Error(ErrorCode.PreconditionFailed, fields={"Condition": "x-amz-if-match-initiated-time"})
            )
        tally = Tally(bucket.id, bucket.account, uploads=-1)
        return Decided(None, (RemoveUpload(upload.id), Drop("upload", upload.id), tally, _aborted(upload)))


def _aborted(upload: Upload) -> Announce:
    return Announce("UploadAborted", upload.bucket, upload.key)
