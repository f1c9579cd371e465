"""Callers with ID tokens of an OpenID Connect provider: what they may, and URLs that are signed for them."""

from __future__ import annotations

from collections.abc import Iterator

import boto3
import httpx
import pytest
from tests.support import patient
from tests.support.issuer import Issuer, issuing
from tests.support.services import KEYS, Running, running

from trug.iam.sts.federation import POLICY_CLAIM

PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR" + b"\0" * 64
CLAIM = "realm_access/roles"


@pytest.fixture(scope="module")
def issuer() -> Iterator[Issuer]:
    with issuing() as issuer:
        yield issuer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory, issuer: Issuer) -> Iterator[Running]:
    with running(tmp_path_factory.mktemp("served")) as server:
        iam = boto3.client(
            "iam",
            endpoint_url=server.s3,
            region_name="us-east-1",
            aws_access_key_id=KEYS[0],
            aws_secret_access_key=KEYS[1],
        )
        iam.create_open_id_connect_provider(
            Url=issuer.address,
            ClientIDList=["trug"],
            ThumbprintList=["a" * 40],
            Tags=[{"Key": POLICY_CLAIM, "Value": CLAIM}],
        )
        iam.close()
        with server.http() as root:
            assert root.post("/buckets/create", json={"bucket_name": "files"}).status_code == 201
        yield server


def token(issuer: Issuer, *policies: str) -> str:
    return issuer.token(realm_access={"roles": list(policies)})


def test_presigned_urls_for_who_has_no_key(server: Running, issuer: Issuer) -> None:
    with server.http(token(issuer, "readwrite")) as client:
        answer = client.post("/upload", data={"bucket": "files"}, files={"file": ("a.png", PNG)})
        assert answer.status_code == 201, answer.text
        key = answer.json()["url"].rpartition("/")[2]
        asked = {"bucket": "files", "key": key, "expires": "86400"}
        url = client.get("/presign", params=asked).json()["presigned_url"]
    found = patient.get(url)
    assert (found.status_code, found.content, found.headers["content-type"]) == (200, PNG, "image/png")
    assert int(httpx.URL(url).params["X-Amz-Expires"]) <= 600, "not longer than the token"
    forged = patient.get(url.replace("X-Amz-Expires=", "X-Amz-Expires=1"))
    assert forged.status_code in (400, 403)


def test_tokens_may_what_their_policies_let(server: Running, issuer: Issuer) -> None:
    with server.http() as root:
        answer = root.post("/upload", data={"bucket": "files"}, files={"file": ("a.png", PNG)})
    there = {"bucket": "files", "key": answer.json()["url"].rpartition("/")[2]}
    with server.http(token(issuer, "readonly")) as client:
        assert client.get("/file", params=there).json()["filename"] == "a.png"
        assert client.delete("/buckets/delete", params={"name": "files"}).status_code == 403
        refused = client.post("/upload", data={"bucket": "files"}, files={"file": ("a.png", PNG)})
        assert refused.status_code == 403
    with server.http(token(issuer)) as nobody:
        assert nobody.get("/list", params={"bucket": "files"}).status_code == 403
        assert nobody.get("/presign", params={"bucket": "files", "key": "a"}).status_code == 403


@pytest.mark.parametrize("changes", [{"aud": "other"}, {"exp": 1}, {"iss": "http://127.0.0.1:1/elsewhere"}])
def test_tokens_that_are_worth_nothing(server: Running, issuer: Issuer, changes: dict[str, object]) -> None:
    with server.http(issuer.token(**changes)) as client:
        assert client.get("/buckets/list").status_code == 401
