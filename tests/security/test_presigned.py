"""Row C of the list of bad inputs, and what a holder of one presigned URL tries beyond it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from botocore.auth import HmacV1QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.hostile import UNSIGNED, Keys, Signer
from tests.support.raw import Answer
from tests.support.stand import ALICE, DOMAIN, EVE, Stand

MISMATCH = (403, "SignatureDoesNotMatch")
DENIED = (403, "AccessDenied")
BAD_QUERY = (400, "AuthorizationQueryParametersError")


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


@pytest.fixture
def held(stand: Stand, bucket: str) -> str:
    """A bucket with an object ``key``."""
    stand.put(bucket, "key")
    return bucket


def test_c1_expired(stand: Stand, held: str) -> None:
    answer = stand.visit(
        "GET", stand.presigned("GET", f"/{held}/key", by=Signer(ALICE, lag=timedelta(seconds=6)), expires="5")
    )
    assert told(answer) == DENIED
    assert answer.text("Message") == "Request has expired"
    assert answer.text("Expires") and answer.text("ServerTime")


def test_c1_not_yet(stand: Stand, held: str) -> None:
    target = stand.presigned("GET", f"/{held}/key", by=Signer(ALICE, lag=timedelta(days=6)), expires="604800")
    assert stand.visit("GET", target).status == 200


@pytest.mark.parametrize(
    "expires",
    [
        "0",
        "-1",
        "604801",
        "1e3",
        "",
        "99999999999999999999",
        "9" * 5000,
        "1.5",
        "+5",
        " 5",
        "5 ",
        "0x5",
        "²",
        "٣",
    ],
    ids=lambda text: ascii(text)[:12],
)
def test_c2_expires(stand: Stand, held: str, expires: str) -> None:
    answer = stand.visit("GET", stand.presigned("GET", f"/{held}/key", expires=expires))
    assert told(answer) == BAD_QUERY


@pytest.mark.parametrize("method", ["HEAD", "PUT", "DELETE", "POST"])
def test_c4_another_method(stand: Stand, held: str, method: str) -> None:
    target = stand.presigned("GET", f"/{held}/key")
    answer = stand.visit(method, target, body=b"evil" if method == "PUT" else b"")
    assert answer.status == (405 if method == "POST" else 403)
    assert stand.get(held, "key") == b"content"


ADDED = [
    "versionId=null",
    "response-content-type=text/html",
    "acl",
    "uploads",
    "tagging",
    "attributes",
    "partNumber=1",
    "x=1",
    "X-Amz-Expires=604800",
    "x-amz-acl=public-read",
    "x-id=GetObject",
]


@pytest.mark.parametrize("added", ADDED)
@pytest.mark.parametrize("place", ["before", "after"])
def test_c5_another_parameter(stand: Stand, held: str, added: str, place: str) -> None:
    target = stand.presigned("GET", f"/{held}/key")
    path, _, query = target.partition("?")
    answer = stand.visit("GET", f"{path}?{added}&{query}" if place == "before" else f"{target}&{added}")
    assert told(answer) in (MISMATCH, (501, "NotImplemented"), (400, "InvalidRequest"), (400, "InvalidArgument"))


@pytest.mark.parametrize("added", ["&", "&&", "?", "&=", "&X-Amz-Signature=" + "0" * 64])
def test_c5_next_to_nothing(stand: Stand, held: str, added: str) -> None:
    """Empty pieces of a query are no parameters; anything else is one."""
    answer = stand.visit("GET", stand.presigned("GET", f"/{held}/key") + added)
    assert answer.status == 200 if not added.strip("&") else told(answer) == MISMATCH


@pytest.mark.parametrize(
    ("header", "value"),
    [
        ("x-amz-copy-source", "/b/k"),
        ("x-amz-acl", "public-read"),
        ("x-amz-meta-a", "1"),
        ("x-amz-tagging", "a=1"),
        ("x-amz-object-lock-mode", "GOVERNANCE"),
        ("x-amz-website-redirect-location", "https://evil.test/"),
        ("x-amz-expected-bucket-owner", "222222222222"),
    ],
)
def test_c6_unsigned_headers(stand: Stand, empty: str, header: str, value: str) -> None:
    answer = stand.visit("PUT", stand.presigned("PUT", f"/{empty}/key"), [(header, value)], b"evil")
    assert told(answer) == DENIED
    assert answer.text("HeadersNotSigned") == header


@pytest.mark.parametrize("host", ["evil.test", "localhost", "", f"bucket.{DOMAIN}"])
def test_c8_another_host(stand: Stand, held: str, host: str) -> None:
    raw = stand.spell("GET", stand.presigned("GET", f"/{held}/key"), by=None, host=host)
    assert told(stand.send(raw)) in (MISMATCH, DENIED)


def test_c9_from_the_future(stand: Stand, held: str) -> None:
    target = stand.presigned("GET", f"/{held}/key", by=Signer(ALICE, lag=timedelta(hours=-1)))
    answer = stand.visit("GET", target)
    assert told(answer) == DENIED
    assert answer.text("Message") == "Request is not yet valid"


@pytest.mark.parametrize("sent", ["text/html", "", "text/plain;charset=utf-8", None])
def test_c10_another_content_type(stand: Stand, empty: str, sent: str | None) -> None:
    target = stand.presigned("PUT", f"/{empty}/key", headers=[("Content-Type", "text/plain")])
    answer = stand.visit("PUT", target, [] if sent is None else [("Content-Type", sent)], b"evil")
    assert told(answer) == MISMATCH


def test_c10_content_length_is_binding_when_signed(stand: Stand, empty: str) -> None:
    target = stand.presigned("PUT", f"/{empty}/key", headers=[("Content-Length", "3")])
    assert told(stand.visit("PUT", target, body=b"longer")) == MISMATCH


OVERRIDES = [
    "response-content-type",
    "response-content-disposition",
    "response-content-language",
    "response-expires",
    "response-cache-control",
    "response-content-encoding",
]
UNSAFE = {
    "crlf": "a%0D%0ASet-Cookie:%20evil",
    "cr": "a%0Db",
    "lf": "a%0Ab",
    "nul": "a%00b",
    "euro": "%E2%82%AC",
    "del": "%7F",
}


@pytest.mark.parametrize("value", UNSAFE.values(), ids=UNSAFE.keys())
def test_c12_overrides(stand: Stand, held: str, value: str) -> None:
    for name in OVERRIDES:
        for answer in (
            stand.ask("GET", f"/{held}/key?{name}={value}"),
            stand.visit("GET", stand.presigned("GET", f"/{held}/key?{name}={value}")),
        ):
            assert told(answer) == (400, "InvalidArgument"), name
            assert answer.header("set-cookie") is None


def test_c12_latin_1_comes_back(stand: Stand, held: str) -> None:
    answer = stand.ask("GET", f"/{held}/key?response-content-disposition=%C3%A9")
    assert answer.header("content-disposition") == "é"


# --- beyond the list ---


@pytest.mark.parametrize(
    "name",
    ["X-Amz-Signature", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Algorithm"],
)
def test_parameters_in_another_case_or_missing(stand: Stand, held: str, name: str) -> None:
    target = stand.presigned("GET", f"/{held}/key")
    for spelled in (name.lower(), name.upper()):
        assert stand.visit("GET", target.replace(f"{name}=", f"{spelled}=")).status in (400, 403)
    without = "&".join(piece for piece in target.split("&") if f"{name}=" not in piece)
    assert stand.visit("GET", without).status in (400, 403)


@pytest.mark.parametrize(
    "name", ["X-Amz-Expires", "X-Amz-Date", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Algorithm"]
)
def test_parameters_twice(stand: Stand, held: str, name: str) -> None:
    """The first is believed by one and the last by another: neither may be when both were not signed."""
    target = stand.presigned("GET", f"/{held}/key")
    path, _, query = target.partition("?")
    value = next(piece for piece in query.split("&") if piece.startswith(name)).partition("=")[2]
    for doubled in (f"{path}?{name}={value}&{query}", f"{target}&{name}={value}"):
        assert stand.visit("GET", doubled).status in (400, 403)


def test_a_version_signed_first_and_another_used_last(stand: Stand, versioned: str) -> None:
    first = stand.put(versioned, "key", b"first").header("x-amz-version-id")
    second = stand.put(versioned, "key", b"second").header("x-amz-version-id")
    signed_for_both = stand.presigned("GET", f"/{versioned}/key?versionId={first}&versionId={second}")
    assert stand.visit("GET", signed_for_both).body == b"first"
    signed_for_first = stand.presigned("GET", f"/{versioned}/key?versionId={first}")
    assert stand.visit("GET", signed_for_first).body == b"first"
    assert told(stand.visit("GET", f"{signed_for_first}&versionId={second}")) == MISMATCH
    before = signed_for_first.replace("versionId=", f"versionId={second}&versionId=")
    assert told(stand.visit("GET", before)) == MISMATCH


@pytest.mark.parametrize(
    "spelled", ["/%6Bey", "/key%2F..%2Fkey", "//key", "/./key", "/key/", "/KEY", "/key%00", "/other"]
)
def test_another_spelling_of_the_path(stand: Stand, held: str, spelled: str) -> None:
    """The same key in other letters is the same request; anything else is another."""
    target = stand.presigned("GET", f"/{held}/key").replace("/key?", f"{spelled}?")
    answer = stand.visit("GET", target)
    assert answer.status == (200 if spelled == "/%6Bey" else 403) or answer.code in ("InvalidArgument", "InvalidURI")


def test_one_bucket_s_url_is_not_another_s(stand: Stand, held: str, versioned: str) -> None:
    target = stand.presigned("GET", f"/{held}/key")
    assert told(stand.visit("GET", target.replace(held, versioned))) == MISMATCH
    raw = stand.spell("GET", target.replace(f"/{held}", ""), by=None, host=f"{held}.{DOMAIN}")
    assert told(stand.send(raw)) == MISMATCH


def test_the_payload_s_hash_is_binding_when_signed(stand: Stand, empty: str) -> None:
    target = stand.presigned("PUT", f"/{empty}/key", payload="0" * 64, headers=[("x-amz-content-sha256", "0" * 64)])
    answer = stand.visit("PUT", target, [("x-amz-content-sha256", "0" * 64)], b"evil")
    assert told(answer) == (400, "XAmzContentSHA256Mismatch")
    assert told(stand.visit("PUT", target, [("x-amz-content-sha256", UNSIGNED)], b"evil")) == MISMATCH


def test_a_stranger_s_url(stand: Stand, held: str) -> None:
    assert told(stand.visit("GET", stand.presigned("GET", f"/{held}/key", by=EVE))) == DENIED
    assert told(stand.visit("GET", stand.presigned("GET", f"/{held}/key", by=Keys("AKIANONE", "x")))) == (
        403,
        "InvalidAccessKeyId",
    )


def test_signatures_are_not_echoed_into_the_log(stand: Stand, held: str) -> None:
    """The log's own check looks for anything that could be one."""
    target = stand.presigned("GET", f"/{held}/key")
    for name in ("X-Amz-Signature", "x-amz-signature", "X%2DAmz%2DSignature", "X-Amz-Signature%20"):
        stand.visit("GET", target.replace("X-Amz-Signature", name))


# --- Signature Version 2 in the query ---


def sigv2(stand: Stand, method: str, target: str, *, expires: int = 900) -> str:
    request = AWSRequest(method=method, url=stand.url + target)
    request.auth_path = target.partition("?")[0]
    HmacV1QueryAuth(Credentials(ALICE.access_key, ALICE.secret), expires=expires).add_auth(request)
    return str(request.url).removeprefix(stand.url)


def test_v2_holds_what_it_signs(stand: Stand, held: str) -> None:
    target = sigv2(stand, "GET", f"/{held}/key")
    assert stand.visit("GET", target).body == b"content"
    assert told(stand.visit("DELETE", target)) == MISMATCH
    for added in ("versionId=null", "acl", "tagging", "uploads", "response-content-type=text/html", "attributes"):
        assert told(stand.visit("GET", f"{target}&{added}")) in (MISMATCH, (400, "InvalidRequest")), added
    assert told(stand.visit("PUT", target, [("x-amz-copy-source", "/b/k")])) == MISMATCH
    assert told(stand.visit("GET", target, [("x-amz-meta-a", "1")])) == MISMATCH
    assert told(stand.visit("GET", sigv2(stand, "GET", f"/{held}/key", expires=-5))) == DENIED


@pytest.mark.parametrize("expires", ["", "x", "-1", "1e9", "9" * 400, "\xb2"], ids=lambda text: ascii(text)[:9])
def test_v2_expires(stand: Stand, held: str, expires: str) -> None:
    target = f"/{held}/key?AWSAccessKeyId={ALICE.access_key}&Signature=x&Expires={expires}"
    answer = stand.visit("GET", target)
    assert answer.status in (400, 403)


def test_v2_in_the_header_is_off(stand: Stand) -> None:
    raw = stand.spell("GET", "/", [("Authorization", f"AWS {ALICE.access_key}:c2ln")], by=None)
    assert told(stand.send(raw)) == (400, "InvalidRequest")


# --- headers that signers moved into the query ---

HOISTED = [
    "x-amz-meta-a",
    "x-amz-tagging",
    "x-amz-website-redirect-location",
    "x-amz-acl",
    "x-amz-copy-source",
    "x-amz-storage-class",
    "x-amz-checksum-crc32",
    "x-amz-trailer",
    "x-amz-decoded-content-length",
    "x-amz-expected-bucket-owner",
    "x-amz-meta-%E2%82%AC",
    "x-amz-checksum-algorithm",
    "x-amz-sdk-checksum-algorithm",
    "x-amz-server-side-encryption",
    "X-AMZ-META-B",
    "x-amz-meta-",
]
ODD = [
    "%0D%0ASet-Cookie:%20evil",
    "%00",
    "%E2%82%AC",
    "%C3%83%C2%A9",
    "%F0%9F%98%80",
    "",
    "%09",
    "%20a%20",
    "a%2Cb",
    "%25zz",
    "a" * 3000,
]


@pytest.mark.parametrize("name", HOISTED)
def test_hoisted_values(stand: Stand, bucket: str, name: str) -> None:
    """They are checked like those of headers, whose characters they are not bound to."""
    for value in ODD:
        answer = stand.visit("PUT", stand.presigned("PUT", f"/{bucket}/key?{name}={value}"), body=b"abc")
        assert answer.status in (200, 400, 403, 404, 501), (value, answer)
        if answer.status == 200:
            head = stand.ask("HEAD", f"/{bucket}/key")
            assert (head.status, head.header("set-cookie")) == (200, None)
            assert stand.ask("GET", f"/{bucket}/key?tagging").status == 200
            assert stand.ask("PUT", f"/{bucket}/copy", [("x-amz-copy-source", f"/{bucket}/key")]).status == 200


@pytest.mark.parametrize(
    "added", ["x-amz-meta-a=evil", "x-amz-acl=public-read", "X-Amz-Copy-Source=/b/k", "x-amz-tagging=a%3D1"]
)
def test_nobody_but_the_signer_moves_headers(stand: Stand, empty: str, added: str) -> None:
    target = stand.presigned("PUT", f"/{empty}/key")
    assert told(stand.visit("PUT", f"{target}&{added}", body=b"evil")) in (MISMATCH, (501, "NotImplemented"))
    path, _, query = target.partition("?")
    assert told(stand.visit("PUT", f"{path}?{added}&{query}", body=b"evil")) in (MISMATCH, (501, "NotImplemented"))


def test_a_parameter_is_no_header_when_the_header_is_signed(stand: Stand, bucket: str) -> None:
    """Only in a presigned URL does the query speak for headers, and never against one that came."""
    assert stand.ask("PUT", f"/{bucket}/key?x-amz-meta-a=query", body=b"abc").status == 200
    assert stand.ask("HEAD", f"/{bucket}/key").header("x-amz-meta-a") is None
    headers = [("x-amz-meta-a", "header")]
    target = stand.presigned("PUT", f"/{bucket}/key?x-amz-meta-a=query", headers=headers)
    assert stand.visit("PUT", target, headers, b"abc").status == 200
    assert stand.ask("HEAD", f"/{bucket}/key").header("x-amz-meta-a") == "header"
    assert told(stand.visit("PUT", target, body=b"abc")) == MISMATCH


def test_a_copy_by_a_presigned_url(stand: Stand, bucket: str) -> None:
    """Its source is authorised like that of any copy."""
    mine = stand.make_bucket(by=EVE)
    stand.put(bucket, "key")
    stolen = stand.presigned("PUT", f"/{mine}/copy?x-amz-copy-source=/{bucket}/key", by=EVE)
    assert told(stand.visit("PUT", stolen)) == DENIED
    own = stand.presigned("PUT", f"/{bucket}/copy?x-amz-copy-source=/{bucket}/key")
    assert stand.visit("PUT", own).status in (200, 501)
