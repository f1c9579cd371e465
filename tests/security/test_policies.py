"""L: policies, lists of access and public access, against the real process."""

from __future__ import annotations

import json
from itertools import permutations
from typing import Any

import pytest
from tests.support.stand import ALICE, ANA, EVE, Stand

ALL = "*"


def told(answer: Any) -> tuple[int, str]:
    return answer.status, answer.code


def arn(bucket: str, key: str | None = None) -> str:
    return f"arn:aws:s3:::{bucket}" if key is None else f"arn:aws:s3:::{bucket}/{key}"


def said(effect: str, action: str, resource: str, principal: Any = ALL, **more: Any) -> dict[str, Any]:
    return {"Effect": effect, "Principal": principal, "Action": action, "Resource": resource, **more}


def put_policy(stand: Stand, bucket: str, *statements: dict[str, Any], **how: Any) -> Any:
    document = json.dumps({"Version": "2012-10-17", "Statement": list(statements)}).encode()
    return stand.ask("PUT", f"/{bucket}?policy", body=document, **how)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'{"Version":"2012-10-17","Statement":NaN}',
        b'{"Statement":' + b"[" * 10_000 + b"]" * 10_000 + b"}",
        b'{"Version":"2012-10-17","Version":"2012-10-17","Statement":[]}',
        b'{"Version":"2012-10-17","Surprise":1,"Statement":[]}',
        b'{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"s3:Fly","Resource":"*"}]}',
        b"{" + b" " * 20_480 + b"}",
        b'{"a":"\xff\xfe"}',
    ],
    ids=["empty", "null", "list", "NaN", "deep", "twice", "unknown", "action", "large", "utf8"],
)
def test_l4_what_is_no_policy(stand: Stand, bucket: str, body: bytes) -> None:
    assert told(stand.ask("PUT", f"/{bucket}?policy", body=body)) == (400, "MalformedPolicy")
    assert told(stand.ask("GET", f"/{bucket}?policy")) == (404, "NoSuchBucketPolicy")


def test_l5_deny_wins_in_whatever_order(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "key")
    statements = (
        said("Allow", "s3:*", arn(bucket, "*")),
        said("Deny", "s3:GetObject", arn(bucket, "key")),
        said("Allow", "s3:GetObject", arn(bucket, "key")),
    )
    for order in permutations(statements):
        assert put_policy(stand, bucket, *order).status == 204
        assert told(stand.visit("GET", f"/{bucket}/key")) == (403, "AccessDenied")
        assert told(stand.ask("GET", f"/{bucket}/key")) == (403, "AccessDenied")


def test_l6_patterns_that_would_take_for_ever(stand: Stand, bucket: str) -> None:
    key = "a" * 1000
    stand.put(bucket, key)
    assert put_policy(stand, bucket, said("Allow", "s3:Get?bject*", arn(bucket, "a*" * 50 + "b"))).status == 204
    assert told(stand.visit("GET", f"/{bucket}/{key}")) == (403, "AccessDenied")


def test_l9_what_is_blocked(stand: Stand, bucket: str) -> None:
    names = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    block = "".join(f"<{name}>true</{name}>" for name in names)
    document = f"<PublicAccessBlockConfiguration>{block}</PublicAccessBlockConfiguration>"
    assert stand.ask("PUT", f"/{bucket}?publicAccessBlock", body=document.encode()).status == 200
    refused = put_policy(stand, bucket, said("Allow", "s3:GetObject", arn(bucket, "*")))
    assert told(refused) == (403, "AccessDenied")
    controls = "<OwnershipControls><Rule><ObjectOwnership>ObjectWriter</ObjectOwnership></Rule></OwnershipControls>"
    assert stand.ask("PUT", f"/{bucket}?ownershipControls", body=controls.encode()).status == 200
    listed = stand.ask("PUT", f"/{bucket}?acl", [("x-amz-acl", "public-read")])
    assert told(listed) == (403, "AccessDenied")


def test_l10_lists_where_none_count(stand: Stand, bucket: str) -> None:
    for target in (f"/{bucket}/key", f"/{bucket}?acl"):
        answer = stand.ask("PUT", target, [("x-amz-acl", "public-read")])
        assert told(answer) == (400, "AccessControlListNotSupported")


def test_l12_who_locks_himself_out(stand: Stand, bucket: str) -> None:
    assert put_policy(stand, bucket, said("Deny", "s3:*", arn(bucket))).status == 204
    assert told(stand.ask("GET", f"/{bucket}")) == (403, "AccessDenied")
    assert told(stand.ask("DELETE", f"/{bucket}?policy", by=ANA)) == (403, "AccessDenied")
    assert stand.ask("DELETE", f"/{bucket}?policy", by=ALICE).status == 204
    assert stand.ask("GET", f"/{bucket}").status == 200


def test_l13_buckets_of_others(stand: Stand, bucket: str) -> None:
    assert bucket not in stand.ask("GET", "/", by=EVE).body.decode()
    assert stand.ask("HEAD", f"/{bucket}", by=EVE).status == 403


def test_l14_what_is_not_there(stand: Stand, bucket: str) -> None:
    assert put_policy(stand, bucket, said("Allow", "s3:GetObject", arn(bucket, "*"))).status == 204
    assert told(stand.visit("GET", f"/{bucket}/absent")) == (403, "AccessDenied")
    assert told(stand.ask("GET", f"/{bucket}/absent")) == (404, "NoSuchKey")


@pytest.mark.parametrize(
    "name", ["SourceIp", "X-Forwarded-For", "X-Amz-Source-Ip", "aws-SourceIp", "s3-ExistingObjectTag"]
)
def test_trap_51_no_header_says_what_the_server_knows(stand: Stand, bucket: str, name: str) -> None:
    stand.put(bucket, "key")
    condition = {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}
    allowed = said("Allow", "s3:GetObject", arn(bucket, "*"), Condition=condition)
    tagged = said("Allow", "s3:GetObject", arn(bucket, "*"), Condition={"Null": {"s3:ExistingObjectTag/a": "false"}})
    assert put_policy(stand, bucket, allowed, tagged).status == 204
    for target in (f"/{bucket}/key", f"/{bucket}/key?{name}=192.0.2.1", f"/{bucket}/key?x-amz-tagging=a%3D1"):
        answer = stand.visit("GET", target, [(name, "192.0.2.1"), ("x-amz-tagging", "a=1")])
        assert told(answer) == (403, "AccessDenied")
