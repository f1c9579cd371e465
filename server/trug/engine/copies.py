"""Copies of whole objects: a row, when digests and kind of bytes can stay."""

from __future__ import annotations

from collections.abc import Sequence

from trug.domain.checksums import full_object
from trug.domain.encryption import Encryption, Protection, kind_of
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import replace
from trug.domain.objects import COMPOSITE, STANDARD, Listing, Record
from trug.domain.preconditions import WriteConditions
from trug.domain.versioning import new_version_id
from trug.engine.annotations import refuse_encrypted
from trug.engine.digesting import digests_of
from trug.engine.drafts import Copied, CopyDirectives, CopySource, Stored
from trug.engine.envelopes import Envelopes, hides_digest, new_etag
from trug.engine.ids import Ids
from trug.engine.intake import DEFAULT_CHECKSUM, MD5, Intake, digests_for
from trug.engine.objects import Objects
from trug.engine.protection import Protections
from trug.engine.reading import Reading, SealedReading
from trug.engine.refusals import Moved, shown_version
from trug.engine.rewriting import StoredBody
from trug.engine.versions import CopyVersion, PutVersion
from trug.ports.reads import Annotations, InlineContent
from trug.ports.rows import Annotation, Bucket, Version
from trug.ports.stores import MetadataStore, Reader

LARGEST_COPY = 5 << 30
ATTEMPTS = 8
MOST_ANNOTATED = 16 << 20
"""Bytes of annotations that one commit copies."""
REDIRECT = "x-amz-website-redirect-location"


class Copies:
    """CopyObject over the rows: bytes are written again only to be encrypted in another way."""

    def __init__(
        self,
        metadata: MetadataStore,
        ids: Ids,
        objects: Objects,
        intake: Intake,
        protections: Protections,
        envelopes: Envelopes,
    ) -> None:
        self._metadata = metadata
        self._ids = ids
        self._objects = objects
        self._intake = intake
        self._protections = protections
        self._envelopes = envelopes

    async def copy(
        self,
        source: CopySource,
        bucket: Bucket,
        key: str,
        *,
        directives: CopyDirectives,
        conditions: WriteConditions,
    ) -> Copied:
        """Make a copy the newest version of ``key``.

        InvalidRequest for a source above 5 GiB and for a copy onto itself that changes nothing; errors of
        ``Objects.find`` and of both sets of conditions.
        """
        if directives.changes_nothing and _is_onto_itself(source, bucket, key):
            raise _changes_nothing()
        asked = await self._protections.choose(bucket, directives.protection)
        for _ in range(ATTEMPTS):
            reading = await self._objects.open(source.bucket, source.key, source.version_id, source.customer_key)
            version = reading.version
            source.conditions.check(version.listing.etag, version.listing.modified)
            copied = await self._annotations_of(version) if directives.annotations else ()
            change: CopyVersion | PutVersion
            if kind_of(version.record.encryption) == kind_of(asked):
                change = await self._sharing(reading, bucket, key, asked, directives, conditions)
                change = replace(change, annotations=copied) if copied else change
            elif copied:
                refuse_encrypted(Encryption(kind_of(asked), b""))
            else:
                change = await self._rewriting(reading, bucket, key, asked, directives, conditions)
            try:
                stored: Stored = await self._metadata.commit(change)
            except Moved:
                continue
            return Copied(stored, shown_version(source.bucket, version), change.record.tags)
        raise S3Error(ErrorCode.OperationAborted)

    async def _annotations_of(self, version: Version) -> Sequence[tuple[Annotation, bytes]]:
        """The annotations to be copied, under new inline ids. OperationAborted when they change meanwhile."""
        if not version.record.annotations:
            return ()

        def question(reader: Reader) -> list[tuple[Annotation, bytes | None]]:
            found = reader.fetch(Annotations(version.id))
            if sum(annotation.size for annotation in found) > MOST_ANNOTATED:
                raise S3Error(ErrorCode.NotImplemented, "Copying so many annotations is not implemented.")
            return [(annotation, reader.fetch(InlineContent(annotation.inline))) for annotation in found]

        copied = []
        for annotation, content in await self._metadata.view(question):
            if content is None:
                raise S3Error(ErrorCode.OperationAborted)
            copied.append((annotation._replace(inline=await self._ids.take()), content))
        if len(copied) != version.record.annotations:
            raise S3Error(ErrorCode.OperationAborted)
        return tuple(copied)

    async def _sharing(
        self,
        reading: Reading,
        bucket: Bucket,
        key: str,
        asked: Protection | None,
        directives: CopyDirectives,
        conditions: WriteConditions,
    ) -> CopyVersion:
        """A version of the same bytes; the key of an encrypted body is wrapped anew."""
        listing, record = await digested(reading, directives.checksum_algorithm)
        if isinstance(reading, SealedReading) and asked is not None:
            renewed = await self._envelopes.rewrapped(reading.key, reading.encryption, bucket, key, asked)
            record = replace(record, encryption=renewed)
        return CopyVersion(
            source=reading.version,
            bucket=bucket.id,
            key=key,
            id=await self._ids.take(),
            version_id=new_version_id(),
            listing=listing._replace(storage_class=directives.storage_class or STANDARD),
            record=described(record, directives),
            conditions=conditions,
        )

    async def _rewriting(
        self,
        reading: Reading,
        bucket: Bucket,
        key: str,
        asked: Protection | None,
        directives: CopyDirectives,
        conditions: WriteConditions,
    ) -> PutVersion:
        """A version of bytes of its own, which are encrypted in another way than the source's."""
        version = reading.version
        check_copy_size(version.listing)
        algorithm = wanted_checksum(version.record, directives.checksum_algorithm)
        body = StoredBody(reading, 0, version.listing.size)
        encryption: Encryption | None = None
        if asked is None:
            received = await self._intake.receive(body, digests_for(algorithm))
        else:
            envelope = await self._envelopes.make(bucket, key, asked)
            received = await self._intake.enclose(body, algorithm, envelope)
            encryption = envelope.around(received.key)
        checksum = received.checksum(algorithm)
        record = replace(version.record, checksum=checksum, parts=0, encryption=encryption)
        return PutVersion(
            bucket=bucket.id,
            key=key,
            id=await self._ids.take(),
            version_id=new_version_id(),
            listing=Listing(
                received.etag, received.size, 0, directives.storage_class or STANDARD, algorithm, checksum.type
            ),
            record=described(record, directives),
            conditions=conditions,
            event="ObjectCreated:Copy",
            inline=received.inline,
            content=received.content,
            blob=received.blob,
        )


async def digested(reading: Reading, algorithm: str | None) -> tuple[Listing, Record]:
    """What a copy is listed and recorded with: the source's digests where they can stay, else one read.

    A copy is never a multipart object: its ETag is an MD5 and its checksum that of the full object ("Copying objects",
    "Checking object integrity").
    """
    listing, record = reading.version.listing, reading.version.record
    check_copy_size(listing)
    had, wanted = record.checksum, wanted_checksum(record, algorithm)
    keeps_checksum = had is not None and had.algorithm == wanted and had.type != COMPOSITE
    if keeps_checksum and not record.parts:
        return listing, record
    hides = hides_digest(record.encryption)
    digests = await digests_of(reading, 0, listing.size, {wanted} if hides else {MD5, wanted})
    checksum = full_object(wanted, digests[wanted])
    etag = new_etag() if hides else digests[MD5].hex()
    listing = listing._replace(etag=etag, checksum_algorithm=checksum.algorithm, checksum_type=checksum.type)
    return listing, replace(record, checksum=checksum, parts=0)


def wanted_checksum(record: Record, asked: str | None) -> str:
    """The algorithm of a copy's checksum: the one asked for, else the source's."""
    return asked or (DEFAULT_CHECKSUM if record.checksum is None else record.checksum.algorithm)


def check_copy_size(listing: Listing) -> None:
    """InvalidRequest for a source above 5 GiB."""
    if listing.size > LARGEST_COPY:
        raise _too_large()


def described(record: Record, directives: CopyDirectives) -> Record:
    """The record with what the directives replace."""
    draft, tags = directives.draft, directives.tags
    if record.lock is not directives.lock:
        record = replace(record, lock=directives.lock)
    if record.owner != directives.owner or record.acl is not directives.acl:
        record = replace(record, owner=directives.owner, acl=directives.acl)
    if record.annotations and not directives.annotations:
        record = replace(record, annotations=0)
    if record.restoration is not None:
        record = replace(record, restoration=None)
    if draft is not None:
        record = replace(record, headers=draft.headers, metadata=draft.metadata, filename=draft.filename)
    elif directives.redirect is not None or REDIRECT in record.headers:
        kept = {name: value for name, value in record.headers.items() if name != REDIRECT}
        redirected = {} if directives.redirect is None else {REDIRECT: directives.redirect}
        record = replace(record, headers=kept | redirected)
    return record if tags is None else replace(record, tags=tags)


def _is_onto_itself(source: CopySource, bucket: Bucket, key: str) -> bool:
    return source.bucket.id == bucket.id and source.key == key and source.version_id is None


def _changes_nothing() -> S3Error:
    return S3Error(
        ErrorCode.InvalidRequest,
        "This copy request is illegal because it is trying to copy an object to itself without changing the object's "
        "metadata, storage class, website redirect location or encryption attributes.",
    )


def _too_large() -> S3Error:
    return S3Error(
        ErrorCode.InvalidRequest,
        f"The specified copy source is larger than the maximum allowable size for a copy source: {LARGEST_COPY}",
    )
