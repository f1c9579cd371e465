"""GetBucketAcl."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.listed import (
    AUTHENTICATED,
    EVERYBODY,
    EXEC,
    LOGS,
    MODES,
    ONE,
    code_of,
    grants_of,
    know_accounts,
    make_bucket,
    owner_of,
)
from tests.support.server import STRANGER, Server

from trug.domain.versioning import Versioning


@pytest.fixture(scope="module", autouse=True)
def _accounts(server: Server) -> None:
    know_accounts(server)


def test_a_bucket_is_private(s3: Any, bucket: str) -> None:
    answer = s3.get_bucket_acl(Bucket=bucket)
    assert answer["Owner"] == {"ID": ONE}
    assert answer["Grants"] == [{"Grantee": {"ID": ONE, "Type": "CanonicalUser"}, "Permission": "FULL_CONTROL"}]


@pytest.mark.parametrize("mode", MODES)
def test_whoever_owns_objects(server: Server, s3: Any, mode: str) -> None:
    assert grants_of(s3.get_bucket_acl(Bucket=make_bucket(server, s3, mode))) == [(ONE, "FULL_CONTROL")]


@pytest.mark.parametrize(
    ("canned", "others"),
    [
        ("public-read", [(EVERYBODY, "READ")]),
        ("public-read-write", [(EVERYBODY, "READ"), (EVERYBODY, "WRITE")]),
        ("authenticated-read", [(AUTHENTICATED, "READ")]),
        ("aws-exec-read", [(EXEC, "READ")]),
        ("log-delivery-write", [(LOGS, "WRITE"), (LOGS, "READ_ACP")]),
        ("bucket-owner-read", []),
        ("bucket-owner-full-control", []),
    ],
)
def test_a_list_that_it_was_made_with(server: Server, s3: Any, canned: str, others: list[tuple[str, str]]) -> None:
    bucket = make_bucket(server, s3, ACL=canned)
    answer = s3.get_bucket_acl(Bucket=bucket)
    assert (owner_of(answer), grants_of(answer)) == (ONE, [(ONE, "FULL_CONTROL"), *others])


def test_names_of_those_who_have_one(server: Server) -> None:
    strange = server.client(STRANGER)
    bucket = make_bucket(server, strange)
    answer = strange.get_bucket_acl(Bucket=bucket)
    assert answer["Owner"]["DisplayName"] == "Other & Co"
    assert answer["Grants"][0]["Grantee"]["DisplayName"] == "Other & Co"


def test_it_outlives_other_changes(server: Server, s3: Any) -> None:
    bucket = make_bucket(server, s3, ACL="public-read")
    server.set_versioning(bucket, Versioning.ENABLED)
    assert (EVERYBODY, "READ") in grants_of(s3.get_bucket_acl(Bucket=bucket))


def test_others_may_not(server: Server, s3: Any) -> None:
    bucket = make_bucket(server, s3)
    strange = server.client(STRANGER)
    assert code_of(strange.get_bucket_acl, Bucket=bucket) == "AccessDenied"
    s3.put_bucket_acl(Bucket=bucket, GrantReadACP=f'id="{strange_id(server)}"', GrantFullControl=f"id={ONE}")
    assert owner_of(strange.get_bucket_acl(Bucket=bucket)) == ONE


def strange_id(server: Server) -> str:
    return str(server.client(STRANGER).list_buckets()["Owner"]["ID"])
