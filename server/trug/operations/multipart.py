"""CreateMultipartUpload, UploadPart, CompleteMultipartUpload, AbortMultipartUpload, ListParts, ListMultipartUploads."""

from __future__ import annotations

from collections.abc import Sequence

from trug.access import actions
from trug.domain.checksums import BY_HEADER, check_checksum_type, decode_of_object
from trug.domain.configurations import HAS_LIFECYCLE, HAS_OBJECT_LOCK
from trug.domain.encryption import CustomerKey
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen
from trug.domain.objects import COMPOSITE, FULL_OBJECT, Checksum
from trug.domain.preconditions import WriteConditions
from trug.engine.drafts import Draft, RequestedPart, Stored, UploadPage
from trug.operations.call import Call
from trug.operations.expiring import abortion, version_expiration
from trug.operations.granting import is_plain, with_owner
from trug.operations.operation import Family
from trug.operations.owners import initiator_element, object_owner
from trug.operations.parameters import (
    authorise_lock,
    check_length,
    demand_digest_of_default,
    draft_from,
    upload_part_asked,
)
from trug.operations.representation import (
    Names,
    checksum_element,
    checksum_elements,
    checksum_header,
    document,
    owner_element,
    protection_headers,
    truncation,
    version_header,
)
from trug.ports.rows import Part, Upload
from trug.wire.dates import iso_date, parse_http_date
from trug.wire.documents.complete import LIMIT, parse_complete
from trug.wire.encryption import customer_key, encryption_headers
from trug.wire.headers import refuse_unbuilt, write_conditions
from trug.wire.locking import demand_digest, has_digest
from trug.wire.query import DIGITS, integer
from trug.wire.reply import Reply
from trug.wire.request import Headers, Incoming, WireRequest
from trug.wire.xml import element

family = Family()

PAGE = 1000
CHECKSUM_ALGORITHM = "x-amz-checksum-algorithm"
CHECKSUM_TYPE = "x-amz-checksum-type"
OBJECT_SIZE = "x-amz-mp-object-size"
INITIATED = "x-amz-if-match-initiated-time"
PUT_PART = "Put Part"
"""What AWS calls UploadPart when it refuses one."""


# CreateMultipartUpload


@frozen
class CreateMultipartUpload:
    """``checksum_algorithm`` and ``checksum_type`` are empty where none was asked for."""

    key: str
    draft: Draft
    checksum_algorithm: str
    checksum_type: str

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> CreateMultipartUpload:
        headers = incoming.headers
        algorithm, type_ = check_checksum_type(headers.get(CHECKSUM_ALGORITHM) or "", headers.get(CHECKSUM_TYPE) or "")
        return cls(incoming.key, draft_from(incoming), algorithm, type_)


@family.operation(
    "CreateMultipartUpload",
    "POST /{Bucket}/{Key+}?uploads",
    action=actions.PUT_OBJECT,
    request=CreateMultipartUpload,
)
async def create_multipart_upload(call: Call, request: CreateMultipartUpload) -> Reply:
    if request.draft.tags:
        await call.authorise(actions.PUT_OBJECT_TAGGING, call.bucket, request.key)
    await authorise_lock(call, request.key, request.draft.lock)
    draft = request.draft
    if not is_plain(call, draft.asked):
        draft = await with_owner(call, request.key, draft)
    upload = await call.engine.multipart.create(
        call.bucket,
        request.key,
        draft,
        initiator=call.identity.arn,
        checksum_algorithm=request.checksum_algorithm,
        checksum_type=request.checksum_type,
    )
    checksums = {CHECKSUM_ALGORITHM: upload.checksum_algorithm, CHECKSUM_TYPE: upload.checksum_type}
    return document(
        "InitiateMultipartUploadResult",
        f"{_place(call, upload.key)}{element('UploadId', upload.upload_id)}",
        headers=(checksums if upload.checksum_algorithm else {})
        | await abortion(call, upload)
        | protection_headers(upload.record.encryption, request.draft.protection),
    )


def _place(call: Call, key: str) -> str:
    return f"<Bucket>{call.bucket.name}</Bucket>{element('Key', key)}"


# UploadPart


@frozen
class UploadPart:
    key: str
    upload_id: str
    number: int
    customer_key: CustomerKey | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> UploadPart:
        refuse_unbuilt(incoming.headers)
        check_length(incoming.body)
        return cls(incoming.key, *upload_part_asked(incoming), customer_key(incoming))


@family.operation(
    "UploadPart",
    "PUT /{Bucket}/{Key+}?partNumber&uploadId",
    action=actions.PUT_OBJECT,
    request=UploadPart,
    streams=True,
)
async def upload_part(call: Call, request: UploadPart) -> Reply:
    if call.bucket.configured & HAS_OBJECT_LOCK and not has_digest(call.wire.headers):
        await demand_digest_of_part(call, request)
    part, upload = await call.engine.multipart.put_part(
        call.bucket, request.key, request.upload_id, request.number, call.body, request.customer_key
    )
    encrypted = encryption_headers(upload.record.encryption, request.customer_key)
    return Reply(headers={"etag": f'"{part.etag}"', **checksum_header(part.checksum), **encrypted})


async def demand_digest_of_part(call: Call, request: UploadPart) -> None:
    """What will be locked, as its upload or its bucket asks, is known by digest: NoSuchUpload, InvalidRequest."""
    upload = await call.engine.multipart.find(call.bucket, request.key, request.upload_id)
    if upload.record.lock is None:
        await demand_digest_of_default(call, PUT_PART)
    else:
        demand_digest(call.wire.headers, PUT_PART)


# CompleteMultipartUpload


@frozen
class CompleteMultipartUpload:
    """``checksum`` is what the client claims, any part of it empty where it claims nothing; ``size`` is in bytes."""

    key: str
    upload_id: str
    parts: Sequence[RequestedPart]
    conditions: WriteConditions
    checksum: Checksum | None
    size: int | None
    customer_key: CustomerKey | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> CompleteMultipartUpload:
        headers = incoming.headers
        refuse_unbuilt(headers)
        parts = parse_complete(await incoming.body.read(LIMIT))
        return cls(
            key=incoming.key,
            upload_id=incoming.parameters["uploadId"],
            parts=[RequestedPart(*part) for part in parts],
            conditions=write_conditions(headers),
            checksum=checksum_claimed(headers),
            size=size_claimed(headers),
            customer_key=customer_key(incoming, may_repeat=True),
        )


def checksum_claimed(headers: Headers) -> Checksum | None:
    """The object's checksum and type as the headers claim them. InvalidRequest for more than one, and for no digest."""
    type_ = (headers.get(CHECKSUM_TYPE) or "").upper()
    if type_ not in ("", COMPOSITE, FULL_OBJECT):
        raise S3Error(ErrorCode.InvalidRequest, f"Value for {CHECKSUM_TYPE} header is invalid.")
    claimed = [name for name in headers if name in BY_HEADER]
    if len(claimed) > 1:
        raise S3Error(
            ErrorCode.InvalidRequest,
            "Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.",
        )
    for name in claimed:
        decode_of_object(BY_HEADER[name], headers[name])
        return Checksum(BY_HEADER[name].name, headers[name], type_)
    return Checksum("", "", type_) if type_ else None


def size_claimed(headers: Headers) -> int | None:
    text = headers.get(OBJECT_SIZE)
    if text is None:
        return None
    if not DIGITS.match(text):
        raise invalid_argument(f"The value of {OBJECT_SIZE} is not a number of bytes.", OBJECT_SIZE, text)
    return int(text)


@family.operation(
    "CompleteMultipartUpload",
    "POST /{Bucket}/{Key+}?uploadId",
    action=actions.PUT_OBJECT,
    request=CompleteMultipartUpload,
    may_last=True,
)
async def complete_multipart_upload(call: Call, request: CompleteMultipartUpload) -> Reply:
    stored = await call.engine.multipart.complete(
        call.bucket,
        request.key,
        request.upload_id,
        request.parts,
        conditions=request.conditions,
        checksum=request.checksum,
        size=request.size,
        customer=request.customer_key,
    )
    expiration = {}
    if call.bucket.configured & HAS_LIFECYCLE:
        expiration = await _completed_expiration(call, request.key, stored)
    return document(
        "CompleteMultipartUploadResult",
        f"{element('Location', location(call.wire))}{_place(call, request.key)}"
        f"<ETag>&quot;{stored.etag}&quot;</ETag>{checksum_elements(stored.checksum)}",
        headers=version_header(stored.version_id) | expiration | encryption_headers(stored.encryption),
    )


async def _completed_expiration(call: Call, key: str, stored: Stored) -> dict[str, str]:
    """That of the object made, unless it is gone or another one by now."""
    try:
        version = await call.engine.objects.find(call.bucket, key, None)
    except S3Error:
        return {}
    return await version_expiration(call, version) if version.listing.etag == stored.etag else {}


def location(wire: WireRequest) -> str:
    """The object's URL, by the host the client called."""
    return f"{wire.scheme}://{wire.headers.get('host', '')}{wire.target.path}"


# AbortMultipartUpload


@frozen
class AbortMultipartUpload:
    """``initiated`` is when the upload must have begun, in µs since 1970."""

    key: str
    upload_id: str
    initiated: int | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> AbortMultipartUpload:
        text = incoming.headers.get(INITIATED)
        initiated = None if text is None else parse_http_date(text)
        if text is not None and initiated is None:
            raise invalid_argument("The value is not a date as HTTP writes it.", INITIATED, text)
        return cls(incoming.key, incoming.parameters["uploadId"], initiated)


@family.operation(
    "AbortMultipartUpload",
    "DELETE /{Bucket}/{Key+}?uploadId",
    action=actions.ABORT_MULTIPART_UPLOAD,
    request=AbortMultipartUpload,
)
async def abort_multipart_upload(call: Call, request: AbortMultipartUpload) -> Reply:
    await call.engine.multipart.abort(call.bucket, request.key, request.upload_id, initiated=request.initiated)
    return Reply(204)


# ListParts


@frozen
class ListParts:
    key: str
    upload_id: str
    after: int
    limit: int

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> ListParts:
        refuse_unbuilt(incoming.headers)
        parameters = incoming.parameters
        return cls(
            incoming.key,
            parameters["uploadId"],
            after=integer(parameters, "part-number-marker", default=0),
            limit=min(integer(parameters, "max-parts", default=PAGE), PAGE),
        )


@family.operation(
    "ListParts",
    "GET /{Bucket}/{Key+}?uploadId",
    action=actions.LIST_MULTIPART_UPLOAD_PARTS,
    request=ListParts,
)
async def list_parts(call: Call, request: ListParts) -> Reply:
    upload, parts, following = await call.engine.multipart.parts(
        call.bucket, request.key, request.upload_id, after=request.after, limit=request.limit
    )
    last = parts[-1].number if parts else 0
    return document(
        "ListPartsResult",
        f"{_place(call, upload.key)}{element('UploadId', upload.upload_id)}{await _people(call, upload)}"
        f"{_kind(upload)}<PartNumberMarker>{request.after}</PartNumberMarker>"
        f"<NextPartNumberMarker>{last}</NextPartNumberMarker><MaxParts>{request.limit}</MaxParts>"
        f"{truncation(following)}{''.join(map(_part, parts))}",
        headers=await abortion(call, upload),
    )


def _part(part: Part) -> str:
    return (
        f"<Part><PartNumber>{part.number}</PartNumber><LastModified>{iso_date(part.modified)}</LastModified>"
        f"<ETag>&quot;{part.etag}&quot;</ETag><Size>{part.size}</Size>{checksum_element(part.checksum)}</Part>"
    )


async def _people(call: Call, upload: Upload) -> str:
    return await initiator_element(call, upload) + owner_element(await object_owner(call, upload.record))


def _kind(upload: Upload) -> str:
    algorithm = element("ChecksumAlgorithm", upload.checksum_algorithm or None)
    return (
        f"<StorageClass>{upload.storage_class}</StorageClass>{algorithm}"
        f"{element('ChecksumType', upload.checksum_type or None)}"
    )


# ListMultipartUploads


@frozen
class ListMultipartUploads:
    prefix: str
    delimiter: str
    key_marker: str
    upload_id_marker: str
    limit: int
    names: Names

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> ListMultipartUploads:
        parameters = incoming.parameters
        return cls(
            prefix=parameters.get("prefix", ""),
            delimiter=parameters.get("delimiter", ""),
            key_marker=parameters.get("key-marker", ""),
            upload_id_marker=parameters.get("upload-id-marker", ""),
            limit=min(integer(parameters, "max-uploads", default=PAGE), PAGE),
            names=Names.asked(parameters),
        )


@family.operation(
    "ListMultipartUploads",
    "GET /{Bucket}?uploads",
    action=actions.LIST_BUCKET_MULTIPART_UPLOADS,
    request=ListMultipartUploads,
)
async def list_multipart_uploads(call: Call, request: ListMultipartUploads) -> Reply:
    names = request.names
    page = await call.engine.multipart.uploads(
        call.bucket,
        prefix=request.prefix,
        delimiter=request.delimiter,
        key_marker=request.key_marker,
        upload_id_marker=request.upload_id_marker if request.key_marker else "",
        limit=request.limit,
    )
    delimiter = f"<Delimiter>{names.one(request.delimiter)}</Delimiter>" if request.delimiter else ""
    return document(
        "ListMultipartUploadsResult",
        f"<Bucket>{call.bucket.name}</Bucket><KeyMarker>{names.one(request.key_marker)}</KeyMarker>"
        f"{element('UploadIdMarker', request.upload_id_marker)}{_next_markers(page, names)}{delimiter}"
        f"<Prefix>{names.one(request.prefix)}</Prefix>{names.element}<MaxUploads>{request.limit}</MaxUploads>"
        f"{truncation(page.next_key)}{await _uploads(call, page.uploads, names)}"
        f"{names.common_prefixes(page.prefixes)}",
    )


def _next_markers(page: UploadPage, names: Names) -> str:
    if page.next_key is None:
        return ""
    next_upload = element("NextUploadIdMarker", page.next_upload_id or None)
    return f"<NextKeyMarker>{names.one(page.next_key)}</NextKeyMarker>{next_upload}"


async def _uploads(call: Call, uploads: Sequence[Upload], names: Names) -> str:
    return "".join(
        [
            f"<Upload><Key>{names.one(upload.key)}</Key>{element('UploadId', upload.upload_id)}"
            f"{await _people(call, upload)}<Initiated>{iso_date(upload.initiated)}</Initiated>{_kind(upload)}</Upload>"
            for upload in uploads
        ]
    )
