"""access/publicity.py: which policies make a bucket public ("The meaning of 'public'")."""

from __future__ import annotations

import json
from typing import Any

import pytest

from trug.access.policy import PolicyKind, parse_policy
from trug.access.publicity import is_public

GET = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::b/*"}
POINT = "arn:aws:s3:us-east-1:111111111111:accesspoint/"


def public(*statements: dict[str, Any]) -> bool:
    text = json.dumps({"Version": "2012-10-17", "Statement": list(statements)})
    return is_public(parse_policy(text, PolicyKind.BUCKET, bucket="b"))


def on(operator: str, key: str, *values: str) -> dict[str, Any]:
    return GET | {"Action": "s3:*", "Condition": {operator: {key: list(values)}}}


@pytest.mark.parametrize(
    ("principal", "is_so"),
    [
        ("*", True),
        ({"AWS": "*"}, True),
        ({"AWS": ["*"]}, True),
        ({"AWS": ["111111111111", "*"]}, True),
        ({"AWS": "111111111111"}, False),
        ({"AWS": "arn:aws:iam::111111111111:user/bob"}, False),
        ({"Service": "logging.s3.amazonaws.com"}, False),
        ({"CanonicalUser": "0" * 64}, False),
    ],
)
def test_principals(principal: Any, is_so: bool) -> None:
    assert public(GET | {"Principal": principal}) is is_so
    assert not public(GET | {"Principal": principal, "Effect": "Deny"})


def test_all_others_are_the_public() -> None:
    but_one = {name: value for name, value in GET.items() if name != "Principal"} | {"NotPrincipal": {"AWS": "1"}}
    assert public(but_one)
    assert not public(but_one | {"Effect": "Deny"})


@pytest.mark.parametrize(
    ("statement", "is_so"),
    [
        (on("StringEquals", "aws:SourceVpc", "vpc-91237329"), False),
        (on("StringLike", "aws:SourceVpc", "vpc-91237329"), False),
        (on("StringLike", "aws:SourceVpc", "vpc-*"), True),
        (on("StringEquals", "aws:SourceVpc", "vpc-*"), True),
        (on("StringEquals", "aws:SourceVpc", "a", "b?"), True),
        (on("StringEquals", "aws:SourceVpce", "vpce-1", "vpce-2"), False),
        (on("StringEquals", "aws:SourceAccount", "111111111111"), False),
        (on("StringEquals", "aws:SourceOwner", "111111111111"), False),
        (on("StringEquals", "aws:PrincipalOrgID", "o-1"), False),
        (on("StringEquals", "aws:PrincipalAccount", "${aws:SourceAccount}"), True),
        (on("ArnEquals", "aws:SourceArn", "arn:aws:sns:us-east-1:1:t"), False),
        (on("ArnLike", "aws:SourceArn", "arn:aws:sns:us-east-1:1:*"), True),
        (on("ArnEquals", "aws:PrincipalArn", "arn:aws:iam::1:role/r"), False),
        (on("StringEquals", "aws:userid", "AIDABOB"), False),
        (on("StringLike", "aws:userid", "AROAR:*"), True),
        (on("StringEquals", "s3:DataAccessPointAccount", "111111111111"), False),
        (on("ArnLike", "s3:DataAccessPointArn", POINT + "*"), False),
        (on("ArnLike", "s3:DataAccessPointArn", "arn:aws:s3:*:*:accesspoint/p"), True),
        (on("StringLike", "s3:DataAccessPointArn", "*"), True),
        (on("StringEquals", "s3:x-amz-server-side-encryption-aws-kms-key-id", "k"), False),
        # other keys, and what does not keep anybody out
        (on("StringEquals", "aws:Referer", "https://example.com/"), True),
        (on("StringEquals", "aws:UserAgent", "x"), True),
        (on("StringEquals", "s3:prefix", "x"), True),
        (on("Bool", "aws:SecureTransport", "true"), True),
        (on("Null", "aws:SourceVpc", "false"), True),
        (on("StringNotEquals", "aws:SourceVpc", "vpc-1"), True),
        (on("StringEqualsIfExists", "aws:SourceVpc", "vpc-1"), True),
        (on("ForAllValues:StringEquals", "aws:SourceVpc", "vpc-1"), True),
        (on("ForAnyValue:StringEquals", "aws:SourceVpc", "vpc-1"), False),
        # addresses
        (on("IpAddress", "aws:SourceIp", "203.0.113.0/24"), False),
        (on("IpAddress", "aws:SourceIp", "203.0.113.7"), False),
        (on("IpAddress", "aws:SourceIp", "10.0.0.0/8"), False),
        (on("IpAddress", "aws:SourceIp", "10.0.0.0/7"), True),
        (on("IpAddress", "aws:SourceIp", "0.0.0.0/0"), True),
        (on("IpAddress", "aws:SourceIp", "0.0.0.0/1", "128.0.0.0/1"), True),
        (on("IpAddress", "aws:SourceIp", "203.0.113.0/24", "0.0.0.0/0"), True),
        (on("IpAddress", "aws:SourceIp", "2001:db8::/32"), False),
        (on("IpAddress", "aws:SourceIp", "2000::/3"), True),
        (on("IpAddress", "aws:SourceIp", "::ffff:0:0/96"), True),
        (on("IpAddress", "aws:SourceIp", "::ffff:203.0.113.0/120"), False),
        (on("IpAddress", "aws:VpcSourceIp", "10.0.0.0/8"), True),
        (on("IpAddressIfExists", "aws:SourceIp", "10.0.0.0/8"), True),
        (on("NotIpAddress", "aws:SourceIp", "203.0.113.0/24"), True),
        (on("StringEquals", "aws:SourceIp", "203.0.113.7"), True),
    ],
)
def test_conditions(statement: dict[str, Any], is_so: bool) -> None:
    assert public(statement) is is_so


def test_one_fixed_value_of_several_conditions_will_do() -> None:
    both = {"Condition": {"StringEquals": {"aws:SourceVpc": "vpc-1", "aws:Referer": "x"}}}
    assert not public(GET | both)


def test_one_public_statement_is_enough() -> None:
    assert public(on("StringEquals", "aws:SourceVpc", "vpc-1"), GET)
    assert not public(on("StringEquals", "aws:SourceVpc", "vpc-1"), GET | {"Effect": "Deny"})


def test_policies_of_identities_are_not_public() -> None:
    text = json.dumps({"Statement": {"Effect": "Allow", "Action": "*", "Resource": "*"}})
    assert not is_public(parse_policy(text, PolicyKind.IDENTITY))
