"""Objects renamed, by one change of rows: the same version under another key, or where versions are kept a new one.

AWS has the operation for directory buckets alone, which have no versions. Where there are some, a rename loses none, as
no other write does: the new name gets a version of the same bytes, and the old name a delete marker.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.preconditions import (
    NO_CONDITIONS,
    NO_WRITE_CONDITIONS,
    SOURCE_PREFIX,
    ReadConditions,
    WriteConditions,
)
from trug.domain.versioning import Versioning, new_version_id
from trug.engine.ids import Ids
from trug.engine.locking import locked
from trug.engine.quotas import refusal_by_quota
from trug.engine.refusals import Moved, no_such_bucket, no_such_key
from trug.engine.versions import (
    added,
    cleared,
    make_room,
    marked,
    marker_of,
    place_of,
    recount,
    references_to,
    refusal_of,
    reminded,
    room_reads,
    tally_of,
    unanswered,
)
from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import Advance, Announce, KeepDocument, PutCurrent, RemoveCurrent
from trug.ports.reads import BucketWithId, Current, Document
from trug.ports.rows import NULL_VERSION, Bucket, Version
from trug.ports.stores import MetadataStore

RENAME_SOURCE_PREFIX = "x-amz-rename-source-"
TOKENS = "rename-tokens"
SHELVES = 4096
MOST_ON_A_SHELF = 16
LIFETIME = 24 * 60 * 60 * 1_000_000
"""In µs. AWS does not say for how long it knows a client's token."""


@frozen
class RenameConditions:
    """What must hold of the object and of what its new name has so far ("RenameObject"); ``dates`` are about the
    latter, and where nothing is there, it was not modified."""

    source: ReadConditions = NO_CONDITIONS
    target: WriteConditions = NO_WRITE_CONDITIONS
    dates: ReadConditions = NO_CONDITIONS

    def refusal(self, source: Version, target: Version | None, key: str) -> S3Error | None:
        """PreconditionFailed, or NoSuchKey where If-Match has nothing to match."""
        refused = refusal_of(self.target, target, key)
        if refused is not None:
            return refused
        if target is None and self.dates.if_modified_since is not None:
            return S3Error(ErrorCode.PreconditionFailed, fields={"Condition": "If-Modified-Since"})
        failed = _failed(self.source, source, RENAME_SOURCE_PREFIX)
        return failed or (None if target is None else _failed(self.dates, target, ""))


def _failed(conditions: ReadConditions, version: Version, prefix: str) -> S3Error | None:
    """What the conditions say against a version; names of conditions get ``prefix``."""
    try:
        conditions.check(version.listing.etag, version.listing.modified)
    except S3Error as refusal:
        refusal.fields["Condition"] = prefix + refusal.fields["Condition"].removeprefix(SOURCE_PREFIX)
        return refusal
    return None


class Token(NamedTuple):
    """A request that a client may repeat: digests of its token and of what it asked for; when, in µs."""

    digest: bytes
    asked: bytes
    time: int


decode_tokens = msgspec.msgpack.Decoder(list[Token]).decode


class NewRow(NamedTuple):
    """What a new version is known by."""

    id: int
    version_id: str


@frozen
class RenameVersion:
    """Give an object another key: the row gets a new sequence and stays what it is, the time of its last modification
    included. What had the key goes. Answers the id of the new version, None where versions are off.

    ``new`` are the version and the marker of a bucket that keeps versions; they may be left out where it had none when
    the change was made: if it has by then, the change is rejected with Moved. ``token`` is the client's,
    empty where it has none: a repetition does nothing, another request with the same token is
    IdempotencyParameterMismatch.
    """

    bucket: int
    source: str
    key: str
    conditions: RenameConditions
    token: str = ""
    new: tuple[NewRow, NewRow] | None = None
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        if not rows:
            return (BucketWithId(self.bucket), Current(self.bucket, self.source), *self._shelf())
        wanted = room_reads(rows, self.bucket, self.key)
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is not None and bucket.versioning is not Versioning.OFF:
            source = rows.of(Current(self.bucket, self.source))
            wanted = (*wanted, *room_reads(rows, self.bucket, self.source), *references_to(source))
        return unanswered(rows, wanted)

    def _shelf(self) -> Sequence[Document]:
        return (Document(TOKENS, str(int.from_bytes(self._digest[:4], "big") % SHELVES)),) if self.token else ()

    @property
    def _digest(self) -> bytes:
        return _digest_of(self.bucket, self.token)

    @property
    def _asked(self) -> bytes:
        return _digest_of(self.source, self.key, self.conditions)

    def decide(self, rows: Rows, moment: Moment) -> Decided[str | None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is None:
            return Rejected(no_such_bucket(""))
        known = [token for token in self._known(rows) if token.time > moment.time - LIFETIME]
        for token in known:
            if token.digest == self._digest:
                is_same = token.asked == self._asked
                return Decided(None) if is_same else Rejected(S3Error(ErrorCode.IdempotencyParameterMismatch))
        source = rows.of(Current(self.bucket, self.source))
        if source is None:
            return Rejected(no_such_key(self.source))
        newest = rows.of(Current(self.bucket, self.key))
        refusal = self.conditions.refusal(source, newest, self.key)
        if refusal is not None:
            return Rejected(refusal)
        remembered = self._remembered(known, moment)
        if bucket.versioning is Versioning.OFF:
            return Decided(None, (*self._moved(rows, bucket, source, newest, moment), *remembered))
        if self.new is None:
            return Rejected(Moved())
        made = self._made(rows, bucket, source, newest, moment, *self.new)
        if isinstance(made, S3Error):
            return Rejected(made)
        version, effects = made
        return Decided(version.version_id, (*effects, *remembered))

    def _known(self, rows: Rows) -> list[Token]:
        for shelf in self._shelf():
            document = rows.of(shelf)
            if document is not None:
                return decode_tokens(document)
        return []

    def _moved(
        self, rows: Rows, bucket: Bucket, source: Version, newest: Version | None, moment: Moment
    ) -> Sequence[Effect]:
        room = make_room(rows, bucket, self.key, newest, moment)
        listing = source.listing
        return (
            *cleared(rows, room),
            RemoveCurrent(bucket.id, self.source),
            PutCurrent(source._replace(key=self.key, sequence=moment.sequence)),
            tally_of(bucket, room),
            Announce("ObjectRenamed", bucket.id, self.key, source.version_id, listing.size, listing.etag),
            *reminded(bucket, self.source),
            *reminded(bucket, self.key),
            Advance(),
            Announce("ObjectRemoved:Delete", bucket.id, self.source, source.version_id),
        )

    def _made(
        self,
        rows: Rows,
        bucket: Bucket,
        source: Version,
        newest: Version | None,
        moment: Moment,
        of_version: NewRow,
        of_marker: NewRow,
    ) -> tuple[Version, Sequence[Effect]] | S3Error:
        """A new version of the source's bytes, and a delete marker on the source."""
        if source.record.annotations:
            return _has_annotations()
        renamed = source._replace(
            key=self.key,
            sequence=moment.sequence,
            id=of_version.id,
            version_id=of_version.version_id if bucket.versioning is Versioning.ENABLED else NULL_VERSION,
            record=replace(source.record, lock=None),
        )
        version = locked(rows, bucket, renamed, moment)
        if isinstance(version, S3Error):
            return version
        room = make_room(rows, bucket, self.key, newest, moment)
        left = make_room(rows, bucket, self.source, source, moment)
        size = room.bytes + source.listing.size + left.bytes
        refusal = refusal_by_quota(rows, bucket, versions=room.versions + left.versions + 2, size=size)
        if refusal is not None:
            return refusal
        marker = marker_of(bucket, self.source, of_marker.id, of_marker.version_id, moment)
        return version, (
            *room.effects,
            *left.effects,
            *recount(rows, ((room.freed, -1), (left.freed, -1), (place_of(source), 1))),
            *marked(bucket, marker, left),
            *added(bucket, version, room, "ObjectRenamed"),
            Advance(),
            Announce("ObjectRemoved:DeleteMarkerCreated", bucket.id, self.source, marker.version_id),
        )

    def _remembered(self, known: Sequence[Token], moment: Moment) -> Sequence[Effect]:
        kept = [*known, Token(self._digest, self._asked, moment.time)][-MOST_ON_A_SHELF:]
        return [KeepDocument(TOKENS, shelf.name, msgspec.msgpack.encode(kept)) for shelf in self._shelf()]


def _digest_of(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()[:16]


def _has_annotations() -> S3Error:
    return S3Error(
        ErrorCode.NotImplemented,
        "RenameObject of an object with annotations is not implemented where versions are kept.",
    )


class Renaming:
    """RenameObject over the rows."""

    def __init__(self, metadata: MetadataStore, ids: Ids) -> None:
        self._metadata = metadata
        self._ids = ids

    async def rename(
        self, bucket: Bucket, source: str, key: str, conditions: RenameConditions, *, token: str = ""
    ) -> str | None:
        """Give the object ``source`` the key ``key``; the id of the version that it is then, None where versions are
        off. NoSuchKey, the conditions' errors, IdempotencyParameterMismatch, InvalidRequest for two equal keys; where
        versions are kept also QuotaExceeded, and NotImplemented for an object with annotations."""
        if source == key:
            raise S3Error(ErrorCode.InvalidRequest, "The source and the destination of a rename must not be the same.")
        change = RenameVersion(bucket.id, source, key, conditions, token)
        if bucket.versioning is Versioning.OFF:
            try:
                return await self._metadata.commit(change)
            except Moved:
                pass  # somebody turned versions on just now
        return await self._metadata.commit(replace(change, new=(await self._new(), await self._new())))

    async def _new(self) -> NewRow:
        return NewRow(await self._ids.take(), new_version_id())
