"""PutPublicAccessBlock, GetPublicAccessBlock and DeletePublicAccessBlock of an account, as S3 Control's clients ask."""

from __future__ import annotations

import json
import re
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from tests.support.grants import policy, statement
from tests.support.listed import know_accounts
from tests.support.server import ACCOUNT, DOMAIN, LIMITED, OTHER_ACCOUNT, REGION, ROOT, STRANGER, Server

from trug.engine.trail import Trail

NAMES = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
ALL, NOTHING = dict.fromkeys(NAMES, True), dict.fromkeys(NAMES, False)
PATH = "/v20180820/configuration/publicAccessBlock"


def control(server: Server, keys: tuple[str, str] = ROOT) -> Any:
    """A client of S3 Control, but for the account it puts before the host: no name server here knows such names."""
    client = boto3.client(
        "s3control",
        endpoint_url=server.endpoint,
        region_name=REGION,
        aws_access_key_id=keys[0],
        aws_secret_access_key=keys[1],
        config=Config(retries={"total_max_attempts": 1}, inject_host_prefix=False),
    )
    client.meta.events.register("before-sign.s3-control", without_account)
    return client


def without_account(request: Any, **_: Any) -> None:
    request.url = re.sub(r"//[0-9]{12}\.", "//", request.url)


def refusal_of(call: Any, **arguments: Any) -> tuple[str, int]:
    with pytest.raises(ClientError) as caught:
        call(**arguments)
    response = caught.value.response
    return response["Error"]["Code"], response["ResponseMetadata"]["HTTPStatusCode"]


def test_a_block_is_kept_and_counts(server: Server, s3: Any, bucket: str) -> None:
    know_accounts(server)
    client, account = control(server), ACCOUNT.id
    open_to_all = policy(statement("Allow", "s3:GetObject", f"arn:aws:s3:::{bucket}/*", Principal="*"))
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    server.ask("PUT", f"/{bucket}?policy", {}, str(open_to_all).replace("'", '"').encode())
    missing = ("NoSuchPublicAccessBlockConfiguration", 404)
    assert refusal_of(client.get_public_access_block, AccountId=account) == missing
    for asked in (ALL, {"IgnorePublicAcls": True}):
        client.put_public_access_block(AccountId=account, PublicAccessBlockConfiguration=asked)
        kept = client.get_public_access_block(AccountId=account)["PublicAccessBlockConfiguration"]
        assert kept == NOTHING | asked
        assert server.send("GET", f"/{bucket}/key", {}).status == (403 if asked is ALL else 200)
    for _ in range(2):
        done = client.delete_public_access_block(AccountId=account)
        assert done["ResponseMetadata"]["HTTPStatusCode"] == 204
    assert refusal_of(client.get_public_access_block, AccountId=account) == missing


def test_whose_account_it_is_not_and_who_may_not(server: Server) -> None:
    know_accounts(server)
    denied = ("AccessDenied", 403)
    assert refusal_of(control(server, STRANGER).get_public_access_block, AccountId=ACCOUNT.id) == denied
    assert refusal_of(control(server).delete_public_access_block, AccountId=OTHER_ACCOUNT.id) == denied
    assert server.send("GET", PATH, {"x-amz-account-id": ACCOUNT.id}).status == 403


def test_what_a_user_may(server: Server) -> None:
    know_accounts(server)
    bob, block = control(server, LIMITED), {"PublicAccessBlockConfiguration": ALL, "AccountId": ACCOUNT.id}
    may_read = policy(statement("Allow", "s3:GetAccountPublicAccessBlock", "*"))
    may_write = policy(statement("Allow", "s3:PutAccountPublicAccessBlock", "*"))
    denied, missing = ("AccessDenied", 403), ("NoSuchPublicAccessBlockConfiguration", 404)
    assert refusal_of(bob.get_public_access_block, AccountId=ACCOUNT.id) == denied
    try:
        server.grants.let("bob", may_read)
        assert refusal_of(bob.get_public_access_block, AccountId=ACCOUNT.id) == missing
        assert refusal_of(bob.put_public_access_block, **block) == denied
        assert refusal_of(bob.delete_public_access_block, AccountId=ACCOUNT.id) == denied
        server.grants.let("bob", may_write)
        bob.put_public_access_block(**block)
        assert refusal_of(bob.get_public_access_block, AccountId=ACCOUNT.id) == denied
        bob.delete_public_access_block(AccountId=ACCOUNT.id)
    finally:
        server.grants.let("bob")


def test_the_audit_trail_tells_who_blocked(server: Server) -> None:
    know_accounts(server)
    client = control(server)
    client.put_public_access_block(AccountId=ACCOUNT.id, PublicAccessBlockConfiguration=ALL)
    client.delete_public_access_block(AccountId=ACCOUNT.id)

    async def told() -> list[dict[str, Any]]:
        trail = Trail(server.engine.guards._metadata)
        return [json.loads(record.document) async for record in trail.records()]

    *_, put, deleted = server.run(told())
    for record in (put, deleted):
        assert record["action"] == "s3:PutAccountPublicAccessBlock"
        assert record["actor"] == f"arn:aws:iam::{ACCOUNT.id}:root"
    ((was_put,), (was_deleted,)) = put["changes"], deleted["changes"]
    assert was_put["resource"] == was_deleted["resource"] == f"account-public-access-block/{ACCOUNT.id}"
    assert was_put["before"] is was_deleted["after"] is None
    assert was_put["after"] == was_deleted["before"]


HEADERS = {"x-amz-account-id": ACCOUNT.id}


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("PUT", PATH, b"", "MissingRequestBodyError"),
        ("PUT", PATH, b"<Other/>", "MalformedXML"),
        ("POST", PATH, b"", "NotImplemented"),
        ("GET", "/v20180820/jobs", b"", "NotImplemented"),
        ("GET", "/v20180820", b"", "NotImplemented"),
    ],
)
def test_refusals_are_in_s3_controls_form(server: Server, method: str, path: str, body: bytes, code: str) -> None:
    answer = server.ask(method, path, HEADERS, body)
    assert answer.texts("Code") == [code]
    assert answer.body.count(b"<ErrorResponse>") == answer.body.count(b"<RequestId>") == 1
    assert answer.body.index(b"</Error>") < answer.body.index(b"<RequestId>")


def test_a_bucket_may_be_called_as_the_paths_begin(server: Server) -> None:
    s3 = server.client()
    s3.create_bucket(Bucket="v20180820")
    s3.put_object(Bucket="v20180820", Key="configuration/publicAccessBlock", Body=b"an object")
    assert server.ask("GET", PATH).body == b"an object"
    assert server.ask("GET", PATH, HEADERS).texts("Code") == ["NoSuchPublicAccessBlockConfiguration"]


def test_the_account_may_stand_before_the_hosts_name(server: Server) -> None:
    """As SDKs put it, where the host is one that buckets stand before too."""
    hosted = HEADERS | {"host": f"{ACCOUNT.id}.{DOMAIN}"}
    assert server.ask("GET", PATH, hosted).texts("Code") == ["NoSuchPublicAccessBlockConfiguration"]
    assert server.ask("GET", PATH, {"host": f"{ACCOUNT.id}.{DOMAIN}"}).code == "NoSuchBucket"
    assert server.ask("GET", PATH, hosted | {"x-amz-account-id": OTHER_ACCOUNT.id}).code == "NoSuchBucket"
