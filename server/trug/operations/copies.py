"""CopyObject and UploadPartCopy."""

from __future__ import annotations

from collections.abc import Mapping

from trug.access import actions
from trug.domain.acl import AclAsked
from trug.domain.checksums import ALGORITHMS, find_algorithm
from trug.domain.configurations import HAS_LIFECYCLE
from trug.domain.encryption import CustomerKey
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen, replace
from trug.domain.preconditions import WriteConditions
from trug.domain.ranges import parse_copy_range
from trug.engine.drafts import Copied, CopiedPart, CopyDirectives, CopySource, Draft
from trug.operations.call import Call
from trug.operations.context import object_tags_told
from trug.operations.expiring import stored_expiration
from trug.operations.granting import granted, is_plain
from trug.operations.noting import COPIED
from trug.operations.operation import Family
from trug.operations.parameters import authorise_lock, refuse_version, tags_from, upload_part_asked
from trug.operations.representation import (
    checksum_element,
    checksum_elements,
    document,
    protection_headers,
    version_header,
)
from trug.operations.sources import Source, note_read, source_of, source_refusals
from trug.wire.acl import acl_asked
from trug.wire.dates import iso_date
from trug.wire.encryption import customer_key, encryption_headers, protection_asked
from trug.wire.headers import (
    REDIRECT_LOCATION,
    object_headers,
    refuse_unbuilt,
    storage_class_asked,
    user_metadata,
    write_conditions,
)
from trug.wire.locking import lock_asked
from trug.wire.reply import Reply
from trug.wire.request import Headers, Incoming

family = Family()

METADATA_DIRECTIVE = "x-amz-metadata-directive"
ANNOTATION_DIRECTIVE = "x-amz-object-annotation-directive"
TAGGING_DIRECTIVE = "x-amz-tagging-directive"
CHECKSUM_ALGORITHM = "x-amz-checksum-algorithm"
STORAGE_CLASS = "x-amz-storage-class"
SOURCE_RANGE = "x-amz-copy-source-range"


def is_replaced(headers: Headers, directive: str, message: str) -> bool:
    """Whether a directive says REPLACE; COPY, its default, is the other one there is."""
    text = headers.get(directive, "COPY")
    if text not in ("COPY", "REPLACE"):
        raise invalid_argument(message, directive, text or "")
    return text == "REPLACE"


# CopyObject


@frozen
class CopyObject:
    """Where from, where to, and what is to be changed on the way."""

    key: str
    source: Source
    directives: CopyDirectives
    conditions: WriteConditions
    asked: AclAsked | None = None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> CopyObject:
        headers = incoming.headers
        refuse_version(incoming)
        refuse_unbuilt(headers)
        replaces_metadata = is_replaced(headers, METADATA_DIRECTIVE, "Unknown metadata directive.")
        replaces_tags = is_replaced(headers, TAGGING_DIRECTIVE, "Unknown tagging directive.")
        return cls(
            key=incoming.key,
            source=Source.of(incoming),
            directives=CopyDirectives(
                draft=Draft(object_headers(headers), user_metadata(headers)) if replaces_metadata else None,
                tags=tags_from(headers) if replaces_tags else None,
                checksum_algorithm=checksum_asked(headers),
                storage_class=storage_class_asked(headers) if STORAGE_CLASS in headers else None,
                redirect=object_headers(headers).get(REDIRECT_LOCATION),
                protection=protection_asked(incoming),
                lock=lock_asked(headers),
                annotations=copies_annotations(headers),
            ),
            conditions=write_conditions(headers),
            asked=acl_asked(headers),
        )


def copies_annotations(headers: Headers) -> bool:
    """``x-amz-object-annotation-directive``: COPY, its default, or EXCLUDE."""
    text = headers.get(ANNOTATION_DIRECTIVE, "COPY")
    if text not in ("COPY", "EXCLUDE"):
        raise invalid_argument("Unknown annotation directive.", ANNOTATION_DIRECTIVE, text or "")
    return text == "COPY"


def checksum_asked(headers: Headers) -> str | None:
    """``x-amz-checksum-algorithm``; InvalidRequest for one that S3 does not have."""
    text = headers.get(CHECKSUM_ALGORITHM)
    if text is None:
        return None
    algorithm = find_algorithm(text)
    if algorithm is None:
        raise S3Error(
            ErrorCode.InvalidRequest,
            "Checksum algorithm provided is unsupported. Please try again with any of the valid types: "
            f"[{', '.join(ALGORITHMS)}]",
        )
    return algorithm.name


@family.operation(
    "CopyObject",
    "PUT /{Bucket}/{Key+} {x-amz-copy-source}",
    action=actions.PUT_OBJECT,
    request=CopyObject,
    may_last=True,
)
async def copy_object(call: Call, request: CopyObject) -> Reply:
    source = await source_of(call, request.source)
    await _authorise_extras(call, request, source)
    await authorise_lock(call, request.key, request.directives.lock)
    if not is_plain(call, request.asked):
        owner, acl = await granted(call, request.key, request.asked)
        request = replace(request, directives=replace(request.directives, owner=owner, acl=acl))
    copied = await _copied(call, request, source)
    note_read(call, source, COPIED)
    stored = copied.stored
    expiration = {}
    if call.bucket.configured & HAS_LIFECYCLE:
        expiration = await stored_expiration(call, request.key, copied.tags, stored)
    return document(
        "CopyObjectResult",
        f"<LastModified>{iso_date(stored.modified)}</LastModified><ETag>&quot;{stored.etag}&quot;</ETag>"
        f"{checksum_elements(stored.checksum)}",
        headers=version_header(stored.version_id)
        | _source_version(copied.source_version_id)
        | expiration
        | protection_headers(stored.encryption, request.directives.protection),
    )


async def _authorise_extras(call: Call, request: CopyObject, source: CopySource) -> None:
    """Tags and annotations are read where there are any to copy, and written where there are any to write
    ("CopyObject")."""
    if call.is_plain_owner_of(source.bucket) and call.is_plain_owner_of(call.bucket):
        return
    directives, version_id = request.directives, source.version_id
    tags = directives.tags
    if tags is None or directives.annotations:
        async with source_refusals(call, source):
            found = (await call.engine.objects.find(source.bucket, source.key, version_id)).record
        if directives.annotations and found.annotations:
            read = actions.GET_OBJECT_ANNOTATION if version_id is None else actions.GET_OBJECT_VERSION_ANNOTATION
            await call.authorise(read, source.bucket, source.key, version_id=version_id)
            await call.authorise(actions.PUT_OBJECT_ANNOTATION, call.bucket, request.key)
        if tags is None and found.tags:
            tags = found.tags
            read = actions.GET_OBJECT_TAGGING if version_id is None else actions.GET_OBJECT_VERSION_TAGGING
            await call.authorise(read, source.bucket, source.key, version_id=version_id)
    if tags:
        await _authorise_tagging(call, request.key, tags)


async def _authorise_tagging(call: Call, key: str, tags: Mapping[str, str]) -> None:
    await call.authorise(actions.PUT_OBJECT_TAGGING, call.bucket, key, told=object_tags_told(tags))


async def _copied(call: Call, request: CopyObject, source: CopySource) -> Copied:
    async with source_refusals(call, source):
        return await call.engine.copies.copy(
            source,
            call.bucket,
            request.key,
            directives=request.directives,
            conditions=request.conditions,
        )


def _source_version(version_id: str | None) -> dict[str, str]:
    return {} if version_id is None else {"x-amz-copy-source-version-id": version_id}


# UploadPartCopy


@frozen
class UploadPartCopy:
    key: str
    upload_id: str
    number: int
    source: Source
    range: str | None
    customer_key: CustomerKey | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> UploadPartCopy:
        refuse_unbuilt(incoming.headers)
        upload_id, number = upload_part_asked(incoming)
        asked = incoming.headers.get(SOURCE_RANGE)
        return cls(incoming.key, upload_id, number, Source.of(incoming), asked, customer_key(incoming))


@family.operation(
    "UploadPartCopy",
    "PUT /{Bucket}/{Key+}?partNumber&uploadId {x-amz-copy-source}",
    action=actions.PUT_OBJECT,
    request=UploadPartCopy,
    may_last=True,
)
async def upload_part_copy(call: Call, request: UploadPartCopy) -> Reply:
    source = await source_of(call, request.source)
    copied = await _copied_part(call, request, source)
    note_read(call, source, "REST.COPY.PART_GET")
    part = copied.part
    return document(
        "CopyPartResult",
        f"<LastModified>{iso_date(part.modified)}</LastModified><ETag>&quot;{part.etag}&quot;</ETag>"
        f"{checksum_element(part.checksum)}",
        headers=_source_version(copied.source_version_id)
        | encryption_headers(copied.upload.record.encryption, request.customer_key),
    )


async def _copied_part(call: Call, request: UploadPartCopy, source: CopySource) -> CopiedPart:
    async with source_refusals(call, source):
        span = None
        if request.range is not None:
            version = await call.engine.objects.find(source.bucket, source.key, source.version_id)
            span = parse_copy_range(request.range, version.listing.size)
        return await call.engine.multipart.copy_part(
            call.bucket, request.key, request.upload_id, request.number, source, span, request.customer_key
        )
