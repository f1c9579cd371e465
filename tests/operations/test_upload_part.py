"""UploadPart."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest
from tests.support.server import STRANGER, Answer, Server

BODY = b"hello world"
LARGE = bytes(range(256)) * 1024
GIB = 1 << 30


@pytest.fixture
def upload(s3: Any, bucket: str) -> str:
    upload_id: str = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    return upload_id


def put(
    server: Server,
    bucket: str,
    upload: str,
    headers: dict[str, str] | None = None,
    number: str = "1",
    body: bytes = BODY,
) -> Answer:
    return server.ask("PUT", f"/{bucket}/key?partNumber={number}&uploadId={upload}", headers, body)


@pytest.mark.parametrize("content", [b"", BODY, LARGE], ids=["empty", "inline", "file"])
def test_keeps_a_part(server: Server, s3: Any, bucket: str, upload: str, content: bytes) -> None:
    answer = put(server, bucket, upload, body=content)
    etag = f'"{hashlib.md5(content).hexdigest()}"'
    assert (answer.status, answer.headers["etag"]) == (200, etag)
    assert answer.headers["x-amz-checksum-crc64nvme"]
    listed = s3.list_parts(Bucket=bucket, Key="key", UploadId=upload)["Parts"]
    assert [(part["PartNumber"], part["Size"], part["ETag"]) for part in listed] == [(1, len(content), etag)]


def test_trap_22_the_last_one_stays(server: Server, s3: Any, bucket: str, upload: str) -> None:
    put(server, bucket, upload, body=b"old")
    put(server, bucket, upload, body=b"newer")
    listed = s3.list_parts(Bucket=bucket, Key="key", UploadId=upload)["Parts"]
    assert [part["Size"] for part in listed] == [5]


@pytest.mark.parametrize("is_http_chunked", [False, True])
def test_framed(server: Server, s3: Any, bucket: str, upload: str, *, is_http_chunked: bool) -> None:
    target = f"/{bucket}/key?partNumber=1&uploadId={upload}"
    answer = server.ask_framed("PUT", target, LARGE, is_http_chunked=is_http_chunked)
    assert answer.headers["etag"] == f'"{hashlib.md5(LARGE).hexdigest()}"'
    assert server.ask_framed("PUT", target, BODY, crc32="AAAAAA==").code == "BadDigest"
    assert s3.list_parts(Bucket=bucket, Key="key", UploadId=upload)["Parts"][0]["Size"] == len(LARGE)


def test_the_upload_s_checksum(server: Server, s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key", ChecksumAlgorithm="SHA256")["UploadId"]
    value = base64.b64encode(hashlib.sha256(BODY).digest()).decode()
    assert put(server, bucket, upload, {"x-amz-checksum-sha256": value}).headers["x-amz-checksum-sha256"] == value
    assert put(server, bucket, upload, {"x-amz-checksum-crc32": "DUoRhQ=="}).code == "InvalidRequest"
    wrong = base64.b64encode(bytes(32)).decode()
    assert put(server, bucket, upload, {"x-amz-checksum-sha256": wrong}).code == "BadDigest"


@pytest.mark.parametrize("number", ["0", "10001", "-1", "a", "", "1.5"])
def test_j2_part_numbers(server: Server, bucket: str, upload: str, number: str) -> None:
    assert put(server, bucket, upload, number=number).code == "InvalidArgument"


def test_the_last_part_number(server: Server, bucket: str, upload: str) -> None:
    assert put(server, bucket, upload, number="10000").status == 200


CASES = {
    "D21 Content-MD5": ({"Content-MD5": base64.b64encode(bytes(16)).decode()}, "BadDigest"),
    "J9 more than 5 GiB": ({"Content-Length": str(5 * GIB + 1)}, "EntityTooLarge"),
    "no length": ({"Transfer-Encoding": "chunked"}, "MissingContentLength"),
    "customer's key": ({"x-amz-server-side-encryption-customer-algorithm": "AES256"}, "InvalidRequest"),
}


@pytest.mark.parametrize(("headers", "code"), CASES.values(), ids=CASES.keys())
def test_refuses(server: Server, s3: Any, bucket: str, upload: str, headers: dict[str, str], code: str) -> None:
    body = b"" if "Transfer-Encoding" in headers else BODY
    assert put(server, bucket, upload, headers, body=body).code == code
    assert "Parts" not in s3.list_parts(Bucket=bucket, Key="key", UploadId=upload)


def test_j1_uploads_that_are_not_there(server: Server, s3: Any, bucket: str, upload: str) -> None:
    assert put(server, bucket, "unknown").code == "NoSuchUpload"
    assert put(server, bucket, "").code == "NoSuchUpload"
    other = server.ask("PUT", f"/{bucket}/other?partNumber=1&uploadId={upload}", {}, BODY)
    assert other.code == "NoSuchUpload"
    s3.abort_multipart_upload(Bucket=bucket, Key="key", UploadId=upload)
    assert put(server, bucket, upload).code == "NoSuchUpload"


@pytest.mark.parametrize("query", ["uploadId=x", "partNumber=1"])
def test_half_of_a_part_is_no_object(server: Server, s3: Any, bucket: str, query: str) -> None:
    assert server.ask("PUT", f"/{bucket}/key?{query}", {}, BODY).code == "InvalidArgument"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_who_may(server: Server, bucket: str, upload: str) -> None:
    target = f"/{bucket}/key?partNumber=1&uploadId={upload}"
    assert server.ask("PUT", target, {}, BODY, keys=STRANGER).code == "AccessDenied"
