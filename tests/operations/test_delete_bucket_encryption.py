from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import Server


def test_new_objects_are_plain_again_and_old_ones_stay(s3: Any, bucket: str) -> None:
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.put_object(Bucket=bucket, Key="old", Body=b"old")
    assert s3.delete_bucket_encryption(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204
    s3.put_object(Bucket=bucket, Key="new", Body=b"new")
    assert "ServerSideEncryption" not in s3.head_object(Bucket=bucket, Key="new")
    assert s3.head_object(Bucket=bucket, Key="old")["ServerSideEncryption"] == "AES256"
    assert s3.get_object(Bucket=bucket, Key="old")["Body"].read() == b"old"
    with pytest.raises(ClientError, match="ServerSideEncryptionConfigurationNotFoundError"):
        s3.get_bucket_encryption(Bucket=bucket)


def test_twice(s3: Any, bucket: str) -> None:
    for _ in range(2):
        assert s3.delete_bucket_encryption(Bucket=bucket)["ResponseMetadata"]["HTTPStatusCode"] == 204


def test_a_block_stays(private: Server) -> None:
    s3, bucket = private.client(), private.make_bucket()
    rule = {
        "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"},
        "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
    }
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    s3.delete_bucket_encryption(Bucket=bucket)
    (kept,) = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"]
    assert kept == {"BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]}}
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    assert "ServerSideEncryption" not in s3.head_object(Bucket=bucket, Key="key")
    key = {"SSECustomerKey": b"k" * 32, "SSECustomerAlgorithm": "AES256"}
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_object(Bucket=bucket, Key="key", Body=b"1", **key)
    unblocked = {"BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}}
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [unblocked]})
    s3.put_object(Bucket=bucket, Key="key", Body=b"1", **key)
