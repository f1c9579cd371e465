"""PutBucketPolicy, CreateRole and UpdateAssumeRolePolicy take policies that name those who are there, and no others."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.iam import ROOT, IamServer
from tests.support.server import REGION

from trug.domain.configurations import PRINCIPALS
from trug.domain.identity import DEFAULT_ACCOUNT, canonical_id_of
from trug.iam.entities import FORMAT, ROLE, Role, encode

ARN = f"arn:aws:iam::{DEFAULT_ACCOUNT}"
THERE: list[Any] = [
    {"AWS": DEFAULT_ACCOUNT},
    {"AWS": f"{ARN}:root"},
    {"AWS": f"{ARN}:user/{{name}}"},
    {"AWS": [f"{ARN}:user/{{name}}", f"arn:aws:sts::{DEFAULT_ACCOUNT}:assumed-role/any/session"]},
    {"Service": "logging.s3.amazonaws.com"},
    "*",
]
NOT_THERE: list[Any] = [
    {"AWS": "999999999999"},
    {"AWS": "arn:aws:iam::999999999999:root"},
    {"AWS": [f"{ARN}:root", f"{ARN}:user/ghost"]},
    {"AWS": f"{ARN}:user/path/{{name}}"},
    {"AWS": f"{ARN}:role/{{name}}"},
]


def named(principal: Any, name: str) -> Any:
    return json.loads(json.dumps(principal).replace("{name}", name))


def document(principal: Any, action: str, **more: Any) -> str:
    statement = {"Effect": "Allow", "Principal": principal, "Action": action, **more}
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})


@pytest.fixture(scope="module")
def s3(server: IamServer) -> Any:
    return client_of(server, ROOT)


def client_of(server: IamServer, keys: tuple[str, str]) -> Any:
    access_key, secret = keys
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


@pytest.fixture
def bucket(s3: Any, name: str) -> str:
    s3.create_bucket(Bucket=f"bucket-of-{name}")
    return f"bucket-of-{name}"


def bucket_policy(bucket: str, principal: Any) -> str:
    return document(principal, "s3:GetObject", Resource=f"arn:aws:s3:::{bucket}/*")


CANONICAL = {"CanonicalUser": canonical_id_of(DEFAULT_ACCOUNT)}


@pytest.mark.parametrize("principal", [*THERE, CANONICAL])
def test_a_bucket_policy_for_those_there(s3: Any, bucket: str, user: str, principal: Any) -> None:
    s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, named(principal, user)))


@pytest.mark.parametrize("principal", [*NOT_THERE, {"CanonicalUser": "ab" * 32}])
def test_a_bucket_policy_for_strangers(
    s3: Any, bucket: str, user: str, principal: Any, refused: Callable[..., str]
) -> None:
    policy = bucket_policy(bucket, named(principal, user))
    assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=policy) == "MalformedPolicy"
    assert refused(s3.get_bucket_policy, Bucket=bucket) == "NoSuchBucketPolicy"


@pytest.mark.parametrize("principal", THERE)
def test_a_role_that_trusts_those_there(iam: Any, user: str, principal: Any) -> None:
    trust = document(named(principal, user), "sts:AssumeRole")
    iam.create_role(RoleName=f"of-{user}", AssumeRolePolicyDocument=trust)
    iam.update_assume_role_policy(RoleName=f"of-{user}", PolicyDocument=trust)


@pytest.mark.parametrize("principal", NOT_THERE)
def test_a_role_that_trusts_strangers(iam: Any, user: str, principal: Any, refused: Callable[..., str]) -> None:
    trust, role = document(named(principal, user), "sts:AssumeRole"), f"of-{user}"
    assert refused(iam.create_role, RoleName=role, AssumeRolePolicyDocument=trust) == "MalformedPolicyDocument"
    iam.create_role(RoleName=role, AssumeRolePolicyDocument=document({"AWS": f"{ARN}:root"}, "sts:AssumeRole"))
    assert refused(iam.update_assume_role_policy, RoleName=role, PolicyDocument=trust) == "MalformedPolicyDocument"


# --- made anew ------------------------------------------------------------------------------------------------------


def reads(server: IamServer, keys: tuple[str, str], bucket: str) -> bool:
    client = client_of(server, keys)
    try:
        client.get_object(Bucket=bucket, Key="k")
    except ClientError as refusal:
        assert refusal.response["Error"]["Code"] == "AccessDenied"
        return False
    return True


def new_keys(iam: Any, name: str) -> tuple[str, str]:
    made = iam.create_access_key(UserName=name)["AccessKey"]
    return made["AccessKeyId"], made["SecretAccessKey"]


def test_a_user_made_anew_does_not_inherit_what_a_bucket_gave(
    server: IamServer, iam: Any, s3: Any, bucket: str, user: str, refused: Callable[..., str]
) -> None:
    arn, first = f"{ARN}:user/{user}", iam.get_user(UserName=user)["User"]["UserId"]
    text = bucket_policy(bucket, {"AWS": [arn, DEFAULT_ACCOUNT]})
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    keys = new_keys(iam, user)
    assert reads(server, keys, bucket)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text
    iam.delete_access_key(UserName=user, AccessKeyId=keys[0])
    iam.delete_user(UserName=user)
    for is_again in (False, True):
        if is_again:
            iam.create_user(UserName=user)
            assert not reads(server, new_keys(iam, user), bucket)
        shown = s3.get_bucket_policy(Bucket=bucket)["Policy"]
        assert json.loads(shown)["Statement"][0]["Principal"]["AWS"] == [first, DEFAULT_ACCOUNT]
        assert refused(s3.put_bucket_policy, Bucket=bucket, Policy=shown) == "MalformedPolicy"
    s3.put_bucket_policy(Bucket=bucket, Policy=text)
    assert reads(server, new_keys(iam, user), bucket)
    assert s3.get_bucket_policy(Bucket=bucket)["Policy"] == text


def test_the_ids_go_with_the_policy(server: IamServer, s3: Any, bucket: str, user: str) -> None:
    """Whoever is named by the next one is who is there then."""
    for principal in ({"AWS": f"{ARN}:user/{user}"}, "*"):
        s3.put_bucket_policy(Bucket=bucket, Policy=bucket_policy(bucket, principal))
        found = server.run(server.engine.buckets.find(bucket))
        assert found is not None
        kept = server.run(server.engine.configurations.find(found, PRINCIPALS))
        assert (kept is None) is (principal == "*")


@pytest.mark.parametrize("is_put_later", [False, True])
def test_a_user_made_anew_is_not_whom_a_role_trusted(
    server: IamServer, iam: Any, name: str, user: str, refused: Callable[..., str], *, is_put_later: bool
) -> None:
    arn, first = f"{ARN}:user/{user}", iam.get_user(UserName=user)["User"]["UserId"]
    trust, role = document({"AWS": arn}, "sts:AssumeRole"), f"role-of-{name}"
    before = document({"AWS": DEFAULT_ACCOUNT}, "sts:AssumeRole") if is_put_later else trust
    role_arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=before)["Role"]["Arn"]
    if is_put_later:
        iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
    asked = {"RoleArn": role_arn, "RoleSessionName": "session"}
    keys = new_keys(iam, user)
    server.query_client("sts", keys).assume_role(**asked)
    assert iam.get_role(RoleName=role)["Role"]["AssumeRolePolicyDocument"] == json.loads(trust)
    iam.delete_access_key(UserName=user, AccessKeyId=keys[0])
    iam.delete_user(UserName=user)
    iam.create_user(UserName=user)
    again = server.query_client("sts", new_keys(iam, user))
    assert refused(again.assume_role, **asked) == "AccessDenied"
    listed = iam.list_roles(MaxItems=1000)["Roles"]
    details = iam.get_account_authorization_details(Filter=["Role"], MaxItems=1000)["RoleDetailList"]
    for each in (iam.get_role(RoleName=role)["Role"], named_so(role, listed), named_so(role, details)):
        assert each["AssumeRolePolicyDocument"]["Statement"][0]["Principal"]["AWS"] == first
    iam.update_assume_role_policy(RoleName=role, PolicyDocument=trust)
    again.assume_role(**asked)


def named_so(role: str, listed: list[dict[str, Any]]) -> dict[str, Any]:
    (found,) = [each for each in listed if each["RoleName"] == role]
    return found


def test_a_role_that_was_stored_without_ids_trusts_whom_it_names() -> None:
    """As all roles were."""
    role = Role("1", "r", "AROA", document({"AWS": "1"}, "sts:AssumeRole"))
    assert ROLE.unpack(FORMAT + encode(tuple(role)[:-1])) == role
    assert role.trusted == ()
