"""Signature Version 2: what botocore still signs is accepted, anything else is not."""

from __future__ import annotations

import asyncio
import gzip
import json
import random
import string
import time
from collections.abc import Mapping
from email.utils import formatdate
from pathlib import Path
from urllib.parse import quote, urlsplit

import botocore
import pytest
from tests.support.clock import HandClock
from tests.support.credentials import MemoryCredentials, credential
from tests.support.requests import wire_request
from tests.support.signers import sigv2_header, sigv2_url

from trug.auth.authenticate import Authentication, Authenticator
from trug.auth.sigv2 import SUB_RESOURCES
from trug.auth.times import dated
from trug.domain.errors import ErrorCode, S3Error
from trug.wire.request import Headers, WireRequest

KEY = credential("AKIATEST", "the/secret+key")
DOCUMENTED = credential("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
HOST = "http://localhost:9000"
URL = f"{HOST}/bucket/key"
SECOND = 1_000_000
ODD = string.ascii_letters + string.digits + "-._~ !*'()&$@=;:+,?#[]%\\^`{}|<>\"/éß€漢字\U0001f600"


def now() -> int:
    return time.time_ns() // 1000


def door(at: int | None = None) -> Authenticator:
    clock = HandClock(now() if at is None else at)
    return Authenticator(MemoryCredentials(KEY, DOCUMENTED), clock, ("us-east-1",), allows_sigv2_header=True)


def authenticate(request: WireRequest, at: int | None = None) -> Authentication:
    return asyncio.run(door(at).authenticate(request))


def refused(request: WireRequest, at: int | None = None) -> S3Error:
    with pytest.raises(S3Error) as caught:
        authenticate(request, at)
    return caught.value


def get(url: str, headers: Mapping[str, str] | None = None, method: str = "GET") -> WireRequest:
    return wire_request(method, url, headers or {})


def odd_url(chance: random.Random) -> str:
    names = chance.sample(
        [
            "versionId",
            "uploadId",
            "partNumber",
            "acl",
            "response-content-type",
            "response-content-disposition",
            "prefix",
        ],
        k=chance.randint(0, 4),
    )
    values = {name: "".join(chance.choices(ODD, k=chance.randint(1, 20))) for name in names}
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in values.items())
    key = quote("".join(chance.choices(ODD, k=chance.randint(1, 30))), safe="/~")
    return f"{HOST}/bucket/{key}{'?' if query else ''}{query}"


@pytest.mark.parametrize("place", ["header", "query"])
def test_hundreds_of_odd_requests(place: str) -> None:
    chance = random.Random(6)
    verifier = door()

    async def run() -> None:
        for _ in range(700):
            url = odd_url(chance)
            headers = {f"x-amz-meta-{chance.choice('abc')}": "a value", "Content-Type": "text/plain"}
            if place == "header":
                request = sigv2_header(KEY, "PUT", url, headers)
            else:
                request = get(sigv2_url(KEY, "PUT", url, headers), {"Content-Type": "text/plain"}, "PUT")
            assert (await verifier.authenticate(request)).identity.access_key == "AKIATEST"

    asyncio.run(run())


def test_hundreds_of_changes_of_one_byte() -> None:
    chance = random.Random(7)
    verifier = door()
    good = sigv2_url(KEY, "GET", f"{URL}?response-content-type=text%2Fplain&versionId=abc", {"x-amz-meta-a": "b"})
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


@pytest.mark.parametrize(
    ("method", "target", "headers", "expected"),
    [
        ("GET", "/photos/puppy.jpg", {"Date": "Tue, 27 Mar 2007 19:36:42 +0000"}, "bWq2s1WEIj+Ydj0vQ697zp+IXMU="),
        (
            "PUT",
            "/photos/puppy.jpg",
            {"Date": "Tue, 27 Mar 2007 21:15:45 +0000", "Content-Type": "image/jpeg", "Content-Length": "94328"},
            "MyyxeRY7whkBe+bq8fHCL/2kKUg=",
        ),
        (
            "GET",
            "/?prefix=photos&max-keys=50&marker=puppy",
            {"Date": "Tue, 27 Mar 2007 19:42:41 +0000", "User-Agent": "Mozilla/5.0"},
            "htDYFYduRNen8P9ZfE/s9SuKy0U=",
        ),
        ("GET", "/?acl", {"Date": "Tue, 27 Mar 2007 19:44:46 +0000"}, "c2WLPFtWHVgbEmeEG93a4cG37dM="),
    ],
    ids=["get", "put", "list", "acl"],
)
def test_the_examples_of_the_documentation(method: str, target: str, headers: dict[str, str], expected: str) -> None:
    sent = {**headers, "Host": "johnsmith.s3.amazonaws.com", "Authorization": f"AWS AKIAIOSFODNN7EXAMPLE:{expected}"}
    request = wire_request(method, target, sent, bucket_in_host="johnsmith")
    assert authenticate(request, dated(headers["Date"])).identity.access_key == "AKIAIOSFODNN7EXAMPLE"


@pytest.mark.parametrize(
    "extra",
    [
        "versionId=1",
        "response-content-type=a",
        "acl",
        "uploads",
        "retention",
        "attributes",
        "%61cl",
        "x-amz-acl=private",
    ],
)
def test_c5_parameters_added(extra: str) -> None:
    url = sigv2_url(KEY, "GET", URL)
    assert authenticate(get(url))
    assert refused(get(f"{url}&{extra}")).code is ErrorCode.SignatureDoesNotMatch


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE"])
def test_c4_used_for_another_method(method: str) -> None:
    assert refused(get(sigv2_url(KEY, "GET", URL), method=method)).code is ErrorCode.SignatureDoesNotMatch


def test_c6_headers_added() -> None:
    error = refused(get(sigv2_url(KEY, "PUT", URL), {"x-amz-acl": "public-read"}, "PUT"))
    assert error.code is ErrorCode.SignatureDoesNotMatch


def test_c10_another_content_type() -> None:
    url = sigv2_url(KEY, "PUT", URL, {"Content-Type": "text/plain"})
    assert authenticate(get(url, {"Content-Type": "text/plain"}, "PUT"))
    assert refused(get(url, {"Content-Type": "text/html"}, "PUT")).code is ErrorCode.SignatureDoesNotMatch
    assert refused(get(url, {}, "PUT")).code is ErrorCode.SignatureDoesNotMatch


def test_headers_that_moved_into_the_url() -> None:
    headers = {"x-amz-meta-a": "b c", "x-amz-acl": "private"}
    url = sigv2_url(KEY, "PUT", URL, headers)
    assert authenticate(get(url, {}, "PUT"))
    assert authenticate(get(url, headers, "PUT"))
    assert refused(get(url, {"x-amz-acl": "public-read"}, "PUT")).code is ErrorCode.SignatureDoesNotMatch
    assert refused(get(url.replace("private", "public-read"), {}, "PUT")).code is ErrorCode.SignatureDoesNotMatch


def test_c1_expired() -> None:
    url = sigv2_url(KEY, "GET", URL, expires=10)
    at = now()
    assert authenticate(get(url), at + 8 * SECOND)
    error = refused(get(url), at + 12 * SECOND)
    assert error.code is ErrorCode.AccessDenied
    assert error.message == "Request has expired"
    assert list(error.fields) == ["Expires", "ServerTime"]


@pytest.mark.parametrize("value", ["", "x", "-1", "1e3", "9" * 20, "9" * 5000, "%C2%B2", "1.5"])
def test_c2_expiries(value: str) -> None:
    url = sigv2_url(KEY, "GET", URL).partition("&Expires=")[0]
    assert refused(get(f"{url}&Expires={value}")).code is ErrorCode.AccessDenied


@pytest.mark.parametrize("name", ["AWSAccessKeyId", "Signature", "Expires"])
def test_a_parameter_is_missing(name: str) -> None:
    before, _, query = sigv2_url(KEY, "GET", URL).partition("?")
    rest = "&".join(part for part in query.split("&") if not part.startswith(f"{name}="))
    assert refused(get(f"{before}?{rest}")).code is ErrorCode.AccessDenied


@pytest.mark.parametrize("credentials", ["", "AKIATEST", ":", "AKIATEST:", ":x", "AKIATEST x"])
def test_a6_incomplete_authorization(credentials: str) -> None:
    request = get(URL, {"Authorization": f"AWS {credentials}", "Date": formatdate(usegmt=True)})
    assert refused(request).code is ErrorCode.AuthorizationHeaderMalformed


@pytest.mark.parametrize("signature", ["x", "é", "\xff", "a" * 10_000])
def test_a5_odd_signatures(signature: str) -> None:
    request = get(URL, {"Authorization": f"AWS AKIATEST:{signature}", "Date": formatdate(usegmt=True)})
    error = refused(request)
    assert error.code is ErrorCode.SignatureDoesNotMatch
    assert list(error.fields) == ["AWSAccessKeyId", "StringToSign", "SignatureProvided", "StringToSignBytes"]


def test_a2_unknown_access_key() -> None:
    other = credential("AKIAOTHER", "s")
    assert refused(sigv2_header(other, "GET", URL)).code is ErrorCode.InvalidAccessKeyId
    assert refused(get(sigv2_url(other, "GET", URL))).code is ErrorCode.InvalidAccessKeyId


def test_b1_too_far_from_now() -> None:
    request = sigv2_header(KEY, "GET", URL)
    for minutes in (-16, 16):
        assert refused(request, now() + minutes * 60 * SECOND).code is ErrorCode.RequestTimeTooSkewed


@pytest.mark.parametrize("value", ["", "x", "2026-11-21", "1" * 10_240])
def test_b5_no_time_at_all(value: str) -> None:
    request = sigv2_header(KEY, "GET", URL)
    pairs = {**request.headers, "date": value}
    headers = Headers([(name.encode(), text.encode()) for name, text in pairs.items()])
    assert refused(wire_request("GET", URL, dict(headers))).code is ErrorCode.AccessDenied


def test_broken_escapes() -> None:
    assert refused(get(f"{sigv2_url(KEY, 'GET', URL)}&versionId=%zz")).code is ErrorCode.InvalidURI


def test_virtual_hosted_style() -> None:
    url = "http://bucket.localhost:9000/key?versionId=1"
    signed = sigv2_url(KEY, "GET", url, auth_path=f"/bucket{urlsplit(url).path}")
    assert authenticate(wire_request("GET", signed, bucket_in_host="bucket"))
    assert refused(wire_request("GET", signed, bucket_in_host="other")).code is ErrorCode.SignatureDoesNotMatch


def test_every_sub_resource_of_the_model_is_signed() -> None:
    path = Path(botocore.__file__).parent / "data/s3/2006-03-01/service-2.json.gz"
    operations = json.loads(gzip.decompress(path.read_bytes()))["operations"].values()
    routes = (operation["http"]["requestUri"].partition("?")[2] for operation in operations)
    names = {part.partition("=")[0] for route in routes for part in route.split("&") if part}
    # Which of the two listings is wanted is no other right.
    assert names - {"list-type"} <= SUB_RESOURCES
