"""Providers, aliases, the summary, and everything at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.policies import allowing, trusting

THUMBPRINT = "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"
TRUST = trusting("arn:aws:iam::000000000000:root")


def test_providers(iam: Any, name: str, refused: Callable[..., str]) -> None:
    url = f"https://{name}.example.com/realm"
    arn = iam.create_open_id_connect_provider(
        Url=url, ClientIDList=["app"], ThumbprintList=[THUMBPRINT], Tags=[{"Key": "a", "Value": "1"}]
    )["OpenIDConnectProviderArn"]
    assert arn == f"arn:aws:iam::000000000000:oidc-provider/{name}.example.com/realm"
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (found["Url"], found["ClientIDList"], found["ThumbprintList"]) == (
        f"{name}.example.com/realm",
        ["app"],
        [THUMBPRINT],
    )
    assert {"Arn": arn} in iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    assert refused(iam.create_open_id_connect_provider, Url=url) == "EntityAlreadyExists"
    assert refused(iam.create_open_id_connect_provider, Url="nonsense") == "ValidationError"
    iam.add_client_id_to_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="two")
    iam.remove_client_id_from_open_id_connect_provider(OpenIDConnectProviderArn=arn, ClientID="app")
    other = THUMBPRINT[::-1]
    iam.update_open_id_connect_provider_thumbprint(OpenIDConnectProviderArn=arn, ThumbprintList=[other])
    found = iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert (found["ClientIDList"], found["ThumbprintList"]) == (["two"], [other])
    iam.tag_open_id_connect_provider(OpenIDConnectProviderArn=arn, Tags=[{"Key": "b", "Value": "2"}])
    iam.untag_open_id_connect_provider(OpenIDConnectProviderArn=arn, TagKeys=["a"])
    assert iam.list_open_id_connect_provider_tags(OpenIDConnectProviderArn=arn)["Tags"] == [{"Key": "b", "Value": "2"}]
    for _ in range(2):
        iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=arn)
    assert refused(iam.get_open_id_connect_provider, OpenIDConnectProviderArn=arn) == "NoSuchEntity"


def test_aliases(iam: Any, name: str, refused: Callable[..., str]) -> None:
    iam.create_account_alias(AccountAlias=f"alias-{name}")
    assert iam.list_account_aliases()["AccountAliases"] == [f"alias-{name}"]
    iam.create_account_alias(AccountAlias=f"better-{name}")
    assert iam.list_account_aliases()["AccountAliases"] == [f"better-{name}"]
    assert refused(iam.delete_account_alias, AccountAlias=f"alias-{name}") == "NoSuchEntity"
    iam.delete_account_alias(AccountAlias=f"better-{name}")
    assert iam.list_account_aliases()["AccountAliases"] == []
    for bad in ("-abc", "a--b", "Abc", "x" * 64):
        assert refused(iam.create_account_alias, AccountAlias=bad) == "ValidationError"


def test_summary(iam: Any, name: str) -> None:
    before = iam.get_account_summary()["SummaryMap"]
    iam.create_user(UserName=name)
    iam.create_policy(PolicyName=name, PolicyDocument=allowing("s3:*"))
    after = iam.get_account_summary()["SummaryMap"]
    assert (after["Users"], after["Policies"]) == (before["Users"] + 1, before["Policies"] + 1)
    assert (after["AccessKeysPerUserQuota"], after["VersionsPerPolicyQuota"]) == (2, 5)


@pytest.mark.parametrize("size", [3, 1000])
def test_authorization_details(iam: Any, name: str, size: int) -> None:
    policy = iam.create_policy(PolicyName=name, PolicyDocument=allowing("s3:*"))["Policy"]["Arn"]
    iam.create_user(UserName=name, Tags=[{"Key": "a", "Value": "1"}], PermissionsBoundary=policy)
    iam.create_group(GroupName=name)
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    iam.add_user_to_group(GroupName=name, UserName=name)
    iam.attach_user_policy(UserName=name, PolicyArn=policy)
    iam.put_group_policy(GroupName=name, PolicyName="in", PolicyDocument=allowing("s3:Get*"))
    pages = iam.get_paginator("get_account_authorization_details").paginate(PaginationConfig={"PageSize": size})
    found: dict[str, list[Any]] = {"UserDetailList": [], "GroupDetailList": [], "RoleDetailList": [], "Policies": []}
    for page in pages:
        assert sum(len(page[part]) for part in found) <= size
        for part, rows in found.items():
            rows += page[part]
    user = next(row for row in found["UserDetailList"] if row["UserName"] == name)
    assert user["GroupList"] == [name]
    assert user["AttachedManagedPolicies"] == [{"PolicyName": name, "PolicyArn": policy}]
    assert user["PermissionsBoundary"]["PermissionsBoundaryArn"] == policy
    group = next(row for row in found["GroupDetailList"] if row["GroupName"] == name)
    assert group["GroupPolicyList"][0]["PolicyDocument"]["Statement"][0]["Action"] == ["s3:Get*"]
    assert any(row["RoleName"] == name for row in found["RoleDetailList"])
    document = next(row for row in found["Policies"] if row["Arn"] == policy)["PolicyVersionList"][0]["Document"]
    assert document["Statement"][0]["Action"] == ["s3:*"]
    assert any(row["Arn"] == "arn:aws:iam::aws:policy/readonly" for row in found["Policies"])
    names = [row["UserName"] for row in found["UserDetailList"]]
    assert len(names) == len(set(names))


def test_filtered_details(iam: Any, name: str, refused: Callable[..., str]) -> None:
    iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST)
    found = iam.get_account_authorization_details(Filter=["Role"], MaxItems=1000)
    assert any(row["RoleName"] == name for row in found["RoleDetailList"])
    assert not found["UserDetailList"] and not found["Policies"]
    assert refused(iam.get_account_authorization_details, Filter=["Nobody"]) == "ValidationError"
    assert refused(iam.get_account_authorization_details, Marker="9:x") == "ValidationError"
