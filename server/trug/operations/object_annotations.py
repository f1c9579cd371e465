"""PutObjectAnnotation, GetObjectAnnotation, ListObjectAnnotations and DeleteObjectAnnotation."""

from __future__ import annotations

import base64
import hashlib

from trug.access import actions
from trug.domain.annotations import LARGEST, MOST, check_name, check_payload
from trug.domain.checksums import ALGORITHMS, full_object
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen
from trug.engine.named import Named
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.parameters import version_asked
from trug.operations.representation import checksum_headers, document
from trug.ports.rows import Annotation, Version
from trug.wire.dates import http_date, iso_date
from trug.wire.query import integer
from trug.wire.reply import Reply
from trug.wire.request import Incoming
from trug.wire.xml import element

family = Family()

NAME = "annotationName"
IF_MATCH = "x-amz-object-if-match"
VERSION = "x-amz-object-version-id"
CHECKSUM_MODE = "x-amz-checksum-mode"
DEFAULT_CHECKSUM = "CRC64NVME"


@frozen
class OneAnnotation:
    """An annotation of an object, or of one version of it; what the object's ETag must be, None where not asked."""

    key: str
    version_id: str | None
    name: str
    if_match: str | None = None
    shows_checksum: bool = False

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> OneAnnotation:
        name = incoming.parameters[NAME]
        check_name(name)
        return cls(
            incoming.key,
            version_asked(incoming),
            name,
            incoming.headers.get(IF_MATCH),
            incoming.headers.get(CHECKSUM_MODE, "").upper() == "ENABLED",
        )


@frozen
class PutObjectAnnotation:
    """``annotation`` lacks what the store says of it."""

    key: str
    version_id: str | None
    annotation: Annotation
    payload: bytes
    if_match: str | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutObjectAnnotation:
        asked = await OneAnnotation.from_wire(incoming)
        body = incoming.body
        if body.length is not None and body.length > LARGEST:
            raise S3Error(
                ErrorCode.EntityTooLarge,
                fields={"ProposedSize": str(body.length), "MaxSizeAllowed": str(LARGEST)},
            )
        payload = await body.read(LARGEST)
        check_payload(payload)
        algorithm = body.checksum_algorithm or DEFAULT_CHECKSUM
        checksum = full_object(algorithm, ALGORITHMS[algorithm].hash(payload))
        etag = hashlib.md5(payload, usedforsecurity=False).hexdigest()
        annotation = Annotation(0, asked.name, etag, len(payload), 0, 0, checksum)
        return cls(asked.key, asked.version_id, annotation, payload, asked.if_match)


def _shown(call: Call, version: Version) -> dict[str, str]:
    return {VERSION: version.version_id} if call.bucket.versioning.value else {}


def _etag(annotation: Annotation) -> dict[str, str]:
    return {"etag": f'"{annotation.etag}"'}


@family.operation(
    "PutObjectAnnotation",
    "PUT /{Bucket}/{Key+}?annotation&annotationName",
    action=actions.PUT_OBJECT_ANNOTATION,
    versioned_action=actions.PUT_OBJECT_VERSION_ANNOTATION,
    request=PutObjectAnnotation,
)
async def put_object_annotation(call: Call, request: PutObjectAnnotation) -> Reply:
    version, annotation = await call.engine.annotations.put(
        Named(call.bucket.id, request.key, request.version_id),
        request.annotation,
        request.payload,
        if_match=request.if_match,
    )
    return document(
        "PutObjectAnnotationOutput",
        f"{element('Key', request.key)}{element('AnnotationName', annotation.name)}",
        headers=_etag(annotation) | checksum_headers(annotation.checksum) | _shown(call, version),
    )


@family.operation(
    "GetObjectAnnotation",
    "GET /{Bucket}/{Key+}?annotation&annotationName",
    action=actions.GET_OBJECT_ANNOTATION,
    versioned_action=actions.GET_OBJECT_VERSION_ANNOTATION,
    request=OneAnnotation,
)
async def get_object_annotation(call: Call, request: OneAnnotation) -> Reply:
    (version, annotation), payload = await call.engine.annotations.find(
        call.bucket, request.key, request.version_id, request.name
    )
    headers = {"last-modified": http_date(annotation.modified), "content-type": "binary/octet-stream"}
    if request.shows_checksum:
        headers |= checksum_headers(annotation.checksum)
    return Reply(headers=headers | _etag(annotation) | _shown(call, version), body=payload)


@family.operation(
    "DeleteObjectAnnotation",
    "DELETE /{Bucket}/{Key+}?annotation&annotationName",
    action=actions.DELETE_OBJECT_ANNOTATION,
    versioned_action=actions.DELETE_OBJECT_VERSION_ANNOTATION,
    request=OneAnnotation,
)
async def delete_object_annotation(call: Call, request: OneAnnotation) -> Reply:
    named = Named(call.bucket.id, request.key, request.version_id)
    version = await call.engine.annotations.remove(named, request.name, if_match=request.if_match)
    return Reply(204, headers=_shown(call, version))


@frozen
class ListObjectAnnotations:
    """A page of at most ``limit`` annotations whose names begin with ``prefix``; ``token`` as the last page gave it."""

    key: str
    version_id: str | None
    prefix: str
    token: str | None
    limit: int

    @property
    def after(self) -> str:
        """The last name of the page before. InvalidArgument for a token that no page gave."""
        if self.token is None:
            return ""
        try:
            return base64.urlsafe_b64decode(self.token.encode()).decode()
        except ValueError as error:
            raise invalid_argument("The continuation token provided is incorrect", "continuation-token", "") from error

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> ListObjectAnnotations:
        parameters = incoming.parameters
        return cls(
            incoming.key,
            version_asked(incoming),
            parameters.get("annotation-prefix", ""),
            parameters.get("continuation-token"),
            min(integer(parameters, "max-annotation-results", default=MOST), MOST),
        )


@family.operation(
    "ListObjectAnnotations",
    "GET /{Bucket}/{Key+}?annotation",
    action=actions.LIST_OBJECT_ANNOTATIONS,
    versioned_action=actions.LIST_OBJECT_VERSION_ANNOTATIONS,
    request=ListObjectAnnotations,
)
async def list_object_annotations(call: Call, request: ListObjectAnnotations) -> Reply:
    version, page, last = await call.engine.annotations.page(
        call.bucket,
        request.key,
        request.version_id,
        prefix=request.prefix,
        after=request.after,
        limit=request.limit,
    )
    following = None if last is None else base64.urlsafe_b64encode(last.encode()).decode()
    return document(
        "ListObjectAnnotationsOutput",
        f"<Annotations>{''.join(map(_entry, page))}</Annotations><Bucket>{call.bucket.name}</Bucket>"
        f"{element('Key', request.key)}{element('AnnotationPrefix', request.prefix or None)}"
        f"<MaxAnnotationResults>{request.limit}</MaxAnnotationResults><AnnotationCount>{len(page)}</AnnotationCount>"
        f"{element('ContinuationToken', request.token)}{element('NextContinuationToken', following)}",
        headers=_shown(call, version),
    )


def _entry(annotation: Annotation) -> str:
    algorithm = None if annotation.checksum is None else annotation.checksum.algorithm
    return (
        f"<AnnotationEntry>{element('AnnotationName', annotation.name)}"
        f"<LastModified>{iso_date(annotation.modified)}</LastModified><ETag>&quot;{annotation.etag}&quot;</ETag>"
        f"{element('ChecksumAlgorithm', algorithm)}<Size>{annotation.size}</Size></AnnotationEntry>"
    )
