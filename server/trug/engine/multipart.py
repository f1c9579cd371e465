"""Multipart uploads: parts come in any order, Complete makes one object of them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from trug.domain import ends
from trug.domain.checksums import full_object
from trug.domain.configurations import HAS_QUOTA
from trug.domain.encryption import CustomerKey, kind_of, size_on_disk
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import replace
from trug.domain.keys import after_prefix
from trug.domain.objects import Checksum, Record
from trug.domain.preconditions import WriteConditions
from trug.domain.versioning import new_version_id
from trug.engine.assembly import Assembly, assemble, fingerprint
from trug.engine.digesting import digests_of
from trug.engine.drafts import (
    CopiedPart,
    CopySource,
    Draft,
    PartPage,
    RequestedPart,
    Stored,
    UploadedPart,
    UploadPage,
)
from trug.engine.envelopes import Envelope, Envelopes, check_upload_key, hides_digest, new_etag
from trug.engine.ids import Ids
from trug.engine.intake import DEFAULT_CHECKSUM, MD5, Intake, Received, digests_for
from trug.engine.listing import FIRST_STEP, common_prefix, first_place, next_step, roll_up
from trug.engine.objects import Objects
from trug.engine.protection import Protections
from trug.engine.quotas import expect_room
from trug.engine.reading import Reading, SealedReading, body_of, table_of
from trug.engine.refusals import Moved, no_such_upload, shown_version
from trug.engine.rewriting import StoredBody
from trug.engine.uploads import AbortUpload, AddPart, CompleteUpload, CreateUpload
from trug.ports.body import Body
from trug.ports.keys import Clock
from trug.ports.reads import OpenUploads, PartNumbered, Parts, UploadWithId
from trug.ports.rows import Bucket, Extent, Part, Upload, Version
from trug.ports.stores import MetadataStore, Reader

LARGEST_PART = 5 << 30
ATTEMPTS = 8
MANY_PARTS = 100


def new_upload_id(now: int) -> str:
    """Text that sorts by initiation: 13 hex digits of µs, then 32 random ones."""
    return f"{now:014x}{secrets.token_hex(16)}"


class Multipart:
    """The multipart operations over the rows."""

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

    async def create(
        self, bucket: Bucket, key: str, draft: Draft, *, initiator: str, checksum_algorithm: str, checksum_type: str
    ) -> Upload:
        """Begin an upload. Algorithm and type are empty when the client asked for none. Errors of
        ``Protections.envelope``."""
        envelope = await self._protections.envelope(bucket, key, draft.protection)
        upload = Upload(
            id=await self._ids.take(),
            upload_id=new_upload_id(self._clock.now()),
            bucket=bucket.id,
            key=key,
            initiated=0,
            changed=0,
            initiator=initiator,
            storage_class=draft.storage_class,
            checksum_algorithm=checksum_algorithm,
            checksum_type=checksum_type,
            record=Record(
                draft.headers,
                draft.metadata,
                draft.tags,
                encryption=None if envelope is None else envelope.encryption,
                lock=draft.lock,
                owner=draft.owner,
                acl=draft.acl,
            ),
        )
        return await self._metadata.commit(CreateUpload(upload))

    async def find(self, bucket: Bucket, key: str, upload_id: str) -> Upload:
        """The upload, while it is neither completed nor aborted. NoSuchUpload."""
        upload = await self._upload(bucket, key, upload_id)
        if upload.completed is not None:
            raise no_such_upload(upload_id)
        return upload

    async def _upload(self, bucket: Bucket, key: str, upload_id: str) -> Upload:
        upload = await self._metadata.fetch(UploadWithId(upload_id))
        if upload is None or (upload.bucket, upload.key) != (bucket.id, key):
            raise no_such_upload(upload_id)
        return upload

    async def put_part(
        self, bucket: Bucket, key: str, upload_id: str, number: int, body: Body, customer: CustomerKey | None = None
    ) -> UploadedPart:
        """Store a body as a part, in place of any with this number. NoSuchUpload; S3Error from the body;
        InvalidRequest when its checksum is not of the upload's algorithm, or ``customer`` not the upload's key."""
        upload = await self.find(bucket, key, upload_id)
        if bucket.configured & HAS_QUOTA:
            await expect_room(self._metadata, bucket, key, body.length)
        algorithm = _part_algorithm(upload, body.checksum_algorithm)
        received = await self._received(upload, body, algorithm, await self._envelope_of(upload, customer))
        change = _addition(upload, number, received, algorithm)
        return UploadedPart(await self._metadata.commit(change), upload)

    async def _envelope_of(self, upload: Upload, customer: CustomerKey | None) -> Envelope | None:
        """What the parts of an encrypted upload are encrypted with."""
        encryption = upload.record.encryption
        if encryption is not None or customer is not None:
            check_upload_key(encryption, customer)
        return None if encryption is None else Envelope(await self._envelopes.open(encryption, customer), encryption)

    async def _received(self, upload: Upload, body: Body, algorithm: str, envelope: Envelope | None) -> Received:
        if envelope is None:
            return await self._intake.receive(body, digests_for(algorithm))
        return await self._intake.enclose(body, algorithm, envelope)

    async def copy_part(
        self,
        bucket: Bucket,
        key: str,
        upload_id: str,
        number: int,
        source: CopySource,
        span: tuple[int, int] | None,
        customer: CustomerKey | None = None,
    ) -> CopiedPart:
        """Make a span (all, when None) of an object a part: read once for its digests, and written only to be encrypted
        in another way. ``customer`` is the upload's key."""
        upload = await self.find(bucket, key, upload_id)
        envelope = await self._envelope_of(upload, customer)
        for _ in range(ATTEMPTS):
            reading = await self._objects.open(source.bucket, source.key, source.version_id, source.customer_key)
            version = reading.version
            source.conditions.check(version.listing.etag, version.listing.modified)
            start, stop = span or (0, version.listing.size)
            _check_span(start, stop, version.listing.size)
            if kind_of(version.record.encryption) == kind_of(upload.record.encryption):
                part = await self._borrow(upload, number, reading, start, stop, envelope)
                change = AddPart(bucket.id, key, upload_id, part, borrowed=version)
            else:
                algorithm = upload.checksum_algorithm or DEFAULT_CHECKSUM
                received = await self._received(upload, StoredBody(reading, start, stop), algorithm, envelope)
                change = _addition(upload, number, received, algorithm)
            try:
                made = await self._metadata.commit(change)
            except Moved:
                continue
            return CopiedPart(made, shown_version(source.bucket, version), upload)
        raise S3Error(ErrorCode.OperationAborted)

    async def _borrow(
        self, upload: Upload, number: int, reading: Reading, start: int, stop: int, envelope: Envelope | None
    ) -> Part:
        algorithm = upload.checksum_algorithm or DEFAULT_CHECKSUM
        hides = hides_digest(upload.record.encryption)
        digests = await digests_of(reading, start, stop, {algorithm} if hides else {MD5, algorithm})
        extents = [extent async for extent in reading.extents(start, stop)]
        if isinstance(reading, SealedReading) and envelope is not None:
            extents = [_adopted(envelope, reading, extent) for extent in extents]
        return Part(
            upload=upload.id,
            number=number,
            etag=new_etag() if hides else digests[MD5].hex(),
            size=stop - start,
            modified=0,
            extents=tuple(extents),
            checksum=full_object(algorithm, digests[algorithm]),
        )

    async def complete(
        self,
        bucket: Bucket,
        key: str,
        upload_id: str,
        requested: Sequence[RequestedPart],
        *,
        conditions: WriteConditions,
        checksum: Checksum | None,
        size: int | None,
        customer: CustomerKey | None = None,
    ) -> Stored:
        """Make the object of the requested parts. A repetition with the same parts answers the same.

        ``checksum`` is what the client claims of the object, ``size`` its ``x-amz-mp-object-size``, ``customer`` the
        upload's key, which need not come again. NoSuchUpload,
        InvalidPart, InvalidPartOrder, EntityTooSmall, EntityTooLarge, InvalidRequest, BadDigest, and the conditions'.
        """
        for _ in range(ATTEMPTS):
            upload = await self._upload(bucket, key, upload_id)
            if customer is not None:
                check_upload_key(upload.record.encryption, customer)
            if upload.completed is not None:
                return _repeated(upload, requested)
            parts = await self._all_parts(upload)
            assembly = await self._assembled(upload, parts, requested, checksum, size)
            change = CompleteUpload(
                upload=upload,
                completed=assembly.completed,
                version_id=new_version_id(),
                id=await self._ids.take(),
                listing=assembly.listing,
                record=assembly.record,
                conditions=conditions,
                leaves_parts=len(parts) > len(requested),
            )
            try:
                return await self._metadata.commit(change)
            except Moved:
                continue
        raise S3Error(ErrorCode.OperationAborted)

    async def _assembled(
        self,
        upload: Upload,
        parts: Mapping[int, Part],
        requested: Sequence[RequestedPart],
        checksum: Checksum | None,
        size: int | None,
    ) -> Assembly:
        """Thousands of parts take tens of milliseconds: those are summed up beside the loop."""
        if len(requested) < MANY_PARTS:
            return assemble(upload, parts, requested, checksum, size)
        return await asyncio.to_thread(assemble, upload, parts, requested, checksum, size)

    async def _all_parts(self, upload: Upload) -> dict[int, Part]:
        parts = await self._metadata.view(lambda reader: reader.fetch(Parts(upload.id)))
        return {part.number: part for part in parts}

    async def abort(self, bucket: Bucket, key: str, upload_id: str, *, initiated: int | None = None) -> None:
        """Give an upload up. NoSuchUpload; PreconditionFailed when ``initiated`` (µs) is another second."""
        await self._metadata.commit(AbortUpload(bucket.id, key, upload_id, initiated))

    async def parts(self, bucket: Bucket, key: str, upload_id: str, *, after: int, limit: int) -> PartPage:
        """An open upload's parts after a number. NoSuchUpload."""
        upload = await self.find(bucket, key, upload_id)
        found = await self._metadata.view(lambda reader: reader.fetch(Parts(upload.id, after, limit + 1)))
        page = found[:limit]
        return PartPage(upload, page, page[-1].number if page and len(found) > limit else None)

    async def object_parts(self, version: Version, *, after: int, limit: int) -> list[Part]:
        """The parts of a multipart object after a number; none for any other object."""
        if version.body is None or not version.record.parts:
            return []
        body = await body_of(self._metadata, version.body)
        wanted = ends.numbers_after(table_of(body), after, among=version.record.parts, limit=limit)

        def question(reader: Reader) -> list[Part | None]:
            return [reader.fetch(PartNumbered(body.id, number)) for number in wanted]

        return [part for part in await self._metadata.view(question) if part is not None]

    async def uploads(
        self, bucket: Bucket, *, prefix: str, delimiter: str, key_marker: str, upload_id_marker: str, limit: int
    ) -> UploadPage:
        """At most ``limit`` open uploads by (key, initiation) and common prefixes, after the markers."""
        if limit == 0:
            return UploadPage([], [], None, None)
        question = UploadQuestion(bucket.id, prefix, delimiter, key_marker, upload_id_marker, limit)
        return await self._metadata.view(question.answer)


class UploadQuestion(NamedTuple):
    """One page of open uploads."""

    bucket: int
    prefix: str
    delimiter: str
    key_marker: str
    upload_id_marker: str
    limit: int

    def answer(self, reader: Reader) -> UploadPage:
        uploads: list[Upload] = []
        prefixes: list[str] = []
        last = "", ""
        for upload, rolled in self._rolled(reader):
            if len(uploads) + len(prefixes) == self.limit:
                return UploadPage(uploads, prefixes, *last)
            if rolled is None:
                uploads.append(upload)
                last = upload.key, upload.upload_id
            else:
                prefixes.append(rolled)
                last = rolled, ""
        return UploadPage(uploads, prefixes, None, None)

    def _rolled(self, reader: Reader) -> Iterator[tuple[Upload, str | None]]:
        read = self._begin()
        while read is not None:
            found = reader.fetch(read)
            seen = 0
            for upload, rolled in roll_up(found, self.prefix, self.delimiter):
                yield upload, rolled
                seen += 1
            read = self._next(read, found, seen)

    def _begin(self) -> OpenUploads | None:
        stop = after_prefix(self.prefix)
        limit = FIRST_STEP if self.delimiter else self.limit + 1
        if self.upload_id_marker and self.key_marker.startswith(self.prefix):
            return OpenUploads(self.bucket, self.key_marker, self.upload_id_marker, False, stop, limit)
        place = first_place(self.prefix, self.delimiter, self.key_marker)
        return None if place is None else OpenUploads(self.bucket, place.key, "", place.after, stop, limit)

    def _next(self, read: OpenUploads, found: list[Upload], seen: int) -> OpenUploads | None:
        if len(found) < read.limit:
            return None
        limit = next_step(seen) if self.delimiter else read.limit
        last = found[-1]
        rolled = common_prefix(last.key, self.prefix, self.delimiter)
        if rolled is None:
            return replace(read, key=last.key, upload_id=last.upload_id, beyond=False, limit=limit)
        beyond = after_prefix(rolled)
        return replace(read, key=beyond, upload_id="", beyond=False, limit=limit) if beyond else None


def _part_algorithm(upload: Upload, claimed: str | None) -> str:
    """Which checksum a part is stored with: the upload's; a part of an upload without one may bring any."""
    if claimed is not None and upload.checksum_algorithm and claimed != upload.checksum_algorithm:
        raise S3Error(
            ErrorCode.InvalidRequest,
            f"Checksum Type mismatch occurred, expected checksum Type: {upload.checksum_algorithm.lower()}, "
            f"actual checksum Type: {claimed.lower()}",
        )
    return upload.checksum_algorithm or DEFAULT_CHECKSUM


def _addition(upload: Upload, number: int, received: Received, algorithm: str) -> AddPart:
    """The part that received bytes are."""
    part = Part(
        upload=upload.id,
        number=number,
        etag=received.etag,
        size=received.size,
        modified=0,
        extents=_extents(received, size_on_disk(received.size, upload.record.encryption)),
        checksum=received.checksum(algorithm),
    )
    blobs = () if received.blob is None else (received.blob,)
    return AddPart(upload.bucket, upload.key, upload.upload_id, part, received.content, blobs)


def _extents(received: Received, stored: int) -> tuple[Extent, ...]:
    if received.inline is not None:
        return (Extent(True, received.inline, 0, received.size, stored, received.key),)
    if received.blob is not None:
        return (Extent(False, received.blob, 0, received.size, stored, received.key),)
    return ()


def _adopted(envelope: Envelope, reading: SealedReading, extent: Extent) -> Extent:
    """The same bytes, their key wrapped under that of another body."""
    return extent._replace(key=envelope.key.adopt(reading.key, extent.id, extent.key, inline=extent.inline))


def _check_span(start: int, stop: int, size: int) -> None:
    if stop > size:
        raise S3Error(ErrorCode.InvalidRange, "The requested range is not satisfiable")
    if stop - start > LARGEST_PART:
        raise S3Error(ErrorCode.EntityTooLarge, fields={"MaxSizeAllowed": str(LARGEST_PART)})


def _repeated(upload: Upload, requested: Sequence[RequestedPart]) -> Stored:
    done = upload.completed
    assert done is not None  # noqa: S101 - the caller checked
    if fingerprint(requested) != done.requested:
        raise no_such_upload(upload.upload_id)
    version_id = None if done.version_id == "null" else done.version_id
    size, encryption = ends.size(done.ends), upload.record.encryption
    return Stored(version_id, done.etag, size, upload.initiated, done.checksum, encryption)
