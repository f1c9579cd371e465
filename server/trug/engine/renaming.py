"""Objects renamed: the same version under another key of its bucket, by one change of rows."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.preconditions import (
    NO_CONDITIONS,
    NO_WRITE_CONDITIONS,
    SOURCE_PREFIX,
    ReadConditions,
    WriteConditions,
)
from trug.domain.versioning import Versioning
from trug.engine.refusals import no_such_bucket, no_such_key
from trug.engine.versions import cleared, make_room, refusal_of, reminded, room_reads, unanswered
from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce, KeepDocument, PutCurrent, RemoveCurrent, Tally
from trug.ports.reads import BucketWithId, Current, Document
from trug.ports.rows import Bucket, Version
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


@frozen
class RenameVersion:
    """Give an object another key: the row gets a new sequence and stays what it is, the time of its last modification
    included. What had the key goes. Answers None.

    ``token`` is the client's, empty where it has none: a repetition does nothing, another request with the same token
    is IdempotencyParameterMismatch.
    """

    bucket: int
    source: str
    key: str
    conditions: RenameConditions
    token: str = ""
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        if not rows:
            return (BucketWithId(self.bucket), Current(self.bucket, self.source), *self._shelf())
        return unanswered(rows, room_reads(rows, self.bucket, self.key))

    def _shelf(self) -> Sequence[Document]:
        return (Document(TOKENS, str(int.from_bytes(self._digest[:4], "big") % SHELVES)),) if self.token else ()

    @property
    def _digest(self) -> bytes:
        return _digest_of(self.bucket, self.token)

    @property
    def _asked(self) -> bytes:
        return _digest_of(self.source, self.key, self.conditions)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is None:
            return Rejected(no_such_bucket(""))
        known = [token for token in self._known(rows) if token.time > moment.time - LIFETIME]
        for token in known:
            if token.digest == self._digest:
                is_same = token.asked == self._asked
                return Decided(None) if is_same else Rejected(S3Error(ErrorCode.IdempotencyParameterMismatch))
        source = rows.of(Current(self.bucket, self.source))
        if bucket.versioning is not Versioning.OFF:
            return Rejected(_keeps_versions())
        if source is None:
            return Rejected(no_such_key(self.source))
        newest = rows.of(Current(self.bucket, self.key))
        refusal = self.conditions.refusal(source, newest, self.key)
        if refusal is not None:
            return Rejected(refusal)
        moved = self._moved(rows, bucket, source, newest, moment)
        return Decided(None, (*moved, *self._remembered(known, moment)))

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
            Tally(bucket.id, bucket.account, objects=room.objects, versions=room.versions, bytes=room.bytes),
            Announce("ObjectRenamed", bucket.id, self.key, source.version_id, listing.size, listing.etag),
            *reminded(bucket, self.source),
            *reminded(bucket, self.key),
        )

    def _remembered(self, known: Sequence[Token], moment: Moment) -> Sequence[Effect]:
        kept = [*known, Token(self._digest, self._asked, moment.time)][-MOST_ON_A_SHELF:]
        return [KeepDocument(TOKENS, shelf.name, msgspec.msgpack.encode(kept)) for shelf in self._shelf()]


def _digest_of(*parts: object) -> bytes:
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).digest()[:16]


def _keeps_versions() -> S3Error:
    """Directory buckets, for which AWS has the operation, have no versions: there is no telling what it means here."""
    return S3Error(ErrorCode.NotImplemented, "RenameObject is not implemented for buckets with versioning.")


class Renaming:
    """RenameObject over the rows."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def rename(
        self, bucket: Bucket, source: str, key: str, conditions: RenameConditions, *, token: str = ""
    ) -> None:
        """Give the object ``source`` the key ``key``. NoSuchKey, the conditions' errors, IdempotencyParameterMismatch;
        NotImplemented in a bucket that keeps or kept versions, InvalidRequest for two equal keys."""
        if source == key:
            raise S3Error(ErrorCode.InvalidRequest, "The source and the destination of a rename must not be the same.")
        await self._metadata.commit(RenameVersion(bucket.id, source, key, conditions, token))
