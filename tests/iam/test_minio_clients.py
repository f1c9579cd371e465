"""minio-py's own ways to temporary credentials."""

from __future__ import annotations

import pytest
from minio import Minio
from minio.credentials import AssumeRoleProvider, WebIdentityProvider
from minio.error import S3Error
from tests.iam.test_security_tokens import allow, document
from tests.iam.test_web_identity import Scene, scene
from tests.support.server import REGION

from trug.iam.sts.federation import POLICY_CLAIM

__all__ = ["scene"]


def of(scene: Scene, provider: AssumeRoleProvider | WebIdentityProvider) -> Minio:
    return Minio(
        endpoint=scene.server.endpoint.removeprefix("http://"), credentials=provider, region=REGION, secure=False
    )


@pytest.mark.parametrize("region", [REGION, None])
def test_assume_role(scene: Scene, region: str | None) -> None:
    """They sign for no region where none is given."""
    name = f"mia-{region}"
    keys = scene.server.user_keys(name)
    rights = document(allow("s3:*"))
    scene.iam.put_user_policy(UserName=name, PolicyName="all", PolicyDocument=rights)
    provider = AssumeRoleProvider(
        sts_endpoint=scene.server.endpoint,
        access_key=keys[0],
        secret_key=keys[1],
        policy=document(allow("s3:GetObject", "arn:aws:s3:::data/ana/*")),
        region=region,
    )
    client = of(scene, provider)
    with client.get_object(bucket_name="data", object_name="ana/a") as answer:
        assert answer.read() == b"content"
    with pytest.raises(S3Error, match="AccessDenied"):
        client.get_object(bucket_name="data", object_name="bob/a")


@pytest.mark.parametrize("with_role", [True, False])
def test_web_identity(scene: Scene, with_role: bool) -> None:
    scene.iam.tag_open_id_connect_provider(
        OpenIDConnectProviderArn=scene.provider, Tags=[{"Key": POLICY_CLAIM, "Value": "policy"}]
    )
    token = {"access_token": scene.issuer.token(policy="readonly"), "expires_in": 3600}
    provider = WebIdentityProvider(
        jwt_provider_func=lambda: token,
        sts_endpoint=scene.server.endpoint,
        duration_seconds=3600,
        role_arn=scene.role_arn if with_role else None,
        role_session_name="mia" if with_role else None,
    )
    client = of(scene, provider)
    with client.get_object(bucket_name="data", object_name="ana/a") as answer:
        assert answer.read() == b"content"
    client.presigned_get_object(bucket_name="data", object_name="ana/a")
