"""Signature Version 4 in the header: what other people's signers make is accepted, anything else is not (A, B)."""

from __future__ import annotations

import asyncio
import random
import string
import time
from collections.abc import Mapping
from urllib.parse import quote

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials
from botocore.utils import percent_encode_sequence
from tests.support.clock import HandClock
from tests.support.credentials import MemoryCredentials, credential
from tests.support.requests import target_of, wire_request
from tests.support.signers import botocore_header, minio_header

from trug.auth.authenticate import Authentication, Authenticator
from trug.auth.times import stamp
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import replace
from trug.wire.payload import Mode
from trug.wire.request import Headers, WireRequest

KEY = credential("AKIATEST", "the/secret+key")
HOST = "http://localhost:9000"
URL = f"{HOST}/bucket/key"
SECOND = 1_000_000
MINUTE = 60 * SECOND
EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

DOCUMENTED = credential("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
DOCUMENTED_TIME = 1_369_353_600 * SECOND


def door(now: int | None = None, *, regions: tuple[str, ...] = ("us-east-1", "eu-west-1")) -> Authenticator:
    clock = HandClock(time.time_ns() // 1000 if now is None else now)
    return Authenticator(MemoryCredentials(KEY, DOCUMENTED), clock, regions, allows_sigv2_header=False)


def authenticate(
    request: WireRequest, now: int | None = None, service: str = "s3", digest: str | None = None
) -> Authentication:
    return asyncio.run(door(now).authenticate(request, service, digest))


def refused(request: WireRequest, now: int | None = None, service: str = "s3", digest: str | None = None) -> S3Error:
    with pytest.raises(S3Error) as caught:
        authenticate(request, now, service, digest)
    return caught.value


def with_headers(request: WireRequest, changed: Mapping[str, str | None]) -> WireRequest:
    """The request with headers set, or removed where the value is None."""
    pairs = {**request.headers, **{name.lower(): value for name, value in changed.items()}}
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs.items() if value is not None]
    return replace(request, headers=Headers(raw))


def with_authorization(old: str, new: str) -> WireRequest:
    request = botocore_header(KEY, "GET", URL)
    authorization = request.headers["authorization"]
    assert old in authorization
    return with_headers(request, {"authorization": authorization.replace(old, new)})


def signature(request: WireRequest) -> str:
    return request.headers["authorization"][-64:]


ODD = string.ascii_letters + string.digits + "-._~ !*'()&$@=;:+,?#[]%\\^`{}|<>\"/" + "éß€漢字\U0001f600\u0301"


def odd(chance: random.Random, most: int) -> str:
    return "".join(chance.choices(ODD, k=chance.randint(1, most)))


def odd_query(chance: random.Random) -> str:
    pairs = {odd(chance, 8): odd(chance, 20) for _ in range(chance.randint(0, 5))}
    return f"?{percent_encode_sequence(pairs)}" if pairs else ""


def odd_headers(chance: random.Random) -> dict[str, str]:
    values = string.ascii_letters + string.digits + "  =;:,/\"'()"
    return {
        f"x-amz-meta-{''.join(chance.choices(string.ascii_letters + '-_', k=6))}": (
            "x" + "".join(chance.choices(values, k=chance.randint(0, 30))) + "x"
        )
        for _ in range(chance.randint(0, 8))
    }


def test_a21_a_thousand_odd_requests_of_botocore() -> None:
    chance = random.Random(1)
    verifier = door()

    async def run() -> None:
        for _ in range(1500):
            method = chance.choice(["GET", "PUT", "HEAD", "POST", "DELETE"])
            url = f"{HOST}/bucket/{quote(odd(chance, 40), safe='/~')}{odd_query(chance)}"
            request = botocore_header(KEY, method, url, odd_headers(chance), chance.randbytes(9))
            assert (await verifier.authenticate(request)).payload.mode is Mode.LITERAL

    asyncio.run(run())


def test_a21_a_thousand_odd_requests_of_minio() -> None:
    chance = random.Random(2)
    now = time.time_ns() // 1000
    verifier = door(now)

    async def run() -> None:
        for _ in range(1500):
            url = f"{HOST}/bucket/{quote(odd(chance, 40), safe='/~')}{odd_query(chance)}"
            request = minio_header(KEY, "PUT", url, now, odd_headers(chance), chance.randbytes(9))
            assert (await verifier.authenticate(request)).identity.access_key == "AKIATEST"

    asyncio.run(run())


def test_a4_a_thousand_changes_of_one_byte() -> None:
    chance = random.Random(3)
    verifier = door()
    url = f"{HOST}/bucket/a%20k%C3%A9y?partNumber=1&uploadId=abc%2Fdef"
    good = botocore_header(KEY, "PUT", url, {"x-amz-meta-a": "one two", "Content-Type": "text/plain"}, b"body")
    signed = [name for name in good.headers if name not in ("user-agent", "accept-encoding")]

    def changed(text: str) -> str:
        while True:
            at = chance.randrange(len(text))
            other = text[:at] + chance.choice(string.ascii_letters + string.digits) + text[at + 1 :]
            if other.lower() != text.lower():  # the case of an escape's digits makes no difference
                return other

    def mutated() -> WireRequest:
        part = chance.choice(["method", "path", "query", "header", "header", "authorization"])
        if part == "method":
            return replace(good, method=changed(good.method))
        if part == "path":
            return replace(good, target=target_of(changed(good.target.path), None))
        if part == "query":
            return replace(good, raw_query=changed(good.raw_query))
        name = "authorization" if part == "authorization" else chance.choice(signed)
        return with_headers(good, {name: changed(good.headers[name])})

    async def run() -> None:
        await verifier.authenticate(good)
        for _ in range(1000):
            with pytest.raises(S3Error) as caught:
                await verifier.authenticate(mutated())
            assert caught.value.code.status in (400, 403)

    asyncio.run(run())


@pytest.mark.parametrize(
    ("method", "path", "headers", "payload", "expected"),
    [
        (
            "GET",
            "/test.txt",
            {"Range": "bytes=0-9"},
            EMPTY,
            "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
        ),
        (
            "PUT",
            "/test$file.text",
            {"Date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
            "44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072",
            "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
        ),
        ("GET", "/?lifecycle", {}, EMPTY, "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543"),
        (
            "GET",
            "/?max-keys=2&prefix=J",
            {},
            EMPTY,
            "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
        ),
    ],
    ids=["range", "put", "lifecycle", "list"],
)
def test_the_examples_of_the_documentation(
    method: str, path: str, headers: dict[str, str], payload: str, expected: str
) -> None:
    sent = {
        "host": "examplebucket.s3.amazonaws.com",
        "x-amz-content-sha256": payload,
        "x-amz-date": "20130524T000000Z",
        **{name.lower(): value for name, value in headers.items()},
    }
    scope = "AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
    signed = ";".join(sorted(sent))
    sent["authorization"] = f"AWS4-HMAC-SHA256 Credential={scope},SignedHeaders={signed},Signature={expected}"
    request = wire_request(method, path, sent, bucket_in_host="examplebucket")
    assert authenticate(request, DOCUMENTED_TIME).identity.access_key == "AKIAIOSFODNN7EXAMPLE"


def test_a2_unknown_access_key() -> None:
    error = refused(botocore_header(credential("AKIAOTHER", "s"), "GET", URL))
    assert error.code is ErrorCode.InvalidAccessKeyId
    assert error.fields == {"AWSAccessKeyId": "AKIAOTHER"}


def test_a4_a_wrong_signature_tells_what_was_signed() -> None:
    request = botocore_header(credential("AKIATEST", "wrong"), "GET", URL)
    error = refused(request)
    assert error.code is ErrorCode.SignatureDoesNotMatch
    assert list(error.fields) == [
        "AWSAccessKeyId",
        "StringToSign",
        "SignatureProvided",
        "StringToSignBytes",
        "CanonicalRequest",
        "CanonicalRequestBytes",
    ]
    assert error.fields["SignatureProvided"] == signature(request)
    assert error.fields["CanonicalRequest"].startswith("GET\n/bucket/key\n\nhost:localhost:9000\n")
    assert bytes.fromhex(error.fields["StringToSignBytes"]).decode() == error.fields["StringToSign"]
    assert KEY.secret not in str(error.fields)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.upper(),
        lambda text: text[:-1],
        lambda text: text + "0",
        lambda text: "",
        lambda text: "é" * 64,
        lambda text: "\xff",
        lambda text: "0" * 10_000,
    ],
    ids=["upper", "63", "65", "empty", "non-ASCII", "one byte", "10,000"],
)
@pytest.mark.parametrize("warm", [False, True])
def test_a5_odd_signatures(change: object, warm: bool) -> None:
    assert callable(change)
    good = botocore_header(KEY, "GET", URL)
    right = signature(good)
    bad = with_headers(good, {"authorization": good.headers["authorization"].replace(right, change(right))})
    verifier = door()
    if warm:
        asyncio.run(verifier.authenticate(good))
    with pytest.raises(S3Error) as caught:
        asyncio.run(verifier.authenticate(bad))
    assert caught.value.code in (ErrorCode.SignatureDoesNotMatch, ErrorCode.AuthorizationHeaderMalformed)


CREDENTIAL = "Credential=AKIATEST/20260101/us-east-1/s3/aws4_request"


@pytest.mark.parametrize(
    "components",
    [
        "",
        " ",
        f" {CREDENTIAL}",
        " SignedHeaders=host, Signature=00",
        f" {CREDENTIAL}, Signature=00",
        f" {CREDENTIAL}, SignedHeaders=host",
        f" {CREDENTIAL}, SignedHeaders=host, Signature=",
        f" {CREDENTIAL}, SignedHeaders=, Signature=00",
        " Credential=, SignedHeaders=host, Signature=00",
        f" {CREDENTIAL}, {CREDENTIAL}, SignedHeaders=host, Signature=00",
        f" {CREDENTIAL}, SignedHeaders=host, SignedHeaders=host, Signature=00",
        f" {CREDENTIAL}, SignedHeaders=host, Signature=00, Signature=00",
        f" x{CREDENTIAL}, SignedHeaders=host, Signature=00",
        " Credential=AKIATEST, SignedHeaders=host, Signature=00",
        " Credential=/20260101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00",
        " Credential=A/2026/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00",
    ],
)
def test_a6_incomplete_authorization(components: str) -> None:
    error = refused(wire_request("GET", URL, {"Authorization": f"AWS4-HMAC-SHA256{components}"}))
    assert error.code is ErrorCode.AuthorizationHeaderMalformed


def test_components_may_come_in_any_order() -> None:
    good = botocore_header(KEY, "GET", URL)
    algorithm, _, rest = good.headers["authorization"].partition(" ")
    verifier = door()
    for order in (rest.split(", "), rest.split(", ")[::-1]):
        for comma in (",", ", ", " ,  "):
            changed = with_headers(good, {"authorization": f"{algorithm} {comma.join(order)}"})
            assert asyncio.run(verifier.authenticate(changed)).identity.access_key == "AKIATEST"


@pytest.mark.parametrize("access_key", ["a/b", "a,b", "a=b", "with space", "a:b", "Signature=x"])
def test_keys_may_have_any_shape(access_key: str) -> None:
    key = credential(access_key, "пароль")
    request = minio_header(key, "GET", URL, time.time_ns() // 1000)
    verifier = Authenticator(
        MemoryCredentials(key), HandClock(time.time_ns() // 1000), ("us-east-1",), allows_sigv2_header=False
    )
    assert asyncio.run(verifier.authenticate(request)).identity.access_key == access_key


def test_a8_scope_of_another_day() -> None:
    day = stamp(time.time_ns() // 1000)[:8]
    assert refused(with_authorization(f"/{day}/", "/20200101/")).code is ErrorCode.SignatureDoesNotMatch


def test_a9_wrong_region() -> None:
    error = refused(with_authorization("/us-east-1/", "/mars-1/"))
    assert error.code is ErrorCode.AuthorizationHeaderMalformed
    assert error.message == "The authorization header is malformed; the region 'mars-1' is wrong; expecting 'us-east-1'"
    assert error.fields == {"Region": "us-east-1"}


@pytest.mark.parametrize(
    ("old", "new"),
    [("/s3/", "/iam/"), ("/s3/", "/s3tables/"), ("aws4_request", "aws4_requestX"), ("aws4_request", "")],
)
def test_a10_wrong_service_or_terminator(old: str, new: str) -> None:
    assert refused(with_authorization(old, new)).code is ErrorCode.AuthorizationHeaderMalformed


def test_a10_a_known_scope_is_still_of_its_service() -> None:
    verifier, good = door(), botocore_header(KEY, "GET", URL)
    asyncio.run(verifier.authenticate(good))
    with pytest.raises(S3Error) as caught:
        asyncio.run(verifier.authenticate(good, "iam"))
    assert caught.value.code is ErrorCode.AuthorizationHeaderMalformed


@pytest.mark.parametrize(
    "name",
    [
        "x-amz-copy-source",
        "x-amz-acl",
        "x-amz-meta-a",
        "x-amz-tagging",
        "x-amz-object-lock-mode",
        "x-amz-object-lock-legal-hold",
        "content-md5",
    ],
)
@pytest.mark.parametrize("warm", [False, True])
def test_a16_headers_not_signed(name: str, warm: bool) -> None:
    verifier, good = door(), botocore_header(KEY, "PUT", URL)
    if warm:
        asyncio.run(verifier.authenticate(good))
    with pytest.raises(S3Error) as caught:
        asyncio.run(verifier.authenticate(with_headers(good, {name: "x"})))
    assert caught.value.code is ErrorCode.AccessDenied
    assert caught.value.message == "There were headers present in the request which were not signed"
    assert caught.value.fields == {"HeadersNotSigned": name}


def test_a16_the_payload_hash_need_not_be_listed() -> None:
    """It is the canonical request's last line."""
    request = sign_anew({"host": "localhost:9000", "x-amz-date": ""}, extra={"x-amz-content-sha256": EMPTY})
    assert authenticate(request).payload.sha256 == EMPTY
    other = with_headers(request, {"x-amz-content-sha256": "0" * 64})
    assert refused(other).code is ErrorCode.SignatureDoesNotMatch


def test_a16_host_must_be_signed() -> None:
    error = refused(with_authorization("SignedHeaders=host;", "SignedHeaders="))
    assert error.code is ErrorCode.AccessDenied
    assert error.fields == {"HeadersNotSigned": "host"}


def sign_anew(signed: dict[str, str], extra: dict[str, str] | None = None) -> WireRequest:
    """A request over exactly these headers, signed with botocore's own steps."""
    now = stamp(time.time_ns() // 1000)
    signed = {name: value or now for name, value in signed.items()}
    request = AWSRequest("GET", URL, headers={})
    request.context["timestamp"] = now
    signer = SigV4Auth(Credentials(KEY.access_key, KEY.secret), "s3", "us-east-1")
    names = HTTPHeaders()
    for name, value in signed.items():
        names[name] = value
    canonical = "\n".join(
        ["GET", "/bucket/key", "", f"{signer.canonical_headers(names)}\n", signer.signed_headers(names), EMPTY]
    )
    made = signer.signature(signer.string_to_sign(request, canonical), request)
    authorization = (
        f"AWS4-HMAC-SHA256 Credential={signer.scope(request)}, SignedHeaders={signer.signed_headers(names)}, "
        f"Signature={made}"
    )
    sent = {name: value.encode().decode("latin-1") for name, value in signed.items()}
    return wire_request("GET", URL, {**sent, **(extra or {}), "authorization": authorization})


@pytest.mark.parametrize("name", ["x-amz-date", "x-amz-content-sha256", "host", "x-amz-meta-a"])
def test_a17_a_signed_header_is_absent(name: str) -> None:
    good = botocore_header(KEY, "GET", URL, {"x-amz-meta-a": "b"})
    error = refused(with_headers(good, {name: None}))
    expected = {"x-amz-date": ErrorCode.AccessDenied, "x-amz-content-sha256": ErrorCode.InvalidRequest}
    assert error.code is expected.get(name, ErrorCode.SignatureDoesNotMatch)


def test_a17_an_absent_header_is_not_an_empty_one() -> None:
    good = sign_anew(
        {"host": "localhost:9000", "x-amz-date": "", "x-amz-content-sha256": EMPTY, "x-empty": " "},
    )
    assert authenticate(good)
    assert refused(with_headers(good, {"x-empty": None})).code is ErrorCode.SignatureDoesNotMatch


@pytest.mark.parametrize(
    "names",
    [
        "x-amz-date;x-amz-content-sha256;host",
        "Host;x-amz-content-sha256;x-amz-date",
        "host;host;x-amz-content-sha256;x-amz-date",
        "host;;x-amz-content-sha256;x-amz-date",
        "host;x-amz-content-sha256;x-amz-date;",
    ],
)
def test_a18_names_unsorted_upper_case_or_twice(names: str) -> None:
    error = refused(with_authorization("host;x-amz-content-sha256;x-amz-date", names))
    assert error.code is ErrorCode.AuthorizationHeaderMalformed


def test_a20_a_header_sent_twice_is_signed_joined() -> None:
    good = botocore_header(KEY, "GET", URL, {"x-amz-meta-a": "1,2"})
    pairs = [(name, value) for name, value in good.headers.items() if name != "x-amz-meta-a"]
    twice = wire_request("GET", URL, [*pairs, ("x-amz-meta-a", "1"), ("X-Amz-Meta-A", "2")])
    assert authenticate(twice)
    assert twice.headers["x-amz-meta-a"] == "1,2"


@pytest.mark.parametrize("value", ["a  b", "a \t b", " a", "a   b   c ", "a\tb"])
def test_a20_blanks_in_values(value: str) -> None:
    assert authenticate(botocore_header(KEY, "GET", URL, {"x-amz-meta-a": value}))


def test_values_in_utf8_are_signed_as_their_bytes() -> None:
    base = {"host": "localhost:9000", "x-amz-content-sha256": EMPTY, "x-amz-date": ""}
    request = sign_anew({**base, "x-amz-meta-a": "é€ àb"})
    assert authenticate(request)
    assert refused(with_headers(request, {"x-amz-meta-a": "other"})).code is ErrorCode.SignatureDoesNotMatch


@pytest.mark.parametrize(
    ("sent", "signed"),
    [
        ("?a=&a", "?a=&a="),
        ("?b=2&a=1", "?a=1&b=2"),
        ("?prefix=a+b", "?prefix=a%20b"),
        ("?prefix=a%20b", "?prefix=a%20b"),
        ("?prefix=~", "?prefix=~"),
        ("?prefix=%7E", "?prefix=~"),
        ("?prefix=%7e", "?prefix=~"),
        ("?prefix=%e2%82%ac", "?prefix=%E2%82%AC"),
        ("?prefix=€", "?prefix=%E2%82%AC"),
        ("?=v", "?=v"),
        ("?a=b=c", "?a=b%3Dc"),
        ("?prefix=a/b", "?prefix=a%2Fb"),
        ("?prefix=a%2Fb", "?prefix=a%2Fb"),
        ("?a-b=1&a=2", "?a-b=1&a=2"),
        ("?a=1&a=0", "?a=0&a=1"),
        ("?acl", "?acl="),
    ],
)
def test_a21_queries(sent: str, signed: str) -> None:
    good = botocore_header(KEY, "GET", f"{HOST}/bucket{signed}")
    raw = sent[1:].encode().decode("latin-1")
    assert authenticate(replace(good, raw_query=raw))


@pytest.mark.parametrize("path", ["//", "/b//", "/b//k", "/b/./k", "/b/a/../k", "/b/..", "/b/%2E%2E/", "/"])
def test_a22_paths_are_not_normalised(path: str) -> None:
    good = botocore_header(KEY, "GET", f"{HOST}{path.replace('%2E', '.')}")
    assert authenticate(replace(good, target=target_of(path, None)))


@pytest.mark.parametrize("path", ["/b/%e2%82%ac", "/b/%E2%82%aC", "/b/€"])
def test_a24_escapes_in_lower_case(path: str) -> None:
    good = botocore_header(KEY, "GET", f"{HOST}/b/%E2%82%AC")
    assert authenticate(replace(good, target=target_of(path.encode().decode("latin-1"), None)))


@pytest.mark.parametrize("bad", ["%zz", "%", "%2", "%2g", "a%", "%%20"])
def test_a25_broken_escapes(bad: str) -> None:
    good = botocore_header(KEY, "GET", URL)
    assert refused(replace(good, target=target_of(f"/b/{bad}", None))).code is ErrorCode.InvalidURI
    assert refused(replace(good, raw_query=f"prefix={bad}")).code is ErrorCode.InvalidURI


def test_a26_s3_wants_the_payload_hash() -> None:
    good = botocore_header(KEY, "GET", URL)
    assert refused(with_headers(good, {"x-amz-content-sha256": None})).code is ErrorCode.InvalidRequest


@pytest.mark.parametrize("declared", ["x", "", "e3b0", "UNSIGNED", EMPTY + "0", "STREAMING-X", f"{EMPTY},{EMPTY}"])
def test_a26_a_payload_hash_that_is_none(declared: str) -> None:
    error = refused(with_headers(botocore_header(KEY, "GET", URL), {"x-amz-content-sha256": declared}))
    assert error.code is ErrorCode.InvalidArgument
    assert error.fields == {"ArgumentName": "x-amz-content-sha256", "ArgumentValue": declared}


def test_a26_other_services_do_not_want_the_payload_hash() -> None:
    request = with_headers(with_authorization("/s3/", "/sts/"), {"x-amz-content-sha256": None})
    assert refused(request, service="sts", digest=EMPTY).code is ErrorCode.SignatureDoesNotMatch


STREAMING = [mode.value for mode in Mode if mode is not Mode.LITERAL]


@pytest.mark.parametrize("declared", [EMPTY, *STREAMING])
@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
def test_a30_a_bad_signature_whatever_the_payload(method: str, declared: str) -> None:
    request = botocore_header(credential("AKIATEST", "wrong"), method, URL)
    request = with_headers(request, {"x-amz-content-sha256": declared})
    assert refused(request).code is ErrorCode.SignatureDoesNotMatch


@pytest.mark.parametrize("suffix", ["", "-TRAILER"])
def test_a30_asymmetric_chunks_are_not_built(suffix: str) -> None:
    declared = f"STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD{suffix}"
    request = with_headers(botocore_header(KEY, "PUT", URL), {"x-amz-content-sha256": declared})
    assert refused(request).code is ErrorCode.NotImplemented


@pytest.mark.parametrize("method", ["get", "G" * 100, "TRACE", "PRI"])
def test_a32_the_method_is_signed_as_it_came(method: str) -> None:
    assert refused(replace(botocore_header(KEY, "GET", URL), method=method)).code is ErrorCode.SignatureDoesNotMatch


@pytest.mark.parametrize("offset", [15 * MINUTE + SECOND, -15 * MINUTE - 2 * SECOND])
def test_b1_too_far_from_now(offset: int) -> None:
    request = botocore_header(KEY, "GET", URL)
    now = time.time_ns() // 1000
    error = refused(request, now + offset)
    assert error.code is ErrorCode.RequestTimeTooSkewed
    assert error.fields["RequestTime"] == request.headers["x-amz-date"]
    assert error.fields["MaxAllowedSkewMilliseconds"] == "900000"
    assert error.fields["ServerTime"].endswith("Z")


@pytest.mark.parametrize("offset", [15 * MINUTE - 3 * SECOND, -15 * MINUTE + 3 * SECOND])
def test_b2_near_enough(offset: int) -> None:
    assert authenticate(botocore_header(KEY, "GET", URL), time.time_ns() // 1000 + offset)


def test_b4_x_amz_date_wins_over_date() -> None:
    good = botocore_header(KEY, "GET", URL)
    assert authenticate(with_headers(good, {"date": "Thu, 01 Jan 1970 00:00:00 GMT"}))


def test_b4_date_alone_will_do() -> None:
    good = botocore_header(KEY, "GET", URL, {"Date": "replaced by the signer"})
    assert "x-amz-date" not in good.headers
    assert authenticate(good)


BAD_TIMES = [
    "20261131T250000Z",
    "20261131T100000Z",
    "2026-11-21",
    "",
    "1" * 10_240,
    "20261121T100000",
    "20261121t100000z",
    "\u00b2" * 16,
    "Sat, 31 Dec 9999 23:59:59 -2359",
    "99999999999999",
]


@pytest.mark.parametrize("name", ["x-amz-date", "date"])
@pytest.mark.parametrize("value", BAD_TIMES, ids=range(len(BAD_TIMES)))
def test_b5_no_time_at_all(name: str, value: str) -> None:
    request = with_headers(botocore_header(KEY, "GET", URL), {"x-amz-date": None, name: value})
    assert refused(request).code is ErrorCode.AccessDenied


@pytest.mark.parametrize(
    "value", ["Sat, 01 Jan 0001 00:00:00 +2359", "Sat, 01 Jan 0100 00:00:00 GMT", "19700101T000000Z"]
)
def test_b5_a_time_long_ago(value: str) -> None:
    request = with_headers(botocore_header(KEY, "GET", URL), {"x-amz-date": None, "date": value})
    assert refused(request).code is ErrorCode.RequestTimeTooSkewed


def test_b6_a_replay_is_accepted() -> None:
    verifier, request = door(), botocore_header(KEY, "PUT", URL)
    for _ in range(3):
        asyncio.run(verifier.authenticate(request))


def recognised(verifier: Authenticator, request: WireRequest, received: int) -> Authentication | None:
    return verifier.recognise(request.method, request.target.path, request.raw_query, request.headers, received)


def test_who_was_verified_is_recognised() -> None:
    now = time.time_ns() // 1000
    verifier = door(now)
    for method, sha256 in (("GET", EMPTY), ("PUT", "UNSIGNED-PAYLOAD"), ("PUT", "f" * 64), ("HEAD", EMPTY)):
        first = botocore_header(KEY, method, URL, {"x-amz-content-sha256": sha256, "x-amz-meta-a": "1"})
        asyncio.run(verifier.authenticate(first))
        again = botocore_header(
            KEY, method, f"{URL}/other%20one", {"x-amz-content-sha256": sha256, "x-amz-meta-a": "2"}
        )
        found, verified = recognised(verifier, again, now), asyncio.run(verifier.authenticate(again))
        assert found is not None
        assert (found.identity, found.payload) == (verified.identity, verified.payload)


@pytest.mark.parametrize("more", [{f"a-{number}": "" for number in range(200)}, {"a" * 2000: ""}])
def test_who_sends_more_names_than_clients_do_is_verified_each_time(more: Mapping[str, str]) -> None:
    verifier = door()
    for _ in range(2):
        request = with_headers(botocore_header(KEY, "GET", URL), more)
        asyncio.run(verifier.authenticate(request))
        assert recognised(verifier, request, time.time_ns() // 1000) is None


def test_nobody_else_is_recognised() -> None:
    """What ``authenticate`` refuses, or has to look at, is left to it."""
    now = time.time_ns() // 1000
    request = botocore_header(KEY, "GET", URL)
    keys = MemoryCredentials(KEY)
    verifier = Authenticator(keys, HandClock(now), ("us-east-1",), allows_sigv2_header=False)
    assert recognised(verifier, request, now) is None
    asyncio.run(verifier.authenticate(request))
    assert recognised(verifier, request, now) is not None
    authorization = request.headers["authorization"]
    bent = [
        {"x-amz-date": "20261121T000000"},
        {"x-amz-date": None},
        {"x-amz-content-sha256": "none"},
        {"x-amz-content-sha256": None},
        {"x-amz-security-token": "token"},
        {"x-amz-meta-a": "unsigned"},
        {"host": "elsewhere"},
        {"authorization": authorization[:-1]},
        {"authorization": authorization[:-1] + ("0" if authorization[-1] != "0" else "1")},
        {"authorization": authorization.replace("AKIATEST", "AKIAOTHER")},
        {"authorization": "AWS AKIATEST:c2lnbmF0dXJl"},
        {"authorization": None},
    ]
    for changed in bent:
        assert recognised(verifier, with_headers(request, changed), now) is None
    assert verifier.recognise("GET", "/bucket/%zz", "", request.headers, now) is None
    assert verifier.recognise("PUT", request.target.path, "", request.headers, now) is None
    assert verifier.recognise("GET", request.target.path, "tagging=", request.headers, now) is None
    assert recognised(verifier, request, now + 60 * MINUTE) is None
    keys.keys["AKIATEST"] = credential("AKIATEST", "another")
    assert recognised(verifier, request, now) is None
    del keys.keys["AKIATEST"]
    assert recognised(verifier, request, now) is None


def test_a_key_that_was_read_again_is_recognised_again() -> None:
    now = time.time_ns() // 1000
    keys, request = MemoryCredentials(KEY), botocore_header(KEY, "GET", URL)
    verifier = Authenticator(keys, HandClock(now), ("us-east-1",), allows_sigv2_header=False)
    asyncio.run(verifier.authenticate(request))
    keys.keys["AKIATEST"] = credential("AKIATEST", KEY.secret)
    assert recognised(verifier, request, now) is None
    asyncio.run(verifier.authenticate(request))
    assert recognised(verifier, request, now) is not None


def test_b8_the_skew_follows_the_clock() -> None:
    clock = HandClock(time.time_ns() // 1000)
    verifier = Authenticator(MemoryCredentials(KEY), clock, ("us-east-1",), allows_sigv2_header=False)
    request = botocore_header(KEY, "GET", URL)
    asyncio.run(verifier.authenticate(request))
    clock.time += 60 * MINUTE
    with pytest.raises(S3Error, match="RequestTimeTooSkewed"):
        asyncio.run(verifier.authenticate(request))


def test_b9_across_midnight() -> None:
    midnight = 1_790_035_200 * SECOND
    clock = HandClock(midnight - 5 * SECOND)
    verifier = Authenticator(MemoryCredentials(KEY), clock, ("us-east-1",), allows_sigv2_header=False)
    for offset in (-5, -1, 0, 1, 5, -2, 86_400, 86_401):
        clock.time = midnight + offset * SECOND
        asyncio.run(verifier.authenticate(minio_header(KEY, "GET", URL, clock.time)))


def test_a_revoked_key_or_changed_secret_is_of_no_use() -> None:
    keys = MemoryCredentials(KEY)
    verifier = Authenticator(keys, HandClock(time.time_ns() // 1000), ("us-east-1",), allows_sigv2_header=False)
    old = botocore_header(KEY, "GET", URL)
    asyncio.run(verifier.authenticate(old))
    keys.keys["AKIATEST"] = changed = credential("AKIATEST", "another", user="bob")
    with pytest.raises(S3Error, match="SignatureDoesNotMatch"):
        asyncio.run(verifier.authenticate(old))
    new = botocore_header(changed, "GET", URL)
    assert asyncio.run(verifier.authenticate(new)).identity.user == "bob"
    keys.keys["AKIATEST"] = credential("AKIATEST", "another", user="carol")
    assert asyncio.run(verifier.authenticate(new)).identity.user == "carol"
    del keys.keys["AKIATEST"]
    with pytest.raises(S3Error, match="InvalidAccessKeyId"):
        asyncio.run(verifier.authenticate(new))
