"""Managed policies, inline ones, boundaries, and who has them."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.policies import allowing, trusting

READWRITE = "arn:aws:iam::aws:policy/readwrite"
TRUST = trusting("arn:aws:iam::000000000000:root")
KINDS = ("user", "group", "role")


@pytest.fixture
def arn(iam: Any, name: str) -> str:
    made = iam.create_policy(PolicyName=name, PolicyDocument=allowing("s3:GetObject"), Path="/p/", Description="d")
    return str(made["Policy"]["Arn"])


def make(iam: Any, kind: str, name: str) -> dict[str, str]:
    if kind == "role":
        iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    else:
        getattr(iam, f"create_{kind}")(**{f"{kind.capitalize()}Name": name})
    return {f"{kind.capitalize()}Name": name}


def test_create_policy(iam: Any, name: str) -> None:
    made = iam.create_policy(PolicyName=name, PolicyDocument=allowing("s3:*"), Tags=[{"Key": "k", "Value": "v"}])
    policy = made["Policy"]
    assert policy["Arn"] == f"arn:aws:iam::000000000000:policy/{name}"
    assert (policy["DefaultVersionId"], policy["AttachmentCount"]) == ("v1", 0)
    assert policy["PolicyId"].startswith("ANPA")
    assert iam.get_policy(PolicyArn=policy["Arn"])["Policy"] == policy


def test_refusals(iam: Any, arn: str, name: str, refused: Callable[..., str]) -> None:
    def create(document: str, **more: Any) -> str:
        return refused(iam.create_policy, **{"PolicyName": f"{name}-x", "PolicyDocument": document, **more})

    assert create("{") == "MalformedPolicyDocument"
    assert create('{"Version": "2012-10-17", "Statement": []}') in ("MalformedPolicyDocument", "")
    assert create(TRUST) == "MalformedPolicyDocument"
    assert create(allowing("s3:*" + "x" * 7000)) in ("LimitExceeded", "MalformedPolicyDocument")
    assert create(allowing("s3:*"), PolicyName=name) == "EntityAlreadyExists"
    assert refused(iam.get_policy, PolicyArn=arn.replace("/p/", "/q/")) == "NoSuchEntity"
    assert refused(iam.get_policy, PolicyArn="arn:aws:iam::000000000000:user/x") == "ValidationError"
    assert refused(iam.delete_policy, PolicyArn=READWRITE) in ("UnmodifiableEntity", "AccessDenied")
    foreign = arn.replace("000000000000", "111122223333")
    assert refused(iam.get_policy, PolicyArn=foreign) == "NoSuchEntity"


def test_versions(iam: Any, arn: str, refused: Callable[..., str]) -> None:
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=allowing("s3:PutObject"))["PolicyVersion"]
    assert (made["VersionId"], made["IsDefaultVersion"]) == ("v2", False)
    made = iam.create_policy_version(PolicyArn=arn, PolicyDocument=allowing("s3:*"), SetAsDefault=True)
    assert (made["PolicyVersion"]["VersionId"], made["PolicyVersion"]["IsDefaultVersion"]) == ("v3", True)
    assert iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"] == "v3"
    found = iam.get_policy_version(PolicyArn=arn, VersionId="v2")["PolicyVersion"]
    assert found["Document"] == json.loads(allowing("s3:PutObject"))
    versions = iam.list_policy_versions(PolicyArn=arn)["Versions"]
    assert [(row["VersionId"], row["IsDefaultVersion"]) for row in versions] == [
        ("v3", True),
        ("v2", False),
        ("v1", False),
    ]
    assert len(iam.list_policy_versions(PolicyArn=arn, MaxItems=1)["Versions"]) == 1
    assert refused(iam.delete_policy_version, PolicyArn=arn, VersionId="v3") == "DeleteConflict"
    assert refused(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v1")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v3")
    iam.delete_policy_version(PolicyArn=arn, VersionId="v2")
    assert refused(iam.get_policy_version, PolicyArn=arn, VersionId="v3") == "NoSuchEntity"
    assert refused(iam.get_policy_version, PolicyArn=arn, VersionId="3") == "ValidationError"
    for _ in range(4):
        iam.create_policy_version(PolicyArn=arn, PolicyDocument=allowing("s3:*"))
    assert refused(iam.create_policy_version, PolicyArn=arn, PolicyDocument=allowing("s3:*")) == "LimitExceeded"


def test_list_policies(iam: Any, arn: str, user: str) -> None:
    def arns(**asked: Any) -> set[str]:
        pages = iam.get_paginator("list_policies").paginate(**asked, PaginationConfig={"PageSize": 7})
        return {policy["Arn"] for page in pages for policy in page["Policies"]}

    assert arn in arns() and READWRITE in arns()
    assert arn in arns(Scope="Local") and READWRITE not in arns(Scope="Local")
    assert arn not in arns(Scope="AWS") and READWRITE in arns(Scope="AWS")
    assert arn not in arns(OnlyAttached=True)
    iam.attach_user_policy(UserName=user, PolicyArn=arn)
    assert arn in arns(OnlyAttached=True)
    assert arn in arns(PathPrefix="/p/") and READWRITE not in arns(PathPrefix="/p/")


@pytest.mark.parametrize("kind", KINDS)
def test_inline_policies(iam: Any, kind: str, name: str, refused: Callable[..., str]) -> None:
    who = make(iam, kind, f"{kind}-{name}")
    put, get = getattr(iam, f"put_{kind}_policy"), getattr(iam, f"get_{kind}_policy")
    for policy in ("a", "b", "c"):
        put(**who, PolicyName=policy, PolicyDocument=allowing("s3:*", resource="arn:aws:s3:::a+b~c/*"))
    put(**who, PolicyName="a", PolicyDocument=allowing("s3:Get*"))
    found = get(**who, PolicyName="a")
    assert found["PolicyDocument"] == json.loads(allowing("s3:Get*"))
    assert found["PolicyName"] == "a"
    pages = iam.get_paginator(f"list_{kind}_policies").paginate(**who, PaginationConfig={"PageSize": 2})
    assert [policy for page in pages for policy in page["PolicyNames"]] == ["a", "b", "c"]
    getattr(iam, f"delete_{kind}_policy")(**who, PolicyName="a")
    assert refused(get, **who, PolicyName="a") == "NoSuchEntity"
    assert refused(getattr(iam, f"delete_{kind}_policy"), **who, PolicyName="a") == "NoSuchEntity"
    assert refused(put, **who, PolicyName="a", PolicyDocument="[]") == "MalformedPolicyDocument"


@pytest.mark.parametrize("kind", KINDS)
def test_attached_policies(iam: Any, kind: str, name: str, arn: str, refused: Callable[..., str]) -> None:
    who = make(iam, kind, f"{kind}-{name}")
    attach, detach = getattr(iam, f"attach_{kind}_policy"), getattr(iam, f"detach_{kind}_policy")
    listed = getattr(iam, f"list_attached_{kind}_policies")
    for _ in range(2):
        attach(**who, PolicyArn=arn)
    attach(**who, PolicyArn=READWRITE)
    rows = listed(**who)["AttachedPolicies"]
    assert sorted((row["PolicyName"], row["PolicyArn"]) for row in rows) == [(name, arn), ("readwrite", READWRITE)]
    assert [row["PolicyArn"] for row in listed(**who, PathPrefix="/p/")["AttachedPolicies"]] == [arn]
    assert iam.get_policy(PolicyArn=arn)["Policy"]["AttachmentCount"] == 1
    found = iam.list_entities_for_policy(PolicyArn=arn)
    noun = kind.capitalize()
    assert [row[f"{noun}Name"] for row in found[f"Policy{noun}s"]] == [f"{kind}-{name}"]
    assert iam.list_entities_for_policy(PolicyArn=arn, EntityFilter=noun)[f"Policy{noun}s"] == found[f"Policy{noun}s"]
    other = {"user": "Group", "group": "Role", "role": "User"}[kind]
    assert iam.list_entities_for_policy(PolicyArn=arn, EntityFilter=other)[f"Policy{noun}s"] == []
    assert refused(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    assert refused(getattr(iam, f"delete_{kind}"), **who) == "DeleteConflict"
    detach(**who, PolicyArn=arn)
    assert refused(detach, **who, PolicyArn=arn) == "NoSuchEntity"
    assert refused(attach, **who, PolicyArn=f"{arn}x") == "NoSuchEntity"
    iam.delete_policy(PolicyArn=arn)


@pytest.mark.parametrize("kind", ["user", "role"])
def test_boundaries(iam: Any, kind: str, name: str, arn: str, refused: Callable[..., str]) -> None:
    who = make(iam, kind, f"{kind}-{name}")
    put, delete = getattr(iam, f"put_{kind}_permissions_boundary"), getattr(iam, f"delete_{kind}_permissions_boundary")
    put(**who, PermissionsBoundary=arn)
    found = getattr(iam, f"get_{kind}")(**who)[kind.capitalize()]
    assert found["PermissionsBoundary"]["PermissionsBoundaryArn"] == arn
    policy = iam.get_policy(PolicyArn=arn)["Policy"]
    assert (policy["AttachmentCount"], policy["PermissionsBoundaryUsageCount"]) == (0, 1)
    usage = iam.list_entities_for_policy(PolicyArn=arn, PolicyUsageFilter="PermissionsBoundary")
    assert len(usage[f"Policy{kind.capitalize()}s"]) == 1
    assert refused(iam.delete_policy, PolicyArn=arn) == "DeleteConflict"
    delete(**who)
    assert refused(delete, **who) == "NoSuchEntity"
    assert "PermissionsBoundary" not in getattr(iam, f"get_{kind}")(**who)[kind.capitalize()]


def test_tags(iam: Any, arn: str) -> None:
    iam.tag_policy(PolicyArn=arn, Tags=[{"Key": "a", "Value": "1"}])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == [{"Key": "a", "Value": "1"}]
    iam.untag_policy(PolicyArn=arn, TagKeys=["a"])
    assert iam.list_policy_tags(PolicyArn=arn)["Tags"] == []
