from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import KMS_KEY, Server

KEY = bytes(range(32))
CUSTOMER = {"SSECustomerAlgorithm": "AES256", "SSECustomerKey": KEY}


def rule(kind: str = "", key: str = "", **other: Any) -> dict[str, Any]:
    default = {"SSEAlgorithm": kind} | ({"KMSMasterKeyID": key} if key else {})
    return {"Rules": [({"ApplyServerSideEncryptionByDefault": default} if kind else {}) | other]}


def configure(s3: Any, bucket: str, configuration: dict[str, Any]) -> None:
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=configuration)


def shown(answer: dict[str, Any]) -> dict[str, Any]:
    names = ("ServerSideEncryption", "SSEKMSKeyId", "BucketKeyEnabled", "SSECustomerAlgorithm")
    return {name: answer[name] for name in names if name in answer}


@pytest.mark.parametrize(
    ("configuration", "encrypted"),
    [
        (rule("AES256"), {"ServerSideEncryption": "AES256"}),
        (rule("AES256", BucketKeyEnabled=True), {"ServerSideEncryption": "AES256"}),
        (rule("aws:kms", KMS_KEY), {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS_KEY}),
        (
            rule("aws:kms", KMS_KEY, BucketKeyEnabled=True),
            {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": KMS_KEY, "BucketKeyEnabled": True},
        ),
        (rule("aws:kms:dsse", KMS_KEY), {"ServerSideEncryption": "aws:kms:dsse", "SSEKMSKeyId": KMS_KEY}),
    ],
)
def test_new_objects_are_encrypted_so(
    s3: Any, bucket: str, configuration: dict[str, Any], encrypted: dict[str, Any]
) -> None:
    s3.put_object(Bucket=bucket, Key="before", Body=b"before")
    configure(s3, bucket, configuration)
    assert shown(s3.put_object(Bucket=bucket, Key="put", Body=b"content")) == encrypted
    copied = s3.copy_object(Bucket=bucket, Key="copied", CopySource=f"{bucket}/before")
    assert shown(copied) == encrypted
    upload = s3.create_multipart_upload(Bucket=bucket, Key="parts")
    assert shown(upload) == encrypted
    part = s3.upload_part(Bucket=bucket, Key="parts", UploadId=upload["UploadId"], PartNumber=1, Body=b"content")
    assert shown(part) == encrypted
    done = s3.complete_multipart_upload(
        Bucket=bucket,
        Key="parts",
        UploadId=upload["UploadId"],
        MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]},
    )
    assert shown(done) == encrypted
    for key, content in (("put", b"content"), ("copied", b"before"), ("parts", b"content")):
        answer = s3.get_object(Bucket=bucket, Key=key)
        assert (answer["Body"].read(), shown(answer)) == (content, encrypted)
    assert shown(s3.head_object(Bucket=bucket, Key="before")) == {}


def test_what_a_request_asks_for_goes_before(s3: Any, bucket: str) -> None:
    configure(s3, bucket, rule("aws:kms", KMS_KEY, BucketKeyEnabled=True))
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="AES256")
    assert shown(put) == {"ServerSideEncryption": "AES256"}
    put = s3.put_object(Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=KMS_KEY)
    assert put["BucketKeyEnabled"] is True
    put = s3.put_object(
        Bucket=bucket, Key="k", Body=b"x", ServerSideEncryption="aws:kms", SSEKMSKeyId=KMS_KEY, BucketKeyEnabled=False
    )
    assert "BucketKeyEnabled" not in put


def test_the_key_is_looked_for_when_it_is_used(s3: Any, bucket: str) -> None:
    """ "Amazon S3 doesn't validate the KMS key ID provided in PutBucketEncryption requests." """
    configure(s3, bucket, rule("aws:kms", "absent"))
    with pytest.raises(ClientError) as refused:
        s3.put_object(Bucket=bucket, Key="k", Body=b"x")
    assert refused.value.response["Error"]["Code"] == "KMS.NotFoundException"
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_sse_c_can_be_blocked(private: Server) -> None:
    s3, bucket = private.client(), private.make_bucket()
    s3.put_object(Bucket=bucket, Key="before", Body=b"x", **CUSTOMER)
    configure(s3, bucket, rule("AES256", BlockedEncryptionTypes={"EncryptionType": ["SSE-C"]}))
    configure(s3, bucket, rule("AES256"))  # which says nothing of it
    for write in (s3.put_object, s3.create_multipart_upload):
        with pytest.raises(ClientError, match="AccessDenied"):
            write(Bucket=bucket, Key="k", **CUSTOMER)
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.copy_object(
            Bucket=bucket,
            Key="k",
            CopySource=f"{bucket}/before",
            CopySourceSSECustomerAlgorithm="AES256",
            CopySourceSSECustomerKey=KEY,
            **CUSTOMER,
        )
    assert s3.get_object(Bucket=bucket, Key="before", **CUSTOMER)["Body"].read() == b"x"
    configure(s3, bucket, rule(BlockedEncryptionTypes={"EncryptionType": ["NONE"]}))
    s3.put_object(Bucket=bucket, Key="k", Body=b"x", **CUSTOMER)


@pytest.mark.parametrize(
    ("configuration", "code"),
    [
        ({"Rules": []}, "MalformedXML"),
        ({"Rules": rule("AES256")["Rules"] * 2}, "MalformedXML"),
        (rule("rot13"), "MalformedXML"),
        (rule("AES256", KMS_KEY), "InvalidArgument"),
    ],
)
def test_refuses(s3: Any, bucket: str, configuration: dict[str, Any], code: str) -> None:
    with pytest.raises(ClientError, match=code):
        configure(s3, bucket, configuration)
    with pytest.raises(ClientError, match="ServerSideEncryptionConfigurationNotFoundError"):
        s3.get_bucket_encryption(Bucket=bucket)


def test_an_unknown_bucket(s3: Any) -> None:
    with pytest.raises(ClientError, match="NoSuchBucket"):
        configure(s3, "no-such-bucket", rule("AES256"))
