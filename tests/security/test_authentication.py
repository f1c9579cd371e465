"""Rows A and B of the list of bad inputs: who asks, in what spelling, and when.

A21's suite of vectors is taken by its subjects, each signed by botocore too. B8 and B9 move a clock, so they run in
process over the memory stores.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.asgi import ask, scope_of
from tests.support.clock import HandClock
from tests.support.credentials import MemoryCredentials, credential
from tests.support.hostile import EMPTY_SHA256, UNSIGNED, Keys, Signer, sha256_of
from tests.support.raw import Answer, Header, request_bytes
from tests.support.stand import ALICE, ANA, EVE, Stand

from trug.access.authority import Authority
from trug.access.grants import NobodyGranted
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.auth.authenticate import Authenticator
from trug.auth.times import stamp
from trug.edge.asgi import Application
from trug.edge.gateway import Gateway
from trug.edge.health import Readiness
from trug.edge.incoming import EdgeSettings
from trug.engine.engine import Engine
from trug.observe import Observer
from trug.operations.catalogue import TABLE

MALFORMED = (400, "AuthorizationHeaderMalformed")
MISMATCH = (403, "SignatureDoesNotMatch")
DENIED = (403, "AccessDenied")


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


def altered(stand: Stand, alter: Callable[[str], str | list[str]], *, body: bytes = b"") -> bytes:
    """A right request for ListBuckets whose Authorization value was changed; several values become several headers."""
    headers = Signer(ALICE).header("GET", "/", [("Host", stand.host)], sha256_of(body))
    values = alter(headers.pop()[1])
    values = [values] if isinstance(values, str) else values
    return request_bytes("GET", "/", [*headers, *(("Authorization", value) for value in values)], body)


def test_the_hostile_signer_signs_as_botocore_does(stand: Stand) -> None:
    target = "/bucket/a%20b/~c%E2%82%AC//../d?x=1&X=2&empty&e=&b=%20%2B%2F"
    request = AWSRequest(method="PUT", url=stand.url + target, headers={"x-amz-meta-a": "1  2"})
    S3SigV4Auth(Credentials(ALICE.access_key, ALICE.secret), "s3", "us-east-1").add_auth(request)
    theirs = request.headers["Authorization"]
    headers = [("Host", stand.host), ("x-amz-meta-a", "1  2")]
    stamp = request.headers["X-Amz-Date"]
    ours = dict(Signer(ALICE).header("PUT", target, headers, EMPTY_SHA256, stamp=stamp))["Authorization"]
    assert ours.rpartition("=")[2] == theirs.rpartition("=")[2]


# --- A1, A2: nobody, and somebody unknown ---


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("GET", "/key"),
        ("HEAD", "/key"),
        ("PUT", "/key"),
        ("DELETE", "/key"),
        ("DELETE", ""),
        ("POST", "/key?uploads"),
        ("POST", "?delete"),
        ("GET", "?versions"),
        ("PUT", "?versioning"),
        ("PUT", "-unknown"),
    ],
)
def test_a1_anonymous(stand: Stand, empty: str, method: str, path: str) -> None:
    answer = stand.visit(method, f"/{empty}{path}")
    assert answer.status == 403
    assert method == "HEAD" or answer.code == "AccessDenied"


def test_a1_that_there_is_no_such_bucket_anybody_is_told(stand: Stand, empty: str) -> None:
    assert told(stand.visit("GET", f"/{empty}-unknown")) == (404, "NoSuchBucket")


@pytest.mark.parametrize(
    "name",
    ["AKIANOBODY", "x", "' OR 1=1 --", "a/b/c", "A" * 5000, "%00", "..", "AKIAALICE ", "akiaalice", "\xe9\xe9"],
    ids=lambda name: name[:12],
)
def test_a2_unknown_access_keys(stand: Stand, name: str) -> None:
    answer = stand.ask("GET", "/", by=Keys(name, "secret"))
    assert told(answer) in ((403, "InvalidAccessKeyId"), MALFORMED)


# --- A4, A5, A6: the Authorization header ---


def flipped(signature: str) -> str:
    return f"{int(signature, 16) ^ 1:064x}"


SIGNATURES: dict[str, Callable[[str], str]] = {
    "A4-one-bit": flipped,
    "A5-upper-case": str.upper,
    "A5-63": lambda text: text[:-1],
    "A5-65": lambda text: text + "0",
    "A5-empty": lambda text: "",
    "A5-latin-1": lambda text: "é" * 64,
    "A5-utf-8": lambda text: "é".encode().decode("latin-1") * 32,
    "A5-not-hex": lambda text: "g" * 64,
    "A5-long": lambda text: text * 200,
    "A5-twice": lambda text: f"{text},{text}",
}


@pytest.mark.parametrize("alter", SIGNATURES.values(), ids=SIGNATURES.keys())
def test_a4_a5_signatures(stand: Stand, alter: Callable[[str], str]) -> None:
    def change(value: str) -> str:
        before, _, signature = value.rpartition("Signature=")
        return f"{before}Signature={alter(signature)}"

    assert told(stand.send(altered(stand, change))) in (MISMATCH, MALFORMED)


def without(name: str) -> Callable[[str], str]:
    return lambda value: " ".join(
        [value.split(" ")[0], ", ".join(part for part in value.partition(" ")[2].split(", ") if name not in part)]
    )


def twice(name: str) -> Callable[[str], str]:
    return lambda value: ", ".join([value, next(part for part in value.split(" ", 1)[1].split(", ") if name in part)])


COMPONENTS: dict[str, Callable[[str], str]] = {
    "alone": lambda _: "AWS4-HMAC-SHA256",
    "space": lambda _: "AWS4-HMAC-SHA256 ",
    "commas": lambda _: "AWS4-HMAC-SHA256 ,,,,",
    "no-credential": without("Credential"),
    "no-signed-headers": without("SignedHeaders"),
    "no-signature": without("Signature="),
    "two-credentials": twice("Credential"),
    "two-signed-headers": twice("SignedHeaders"),
    "two-signatures": twice("Signature="),
    "unknown": lambda value: f"{value}, Other=1",
    "tail": lambda value: f"{value} tail",
    "slashes": lambda value: value.replace("/s3/", "/"),
    "no-access-key": lambda value: value.replace(ALICE.access_key, ""),
    "day": lambda value: value.replace(f"{ALICE.access_key}/20", f"{ALICE.access_key}/xx"),
    "arabic-day": lambda value: value.replace(f"{ALICE.access_key}/2", f"{ALICE.access_key}/\xb2"),
    "no-host": lambda value: value.replace("SignedHeaders=host;", "SignedHeaders="),
    "host-twice": lambda value: value.replace("=host;", "=host;host;"),
    "many": lambda value: value.replace("=host;", "=" + ";".join(f"a{number:05}" for number in range(3000)) + ";host;"),
}


@pytest.mark.parametrize("alter", COMPONENTS.values(), ids=COMPONENTS.keys())
def test_a6_components(stand: Stand, alter: Callable[[str], str]) -> None:
    answer = stand.send(altered(stand, alter))
    assert told(answer) in (MALFORMED, MISMATCH, DENIED)
    if "host" not in answer.body.decode():
        assert told(answer) in (MALFORMED, MISMATCH)


def test_a8_the_scope_s_day_is_not_the_request_s(stand: Stand) -> None:
    # AWS documents the refusal and not its code; clients of S3 itself have reported AuthorizationHeaderMalformed.
    assert told(stand.ask("GET", "/", by=Signer(ALICE, day="20200101"))) in (MISMATCH, MALFORMED)


@pytest.mark.parametrize("region", ["eu-west-1", "", "US-EAST-1", "us-east-1 ", "*", "é"])
def test_a9_regions(stand: Stand, region: str) -> None:
    answer = stand.ask("GET", "/", by=Signer(ALICE, region=region))
    assert told(answer) == MALFORMED
    assert answer.text("Region") == "us-east-1"


@pytest.mark.parametrize("service", ["iam", "s3tables", "sts", "", "S3", "s3express"])
def test_a10_services(stand: Stand, service: str) -> None:
    assert told(stand.ask("GET", "/", by=Signer(ALICE, service=service))) == MALFORMED


@pytest.mark.parametrize("terminator", ["aws4_requestX", "aws4_reques", "", "AWS4_REQUEST"])
def test_a10_terminators(stand: Stand, terminator: str) -> None:
    assert told(stand.ask("GET", "/", by=Signer(ALICE, terminator=terminator))) == MALFORMED


@pytest.mark.parametrize(
    "value", ["Bearer x", "Basic dXNlcjpwYXNz", "x", "AWS5 a:b", "aws4-hmac-sha256 Credential=a", "Digest é"]
)
def test_a12_other_schemes(stand: Stand, value: str) -> None:
    raw = request_bytes("GET", "/", [("Host", stand.host), ("Authorization", value)])
    assert told(stand.send(raw)) == (400, "InvalidArgument")


def test_a12_an_empty_scheme(stand: Stand) -> None:
    raw = request_bytes("GET", "/", [("Host", stand.host), ("Authorization", "")])
    assert stand.send(raw).status in (400, 403)


@pytest.mark.parametrize("query", ["v4", "v4-parts", "v2", "v2-parts"])
def test_a13_header_and_query(stand: Stand, query: str) -> None:
    added = {
        "v4": stand.presigned("GET", "/"),
        "v4-parts": "/?X-Amz-Signature=a",
        "v2": "/?AWSAccessKeyId=AKIAALICE&Signature=a&Expires=99999999999",
        "v2-parts": "/?Signature=a",
    }
    assert told(stand.ask("GET", added[query])) == (400, "InvalidArgument")


def test_a13_both_kinds_of_query(stand: Stand) -> None:
    target = stand.presigned("GET", "/?AWSAccessKeyId=AKIAALICE&Signature=a&Expires=99999999999")
    assert told(stand.visit("GET", target)) == (400, "InvalidArgument")


def test_a14_two_authorization_headers(stand: Stand) -> None:
    assert told(stand.send(altered(stand, lambda value: [value, value]))) == (400, "InvalidArgument")
    assert told(stand.send(altered(stand, lambda value: [value, "Basic eA=="]))) == (400, "InvalidArgument")
    assert told(stand.send(altered(stand, lambda value: ["", value]))) == (400, "InvalidArgument")


# --- A16 to A20: which headers are signed ---

MUST_BE_SIGNED = [
    ("x-amz-copy-source", "/b/k"),
    ("x-amz-acl", "public-read"),
    ("x-amz-meta-a", "1"),
    ("X-AMZ-META-A", "1"),
    ("x-amz-tagging", "a=1"),
    ("x-amz-object-lock-mode", "GOVERNANCE"),
    ("x-amz-security-token", "t"),
    ("x-amz-checksum-crc32", "AAAAAA=="),
    ("x-amz-expected-bucket-owner", "222222222222"),
    ("x-amz-unheard-of", "1"),
    ("content-md5", "1B2M2Y8AsgTpgAmY7PhCfg=="),
]


@pytest.mark.parametrize("header", MUST_BE_SIGNED, ids=lambda header: header[0])
def test_a16_unsigned_headers(stand: Stand, empty: str, header: Header) -> None:
    answer = stand.ask("PUT", f"/{empty}/key", [header], unsigned=[header[0]])
    if header[0] == "x-amz-security-token":
        assert answer.status in (400, 403)
        return
    assert told(answer) == DENIED
    assert answer.text("HeadersNotSigned").lower() == header[0].lower()


def test_a16_a_known_shape_does_not_cover_another_header(stand: Stand, empty: str) -> None:
    """What was learnt from good requests must not let the next one pass."""
    for _ in range(3):
        assert stand.ask("PUT", f"/{empty}/key", payload=UNSIGNED, by=ANA).status == 200
    answer = stand.ask(
        "PUT", f"/{empty}/key", [("x-amz-meta-a", "1")], payload=UNSIGNED, by=ANA, unsigned=["x-amz-meta-a"]
    )
    assert told(answer) == DENIED
    assert stand.ask("DELETE", f"/{empty}/key").status == 204


def test_a16_content_sha256_need_not_be_listed(stand: Stand) -> None:
    assert stand.ask("GET", "/", unsigned=["x-amz-content-sha256"]).status == 200


def test_a17_a_signed_header_that_is_absent(stand: Stand) -> None:
    signed = "host;x-amz-content-sha256;x-amz-date;x-amz-meta-a"
    assert told(stand.ask("GET", "/", signed=signed)) == MISMATCH


@pytest.mark.parametrize(
    "signed",
    [
        "x-amz-date;x-amz-content-sha256;host",
        "HOST;x-amz-content-sha256;x-amz-date",
        "host;X-Amz-Content-Sha256;x-amz-date",
        "host;;x-amz-content-sha256;x-amz-date",
        "host;x-amz-content-sha256;x-amz-date;",
    ],
)
def test_a18_signed_headers_out_of_form(stand: Stand, signed: str) -> None:
    assert told(stand.ask("GET", "/", signed=signed)) in (MISMATCH, MALFORMED)


@pytest.mark.parametrize(
    ("headers", "stored"),
    [
        ([("x-amz-meta-a", "1"), ("x-amz-meta-a", "2")], "1,2"),
        ([("x-amz-meta-a", "1"), ("X-Amz-Meta-A", "2")], "1,2"),
        ([("x-amz-meta-a", "  1   2  ")], "1   2"),
        ([("x-amz-meta-a", "")], ""),
    ],
)
def test_a20_duplicate_headers(stand: Stand, bucket: str, headers: list[Header], stored: str) -> None:
    stand.put(bucket, "key", headers=headers)
    assert stand.ask("HEAD", f"/{bucket}/key").header("x-amz-meta-a") == stored


# --- A21 to A25: spellings of path and query ---

QUERIES = [
    "a=&a",
    "b=1&a=2&a=1",
    "a=+",
    "a=%20",
    "a=%2B",
    "a=~&b=%7E",
    "a=%E2%82%AC",
    "=",
    "=1",
    "&&a&&",
    "a=b=c",
    "a%3Db=c",
    "a=%26b%3D1",
    "A=1&a=1&%41=2",
    "a-b=1&a.b=2&ab=3",
    "prefix=%00",
    "a=%C3%A9&a=e%CC%81",
    "*=(')!",
    "a=/?:@",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a21_queries(stand: Stand, bucket: str, query: str) -> None:
    assert stand.ask("GET", f"/{bucket}?{query}").status == 200
    assert stand.visit("GET", stand.presigned("GET", f"/{bucket}?{query}")).status == 200


@pytest.mark.parametrize("query", ["a=1&b=2", "a=%20", "a", "prefix=x%2Fy", "a=~", "x=%E2%82%AC", "b=1&a=2"])
def test_a21_botocore_agrees(stand: Stand, bucket: str, query: str) -> None:
    request = AWSRequest(method="GET", url=f"{stand.url}/{bucket}?{query}")
    S3SigV4Auth(Credentials(ALICE.access_key, ALICE.secret), "s3", "us-east-1").add_auth(request)
    headers = [("Host", stand.host), *request.headers.items()]
    assert stand.send(request_bytes("GET", f"/{bucket}?{query}", headers)).status == 200


PATHS = [
    "a//b",
    "/a",
    "//",
    "./a",
    "a/./b",
    "a/../b",
    "a/b/..",
    "a%2Fb",
    "%61",
    "%e2%82%ac",
    "%E2%82%AC",
    "a+b",
    "a%20b",
    "a%2Bb",
    "~a",
    "%7Ea",
    "a;b=c",
    "a:b@c",
    "(a)!*'",
    "a%3Fb",
    "a%23b",
    "a%25zz",
    "a=b&c",
    "%5B%5D",
]


@pytest.mark.parametrize("path", PATHS)
def test_a22_a24_paths(stand: Stand, bucket: str, path: str) -> None:
    """Neither normalised for the signature nor for the key; decoded once for both."""
    stand.put(bucket, path, path.encode())
    assert stand.get(bucket, path) == path.encode()
    assert stand.visit("GET", stand.presigned("GET", f"/{bucket}/{path}")).body == path.encode()
    assert len(stand.holds(bucket)[0]) == 1


def test_a22_spellings_of_one_key_are_one_and_no_others(stand: Stand, bucket: str) -> None:
    for path in ("a", "%61", "a/", "./a", "/a", "b/../a", "a%2F", "%2Fa"):
        stand.put(bucket, path)
    assert stand.holds(bucket)[0] == ["./a", "/a", "a", "a/", "b/../a"]


@pytest.mark.parametrize("path", ["%zz", "%", "%2", "a%", "%%", "%2%46", "a%u0041", "% 41", "%+1", "%-1"])
def test_a25_broken_escapes(stand: Stand, empty: str, path: str) -> None:
    for target in (f"/{empty}/{path}", f"/{path}", f"/{empty}?prefix={path}"):
        answer = stand.ask("GET", target)
        assert answer.status == 400, target
        # a space in a target is not HTTP, and the parser's own affair
        assert answer.code in ("InvalidURI", "BadRequest")


# --- A26 to A30: the payload ---


def test_a26_no_content_sha256(stand: Stand, empty: str) -> None:
    assert told(stand.ask("PUT", f"/{empty}/key", has_payload=False)) == (400, "InvalidRequest")


@pytest.mark.parametrize("size", [7, 20_000, 300_000])
def test_a28_another_body(stand: Stand, bucket: str, size: int) -> None:
    stand.put(bucket, "key", b"old")
    answer = stand.ask("PUT", f"/{bucket}/key", body=b"x" * size, payload=sha256_of(b"other"))
    assert told(answer) == (400, "XAmzContentSHA256Mismatch")
    assert stand.get(bucket, "key") == b"old"


@pytest.mark.parametrize("size", [7, 20_000, 300_000])
def test_a28_nothing_is_left(stand: Stand, empty: str, size: int) -> None:
    answer = stand.ask("PUT", f"/{empty}/key", body=b"x" * size, payload=sha256_of(b"other"))
    assert told(answer) == (400, "XAmzContentSHA256Mismatch")


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/key?tagging", b"<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"),
        ("PUT", "?versioning", b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"),
        ("POST", "?delete", b"<Delete><Object><Key>key</Key></Object></Delete>"),
        ("PUT", "?tagging", b"<Tagging><TagSet><Tag><Key>a</Key><Value>1</Value></Tag></TagSet></Tagging>"),
    ],
)
def test_a28_documents(stand: Stand, bucket: str, method: str, path: str, body: bytes) -> None:
    stand.put(bucket, "key")
    answer = stand.ask(method, f"/{bucket}{path}", body=body, payload=sha256_of(b"other"))
    assert told(answer) == (400, "XAmzContentSHA256Mismatch")
    assert stand.get(bucket, "key") == b"content"
    assert stand.ask("GET", f"/{bucket}?versioning").texts("Status") == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "DELETE"])
def test_a28_a_body_where_none_belongs(stand: Stand, bucket: str, method: str) -> None:
    stand.put(bucket, "key")
    answer = stand.ask(method, f"/{bucket}/key", body=b"body", payload=EMPTY_SHA256)
    assert answer.status < 500


def test_a29_unsigned_payload_over_http(stand: Stand, bucket: str) -> None:
    assert stand.ask("PUT", f"/{bucket}/key", body=b"content", payload=UNSIGNED).status == 200


WRITES = [
    (operation.name, *operation.route.split(" ")[:2])
    for operation in TABLE.operations
    if operation.kind == "acts" and not operation.route.startswith(("GET", "HEAD"))
]
MODES = {
    "signed": (EMPTY_SHA256, MISMATCH),
    "unsigned": (UNSIGNED, MISMATCH),
    "chunks": ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", MISMATCH),
    "chunks-trailer": ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER", MISMATCH),
    "unsigned-trailer": ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", MISMATCH),
    "ecdsa": ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD", (501, "NotImplemented")),
    "ecdsa-trailer": ("STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD-TRAILER", (501, "NotImplemented")),
    "nonsense": ("STREAMING-NONSENSE", (400, "InvalidArgument")),
    "lower-case": ("unsigned-payload", (400, "InvalidArgument")),
}


@pytest.mark.parametrize("write", WRITES, ids=lambda write: write[0])
def test_a30_bad_signatures_on_every_write(stand: Stand, empty: str, write: tuple[str, str, str]) -> None:
    name, method, route = write
    target = route.replace("{Bucket}", empty).replace("{Key+}", "key")
    headers = [(f"x-amz-{word.lower()}-source", f"/{empty}/key") for word in ("Copy", "Rename") if word in name]
    for mode, (payload, wanted) in MODES.items():
        answer = stand.ask(method, target, headers, payload=payload, by=Keys(ALICE.access_key, "wrong"))
        assert told(answer) == wanted, mode


# --- A32, A33: methods ---


@pytest.mark.parametrize("method", ["get", "Get", "G" * 100, "TRACE", "PATCH", "PROPFIND", "LINK", "GET\t", "\xe9"])
def test_a32_a33_methods(stand: Stand, method: str) -> None:
    answer = stand.send(stand.spell(method, "/"), "GET")
    assert told(answer) in ((405, "MethodNotAllowed"), (400, "BadRequest"))


@pytest.mark.parametrize(
    "line", ["CONNECT evil:443 HTTP/1.1", "CONNECT / HTTP/1.1", "PRI * HTTP/2.0", "OPTIONS * HTTP/1.1"]
)
def test_a33_lines(stand: Stand, line: str) -> None:
    answer = stand.send(f"{line}\r\nHost: {stand.host}\r\n\r\n".encode())
    assert answer.status in (400, 403, 405)


# --- B: replay and clock ---


@pytest.mark.parametrize("seconds", [903, 86_400, -903, -86_400])
def test_b1_skewed(stand: Stand, seconds: int) -> None:
    answer = stand.ask("GET", "/", by=Signer(ALICE, lag=timedelta(seconds=seconds)))
    assert told(answer) == (403, "RequestTimeTooSkewed")
    assert answer.text("MaxAllowedSkewMilliseconds") == "900000"
    assert answer.text("ServerTime") and answer.text("RequestTime")


@pytest.mark.parametrize("seconds", [895, -895])
def test_b2_nearly_skewed(stand: Stand, seconds: int) -> None:
    assert stand.ask("GET", "/", by=Signer(ALICE, lag=timedelta(seconds=seconds))).status == 200


def test_b4_two_dates(stand: Stand) -> None:
    assert stand.ask("GET", "/", [("Date", "Tue, 21 Nov 2006 10:00:00 GMT")]).status == 200
    assert stand.ask("GET", "/", [("Date", "nonsense")]).status == 200


DATES = [
    "20261131T250000Z",
    "2026-11-21",
    "",
    "x" * 10_240,
    "20261121T150000",
    "20261121T150000Z,20261121T150000Z",
    "99999999T999999Z",
    "00000000T000000Z",
    "00010101T000000Z",
    "99991231T235959Z",
    "\xb2\xb3261121T150000Z",
]


@pytest.mark.parametrize("date", DATES, ids=lambda date: date[:20] or "empty")
def test_b5_dates(stand: Stand, date: str) -> None:
    answer = stand.ask("GET", "/", stamp=date)
    assert told(answer) in (DENIED, MALFORMED, (403, "RequestTimeTooSkewed"))


@pytest.mark.parametrize(
    "date", ["", "nonsense", "Sat, 32 Nov 2026 99:00:00 GMT", "0", "-1", "x" * 10_240, "Sat, 21 Nov 99999 10:00:00 GMT"]
)
def test_b5_dates_of_http(stand: Stand, date: str) -> None:
    answer = stand.ask("GET", "/", [("Date", date)], has_stamp=False)
    assert told(answer) in (DENIED, MALFORMED, (403, "RequestTimeTooSkewed"))


def test_b6_replays(stand: Stand, versioned: str) -> None:
    raw = stand.spell("PUT", f"/{versioned}/key", body=b"content")
    assert [stand.send(raw).status for _ in range(2)] == [200, 200]
    once = stand.spell("PUT", f"/{versioned}/once", [("If-None-Match", "*")], b"content")
    assert stand.send(once).status == 200
    assert told(stand.send(once)) == (412, "PreconditionFailed")
    assert sorted(stand.holds(versioned)[0]) == ["key", "key", "once"]


NEARLY_MIDNIGHT = 1_795_391_999 * 1_000_000  # 2026-11-22T23:59:59Z
HOUR = 3600 * 1_000_000


def in_process(clock: HandClock) -> Gateway:
    blobs = MemoryBlobs()
    keys = MemoryCredentials(credential(ALICE.access_key, ALICE.secret))
    metadata = MemoryMetadata(clock, blobs)
    return Gateway(
        table=TABLE,
        authenticator=Authenticator(keys, clock, ("us-east-1",), allows_sigv2_header=False),
        engine=Engine.over(metadata, blobs, clock),
        authority=Authority(metadata, NobodyGranted()),
        settings=EdgeSettings(),
        observer=Observer(),
        clock=clock,
        readiness=lambda: Readiness(is_ready=True, durability="none", store="ok"),
    )


def stamp_of(clock: HandClock) -> str:
    return stamp(clock.now())


async def asked(gateway: Gateway, method: str, target: str, stamp: str, body: bytes = b"") -> Any:
    headers = [("Host", "h"), ("Content-Length", str(len(body)))]
    signed = Signer(ALICE).header(method, target, headers, sha256_of(body), stamp=stamp)
    return await ask(Application(gateway), scope_of(method, target, signed), [body])


def test_b8_the_clock_jumps() -> None:
    async def story() -> None:
        clock = HandClock()
        gateway = in_process(clock)
        begin = clock.now()
        assert (await asked(gateway, "PUT", "/bucket", stamp_of(clock))).status == 200
        document = b"<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>"
        assert (await asked(gateway, "PUT", "/bucket?versioning", stamp_of(clock), document)).status == 200
        for turn, jump in enumerate((0, -HOUR, HOUR, 0, -HOUR)):
            clock.time = begin + jump
            before = stamp_of(clock)
            assert (await asked(gateway, "PUT", "/bucket/key", before, b"%d" % turn)).status == 200
            assert (await asked(gateway, "GET", "/bucket/key", before)).body == b"%d" % turn
        stale = stamp_of(clock)
        clock.time = begin + HOUR
        assert b"RequestTimeTooSkewed" in (await asked(gateway, "GET", "/bucket/key", stale)).body
        listed = (await asked(gateway, "GET", "/bucket?versions", stamp_of(clock))).body
        assert listed.count(b"<Version>") == 5
        assert listed.count(b"<IsLatest>true") == 1
        assert listed.index(b"<IsLatest>true") < listed.index(b"<IsLatest>false")

    asyncio.run(story())


def test_b9_over_midnight() -> None:
    async def story() -> None:
        clock = HandClock(NEARLY_MIDNIGHT)
        gateway = in_process(clock)
        before = stamp_of(clock)
        assert before.endswith("T235959Z")
        assert (await asked(gateway, "GET", "/", before)).status == 200
        clock.time += 2_000_000
        assert (await asked(gateway, "GET", "/", stamp_of(clock))).status == 200
        assert (await asked(gateway, "GET", "/", before)).status == 200  # signed yesterday, two seconds ago

    asyncio.run(story())


def test_tenants_are_apart(stand: Stand, bucket: str) -> None:
    """Actor (c): a key of another account, on everything that a bucket has."""
    stand.put(bucket, "key")
    for operation in TABLE.operations:
        method, route, *header = operation.route.split(" ")
        if "{Bucket}" not in route or operation.makes_bucket:
            continue
        target = route.replace("{Bucket}", bucket).replace("{Key+}", "key")
        headers = [(header[0].strip("{}"), f"/{bucket}/key")] if header else []
        answer = stand.ask(method, target, headers, by=EVE)
        wanted = (403,) if operation.kind != "declined" else (403, 501)
        assert answer.status in wanted, (operation.name, answer)
    assert stand.get(bucket, "key") == b"content"
