"""Who may call IAM: by policy, on the thing's ARN, under conditions; and never beyond the account."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.iam import IamServer
from tests.support.policies import allowing, denying, document, trusting

from trug.domain.identity import Account, canonical_id_of

ACCOUNT = "000000000000"
TRUST = trusting(f"arn:aws:iam::{ACCOUNT}:root")
READWRITE = "arn:aws:iam::aws:policy/readwrite"


@pytest.fixture
def let(server: IamServer, iam: Any, name: str) -> Callable[..., Any]:
    """A client of a user with these policies."""
    keys = server.user_keys(f"{name}-caller")

    def client(*documents: str) -> Any:
        for number, text in enumerate(documents):
            iam.put_user_policy(UserName=f"{name}-caller", PolicyName=f"p{number}", PolicyDocument=text)
        return server.query_client("iam", keys)

    return client


def test_by_arn(let: Callable[..., Any], iam: Any, user: str, name: str, refused: Callable[..., str]) -> None:
    iam.create_user(UserName=f"{name}-team", Path="/team/")
    mine = let(allowing("iam:GetUser", "iam:UpdateUser", resource=f"arn:aws:iam::{ACCOUNT}:user/team/*"))
    assert mine.get_user(UserName=f"{name}-team")["User"]["Path"] == "/team/"
    assert refused(mine.get_user, UserName=user) == "AccessDenied"
    assert refused(mine.get_user, UserName="absent") == "AccessDenied"
    assert refused(mine.list_users) == "AccessDenied"
    assert refused(mine.update_user, UserName=f"{name}-team", NewPath="/other/") == "AccessDenied"
    mine.update_user(UserName=f"{name}-team", NewPath="/team/deep/")


def test_themselves(let: Callable[..., Any], user: str, name: str, refused: Callable[..., str]) -> None:
    mine = let(allowing("iam:*AccessKey*", "iam:GetUser", resource=f"arn:aws:iam::{ACCOUNT}:user/${{aws:username}}"))
    assert mine.get_user()["User"]["UserName"] == f"{name}-caller"
    mine.create_access_key()
    assert len(mine.list_access_keys()["AccessKeyMetadata"]) == 2
    assert refused(mine.create_access_key, UserName=user) == "AccessDenied"


def test_denied(let: Callable[..., Any], refused: Callable[..., str], user: str) -> None:
    mine = let(allowing("iam:*"), denying("iam:DeleteUser"))
    assert mine.list_users()["Users"]
    assert refused(mine.delete_user, UserName=user) == "AccessDenied"


def test_policy_arn(let: Callable[..., Any], user: str, refused: Callable[..., str]) -> None:
    condition = {"ArnEquals": {"iam:PolicyARN": READWRITE}}
    mine = let(allowing("iam:AttachUserPolicy", Condition=condition))
    mine.attach_user_policy(UserName=user, PolicyArn=READWRITE)
    admin = "arn:aws:iam::aws:policy/AdministratorAccess"
    assert refused(mine.attach_user_policy, UserName=user, PolicyArn=admin) == "AccessDenied"


def test_boundaries(let: Callable[..., Any], name: str, refused: Callable[..., str]) -> None:
    """Delegation as AWS shows it: users only with this boundary."""
    condition = {"StringEquals": {"iam:PermissionsBoundary": READWRITE}}
    mine = let(allowing("iam:CreateUser", "iam:PutUserPolicy", Condition=condition))
    assert refused(mine.create_user, UserName=f"{name}-a") == "AccessDenied"
    mine.create_user(UserName=f"{name}-a", PermissionsBoundary=READWRITE)
    mine.put_user_policy(UserName=f"{name}-a", PolicyName="p", PolicyDocument=allowing("*"))
    assert refused(mine.put_user_policy, UserName=f"{name}-caller", PolicyName="p", PolicyDocument=allowing("*")) == (
        "AccessDenied"
    )


def test_tags(let: Callable[..., Any], iam: Any, name: str, user: str, refused: Callable[..., str]) -> None:
    tags = {"StringEquals": {"aws:RequestTag/Dept": "a"}, "ForAllValues:StringEquals": {"aws:TagKeys": ["Dept"]}}
    there = {"StringEquals": {"iam:ResourceTag/Dept": "a", "aws:ResourceTag/Dept": "a"}}
    mine = let(allowing("iam:CreateRole", Condition=tags), allowing("iam:DeleteRole", Condition=there))
    good, bad = [{"Key": "Dept", "Value": "a"}], [{"Key": "Dept", "Value": "b"}]
    role = {"RoleName": name, "AssumeRolePolicyDocument": TRUST}
    assert refused(mine.create_role, **role, Tags=bad) == "AccessDenied"
    assert refused(mine.create_role, **role, Tags=[*good, {"Key": "X", "Value": "a"}]) == "AccessDenied"
    mine.create_role(**role, Tags=good)
    iam.create_role(RoleName=f"{name}-b", AssumeRolePolicyDocument=TRUST, Tags=bad)
    assert refused(mine.delete_role, RoleName=f"{name}-b") == "AccessDenied"
    mine.delete_role(RoleName=name)


def test_global_keys(let: Callable[..., Any], refused: Callable[..., str]) -> None:
    here = {"IpAddress": {"aws:SourceIp": "127.0.0.1/32"}, "Bool": {"aws:SecureTransport": "false"}}
    elsewhere = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    mine = let(
        document(
            {"Effect": "Allow", "Action": "iam:ListUsers", "Resource": "*", "Condition": here},
            {"Effect": "Allow", "Action": "iam:ListRoles", "Resource": "*", "Condition": elsewhere},
        )
    )
    mine.list_users()
    assert refused(mine.list_roles) == "AccessDenied"


def test_groups_and_boundaries_count(server: IamServer, iam: Any, name: str, refused: Callable[..., str]) -> None:
    keys = server.user_keys(name)
    mine = server.query_client("iam", keys)
    iam.create_group(GroupName=name)
    iam.put_group_policy(GroupName=name, PolicyName="p", PolicyDocument=allowing("iam:List*"))
    assert refused(mine.list_users) == "AccessDenied"
    iam.add_user_to_group(GroupName=name, UserName=name)
    mine.list_users()
    iam.put_user_permissions_boundary(UserName=name, PermissionsBoundary=READWRITE)
    assert refused(mine.list_users) == "AccessDenied"
    iam.delete_user_permissions_boundary(UserName=name)
    mine.list_users()
    iam.remove_user_from_group(GroupName=name, UserName=name)
    assert refused(mine.list_users) == "AccessDenied"


def test_accounts_are_apart(server: IamServer, iam: Any, name: str, refused: Callable[..., str]) -> None:
    """The root of another account has its own people, and cannot even name those of this one."""
    account = f"9{name[1:]:>011}".replace(" ", "0")

    async def root_key() -> tuple[str, str]:
        await server.people.accounts.create(Account(account, canonical_id_of(account)))
        key, secret = await server.people.keys.create(account, "")
        return key.access_key, secret

    other = server.query_client("iam", server.run(root_key()))
    iam.create_user(UserName=name)
    policy = iam.create_policy(PolicyName=name, PolicyDocument=allowing("s3:*"))["Policy"]["Arn"]
    key = iam.create_access_key(UserName=name)["AccessKey"]["AccessKeyId"]
    assert other.get_user()["User"]["Arn"] == f"arn:aws:iam::{account}:root"
    assert other.list_users()["Users"] == []
    assert refused(other.get_user, UserName=name) == "NoSuchEntity"
    assert refused(other.get_policy, PolicyArn=policy) == "NoSuchEntity"
    assert refused(other.get_access_key_last_used, AccessKeyId=key) == "NoSuchEntity"
    assert refused(other.delete_access_key, AccessKeyId=key) == "NoSuchEntity"
    other.create_user(UserName=name)
    assert refused(other.attach_user_policy, UserName=name, PolicyArn=policy) == "NoSuchEntity"
    assert (
        refused(
            other.simulate_principal_policy,
            PolicySourceArn=f"arn:aws:iam::{ACCOUNT}:user/{name}",
            ActionNames=["s3:GetObject"],
        )
        == "NoSuchEntity"
    )
    other.delete_user(UserName=name)
    assert iam.get_user(UserName=name)
