"""The body of CompleteMultipartUpload."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.wire import xml

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 8 * 1024 * 1024
"""10,000 parts of a SHA-512 each, indented."""
MOST_PARTS = 10_000
CHECKSUM = "Checksum"
ALGORITHMS = (
    "CRC32",
    "CRC32C",
    "CRC64NVME",
    "SHA1",
    "SHA256",
    "SHA512",
    "MD5",
    "XXHASH64",
    "XXHASH3",
    "XXHASH128",
)
FIELDS = frozenset({"PartNumber", "ETag", *(CHECKSUM + algorithm for algorithm in ALGORITHMS)})
NUMBER = re.compile(r"[+-]?[0-9]{1,18}\Z")


class CompletedPart(NamedTuple):
    """A part to keep: its number, its bare ETag, and its checksums (base64) by algorithm (``CRC32C``)."""

    number: int
    etag: str
    checksums: dict[str, str]


def parse_complete(body: bytes) -> tuple[CompletedPart, ...]:
    """1 to 10,000 parts of a ``CompleteMultipartUpload`` as sent: neither their order nor their existence is checked.

    InvalidRequest when nothing was sent, InvalidArgument for a part number outside 1 to 10,000, MalformedXML and its
    kin for the rest.
    """
    if not body:
        raise S3Error(ErrorCode.InvalidRequest, "You must specify at least one part")
    root = xml.parse(body, "CompleteMultipartUpload", limit=LIMIT)
    xml.check_children(root, ("Part",))
    if not 1 <= len(root) <= MOST_PARTS:
        raise xml.malformed()
    return tuple(map(_part, root))


def _part(element: Element) -> CompletedPart:
    found = xml.texts(element, FIELDS)
    number, etag = found.pop("PartNumber", None), found.pop("ETag", None)
    if number is None or etag is None:
        raise xml.malformed()
    checksums = {name.removeprefix(CHECKSUM): value.strip() for name, value in found.items()}
    return CompletedPart(_number(number), etag.strip().strip('"'), checksums)


def _number(text: str) -> int:
    if not NUMBER.match(text.strip()):
        raise xml.malformed()
    number = int(text)
    if not 1 <= number <= MOST_PARTS:
        raise invalid_argument("Part number must be an integer between 1 and 10000, inclusive", "partNumber", text)
    return number
