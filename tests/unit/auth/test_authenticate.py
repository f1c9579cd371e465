"""How a request says that it is signed, and what is answered when it says so wrongly (A1 to A14)."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable

import pytest
from tests.support.clock import HandClock
from tests.support.credentials import ACCOUNT, MemoryCredentials, credential
from tests.support.requests import wire_request
from tests.support.signers import botocore_header, botocore_url, sigv2_header, sigv2_url

from trug.auth.authenticate import Authentication, Authenticator
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.identity import ANONYMOUS, Identity
from trug.wire.payload import Mode
from trug.wire.request import WireRequest

KEY = credential("AKIATEST", "the/secret+key")
URL = "http://localhost:9000/bucket/key"
V4 = "AWS4-HMAC-SHA256 Credential=A/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00"


def authenticate(request: WireRequest, *, sigv2: bool = True) -> Authentication:
    clock = HandClock(time.time_ns() // 1000)
    door = Authenticator(MemoryCredentials(KEY), clock, ("us-east-1",), allows_sigv2_header=sigv2)
    return asyncio.run(door.authenticate(request))


def refused(request: WireRequest, *, sigv2: bool = True) -> S3Error:
    with pytest.raises(S3Error) as caught:
        authenticate(request, sigv2=sigv2)
    return caught.value


def test_a1_without_credentials_it_is_nobody() -> None:
    found = authenticate(wire_request("GET", URL))
    assert found.identity == ANONYMOUS
    assert found.payload.mode is Mode.UNSIGNED


@pytest.mark.parametrize(
    ("declared", "mode"),
    [
        ("UNSIGNED-PAYLOAD", Mode.UNSIGNED),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", Mode.UNSIGNED_TRAILER),
        ("AB" * 32, Mode.LITERAL),
    ],
)
def test_nobody_may_declare_a_payload(declared: str, mode: Mode) -> None:
    payload = authenticate(wire_request("PUT", URL, {"x-amz-content-sha256": declared})).payload
    assert payload.mode is mode
    assert payload.sha256 == ("ab" * 32 if mode is Mode.LITERAL else "")


def test_nobody_can_sign_chunks() -> None:
    headers = {"x-amz-content-sha256": "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"}
    assert refused(wire_request("PUT", URL, headers)).code is ErrorCode.InvalidRequest


def test_who_signed_is_told() -> None:
    users = MemoryCredentials(credential("AKIATEST", KEY.secret, user="alice"))
    door = Authenticator(users, HandClock(time.time_ns() // 1000), ("us-east-1",), allows_sigv2_header=True)
    by_header = asyncio.run(door.authenticate(botocore_header(KEY, "GET", URL)))
    by_url = asyncio.run(door.authenticate(wire_request("GET", sigv2_url(KEY, "GET", URL))))
    assert by_header.identity == by_url.identity == Identity(ACCOUNT, "alice", "AKIATEST")


@pytest.mark.parametrize("value", ["Bearer x", "Basic dTpw", "", "aws4-hmac-sha256 x", "Digest", "é"])
def test_a12_other_schemes(value: str) -> None:
    error = refused(wire_request("GET", URL, {"Authorization": value}))
    assert error.code is ErrorCode.InvalidArgument
    assert error.message == "Unsupported Authorization Type"
    assert error.fields["ArgumentName"] == "Authorization"


def test_a12_a_token_is_not_told_back() -> None:
    assert "hidden" not in str(refused(wire_request("GET", URL, {"Authorization": "Bearer hidden"})).fields)


@pytest.mark.parametrize(
    "url",
    [
        botocore_url(KEY, "GET", URL),
        sigv2_url(KEY, "GET", URL),
        f"{URL}?X-Amz-Algorithm=AWS4-HMAC-SHA256",
        f"{URL}?Signature=x",
    ],
    ids=["v4 url", "v2 url", "algorithm alone", "signature alone"],
)
@pytest.mark.parametrize("authorization", [V4, "AWS AKIATEST:x", "Bearer x"])
def test_a13_header_and_query(url: str, authorization: str) -> None:
    error = refused(wire_request("GET", url, {"Authorization": authorization}))
    assert error.code is ErrorCode.InvalidArgument
    assert error.message.startswith("Only one auth mechanism allowed")


def test_a13_both_kinds_of_query() -> None:
    error = refused(wire_request("GET", botocore_url(KEY, "GET", URL) + "&AWSAccessKeyId=a&Signature=b&Expires=1"))
    assert error.code is ErrorCode.InvalidArgument


def test_a14_two_authorization_headers() -> None:
    request = wire_request("GET", URL, [("Authorization", V4), ("authorization", V4)])
    assert refused(request).code is ErrorCode.InvalidArgument


def test_asymmetric_signatures_are_not_built() -> None:
    request = wire_request("GET", URL, {"Authorization": V4.replace("HMAC-SHA256", "ECDSA-P256-SHA256")})
    assert refused(request).code is ErrorCode.NotImplemented


def test_sigv2_in_the_header_must_be_switched_on() -> None:
    request = sigv2_header(KEY, "GET", URL)
    assert authenticate(request).identity.access_key == "AKIATEST"
    error = refused(request, sigv2=False)
    assert error.code is ErrorCode.InvalidRequest
    assert "AWS4-HMAC-SHA256" in error.message


def test_sigv2_in_the_query_is_always_on() -> None:
    assert authenticate(wire_request("GET", sigv2_url(KEY, "GET", URL)), sigv2=False).identity.account == ACCOUNT


@pytest.mark.parametrize(
    "with_token",
    [
        lambda: botocore_header(KEY, "GET", URL, {"x-amz-security-token": "t"}),
        lambda: wire_request("GET", botocore_url(KEY, "GET", f"{URL}?X-Amz-Security-Token=t")),
        lambda: wire_request("GET", sigv2_url(KEY, "GET", URL, {"x-amz-security-token": "t"})),
    ],
    ids=["header", "v4 url", "v2 url"],
)
def test_a_token_that_belongs_to_no_key(with_token: Callable[[], WireRequest]) -> None:
    assert refused(with_token()).code is ErrorCode.InvalidToken


GOOD = [
    botocore_header(KEY, "PUT", f"{URL}?versionId=a%20b", {"x-amz-meta-a": "b"}),
    sigv2_header(KEY, "PUT", f"{URL}?versionId=a%20b", {"x-amz-meta-a": "b"}),
    wire_request("GET", botocore_url(KEY, "GET", f"{URL}?versionId=a%20b")),
    wire_request("GET", sigv2_url(KEY, "GET", f"{URL}?versionId=a%20b")),
]


@pytest.mark.parametrize("good", GOOD, ids=["v4", "v2", "v4 url", "v2 url"])
def test_no_input_is_our_failure(good: WireRequest) -> None:
    chance = random.Random(8)
    letters = [chr(code) for code in range(256)] + list("%&=;,/+ :") * 20

    def damaged(text: str) -> str:
        start = chance.randint(0, len(text))
        end = start + chance.choice([0, 1, 1, 5, 50])
        return text[:start] + "".join(chance.choices(letters, k=chance.choice([0, 1, 1, 2, 9]))) + text[end:]

    def request() -> WireRequest:
        headers = [(name, value) for name, value in good.headers.items()]
        if chance.random() < 0.5 or not good.raw_query:
            at = chance.randrange(len(headers))
            headers[at] = (headers[at][0], damaged(headers[at][1]))
            return wire_request(good.method, f"{good.target.path}?{good.raw_query}", headers)
        return wire_request(good.method, damaged(f"{good.target.path}?{good.raw_query}"), headers)

    for _ in range(1000):
        error = outcome(request())
        assert error is None or error.code.status in (400, 403, 501)
        assert error is None or KEY.secret not in str(error.fields)


def outcome(request: WireRequest) -> S3Error | None:
    try:
        authenticate(request)
    except S3Error as error:
        return error
    return None
