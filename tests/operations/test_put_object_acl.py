"""PutObjectAcl."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.listed import (
    EMAIL,
    EVERYBODY,
    LOGS,
    ONE,
    TWO,
    code_of,
    grants_of,
    know_accounts,
    make_bucket,
    owner_of,
    policy,
)
from tests.support.server import STRANGER, Server

ALL = "FULL_CONTROL"


@pytest.fixture(scope="module", autouse=True)
def _accounts(server: Server) -> None:
    know_accounts(server)


@pytest.fixture
def listed(server: Server, s3: Any) -> str:
    bucket = make_bucket(server, s3)
    s3.put_object(Bucket=bucket, Key="key", Body=b"content", Metadata={"a": "b"}, Tagging="c=d")
    return bucket


def found(s3: Any, bucket: str) -> list[tuple[str, str]]:
    return grants_of(s3.get_object_acl(Bucket=bucket, Key="key"))


def test_canned_and_back(s3: Any, listed: str) -> None:
    before = s3.get_object(Bucket=listed, Key="key")
    s3.put_object_acl(Bucket=listed, Key="key", ACL="public-read-write")
    assert found(s3, listed) == [(ONE, ALL), (EVERYBODY, "READ"), (EVERYBODY, "WRITE")]
    after = s3.get_object(Bucket=listed, Key="key")
    for name in ("ETag", "LastModified", "Metadata", "TagCount"):
        assert before[name] == after[name]
    s3.put_object_acl(Bucket=listed, Key="key", ACL="private")
    assert found(s3, listed) == [(ONE, ALL)]


def test_headers(s3: Any, listed: str) -> None:
    s3.put_object_acl(Bucket=listed, Key="key", GrantRead=f"uri={EVERYBODY}", GrantWriteACP=f"emailAddress={EMAIL}")
    assert found(s3, listed) == [(EVERYBODY, "READ"), (TWO, "WRITE_ACP")]


def test_a_document(s3: Any, listed: str) -> None:
    grants = [(TWO, ALL), (ONE, "READ"), (LOGS, "READ_ACP")]
    s3.put_object_acl(Bucket=listed, Key="key", AccessControlPolicy=policy(ONE, *grants))
    assert found(s3, listed) == grants


@pytest.mark.parametrize(
    ("asked", "code"),
    [
        ({"AccessControlPolicy": policy(TWO, (TWO, ALL))}, "AccessDenied"),
        ({"AccessControlPolicy": policy(ONE, ("nobody", ALL))}, "InvalidArgument"),
        ({"AccessControlPolicy": policy(ONE, ("no@example.org", ALL))}, "UnresolvableGrantByEmailAddress"),
        ({"ACL": "log-delivery-write"}, "InvalidArgument"),
        ({"ACL": "private", "GrantRead": f"id={TWO}"}, "InvalidRequest"),
        ({"ACL": "private", "VersionId": "12345"}, "InvalidArgument"),
        ({"ACL": "private", "VersionId": "x" * 32}, "NoSuchVersion"),
    ],
)
def test_what_is_refused(s3: Any, listed: str, asked: dict[str, Any], code: str) -> None:
    assert code_of(s3.put_object_acl, Bucket=listed, Key="key", **asked) == code
    assert found(s3, listed) == [(ONE, ALL)]


def test_where_lists_do_not_count(s3: Any, bucket: str) -> None:
    """Bad input L10."""
    s3.put_object(Bucket=bucket, Key="key")
    assert code_of(s3.put_object_acl, Bucket=bucket, Key="key", ACL="public-read") == "AccessControlListNotSupported"
    s3.put_object_acl(Bucket=bucket, Key="key", ACL="bucket-owner-full-control")
    s3.put_object_acl(Bucket=bucket, Key="key", AccessControlPolicy=policy(ONE, (ONE, ALL)))
    assert found(s3, bucket) == [(ONE, ALL)]


def test_who_may(server: Server, s3: Any, listed: str) -> None:
    strange = server.client(STRANGER)
    assert code_of(strange.put_object_acl, Bucket=listed, Key="key", ACL="private") == "AccessDenied"
    s3.put_object_acl(Bucket=listed, Key="key", GrantFullControl=f"id={ONE}", GrantWriteACP=f"id={TWO}")
    strange.put_object_acl(Bucket=listed, Key="key", ACL="public-read")
    assert found(s3, listed) == [(ONE, ALL), (EVERYBODY, "READ")]
    assert code_of(strange.get_object_acl, Bucket=listed, Key="key") == "AccessDenied"


def test_the_version_is_told(server: Server, s3: Any, listed: str) -> None:
    s3.put_bucket_versioning(Bucket=listed, VersioningConfiguration={"Status": "Enabled"})
    version = s3.put_object(Bucket=listed, Key="key")["VersionId"]
    answer = s3.put_object_acl(Bucket=listed, Key="key", VersionId="null", ACL="public-read")
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-version-id"] == "null"
    answer = s3.put_object_acl(Bucket=listed, Key="key", ACL="public-read")
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-version-id"] == version
    marker = s3.delete_object(Bucket=listed, Key="key")["VersionId"]
    assert code_of(s3.put_object_acl, Bucket=listed, Key="key", VersionId=marker, ACL="private") == "MethodNotAllowed"
    assert owner_of(s3.get_object_acl(Bucket=listed, Key="key", VersionId="null")) == ONE
