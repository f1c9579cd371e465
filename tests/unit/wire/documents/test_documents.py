"""The documents that clients send."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.preconditions import NO_WRITE_CONDITIONS, WriteConditions
from trug.domain.versioning import Versioning
from trug.wire.documents.complete import CompletedPart, parse_complete
from trug.wire.documents.create_bucket import CreateBucketConfiguration, parse_create_bucket
from trug.wire.documents.delete import Delete, Doomed, parse_delete
from trug.wire.documents.tagging import parse_tagging
from trug.wire.documents.versioning import parse_versioning

ETAG = "9a0364b9e99bb480dd25e1f0284c8555"
PART = f"<Part><PartNumber>1</PartNumber><ETag>{ETAG}</ETag></Part>"
OBJECT = "<Object><Key>k</Key></Object>"


def inside(root: str, content: str) -> bytes:
    return f'<{root} xmlns="http://s3.amazonaws.com/doc/2006-03-01/">{content}</{root}>'.encode()


GOOD: dict[str, tuple[Callable[[bytes], Any], bytes, Any]] = {
    "tagging": (
        parse_tagging,
        inside("Tagging", "<TagSet><Tag><Key>b</Key><Value> 1 </Value></Tag><Tag><Value/><Key>a</Key></Tag></TagSet>"),
        [("b", " 1 "), ("a", "")],
    ),
    "tagging-none": (parse_tagging, inside("Tagging", "<TagSet/>"), []),
    "tagging-twice-is-for-the-rules": (
        parse_tagging,
        inside("Tagging", "<TagSet>" + "<Tag><Key>a</Key><Value/></Tag>" * 2 + "</TagSet>"),
        [("a", ""), ("a", "")],
    ),
    "versioning-enabled": (
        parse_versioning,
        inside("VersioningConfiguration", "<Status>Enabled</Status>"),
        Versioning.ENABLED,
    ),
    "versioning-suspended": (
        parse_versioning,
        inside("VersioningConfiguration", "<MfaDelete>Disabled</MfaDelete><Status>Suspended</Status>"),
        Versioning.SUSPENDED,
    ),
    "delete-one": (parse_delete, inside("Delete", OBJECT), Delete((Doomed("k"),), quiet=False)),
    "delete-quiet": (
        parse_delete,
        inside("Delete", f"<Quiet>true</Quiet>{OBJECT}"),
        Delete((Doomed("k"),), quiet=True),
    ),
    "delete-loud": (
        parse_delete,
        inside("Delete", f"{OBJECT}<Quiet>false</Quiet>"),
        Delete((Doomed("k"),), quiet=False),
    ),
    "delete-version": (
        parse_delete,
        inside("Delete", "<Object><Key> a&#13;b </Key><VersionId>null</VersionId></Object>"),
        Delete((Doomed(" a\rb ", "null"),)),
    ),
    "delete-conditions": (
        parse_delete,
        inside(
            "Delete",
            f"<Object><Key>k</Key><ETag>&quot;{ETAG}&quot;</ETag><Size>5</Size>"
            "<LastModifiedTime>Thu, 01 Jan 1970 00:00:01 GMT</LastModifiedTime></Object>",
        ),
        Delete((Doomed("k", None, WriteConditions(f'"{ETAG}"', None, 1_000_000, 5)),)),
    ),
    "delete-time-in-iso": (
        parse_delete,
        inside("Delete", "<Object><Key>k</Key><LastModifiedTime>1970-01-01T00:00:01Z</LastModifiedTime></Object>"),
        Delete((Doomed("k", None, WriteConditions(if_match_modified=1_000_000)),)),
    ),
    "delete-empty-key-is-for-the-rules": (
        parse_delete,
        inside("Delete", "<Object><Key/></Object>"),
        Delete((Doomed("", None, NO_WRITE_CONDITIONS),)),
    ),
    "complete": (
        parse_complete,
        inside(
            "CompleteMultipartUpload",
            f"<Part><PartNumber>2</PartNumber><ETag>&quot;{ETAG}&quot;</ETag><ChecksumCRC32>AAAAAA==</ChecksumCRC32>"
            f"<ChecksumXXHASH128>eA==</ChecksumXXHASH128></Part>{PART}",
        ),
        (CompletedPart(2, ETAG, {"CRC32": "AAAAAA==", "XXHASH128": "eA=="}), CompletedPart(1, ETAG, {})),
    ),
    "create-nothing": (parse_create_bucket, b"", CreateBucketConfiguration()),
    "create-empty": (parse_create_bucket, inside("CreateBucketConfiguration", ""), CreateBucketConfiguration()),
    "create-location": (
        parse_create_bucket,
        inside("CreateBucketConfiguration", "<LocationConstraint>eu-west-1</LocationConstraint>"),
        CreateBucketConfiguration("eu-west-1"),
    ),
    "create-all": (
        parse_create_bucket,
        inside(
            "CreateBucketConfiguration",
            "<LocationConstraint/><Location><Name>x</Name><Type>AvailabilityZone</Type></Location>"
            "<Bucket><Type>Directory</Type></Bucket><Tags><Tag><Key>a</Key><Value>1</Value></Tag></Tags><New/>",
        ),
        CreateBucketConfiguration("", (("a", "1"),)),
    ),
}

BAD: dict[str, tuple[Callable[[bytes], Any], bytes, ErrorCode]] = {
    "H8-tagging": (parse_tagging, b"", ErrorCode.MissingRequestBodyError),
    "H8-versioning": (parse_versioning, b"", ErrorCode.MissingRequestBodyError),
    "H8-delete": (parse_delete, b"", ErrorCode.MissingRequestBodyError),
    "H8-complete": (parse_complete, b"", ErrorCode.InvalidRequest),
    "H4-tagging": (parse_tagging, b" " * (64 * 1024 + 1), ErrorCode.MaxMessageLengthExceeded),
    "H4-delete": (parse_delete, b" " * (10 * 1024 * 1024), ErrorCode.MaxMessageLengthExceeded),
    "H4-complete": (parse_complete, b" " * (10 * 1024 * 1024), ErrorCode.MaxMessageLengthExceeded),
    "H4-create": (parse_create_bucket, b"x" * (64 * 1024 + 1), ErrorCode.MaxMessageLengthExceeded),
    "tagging-no-set": (parse_tagging, inside("Tagging", ""), ErrorCode.MalformedXML),
    "H6-tagging-two-sets": (parse_tagging, inside("Tagging", "<TagSet/><TagSet/>"), ErrorCode.MalformedXML),
    "tagging-no-value": (
        parse_tagging,
        inside("Tagging", "<TagSet><Tag><Key>a</Key></Tag></TagSet>"),
        ErrorCode.MalformedXML,
    ),
    "tagging-no-key": (
        parse_tagging,
        inside("Tagging", "<TagSet><Tag><Value>a</Value></Tag></TagSet>"),
        ErrorCode.MalformedXML,
    ),
    "H6-tagging-two-keys": (
        parse_tagging,
        inside("Tagging", "<TagSet><Tag><Key>a</Key><Key>b</Key><Value/></Tag></TagSet>"),
        ErrorCode.MalformedXML,
    ),
    "tagging-stranger": (parse_tagging, inside("Tagging", "<TagSet><Tug/></TagSet>"), ErrorCode.MalformedXML),
    "versioning-none": (
        parse_versioning,
        inside("VersioningConfiguration", ""),
        ErrorCode.IllegalVersioningConfigurationException,
    ),
    "versioning-other": (
        parse_versioning,
        inside("VersioningConfiguration", "<Status>enabled</Status>"),
        ErrorCode.MalformedXML,
    ),
    "H6-versioning-twice": (
        parse_versioning,
        inside("VersioningConfiguration", "<Status>Enabled</Status>" * 2),
        ErrorCode.MalformedXML,
    ),
    "versioning-mfa": (
        parse_versioning,
        inside("VersioningConfiguration", "<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>"),
        ErrorCode.NotImplemented,
    ),
    "versioning-mfa-other": (
        parse_versioning,
        inside("VersioningConfiguration", "<Status>Enabled</Status><MfaDelete>Maybe</MfaDelete>"),
        ErrorCode.MalformedXML,
    ),
    "delete-none": (parse_delete, inside("Delete", ""), ErrorCode.MalformedXML),
    "delete-1001": (parse_delete, inside("Delete", OBJECT * 1001), ErrorCode.MalformedXML),
    "delete-no-key": (parse_delete, inside("Delete", "<Object/>"), ErrorCode.MalformedXML),
    "H6-delete-two-keys": (
        parse_delete,
        inside("Delete", "<Object><Key>a</Key><Key>b</Key></Object>"),
        ErrorCode.MalformedXML,
    ),
    "H6-delete-quiet-twice": (
        parse_delete,
        inside("Delete", f"{OBJECT}<Quiet>true</Quiet><Quiet>true</Quiet>"),
        ErrorCode.MalformedXML,
    ),
    "delete-quiet-other": (parse_delete, inside("Delete", f"{OBJECT}<Quiet>x</Quiet>"), ErrorCode.MalformedXML),
    "delete-unknown-condition": (
        parse_delete,
        inside("Delete", "<Object><Key>a</Key><IfNew>1</IfNew></Object>"),
        ErrorCode.MalformedXML,
    ),
    "delete-size-other": (
        parse_delete,
        inside("Delete", "<Object><Key>a</Key><Size>-1</Size></Object>"),
        ErrorCode.MalformedXML,
    ),
    "delete-time-other": (
        parse_delete,
        inside("Delete", "<Object><Key>a</Key><LastModifiedTime>x</LastModifiedTime></Object>"),
        ErrorCode.MalformedXML,
    ),
    "H12-no-parts": (parse_complete, inside("CompleteMultipartUpload", ""), ErrorCode.MalformedXML),
    "H12-10001-parts": (parse_complete, inside("CompleteMultipartUpload", PART * 10_001), ErrorCode.MalformedXML),
    "complete-no-etag": (
        parse_complete,
        inside("CompleteMultipartUpload", "<Part><PartNumber>1</PartNumber></Part>"),
        ErrorCode.MalformedXML,
    ),
    "complete-no-number": (
        parse_complete,
        inside("CompleteMultipartUpload", "<Part><ETag>x</ETag></Part>"),
        ErrorCode.MalformedXML,
    ),
    "create-other-root": (parse_create_bucket, inside("Bucket", ""), ErrorCode.MalformedXML),
    "H6-create-two-locations": (
        parse_create_bucket,
        inside("CreateBucketConfiguration", "<LocationConstraint>a</LocationConstraint>" * 2),
        ErrorCode.MalformedXML,
    ),
}
BAD |= {
    f"J2-part-{number}": (
        parse_complete,
        inside("CompleteMultipartUpload", f"<Part><PartNumber>{number}</PartNumber><ETag>x</ETag></Part>"),
        code,
    )
    for number, code in {
        "0": ErrorCode.InvalidArgument,
        "-1": ErrorCode.InvalidArgument,
        "10001": ErrorCode.InvalidArgument,
        "a": ErrorCode.MalformedXML,
        "1.5": ErrorCode.MalformedXML,
        "\u0661": ErrorCode.MalformedXML,
        "9" * 5000: ErrorCode.MalformedXML,
    }.items()
}


@pytest.mark.parametrize(("parse", "body", "expected"), GOOD.values(), ids=GOOD)
def test_a_document(parse: Callable[[bytes], Any], body: bytes, expected: object) -> None:
    assert parse(body) == expected


@pytest.mark.parametrize(("parse", "body", "code"), BAD.values(), ids=[name[:40] for name in BAD])
def test_a_document_that_s3_refuses(parse: Callable[[bytes], Any], body: bytes, code: ErrorCode) -> None:
    with pytest.raises(S3Error) as refused:
        parse(body)
    assert refused.value.code is code


def test_the_most_that_fits() -> None:
    assert len(parse_delete(inside("Delete", OBJECT * 1000)).objects) == 1000
    assert len(parse_complete(inside("CompleteMultipartUpload", PART * 10_000))) == 10_000
