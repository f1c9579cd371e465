"""Presigned URLs: those of botocore and minio-py are accepted, anything else is not (C)."""

from __future__ import annotations

import asyncio
import random
import re
import string
import time
from collections.abc import Mapping
from urllib.parse import quote

import pytest
from botocore.utils import percent_encode_sequence
from tests.support.clock import HandClock
from tests.support.credentials import MemoryCredentials, credential
from tests.support.requests import wire_request
from tests.support.signers import botocore_url, minio_url

from trug.auth.authenticate import Authentication, Authenticator
from trug.domain.errors import ErrorCode, S3Error
from trug.wire.payload import Mode
from trug.wire.request import WireRequest

KEY = credential("AKIATEST", "the/secret+key")
DOCUMENTED = credential("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
HOST = "http://localhost:9000"
URL = f"{HOST}/bucket/key"
SECOND = 1_000_000
MINUTE = 60 * SECOND
ODD = string.ascii_letters + string.digits + "-._~ !*'()&$@=;:+,?#[]%\\^`{}|<>\"/éß€漢字\U0001f600"


def now() -> int:
    return time.time_ns() // 1000


def door(at: int | None = None, *hosts: str) -> Authenticator:
    clock = HandClock(now() if at is None else at)
    keys = MemoryCredentials(KEY, DOCUMENTED)
    return Authenticator(keys, clock, ("us-east-1",), allows_sigv2_header=False, public_hosts=hosts)


def get(url: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> WireRequest:
    return wire_request(method, url, headers or {})


def authenticate(request: WireRequest, at: int | None = None, *hosts: str) -> Authentication:
    return asyncio.run(door(at, *hosts).authenticate(request))


def refused(request: WireRequest, at: int | None = None, *hosts: str) -> S3Error:
    with pytest.raises(S3Error) as caught:
        authenticate(request, at, *hosts)
    return caught.value


def replaced(name: str, value: str) -> str:
    """A good URL with one parameter set to something else."""
    changed, count = re.subn(rf"([?&]{name}=)[^&]*", lambda match: match[1] + value, botocore_url(KEY, "GET", URL))
    assert count == 1
    return changed


def without(name: str) -> str:
    before, _, query = botocore_url(KEY, "GET", URL).partition("?")
    return f"{before}?{'&'.join(part for part in query.split('&') if not part.startswith(f'{name}='))}"


def odd(chance: random.Random, most: int) -> str:
    return "".join(chance.choices(ODD, k=chance.randint(1, most)))


@pytest.mark.parametrize("signer", ["botocore", "minio"])
def test_hundreds_of_odd_urls(signer: str) -> None:
    chance, at = random.Random(4), now()
    verifier = door(at)

    async def run() -> None:
        for _ in range(700):
            pairs = {odd(chance, 8): odd(chance, 20) for _ in range(chance.randint(0, 4))}
            url = f"{HOST}/bucket/{quote(odd(chance, 40), safe='/~')}"
            url += f"?{percent_encode_sequence(pairs)}" if pairs else ""
            signed = botocore_url(KEY, "GET", url) if signer == "botocore" else minio_url(KEY, "GET", url, at)
            assert (await verifier.authenticate(get(signed))).payload.mode is Mode.UNSIGNED

    asyncio.run(run())


def test_hundreds_of_changes_of_one_byte() -> None:
    chance = random.Random(5)
    verifier = door()
    good = botocore_url(KEY, "GET", f"{URL}?response-content-type=text%2Fplain&versionId=abc")
    start = len(HOST) + 1

    def changed() -> str:
        while True:
            at = chance.randrange(start, len(good))
            other = good[:at] + chance.choice(string.ascii_letters + string.digits) + good[at + 1 :]
            if other.lower() != good.lower() and "?" in other:  # without a query it is a request of nobody
                return other

    async def run() -> None:
        await verifier.authenticate(get(good))
        for _ in range(1000):
            with pytest.raises(S3Error) as caught:
                await verifier.authenticate(get(changed()))
            assert caught.value.code.status in (400, 403)

    asyncio.run(run())


def test_the_example_of_the_documentation() -> None:
    url = (
        "https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256"
        "&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z"
        "&X-Amz-Expires=86400&X-Amz-SignedHeaders=host"
        "&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404"
    )
    request = wire_request("GET", url, bucket_in_host="examplebucket")
    at = 1_369_353_600 * SECOND
    assert authenticate(request, at + 86_400 * SECOND).identity.access_key == "AKIAIOSFODNN7EXAMPLE"
    error = refused(request, at + 86_401 * SECOND)
    assert error.fields == {
        "X-Amz-Expires": "86400",
        "Expires": "2013-05-25T00:00:00Z",
        "ServerTime": "2013-05-25T00:00:01Z",
    }


def test_c1_expired() -> None:
    at = now() // SECOND * SECOND
    url = minio_url(KEY, "GET", URL, at, expires=10)
    assert authenticate(get(url), at + 10 * SECOND)
    error = refused(get(url), at + 11 * SECOND)
    assert error.code is ErrorCode.AccessDenied
    assert error.message == "Request has expired"
    assert list(error.fields) == ["X-Amz-Expires", "Expires", "ServerTime"]


@pytest.mark.parametrize(
    "value",
    ["0", "-1", "604801", "1e3", "", "99999999999999999999", "9" * 5000, "000", "+1", "%C2%B2", "-", "1.5", "%20"],
)
def test_c2_lifetimes(value: str) -> None:
    error = refused(get(replaced("X-Amz-Expires", value)))
    assert error.code is ErrorCode.AuthorizationQueryParametersError
    assert error.message.startswith("X-Amz-Expires ")


def test_c2_a_week() -> None:
    at = now() // SECOND * SECOND
    url = minio_url(KEY, "GET", URL, at, expires=604_800)
    assert authenticate(get(url), at + 604_800 * SECOND)


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "POST"])
def test_c4_used_for_another_method(method: str) -> None:
    assert refused(get(botocore_url(KEY, "GET", URL), method=method)).code is ErrorCode.SignatureDoesNotMatch


@pytest.mark.parametrize(
    "extra",
    [
        "versionId=1",
        "response-content-type=a",
        "acl",
        "uploads",
        "x",
        "X-Amz-Expires=9",
        "X-Amz-Signature=00",
        "x-id=a",
    ],
)
def test_c5_parameters_added(extra: str) -> None:
    url = botocore_url(KEY, "GET", URL)
    before, _, query = url.partition("?")
    assert refused(get(f"{url}&{extra}")).code is ErrorCode.SignatureDoesNotMatch
    if not extra.startswith("X-Amz"):
        assert refused(get(f"{before}?{extra}&{query}")).code is ErrorCode.SignatureDoesNotMatch


@pytest.mark.parametrize("name", ["x-amz-acl", "x-amz-meta-a", "x-amz-copy-source", "content-md5"])
def test_c6_headers_added(name: str) -> None:
    error = refused(get(botocore_url(KEY, "PUT", URL), {name: "x"}, "PUT"))
    assert error.code is ErrorCode.AccessDenied
    assert error.fields == {"HeadersNotSigned": name}


def test_c6_headers_that_were_signed() -> None:
    headers = {"x-amz-meta-a": "b", "x-amz-acl": "private"}
    url = botocore_url(KEY, "PUT", URL, headers)
    assert authenticate(get(url, headers, "PUT"))
    assert refused(get(url, {**headers, "x-amz-acl": "public-read"}, "PUT")).code is ErrorCode.SignatureDoesNotMatch
    assert refused(get(url, {}, "PUT")).code is ErrorCode.SignatureDoesNotMatch


def test_c8_the_host_is_signed() -> None:
    url = botocore_url(KEY, "GET", URL)
    assert refused(get(url, {"Host": "evil:9000"})).code is ErrorCode.SignatureDoesNotMatch
    assert refused(get(url, {"Host": "evil:9000"}), None, "other:9000").code is ErrorCode.SignatureDoesNotMatch


def test_c8_public_hosts() -> None:
    url = botocore_url(KEY, "GET", "https://s3.example.com/bucket/key")
    hosts = ("first.example.com", "s3.example.com")
    assert authenticate(get(url, {"Host": "10.0.0.1:9000"}), None, *hosts)
    assert authenticate(get(url), None, "first.example.com")
    assert authenticate(get(botocore_url(KEY, "GET", URL)), None, *hosts)
    error = refused(get(url, {"Host": "10.0.0.1:9000"}), None, "first.example.com")
    assert "host:10.0.0.1:9000\n" in error.fields["CanonicalRequest"]


def test_c8_public_hosts_under_a_bucket() -> None:
    url = botocore_url(KEY, "GET", "https://bucket.s3.example.com/key")
    request = wire_request("GET", url, {"Host": "bucket.internal:9000"}, bucket_in_host="bucket")
    assert authenticate(request, None, "s3.example.com")


def test_c9_not_yet_valid() -> None:
    at = now()
    error = refused(get(minio_url(KEY, "GET", URL, at + 16 * MINUTE)), at)
    assert error.code is ErrorCode.AccessDenied
    assert error.message == "Request is not yet valid"
    assert authenticate(get(minio_url(KEY, "GET", URL, at + 14 * MINUTE)), at)


def test_c10_another_content_type() -> None:
    url = botocore_url(KEY, "PUT", URL, {"Content-Type": "text/plain"})
    assert authenticate(get(url, {"Content-Type": "text/plain"}, "PUT"))
    assert refused(get(url, {"Content-Type": "text/html"}, "PUT")).code is ErrorCode.SignatureDoesNotMatch
    assert refused(get(url, {}, "PUT")).code is ErrorCode.SignatureDoesNotMatch


PARAMETERS = ["Algorithm", "Credential", "Signature", "Date", "SignedHeaders", "Expires"]


@pytest.mark.parametrize("name", PARAMETERS)
@pytest.mark.parametrize("warm", [False, True])
def test_a_parameter_is_missing(name: str, warm: bool) -> None:
    verifier = door()
    if warm:
        asyncio.run(verifier.authenticate(get(botocore_url(KEY, "GET", URL))))
    with pytest.raises(S3Error) as caught:
        asyncio.run(verifier.authenticate(get(without(f"X-Amz-{name}"))))
    assert caught.value.code is ErrorCode.AuthorizationQueryParametersError


@pytest.mark.parametrize("value", ["", "x", "%00", "%E2%82%AC", "%FF", "A%2F%2F%2F%2F", "%0D%0A"])
@pytest.mark.parametrize("name", PARAMETERS)
def test_a_parameter_is_odd(name: str, value: str) -> None:
    assert refused(get(replaced(f"X-Amz-{name}", value))).code.status in (400, 403)


def test_a_key_of_surrogates_is_unknown() -> None:
    request = get(replaced("X-Amz-Credential", "A%2F20260101%2Fus-east-1%2Fs3%2Faws4_request"))
    request.parameters["X-Amz-Credential"] = "\udc80\x00/20260101/us-east-1/s3/aws4_request"
    assert refused(request).code is ErrorCode.InvalidAccessKeyId


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("us-east-1", "mars-1", "the region 'mars-1' is wrong; expecting 'us-east-1'"),
        ("%2Fs3%2F", "%2Fiam%2F", 'incorrect service "iam". This endpoint belongs to "s3".'),
        ("aws4_request", "aws5_request", 'incorrect terminal "aws5_request". This endpoint uses "aws4_request".'),
    ],
)
def test_scopes_not_meant_for_us(old: str, new: str, message: str) -> None:
    error = refused(get(botocore_url(KEY, "GET", URL).replace(old, new)))
    assert error.code is ErrorCode.AuthorizationQueryParametersError
    assert error.message == f"Error parsing the X-Amz-Credential parameter; {message}"
    assert error.fields == ({"Region": "us-east-1"} if old == "us-east-1" else {})


def test_scope_of_another_day() -> None:
    error = refused(get(replaced("X-Amz-Date", "20200101T000000Z")))
    assert error.code is ErrorCode.AuthorizationQueryParametersError


@pytest.mark.parametrize(
    ("algorithm", "code"),
    [
        ("AWS4-ECDSA-P256-SHA256", ErrorCode.NotImplemented),
        ("AWS4-HMAC-SHA1", ErrorCode.AuthorizationQueryParametersError),
    ],
)
def test_other_algorithms(algorithm: str, code: ErrorCode) -> None:
    url = botocore_url(KEY, "GET", URL).replace("AWS4-HMAC-SHA256", algorithm)
    assert refused(get(url)).code is code


@pytest.mark.parametrize(
    "declared",
    ["UNSIGNED-PAYLOAD", "ab" * 32, "STREAMING-UNSIGNED-PAYLOAD-TRAILER", "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"],
)
def test_a_payload_declared_in_a_signed_header(declared: str) -> None:
    headers = {"x-amz-content-sha256": declared}
    url = botocore_url(KEY, "PUT", URL, headers)
    payload = authenticate(get(url, headers, "PUT")).payload
    assert (payload.sha256 if payload.mode is Mode.LITERAL else payload.mode.value) == declared
    assert (payload.signer is not None) == (declared == "STREAMING-AWS4-HMAC-SHA256-PAYLOAD")


def test_a_payload_declared_in_a_header_that_nobody_signed() -> None:
    url = botocore_url(KEY, "PUT", URL)
    assert authenticate(get(url, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}, "PUT"))
    assert refused(get(url, {"x-amz-content-sha256": "ab" * 32}, "PUT")).code is ErrorCode.SignatureDoesNotMatch


def test_a_payload_declared_in_the_url() -> None:
    url = botocore_url(KEY, "PUT", f"{URL}?X-Amz-Content-Sha256=UNSIGNED-PAYLOAD")
    assert authenticate(get(url, {}, "PUT")).payload.mode is Mode.UNSIGNED


def test_unknown_access_key() -> None:
    error = refused(get(botocore_url(credential("AKIAOTHER", "s"), "GET", URL)))
    assert error.code is ErrorCode.InvalidAccessKeyId
