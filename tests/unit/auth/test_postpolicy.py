"""auth/postpolicy.py: policies read, conditions held, signatures verified."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from tests.support.clock import HandClock
from tests.support.credentials import MemoryCredentials, credential
from tests.support.forms import encoded, expiring, signed, signed_v2

from trug.auth.postpolicy import Permit, PostPolicies, read_policy
from trug.auth.signing import SigningKeys
from trug.domain.errors import S3Error

KEYS = ("AKIA/TEST", "secret")
EXPIRES = "2026-11-21T10:00:00.000Z"
NOW = 1_700_000_000_000_000


def policy(*conditions: Any, expiration: str = EXPIRES) -> str:
    return encoded({"expiration": expiration, "conditions": list(conditions)})


def written(conditions: str) -> str:
    """A policy whose conditions are this text."""
    return f'{{"expiration": "{EXPIRES}", "conditions": {conditions}}}'


def outcome(fields: dict[str, str], *conditions: Any) -> str:
    """What is wrong with these fields, "" for nothing."""
    try:
        read_policy(policy(*conditions)).check(fields, NOW)
    except S3Error as error:
        assert error.code.name == "AccessDenied"
        return error.message.removeprefix("Invalid according to Policy: ")
    return ""


@pytest.mark.parametrize(
    ("condition", "value", "holds"),
    [
        ({"key": "a"}, "a", True),
        ({"KEY": "a"}, "a", True),
        ({"key": "a"}, "A", False),
        ({"key": "a"}, "ab", False),
        (["eq", "$key", "a"], "a", True),
        (["EQ", "$Key", "a"], "a", True),
        (["eq", "$key", "a"], "", False),
        (["eq", "$key", ""], "", True),
        (["starts-with", "$key", "user/"], "user/a", True),
        (["Starts-With", "$key", "user/"], "user/", True),
        (["starts-with", "$key", "user/"], "user", False),
        (["starts-with", "$key", "user/"], "/user/", False),
        (["starts-with", "$key", ""], "anything", True),
        (["starts-with", "$key", ""], "", True),
    ],
)
def test_conditions(condition: Any, value: str, holds: bool) -> None:
    assert (outcome({"key": value}, condition) == "") is holds


@pytest.mark.parametrize(
    ("value", "holds"),
    [
        ("image/png", True),
        ("image/png, image/gif", True),
        ("image/png,text/html", False),
        ("text/html", False),
        ("", False),
    ],
)
def test_each_of_several_content_types(value: str, holds: bool) -> None:
    assert (outcome({"content-type": value}, ["starts-with", "$Content-Type", "image/"]) == "") is holds
    if "," in value:
        assert outcome({"content-type": value}, ["eq", "$Content-Type", "image/png"])


def test_only_content_types_are_lists() -> None:
    assert outcome({"key": "a/1,b/2"}, ["starts-with", "$key", "a/"]) == ""


def test_what_failed_is_told_as_the_policy_spells_it() -> None:
    assert outcome({}, {"Key": 'a"b'}) == r'Policy Condition failed: ["eq", "$Key", "a\"b"]'
    assert outcome({}, ["starts-with", "$key", "u"]) == 'Policy Condition failed: ["starts-with", "$key", "u"]'
    assert outcome({}, ["starts-with", "$absent", ""]) == 'Policy Condition failed: ["starts-with", "$absent", ""]'


@pytest.mark.parametrize("name", ["policy", "x-amz-signature", "signature", "awsaccesskeyid", "x-ignore-this"])
def test_fields_that_nothing_must_cover(name: str) -> None:
    assert outcome({name: "1"}) == ""


@pytest.mark.parametrize(
    "name", ["acl", "key", "bucket", "tagging", "x-amz-meta-a", "x-amz-date", "x-ignored", "file2"]
)
def test_fields_that_must_be_covered(name: str) -> None:
    assert outcome({name: "1", "key ": "k"}) == f"Extra input fields: {name}, key "
    assert outcome({name: "1"}, {name: "1"}) == ""


def test_expiry() -> None:
    kept = read_policy(policy(expiration="2023-11-14T22:13:20Z"))
    kept.check({}, NOW)
    with pytest.raises(S3Error, match=r"Invalid according to Policy: Policy expired\."):
        kept.check({}, NOW + 1)


@pytest.mark.parametrize(
    ("ranges", "bounds"),
    [
        ([["content-length-range", 1, 10]], (1, 10)),
        ([["Content-Length-Range", "1", "10"]], (1, 10)),
        ([["content-length-range", 1, 10], ["content-length-range", 5, 20]], (5, 10)),
    ],
)
def test_sizes(ranges: list[Any], bounds: tuple[int, int]) -> None:
    read = read_policy(policy(*ranges))
    assert (read.smallest, read.largest) == bounds
    read.check({}, NOW)


def test_escapes_that_json_has_not() -> None:
    conditions = r'[["eq", "$key", "\$5\v\\$\u00e9"]]'
    read_policy(encoded(written(conditions))).check({"key": "$5\v\\$é"}, NOW)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "no base64!",
        "AAAA",
        encoded("[]"),
        encoded("null"),
        encoded("not json"),
        encoded("{}"),
        encoded({"expiration": EXPIRES}),
        encoded({"conditions": []}),
        encoded({"expiration": EXPIRES, "conditions": {}}),
        encoded({"expiration": EXPIRES, "conditions": [], "more": 1}),
        encoded({"expiration": 1, "conditions": []}),
        policy(expiration="tomorrow"),
        policy(expiration="2026-11-21T10:00:00"),
        policy(expiration="2026-13-21T10:00:00Z"),
        policy({}),
        policy({"a": "1", "b": "2"}),
        policy({"a": 1}),
        policy({"a": ["b"]}),
        policy([]),
        policy(["eq", "$a"]),
        policy(["eq", "$a", "b", "c"]),
        policy(["eq", "a", "b"]),
        policy(["eq", "$a", 1]),
        policy(["matches", "$a", "b"]),
        policy(["content-length-range", 1]),
        policy(["content-length-range", 1, 2, 3]),
        policy(["content-length-range", -1, 2]),
        policy(["content-length-range", "a", "b"]),
        policy(["content-length-range", 1, "9" * 100]),
        policy("eq"),
        policy(1.5),
        encoded("[" * 10_000),
        encoded(written("[" * 10_000 + "]" * 10_000)),
        encoded('{"a":' * 10_000),
    ],
)
def test_no_policies(text: str) -> None:
    with pytest.raises(S3Error) as caught:
        read_policy(text)
    assert caught.value.code.name == "InvalidPolicyDocument"
    assert caught.value.message.startswith("Invalid Policy: ")


# Signatures

POLICIES = PostPolicies(
    MemoryCredentials(credential(*KEYS, user="ana")),
    SigningKeys(),
    HandClock(int(time.time() * 1_000_000)),
    ("us-east-1", "eu-north-1"),
)


def verified(fields: dict[str, str], bucket: str = "b") -> Permit:
    lowered = {name.lower(): value for name, value in fields.items()}
    return asyncio.run(POLICIES.verify(lowered, bucket))


def refused(fields: dict[str, str], bucket: str = "b") -> str:
    with pytest.raises(S3Error) as caught:
        verified(fields, bucket)
    return caught.value.code.name


FIELDS = signed(KEYS, {"key": "k"}, bucket="b")
FIELDS_V2 = signed_v2(KEYS, {"key": "k"}, [{"bucket": "b"}, {"key": "k"}, ["content-length-range", 2, 3]])


def test_who_signed() -> None:
    assert verified(FIELDS).identity.arn == "arn:aws:iam::000000000000:user/ana"
    permit = verified(FIELDS_V2)
    assert (permit.identity.access_key, permit.smallest, permit.largest) == (KEYS[0], 2, 3)


def test_nobody_signed() -> None:
    assert verified({"key": "k"}).identity.is_anonymous


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"x-amz-signature": "0" * 64}, "SignatureDoesNotMatch"),
        ({"x-amz-signature": "é"}, "SignatureDoesNotMatch"),
        ({"x-amz-signature": FIELDS["x-amz-signature"].upper()}, "SignatureDoesNotMatch"),
        ({"x-amz-signature": ""}, "InvalidArgument"),
        ({"policy": policy({"key": "k"}, expiration=expiring())}, "SignatureDoesNotMatch"),
        ({"policy": FIELDS["policy"] + "="}, "SignatureDoesNotMatch"),
        ({"policy": ""}, "InvalidArgument"),
        ({"x-amz-algorithm": "AWS4-HMAC-SHA1"}, "AuthorizationQueryParametersError"),
        ({"x-amz-algorithm": "AWS4-ECDSA-P256-SHA256"}, "NotImplemented"),
        ({"x-amz-credential": "nonsense"}, "AuthorizationQueryParametersError"),
        ({"x-amz-credential": FIELDS["x-amz-credential"].replace("AKIA", "BKIA")}, "InvalidAccessKeyId"),
        (
            {"x-amz-credential": FIELDS["x-amz-credential"].replace("us-east", "us-west")},
            "AuthorizationQueryParametersError",
        ),
        (
            {"x-amz-credential": FIELDS["x-amz-credential"].replace("/s3/", "/iam/")},
            "AuthorizationQueryParametersError",
        ),
        ({"x-amz-date": "yesterday"}, "AccessDenied"),
        ({"x-amz-date": "20200101T000000Z"}, "SignatureDoesNotMatch"),
        ({"x-amz-security-token": "t"}, "InvalidToken"),
        ({"key": "other"}, "AccessDenied"),
        ({"acl": "private"}, "AccessDenied"),
        ({"bucket": "other"}, "AccessDenied"),
        ({"signature": "s"}, "InvalidArgument"),
    ],
)
def test_what_is_refused(change: dict[str, str], code: str) -> None:
    assert refused({**FIELDS, **change}) == code


@pytest.mark.parametrize("name", ["policy", "x-amz-algorithm", "x-amz-credential", "x-amz-date", "x-amz-signature"])
def test_what_is_absent(name: str) -> None:
    assert refused({field: value for field, value in FIELDS.items() if field != name}) == "InvalidArgument"


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"signature": "AAAA"}, "SignatureDoesNotMatch"),
        ({"signature": "é"}, "SignatureDoesNotMatch"),
        ({"signature": ""}, "InvalidArgument"),
        ({"AWSAccessKeyId": "other"}, "InvalidAccessKeyId"),
        ({"AWSAccessKeyId": "a\nb"}, "InvalidAccessKeyId"),
        ({"policy": ""}, "InvalidArgument"),
        ({"key": "other"}, "AccessDenied"),
    ],
)
def test_what_is_refused_of_version_2(change: dict[str, str], code: str) -> None:
    assert refused({**FIELDS_V2, **change}) == code


def test_the_bucket_is_a_field_of_every_form() -> None:
    assert refused(FIELDS, "other") == "AccessDenied"
    assert refused(signed(KEYS, {"key": "k"}, [{"key": "k"}])) == "AccessDenied"
    assert refused(signed(KEYS, {"key": "k"}, expires=expiring(-1))) == "AccessDenied"
    assert verified(signed(KEYS, {"key": "k"}, [{"key": "k"}, ["starts-with", "$bucket", ""]])).identity.user == "ana"
    assert verified(signed(KEYS, {"key": "k", "bucket": "b"}, bucket="b")).identity.user == "ana"
