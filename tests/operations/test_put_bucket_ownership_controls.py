"""PutBucketOwnershipControls, GetBucketOwnershipControls, DeleteBucketOwnershipControls, and who may what then."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.grants import policy, statement
from tests.support.listed import know_accounts
from tests.support.server import LIMITED, OTHER_ACCOUNT, STRANGER, STRANGERS_USER, Server

MODES = ("BucketOwnerEnforced", "BucketOwnerPreferred", "ObjectWriter")


def own(s3: Any, bucket: str, mode: str) -> None:
    s3.put_bucket_ownership_controls(Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": mode}]})


def owned(s3: Any, bucket: str) -> str:
    rules: list[dict[str, str]] = s3.get_bucket_ownership_controls(Bucket=bucket)["OwnershipControls"]["Rules"]
    return rules[0]["ObjectOwnership"]


@pytest.fixture
def shared(s3: Any, bucket: str) -> str:
    """A bucket in which whoever writes owns, and everybody may write."""
    own(s3, bucket, "ObjectWriter")
    resource = f"arn:aws:s3:::{bucket}/*"
    let = statement(
        "Allow", ["s3:PutObject", "s3:PutObjectAcl", "s3:GetObject", "s3:DeleteObject"], resource, Principal="*"
    )
    s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy(let)))
    return bucket


@pytest.mark.parametrize("mode", MODES)
def test_controls_are_kept(s3: Any, bucket: str, mode: str) -> None:
    assert owned(s3, bucket) == "BucketOwnerEnforced"
    own(s3, bucket, mode)
    assert owned(s3, bucket) == mode


def test_controls_that_were_removed(server: Server, s3: Any, bucket: str) -> None:
    assert server.ask("DELETE", f"/{bucket}?ownershipControls").status == 204
    with pytest.raises(ClientError, match="OwnershipControlsNotFoundError"):
        s3.get_bucket_ownership_controls(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="key", ACL="public-read")
    assert server.send("GET", f"/{bucket}/key", {}).status == 200


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<Rule/>",
        "<Rule><ObjectOwnership>Nobody</ObjectOwnership></Rule>",
        2 * "<Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule>",
    ],
)
def test_documents_that_are_none(server: Server, bucket: str, content: str) -> None:
    body = f"<OwnershipControls>{content}</OwnershipControls>".encode()
    answer = server.ask("PUT", f"/{bucket}?ownershipControls", {}, body)
    assert (answer.status, answer.code) == (400, "MalformedXML")


def test_lists_that_give_something_away_must_go_first(s3: Any, bucket: str) -> None:
    own(s3, bucket, "BucketOwnerPreferred")
    s3.put_bucket_acl(Bucket=bucket, ACL="public-read")
    with pytest.raises(ClientError, match="InvalidBucketAclWithObjectOwnership"):
        own(s3, bucket, "BucketOwnerEnforced")
    s3.put_bucket_acl(Bucket=bucket, ACL="private")
    own(s3, bucket, "BucketOwnerEnforced")


def test_the_owner_of_a_bucket_may_not_read_what_another_account_owns(server: Server, s3: Any, shared: str) -> None:
    """Neither may those whom the bucket's policy lets; to delete it is still the bucket owner's."""
    target = f"/{shared}/theirs"
    assert server.ask("PUT", target, {}, b"theirs", keys=STRANGER).status == 200
    assert server.ask("GET", target, keys=STRANGER).body == b"theirs"
    assert server.ask("GET", target).code == "AccessDenied"
    assert server.ask("HEAD", target).status == 403
    assert server.ask("GET", f"{target}?acl").code == "AccessDenied"
    assert server.send("GET", target, {}).code == "AccessDenied"
    own(s3, shared, "BucketOwnerEnforced")
    assert server.ask("GET", target).body == b"theirs"
    own(s3, shared, "ObjectWriter")
    assert server.ask("GET", target).code == "AccessDenied"
    assert server.ask("DELETE", target).status == 204


def test_who_writes_may_let_the_owner_of_the_bucket_read(server: Server, s3: Any, shared: str) -> None:
    given = {"x-amz-acl": "bucket-owner-full-control"}
    assert server.ask("PUT", f"/{shared}/given", given, b"lent", keys=STRANGER).status == 200
    assert server.ask("GET", f"/{shared}/given").body == b"lent"
    assert server.ask("GET", f"/{shared}/given", keys=LIMITED).code == "AccessDenied"
    own(s3, shared, "BucketOwnerPreferred")
    assert server.ask("PUT", f"/{shared}/given", given, b"given", keys=STRANGER).status == 200
    assert s3.get_object_acl(Bucket=shared, Key="given")["Owner"]["ID"] != OTHER_ACCOUNT.canonical_id


def test_a_list_that_names_an_account_lets_its_root_and_whom_that_lets(server: Server, s3: Any, shared: str) -> None:
    know_accounts(server)
    s3.delete_bucket_policy(Bucket=shared)
    s3.put_object(Bucket=shared, Key="key", Body=b"lent", GrantRead=f"id={OTHER_ACCOUNT.canonical_id}")
    target = f"/{shared}/key"
    assert server.ask("GET", target, keys=STRANGER).body == b"lent"
    assert server.ask("GET", target, keys=STRANGERS_USER).code == "AccessDenied"
    assert server.send("GET", target, {}).code == "AccessDenied"
    assert server.ask("GET", f"/{shared}", keys=STRANGER).code == "AccessDenied"
    server.grants.let("eve", policy(statement("Allow", "s3:GetObject", "*")))
    try:
        assert server.ask("GET", target, keys=STRANGERS_USER).body == b"lent"
    finally:
        server.grants.let("eve")


def test_lists_of_buckets(server: Server, s3: Any, shared: str) -> None:
    s3.delete_bucket_policy(Bucket=shared)
    s3.put_bucket_acl(Bucket=shared, ACL="public-read-write")
    assert server.send("GET", f"/{shared}", {}).status == 200
    assert server.send("GET", f"/{shared}?versions", {}).status == 200
    assert server.send("GET", f"/{shared}?uploads", {}).status == 200
    assert server.send("PUT", f"/{shared}/by-nobody", {}).status == 200
    assert server.send("GET", f"/{shared}?acl", {}).code == "AccessDenied"
    assert server.send("GET", f"/{shared}?policy", {}).code == "AccessDenied"
    deny = statement("Deny", "s3:ListBucket", f"arn:aws:s3:::{shared}", Principal="*")
    s3.put_bucket_policy(Bucket=shared, Policy=json.dumps(policy(deny)))
    assert server.send("GET", f"/{shared}", {}).code == "AccessDenied"
    assert server.send("PUT", f"/{shared}/by-nobody", {}).status == 200
