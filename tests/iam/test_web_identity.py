"""Roles assumed with tokens of an OpenID Connect issuer on loopback, and what such tokens say without a role."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore import UNSIGNED
from botocore.client import ClientError
from botocore.config import Config
from tests.iam.test_security_tokens import ACCOUNT, Document, allow, code_of, document, keys_of, made_client, s3_of
from tests.support.forms import CONTENT_TYPE, form
from tests.support.iam import ROOT, IamServer, serving_iam
from tests.support.issuer import Issuer, Key, assembled, by_secret, issuing
from tests.support.server import REGION

from trug.iam.oidc import TokenRefused
from trug.iam.sts.federation import POLICY_CLAIM

ACTION = "sts:AssumeRoleWithWebIdentity"


class Scene:
    """A provider for the issuer, a role that trusts it, a bucket with objects."""

    def __init__(self, server: IamServer, issuer: Issuer) -> None:
        self.server, self.issuer = server, issuer
        self.iam = made_client(server.endpoint, "iam", ROOT)
        self.provider = self.iam.create_open_id_connect_provider(
            Url=issuer.address, ClientIDList=["trug"], ThumbprintList=["a" * 40]
        )["OpenIDConnectProviderArn"]
        self.role_arn = f"arn:aws:iam::{ACCOUNT}:role/web"
        self.iam.create_role(
            RoleName="web",
            AssumeRolePolicyDocument=self.trusting({"StringEquals": {f"{issuer.url}:aud": "trug"}}),
        )
        self.iam.put_role_policy(RoleName="web", PolicyName="all", PolicyDocument=document(allow("s3:*")))
        self.root = s3_of(server, ROOT)
        self.root.create_bucket(Bucket="data")
        for key in ("ana/a", "bob/a"):
            self.root.put_object(Bucket="data", Key=key, Body=b"content")
        self.sts = boto3.client(
            "sts",
            endpoint_url=server.endpoint,
            region_name=REGION,
            config=Config(signature_version=UNSIGNED, retries={"total_max_attempts": 1}),
        )

    def trusting(self, condition: Document, action: str | list[str] = ACTION) -> str:
        principal = {"Federated": self.provider}
        return document({"Effect": "Allow", "Principal": principal, "Action": action, "Condition": condition})

    def trust(self, condition: Document, action: str | list[str] = ACTION) -> None:
        self.iam.update_assume_role_policy(RoleName="web", PolicyDocument=self.trusting(condition, action))

    def assume(self, token: str | None = None, **more: Any) -> Document:
        asked = {"RoleArn": self.role_arn, "RoleSessionName": "app", "WebIdentityToken": token, **more}
        if token is None:
            asked["WebIdentityToken"] = self.issuer.token()
        found: Document = self.sts.assume_role_with_web_identity(**asked)
        return found

    def get(self, answer: Document, key: str = "ana/a") -> str:
        return code_of(lambda: s3_of(self.server, keys_of(answer)).get_object(Bucket="data", Key=key))


@pytest.fixture
def scene() -> Iterator[Scene]:
    with serving_iam() as server, issuing() as issuer:
        yield Scene(server, issuer)


def test_a_role_is_assumed(scene: Scene) -> None:
    answer = scene.assume()
    assert answer["SubjectFromWebIdentityToken"] == "ana"
    assert answer["Audience"] == "trug"
    assert answer["Provider"] == scene.issuer.address
    assert answer["AssumedRoleUser"]["Arn"] == f"arn:aws:sts::{ACCOUNT}:assumed-role/web/app"
    assert scene.get(answer) == ""
    assert len(answer["Credentials"]["SessionToken"]) < 600


@pytest.mark.parametrize(
    ("condition", "lets"),
    [
        ({"StringEquals": {"{issuer}:sub": "ana"}}, True),
        ({"StringEquals": {"{issuer}:sub": "bob"}}, False),
        ({"StringEquals": {"{issuer}:aud": "other"}}, False),
        ({"StringEquals": {"other.example:aud": "trug"}}, False),
        ({"ForAnyValue:StringEquals": {"jwt:groups": ["admins"]}}, True),
        ({"ForAnyValue:StringEquals": {"jwt:groups": ["others"]}}, False),
        ({"StringLike": {"{issuer}:kubernetes.io/serviceaccount/name": "build*"}}, True),
        ({"StringEquals": {"sts:RoleSessionName": "app"}}, True),
        ({"ArnEquals": {"aws:FederatedProvider": "{provider}"}}, True),
        ({"IpAddress": {"aws:SourceIp": "10.0.0.0/8"}}, False),
    ],
)
def test_trust_by_claims(scene: Scene, condition: Document, lets: bool) -> None:
    text = json.dumps(condition).replace("{issuer}", scene.issuer.url).replace("{provider}", scene.provider)
    scene.trust(json.loads(text))
    token = scene.issuer.token(groups=["users", "admins"], **{"kubernetes.io": {"serviceaccount": {"name": "builder"}}})
    assert code_of(lambda: scene.assume(token)) == ("" if lets else "AccessDenied")


def test_claims_in_policies_of_the_role(scene: Scene) -> None:
    scene.iam.put_role_policy(
        RoleName="web",
        PolicyName="all",
        PolicyDocument=document(allow("s3:GetObject", "arn:aws:s3:::data/${jwt:sub}/*")),
    )
    answer = scene.assume()
    assert (scene.get(answer), scene.get(answer, "bob/a")) == ("", "AccessDenied")


def test_session_policies(scene: Scene) -> None:
    answer = scene.assume(Policy=document(allow("s3:GetObject", "arn:aws:s3:::data/bob/*")))
    assert (scene.get(answer), scene.get(answer, "bob/a")) == ("AccessDenied", "")


def test_tags_and_source_identity_of_the_token(scene: Scene) -> None:
    claims = {
        "https://aws.amazon.com/tags": {
            "principal_tags": {"folder": ["ana"]},
            "transitive_tag_keys": ["folder"],
        },
        "https://aws.amazon.com/source_identity": "ana@example.com",
    }
    token = scene.issuer.token(**claims)
    assert code_of(lambda: scene.assume(token)) == "AccessDenied"
    scene.trust({}, [ACTION, "sts:TagSession", "sts:SetSourceIdentity"])
    scene.iam.put_role_policy(
        RoleName="web",
        PolicyName="all",
        PolicyDocument=document(allow("s3:GetObject", "arn:aws:s3:::data/${aws:PrincipalTag/folder}/*")),
    )
    answer = scene.assume(token)
    assert answer["SourceIdentity"] == "ana@example.com"
    assert (scene.get(answer), scene.get(answer, "bob/a")) == ("", "AccessDenied")


def test_tokens_that_are_refused(scene: Scene) -> None:
    issuer = scene.issuer
    pem = by_secret(issuer.keys[0].pem)
    cases = {
        "InvalidIdentityToken": [
            issuer.token(aud="other"),
            issuer.token(exp=None),
            issuer.token(nbf=int(time.time()) + 300),
            issuer.token(iss="https://evil.example"),
            issuer.token(Key("one")),
            issuer.token(Key("unknown")),
            assembled({"alg": "none"}, issuer.claims(), lambda _: b""),
            assembled({"alg": "HS256", "kid": "one"}, issuer.claims(), pem),
            "not.a.token",
            "abcd",
        ],
        "ExpiredTokenException": [issuer.token(exp=int(time.time()) - 1)],
    }
    for code, tokens in cases.items():
        for token in tokens:
            assert code_of(lambda token=token: scene.assume(token)) == code


def test_other_roles_and_providers(scene: Scene) -> None:
    assert code_of(lambda: scene.assume(RoleArn=scene.role_arn + "x")) == "AccessDenied"
    other = "arn:aws:iam::999999999999:role/web"
    assert code_of(lambda: scene.assume(RoleArn=other)) == "InvalidIdentityToken", "it has no such provider"
    scene.iam.create_role(
        RoleName="plain",
        AssumeRolePolicyDocument=document({"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": ["sts:AssumeRole"]}),
    )
    plain = scene.role_arn.replace("web", "plain")
    assert code_of(lambda: scene.assume(RoleArn=plain)) == "AccessDenied"
    assert code_of(lambda: scene.assume(DurationSeconds=3601)) == "ValidationError"


def test_claims_that_no_session_can_carry(scene: Scene) -> None:
    """Nobody is handed a token that the next request is refused for."""
    noise = [hashlib.sha512(bytes([number])).hexdigest() for number in range(90)]
    assert code_of(lambda: scene.assume(scene.issuer.token(groups=noise))) == "PackedPolicyTooLarge"
    assert scene.get(scene.assume(scene.issuer.token(groups=noise[:40]))) == ""


def test_an_issuer_that_cannot_be_reached(scene: Scene) -> None:
    scene.issuer.answers["/keys"] = 500, {}, b""
    assert code_of(scene.assume) == "IDPCommunicationError"


def test_the_provider_is_taken_away(scene: Scene) -> None:
    answer = scene.assume()
    scene.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=scene.provider)
    assert code_of(scene.assume) == "InvalidIdentityToken"
    assert scene.get(answer) == "", "sessions of a role end with the role"


# --- without a role ---


def claimed(scene: Scene, token: str, **more: str) -> Any:
    asked = {"Action": "AssumeRoleWithWebIdentity", "WebIdentityToken": token, **more}
    return scene.server.query(asked, service="sts", keys=None)


def test_policies_by_claim(scene: Scene) -> None:
    """As MinIO's clients ask: no role, and a claim that names policies; only where the provider's tag says so."""
    token = scene.issuer.token(policy="reader, writer")
    assert claimed(scene, token).code == "AccessDenied"
    scene.iam.tag_open_id_connect_provider(
        OpenIDConnectProviderArn=scene.provider, Tags=[{"Key": POLICY_CLAIM, "Value": "policy"}]
    )
    for name, action in (("reader", "s3:GetObject"), ("writer", "s3:PutObject")):
        text = document(allow(action, "arn:aws:s3:::data/${jwt:sub}/*"))
        scene.iam.create_policy(PolicyName=name, PolicyDocument=text)
    answer = claimed(scene, token)
    assert answer.status == 200, answer.body
    keys = tuple(answer.texts(name)[0] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    s3 = s3_of(scene.server, keys)
    s3.put_object(Bucket="data", Key="ana/b")
    assert s3.get_object(Bucket="data", Key="ana/a")["Body"].read() == b"content"
    assert code_of(lambda: s3.get_object(Bucket="data", Key="bob/a")) == "AccessDenied"
    assert code_of(lambda: s3.delete_object(Bucket="data", Key="ana/a")) == "AccessDenied"
    who = made_client(scene.server.endpoint, "sts", keys).get_caller_identity()["Arn"]
    assert who.startswith(f"arn:aws:sts::{ACCOUNT}:federated-user/ana-")

    less = claimed(scene, token, Policy=document(allow("s3:PutObject")))
    keys = tuple(less.texts(name)[0] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken"))
    assert code_of(lambda: s3_of(scene.server, keys).get_object(Bucket="data", Key="ana/a")) == "AccessDenied"

    assert claimed(scene, scene.issuer.token()).code == "AccessDenied"
    assert claimed(scene, scene.issuer.token(policy=[f"p{number}" for number in range(11)])).code == "IDPRejectedClaim"
    scene.iam.delete_open_id_connect_provider(OpenIDConnectProviderArn=scene.provider)
    assert code_of(lambda: s3.get_object(Bucket="data", Key="ana/a")) == "InvalidAccessKeyId"


def test_bearers(scene: Scene) -> None:
    async def who(token: str) -> Any:
        account = await scene.server.people.find_account(ACCOUNT)
        assert account is not None
        return await scene.server.tokens.federation.verify_bearer(account, token)

    scene.iam.tag_open_id_connect_provider(
        OpenIDConnectProviderArn=scene.provider, Tags=[{"Key": POLICY_CLAIM, "Value": "realm_access/roles"}]
    )
    identity = scene.server.run(who(scene.issuer.token(realm_access={"roles": ["readonly"]}, sub="Änne/1")))
    assert identity.account.id == ACCOUNT
    assert identity.session.grants == ("readonly",)
    assert identity.session.name.startswith("-nne-1-")
    assert not identity.is_root
    assert identity.session.expires == scene.issuer.claims()["exp"] * 1_000_000 or identity.session.expires
    with pytest.raises(TokenRefused):
        scene.server.run(who(scene.issuer.token(aud="other")))


# --- clients that know nothing of this ---

CLIENT = """
import boto3
s3 = boto3.client("s3")
print(s3.get_object(Bucket="data", Key="ana/a")["Body"].read().decode())
print(boto3.client("sts").get_caller_identity()["Arn"])
"""


def test_the_default_chain_of_an_sdk(scene: Scene, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(scene.issuer.token())
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "AWS_ROLE_ARN": scene.role_arn,
        "AWS_WEB_IDENTITY_TOKEN_FILE": str(file),
        "AWS_ROLE_SESSION_NAME": "pod",
        "AWS_ENDPOINT_URL_STS": scene.server.endpoint,
        "AWS_ENDPOINT_URL_S3": scene.server.endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
    }
    done = subprocess.run([sys.executable, "-c", CLIENT], env=environment, capture_output=True, text=True, timeout=60)
    assert done.stdout.splitlines() == ["content", f"arn:aws:sts::{ACCOUNT}:assumed-role/web/pod"], done.stderr


def test_secrets_are_in_no_log(scene: Scene, caplog: pytest.LogCaptureFixture, capfd: Any) -> None:
    caplog.set_level("DEBUG", "trug")
    token = scene.issuer.token()
    keys = keys_of(scene.assume(token))
    s3 = s3_of(scene.server, keys)
    s3.get_object(Bucket="data", Key="ana/a")
    refused: list[str] = []
    for version in ("s3v4", "s3"):
        signer = s3_of(scene.server, keys, signature_version=version)
        url = signer.generate_presigned_url("get_object", {"Bucket": "data", "Key": "absent"})
        path = url.removeprefix(scene.server.endpoint)
        fields = signer.generate_presigned_post("data", "k")["fields"]
        spoilt = form({**fields, "x-amz-signature" if version == "s3v4" else "signature": "0" * 64})
        answers = [
            scene.server.send("GET", path, {}),
            scene.server.send("GET", f"{path}&acl", {}),
            scene.server.send("POST", "/data", {"Content-Type": CONTENT_TYPE}, spoilt),
        ]
        assert [answer.code for answer in answers] == ["NoSuchKey", *["SignatureDoesNotMatch"] * 2]
        refused += [answer.body.decode() for answer in answers]
    bad = (*keys[:2], keys[2] + "AA")
    for wrong in (bad, (keys[0], "wrong", keys[2])):
        with pytest.raises(ClientError) as caught:
            s3_of(scene.server, wrong).get_object(Bucket="data", Key="ana/a")
        refused.append(str(caught.value.response))
    for query in (f"/?Action=AssumeRoleWithWebIdentity&Version=2011-06-15&WebIdentityToken={token}",):
        scene.server.send("GET", query, {})
    out, err = capfd.readouterr()
    told = out + err + caplog.text + "".join(refused)
    for secret in (keys[1], keys[2], token, token.rpartition(".")[2]):
        assert secret not in told
