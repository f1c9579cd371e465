"""Who may a little tries to give himself more: by parameters that nobody asked for, by other spellings, by sessions."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterator
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.iam import IamServer, QueryAnswer, serving_iam
from tests.support.server import REGION

ACCOUNT = "000000000000"
NUMBERS = itertools.count(1)
Document = dict[str, Any]


def document(*statements: Document) -> str:
    return json.dumps({"Version": "2012-10-17", "Statement": list(statements)})


def allow(*actions: str, resource: Any = "*", **more: Any) -> Document:
    return {"Effect": "Allow", "Action": list(actions), "Resource": resource, **more}


def deny(*actions: str, resource: Any = "*", **more: Any) -> Document:
    return {**allow(*actions, resource=resource, **more), "Effect": "Deny"}


def code_of(call: Callable[..., Any], **parameters: Any) -> str:
    """Of the refusal; empty where there was none."""
    try:
        call(**parameters)
    except ClientError as error:
        return str(error.response["Error"]["Code"])
    return ""


@pytest.fixture(scope="module")
def server() -> Iterator[IamServer]:
    with serving_iam() as running:
        yield running


@pytest.fixture(scope="module")
def iam(server: IamServer) -> Any:
    """The root's client."""
    return server.query_client("iam")


class Person:
    """A user with policies, and what he asks the query APIs."""

    def __init__(self, server: IamServer, iam: Any) -> None:
        self.name = f"mallory-{next(NUMBERS)}"
        self.arn = f"arn:aws:iam::{ACCOUNT}:user/{self.name}"
        self.server = server
        self.keys = server.user_keys(self.name)
        self._iam = iam

    def let(self, *statements: Document) -> None:
        self._iam.put_user_policy(UserName=self.name, PolicyName="given", PolicyDocument=document(*statements))

    def ask(self, action: str, service: str = "iam", **parameters: str) -> QueryAnswer:
        return self.server.query({"Action": action, **parameters}, service=service, keys=self.keys)


@pytest.fixture
def mallory(server: IamServer, iam: Any) -> Person:
    return Person(server, iam)


@pytest.fixture
def bucket(server: IamServer) -> str:
    name = server.make_bucket_of_root()
    server.ask("PUT", f"/{name}/key", body=b"content", keys=("AKIAROOT", "root-secret"))
    return name


def s3_of(server: IamServer, keys: tuple[str, ...]) -> Any:
    access_key, secret, *token = keys
    return boto3.client(
        "s3",
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id=access_key,
        aws_secret_access_key=secret,
        aws_session_token=token[0] if token else None,
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}),
    )


def session_of(answer: QueryAnswer) -> tuple[str, str, str]:
    assert answer.status == 200, answer.body
    (key,), (secret,), (token,) = map(answer.texts, ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    return key, secret, token


# --- IAM: what a request says of itself ---


@pytest.fixture
def boundary(iam: Any) -> str:
    """The ARN of a managed policy that allows reading of S3."""
    name = f"boundary-{next(NUMBERS)}"
    return str(iam.create_policy(PolicyName=name, PolicyDocument=document(allow("s3:Get*")))["Policy"]["Arn"])


def test_a_boundary_in_the_request_is_none_of_the_users(iam: Any, mallory: Person, boundary: str) -> None:
    """Who may give policies only to users with a boundary does not help himself by naming it beside."""
    only_bounded = {"StringEquals": {"iam:PermissionsBoundary": boundary}}
    mallory.let(allow("iam:AttachUserPolicy", "iam:PutUserPolicy", Condition=only_bounded))
    everything = "arn:aws:iam::aws:policy/AdministratorAccess"
    attached = mallory.ask(
        "AttachUserPolicy", UserName=mallory.name, PolicyArn=everything, PermissionsBoundary=boundary
    )
    assert (attached.status, attached.code) == (403, "AccessDenied")
    inline = mallory.ask(
        "PutUserPolicy",
        UserName=mallory.name,
        PolicyName="more",
        PolicyDocument=document(allow("*")),
        PermissionsBoundary=boundary,
    )
    assert (inline.status, inline.code) == (403, "AccessDenied")
    iam.put_user_permissions_boundary(UserName=mallory.name, PermissionsBoundary=boundary)
    assert mallory.ask("AttachUserPolicy", UserName=mallory.name, PolicyArn=everything).status == 403, "bounded himself"


def test_tags_in_the_request_are_those_that_it_sets(mallory: Person, boundary: str) -> None:
    mallory.let(allow("iam:PutUserPolicy", Condition={"StringEquals": {"aws:RequestTag/team": "red"}}))
    answer = mallory.ask(
        "PutUserPolicy",
        UserName=mallory.name,
        PolicyName="more",
        PolicyDocument=document(allow("*")),
        **{"Tags.member.1.Key": "team", "Tags.member.1.Value": "red"},
    )
    assert (answer.status, answer.code) == (403, "AccessDenied")


def test_a_policy_is_denied_in_whatever_case_it_is_named(iam: Any, mallory: Person, boundary: str) -> None:
    mallory.let(allow("iam:*"), deny("iam:*", resource=boundary))
    shouted = boundary.replace("boundary", "BOUNDARY")
    assert shouted != boundary
    for arn, refusal in ((boundary, "AccessDenied"), (shouted, "NoSuchEntity")):
        answer = mallory.ask(
            "CreatePolicyVersion", PolicyArn=arn, PolicyDocument=document(allow("*")), SetAsDefault="true"
        )
        assert answer.code == refusal
    assert iam.get_policy(PolicyArn=boundary)["Policy"]["DefaultVersionId"] == "v1"


@pytest.mark.parametrize("action", ["AttachUserPolicy", "PutUserPermissionsBoundary"])
def test_a_policy_that_may_not_be_given_is_not_by_another_spelling(
    iam: Any, mallory: Person, boundary: str, action: str
) -> None:
    member = "PolicyArn" if action.startswith("Attach") else "PermissionsBoundary"
    key = "iam:PolicyARN" if action.startswith("Attach") else "iam:PermissionsBoundary"
    mallory.let(allow("iam:*"), deny(f"iam:{action}", Condition={"ArnEquals": {key: boundary}}))
    for spelled in (boundary, boundary.replace("boundary", "BOUNDARY")):
        answer = mallory.ask(action, UserName=mallory.name, **{member: spelled})
        assert answer.status in (400, 403, 404), spelled
    assert iam.list_attached_user_policies(UserName=mallory.name)["AttachedPolicies"] == []
    assert "PermissionsBoundary" not in iam.get_user(UserName=mallory.name)["User"]


def test_a_policys_name_is_no_arn(iam: Any, mallory: Person) -> None:
    name = f"a-policy-with-a-long-name-{next(NUMBERS)}"
    arn = iam.create_policy(PolicyName=name, PolicyDocument=document(allow("*")))["Policy"]["Arn"]
    mallory.let(
        allow("iam:AttachUserPolicy"), deny("iam:AttachUserPolicy", Condition={"ArnEquals": {"iam:PolicyARN": arn}})
    )
    assert mallory.ask("AttachUserPolicy", UserName=mallory.name, PolicyArn=name).status in (400, 403, 404)
    assert iam.list_attached_user_policies(UserName=mallory.name)["AttachedPolicies"] == []


def test_a_provider_is_denied_however_it_is_named(iam: Any, mallory: Person) -> None:
    host = f"idp-{next(NUMBERS)}.example.com"
    arn = iam.create_open_id_connect_provider(Url=f"https://{host}", ClientIDList=["app"])["OpenIDConnectProviderArn"]
    mallory.let(allow("iam:*"), deny("iam:*", resource=arn))
    for spelled in (arn, f"{arn}/", arn.replace(host, f"https://{host}")):
        answer = mallory.ask(
            "AddClientIDToOpenIDConnectProvider", OpenIDConnectProviderArn=spelled, ClientID="mallorys"
        )
        assert answer.status in (403, 404), spelled
        assert mallory.ask("DeleteOpenIDConnectProvider", OpenIDConnectProviderArn=spelled).status == 403, spelled
    assert iam.get_open_id_connect_provider(OpenIDConnectProviderArn=arn)["ClientIDList"] == ["app"]


# --- sessions ---


@pytest.mark.parametrize(
    "asked",
    [
        {"Tags.member.1.Key": "team", "Tags.member.1.Value": "red"},
        {"SourceIdentity": "alice"},
        {
            "Tags.member.1.Key": "team",
            "Tags.member.1.Value": "red",
            "TransitiveTagKeys.member.1": "team",
        },
    ],
    ids=["tags", "source identity", "transitive"],
)
def test_nobody_tags_a_session_of_his_own(mallory: Person, asked: dict[str, str]) -> None:
    """AssumeRole without a role, as clients of MinIO send it, has no trust policy that could let him."""
    mallory.let(allow("s3:*", Condition={"StringEquals": {"aws:PrincipalTag/team": "red"}}))
    answer = mallory.ask("AssumeRole", service="sts", **asked)
    assert answer.status in (400, 403)
    assert mallory.ask("AssumeRole", service="sts").status == 200


def test_a_session_policy_limits_what_a_bucket_gives_to_the_user(
    server: IamServer, mallory: Person, bucket: str
) -> None:
    """As it limits what a bucket gives to a role, and not to the session by its own name."""
    gives = {**allow("s3:*", resource=[f"arn:aws:s3:::{bucket}/*"]), "Principal": {"AWS": mallory.arn}}
    server.ask("PUT", f"/{bucket}?policy", body=document(gives).encode(), keys=("AKIAROOT", "root-secret"))
    answer = mallory.ask("AssumeRole", service="sts", Policy=document(allow("s3:GetObject")))
    limited = s3_of(server, session_of(answer))
    assert code_of(limited.get_object, Bucket=bucket, Key="key") == ""
    assert code_of(limited.put_object, Bucket=bucket, Key="key") == "AccessDenied"
    assert code_of(s3_of(server, mallory.keys).put_object, Bucket=bucket, Key="key") == ""


def test_a_session_policy_limits_which_roles_the_user_assumes(server: IamServer, iam: Any, mallory: Person) -> None:
    role = f"admin-{next(NUMBERS)}"
    trust = document({"Effect": "Allow", "Principal": {"AWS": mallory.arn}, "Action": "sts:AssumeRole"})
    arn = iam.create_role(RoleName=role, AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    answer = mallory.ask("AssumeRole", service="sts", Policy=document(allow("s3:GetObject")))
    limited = server.query_client("sts", session_of(answer))
    assert code_of(limited.assume_role, RoleArn=arn, RoleSessionName="name") == "AccessDenied"
    assert mallory.ask("AssumeRole", service="sts", RoleArn=arn, RoleSessionName="name").status == 200


@pytest.mark.parametrize("action", ["GetSessionToken", "GetFederationToken"])
def test_sessions_without_a_role_manage_nobody(server: IamServer, mallory: Person, action: str) -> None:
    """Neither calls IAM ("Compare AWS STS credentials"), and of STS only what says who they are, or assumes a role."""
    mallory.let(allow("iam:*", "sts:*", "s3:*"))
    more = {} if action == "GetSessionToken" else {"Name": "guest", "Policy": document(allow("iam:*", "sts:*"))}
    keys = session_of(mallory.ask(action, service="sts", **more))
    iam, sts = server.query_client("iam", keys), server.query_client("sts", keys)
    assert code_of(iam.list_users) == "AccessDenied"
    assert code_of(iam.create_access_key, UserName=mallory.name) == "AccessDenied"
    assert code_of(sts.get_access_key_info, AccessKeyId=mallory.keys[0]) == "AccessDenied"
    assert code_of(sts.get_caller_identity) == ""


def test_the_roots_session_manages_nobody(server: IamServer) -> None:
    keys = session_of(server.query({"Action": "GetSessionToken"}, service="sts"))
    assert code_of(server.query_client("iam", keys).create_access_key) == "AccessDenied"


def test_session_policies_are_policies(mallory: Person, server: IamServer, bucket: str) -> None:
    """What names no policy is refused when it is asked for, and not only when it is to limit something."""
    mallory.let(allow("s3:*", "sts:*"))
    for arn in ("not the ARN of a policy", "arn:aws:iam::000000000000:user/somebody"):
        answer = mallory.ask("AssumeRole", service="sts", **{"PolicyArns.member.1.arn": arn})
        assert (answer.status, answer.code) == (400, "ValidationError")
    absent = {"PolicyArns.member.1.arn": "arn:aws:iam::000000000000:policy/of-nobody"}
    keys = session_of(mallory.ask("AssumeRole", service="sts", **absent))
    assert code_of(s3_of(server, keys).get_object, Bucket=bucket, Key="key") == "AccessDenied"


@pytest.mark.parametrize("url", ["https://localhost@169.254.169.254/latest", "https://127.0.0.1:x@idp.example.com"])
def test_an_issuer_is_no_disguised_host(server: IamServer, url: str) -> None:
    """Nor is one of this machine, which would be asked without TLS."""
    answer = server.query({"Action": "CreateOpenIDConnectProvider", "Url": url, "ClientIDList.member.1": "app"})
    assert (answer.status, answer.code) == (400, "ValidationError")
