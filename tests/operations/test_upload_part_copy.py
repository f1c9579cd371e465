"""UploadPartCopy."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from tests.support.server import OTHER_ACCOUNT, STRANGER, Answer, Server

MIB = 1 << 20
CONTENT = bytes(range(256)) * 1024 * 24  # 6 MiB


@pytest.fixture
def held(s3: Any, bucket: str) -> str:
    """A bucket with ten bytes under ``from``."""
    s3.put_object(Bucket=bucket, Key="from", Body=b"0123456789")
    return bucket


@pytest.fixture
def upload(s3: Any, held: str) -> str:
    upload_id: str = s3.create_multipart_upload(Bucket=held, Key="to")["UploadId"]
    return upload_id


def copy(server: Server, bucket: str, upload: str, headers: dict[str, str] | None = None, number: str = "1") -> Answer:
    target = f"/{bucket}/to?partNumber={number}&uploadId={upload}"
    return server.ask("PUT", target, {"x-amz-copy-source": f"{bucket}/from"} | (headers or {}))


def test_an_object_of_copied_parts(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="from", Body=CONTENT)
    upload = s3.create_multipart_upload(Bucket=bucket, Key="to")["UploadId"]
    spans = [(0, 5 * MIB), (5 * MIB, len(CONTENT)), (100, 200)]
    parts = []
    for number, (start, stop) in enumerate(spans, 1):
        part = s3.upload_part_copy(
            Bucket=bucket,
            Key="to",
            UploadId=upload,
            PartNumber=number,
            CopySource={"Bucket": bucket, "Key": "from"},
            CopySourceRange=f"bytes={start}-{stop - 1}",
        )["CopyPartResult"]
        assert part["ETag"] == f'"{hashlib.md5(CONTENT[start:stop]).hexdigest()}"'
        assert part["LastModified"]
        parts.append({"PartNumber": number, "ETag": part["ETag"]})
    del parts[1]
    s3.complete_multipart_upload(Bucket=bucket, Key="to", UploadId=upload, MultipartUpload={"Parts": parts})
    s3.delete_object(Bucket=bucket, Key="from")
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == CONTENT[: 5 * MIB] + CONTENT[100:200]


def test_the_whole_source_with_its_checksum(s3: Any, held: str) -> None:
    upload = s3.create_multipart_upload(Bucket=held, Key="to", ChecksumAlgorithm="SHA256")["UploadId"]
    result = s3.upload_part_copy(Bucket=held, Key="to", UploadId=upload, PartNumber=1, CopySource=f"{held}/from")[
        "CopyPartResult"
    ]
    listed = s3.list_parts(Bucket=held, Key="to", UploadId=upload)["Parts"]
    assert [(part["Size"], part["ChecksumSHA256"]) for part in listed] == [(10, result["ChecksumSHA256"])]


def test_versions(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="from", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="from", Body=b"22")["VersionId"]
    upload = s3.create_multipart_upload(Bucket=versioned, Key="to")["UploadId"]
    where = {"Bucket": versioned, "Key": "to", "UploadId": upload, "PartNumber": 1}
    assert s3.upload_part_copy(CopySource=f"{versioned}/from", **where)["CopySourceVersionId"] == second
    named = {"Bucket": versioned, "Key": "from", "VersionId": first}
    assert s3.upload_part_copy(CopySource=named, **where)["CopySourceVersionId"] == first
    assert s3.list_parts(Bucket=versioned, Key="to", UploadId=upload)["Parts"][0]["Size"] == 1


@pytest.mark.parametrize(
    "asked", ["bytes=0-10", "bytes=5-2", "bytes=-1", "bytes=1-", "bytes=a-b", "0-1", "bytes=99-100"]
)
def test_ranges_that_are_none(server: Server, held: str, upload: str, asked: str) -> None:
    assert copy(server, held, upload, {"x-amz-copy-source-range": asked}).code == "InvalidArgument"


def test_a_range(server: Server, held: str, upload: str) -> None:
    answer = copy(server, held, upload, {"x-amz-copy-source-range": "bytes=2-4"})
    assert answer.texts("ETag") == [f'"{hashlib.md5(b"234").hexdigest()}"']


@pytest.mark.parametrize("number", ["0", "10001", "-1", "a", ""])
def test_j2_part_numbers(server: Server, held: str, upload: str, number: str) -> None:
    assert copy(server, held, upload, number=number).code == "InvalidArgument"


def test_refuses(server: Server, s3: Any, held: str, upload: str) -> None:
    assert copy(server, held, "unknown").code == "NoSuchUpload"
    assert copy(server, held, upload, {"x-amz-copy-source": f"{held}/absent"}).code == "NoSuchKey"
    assert copy(server, held, upload, {"x-amz-copy-source": "no-such-bucket/from"}).code == "NoSuchBucket"
    assert copy(server, held, upload, {"x-amz-copy-source": ""}).code == "InvalidArgument"
    assert copy(server, held, upload, {"x-amz-copy-source-if-match": '"a"'}).code == "PreconditionFailed"
    encrypted = {"x-amz-copy-source-server-side-encryption-customer-algorithm": "AES256"}
    assert copy(server, held, upload, encrypted).code == "InvalidRequest"
    assert "Parts" not in s3.list_parts(Bucket=held, Key="to", UploadId=upload)


def test_trap_48_the_source_must_be_readable(server: Server, held: str) -> None:
    theirs = server.make_bucket(account=OTHER_ACCOUNT)
    stranger = server.client(STRANGER)
    upload = stranger.create_multipart_upload(Bucket=theirs, Key="to")["UploadId"]
    target = f"/{theirs}/to?partNumber=1&uploadId={upload}"
    assert server.ask("PUT", target, {"x-amz-copy-source": f"{held}/from"}, keys=STRANGER).code == "AccessDenied"
