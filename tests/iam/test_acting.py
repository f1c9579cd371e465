"""What is put by the API acts on the next request: policies, groups, boundaries, tags of the principal, deletions."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.iam import IamServer


def allowing(*actions: str, resource: str = "*") -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": list(actions), "Resource": resource}]}
    )


def may(attempt: Callable[..., Any], **given: Any) -> bool:
    try:
        attempt(**given)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "AccessDenied", error.response
        return False
    return True


@pytest.fixture
def bucket(server: IamServer) -> str:
    return server.make_bucket_of_root()


@pytest.fixture
def s3(server: IamServer, iam: Any, name: str) -> Any:
    """The client of a new user."""
    return server.client(server.run(_with_key(server, name)))


async def _with_key(server: IamServer, name: str) -> tuple[str, str]:
    account = "000000000000"
    await server.people.users.create(account, name, tags=[("team", "red")])
    key, secret = await server.people.keys.create(account, name)
    return key.access_key, secret


def test_a_policy_acts_as_long_as_it_is_there(iam: Any, s3: Any, name: str, bucket: str) -> None:
    put = {"Bucket": bucket, "Key": "k", "Body": b"x"}
    assert not may(s3.put_object, **put)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allowing("s3:PutObject"))
    assert may(s3.put_object, **put)
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allowing("s3:GetObject"))
    assert not may(s3.put_object, **put)
    assert may(s3.get_object, Bucket=bucket, Key="k")
    iam.delete_user_policy(UserName=name, PolicyName="p")
    assert not may(s3.get_object, Bucket=bucket, Key="k")


def test_a_group_gives_and_a_boundary_limits(iam: Any, s3: Any, name: str, bucket: str) -> None:
    put = {"Bucket": bucket, "Key": "k", "Body": b"x"}
    iam.create_group(GroupName=name)
    iam.attach_group_policy(GroupName=name, PolicyArn="arn:aws:iam::aws:policy/AmazonS3FullAccess")
    iam.add_user_to_group(GroupName=name, UserName=name)
    assert may(s3.put_object, **put)
    iam.put_user_permissions_boundary(
        UserName=name, PermissionsBoundary="arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
    )
    assert not may(s3.put_object, **put)
    assert may(s3.get_object, Bucket=bucket, Key="k")
    iam.delete_user_permissions_boundary(UserName=name)
    iam.remove_user_from_group(GroupName=name, UserName=name)
    assert not may(s3.get_object, Bucket=bucket, Key="k")


def test_a_new_version_acts_when_it_is_the_default(iam: Any, s3: Any, name: str, bucket: str) -> None:
    put = {"Bucket": bucket, "Key": "k", "Body": b"x"}
    arn = iam.create_policy(PolicyName=name, PolicyDocument=allowing("s3:PutObject"))["Policy"]["Arn"]
    iam.attach_user_policy(UserName=name, PolicyArn=arn)
    assert may(s3.put_object, **put)
    iam.create_policy_version(PolicyArn=arn, PolicyDocument=allowing("s3:GetObject"))
    assert may(s3.put_object, **put)
    iam.set_default_policy_version(PolicyArn=arn, VersionId="v2")
    assert not may(s3.put_object, **put)


def test_a_principals_tags_and_name_stand_in_policies(iam: Any, s3: Any, name: str, bucket: str) -> None:
    for variable in ("${aws:PrincipalTag/team}", "${aws:username}"):
        resource = f"arn:aws:s3:::{bucket}/{variable}/*"
        iam.put_user_policy(
            UserName=name, PolicyName=f"p{len(variable)}", PolicyDocument=allowing("s3:PutObject", resource=resource)
        )
    assert may(s3.put_object, Bucket=bucket, Key="red/k", Body=b"x")
    assert may(s3.put_object, Bucket=bucket, Key=f"{name}/k", Body=b"x")
    assert not may(s3.put_object, Bucket=bucket, Key="blue/k", Body=b"x")
    iam.tag_user(UserName=name, Tags=[{"Key": "team", "Value": "blue"}])
    assert may(s3.put_object, Bucket=bucket, Key="blue/k", Body=b"x")
    assert not may(s3.put_object, Bucket=bucket, Key="red/k", Body=b"x")


def test_a_user_made_anew_has_nothing_of_the_old_one(server: IamServer, iam: Any, name: str, bucket: str) -> None:
    keys = server.run(_with_key(server, name))
    iam.attach_user_policy(UserName=name, PolicyArn="arn:aws:iam::aws:policy/readwrite")
    assert may(server.client(keys).list_objects_v2, Bucket=bucket)
    server.run(server.people.users.remove("000000000000", name, cascade=True))
    with pytest.raises(ClientError, match="InvalidAccessKeyId"):
        server.client(keys).list_objects_v2(Bucket=bucket)
    again = server.run(_with_key(server, name))
    assert not may(server.client(again).list_objects_v2, Bucket=bucket)


def test_a_key_follows_its_user_to_another_name(server: IamServer, iam: Any, name: str, bucket: str) -> None:
    keys = server.run(_with_key(server, name))
    resource = f"arn:aws:s3:::{bucket}/${{aws:username}}/*"
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=allowing("s3:PutObject", resource=resource))
    iam.update_user(UserName=name, NewUserName=f"{name}-new", NewPath="/moved/")
    client = server.client(keys)
    assert may(client.put_object, Bucket=bucket, Key=f"{name}-new/k", Body=b"x")
    assert not may(client.put_object, Bucket=bucket, Key=f"{name}/k", Body=b"x")
    assert server.query_client("sts", keys).get_caller_identity()["Arn"].endswith(f"user/moved/{name}-new")
