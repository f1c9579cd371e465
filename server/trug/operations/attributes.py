"""GetObjectAttributes: what HEAD, ListParts and the checksums tell, in one document."""

from __future__ import annotations

import re

from trug.access import actions
from trug.domain.encryption import CustomerKey
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen
from trug.engine.envelopes import check_customer_key
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.parameters import version_asked
from trug.operations.representation import (
    checksum_element,
    checksum_elements,
    document,
    shown_version,
    truncation,
)
from trug.ports.rows import Part, Version
from trug.wire.dates import http_date
from trug.wire.encryption import customer_key
from trug.wire.headers import refuse_unbuilt
from trug.wire.query import integer
from trug.wire.reply import Reply
from trug.wire.request import Headers, Incoming

family = Family()

PAGE = 1000
ATTRIBUTES = "x-amz-object-attributes"
KNOWN = ("ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize")
BETWEEN = re.compile(r"\s*,\s*")


@frozen
class GetObjectAttributes:
    """``after`` and ``limit`` page through the parts."""

    key: str
    version_id: str | None
    attributes: frozenset[str]
    after: int
    limit: int
    customer_key: CustomerKey | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> GetObjectAttributes:
        headers = incoming.headers
        refuse_unbuilt(headers)
        return cls(
            incoming.key,
            version_asked(incoming),
            attributes_asked(headers),
            after=integer(headers, "x-amz-part-number-marker", default=0),
            limit=min(integer(headers, "x-amz-max-parts", default=PAGE), PAGE),
            customer_key=customer_key(incoming),
        )


def attributes_asked(headers: Headers) -> frozenset[str]:
    """The names in ``x-amz-object-attributes``. InvalidRequest for none at all, InvalidArgument for unknown ones."""
    text = headers.get(ATTRIBUTES) or ""
    if not text.strip():
        raise S3Error(
            ErrorCode.InvalidRequest,
            f"The {ATTRIBUTES} header specifying the attributes to be retrieved is either missing or empty",
        )
    names = frozenset(BETWEEN.split(text.strip()))
    if not names <= frozenset(KNOWN):
        raise invalid_argument("Invalid attribute name specified.", ATTRIBUTES, text)
    return names


@family.operation(
    "GetObjectAttributes",
    "GET /{Bucket}/{Key+}?attributes",
    action=actions.GET_OBJECT_ATTRIBUTES,
    versioned_action=actions.GET_OBJECT_VERSION_ATTRIBUTES,
    request=GetObjectAttributes,
)
async def get_object_attributes(call: Call, request: GetObjectAttributes) -> Reply:
    read = actions.GET_OBJECT if request.version_id is None else actions.GET_OBJECT_VERSION
    await call.authorise(read, call.bucket, request.key, version_id=request.version_id)
    version = await call.engine.objects.find(call.bucket, request.key, request.version_id)
    check_customer_key(version.record.encryption, request.customer_key)
    elements = [await _attribute(call, request, version, name) for name in KNOWN if name in request.attributes]
    headers = {"last-modified": http_date(version.listing.modified), **shown_version(call.bucket, version)}
    return document("GetObjectAttributesResponse", "".join(elements), headers=headers)


async def _attribute(call: Call, request: GetObjectAttributes, version: Version, name: str) -> str:
    listing = version.listing
    match name:
        case "ETag":
            return f"<ETag>{listing.etag}</ETag>"
        case "Checksum":
            checksum = version.record.checksum
            return "" if checksum is None else f"<Checksum>{checksum_elements(checksum)}</Checksum>"
        case "ObjectParts":
            return await _parts(call, request, version) if version.record.parts else ""
        case "StorageClass":
            return f"<StorageClass>{listing.storage_class}</StorageClass>"
        case _:
            return f"<ObjectSize>{listing.size}</ObjectSize>"


async def _parts(call: Call, request: GetObjectAttributes, version: Version) -> str:
    """``<ObjectParts>``: only objects that were uploaded in parts have it."""
    found = await call.engine.multipart.object_parts(version, after=request.after, limit=request.limit + 1)
    page = found[: request.limit]
    following = page[-1].number if page and len(found) > request.limit else None
    last = page[-1].number if page else 0
    return (
        f"<ObjectParts><PartsCount>{version.record.parts}</PartsCount>"
        f"<PartNumberMarker>{request.after}</PartNumberMarker><NextPartNumberMarker>{last}</NextPartNumberMarker>"
        f"<MaxParts>{request.limit}</MaxParts>{truncation(following)}{''.join(map(_part, page))}</ObjectParts>"
    )


def _part(part: Part) -> str:
    return (
        f"<Part><PartNumber>{part.number}</PartNumber><Size>{part.size}</Size>{checksum_element(part.checksum)}</Part>"
    )
