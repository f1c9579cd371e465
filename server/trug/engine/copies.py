"""Copies of whole objects: a row, when digests and kind of bytes can stay."""

from __future__ import annotations

from dataclasses import replace

from trug.domain.checksums import full_object
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.objects import COMPOSITE, STANDARD, Listing, Record
from trug.domain.preconditions import WriteConditions
from trug.domain.versioning import new_version_id
from trug.engine.digesting import digests_of
from trug.engine.drafts import Copied, CopyDirectives, CopySource
from trug.engine.ids import Ids
from trug.engine.intake import DEFAULT_CHECKSUM, MD5
from trug.engine.objects import Objects
from trug.engine.reading import Reading
from trug.engine.refusals import Moved, shown_version
from trug.engine.versions import CopyVersion
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore

LARGEST_COPY = 5 << 30
ATTEMPTS = 8
REDIRECT = "x-amz-website-redirect-location"


class Copies:
    """CopyObject over the rows: bytes are never written twice."""

    def __init__(self, metadata: MetadataStore, ids: Ids, objects: Objects) -> None:
        self._metadata = metadata
        self._ids = ids
        self._objects = objects

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
        for _ in range(ATTEMPTS):
            reading = await self._objects.open(source.bucket, source.key, source.version_id)
            version = reading.version
            source.conditions.check(version.listing.etag, version.listing.modified)
            listing, record = await digested(reading, directives.checksum_algorithm)
            change = CopyVersion(
                source=version,
                bucket=bucket.id,
                key=key,
                id=await self._ids.take(),
                version_id=new_version_id(),
                listing=listing._replace(storage_class=directives.storage_class or STANDARD),
                record=described(record, directives),
                conditions=conditions,
            )
            try:
                stored = await self._metadata.commit(change)
            except Moved:
                continue
            return Copied(stored, shown_version(source.bucket, version))
        raise S3Error(ErrorCode.OperationAborted)


async def digested(reading: Reading, algorithm: str | None) -> tuple[Listing, Record]:
    """What a copy is listed and recorded with: the source's digests where they can stay, else one read.

    A copy is never a multipart object: its ETag is an MD5 and its checksum that of the full object ("Copying objects",
    "Checking object integrity").
    """
    listing, record = reading.version.listing, reading.version.record
    if listing.size > LARGEST_COPY:
        raise _too_large()
    had = record.checksum
    wanted = algorithm or (DEFAULT_CHECKSUM if had is None else had.algorithm)
    keeps_checksum = had is not None and had.algorithm == wanted and had.type != COMPOSITE
    if keeps_checksum and not record.parts:
        return listing, record
    digests = await digests_of(reading, 0, listing.size, {MD5, wanted})
    checksum = full_object(wanted, digests[wanted])
    listing = listing._replace(
        etag=digests[MD5].hex(), checksum_algorithm=checksum.algorithm, checksum_type=checksum.type
    )
    return listing, replace(record, checksum=checksum, parts=0)


def described(record: Record, directives: CopyDirectives) -> Record:
    """The record with what the directives replace."""
    draft, tags = directives.draft, directives.tags
    if draft is not None:
        record = replace(record, headers=draft.headers, metadata=draft.metadata)
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
