"""What infrastructure tools do in a row: each step is seen by the next."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from tests.support.iam import IamServer
from tests.support.policies import allowing, trusting

TRUST = trusting("arn:aws:iam::000000000000:root")


def test_apply_and_destroy(server: IamServer, iam: Any, name: str, refused: Callable[..., str]) -> None:
    """A user with a policy and rotating keys, a role with tags: made, read after each write, and taken down."""
    bucket = server.make_bucket_of_root()
    policy = iam.create_policy(
        PolicyName=name, Path="/app/", PolicyDocument=allowing("s3:*", resource=f"arn:aws:s3:::{bucket}*")
    )["Policy"]
    assert iam.get_policy(PolicyArn=policy["Arn"])["Policy"]["AttachmentCount"] == 0
    iam.create_user(UserName=name, Path="/app/", Tags=[{"Key": "managed-by", "Value": "tests"}])
    assert iam.get_user(UserName=name)["User"]["Tags"]
    iam.attach_user_policy(UserName=name, PolicyArn=policy["Arn"])
    assert len(iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]) == 1

    key = iam.create_access_key(UserName=name)["AccessKey"]
    s3 = server.client((key["AccessKeyId"], key["SecretAccessKey"]))
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    assert refused(s3.list_buckets) == "AccessDenied"

    narrower = allowing("s3:GetObject", resource=f"arn:aws:s3:::{bucket}/*")
    iam.create_policy_version(PolicyArn=policy["Arn"], PolicyDocument=narrower, SetAsDefault=True)
    current = iam.get_policy(PolicyArn=policy["Arn"])["Policy"]["DefaultVersionId"]
    found = iam.get_policy_version(PolicyArn=policy["Arn"], VersionId=current)["PolicyVersion"]["Document"]
    assert found == json.loads(narrower)
    assert refused(s3.put_object, Bucket=bucket, Key="a", Body=b"2") == "AccessDenied"
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"

    second = iam.create_access_key(UserName=name)["AccessKey"]
    iam.update_access_key(UserName=name, AccessKeyId=key["AccessKeyId"], Status="Inactive")
    assert refused(s3.get_object, Bucket=bucket, Key="a") == "InvalidAccessKeyId"
    iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    s3 = server.client((second["AccessKeyId"], second["SecretAccessKey"]))
    assert s3.get_object(Bucket=bucket, Key="a")["Body"].read() == b"1"

    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=TRUST, Tags=[{"Key": "a", "Value": "b"}])["Role"]
    assert iam.get_role(RoleName=name)["Role"] == role
    iam.attach_role_policy(RoleName=name, PolicyArn=policy["Arn"])
    iam.update_assume_role_policy(RoleName=name, PolicyDocument=TRUST)

    destroy_role(iam, name)
    destroy_user(iam, name)
    for version in iam.list_policy_versions(PolicyArn=policy["Arn"])["Versions"]:
        if not version["IsDefaultVersion"]:
            iam.delete_policy_version(PolicyArn=policy["Arn"], VersionId=version["VersionId"])
    iam.delete_policy(PolicyArn=policy["Arn"])
    assert refused(iam.get_policy, PolicyArn=policy["Arn"]) == "NoSuchEntity"
    assert refused(s3.get_object, Bucket=bucket, Key="a") == "InvalidAccessKeyId"


def destroy_role(iam: Any, name: str) -> None:
    for row in iam.list_attached_role_policies(RoleName=name)["AttachedPolicies"]:
        iam.detach_role_policy(RoleName=name, PolicyArn=row["PolicyArn"])
    for policy in iam.list_role_policies(RoleName=name)["PolicyNames"]:
        iam.delete_role_policy(RoleName=name, PolicyName=policy)
    assert iam.list_instance_profiles_for_role(RoleName=name)["InstanceProfiles"] == []
    iam.delete_role(RoleName=name)


def destroy_user(iam: Any, name: str) -> None:
    """As tools do with force: they look for all that a user might have."""
    for row in iam.list_attached_user_policies(UserName=name)["AttachedPolicies"]:
        iam.detach_user_policy(UserName=name, PolicyArn=row["PolicyArn"])
    for key in iam.list_access_keys(UserName=name)["AccessKeyMetadata"]:
        iam.delete_access_key(UserName=name, AccessKeyId=key["AccessKeyId"])
    assert not iam.list_ssh_public_keys(UserName=name)["SSHPublicKeys"]
    assert not iam.list_mfa_devices(UserName=name)["MFADevices"]
    assert not iam.list_signing_certificates(UserName=name)["Certificates"]
    with pytest.raises(iam.exceptions.NoSuchEntityException):
        iam.delete_login_profile(UserName=name)
    iam.delete_user(UserName=name)


def test_a_waiter(iam: Any, user: str) -> None:
    iam.get_waiter("user_exists").wait(UserName=user, WaiterConfig={"Delay": 0, "MaxAttempts": 1})
