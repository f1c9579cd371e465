"""GetObject."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import STRANGER, Answer, Server

from trug.domain.versioning import Versioning

TEN = b"0123456789"
LARGE = bytes(range(256)) * 4096
MIB = 1 << 20


def get(server: Server, bucket: str, headers: dict[str, str] | None = None, query: str = "") -> Answer:
    return server.ask("GET", f"/{bucket}/key{query}", headers)


@pytest.fixture
def ten(s3: Any, bucket: str) -> str:
    """A bucket with ten bytes under ``key``."""
    s3.put_object(Bucket=bucket, Key="key", Body=TEN)
    return bucket


def test_headers_of_a_plain_object(server: Server, ten: str) -> None:
    answer = get(server, ten)
    headers = answer.headers
    assert (answer.status, answer.body) == (200, TEN)
    assert headers["etag"] == '"781e5e245d69b566979b86e28d23f2c7"'
    assert headers["accept-ranges"] == "bytes"
    assert headers["content-length"] == "10"
    assert headers["content-type"] == "binary/octet-stream"
    assert headers["last-modified"].endswith(" GMT")
    assert headers["x-amz-request-id"]
    absent = ("x-amz-version-id", "x-amz-storage-class", "x-amz-tagging-count", "x-amz-checksum-type", "content-range")
    assert not set(absent) & set(headers)


# I1 and I2: what is asked of ten bytes, status, bytes
RANGES = [
    ("bytes=0-", 206, TEN),
    ("bytes=0-0", 206, b"0"),
    ("bytes=-1", 206, b"9"),
    ("bytes=-0", 416, b""),
    ("bytes=5-2", 200, TEN),
    ("bytes=10-", 416, b""),
    ("bytes=-99", 206, TEN),
    ("bytes=00-01", 206, b"01"),
    ("bytes=3-99", 206, b"3456789"),
    ("bytes=0-0,2-3", 200, TEN),
    ("bytes=" + ",".join(f"{n}-{n}" for n in range(1000)), 200, TEN),
    ("items=0-1", 200, TEN),
    ("bytes=a-b", 200, TEN),
    ("bytes 0-1", 200, TEN),
    ("bytes=0-0,1-2", 200, TEN),
]


@pytest.mark.parametrize(("asked", "status", "content"), RANGES, ids=[asked[:24] for asked, _, _ in RANGES])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_ranges(server: Server, ten: str, method: str, asked: str, status: int, content: bytes) -> None:
    answer = server.ask(method, f"/{ten}/key", {"Range": asked})
    assert answer.status == status
    if status == 416:
        assert answer.headers["content-range"] == "bytes */10"
        assert method == "HEAD" or answer.code == "InvalidRange"
        return
    assert answer.headers["content-length"] == str(len(content))
    assert method == "HEAD" or answer.body == content
    start = TEN.index(content)
    shown = f"bytes {start}-{start + len(content) - 1}/10" if status == 206 else None
    assert answer.headers.get("content-range") == shown


def test_i4_a_range_of_nothing(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"")
    assert get(server, bucket).status == 200
    assert get(server, bucket, {"Range": "bytes=0-"}).code == "InvalidRange"
    assert get(server, bucket, query="?partNumber=1").status == 200


@pytest.mark.parametrize(("start", "stop"), [(0, 1), (65_535, 65_537), (262_143, 524_289), (1_048_575, 1_048_576)])
def test_ranges_of_a_file(s3: Any, bucket: str, start: int, stop: int) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=LARGE)
    answer = s3.get_object(Bucket=bucket, Key="key", Range=f"bytes={start}-{stop - 1}")
    assert answer["Body"].read() == LARGE[start:stop]
    assert answer["ContentRange"] == f"bytes {start}-{stop - 1}/{len(LARGE)}"


def test_if_range(server: Server, ten: str) -> None:
    shown = get(server, ten).headers
    for current in (shown["etag"], shown["last-modified"]):
        assert get(server, ten, {"Range": "bytes=1-1", "If-Range": current}).body == b"1"
    assert get(server, ten, {"Range": "bytes=1-1", "If-Range": '"other"'}).body == TEN


HOUR = timedelta(hours=1)


def http_date(moment: datetime) -> str:
    return moment.strftime("%a, %d %b %Y %H:%M:%S GMT")


@pytest.mark.parametrize(
    ("conditions", "status"),
    [
        ({"If-Match": "etag"}, 200),
        ({"If-Match": "*"}, 200),
        ({"If-Match": '"other"'}, 412),
        ({"If-None-Match": "etag"}, 304),
        ({"If-None-Match": '"other"'}, 200),
        ({"If-Modified-Since": "past"}, 200),
        ({"If-Modified-Since": "now"}, 304),
        ({"If-Modified-Since": "future"}, 200),
        ({"If-Unmodified-Since": "past"}, 412),
        ({"If-Unmodified-Since": "now"}, 200),
        ({"If-Match": "etag", "If-Unmodified-Since": "past"}, 200),
        ({"If-None-Match": '"other"', "If-Modified-Since": "now"}, 200),
        ({"If-None-Match": "etag", "If-Modified-Since": "past"}, 304),
        ({"If-Match": '"other"', "If-None-Match": "etag"}, 412),
        ({"If-Modified-Since": "yesterday"}, 200),
        ({"If-Match": '"other"', "Range": "bytes=99-"}, 412),
    ],
    ids=str,
)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_i6_conditions(server: Server, ten: str, method: str, conditions: dict[str, str], status: int) -> None:
    shown = get(server, ten).headers
    modified = datetime.strptime(shown["last-modified"], "%a, %d %b %Y %H:%M:%S GMT").replace(tzinfo=UTC)
    words = {
        "etag": shown["etag"],
        "now": shown["last-modified"],
        "past": http_date(modified - HOUR),
        "future": http_date(modified + HOUR),
    }
    headers = {name: words.get(value, value) for name, value in conditions.items()}
    answer = server.ask(method, f"/{ten}/key", headers)
    assert answer.status == status
    if status == 304:
        assert (answer.headers["etag"], answer.body) == (shown["etag"], b"")
        assert answer.headers["last-modified"] == shown["last-modified"]
    if status == 412 and method == "GET":
        assert answer.code == "PreconditionFailed"


def test_response_overrides(s3: Any, ten: str) -> None:
    answer = s3.get_object(
        Bucket=ten,
        Key="key",
        ResponseCacheControl="no-store",
        ResponseContentDisposition='attachment; filename="x"',
        ResponseContentEncoding="gzip",
        ResponseContentLanguage="fr",
        ResponseContentType="text/html",
    )
    shown = {name: answer[name] for name in ("CacheControl", "ContentDisposition", "ContentEncoding", "ContentType")}
    assert shown == {
        "CacheControl": "no-store",
        "ContentDisposition": 'attachment; filename="x"',
        "ContentEncoding": "gzip",
        "ContentType": "text/html",
    }


@pytest.mark.parametrize(
    "query",
    ["response-x=1", "response-content-type=a%0D%0Ab", "response-content-type=%00", "response-content-type=%E2%82%AC"],
)
def test_c12_overrides_that_no_header_can_carry(server: Server, ten: str, query: str) -> None:
    assert get(server, ten, query=f"?{query}").code == "InvalidArgument"


@pytest.mark.parametrize(
    ("query", "headers", "code"),
    [
        ("?partNumber=1", {"Range": "bytes=0-1"}, "InvalidRequest"),
        ("?partNumber=0", {}, "InvalidArgument"),
        ("?partNumber=10001", {}, "InvalidArgument"),
        ("?partNumber=a", {}, "InvalidArgument"),
        ("?partNumber=2", {}, "InvalidPartNumber"),
        ("?versionId=", {}, "InvalidArgument"),
        ("?versionId=garbage", {}, "InvalidArgument"),
        ("?versionId=" + "a" * 32, {}, "NoSuchVersion"),
        ("", {"x-amz-server-side-encryption-customer-algorithm": "AES256"}, "InvalidRequest"),
    ],
)
def test_i5_g21_refuses(server: Server, ten: str, query: str, headers: dict[str, str], code: str) -> None:
    assert get(server, ten, headers, query).code == code


def test_part_one_of_a_single_put_is_the_whole(server: Server, ten: str) -> None:
    answer = get(server, ten, {"x-amz-checksum-mode": "ENABLED"}, "?partNumber=1")
    assert (answer.status, answer.body) == (206, TEN)
    assert answer.headers["content-range"] == "bytes 0-9/10"
    assert "x-amz-checksum-crc32" in answer.headers
    assert "x-amz-mp-parts-count" not in answer.headers


def test_parts(s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key", ChecksumAlgorithm="CRC32C")["UploadId"]
    contents = [b"a" * (5 * MIB), b"b" * 100]
    parts = []
    for number, content in enumerate(contents, 1):
        made = s3.upload_part(
            Bucket=bucket, Key="key", UploadId=upload, PartNumber=number, Body=content, ChecksumAlgorithm="CRC32C"
        )
        parts.append({"PartNumber": number, "ETag": made["ETag"], "ChecksumCRC32C": made["ChecksumCRC32C"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="key", UploadId=upload, MultipartUpload={"Parts": parts})
    for number, content in enumerate(contents, 1):
        answer = s3.get_object(Bucket=bucket, Key="key", PartNumber=number, ChecksumMode="ENABLED")
        assert answer["Body"].read() == content
        assert answer["PartsCount"] == 2
        assert answer["ChecksumCRC32C"] == parts[number - 1]["ChecksumCRC32C"]
        assert answer["ChecksumType"] == "COMPOSITE"
    span = s3.get_object(Bucket=bucket, Key="key", Range=f"bytes={5 * MIB - 2}-{5 * MIB + 1}")
    assert span["Body"].read() == b"aabb"
    with pytest.raises(ClientError, match="InvalidPartNumber"):
        s3.get_object(Bucket=bucket, Key="key", PartNumber=3)


def test_the_checksum_is_told_when_asked_and_never_on_ranges(server: Server, ten: str) -> None:
    mode = {"x-amz-checksum-mode": "ENABLED"}
    assert "x-amz-checksum-crc32" in get(server, ten, mode).headers
    assert "x-amz-checksum-crc32" not in get(server, ten).headers
    assert "x-amz-checksum-crc32" not in get(server, ten, mode | {"Range": "bytes=0-1"}).headers


def test_versions(server: Server, s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="key", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="key", Body=b"2")["VersionId"]
    newest = s3.get_object(Bucket=versioned, Key="key")
    assert (newest["Body"].read(), newest["VersionId"]) == (b"2", second)
    oldest = s3.get_object(Bucket=versioned, Key="key", VersionId=first)
    assert (oldest["Body"].read(), oldest["VersionId"]) == (b"1", first)
    marker = s3.delete_object(Bucket=versioned, Key="key")["VersionId"]
    hidden = get(server, versioned)
    assert (hidden.status, hidden.code) == (404, "NoSuchKey")
    assert hidden.headers["x-amz-delete-marker"] == "true"
    assert hidden.headers["x-amz-version-id"] == marker
    named = get(server, versioned, query=f"?versionId={marker}")
    assert (named.status, named.code) == (405, "MethodNotAllowed")
    assert (named.headers["allow"], named.headers["x-amz-delete-marker"]) == ("DELETE", "true")


def test_null_versions(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"0")
    assert s3.get_object(Bucket=bucket, Key="key", VersionId="null")["Body"].read() == b"0"
    server.set_versioning(bucket, Versioning.ENABLED)
    assert s3.get_object(Bucket=bucket, Key="key")["VersionId"] == "null"


def test_keys_that_are_not_there(server: Server, ten: str) -> None:
    answer = server.ask("GET", f"/{ten}/absent")
    assert (answer.status, answer.code, answer.texts("Key")) == (404, "NoSuchKey", ["absent"])
    assert answer.headers["content-type"] == "application/xml"
    assert get(server, "no-such-bucket").code == "NoSuchBucket"


def test_trap_77_sub_resources_do_not_fall_through(server: Server, ten: str) -> None:
    assert get(server, ten, query="?versions").code == "InvalidRequest"
    assert get(server, ten, query="?uploads").status in (400, 405)
    assert get(server, ten, query="?x-id=GetObject").body == TEN


def test_who_may(server: Server, ten: str) -> None:
    assert server.ask("GET", f"/{ten}/key", keys=STRANGER).code == "AccessDenied"
    assert server.send("GET", f"/{ten}/key", {}).code == "AccessDenied"


def test_a_presigned_url(server: Server, s3: Any, ten: str) -> None:
    url = s3.generate_presigned_url(
        "get_object", {"Bucket": ten, "Key": "key", "ResponseContentType": "text/plain"}, ExpiresIn=60
    )
    answer = server.send("GET", url.removeprefix(server.endpoint), {})
    assert (answer.body, answer.headers["content-type"]) == (TEN, "text/plain")
