from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import KMS_KEY, Server

ARN = f"arn:aws:kms:us-east-1:111111111111:key/{KMS_KEY}"
BIG = bytes(range(256)) * 400
CUSTOMER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": bytes(32)}


def update(s3: Any, bucket: str, key: str = "k", **other: Any) -> dict[str, Any]:
    return dict(
        s3.update_object_encryption(
            Bucket=bucket, Key=key, ObjectEncryption={"SSEKMS": {"KMSKeyArn": ARN} | other.pop("kms", {})}, **other
        )
    )


@pytest.mark.parametrize("content", [b"", b"small", BIG])
def test_another_key_and_the_same_object(s3: Any, bucket: str, content: bytes) -> None:
    s3.put_object(
        Bucket=bucket, Key="k", Body=content, ServerSideEncryption="AES256", Metadata={"a": "b"}, Tagging="t=1"
    )
    before = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    update(s3, bucket)
    after = s3.head_object(Bucket=bucket, Key="k", ChecksumMode="ENABLED")
    assert (after["ServerSideEncryption"], after["SSEKMSKeyId"]) == ("aws:kms", ARN)
    for name in ("ETag", "LastModified", "Metadata", "ChecksumCRC32", "ContentLength", "TagCount"):
        assert after[name] == before[name]
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == content
    update(s3, bucket, kms={"BucketKeyEnabled": True})
    assert s3.head_object(Bucket=bucket, Key="k")["BucketKeyEnabled"] is True
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == content


def test_a_version(s3: Any, versioned: str) -> None:
    old = s3.put_object(Bucket=versioned, Key="k", Body=b"old", ServerSideEncryption="AES256")["VersionId"]
    s3.put_object(Bucket=versioned, Key="k", Body=b"new", ServerSideEncryption="AES256")
    update(s3, versioned, VersionId=old)
    assert s3.head_object(Bucket=versioned, Key="k", VersionId=old)["ServerSideEncryption"] == "aws:kms"
    assert s3.head_object(Bucket=versioned, Key="k")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=versioned, Key="k", VersionId=old)["Body"].read() == b"old"
    assert [version["IsLatest"] for version in s3.list_object_versions(Bucket=versioned)["Versions"]] == [True, False]


def test_an_object_of_parts(s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="k", ServerSideEncryption="AES256")["UploadId"]
    part = s3.upload_part(Bucket=bucket, Key="k", UploadId=upload, PartNumber=1, Body=BIG)
    s3.complete_multipart_upload(
        Bucket=bucket,
        Key="k",
        UploadId=upload,
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    update(s3, bucket)
    assert s3.get_object(Bucket=bucket, Key="k")["Body"].read() == BIG


@pytest.mark.parametrize("kind", [{}, {"ServerSideEncryption": "aws:kms:dsse"}, CUSTOMER])
def test_objects_whose_key_stays(private: Server, kind: dict[str, Any]) -> None:
    s3, bucket = private.client(), private.make_bucket()
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **kind)
    with pytest.raises(ClientError, match=r"InvalidRequest.*Only source objects encrypted with SSE-S3 or SSE-KMS"):
        update(s3, bucket)


def test_what_is_not_there(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError, match="NoSuchKey"):
        update(s3, bucket, "absent")
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="AES256")
    with pytest.raises(ClientError, match=r"KMS\.NotFoundException"):
        update(s3, bucket, kms={"KMSKeyArn": "arn:aws:kms:us-east-1:111111111111:key/absent"})
    with pytest.raises(ClientError, match="InvalidRequest"):
        update(s3, bucket, kms={"KMSKeyArn": f"alias/{KMS_KEY}-by-an-alias"})
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"
