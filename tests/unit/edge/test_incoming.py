"""ASGI scopes as WireRequests, and those that are refused before a byte of the body."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.asgi import scope_of

from trug.domain.errors import S3Error
from trug.edge.asgi import AsgiBody, head_of
from trug.edge.incoming import EdgeSettings, Intake, parsed_query
from trug.wire.request import Headers, WireRequest


async def never() -> dict[str, Any]:
    raise AssertionError("the body was read")


def wire_of(scope: dict[str, Any], settings: EdgeSettings | None = None) -> WireRequest:
    head = head_of(scope)
    body = AsgiBody(never, head.headers)
    return Intake(settings or EdgeSettings()).wire(head, body, request_id="ID", received=5)


def code_of(scope: dict[str, Any], settings: EdgeSettings | None = None) -> str:
    with pytest.raises(S3Error) as caught:
        wire_of(scope, settings)
    return caught.value.code.name


def test_a_request() -> None:
    wire = wire_of(scope_of("PUT", "/b/a%20b?partNumber=1&x=a+b%2B&x=2&acl", {"Host": "h", "Content-Length": "3"}))
    assert wire.method == "PUT"
    assert (wire.target.bucket, wire.target.key, wire.target.path) == ("b", "a b", "/b/a%20b")
    assert wire.query == (("partNumber", "1"), ("x", "a b+"), ("x", "2"), ("acl", ""))
    assert wire.parameters == {"partNumber": "1", "x": "a b+", "acl": ""}
    assert wire.raw_query == "partNumber=1&x=a+b%2B&x=2&acl"
    assert wire.raw_body.length == 3
    assert (wire.scheme, wire.client, wire.received, wire.request_id) == ("http", "127.0.0.1", 5, "ID")


@pytest.mark.parametrize(
    ("raw", "pairs"),
    [
        ("", ()),
        ("a", (("a", ""),)),
        ("a=", (("a", ""),)),
        ("&&a=1&", (("a", "1"),)),
        ("a=b=c", (("a", "b=c"),)),
        ("%61=%C3%A9", (("a", "é"),)),
        ("=v", (("", "v"),)),
    ],
)
def test_query(raw: str, pairs: tuple[tuple[str, str], ...]) -> None:
    assert parsed_query(raw) == pairs


@pytest.mark.parametrize("raw", ["a=%ff", "a=%zz", "a=%", "%c3=1", "a=\xc3\xa9", "a=1#frag", "%ed%a0%80"])
def test_query_refused(raw: str) -> None:
    with pytest.raises(S3Error) as caught:
        parsed_query(raw)
    assert caught.value.code.name == "InvalidURI"


def test_a_scope_without_raw_path_is_refused_rather_than_guessed() -> None:
    scope = scope_of()
    del scope["raw_path"]
    assert code_of(scope) == "InvalidURI"


REFUSED: list[Any] = [
    pytest.param("GET", [("expect", "foo")], "ExpectationFailed", id="E20"),
    pytest.param("PUT", [("content-length", "5368709121")], "EntityTooLarge", id="E24"),
    pytest.param(
        "PUT",
        [("content-length", "5368800000"), ("x-amz-decoded-content-length", "5368709121")],
        "EntityTooLarge",
        id="E24-chunked",
    ),
    pytest.param("PUT", [("content-length", "+3")], "BadRequest", id="E5"),
    pytest.param("PUT", [("content-length", "3"), ("content-length", "3")], "BadRequest", id="E2"),
    pytest.param("PUT", [("transfer-encoding", "gzip, chunked")], "NotImplemented", id="E4"),
    pytest.param(
        "PUT", [("transfer-encoding", "chunked"), ("transfer-encoding", "chunked")], "NotImplemented", id="E4-2"
    ),
    pytest.param("PUT", [("transfer-encoding", "chunked"), ("content-length", "3")], "BadRequest", id="CL-TE"),
    pytest.param("GET", [("host", "a"), ("host", "b")], "BadRequest", id="two-hosts"),
    pytest.param("GET", [("x-a", "x" * 40_000)], "RequestHeaderSectionTooLarge", id="bytes"),
    pytest.param("GET", [(f"x-{n}", "") for n in range(300)], "RequestHeaderSectionTooLarge", id="count"),
]


@pytest.mark.parametrize(("method", "headers", "code"), REFUSED)
def test_refused(method: str, headers: list[tuple[str, str]], code: str) -> None:
    assert code_of(scope_of(method, "/b/k", headers)) == code


def test_a_long_query_counts_as_header() -> None:
    assert code_of(scope_of("GET", "/b?prefix=" + "x" * 33_000)) == "RequestHeaderSectionTooLarge"
    assert (
        code_of(scope_of("GET", "/b?prefix=xxxxx"), EdgeSettings(max_header_bytes=10)) == "RequestHeaderSectionTooLarge"
    )


@pytest.mark.parametrize("byte", [*range(0x01, 0x20), 0x7F])
def test_E10_control_characters(byte: int) -> None:  # noqa: N802 - named by the list's id
    assert code_of(scope_of("PUT", "/b/k", {"x-amz-meta-a": f"x{chr(byte)}y"})) == "InvalidArgument"


def test_a_tab_is_legal_where_nothing_is_stored() -> None:
    assert (
        wire_of(scope_of("GET", "/b/k", {"user-agent": "a\tb", "x-amz-meta-a": "\tx "})).headers["user-agent"] == "a\tb"
    )


@pytest.mark.parametrize("value", ["100-continue", "100-Continue"])
def test_the_one_expectation(value: str) -> None:
    wire_of(scope_of("PUT", "/b/k", {"expect": value}))


def test_framed_payload_of_just_5_gib_is_let_through() -> None:
    headers = {"content-length": "5368800000", "x-amz-decoded-content-length": "5368709120"}
    wire_of(scope_of("PUT", "/b/k", headers))


def test_E14_http_0_9() -> None:  # noqa: N802
    assert code_of({**scope_of("GET", "/b/k"), "http_version": "0.9"}) == "BadRequest"


# --- proxies ---

FORWARDED = {
    "host": "inner:9000",
    "x-forwarded-for": "203.0.113.9, 10.1.1.1",
    "x-forwarded-proto": "https",
    "x-forwarded-host": "b.s3.example.com",
}
BEHIND = EdgeSettings(domains=("s3.example.com",), trusted_proxies=("10.0.0.0/8", "::1"))


@pytest.mark.parametrize("peer", ["10.2.3.4", "::1", "::ffff:10.2.3.4"])
def test_E25_a_trusted_proxy_is_believed(peer: str) -> None:  # noqa: N802
    wire = wire_of(scope_of("GET", "/k", FORWARDED, client=(peer, 1)), BEHIND)
    assert (wire.client, wire.scheme, wire.target.bucket) == ("203.0.113.9", "https", "b")
    assert wire.headers["host"] == "b.s3.example.com"


@pytest.mark.parametrize("peer", ["192.0.2.1", "::2", "testclient"])
def test_E25_nobody_else_is(peer: str) -> None:  # noqa: N802
    wire = wire_of(scope_of("GET", "/k", FORWARDED, client=(peer, 1)), BEHIND)
    assert (wire.client, wire.scheme, wire.target.bucket, wire.headers["host"]) == (peer, "http", "k", "inner:9000")


@pytest.mark.parametrize(
    ("forwarded_for", "client"),
    [
        ("", "10.2.3.4"),
        ("spoofed, 203.0.113.9", "203.0.113.9"),
        ("198.51.100.1, 203.0.113.9:4711", "203.0.113.9"),
        ("[2001:db8::1]:4711", "2001:db8::1"),
        ("10.1.1.1, 10.1.1.2", "10.1.1.1"),
        ("203.0.113.9, garbage", "10.2.3.4"),
    ],
)
def test_forwarded_for_is_read_from_its_end(forwarded_for: str, client: str) -> None:
    scope = scope_of("GET", "/k", {"x-forwarded-for": forwarded_for}, client=("10.2.3.4", 1))
    assert wire_of(scope, BEHIND).client == client


# --- the body ---


def body_of(headers: dict[str, str], *messages: dict[str, Any]) -> AsgiBody:
    waiting = list(messages)

    async def receive() -> dict[str, Any]:
        return waiting.pop(0)

    return AsgiBody(receive, Headers(scope_of(headers=headers)["headers"]))


def part(body: bytes, *, more: bool) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def whole(body: AsgiBody) -> list[bytes]:
    chunks = []
    while chunk := await body.read():
        chunks.append(chunk)
    return chunks


def test_body_chunk_by_chunk() -> None:
    body = body_of(
        {"transfer-encoding": "chunked"}, part(b"ab", more=True), part(b"", more=True), part(b"c", more=False)
    )
    assert (body.length, body.is_begun) == (None, False)
    assert asyncio.run(whole(body)) == [b"ab", b"c"]
    assert (body.is_begun, body.is_finished, body.received) == (True, True, 3)


def test_body_ends_with_its_declared_length() -> None:
    body = body_of({"content-length": "2"}, part(b"ab", more=True))
    assert asyncio.run(whole(body)) == [b"ab"]
    assert body.is_finished


def test_no_body_is_never_asked_for() -> None:
    body = body_of({})
    assert asyncio.run(whole(body)) == []
    assert (body.length, body.is_begun, body.is_finished) == (0, False, True)


@pytest.mark.parametrize("last", [{"type": "http.disconnect"}, part(b"", more=False)])
def test_E17_a_body_cut_short(last: dict[str, Any]) -> None:  # noqa: N802
    body = body_of({"content-length": "3"}, part(b"ab", more=True), last)
    with pytest.raises(S3Error) as caught:
        asyncio.run(whole(body))
    assert caught.value.code.name == "IncompleteBody"
