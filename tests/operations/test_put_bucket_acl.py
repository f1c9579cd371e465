"""PutBucketAcl."""

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
    policy,
)
from tests.support.server import STRANGER, Server

ALL = "FULL_CONTROL"


@pytest.fixture(scope="module", autouse=True)
def _accounts(server: Server) -> None:
    know_accounts(server)


@pytest.fixture
def listed(server: Server, s3: Any) -> str:
    return make_bucket(server, s3)


def found(s3: Any, bucket: str) -> list[tuple[str, str]]:
    return grants_of(s3.get_bucket_acl(Bucket=bucket))


@pytest.mark.parametrize("mode", ["ObjectWriter", "BucketOwnerPreferred"])
def test_canned(server: Server, s3: Any, mode: str) -> None:
    bucket = make_bucket(server, s3, mode)
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    assert found(s3, bucket) == [(ONE, ALL), (EVERYBODY, "READ")]
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    assert found(s3, bucket) == [(ONE, ALL)]


def test_headers_take_the_place_of_all(s3: Any, listed: str) -> None:
    """Who grants by headers and not himself has nothing but the list itself any more, in S3 too."""
    s3.put_bucket_acl(
        Bucket=listed,
        GrantRead=f'uri="{EVERYBODY}", id="{TWO}"',
        GrantWrite=f"uri={LOGS}",
        GrantReadACP=f'emailAddress="{EMAIL}"',
    )
    assert sorted(found(s3, listed)) == sorted([(EVERYBODY, "READ"), (TWO, "READ"), (LOGS, "WRITE"), (TWO, "READ_ACP")])


def test_a_document(s3: Any, listed: str) -> None:
    grants = [(ONE, ALL), (TWO, "READ"), (TWO, "WRITE_ACP"), (EVERYBODY, "READ"), (EMAIL, "WRITE")]
    s3.put_bucket_acl(Bucket=listed, AccessControlPolicy=policy(ONE, *grants))
    assert found(s3, listed) == [*grants[:-1], (TWO, "WRITE")]


def test_a_document_that_grants_nothing(s3: Any, listed: str) -> None:
    s3.put_bucket_acl(Bucket=listed, AccessControlPolicy=policy(ONE))
    assert found(s3, listed) == []


DOCUMENT = (
    '<AccessControlPolicy xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Owner><ID>{owner}</ID></Owner>'
    "<AccessControlList>{grants}</AccessControlList></AccessControlPolicy>"
)
GRANT = (
    '<Grant><Grantee xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:type="{kind}">{who}</Grantee>'
    "<Permission>{what}</Permission></Grant>"
)


def grant(kind: str = "CanonicalUser", who: str = f"<ID>{TWO}</ID>", what: str = "READ") -> str:
    return GRANT.format(kind=kind, who=who, what=what)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("<AccessControlPolicy", "MalformedACLError"),
        ("<Other/>", "MalformedACLError"),
        ("<AccessControlPolicy/>", "MalformedACLError"),
        (DOCUMENT.format(owner="", grants=""), "MalformedACLError"),
        (DOCUMENT.format(owner=ONE, grants="<Grant/>"), "MalformedACLError"),
        (DOCUMENT.format(owner=ONE, grants=grant(what="EXECUTE")), "MalformedACLError"),
        (DOCUMENT.format(owner=ONE, grants=grant(kind="Robot")), "MalformedACLError"),
        (DOCUMENT.format(owner=ONE, grants=grant(who="")), "MalformedACLError"),
        (DOCUMENT.format(owner=ONE, grants=grant() * 101), "MalformedACLError"),
        (DOCUMENT.format(owner=TWO, grants=grant()), "AccessDenied"),
        (DOCUMENT.format(owner=ONE, grants=grant(who="<ID>nobody</ID>")), "InvalidArgument"),
        (DOCUMENT.format(owner=ONE, grants=grant("Group", "<URI>http://x.test/</URI>")), "InvalidArgument"),
        (
            DOCUMENT.format(
                owner=ONE, grants=grant("AmazonCustomerByEmail", "<EmailAddress>no@example.org</EmailAddress>")
            ),
            "UnresolvableGrantByEmailAddress",
        ),
    ],
)
def test_documents_that_are_refused(server: Server, s3: Any, listed: str, body: str, code: str) -> None:
    assert server.ask("PUT", f"/{listed}?acl", body=body.encode()).code == code
    assert found(s3, listed) == [(ONE, ALL)]


def test_a_hundred_grants(server: Server, s3: Any, listed: str) -> None:
    body = DOCUMENT.format(owner=ONE, grants=grant() * 100)
    assert server.ask("PUT", f"/{listed}?acl", body=body.encode()).status == 200
    assert found(s3, listed) == [(TWO, "READ")] * 100


@pytest.mark.parametrize(
    ("headers", "code"),
    [
        ({}, "MissingSecurityHeader"),
        ({"x-amz-acl": "open"}, "InvalidArgument"),
        ({"x-amz-acl": ""}, "InvalidArgument"),
        ({"x-amz-acl": "private", "x-amz-grant-read": f"id={TWO}"}, "InvalidRequest"),
        ({"x-amz-grant-read": TWO}, "InvalidArgument"),
        ({"x-amz-grant-read": f"arn={TWO}"}, "InvalidArgument"),
        ({"x-amz-grant-read": f'id="{TWO}'}, "InvalidArgument"),
        ({"x-amz-grant-read": "id=nobody"}, "InvalidArgument"),
        ({"x-amz-grant-read": "uri=http://acs.amazonaws.com/groups/global/Nobody"}, "InvalidArgument"),
        ({"x-amz-grant-read": "emailAddress=no@example.org"}, "UnresolvableGrantByEmailAddress"),
        ({"x-amz-grant-read": ",".join([f"id={TWO}"] * 101)}, "MalformedACLError"),
    ],
)
def test_headers_that_are_refused(server: Server, s3: Any, listed: str, headers: dict[str, str], code: str) -> None:
    assert server.ask("PUT", f"/{listed}?acl", headers).code == code
    assert found(s3, listed) == [(ONE, ALL)]


def test_headers_and_a_document(server: Server, listed: str) -> None:
    body = DOCUMENT.format(owner=ONE, grants=grant()).encode()
    assert server.ask("PUT", f"/{listed}?acl", {"x-amz-acl": "private"}, body).code == "UnexpectedContent"


@pytest.mark.parametrize("canned", ["private", "bucket-owner-full-control", "bucket-owner-read"])
def test_where_lists_do_not_count_all_to_the_owner_changes_nothing(s3: Any, bucket: str, canned: str) -> None:
    s3.put_bucket_acl(Bucket=bucket, ACL=canned)
    s3.put_bucket_acl(Bucket=bucket, AccessControlPolicy=policy(ONE, (ONE, ALL)))
    assert found(s3, bucket) == [(ONE, ALL)]


@pytest.mark.parametrize("asked", [{"ACL": "public-read"}, {"GrantRead": f"id={TWO}"}, {"GrantRead": f"id={ONE}"}])
def test_where_lists_do_not_count_nothing_else_is_taken(s3: Any, bucket: str, asked: dict[str, str]) -> None:
    """Bad input L10."""
    assert code_of(s3.put_bucket_acl, Bucket=bucket, **asked) == "AccessControlListNotSupported"


def test_others_may_not(server: Server, s3: Any, listed: str) -> None:
    strange = server.client(STRANGER)
    assert code_of(strange.put_bucket_acl, Bucket=listed, ACL="private") == "AccessDenied"
    s3.put_bucket_acl(Bucket=listed, AccessControlPolicy=policy(ONE, (ONE, ALL), (TWO, "WRITE_ACP")))
    strange.put_bucket_acl(Bucket=listed, ACL="public-read")
    assert found(s3, listed) == [(ONE, ALL), (EVERYBODY, "READ")]


def test_public_lists_may_be_blocked(s3: Any, listed: str) -> None:
    """Bad input L9."""
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": False}
    s3.put_public_access_block(Bucket=listed, PublicAccessBlockConfiguration=block)
    for canned in ("public-read", "public-read-write", "authenticated-read"):
        assert code_of(s3.put_bucket_acl, Bucket=listed, ACL=canned) == "AccessDenied"
    s3.put_bucket_acl(Bucket=listed, ACL="log-delivery-write")
    assert (LOGS, "WRITE") in found(s3, listed)
