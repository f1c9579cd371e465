"""Roles."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tests.support.iam import IamServer
from tests.support.policies import allowing, trusting

TRUST = trusting("arn:aws:iam::000000000000:root")


def test_create_role(server: IamServer, iam: Any, name: str) -> None:
    made = iam.create_role(
        RoleName=name,
        Path="/r/",
        AssumeRolePolicyDocument=TRUST,
        Description="for ~tests+ & more",
        MaxSessionDuration=7200,
        Tags=[{"Key": "k", "Value": "v"}],
    )["Role"]
    assert made["Arn"] == f"arn:aws:iam::000000000000:role/r/{name}"
    assert made["RoleId"].startswith("AROA")
    assert made["AssumeRolePolicyDocument"] == json.loads(TRUST)
    assert iam.get_role(RoleName=name)["Role"] == made
    assert name in [role["RoleName"] for role in iam.list_roles(PathPrefix="/r/", MaxItems=1000)["Roles"]]
    raw = server.query({"Action": "GetRole", "RoleName": name}).texts("AssumeRolePolicyDocument")[0]
    assert raw.startswith("%7B%22Version%22%3A%20%222012-10-17%22")


def test_refusals(iam: Any, name: str, refused: Callable[..., str]) -> None:
    def create(**more: Any) -> str:
        return refused(iam.create_role, **{"RoleName": name, "AssumeRolePolicyDocument": TRUST, **more})

    assert create(AssumeRolePolicyDocument="{}") == "MalformedPolicyDocument"
    assert create(AssumeRolePolicyDocument=allowing("s3:*")) == "MalformedPolicyDocument"
    assert create(MaxSessionDuration=43_201) == "ValidationError"
    assert create(Description="x" * 1001) == "ValidationError"
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    assert create() == "EntityAlreadyExists"
    assert refused(iam.get_role, RoleName=f"{name}x") == "NoSuchEntity"


def test_updates(iam: Any, name: str) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.update_role(RoleName=name, Description="one", MaxSessionDuration=4000)
    found = iam.get_role(RoleName=name)["Role"]
    assert (found["Description"], found["MaxSessionDuration"]) == ("one", 4000)
    assert iam.update_role_description(RoleName=name, Description="two")["Role"]["Description"] == "two"
    other = trusting("arn:aws:iam::000000000000:root").replace("Allow", "Deny")
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=other)
    found = iam.get_role(RoleName=name)["Role"]
    assert found["AssumeRolePolicyDocument"] == json.loads(other)
    assert (found["Description"], found["MaxSessionDuration"]) == ("two", 4000)


def test_tags(iam: Any, name: str) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.tag_role(RoleName=name, Tags=[{"Key": "a", "Value": "1"}])
    assert iam.list_role_tags(RoleName=name)["Tags"] == [{"Key": "a", "Value": "1"}]
    iam.untag_role(RoleName=name, TagKeys=["a"])
    assert iam.list_role_tags(RoleName=name)["Tags"] == []
    assert "Tags" not in iam.get_role(RoleName=name)["Role"]


def test_delete_role(iam: Any, name: str, refused: Callable[..., str]) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.put_role_policy(RoleName=name, PolicyName="p", PolicyDocument=allowing("s3:*"))
    assert refused(iam.delete_role, RoleName=name) == "DeleteConflict"
    assert iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"] == []
    iam.delete_role_policy(RoleName=name, PolicyName="p")
    iam.delete_role(RoleName=name)
    assert refused(iam.get_role, RoleName=name) == "NoSuchEntity"
