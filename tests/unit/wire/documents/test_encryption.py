from __future__ import annotations

import pytest

from trug.domain.encryption import BucketEncryption, Managed
from trug.domain.errors import S3Error
from trug.wire.documents.encryption import (
    bucket_encryption_content,
    parse_bucket_encryption,
    parse_object_encryption,
)
from trug.wire.xml import document

ROOT = "ServerSideEncryptionConfiguration"
ARN = "arn:aws:kms:us-east-1:111111111111:key/k"


def configuration(content: str) -> bytes:
    return document(ROOT, content)


def default(kind: str, key: str = "") -> str:
    named = f"<KMSMasterKeyID>{key}</KMSMasterKeyID>" if key else ""
    return (
        "<ApplyServerSideEncryptionByDefault>"
        f"<SSEAlgorithm>{kind}</SSEAlgorithm>{named}</ApplyServerSideEncryptionByDefault>"
    )


def blocked(*kinds: str) -> str:
    types = "".join(f"<EncryptionType>{kind}</EncryptionType>" for kind in kinds)
    return f"<BlockedEncryptionTypes>{types}</BlockedEncryptionTypes>"


PARSED = {
    default("AES256"): BucketEncryption(Managed("AES256", bucket_key=False)),
    default("aws:kms"): BucketEncryption(Managed("aws:kms", bucket_key=False)),
    default("aws:kms:dsse", ARN): BucketEncryption(Managed("aws:kms:dsse", ARN, bucket_key=False)),
    default("aws:kms", "k") + "<BucketKeyEnabled>true</BucketKeyEnabled>": BucketEncryption(
        Managed("aws:kms", "k", bucket_key=True)
    ),
    blocked("NONE"): BucketEncryption(None, ()),
    default("AES256") + blocked("SSE-C"): BucketEncryption(Managed("AES256", bucket_key=False), ("SSE-C",)),
    "": BucketEncryption(),
}


@pytest.mark.parametrize("rule", PARSED)
def test_configurations(rule: str) -> None:
    parsed = parse_bucket_encryption(configuration(f"<Rule>{rule}</Rule>"))
    assert parsed == PARSED[rule]
    assert parse_bucket_encryption(configuration(bucket_encryption_content(parsed))) == parsed


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "MalformedXML"),
        (f"<Rule>{default('AES256')}</Rule>" * 2, "MalformedXML"),
        ("<Rule><Other/></Rule>", "MalformedXML"),
        (f"<Rule>{default('rot13')}</Rule>", "MalformedXML"),
        (f"<Rule>{default('aws:fsx')}</Rule>", "MalformedXML"),
        ("<Rule><ApplyServerSideEncryptionByDefault/></Rule>", "MalformedXML"),
        (f"<Rule>{default('AES256')}<BucketKeyEnabled>yes</BucketKeyEnabled></Rule>", "MalformedXML"),
        (f"<Rule>{blocked('SSE-S3')}</Rule>", "MalformedXML"),
        (f"<Rule>{blocked('NONE', 'SSE-C')}</Rule>", "MalformedXML"),
        (f"<Rule>{blocked()}</Rule>", "MalformedXML"),
        (f"<Rule>{default('AES256', 'k')}</Rule>", "InvalidArgument: a KMSMasterKeyID is not applicable"),
    ],
)
def test_configurations_that_are_none(content: str, text: str) -> None:
    with pytest.raises(S3Error, match=text):
        parse_bucket_encryption(configuration(content))


def asked(content: str) -> bytes:
    return document("ObjectEncryption", content)


def test_another_key_of_an_object() -> None:
    plain = f"<SSE-KMS><KMSKeyArn>{ARN}</KMSKeyArn></SSE-KMS>"
    assert parse_object_encryption(asked(plain)) == Managed("aws:kms", ARN, bucket_key=False)
    shared = f"<SSE-KMS><KMSKeyArn>{ARN}</KMSKeyArn><BucketKeyEnabled>true</BucketKeyEnabled></SSE-KMS>"
    assert parse_object_encryption(asked(shared)) == Managed("aws:kms", ARN, bucket_key=True)


@pytest.mark.parametrize(
    ("content", "text"),
    [
        ("", "InvalidRequest: .*require a valid new encryption type"),
        ("<SSE-S3/>", "InvalidRequest: .*require a valid new encryption type"),
        ("<SSE-C/>", "InvalidRequest: .*doesn't support updating the encryption type to DSSE-KMS or SSE-C"),
        ("<DSSE-KMS/>", "InvalidRequest: .*doesn't support updating"),
        ("<SSE-KMS/>", "InvalidRequest: .*require an Amazon Web Services KMS key"),
        ("<SSE-KMS><KMSKeyArn>k</KMSKeyArn></SSE-KMS>", "InvalidRequest: .*require a valid Amazon"),
        (f"<SSE-KMS><KMSKeyArn>{ARN}</KMSKeyArn><BucketKeyEnabled>2</BucketKeyEnabled></SSE-KMS>", "BucketKeyEnabled"),
        ("<SSE-KMS><Other/></SSE-KMS>", "MalformedXML"),
    ],
)
def test_what_update_object_encryption_refuses(content: str, text: str) -> None:
    with pytest.raises(S3Error, match=text):
        parse_object_encryption(asked(content))
