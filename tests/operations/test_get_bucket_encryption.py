from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError


def test_nobody_configured_it(s3: Any, bucket: str) -> None:
    """Unlike AWS since 2023, what nobody asks to encrypt is kept plain here: so there is no default to tell."""
    with pytest.raises(ClientError) as refused:
        s3.get_bucket_encryption(Bucket=bucket)
    assert refused.value.response["Error"]["Code"] == "ServerSideEncryptionConfigurationNotFoundError"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


@pytest.mark.parametrize(
    "rule",
    [
        {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}, "BucketKeyEnabled": False},
        {
            "ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms", "KMSMasterKeyID": "a&b"},
            "BucketKeyEnabled": True,
            "BlockedEncryptionTypes": {"EncryptionType": ["SSE-C"]},
        },
        {"BlockedEncryptionTypes": {"EncryptionType": ["NONE"]}},
    ],
)
def test_as_it_was_put(s3: Any, bucket: str, rule: dict[str, Any]) -> None:
    s3.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration={"Rules": [rule]})
    assert s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"] == {"Rules": [rule]}
