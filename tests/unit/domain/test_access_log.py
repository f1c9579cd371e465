"""Keys and lines of access logs."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from trug.domain.access_log import (
    DELIVERY_TIME,
    EVENT_TIME,
    LogTarget,
    Origin,
    Record,
    line_of,
    log_key,
    operation_name,
)
from trug.operations.catalogue import TABLE

ORIGIN = Origin("111111111111", "us-east-1", "data")
MOMENT = datetime(2026, 11, 21, 19, 5, 9, tzinfo=UTC)
RECORD = Record(
    owner="owner",
    bucket="data",
    time=1_796_324_709_500_000,
    client="192.0.2.3",
    requester="",
    request_id="ID",
    operation="REST.GET.OBJECT",
    key="ä b/c+d",
    uri="GET /data/%C3%A4?x HTTP/1.1",
    status=200,
    error="",
    sent=0,
    size=0,
    total=7,
    turn_around=None,
    referer="",
    user_agent='x" 200 "\n\x00é',
    version_id="a b",
    host_id="host",
    signature="",
    cipher="",
    authentication="",
    host="",
    tls="",
)


@pytest.mark.parametrize(
    ("key_format", "key"),
    [
        ("", "p/2026-11-21-19-05-09-U"),
        ("simple", "p/2026-11-21-19-05-09-U"),
        (DELIVERY_TIME, "p/111111111111/us-east-1/data/2026/11/21/2026-11-21-19-05-09-U"),
        (EVENT_TIME, "p/111111111111/us-east-1/data/2026/11/21/2026-11-21-00-00-00-U"),
    ],
)
def test_keys(key_format: str, key: str) -> None:
    assert log_key(LogTarget("target", "p/", key_format), ORIGIN, MOMENT, "U") == key


def test_a_line() -> None:
    assert line_of(RECORD) == (
        "owner data [03/Dec/2026:19:05:09 +0000] 192.0.2.3 - ID REST.GET.OBJECT %C3%A4%20b/c%2Bd "
        '"GET /data/%C3%A4?x HTTP/1.1" 200 - - 0 7 - "-" "x%22 200 %22%0A%00%C3%A9" a%20b host - - - - - - - -\n'
    )


def test_a_line_about_one_of_many_keys() -> None:
    line = line_of(RECORD._replace(uri="", status=204, total=None, size=None, user_agent="x", version_id=None))
    assert " - 204 - - - - - - - - host " in line


@pytest.mark.parametrize(
    ("operation", "method", "has_key", "name"),
    [
        ("PutObject", "PUT", True, "REST.PUT.OBJECT"),
        ("HeadObject", "HEAD", True, "REST.HEAD.OBJECT"),
        ("ListObjectsV2", "GET", False, "REST.GET.BUCKET"),
        ("ListObjectVersions", "GET", False, "REST.GET.BUCKETVERSIONS"),
        ("CreateMultipartUpload", "POST", True, "REST.POST.UPLOADS"),
        ("CompleteMultipartUpload", "POST", True, "REST.POST.UPLOAD"),
        ("UploadPart", "PUT", True, "REST.PUT.PART"),
        ("UploadPartCopy", "PUT", True, "REST.COPY.PART"),
        ("DeleteObjects", "POST", False, "REST.POST.MULTI_OBJECT_DELETE"),
        ("GetBucketLogging", "GET", False, "REST.GET.LOGGING_STATUS"),
        ("GetBucketPolicy", "GET", False, "REST.GET.BUCKETPOLICY"),
        ("GetBucketPolicyStatus", "GET", False, "REST.GET.POLICY_STATUS"),
        ("PutObjectTagging", "PUT", True, "REST.PUT.OBJECT_TAGGING"),
        ("DeleteBucketTagging", "DELETE", False, "REST.DELETE.TAGGING"),
        ("ListBucketInventoryConfigurations", "GET", False, "REST.GET.INVENTORY"),
        ("Unresolved", "POST", False, "REST.POST.BUCKET"),
    ],
)
def test_operations(operation: str, method: str, has_key: bool, name: str) -> None:
    assert operation_name(operation, method, has_key=has_key) == name


def test_every_operation_has_a_name() -> None:
    for row in TABLE.operations:
        name = operation_name(row.name, row.route.split()[0], has_key="Key+" in row.route)
        assert name.count(".") == 2 and name.isascii()
