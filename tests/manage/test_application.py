"""The way of every request to the management port."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
import threading
from collections.abc import Iterator

import httpx
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from msgspec import Struct
from tests.support import patient
from tests.support.console import Console, compose, consoling
from tests.support.server import REGION, ROOT, SECONDS, USER

from trug.domain.errors import ErrorCode, S3Error
from trug.manage.api.application import application
from trug.manage.api.endpoint import Family
from trug.manage.api.visit import Visit


@pytest.fixture(scope="module")
def console() -> Iterator[Console]:
    with consoling() as running:
        yield running


def test_health_needs_no_credentials(console: Console) -> None:
    with console.http(None) as client:
        answer = client.get("/api/v1/health")
    assert answer.status_code == 200
    assert answer.json()["status"] == "healthy"
    assert set(answer.json()) == {"status", "env", "timestamp"}
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert len(answer.headers["x-request-id"]) == 16


@pytest.mark.parametrize(("method", "path", "status"), [("GET", "/nothing", 404), ("PUT", "/api/v1/health", 405)])
def test_what_is_not_there(console: Console, method: str, path: str, status: int) -> None:
    with console.http(None) as client:
        answer = client.request(method, path)
    assert answer.status_code == status
    assert set(answer.json()) == {"error"}


def test_documentation_comes_from_here_alone(console: Console) -> None:
    with console.http(None) as client:
        assert client.get("/").headers["location"] == "/docs"
        page = client.get("/docs")
        assert "https://" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]
        for name in ("swagger-ui.css", "swagger-ui-bundle.js", "start.js"):
            assert client.get(f"/docs/{name}").status_code == 200
        assert client.get("/docs/start.py").status_code == 404
        document = client.get("/openapi.json").json()
    assert document["openapi"] == "3.1.0"
    assert "/api/v1/health" in document["paths"]


class Asked(Struct):
    name: str
    size: int = 0


family = Family("test", "For tests.", "/t")


@family.endpoint("Echo", "GET /echo/{name}", "Echoes", query=Asked, answer=Asked)
async def echo(_: Visit, asked: Asked) -> Asked:
    return asked


@family.endpoint("Store", "POST /store", "Stores", body=Asked, answer=Asked, status=201, largest=100)
async def store(_: Visit, asked: Asked) -> Asked:
    return asked


@family.endpoint("Fail", "POST /fail", "Fails", body=Asked)
async def fail(_: Visit, asked: Asked) -> None:
    if asked.name == "bug":
        raise RuntimeError("secret cause")
    if asked.name == "time":
        raise TimeoutError
    raise S3Error(ErrorCode[asked.name])


class Waiting:
    """What became of the one who waits."""

    def __init__(self) -> None:
        self.begun, self.ended = threading.Event(), threading.Event()

    async def wait(self) -> None:
        self.begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.set()


PATIENT, IMPATIENT = Waiting(), Waiting()


@family.endpoint("Wait", "GET /wait", "Waits")
async def wait(_: Visit, __: None) -> None:
    await PATIENT.wait()


@family.endpoint("WaitShortly", "GET /wait-shortly", "Waits for a short time", seconds=0.1)
async def wait_shortly(_: Visit, __: None) -> None:
    await IMPATIENT.wait()


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with consoling(family) as running, running.http(None) as client:
        yield client


def test_query_and_path_make_one_question(client: httpx.Client) -> None:
    answer = client.get("/t/echo/%C3%A9?size=3&unknown=1", auth=ROOT)
    assert answer.json() == {"name": "é", "size": 3}


def test_all_mistakes_are_told_at_once(client: httpx.Client) -> None:
    answer = client.post("/t/store", json={"size": "three"}, auth=ROOT)
    assert answer.status_code == 400
    assert answer.json()["error"] == "the request is not valid"
    assert [mistake["field"] for mistake in answer.json()["mistakes"]] == ["name", "size"]


@pytest.mark.parametrize("body", [b"", b"{", b"[]", b"null", b"\xff", b'{"name": "\xff"}', b"[" * 99, b'{"a":' * 16])
def test_what_is_no_document_is_a_bad_request(client: httpx.Client, body: bytes) -> None:
    assert client.post("/t/store", content=body, auth=ROOT).status_code == 400


def test_a_parameter_comes_once(client: httpx.Client) -> None:
    assert client.get("/t/echo/a?size=1&size=2", auth=ROOT).status_code == 400
    assert client.get("/t/echo/a?name=b", auth=ROOT).status_code == 400


def test_too_much_is_refused(client: httpx.Client) -> None:
    assert client.post("/t/store", content=b'{"name": "%s"}' % (b"a" * 100), auth=ROOT).status_code == 413


@pytest.mark.parametrize(
    ("name", "status", "text"),
    [
        ("bug", 500, "an unexpected error occurred"),
        ("time", 504, "the request took too long"),
        ("NoSuchBucket", 404, "bucket not found"),
        ("NoSuchKey", 404, "file not found"),
        ("BucketNotEmpty", 409, "bucket is not empty"),
        ("AccessDenied", 403, "access denied"),
        ("EntityTooLarge", 413, "the file is too large"),
        ("InternalError", 500, "an unexpected error occurred"),
    ],
)
def test_refusals_have_stable_texts(client: httpx.Client, name: str, status: int, text: str) -> None:
    answer = client.post("/t/fail", json={"name": name}, auth=ROOT)
    assert (answer.status_code, answer.json()) == (status, {"error": text})


def test_problem_details_for_who_accepts_them(client: httpx.Client) -> None:
    headers = {"accept": "application/problem+json"}
    answer = client.post("/t/fail", json={"name": "NoSuchKey"}, auth=ROOT, headers=headers)
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json() == {"type": "about:blank", "title": "file not found", "status": 404}


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !",
        "Basic QUtJQVJPT1Q6d3Jvbmc=",
        "Basic bm9ib2R5Og==",
        "Bearer x",
        "Digest x",
        "AWS4-HMAC-SHA256 x",
    ],
)
def test_who_is_not_known_is_told_so(client: httpx.Client, authorization: str) -> None:
    headers = {"authorization": authorization} if authorization else {}
    answer = client.get("/t/echo/a", headers=headers)
    assert answer.status_code == 401
    assert "Bearer" in answer.headers["www-authenticate"]


def test_keys_are_not_taken_in_plain_from_afar() -> None:
    async def status(scheme: str) -> int:
        transport = httpx.ASGITransport(application(compose(), [family]), client=("203.0.113.7", 1))
        async with httpx.AsyncClient(transport=transport, base_url=f"{scheme}://test") as far:
            return (await far.get("/t/echo/a", auth=ROOT)).status_code

    assert asyncio.run(status("http")) == 401
    assert asyncio.run(status("https")) == 200


@pytest.mark.parametrize("service", ["trug", "s3", "iam"])
def test_signatures(console: Console, service: str) -> None:
    url = f"{console.endpoint}/api/v1/buckets/list"
    request = AWSRequest(method="GET", url=url)
    S3SigV4Auth(Credentials(*USER), service, REGION).add_auth(request)
    assert patient.get(url, headers=dict(request.headers.items())).status_code == (401 if service == "iam" else 200)


def signed(url: str, body: bytes, sent: bytes) -> httpx.Request:
    request = AWSRequest(method="POST", url=url, data=body, headers={"content-type": "application/json"})
    S3SigV4Auth(Credentials(*USER), "trug", REGION).add_auth(request)
    return httpx.Request("POST", url, headers=dict(request.headers.items()), content=sent)


def test_a_signed_body_is_the_one_that_was_signed(client: httpx.Client) -> None:
    body = json.dumps({"name": "a"}).encode()
    url = f"{client.base_url}/t/store".replace("//t/", "/t/")
    assert client.send(signed(url, body, body)).status_code == 201
    assert client.send(signed(url, body, body.replace(b'a"', b'b"'))).status_code == 401


class SaysHow(S3SigV4Auth):
    """Signs what it is told to say of the body."""

    def payload(self, request: AWSRequest) -> str:
        return str(request.context["said"])


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ("STREAMING-AWS4-HMAC-SHA256-PAYLOAD", 400),
        ("STREAMING-UNSIGNED-PAYLOAD-TRAILER", 400),
        ("UNSIGNED-PAYLOAD", 201),
    ],
)
def test_a_document_is_not_signed_in_chunks(client: httpx.Client, said: str, status: int) -> None:
    body, url = b'{"name": "b"}', str(client.base_url.join("/t/store"))
    request = AWSRequest("POST", url, data=body)
    request.context["said"] = said
    SaysHow(Credentials(*USER), "s3", REGION).add_auth(request)
    answer = httpx.post(url, content=body, headers=dict(request.headers.items()))
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"origin": "https://evil.example"}, 403),
        ({"origin": "null"}, 403),
        ({"sec-fetch-site": "cross-site", "origin": "null"}, 403),
        ({"sec-fetch-site": "same-site"}, 403),
        ({"sec-fetch-site": "same-origin", "origin": "https://proxied.example"}, 201),
        ({"sec-fetch-site": "none"}, 201),
        ({}, 201),
    ],
)
def test_a_page_of_another_site_uses_no_key_that_a_browser_remembers(
    client: httpx.Client, headers: dict[str, str], status: int
) -> None:
    answer = client.post("/t/store", json={"name": "b"}, headers=headers, auth=USER)
    assert answer.status_code == status
    assert client.get("/t/echo/b", headers=headers, auth=USER).status_code == 200


def test_a_page_of_this_origin_may(client: httpx.Client) -> None:
    origin = str(client.base_url).rstrip("/")
    assert client.post("/t/store", json={"name": "b"}, headers={"origin": origin}, auth=USER).status_code == 201


@pytest.mark.parametrize("query", ["AWSAccessKeyId=AKIAUSER&Signature=x&Expires=9999999999", "x-amz-signature=x"])
@pytest.mark.parametrize("headers", [{}, {"x-amz-content-sha256": "UNSIGNED-PAYLOAD"}])
def test_other_signatures_count_for_nothing(client: httpx.Client, query: str, headers: dict[str, str]) -> None:
    assert client.get(f"/t/echo/b?{query}", headers=headers).status_code == 401


def test_who_asks_too_often_is_told_when_to_come_again() -> None:
    with consoling(family, rate=0.01) as running, running.http(None) as client:
        assert client.get("/t/echo/a", auth=ROOT).status_code == 200
        answer = client.get("/t/echo/a", auth=ROOT)
        assert answer.status_code == 429
        assert 0 < int(answer.headers["retry-after"]) <= 100
        assert client.get("/t/echo/a", auth=USER).status_code == 200


def test_a_client_that_leaves_ends_the_work(client: httpx.Client) -> None:
    basic = base64.b64encode(":".join(ROOT).encode()).decode()
    with socket.create_connection((client.base_url.host, client.base_url.port or 0), timeout=5) as connection:
        connection.sendall(f"GET /t/wait HTTP/1.1\r\nHost: x\r\nAuthorization: Basic {basic}\r\n\r\n".encode())
        assert PATIENT.begun.wait(SECONDS)
    assert PATIENT.ended.wait(SECONDS)
    assert client.get("/t/echo/a", auth=ROOT).status_code == 200


def test_a_time_limit_ends_the_work(client: httpx.Client) -> None:
    answer = client.get("/t/wait-shortly", auth=ROOT)
    assert (answer.status_code, answer.json()) == (504, {"error": "the request took too long"})
    assert IMPATIENT.ended.is_set()


def test_a_client_that_leaves_early_harms_nobody(console: Console) -> None:
    """Half a request and then nothing: the server goes on."""
    host, port = console.endpoint.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as connection:
        connection.sendall(b"POST /api/v1/health HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc")
    with console.http(None) as client:
        assert client.get("/api/v1/health").status_code == 200
