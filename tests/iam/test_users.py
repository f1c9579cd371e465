"""Users and groups."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.iam import IamServer

ACCOUNT = "000000000000"


def test_create_user(iam: Any, name: str) -> None:
    made = iam.create_user(UserName=name, Path="/team/", Tags=[{"Key": "Dept", "Value": "Ünit + co"}])["User"]
    assert made["Arn"] == f"arn:aws:iam::{ACCOUNT}:user/team/{name}"
    assert made["UserId"].startswith("AIDA") and len(made["UserId"]) == 21
    assert made["Tags"] == [{"Key": "Dept", "Value": "Ünit + co"}]
    assert iam.get_user(UserName=name)["User"] == made
    listed = iam.list_users(PathPrefix="/team/", MaxItems=1000)["Users"]
    assert {key: value for key, value in made.items() if key != "Tags"} in listed


def test_create_user_refusals(iam: Any, user: str, refused: Callable[..., str]) -> None:
    assert refused(iam.create_user, UserName=user) == "EntityAlreadyExists"
    assert refused(iam.create_user, UserName=user.upper()) == "EntityAlreadyExists"
    assert refused(iam.create_user, UserName="a b") == "ValidationError"
    assert refused(iam.create_user, UserName="x" * 65) == "ValidationError"
    assert refused(iam.create_user, UserName="x", Path="no-slash") == "ValidationError"
    double = [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]
    assert refused(iam.create_user, UserName="x", Tags=double) == "InvalidInput"
    absent = f"arn:aws:iam::{ACCOUNT}:policy/absent"
    assert refused(iam.create_user, UserName="x", PermissionsBoundary=absent) == "NoSuchEntity"


def test_get_user_without_a_name(server: IamServer, iam: Any, name: str) -> None:
    """It is the caller, who may not even ask that without permission."""
    assert iam.get_user()["User"]["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    keys = server.user_keys(name)
    allowed = '{"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "iam:GetUser", "Resource": "*"}}'
    iam.put_user_policy(UserName=name, PolicyName="self", PolicyDocument=allowed)
    assert server.query_client("iam", keys).get_user()["User"]["UserName"] == name


def test_update_user(iam: Any, user: str, name: str, refused: Callable[..., str]) -> None:
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    iam.create_group(GroupName=f"g-{name}")
    iam.add_user_to_group(GroupName=f"g-{name}", UserName=user)
    iam.update_user(UserName=user, NewUserName=f"{name}-new", NewPath="/moved/")
    assert iam.get_user(UserName=f"{name}-new")["User"]["Path"] == "/moved/"
    assert refused(iam.get_user, UserName=user) == "NoSuchEntity"
    assert [row["AccessKeyId"] for row in iam.list_access_keys(UserName=f"{name}-new")["AccessKeyMetadata"]] == [key]
    groups = iam.list_groups_for_user(UserName=f"{name}-new")["Groups"]
    assert [group["GroupName"] for group in groups] == [f"g-{name}"]


def test_delete_user(iam: Any, user: str, refused: Callable[..., str]) -> None:
    key = iam.create_access_key(UserName=user)["AccessKey"]["AccessKeyId"]
    assert refused(iam.delete_user, UserName=user) == "DeleteConflict"
    iam.delete_access_key(UserName=user, AccessKeyId=key)
    iam.delete_user(UserName=user)
    assert refused(iam.delete_user, UserName=user) == "NoSuchEntity"


def test_pages(iam: Any, name: str) -> None:
    for number in range(5):
        iam.create_user(UserName=f"{name}-{number}", Path=f"/{name}/")
    pages = iam.get_paginator("list_users").paginate(PathPrefix=f"/{name}/", PaginationConfig={"PageSize": 2})
    found = [user["UserName"] for page in pages for user in page["Users"]]
    assert found == [f"{name}-{number}" for number in range(5)]
    first = iam.list_users(MaxItems=1)
    assert first["IsTruncated"] and len(first["Users"]) == 1
    assert iam.list_users(MaxItems=1, Marker=first["Marker"])["Users"] != first["Users"]


@pytest.mark.parametrize("most", [0, -1, 1001])
def test_page_sizes(server: IamServer, most: int) -> None:
    assert server.query({"Action": "ListUsers", "MaxItems": str(most)}).code == "ValidationError"


def test_groups(iam: Any, name: str, user: str, refused: Callable[..., str]) -> None:
    group = iam.create_group(GroupName=f"{name}-g", Path="/g/")["Group"]
    assert group["Arn"] == f"arn:aws:iam::{ACCOUNT}:group/g/{name}-g"
    assert group["GroupId"].startswith("AGPA")
    assert group in iam.list_groups(PathPrefix="/g/", MaxItems=1000)["Groups"]
    iam.add_user_to_group(GroupName=f"{name}-g", UserName=user)
    found = iam.get_group(GroupName=f"{name}-g")
    assert found["Group"] == group
    assert [member["UserName"] for member in found["Users"]] == [user]
    assert iam.list_groups_for_user(UserName=user)["Groups"] == [group]
    assert refused(iam.delete_group, GroupName=f"{name}-g") == "DeleteConflict"
    assert refused(iam.delete_user, UserName=user) == "DeleteConflict"
    assert refused(iam.add_user_to_group, GroupName=f"{name}-g", UserName="absent") == "NoSuchEntity"
    assert refused(iam.add_user_to_group, GroupName="absent", UserName=user) == "NoSuchEntity"
    iam.remove_user_from_group(GroupName=f"{name}-g", UserName=user)
    assert refused(iam.remove_user_from_group, GroupName=f"{name}-g", UserName=user) == "NoSuchEntity"
    iam.update_group(GroupName=f"{name}-g", NewGroupName=f"{name}-h", NewPath="/h/")
    assert iam.get_group(GroupName=f"{name}-h")["Group"]["Path"] == "/h/"
    iam.delete_group(GroupName=f"{name}-h")
    assert refused(iam.get_group, GroupName=f"{name}-h") == "NoSuchEntity"


def test_tags(iam: Any, user: str) -> None:
    iam.tag_user(UserName=user, Tags=[{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}])
    iam.tag_user(UserName=user, Tags=[{"Key": "a", "Value": "2"}])
    found = iam.list_user_tags(UserName=user, MaxItems=1)
    assert found["IsTruncated"]
    rest = iam.list_user_tags(UserName=user, Marker=found["Marker"])
    assert {tag["Key"]: tag["Value"] for tag in found["Tags"] + rest["Tags"]} == {"a": "2", "b": ""}
    iam.untag_user(UserName=user, TagKeys=["a", "unknown"])
    assert iam.list_user_tags(UserName=user)["Tags"] == [{"Key": "b", "Value": ""}]


def test_what_nobody_has(iam: Any, user: str, refused: Callable[..., str]) -> None:
    assert iam.list_mfa_devices(UserName=user)["MFADevices"] == []
    assert iam.list_ssh_public_keys(UserName=user)["SSHPublicKeys"] == []
    assert iam.list_signing_certificates(UserName=user)["Certificates"] == []
    assert iam.list_service_specific_credentials(UserName=user)["ServiceSpecificCredentials"] == []
    assert iam.list_virtual_mfa_devices()["VirtualMFADevices"] == []
    assert iam.list_server_certificates()["ServerCertificateMetadataList"] == []
    assert iam.list_saml_providers()["SAMLProviderList"] == []
    assert iam.list_instance_profiles()["InstanceProfiles"] == []
    assert refused(iam.get_login_profile, UserName=user) == "NoSuchEntity"
    assert refused(iam.delete_login_profile, UserName=user) == "NoSuchEntity"
    assert refused(iam.get_account_password_policy) == "NoSuchEntity"
    assert refused(iam.delete_account_password_policy) == "NoSuchEntity"
