"""STS through boto3: sessions of roles, users and federated users, and what they may."""

from __future__ import annotations

import hashlib
import itertools
import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import boto3
import pytest
from botocore.client import ClientError
from botocore.config import Config
from tests.support.clock import HandClock
from tests.support.forms import CONTENT_TYPE, form
from tests.support.iam import ROOT, IamServer, serving_iam
from tests.support.server import REGION

from trug.iam.entities import ROLE, USER
from trug.iam.sts.sessions import revoke_sessions

Keys = tuple[str, ...]
Document = dict[str, Any]

numbers = itertools.count(1)
ACCOUNT = "000000000000"


def document(*statements: Document) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(action: str | list[str], resource: str = "*", **more: Any) -> Document:
    return {"Effect": "Allow", "Action": action, "Resource": resource, **more}


def trusts(principal: Any, action: str | list[str] = "sts:AssumeRole", **more: Any) -> str:
    return document({"Effect": "Allow", "Principal": principal, "Action": action, **more})


def keys_of(answer: Document) -> Keys:
    found = answer["Credentials"]
    return found["AccessKeyId"], found["SecretAccessKey"], found["SessionToken"]


def code_of(call: Callable[[], Any]) -> str:
    try:
        call()
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@cache
def made_client(endpoint: str, service: str, keys: Keys, **options: Any) -> Any:
    """Clients take a third of a second to make."""
    access_key, secret, *token = keys
    return boto3.client(
        service,
        endpoint_url=endpoint,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        aws_session_token=token[0] if token else None,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, **options),
    )


def query_client(server: IamServer, service: str, keys: Keys) -> Any:
    return made_client(server.endpoint, service, keys)


def s3_of(server: IamServer, keys: Keys, **options: Any) -> Any:
    return made_client(server.endpoint, "s3", keys, **options)


class Scene:
    """A user, a role that trusts him and may all of S3, a bucket with an object."""

    def __init__(self, server: IamServer) -> None:
        self.server = server
        number = next(numbers)
        self.user, self.role, self.bucket = f"ana-{number}", f"builder-{number}", f"bucket-of-sts-{number}"
        self.iam = query_client(server, "iam", ROOT)
        self.iam.create_user(UserName=self.user)
        made = self.iam.create_access_key(UserName=self.user)["AccessKey"]
        self.keys: Keys = (made["AccessKeyId"], made["SecretAccessKey"])
        self.iam.put_user_policy(UserName=self.user, PolicyName="all", PolicyDocument=document(allow("s3:*")))
        self.user_arn = f"arn:aws:iam::{ACCOUNT}:user/{self.user}"
        self.role_arn = f"arn:aws:iam::{ACCOUNT}:role/ci/{self.role}"
        self.iam.create_role(
            RoleName=self.role,
            Path="/ci/",
            AssumeRolePolicyDocument=trusts(
                {"AWS": self.user_arn}, ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
            ),
            MaxSessionDuration=7200,
        )
        rights = document(allow(["s3:*", "sts:*"]))
        self.iam.put_role_policy(RoleName=self.role, PolicyName="all", PolicyDocument=rights)
        root = s3_of(server, ROOT)
        root.create_bucket(Bucket=self.bucket)
        root.put_object(Bucket=self.bucket, Key="open/a", Body=b"content")
        root.put_object(Bucket=self.bucket, Key="closed/a", Body=b"content")

    def sts(self, keys: Keys | None = None) -> Any:
        return query_client(self.server, "sts", keys or self.keys)

    def assume(self, keys: Keys | None = None, **more: Any) -> Document:
        asked = {"RoleArn": self.role_arn, "RoleSessionName": "build-42", **more}
        found: Document = self.sts(keys).assume_role(**asked)
        return found

    def get(self, keys: Keys, key: str = "open/a") -> str:
        return code_of(lambda: s3_of(self.server, keys).get_object(Bucket=self.bucket, Key=key))

    def trust(self, text: str) -> None:
        self.iam.update_assume_role_policy(RoleName=self.role, PolicyDocument=text)


@pytest.fixture
def scene(server: IamServer) -> Scene:
    return Scene(server)


# --- roles ---


def test_a_role_is_assumed(scene: Scene) -> None:
    answer = scene.assume()
    role_id = scene.iam.get_role(RoleName=scene.role)["Role"]["RoleId"]
    assert answer["AssumedRoleUser"] == {
        "AssumedRoleId": f"{role_id}:build-42",
        "Arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/{scene.role}/build-42",
    }
    keys = keys_of(answer)
    assert keys[0].startswith("ASIA") and len(keys[0]) == 20
    assert 3590 < answer["Credentials"]["Expiration"].timestamp() - time.time() <= 3600
    assert scene.get(keys) == ""
    who = scene.sts(keys).get_caller_identity()
    assert who["Arn"] == answer["AssumedRoleUser"]["Arn"]
    assert who["UserId"] == answer["AssumedRoleUser"]["AssumedRoleId"]
    assert who["Account"] == ACCOUNT
    assert "PackedPolicySize" not in answer


def test_who_is_not_trusted(scene: Scene) -> None:
    other = Scene(scene.server)
    assert code_of(lambda: scene.assume(other.keys)) == "AccessDenied"
    assert code_of(lambda: scene.assume(RoleArn=scene.role_arn + "x")) == "AccessDenied"
    assert code_of(lambda: scene.assume(RoleArn=scene.role_arn.replace("/ci/", "/"))) == "AccessDenied"
    assert code_of(lambda: scene.assume(RoleArn="arn:aws:iam::999999999999:role/ci/any")) == "AccessDenied"
    assert code_of(lambda: scene.assume(RoleArn="arn:aws:s3:::" + "a" * 20)) == "AccessDenied"
    assert code_of(lambda: scene.assume(ROOT)) == "AccessDenied"


def test_trust_in_the_account_needs_a_policy_too(scene: Scene) -> None:
    scene.trust(trusts({"AWS": f"arn:aws:iam::{ACCOUNT}:root"}))
    assert code_of(scene.assume) == "AccessDenied"
    scene.iam.put_user_policy(
        UserName=scene.user, PolicyName="sts", PolicyDocument=document(allow("sts:AssumeRole", scene.role_arn))
    )
    assert code_of(scene.assume) == ""
    scene.iam.put_user_policy(
        UserName=scene.user,
        PolicyName="sts",
        PolicyDocument=document({"Effect": "Deny", "Action": "sts:*", "Resource": "*"}),
    )
    assert code_of(scene.assume) == "AccessDenied"


def test_a_policy_of_ones_own_makes_nobody_trusted(scene: Scene) -> None:
    """A role's trust policy must allow itself, in its own account too."""
    rights = document(allow(["sts:*", "iam:*"]))
    scene.iam.put_user_policy(UserName=scene.user, PolicyName="sts", PolicyDocument=rights)
    scene.trust(trusts({"AWS": scene.user_arn}, Condition={"StringEquals": {"sts:ExternalId": "4711"}}))
    assert code_of(scene.assume) == "AccessDenied"
    assert code_of(lambda: scene.assume(ExternalId="4711")) == ""
    other = Scene(scene.server)
    scene.trust(trusts({"AWS": other.user_arn}))
    assert code_of(lambda: scene.assume(ExternalId="4711")) == "AccessDenied"


@pytest.mark.parametrize(
    ("condition", "given", "refused"),
    [
        ({"StringEquals": {"sts:ExternalId": "4711"}}, {"ExternalId": "4711"}, {"ExternalId": "4712"}),
        ({"StringEquals": {"sts:ExternalId": "4711"}}, {"ExternalId": "4711"}, {}),
        ({"StringLike": {"sts:RoleSessionName": "build-*"}}, {}, {"RoleSessionName": "test-1"}),
        ({"StringEquals": {"aws:RequestTag/team": "red"}}, {"Tags": [{"Key": "team", "Value": "red"}]}, {}),
        ({"StringEquals": {"sts:SourceIdentity": "ana"}}, {"SourceIdentity": "ana"}, {"SourceIdentity": "bob"}),
        ({"IpAddress": {"aws:SourceIp": "127.0.0.0/8"}}, {}, None),
        ({"Bool": {"aws:SecureTransport": "true"}}, None, {}),
    ],
)
def test_conditions_of_trust(
    scene: Scene, condition: Document, given: Document | None, refused: Document | None
) -> None:
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    scene.trust(trusts({"AWS": scene.user_arn}, actions, Condition=condition))
    if given is not None:
        assert code_of(lambda: scene.assume(**given)) == ""
    if refused is not None:
        assert code_of(lambda: scene.assume(**refused)) == "AccessDenied"


def test_tags_and_source_identity_need_permissions_of_their_own(scene: Scene) -> None:
    scene.trust(trusts({"AWS": scene.user_arn}))
    assert code_of(scene.assume) == ""
    assert code_of(lambda: scene.assume(Tags=[{"Key": "a", "Value": "b"}])) == "AccessDenied"
    assert code_of(lambda: scene.assume(SourceIdentity="ana")) == "AccessDenied"


@pytest.mark.parametrize(
    "more",
    [
        {"RoleSessionName": "a"},
        {"RoleSessionName": "a b"},
        {"RoleSessionName": "a" * 65},
        {"DurationSeconds": 899},
        {"DurationSeconds": 43_201},
        {"DurationSeconds": 7201},
        {"ExternalId": "a b"},
        {"Policy": "{" + " " * 2048 + "}"},
        {"PolicyArns": [{"arn": "arn:aws:iam::aws:policy/readonly"}] * 11},
        {"Tags": [{"Key": "k", "Value": "v" * 257}]},
    ],
)
def test_what_a_request_may_not_say(scene: Scene, more: Document) -> None:
    loose = boto3.client(
        "sts",
        endpoint_url=scene.server.endpoint,
        region_name=REGION,
        aws_access_key_id=scene.keys[0],
        aws_secret_access_key=scene.keys[1],
        config=Config(parameter_validation=False),
    )
    asked = {"RoleArn": scene.role_arn, "RoleSessionName": "build-42", **more}
    assert code_of(lambda: loose.assume_role(**asked)) == "ValidationError"


@pytest.mark.parametrize(
    ("more", "code"),
    [
        ({"Policy": "not json"}, "MalformedPolicyDocument"),
        ({"Policy": '{"Version":"2012-10-17","Statement":[{"Effect":"Maybe"}]}'}, "MalformedPolicyDocument"),
        ({"Tags": [{"Key": "a", "Value": "1"}, {"Key": "A", "Value": "2"}]}, "InvalidInput"),
        ({"Tags": [{"Key": "aws:a", "Value": "1"}]}, "InvalidInput"),
        ({"TransitiveTagKeys": ["absent"]}, "InvalidParameterValue"),
        ({"SerialNumber": "arn:aws:iam::000000000000:mfa/a", "TokenCode": "123456"}, "AccessDenied"),
        (
            {"ProvidedContexts": [{"ProviderArn": "arn:aws:iam::aws:contextProvider/a", "ContextAssertion": "aaaa"}]},
            "NotImplemented",
        ),
    ],
)
def test_what_else_is_refused(scene: Scene, more: Document, code: str) -> None:
    assert code_of(lambda: scene.assume(**more)) == code


def test_session_policies_only_take_away(scene: Scene) -> None:
    open_alone = document(allow("s3:GetObject", f"arn:aws:s3:::{scene.bucket}/open/*"))
    answer = scene.assume(Policy=open_alone)
    assert 0 < answer["PackedPolicySize"] < 20
    keys = keys_of(answer)
    assert scene.get(keys) == ""
    assert scene.get(keys, "closed/a") == "AccessDenied"
    assert code_of(lambda: s3_of(scene.server, keys).put_object(Bucket=scene.bucket, Key="open/b")) == "AccessDenied"
    scene.iam.put_role_policy(RoleName=scene.role, PolicyName="all", PolicyDocument=document(allow("s3:PutObject")))
    assert scene.get(keys) == "AccessDenied", "what the role has lost no session policy gives"


def test_session_policies_by_arn(scene: Scene) -> None:
    keys = keys_of(scene.assume(PolicyArns=[{"arn": "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"}]))
    assert scene.get(keys) == ""
    assert code_of(lambda: s3_of(scene.server, keys).put_object(Bucket=scene.bucket, Key="b")) == "AccessDenied"
    gone = keys_of(scene.assume(PolicyArns=[{"arn": f"arn:aws:iam::{ACCOUNT}:policy/absent"}]))
    assert scene.get(gone) == "AccessDenied"


def test_packed_policies_have_a_limit(scene: Scene) -> None:
    tags = [{"Key": f"key-{number}", "Value": hashlib.sha256(bytes([number])).hexdigest()} for number in range(50)]
    with pytest.raises(ClientError, match=r"consumes \d{3}% of allotted space") as caught:
        scene.assume(Tags=tags)
    assert caught.value.response["Error"]["Code"] == "PackedPolicyTooLarge"


def test_session_tags_in_policies(scene: Scene) -> None:
    scene.iam.put_role_policy(
        RoleName=scene.role,
        PolicyName="all",
        PolicyDocument=document(allow("s3:GetObject", f"arn:aws:s3:::{scene.bucket}/${{aws:PrincipalTag/folder}}/*")),
    )
    keys = keys_of(scene.assume(Tags=[{"Key": "folder", "Value": "open"}]))
    assert (scene.get(keys), scene.get(keys, "closed/a")) == ("", "AccessDenied")


def test_chaining(scene: Scene) -> None:
    other = Scene(scene.server)
    role = f"arn:aws:iam::{ACCOUNT}:role/ci/{scene.role}"
    actions = ["sts:AssumeRole", "sts:TagSession", "sts:SetSourceIdentity"]
    other.trust(trusts({"AWS": role}, actions, Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}))
    tags = [{"Key": "team", "Value": "red"}, {"Key": "stays", "Value": "here"}]
    first = keys_of(scene.assume(Tags=tags, TransitiveTagKeys=["team"], SourceIdentity="ana"))
    answer = other.assume(first)
    assert answer["SourceIdentity"] == "ana"
    assert code_of(lambda: other.assume(first, DurationSeconds=3601)) == "ValidationError"
    assert code_of(lambda: other.assume(first, SourceIdentity="bob")) == "AccessDenied"
    again = [{"Key": "Team", "Value": "blue"}]
    assert code_of(lambda: other.assume(first, Tags=again)) == "InvalidParameterValue"
    third = Scene(scene.server)
    third.trust(
        trusts(
            {"AWS": other.role_arn},
            actions,
            Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}, "Null": {"aws:PrincipalTag/stays": "true"}},
        )
    )
    assert third.assume(keys_of(answer))["SourceIdentity"] == "ana"


# --- the end of sessions ---


def test_a_role_that_is_no_more(scene: Scene) -> None:
    keys = keys_of(scene.assume())
    assert scene.get(keys) == ""
    scene.iam.delete_role_policy(RoleName=scene.role, PolicyName="all")
    assert scene.get(keys) == "AccessDenied"
    scene.iam.delete_role(RoleName=scene.role)
    assert scene.get(keys) == "InvalidAccessKeyId"
    assert code_of(scene.sts(keys).get_caller_identity) == "InvalidClientTokenId"
    scene.iam.create_role(RoleName=scene.role, Path="/ci/", AssumeRolePolicyDocument=trusts({"AWS": scene.user_arn}))
    assert scene.get(keys) == "InvalidAccessKeyId", "another role of the same name"


def test_revoked_sessions(scene: Scene) -> None:
    old, own = keys_of(scene.assume()), keys_of(scene.sts().get_session_token())
    metadata = scene.server.people.metadata
    scene.server.run(revoke_sessions(metadata, ROLE, ACCOUNT, scene.role))
    assert scene.get(old) == "AccessDenied"
    assert scene.get(own) == ""
    assert scene.get(keys_of(scene.assume())) == ""
    scene.server.run(revoke_sessions(metadata, USER, ACCOUNT, scene.user))
    assert scene.get(own) == "AccessDenied"
    assert scene.get(keys_of(scene.sts().get_session_token())) == ""


@pytest.mark.parametrize("how", ["key removed", "key disabled", "user removed"])
def test_sessions_end_with_the_key_that_asked(scene: Scene, how: str) -> None:
    own = keys_of(scene.sts().get_session_token())
    scene.iam.put_user_policy(
        UserName=scene.user, PolicyName="all", PolicyDocument=document(allow(["s3:*", "sts:GetFederationToken"]))
    )
    lent = keys_of(scene.sts().get_federation_token(Name="bob", Policy=document(allow("s3:*"))))
    role = keys_of(scene.assume())
    assert [scene.get(keys) for keys in (own, lent, role)] == ["", "", ""]
    if how == "key disabled":
        scene.iam.update_access_key(UserName=scene.user, AccessKeyId=scene.keys[0], Status="Inactive")
    else:
        scene.iam.delete_access_key(UserName=scene.user, AccessKeyId=scene.keys[0])
    if how == "user removed":
        scene.iam.delete_user_policy(UserName=scene.user, PolicyName="all")
        scene.iam.delete_user(UserName=scene.user)
    assert [scene.get(keys) for keys in (own, lent, role)] == ["InvalidAccessKeyId", "InvalidAccessKeyId", ""]


@pytest.fixture
def clock() -> HandClock:
    return HandClock(time.time_ns() // 1000 - 600_000_000)


@pytest.fixture
def timed(clock: HandClock) -> Iterator[Scene]:
    with serving_iam(clock=clock) as server:
        yield Scene(server)


def test_sessions_end_to_the_second(timed: Scene, clock: HandClock) -> None:
    answer = timed.assume(DurationSeconds=900)
    keys, end = keys_of(answer), int(answer["Credentials"]["Expiration"].timestamp()) * 1_000_000
    assert end - clock.time <= 900_000_000
    s3 = s3_of(timed.server, keys)
    url = s3.generate_presigned_url("get_object", {"Bucket": timed.bucket, "Key": "open/a"}, ExpiresIn=3600)
    clock.time = end - 1
    assert timed.get(keys) == ""
    assert fetched(url) == (200, b"content")
    clock.time = end
    with pytest.raises(ClientError, match=r"The provided token has expired\.") as caught:
        s3.get_object(Bucket=timed.bucket, Key="open/a")
    assert caught.value.response["Error"]["Code"] == "ExpiredToken"
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400
    status, body = fetched(url)
    assert (status, b"<Code>ExpiredToken</Code>" in body) == (400, True)
    assert code_of(timed.sts(keys).get_caller_identity) == "ExpiredToken"
    assert code_of(lambda: timed.assume(keys)) == "ExpiredToken"


# --- URLs and forms ---


def fetched(url: str, method: str = "GET", body: bytes | None = None, **headers: str) -> tuple[int, bytes]:
    request = urllib.request.Request(url, body, headers, method=method)
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_presigned_urls(scene: Scene, version: str) -> None:
    s3 = s3_of(scene.server, keys_of(scene.assume()), signature_version=version)
    url = s3.generate_presigned_url("get_object", {"Bucket": scene.bucket, "Key": "open/a"})
    assert fetched(url) == (200, b"content")
    name = "X-Amz-Security-Token" if version == "s3v4" else "x-amz-security-token"
    start, _, rest = url.partition(f"{name}=")
    without = start + rest.partition("&")[2]
    assert b"InvalidAccessKeyId" in fetched(without)[1]
    assert b"InvalidToken" in fetched(f"{start}{name}=AAAA{rest}")[1]
    put = s3.generate_presigned_url("put_object", {"Bucket": scene.bucket, "Key": "open/b", "ContentType": "text/a"})
    assert fetched(put, "PUT", b"new", **{"Content-Type": "text/a"})[0] == 200


@pytest.mark.parametrize("version", ["s3v4", "s3"])
def test_forms(scene: Scene, version: str) -> None:
    s3 = s3_of(scene.server, keys_of(scene.assume()), signature_version=version)
    post = s3.generate_presigned_post(scene.bucket, "open/form")
    assert "x-amz-security-token" in post["fields"]
    answer = fetched(post["url"], "POST", form(post["fields"]), **{"Content-Type": CONTENT_TYPE})
    assert answer[0] == 204
    assert s3_of(scene.server, ROOT).get_object(Bucket=scene.bucket, Key="open/form")["Body"].read() == b"content"
    fields = {name: value for name, value in post["fields"].items() if name != "x-amz-security-token"}
    assert b"InvalidAccessKeyId" in fetched(post["url"], "POST", form(fields), **{"Content-Type": CONTENT_TYPE})[1]


def test_large_bodies_in_signed_chunks(scene: Scene) -> None:
    s3 = s3_of(scene.server, keys_of(scene.assume()))
    s3.put_object(Bucket=scene.bucket, Key="open/large", Body=b"x" * 300_000, ChecksumAlgorithm="CRC32")
    assert s3.head_object(Bucket=scene.bucket, Key="open/large")["ContentLength"] == 300_000


# --- users ---


def test_session_tokens_of_users(scene: Scene) -> None:
    answer = scene.sts().get_session_token(DurationSeconds=900)
    keys = keys_of(answer)
    who = scene.sts(keys).get_caller_identity()
    assert who["Arn"] == scene.user_arn
    assert who["UserId"] == scene.iam.get_user(UserName=scene.user)["User"]["UserId"]
    assert scene.get(keys) == ""
    scene.iam.delete_user_policy(UserName=scene.user, PolicyName="all")
    assert scene.get(keys) == "AccessDenied"
    assert code_of(scene.sts(keys).get_session_token) == "AccessDenied"
    assert code_of(lambda: scene.sts(keys).get_federation_token(Name="bob")) == "AccessDenied"


def test_session_tokens_of_the_root(scene: Scene) -> None:
    answer = scene.sts(ROOT).get_session_token(DurationSeconds=129_600)
    assert answer["Credentials"]["Expiration"].timestamp() - time.time() <= 3600
    keys = keys_of(answer)
    assert scene.sts(keys).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"
    assert scene.get(keys) == ""


def test_federated_users(scene: Scene) -> None:
    assert code_of(lambda: scene.sts().get_federation_token(Name="bob")) == "AccessDenied"
    scene.iam.put_user_policy(
        UserName=scene.user,
        PolicyName="all",
        PolicyDocument=document(allow(["s3:Get*", "sts:GetFederationToken", "sts:TagSession"])),
    )
    answer = scene.sts().get_federation_token(
        Name="bob", Policy=document(allow("s3:*")), Tags=[{"Key": "team", "Value": "red"}]
    )
    arn = f"arn:aws:sts::{ACCOUNT}:federated-user/bob"
    assert answer["FederatedUser"] == {"FederatedUserId": f"{ACCOUNT}:bob", "Arn": arn}
    keys = keys_of(answer)
    assert scene.sts(keys).get_caller_identity()["Arn"] == arn
    assert scene.get(keys) == ""
    assert code_of(lambda: s3_of(scene.server, keys).put_object(Bucket=scene.bucket, Key="b")) == "AccessDenied"
    bare = keys_of(scene.sts().get_federation_token(Name="bob"))
    assert scene.get(bare) == "AccessDenied", "without a session policy there are no rights"
    assert code_of(lambda: scene.assume(keys)) == "AccessDenied"


def test_federated_users_of_the_root(scene: Scene) -> None:
    policy = document(allow("s3:GetObject", f"arn:aws:s3:::{scene.bucket}/open/*"))
    keys = keys_of(scene.sts(ROOT).get_federation_token(Name="carl", Policy=policy))
    assert (scene.get(keys), scene.get(keys, "closed/a")) == ("", "AccessDenied")
    assert scene.get(keys_of(scene.sts(ROOT).get_federation_token(Name="carl"))) == "AccessDenied"


def test_minio_clients_assume_no_role(scene: Scene) -> None:
    """minio-py and mc ask for a session of their own, limited by a policy."""
    policy = document(allow("s3:GetObject", f"arn:aws:s3:::{scene.bucket}/open/*"))
    for keys, arn in ((scene.keys, scene.user_arn), (ROOT, f"arn:aws:sts::{ACCOUNT}:federated-user/root")):
        asked = {"Action": "AssumeRole", "DurationSeconds": "3600", "Policy": policy}
        answer = scene.server.query(asked, service="sts", keys=keys)  # type: ignore[arg-type]
        assert answer.status == 200, answer.body
        made = tuple(answer.texts(name)[0] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
        assert scene.sts(made).get_caller_identity()["Arn"] == arn
        assert (scene.get(made), scene.get(made, "closed/a")) == ("", "AccessDenied")


# --- who is who ---


def test_caller_identity_needs_no_permission(scene: Scene) -> None:
    deny = document({"Effect": "Deny", "Action": "*", "Resource": "*"})
    scene.iam.put_user_policy(UserName=scene.user, PolicyName="all", PolicyDocument=deny)
    assert scene.sts().get_caller_identity()["Arn"] == scene.user_arn
    assert scene.sts(ROOT).get_caller_identity()["Arn"] == f"arn:aws:iam::{ACCOUNT}:root"


def test_access_key_info(scene: Scene) -> None:
    assert scene.sts(ROOT).get_access_key_info(AccessKeyId=scene.keys[0])["Account"] == ACCOUNT
    assert code_of(lambda: scene.sts(ROOT).get_access_key_info(AccessKeyId="A" * 20)) == "ValidationError"
    assert code_of(lambda: scene.sts().get_access_key_info(AccessKeyId=scene.keys[0])) == "AccessDenied"


def test_nothing_is_encoded(scene: Scene) -> None:
    answer = code_of(lambda: scene.sts(ROOT).decode_authorization_message(EncodedMessage="abc"))
    assert answer == "InvalidAuthorizationMessageException"


def test_what_is_declined(scene: Scene) -> None:
    sts = scene.sts(ROOT)
    arn = f"arn:aws:iam::{ACCOUNT}:saml-provider/a"
    with pytest.raises(ClientError, match="not implemented"):
        sts.assume_role_with_saml(RoleArn=scene.role_arn, PrincipalArn=arn, SAMLAssertion="aaaa")
    with pytest.raises(ClientError, match="not implemented"):
        sts.assume_root(TargetPrincipal=ACCOUNT, TaskPolicyArn={"arn": "arn:aws:iam::aws:policy/root-task/a"})


def test_tokens_for_s3_alone_are_for_all_services(scene: Scene) -> None:
    scene.iam.put_role_policy(RoleName=scene.role, PolicyName="iam", PolicyDocument=document(allow("iam:ListUsers")))
    iam = scene.server.query_client("iam", keys_of(scene.assume()))
    assert iam.list_users()["Users"]
    assert code_of(iam.list_roles) == "AccessDenied"
