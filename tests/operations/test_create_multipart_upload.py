"""CreateMultipartUpload."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import STRANGER, Answer, Server


def create(server: Server, bucket: str, headers: dict[str, str] | None = None) -> Answer:
    return server.ask("POST", f"/{bucket}/key?uploads", headers)


def test_begins_an_upload(server: Server, s3: Any, bucket: str) -> None:
    answer = server.ask("POST", f"/{bucket}/a%20%26?uploads")
    assert (answer.status, answer.texts("Bucket"), answer.texts("Key")) == (200, [bucket], ["a &"])
    (upload,) = answer.texts("UploadId")
    assert s3.list_multipart_uploads(Bucket=bucket)["Uploads"][0]["UploadId"] == upload
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)
    assert not [name for name in answer.headers if name.startswith("x-amz-checksum")]


def test_what_describes_the_object_is_kept(s3: Any, bucket: str) -> None:
    described = {
        "CacheControl": "no-store",
        "ContentDisposition": "inline",
        "ContentEncoding": "gzip",
        "ContentLanguage": "de",
        "ContentType": "text/plain",
        "WebsiteRedirectLocation": "https://example.org/",
        "Metadata": {"m": "1"},
    }
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key", Tagging="t=1", **described)["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="key", UploadId=upload, PartNumber=1, Body=b"1")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="key", UploadId=upload, MultipartUpload=parts)
    found = s3.head_object(Bucket=bucket, Key="key")
    assert {name: found[name] for name in described} == described
    assert found["TagCount"] == 1


# Trap 10: algorithm, type asked for, type told or None where the pair is refused
PAIRS = [
    ("CRC32", "", "COMPOSITE"),
    ("CRC32", "COMPOSITE", "COMPOSITE"),
    ("CRC32", "FULL_OBJECT", "FULL_OBJECT"),
    ("CRC32C", "FULL_OBJECT", "FULL_OBJECT"),
    ("CRC64NVME", "", "FULL_OBJECT"),
    ("CRC64NVME", "COMPOSITE", None),
    ("SHA1", "", "COMPOSITE"),
    ("SHA256", "FULL_OBJECT", None),
    ("MD5", "", "COMPOSITE"),
    ("crc32", "", "COMPOSITE"),
    ("CRC7", "", None),
    ("CRC32", "HALF_OBJECT", None),
    ("", "FULL_OBJECT", None),
]


@pytest.mark.parametrize(("algorithm", "type_", "told"), PAIRS)
def test_checksums(server: Server, bucket: str, algorithm: str, type_: str, told: str | None) -> None:
    headers = {"x-amz-checksum-algorithm": algorithm, "x-amz-checksum-type": type_}
    answer = create(server, bucket, {name: value for name, value in headers.items() if value})
    if told is None:
        assert answer.code == "InvalidRequest"
        return
    assert answer.headers["x-amz-checksum-algorithm"] == algorithm.upper()
    assert answer.headers["x-amz-checksum-type"] == told


REFUSED = {
    "encryption": ({"x-amz-server-side-encryption": "rot13"}, "InvalidArgument"),
    "half a lock": ({"x-amz-object-lock-mode": "GOVERNANCE"}, "InvalidArgument"),
    "event hold": ({"x-amz-object-lock-event-hold": "ON"}, "NotImplemented"),
    "ACL": ({"x-amz-acl": "public-read"}, "AccessControlListNotSupported"),
    "storage class": ({"x-amz-storage-class": "OUTPOSTS"}, "NotImplemented"),
    "metadata": ({"x-amz-meta-a": "x" * 2048}, "MetadataTooLarge"),
    "tags": ({"x-amz-tagging": "a=1&a=2"}, "InvalidArgument"),
}


@pytest.mark.parametrize(("headers", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_refuses(server: Server, s3: Any, bucket: str, headers: dict[str, str], code: str) -> None:
    assert create(server, bucket, headers).code == code
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)


def test_who_may(server: Server, bucket: str) -> None:
    assert server.ask("POST", f"/{bucket}/key?uploads", keys=STRANGER).code == "AccessDenied"
    assert create(server, "no-such-bucket").code == "NoSuchBucket"
