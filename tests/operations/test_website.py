"""Websites: what browsers get at BUCKET.WEBSITE-DOMAIN.

Nothing is public yet. The server of these tests lets visitors in as the account that owns the buckets, through the
same decision as everybody else; ``test_nobody_is_let_in`` asks a server where they are nobody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from tests.support.server import ACCOUNT, OTHER_ACCOUNT, WEBSITE_DOMAIN, Answer, Server, serving

from trug.domain.identity import Identity

INDEX = {"IndexDocument": {"Suffix": "index.html"}}
PAGES = {
    "index.html": b"<h1>home</h1>",
    "page.html": b"<h1>page</h1>",
    "folder/index.html": b"<h1>folder</h1>",
    "folder/a b/index.html": b"<h1>deep</h1>",
    "folder": b"an object of the folder's name",
    "/evil.test/index.html": b"",
    "error.html": b"<h1>sorry</h1>",
    "\u20ac.html": b"euro",
}


@pytest.fixture(scope="module")
def open_server() -> Iterator[Server]:
    with serving(visitor=Identity(ACCOUNT)) as running:
        yield running


@pytest.fixture(scope="module")
def owner(open_server: Server) -> Any:
    return open_server.client()


@pytest.fixture(scope="module")
def site(open_server: Server, owner: Any) -> str:
    return made(open_server, owner, INDEX)


def made(server: Server, client: Any, configuration: Mapping[str, Any], *leave_out: str) -> str:
    """A bucket with PAGES and a website."""
    bucket = server.make_bucket()
    for key, content in PAGES.items():
        if key not in leave_out:
            client.put_object(Bucket=bucket, Key=key, Body=content, ContentType="text/html", Metadata={"a": "1"})
    client.put_bucket_website(Bucket=bucket, WebsiteConfiguration=configuration)
    return bucket


def visit(server: Server, bucket: str, path: str = "/", method: str = "GET", **headers: str) -> Answer:
    lines = {name.replace("_", "-"): value for name, value in headers.items()}
    return server.send(method, path, {"Host": f"{bucket}.{WEBSITE_DOMAIN}:9000", **lines})


def rules(*found: tuple[dict[str, str], dict[str, str]], **more: Any) -> dict[str, Any]:
    listed = [
        {"Redirect": redirect, **({"Condition": condition} if condition else {})} for condition, redirect in found
    ]
    return {**INDEX, "RoutingRules": listed, **more}


@pytest.mark.parametrize(
    ("path", "content"),
    [
        ("/", PAGES["index.html"]),
        ("/index.html", PAGES["index.html"]),
        ("/page.html", PAGES["page.html"]),
        ("/page.html?versionId=x&response-content-type=evil&policy", PAGES["page.html"]),
        ("/folder/", PAGES["folder/index.html"]),
        ("/folder", PAGES["folder"]),
        ("/folder/a%20b/", PAGES["folder/a b/index.html"]),
        ("/%E2%82%AC.html", b"euro"),
    ],
)
def test_documents(open_server: Server, site: str, path: str, content: bytes) -> None:
    answer = visit(open_server, site, path)
    assert (answer.status, answer.body) == (200, content)
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["x-amz-meta-a"] == "1"
    head = visit(open_server, site, path, "HEAD")
    assert (head.status, head.body, head.headers["content-length"]) == (200, b"", str(len(content)))
    assert "x-amz-bucket-region" not in head.headers


def test_conditions_and_ranges(open_server: Server, site: str) -> None:
    etag = visit(open_server, site).headers["etag"]
    unchanged = visit(open_server, site, If_None_Match=etag)
    assert (unchanged.status, unchanged.body, unchanged.headers["etag"]) == (304, b"", etag)
    assert visit(open_server, site, If_Match='"other"').status == 412
    part = visit(open_server, site, Range="bytes=0-3")
    assert (part.status, part.body) == (206, b"<h1>")


@pytest.mark.parametrize(
    ("path", "location"),
    [("/folder/a%20b", "/folder/a%20b/"), ("//evil.test", "/%2Fevil.test/")],
)
def test_a_folder_without_its_slash(open_server: Server, site: str, path: str, location: str) -> None:
    answer = visit(open_server, site, path)
    assert (answer.status, answer.headers["location"]) == (302, location)
    assert visit(open_server, site, location).status == 200


@pytest.mark.parametrize(
    ("path", "key"), [("/absent", "absent"), ("/absent/", "absent/index.html"), ("/%3Cb%3E&", "<b>&")]
)
def test_the_page_of_an_error(open_server: Server, site: str, path: str, key: str) -> None:
    answer = visit(open_server, site, path)
    text = answer.body.decode()
    assert (answer.status, answer.headers["content-type"]) == (404, "text/html; charset=utf-8")
    assert "<title>404 Not Found</title>" in text
    assert "<h1>404 Not Found</h1>" in text
    assert "<li>Code: NoSuchKey</li>\n<li>Message: The specified key does not exist.</li>" in text
    assert f"<li>Key: {key.replace('&', '&amp;').replace('<', '&lt;').replace('>', '&gt;')}</li>" in text  # N6
    assert f"<li>RequestId: {answer.headers['x-amz-request-id']}</li>" in text
    assert f"<li>HostId: {answer.headers['x-amz-id-2']}</li>" in text
    assert answer.headers["x-amz-error-code"] == "NoSuchKey"
    assert visit(open_server, site, path, "HEAD").body == b""


@pytest.mark.parametrize("method", ["PUT", "POST", "DELETE", "PATCH"])
def test_only_get_and_head(open_server: Server, site: str, method: str) -> None:
    answer = visit(open_server, site, "/page.html", method)
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD")
    assert b"<li>Code: MethodNotAllowed</li>" in answer.body
    assert f"<li>Method: {method}</li>".encode() in answer.body


def test_the_site_is_on_its_own_host_alone(open_server: Server, site: str) -> None:
    assert open_server.send("GET", f"/{site}/page.html", {}).status == 403
    assert open_server.send("GET", "/page.html", {"Host": f"{site}.s3.test"}).status == 403
    assert open_server.send("GET", f"/{site}/page.html", {"Host": WEBSITE_DOMAIN}).status == 403


def test_no_site(open_server: Server) -> None:
    bucket = open_server.make_bucket()
    for name, code in (("no-such-bucket", "NoSuchBucket"), (bucket, "NoSuchWebsiteConfiguration")):
        answer = visit(open_server, name)
        assert answer.status == 404
        assert f"<li>Code: {code}</li>" in answer.body.decode()
        assert f"<li>BucketName: {name}</li>" in answer.body.decode()


def test_what_visitors_may_not_see(open_server: Server) -> None:
    bucket = open_server.make_bucket(account=OTHER_ACCOUNT)
    other = open_server.client(("AKIASTRANGER", "stranger-secret"))
    other.put_object(Bucket=bucket, Key="page.html", Body=b"secret")
    other.put_bucket_website(Bucket=bucket, WebsiteConfiguration={**INDEX, "ErrorDocument": {"Key": "page.html"}})
    for path in ("/page.html", "/absent", "/"):
        answer = visit(open_server, bucket, path)
        assert answer.status == 403
        assert b"<h1>403 Forbidden</h1>" in answer.body
        assert b"An Error Occurred While Attempting to Retrieve a Custom Error Document" in answer.body
        assert b"secret" not in answer.body


def test_nobody_is_let_in(server: Server, s3: Any) -> None:
    """Until policies and ACLs open buckets; who is asked is the one that will ask them."""
    bucket = made(server, s3, INDEX)
    for path in ("/", "/page.html", "/absent", "/folder"):
        answer = visit(server, bucket, path)
        assert (answer.status, answer.headers["x-amz-error-code"]) == (403, "AccessDenied")
        assert b"<li>Message: Access Denied</li>" in answer.body


# --- error documents ---


def test_an_error_document(open_server: Server, owner: Any) -> None:
    bucket = made(open_server, owner, {**INDEX, "ErrorDocument": {"Key": "error.html"}})
    answer = visit(open_server, bucket, "/absent", Range="bytes=0-1", If_None_Match="*")
    assert (answer.status, answer.body) == (404, PAGES["error.html"])
    assert answer.headers["content-type"] == "text/html"
    assert answer.headers["x-amz-error-code"] == "NoSuchKey"
    assert answer.headers["x-amz-error-detail-key"] == "absent"
    head = visit(open_server, bucket, "/absent", "HEAD")
    assert (head.status, head.headers["content-type"], head.body) == (404, "text/html", b"")
    assert visit(open_server, bucket, "/page.html", If_Match='"x"').body == PAGES["error.html"]
    assert visit(open_server, bucket, "/page.html", "POST").body.startswith(b"<html>")


def test_a_large_error_document(open_server: Server, owner: Any) -> None:
    bucket = made(open_server, owner, {**INDEX, "ErrorDocument": {"Key": "large"}})
    owner.put_object(Bucket=bucket, Key="large", Body=b"x" * 2_000_000)
    assert visit(open_server, bucket, "/absent").body == b"x" * 2_000_000


def test_an_error_document_that_is_not_there(open_server: Server, owner: Any) -> None:
    bucket = made(open_server, owner, {**INDEX, "ErrorDocument": {"Key": "no<such>.html"}})
    answer = visit(open_server, bucket, "/absent")
    assert answer.status == 404
    assert b"<h3>An Error Occurred While Attempting to Retrieve a Custom Error Document</h3>" in answer.body
    assert b"<li>Key: absent</li>" in answer.body
    assert b"<li>Key: no&lt;such&gt;.html</li>" in answer.body


# --- redirects ---


def test_everything_elsewhere(open_server: Server, owner: Any) -> None:
    for protocol, scheme in (({}, "http"), ({"Protocol": "https"}, "https")):
        target = {"RedirectAllRequestsTo": {"HostName": "example.com", **protocol}}
        bucket = made(open_server, owner, target)
        for path in ("/", "/page.html", "/absent/a%20b"):
            answer = visit(open_server, bucket, path)
            assert (answer.status, answer.headers["location"]) == (301, f"{scheme}://example.com{path}")
        assert visit(open_server, bucket, "/", "PUT").status == 405


@pytest.mark.parametrize(
    ("location", "sent"), [("/page.html", "/page.html"), ("https://example.com/a?b#c", "https://example.com/a?b#c")]
)
def test_an_object_redirects(open_server: Server, owner: Any, site: str, location: str, sent: str) -> None:
    owner.put_object(Bucket=site, Key="old.html", Body=b"old", WebsiteRedirectLocation=location)
    for method in ("GET", "HEAD"):
        answer = visit(open_server, site, "/old.html", method)
        assert (answer.status, answer.headers["location"], answer.body) == (301, sent, b"")
        assert "x-amz-website-redirect-location" not in answer.headers
    assert owner.get_object(Bucket=site, Key="old.html")["WebsiteRedirectLocation"] == location


def test_routing_rules(open_server: Server, owner: Any) -> None:
    configuration = rules(
        ({"KeyPrefixEquals": "docs/"}, {"ReplaceKeyPrefixWith": "folder/"}),
        (
            {"KeyPrefixEquals": "gone/", "HttpErrorCodeReturnedEquals": "404"},
            {"ReplaceKeyWith": "page.html", "HttpRedirectCode": "307"},
        ),
        (
            {"HttpErrorCodeReturnedEquals": "404"},
            {"HostName": "example.com", "Protocol": "https", "ReplaceKeyPrefixWith": "#!/"},
        ),
        ErrorDocument={"Key": "error.html"},
    )
    bucket = made(open_server, owner, configuration)
    host = f"{bucket}.{WEBSITE_DOMAIN}:9000"
    for path, status, location in [
        ("/docs/index.html", 301, f"http://{host}/folder/index.html"),
        ("/docs/a?b", 301, f"http://{host}/folder/a"),
        ("/gone/a", 307, f"http://{host}/page.html"),
        ("/absent/a", 301, "https://example.com/#!/absent/a"),
    ]:
        answer = visit(open_server, bucket, path)
        assert (answer.status, answer.headers["location"], answer.body) == (status, location, b"")
    assert visit(open_server, bucket, "/page.html").status == 200
    assert visit(open_server, bucket, "/page.html", If_Match='"x"').body == PAGES["error.html"]


def test_a_rule_for_those_who_may_not(server: Server, s3: Any) -> None:
    configuration = rules(({"HttpErrorCodeReturnedEquals": "403"}, {"HostName": "login.example.com"}))
    bucket = made(server, s3, configuration)
    assert visit(server, bucket, "/page.html").headers["location"] == "http://login.example.com/page.html"


def test_n5_nothing_breaks_out_of_a_location(open_server: Server, owner: Any) -> None:
    bucket = made(open_server, owner, rules(({"KeyPrefixEquals": "a"}, {"ReplaceKeyPrefixWith": "${b}\u2028 c"})))
    answer = visit(open_server, bucket, "/a%0D%0Aset-cookie:%20x")
    assert answer.headers["location"].endswith("/$%7Bb%7D%E2%80%A8%20c%0D%0Aset-cookie:%20x")
    assert "set-cookie" not in answer.headers


# --- pages of other origins ---


def test_cross_origin(open_server: Server, owner: Any, site: str) -> None:
    owner.put_bucket_cors(
        Bucket=site, CORSConfiguration={"CORSRules": [{"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}]}
    )
    for path in ("/", "/absent", "/folder/a%20b"):
        assert visit(open_server, site, path, Origin="https://a").headers["access-control-allow-origin"] == "*"
    asked = {"Origin": "https://a", "Access_Control_Request_Method": "GET"}
    assert visit(open_server, site, "/", "OPTIONS", **asked).headers["access-control-allow-origin"] == "*"
