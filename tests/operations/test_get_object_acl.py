"""GetObjectAcl, and the lists that objects are written with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.listed import (
    AUTHENTICATED,
    EVERYBODY,
    EXEC,
    ONE,
    TWO,
    code_of,
    grants_of,
    know_accounts,
    make_bucket,
    owner_of,
    unsigned,
)
from tests.support.server import STRANGER, Server

ALL = "FULL_CONTROL"
KEY = "a <key> & {braces}"


@pytest.fixture(scope="module", autouse=True)
def _accounts(server: Server) -> None:
    know_accounts(server)


@pytest.fixture(scope="module")
def strange(server: Server) -> Any:
    return server.client(STRANGER)


@pytest.fixture
def listed(server: Server, s3: Any) -> str:
    """A bucket where everybody may write, and own it."""
    return make_bucket(server, s3, ACL="public-read-write")


def put(s3: Any, bucket: str, **more: Any) -> None:
    s3.put_object(Bucket=bucket, Key=KEY, Body=b"content", **more)


def copy(s3: Any, bucket: str, **more: Any) -> None:
    put(s3, bucket, ACL="public-read" if s3.get_bucket_acl(Bucket=bucket)["Grants"][1:] else "private")
    s3.copy_object(
        Bucket=bucket, Key=KEY, CopySource={"Bucket": bucket, "Key": KEY}, MetadataDirective="REPLACE", **more
    )


def upload(s3: Any, bucket: str, **more: Any) -> None:
    place = {"Bucket": bucket, "Key": KEY}
    place["UploadId"] = s3.create_multipart_upload(**place, **more)["UploadId"]
    etag = s3.upload_part(**place, PartNumber=1, Body=b"content")["ETag"]
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": etag}]})


WRITES: dict[str, Callable[..., None]] = {"PutObject": put, "CopyObject": copy, "CreateMultipartUpload": upload}


def found(s3: Any, bucket: str, key: str = KEY) -> tuple[str, list[tuple[str, str]]]:
    answer = s3.get_object_acl(Bucket=bucket, Key=key)
    return owner_of(answer), grants_of(answer)


def test_an_object_is_private(s3: Any, bucket: str) -> None:
    put(s3, bucket)
    assert found(s3, bucket) == (ONE, [(ONE, ALL)])


def test_of_what_is_not_there(s3: Any, bucket: str) -> None:
    assert code_of(s3.get_object_acl, Bucket=bucket, Key="absent") == "NoSuchKey"
    assert code_of(s3.put_object_acl, Bucket=bucket, Key="absent", ACL="private") == "NoSuchKey"


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize(
    ("asked", "others"),
    [
        ({}, []),
        ({"ACL": "private"}, []),
        ({"ACL": "public-read"}, [(EVERYBODY, "READ")]),
        ({"ACL": "authenticated-read"}, [(AUTHENTICATED, "READ")]),
        ({"ACL": "aws-exec-read"}, [(EXEC, "READ")]),
        ({"ACL": "bucket-owner-read"}, []),
        ({"GrantFullControl": f"id={ONE}", "GrantRead": f'id="{TWO}"'}, [(TWO, "READ")]),
    ],
)
def test_the_list_it_was_written_with(
    s3: Any, listed: str, write: str, asked: dict[str, str], others: list[tuple[str, str]]
) -> None:
    """A copy's is never its source's ("CopyObject")."""
    WRITES[write](s3, listed, **asked)
    assert found(s3, listed) == (ONE, [(ONE, ALL), *others])


@pytest.mark.parametrize("write", WRITES)
@pytest.mark.parametrize("acl", ["public-read", "aws-exec-read"])
def test_where_lists_do_not_count(s3: Any, bucket: str, write: str, acl: str) -> None:
    """Bad input L10."""
    assert code_of(WRITES[write], s3=s3, bucket=bucket, ACL=acl) == "AccessControlListNotSupported"
    WRITES[write](s3, bucket, ACL="bucket-owner-full-control")
    assert found(s3, bucket) == (ONE, [(ONE, ALL)])


@pytest.mark.parametrize(
    ("asked", "owner", "grants"),
    [
        ({}, TWO, [(TWO, ALL)]),
        ({"ACL": "bucket-owner-read"}, TWO, [(TWO, ALL), (ONE, "READ")]),
        ({"ACL": "bucket-owner-full-control"}, TWO, [(TWO, ALL), (ONE, ALL)]),
        ({"ACL": "public-read"}, TWO, [(TWO, ALL), (EVERYBODY, "READ")]),
    ],
)
def test_who_writes_owns(
    s3: Any, strange: Any, listed: str, asked: dict[str, str], owner: str, grants: list[tuple[str, str]]
) -> None:
    strange.put_object(Bucket=listed, Key=KEY, **asked)
    assert found(strange, listed) == (owner, grants)


@pytest.mark.parametrize(("acl", "owner"), [("bucket-owner-full-control", ONE), ("bucket-owner-read", TWO)])
def test_the_owner_of_the_bucket_is_preferred(server: Server, s3: Any, strange: Any, acl: str, owner: str) -> None:
    bucket = make_bucket(server, s3, "BucketOwnerPreferred", ACL="public-read-write")
    strange.put_object(Bucket=bucket, Key=KEY, ACL=acl)
    mine = s3 if owner == ONE else strange
    assert found(mine, bucket)[0] == owner
    assert found(mine, bucket)[1][0] == (owner, ALL)


def test_what_nobody_wrote_is_nobodys(server: Server, s3: Any, listed: str) -> None:
    """The canonical id that S3 has for it."""
    assert unsigned(server, "PUT", f"/{listed}/free", b"bytes").status == 200
    assert s3.list_objects(Bucket=listed)["Contents"][0]["Owner"] == {"ID": "65a011a29cdf8ec533ec3d1ccaae921c"}


def test_versions_have_lists_of_their_own(server: Server, s3: Any) -> None:
    bucket = make_bucket(server, s3)
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    first = s3.put_object(Bucket=bucket, Key=KEY, ACL="public-read")["VersionId"]
    second = s3.put_object(Bucket=bucket, Key=KEY)["VersionId"]
    assert found(s3, bucket) == (ONE, [(ONE, ALL)])
    answer = s3.get_object_acl(Bucket=bucket, Key=KEY, VersionId=first)
    assert grants_of(answer) == [(ONE, ALL), (EVERYBODY, "READ")]
    assert answer["ResponseMetadata"]["HTTPHeaders"]["x-amz-version-id"] == first
    s3.put_object_acl(Bucket=bucket, Key=KEY, VersionId=first, ACL="private")
    s3.put_object_acl(Bucket=bucket, Key=KEY, ACL="authenticated-read")
    assert grants_of(s3.get_object_acl(Bucket=bucket, Key=KEY, VersionId=first)) == [(ONE, ALL)]
    assert grants_of(s3.get_object_acl(Bucket=bucket, Key=KEY, VersionId=second))[1:] == [(AUTHENTICATED, "READ")]
    s3.delete_object(Bucket=bucket, Key=KEY)
    assert code_of(s3.get_object_acl, Bucket=bucket, Key=KEY) == "NoSuchKey"


def test_owners_and_lists_wait_until_they_count_again(server: Server, s3: Any, strange: Any, listed: str) -> None:
    """ "Controlling ownership of objects": what was is there again when lists are."""
    strange.put_object(Bucket=listed, Key=KEY, ACL="public-read")
    s3.put_bucket_acl(Bucket=listed, ACL="private")
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    s3.put_bucket_ownership_controls(Bucket=listed, OwnershipControls=rules)
    assert found(s3, listed) == (ONE, [(ONE, ALL)])
    assert s3.list_objects(Bucket=listed)["Contents"][0]["Owner"] == {"ID": ONE}
    assert unsigned(server, "GET", f"/{listed}/{KEY.replace(' ', '%20').replace('<', '%3C')}").status == 403
    s3.delete_bucket_ownership_controls(Bucket=listed)
    assert found(strange, listed) == (TWO, [(TWO, ALL), (EVERYBODY, "READ")])


def test_lists_keep_a_bucket_from_being_its_owners_alone(s3: Any, listed: str) -> None:
    rules = {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]}
    code = code_of(s3.put_bucket_ownership_controls, Bucket=listed, OwnershipControls=rules)
    assert code == "InvalidBucketAclWithObjectOwnership"


def test_public_lists_may_be_blocked(s3: Any, listed: str) -> None:
    """Bad input L9."""
    put(s3, listed)
    block = {"BlockPublicAcls": True, "IgnorePublicAcls": False, "BlockPublicPolicy": False}
    s3.put_public_access_block(Bucket=listed, PublicAccessBlockConfiguration=block)
    assert code_of(put, s3=s3, bucket=listed, ACL="public-read") == "AccessDenied"
    assert code_of(s3.put_object_acl, Bucket=listed, Key=KEY, ACL="authenticated-read") == "AccessDenied"
    put(s3, listed, GrantRead=f"id={TWO}")
