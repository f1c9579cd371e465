"""Requests of pages of other origins: their preflights, and what they may see of the answers."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import Answer, Server

PAGE = "https://www.example.com"
VARY = "Origin, Access-Control-Request-Headers, Access-Control-Request-Method"
RULES = [
    {
        "AllowedMethods": ["PUT", "DELETE"],
        "AllowedOrigins": [PAGE],
        "AllowedHeaders": ["x-amz-*", "Content-Type"],
        "ExposeHeaders": ["ETag", "x-amz-request-id"],
        "MaxAgeSeconds": 3000,
    },
    {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://*.example.org"]},
    {"AllowedMethods": ["GET", "HEAD"], "AllowedOrigins": ["*"], "AllowedHeaders": ["range"]},
]


@pytest.fixture(scope="module")
def shared(server: Server, s3: Any) -> str:
    """A bucket with rules and one object."""
    bucket = server.make_bucket()
    s3.put_object(Bucket=bucket, Key="k", Body=b"content")
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    return bucket


def preflight(
    server: Server, target: str, origin: str | None, method: str | None, headers: str | None = None
) -> Answer:
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": method,
        "Access-Control-Request-Headers": headers,
    }
    return server.send("OPTIONS", target, {name: value for name, value in asked.items() if value is not None})


def cors_headers(answer: Answer) -> dict[str, str]:
    return {
        name.removeprefix("access-control-"): value
        for name, value in answer.headers.items()
        if name.startswith("access-control-") or name == "vary"
    }


@pytest.mark.parametrize("path", ["", "/", "/k", "/absent?uploads", "/k?X-Amz-Signature=whatever"])
def test_a_preflight_by_the_first_rule(server: Server, shared: str, path: str) -> None:
    answer = preflight(server, f"/{shared}{path}", PAGE, "PUT", "X-Amz-Date, content-type,")
    assert (answer.status, answer.body) == (200, b"")
    assert cors_headers(answer) == {
        "allow-origin": PAGE,
        "allow-methods": "PUT, DELETE",
        "allow-headers": "x-amz-date, content-type",
        "expose-headers": "ETag, x-amz-request-id",
        "max-age": "3000",
        "allow-credentials": "true",
        "vary": VARY,
    }
    assert answer.headers["x-amz-request-id"]


def test_a_preflight_by_a_wildcard(server: Server, shared: str) -> None:
    answer = preflight(server, f"/{shared}/k", "https://a.example.org", "GET")
    assert cors_headers(answer) == {
        "allow-origin": "https://a.example.org",
        "allow-methods": "GET",
        "allow-credentials": "true",
        "vary": VARY,
    }


@pytest.mark.parametrize("origin", ["https://anybody.test", "null"])
def test_a_preflight_of_anybody(server: Server, shared: str, origin: str) -> None:
    answer = preflight(server, f"/{shared}/k", origin, "GET", "Range")
    assert cors_headers(answer) == {
        "allow-origin": "*",
        "allow-methods": "GET, HEAD",
        "allow-headers": "range",
        "vary": VARY,
    }


def test_virtual_hosted_style(server: Server, shared: str) -> None:
    headers = {"Host": f"{shared}.s3.test", "Origin": PAGE, "Access-Control-Request-Method": "DELETE"}
    for path in ("/", "/k"):
        assert server.send("OPTIONS", path, headers).headers["access-control-allow-origin"] == PAGE


@pytest.mark.parametrize(
    ("origin", "method", "headers"),
    [
        ("https://www.example.com.evil", "PUT", None),
        ("null", "PUT", None),
        (PAGE, "POST", None),
        (PAGE, "PUT", "authorization"),
        (PAGE, "PUT", "x-amz-date, authorization"),
        ("https://example.org", "DELETE", None),
    ],
)
def test_n1_no_rule_fits(server: Server, shared: str, origin: str, method: str, headers: str | None) -> None:
    answer = preflight(server, f"/{shared}/k", origin, method, headers)
    assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert answer.texts("Message")[0].startswith("CORSResponse: This CORS request is not allowed.")
    assert (answer.texts("Method"), answer.texts("ResourceType")) == ([method], ["OBJECT"])
    assert cors_headers(answer) == {}


@pytest.mark.parametrize(("path", "kind"), [("", "BUCKET"), ("/k", "OBJECT")])
def test_n1_no_rules(server: Server, bucket: str, path: str, kind: str) -> None:
    answer = preflight(server, f"/{bucket}{path}", PAGE, "PUT")
    assert (answer.status, answer.code) == (403, "AccessForbidden")
    assert answer.texts("Message") == ["CORSResponse: CORS is not enabled for this bucket."]
    assert answer.texts("ResourceType") == [kind]


@pytest.mark.parametrize("target", ["/", "/no-such-bucket/k"])
def test_no_bucket(server: Server, target: str) -> None:
    assert preflight(server, target, PAGE, "GET").code == "AccessForbidden"


@pytest.mark.parametrize(
    ("origin", "method", "message"),
    [
        (None, "PUT", "Insufficient information. Origin request header needed."),
        ("", "PUT", "Insufficient information. Origin request header needed."),
        (PAGE, None, "Invalid Access-Control-Request-Method: null"),
        (PAGE, "PATCH", "Invalid Access-Control-Request-Method: PATCH"),
        (PAGE, "get", "Invalid Access-Control-Request-Method: get"),
    ],
)
def test_n1_no_preflight(server: Server, shared: str, origin: str | None, method: str | None, message: str) -> None:
    answer = preflight(server, f"/{shared}/k", origin, method)
    assert (answer.status, answer.code) == (400, "BadRequest")
    assert answer.texts("Message") == [message]


def test_answers(server: Server, shared: str) -> None:
    answer = server.ask("GET", f"/{shared}/k", {"Origin": "https://a.example.org"})
    assert (answer.status, answer.body) == (200, b"content")
    assert cors_headers(answer) == {
        "allow-origin": "https://a.example.org",
        "allow-methods": "GET",
        "allow-credentials": "true",
        "vary": VARY,
    }
    head = server.ask("HEAD", f"/{shared}/k", {"Origin": "https://other"})
    assert cors_headers(head) == {"allow-origin": "*", "allow-methods": "GET, HEAD", "vary": VARY}
    put = server.ask("PUT", f"/{shared}/new", {"Origin": PAGE}, b"new")
    assert (put.status, put.headers["access-control-expose-headers"]) == (200, "ETag, x-amz-request-id")


@pytest.mark.parametrize(("path", "status"), [("/absent", 404), ("/k?versionId=x", 400), ("?policy", 404)])
def test_trap_63_errors_too(server: Server, shared: str, path: str, status: int) -> None:
    answer = server.ask("GET", f"/{shared}{path}", {"Origin": "https://other"})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (status, "*")
    unsigned = server.send("GET", f"/{shared}{path}", {"Origin": "https://other"})
    assert (unsigned.status, unsigned.headers["access-control-allow-origin"]) == (403, "*")


def test_errors_before_the_body(server: Server, shared: str) -> None:
    answer = server.send("PUT", f"/{shared}/k", {"Origin": PAGE}, b"content")
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (403, PAGE)


def test_304(server: Server, s3: Any, shared: str) -> None:
    etag = s3.head_object(Bucket=shared, Key="k")["ETag"]
    answer = server.ask("GET", f"/{shared}/k", {"Origin": "https://other", "If-None-Match": etag})
    assert (answer.status, answer.headers["access-control-allow-origin"]) == (304, "*")


def test_nothing_for_what_no_rule_allows(server: Server, shared: str, bucket: str) -> None:
    assert cors_headers(server.ask("DELETE", f"/{shared}/absent", {"Origin": "https://other"})) == {"vary": VARY}
    assert cors_headers(server.ask("GET", f"/{shared}/k")) == {}
    assert cors_headers(server.ask("GET", f"/{bucket}", {"Origin": PAGE})) == {}
    assert cors_headers(server.ask("GET", "/", {"Origin": PAGE})) == {}
    assert cors_headers(server.send("GET", "/-/live", {"Origin": PAGE})) == {}


def test_an_origin_is_no_header_line(server: Server, shared: str) -> None:
    answer = server.ask("GET", f"/{shared}/k", {"Origin": "https://a\xe9.example.org"})
    assert answer.headers["access-control-allow-origin"] == "https://a\xe9.example.org"


def test_changes_are_seen_at_once(server: Server, s3: Any, bucket: str) -> None:
    for origin in ("https://one", "https://two", "https://three"):
        rule = {"AllowedMethods": ["GET"], "AllowedOrigins": [origin]}
        s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
        assert preflight(server, f"/{bucket}/k", origin, "GET").status == 200
        assert preflight(server, f"/{bucket}/k", "https://zero", "GET").status == 403
