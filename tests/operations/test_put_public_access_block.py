"""PutPublicAccessBlock, GetPublicAccessBlock, DeletePublicAccessBlock, and what is blocked."""

from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.grants import policy, statement
from tests.support.listed import know_accounts
from tests.support.server import ACCOUNT, OTHER_ACCOUNT, STRANGER, Server, serving

from trug.domain.acl import Ownership
from trug.domain.public_access import ALL_BLOCKED, PublicAccessBlock
from trug.engine.buckets import NewBuckets

NAMES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
NOTHING = dict.fromkeys(NAMES, False)


def block(s3: Any, bucket: str, *names: str) -> None:
    s3.put_public_access_block(Bucket=bucket, PublicAccessBlockConfiguration=dict.fromkeys(names, True))


def open_to(principal: Any, bucket: str) -> str:
    return json.dumps(policy(statement("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal=principal)))


@pytest.fixture
def listed(s3: Any, bucket: str) -> str:
    """A bucket in which lists of access count, with an object for everybody."""
    s3.put_bucket_ownership_controls(
        Bucket=bucket, OwnershipControls={"Rules": [{"ObjectOwnership": "BucketOwnerPreferred"}]}
    )
    s3.put_object(Bucket=bucket, Key="key", Body=b"for all", ACL="public-read")
    return bucket


def test_a_block_is_kept(server: Server, s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError, match="NoSuchPublicAccessBlockConfiguration"):
        s3.get_public_access_block(Bucket=bucket)
    block(s3, bucket, "IgnorePublicAcls", "RestrictPublicBuckets")
    kept = s3.get_public_access_block(Bucket=bucket)["PublicAccessBlockConfiguration"]
    assert kept == NOTHING | {"IgnorePublicAcls": True, "RestrictPublicBuckets": True}
    assert server.ask("DELETE", f"/{bucket}?publicAccessBlock").status == 204
    assert server.ask("DELETE", f"/{bucket}?publicAccessBlock").status == 204
    assert server.ask("GET", f"/{bucket}?publicAccessBlock").status == 404


@pytest.mark.parametrize(
    "body",
    [
        b"<Other/>",
        b"<PublicAccessBlockConfiguration><BlockPublicAcls>maybe</BlockPublicAcls></PublicAccessBlockConfiguration>",
        b"<PublicAccessBlockConfiguration><Surprise>true</Surprise></PublicAccessBlockConfiguration>",
    ],
)
def test_documents_that_are_none(server: Server, bucket: str, body: bytes) -> None:
    answer = server.ask("PUT", f"/{bucket}?publicAccessBlock", {}, body)
    assert (answer.status, answer.code) == (400, "MalformedXML")


def test_l9_public_policies_are_refused(s3: Any, bucket: str) -> None:
    block(s3, bucket, "BlockPublicPolicy")
    with pytest.raises(ClientError, match="AccessDenied"):
        s3.put_bucket_policy(Bucket=bucket, Policy=open_to("*", bucket))
    s3.put_bucket_policy(Bucket=bucket, Policy=open_to({"AWS": OTHER_ACCOUNT.id}, bucket))


def test_a_public_bucket_is_restricted_to_its_account(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    s3.put_bucket_policy(Bucket=bucket, Policy=open_to("*", bucket))
    target = f"/{bucket}/key"
    assert [server.send("GET", target, {}).status, server.ask("GET", target, keys=STRANGER).status] == [200, 200]
    block(s3, bucket, "RestrictPublicBuckets")
    assert [server.send("GET", target, {}).status, server.ask("GET", target, keys=STRANGER).status] == [403, 403]
    assert server.ask("GET", target).status == 200
    s3.put_bucket_policy(Bucket=bucket, Policy=open_to({"AWS": OTHER_ACCOUNT.id}, bucket))
    assert server.ask("GET", target, keys=STRANGER).status == 200


def test_public_lists_count_unless_they_are_ignored(server: Server, s3: Any, listed: str) -> None:
    target = f"/{listed}/key"
    assert server.send("GET", target, {}).body == b"for all"
    block(s3, listed, "IgnorePublicAcls")
    assert server.send("GET", target, {}).code == "AccessDenied"
    assert server.ask("GET", target, keys=STRANGER).code == "AccessDenied"
    s3.delete_public_access_block(Bucket=listed)
    assert server.send("GET", target, {}).status == 200


def test_l9_public_lists_are_refused(server: Server, s3: Any, listed: str) -> None:
    block(s3, listed, "BlockPublicAcls")
    public = {"x-amz-acl": "public-read"}
    for target in (f"/{listed}/key?acl", f"/{listed}?acl", f"/{listed}/new"):
        assert server.ask("PUT", target, public).code == "AccessDenied", target
    assert server.ask("PUT", f"/{listed}/new", {"x-amz-acl": "private"}).status == 200
    assert server.send("GET", f"/{listed}/key", {}).status == 200


def test_the_block_of_an_account_counts_for_all_its_buckets(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    s3.put_bucket_policy(Bucket=bucket, Policy=open_to("*", bucket))
    assert server.send("GET", f"/{bucket}/key", {}).status == 200
    know_accounts(server)
    assert server.run(server.engine.guards.block_account(ACCOUNT.id, ALL_BLOCKED))
    try:
        assert server.run(server.engine.guards.account_block(ACCOUNT.id)) == ALL_BLOCKED
        assert server.send("GET", f"/{bucket}/key", {}).code == "AccessDenied"
        with pytest.raises(ClientError, match="AccessDenied"):
            s3.put_bucket_policy(Bucket=bucket, Policy=open_to("*", bucket))
    finally:
        server.run(server.engine.guards.block_account(ACCOUNT.id, None))
    assert server.send("GET", f"/{bucket}/key", {}).status == 200


def test_new_buckets_as_the_settings_say() -> None:
    new = NewBuckets(Ownership.WRITER, blocks_public_access=True)
    with serving(new_buckets=new) as server:
        s3 = server.client()
        s3.create_bucket(Bucket="usual")
        blocked = s3.get_public_access_block(Bucket="usual")["PublicAccessBlockConfiguration"]
        assert blocked == dict.fromkeys(NAMES, True)
        controls = s3.get_bucket_ownership_controls(Bucket="usual")["OwnershipControls"]
        assert controls == {"Rules": [{"ObjectOwnership": "ObjectWriter"}]}
        s3.create_bucket(Bucket="asked", ObjectOwnership="BucketOwnerEnforced")
        controls = s3.get_bucket_ownership_controls(Bucket="asked")["OwnershipControls"]
        assert controls == {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
        with pytest.raises(ClientError, match="InvalidBucketAclWithBlockPublicAccessError"):
            s3.create_bucket(Bucket="public", ACL="public-read")


@pytest.mark.parametrize("mine", [PublicAccessBlock(block_acls=True), PublicAccessBlock()])
def test_the_stricter_of_two_holds(mine: PublicAccessBlock) -> None:
    theirs = PublicAccessBlock(restrict_buckets=True)
    assert mine.joined(theirs) == PublicAccessBlock(block_acls=mine.block_acls, restrict_buckets=True)
