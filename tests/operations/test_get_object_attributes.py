"""GetObjectAttributes."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import STRANGER, Answer, Server

MIB = 1 << 20
ALL = ["ETag", "Checksum", "ObjectParts", "StorageClass", "ObjectSize"]


def ask(server: Server, bucket: str, attributes: str, headers: dict[str, str] | None = None) -> Answer:
    named = {"x-amz-object-attributes": attributes} if attributes else {}
    return server.ask("GET", f"/{bucket}/key?attributes", named | (headers or {}))


def test_of_a_plain_object(server: Server, s3: Any, bucket: str) -> None:
    put = s3.put_object(Bucket=bucket, Key="key", Body=b"hello", ChecksumAlgorithm="SHA256")
    answer = s3.get_object_attributes(Bucket=bucket, Key="key", ObjectAttributes=ALL)
    assert answer.pop("LastModified") == s3.head_object(Bucket=bucket, Key="key")["LastModified"]
    answer.pop("ResponseMetadata")
    assert answer == {
        # Trap 14: bare here, and nowhere else.
        "ETag": "5d41402abc4b2a76b9719d911017c592",
        "Checksum": {"ChecksumSHA256": put["ChecksumSHA256"], "ChecksumType": "FULL_OBJECT"},
        "StorageClass": "STANDARD",
        "ObjectSize": 5,
    }
    only = ask(server, bucket, "ObjectSize")
    assert (only.texts("ObjectSize"), only.texts("ETag"), only.texts("Checksum")) == (["5"], [], [])


def test_parts(server: Server, s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key", ChecksumAlgorithm="CRC32")["UploadId"]
    parts = []
    for number, size in ((1, 5 * MIB), (3, 5 * MIB), (4, 10)):
        made = s3.upload_part(
            Bucket=bucket, Key="key", UploadId=upload, PartNumber=number, Body=bytes(size), ChecksumAlgorithm="CRC32"
        )
        parts.append({"PartNumber": number, "ETag": made["ETag"], "ChecksumCRC32": made["ChecksumCRC32"]})
    s3.complete_multipart_upload(Bucket=bucket, Key="key", UploadId=upload, MultipartUpload={"Parts": parts})
    answer = s3.get_object_attributes(Bucket=bucket, Key="key", ObjectAttributes=ALL)
    assert answer["ETag"].endswith("-3")
    assert answer["Checksum"]["ChecksumType"] == "COMPOSITE"
    assert answer["Checksum"]["ChecksumCRC32"].endswith("-3")
    assert answer["ObjectSize"] == 10 * MIB + 10
    found = answer["ObjectParts"]
    assert (found["TotalPartsCount"], found["IsTruncated"], found["NextPartNumberMarker"]) == (3, False, 4)
    assert [(part["PartNumber"], part["Size"], part["ChecksumCRC32"]) for part in found["Parts"]] == [
        (part["PartNumber"], size, part["ChecksumCRC32"])
        for part, size in zip(parts, (5 * MIB, 5 * MIB, 10), strict=True)
    ]
    page = s3.get_object_attributes(
        Bucket=bucket, Key="key", ObjectAttributes=["ObjectParts"], MaxParts=1, PartNumberMarker=1
    )["ObjectParts"]
    assert [part["PartNumber"] for part in page["Parts"]] == [3]
    assert (page["PartNumberMarker"], page["NextPartNumberMarker"], page["MaxParts"]) == (1, 3, 1)
    assert (page["IsTruncated"], page["TotalPartsCount"]) == (True, 3)


def test_versions(server: Server, s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="key", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="key", Body=b"22")["VersionId"]
    newest = s3.get_object_attributes(Bucket=versioned, Key="key", ObjectAttributes=["ObjectSize"])
    assert (newest["ObjectSize"], newest["VersionId"]) == (2, second)
    oldest = s3.get_object_attributes(Bucket=versioned, Key="key", VersionId=first, ObjectAttributes=["ObjectSize"])
    assert (oldest["ObjectSize"], oldest["VersionId"]) == (1, first)
    s3.delete_object(Bucket=versioned, Key="key")
    gone = ask(server, versioned, "ETag")
    assert (gone.code, gone.headers["x-amz-delete-marker"]) == ("NoSuchKey", "true")


@pytest.mark.parametrize(
    ("attributes", "headers", "code"),
    [
        ("", {}, "InvalidRequest"),
        ("Colour", {}, "InvalidArgument"),
        ("ETag,Colour", {}, "InvalidArgument"),
        ("ETag", {"x-amz-max-parts": "-1"}, "InvalidArgument"),
        ("ETag", {"x-amz-part-number-marker": "a"}, "InvalidArgument"),
        ("ETag", {"x-amz-server-side-encryption-customer-algorithm": "AES256"}, "InvalidRequest"),
    ],
)
def test_refuses(server: Server, s3: Any, bucket: str, attributes: str, headers: dict[str, str], code: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    assert ask(server, bucket, attributes, headers).code == code


def test_what_is_not_there(server: Server, bucket: str) -> None:
    assert ask(server, bucket, "ETag").code == "NoSuchKey"
    headers = {"x-amz-object-attributes": "ETag"}
    assert server.ask("GET", f"/{bucket}/key?attributes", headers, keys=STRANGER).code == "AccessDenied"
