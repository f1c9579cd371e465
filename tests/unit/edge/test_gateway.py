"""The pipeline: who is asked what, in which order, and that there is an answer in every case."""

from __future__ import annotations

import asyncio
import io
import json
import logging
from typing import Any

import pytest
from lxml import etree
from tests.support.asgi import Answer, ask, scope_of
from tests.support.edge import BUCKET, NOBODY, OWNER, STRANGER, Nothing, gateway_of, row
from tests.support.requests import wire_request

from trug.access import actions
from trug.domain.errors import ErrorCode, S3Error
from trug.edge import gateway as gateway_module
from trug.edge.asgi import Application
from trug.edge.asking import action_of
from trug.edge.gateway import Gateway
from trug.edge.incoming import EdgeSettings
from trug.observe import AccessLog
from trug.operations.call import Call
from trug.ports.stores import Damaged, Unavailable
from trug.wire.reply import Reply


def answer_of(gateway: Gateway, scope: dict[str, Any], chunks: tuple[bytes, ...] = ()) -> Answer:
    return asyncio.run(ask(Application(gateway), scope, chunks))


def code_of(answer: Answer) -> str | None:
    return etree.fromstring(answer.body).findtext("Code")


def failing(failure: Exception) -> Any:
    async def fail(call: Call, request: Nothing) -> Reply:
        raise failure

    return row("GetObject", "GET /{Bucket}/{Key+}", fail)


def test_an_answer() -> None:
    answer = answer_of(gateway_of(), scope_of("GET", "/b/k"))
    assert (answer.status, answer.body, answer.is_complete) == (200, b"hello", True)
    assert set(answer.headers) == {
        "date",
        "server",
        "x-amz-id-2",
        "x-amz-request-id",
        "etag",
        "content-length",
    }
    assert answer.headers["server"] == "trug"
    assert answer.headers["date"] == "Tue, 14 Nov 2023 22:13:20 GMT"


def test_the_body_is_read_by_whom_it_concerns() -> None:
    answer = answer_of(gateway_of(), scope_of("PUT", "/b/k", {"content-length": "6"}), (b"abc", b"def"))
    assert answer.body == b"6"


def test_a_handler_is_given_its_call() -> None:
    calls: list[Call] = []

    async def keep(call: Call, request: Nothing) -> Reply:
        calls.append(call)
        return Reply()

    gateway = gateway_of(row("GetObject", "GET /{Bucket}/{Key+}", keep), settings=EdgeSettings(regions=("eu-north-1",)))
    answer_of(gateway, scope_of("GET", "/b/k?x-id=GetObject"))
    [call] = calls
    assert (call.identity, call.bucket, call.regions) == (OWNER, BUCKET, ("eu-north-1",))
    assert (call.wire.target.key, call.wire.query) == ("k", (("x-id", "GetObject"),))


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        ("GET", "/nowhere/k", 404, "NoSuchBucket"),
        ("GET", "/UPPER/k", 400, "InvalidBucketName"),
        ("DELETE", "/b/k", 405, "MethodNotAllowed"),
        ("get", "/b/k", 405, "MethodNotAllowed"),
        ("GET", "/b/%zz", 400, "InvalidURI"),
        ("GET", "http://evil/b/k", 400, "InvalidURI"),
        ("GET", "/-/nothing", 404, "NoSuchKey"),
    ],
)
def test_refusals(method: str, target: str, status: int, code: str) -> None:
    answer = answer_of(gateway_of(), scope_of(method, target))
    assert (answer.status, code_of(answer)) == (status, code)
    root = etree.fromstring(answer.body)
    assert root.findtext("RequestId") == answer.headers["x-amz-request-id"]
    assert root.findtext("HostId") == answer.headers["x-amz-id-2"]
    assert root.findtext("Resource") == target.partition("?")[0]


def test_an_unknown_bucket_is_named() -> None:
    answer = answer_of(gateway_of(), scope_of("GET", "/nowhere"))
    assert answer.status == 405
    answer = answer_of(gateway_of(), scope_of("GET", "/nowhere/k"))
    assert etree.fromstring(answer.body).findtext("BucketName") == "nowhere"


@pytest.mark.parametrize("target", ["/", "/b/k"])
def test_A1_anonymous_learns_nothing(target: str) -> None:  # noqa: N802
    answer = answer_of(gateway_of(identity=NOBODY), scope_of("GET", target))
    assert (answer.status, code_of(answer)) == (403, "AccessDenied")
    assert code_of(answer_of(gateway_of(identity=NOBODY), scope_of("GET", "/nowhere/k"))) == "NoSuchBucket"


def test_a_stranger_is_refused_and_told_only_that_there_is_no_such_bucket() -> None:
    assert answer_of(gateway_of(identity=STRANGER), scope_of("GET", "/b/k")).status == 403
    assert answer_of(gateway_of(identity=STRANGER), scope_of("GET", "/nowhere/k")).status == 404


def test_a_bucket_to_be_made_need_not_exist() -> None:
    assert answer_of(gateway_of(), scope_of("PUT", "/nowhere")).status == 200


@pytest.mark.parametrize(("owner", "status"), [(BUCKET.account, 200), ("222222222222", 403), ("", 403)])
def test_expected_bucket_owner(owner: str, status: int) -> None:
    answer = answer_of(gateway_of(), scope_of("GET", "/b/k", {"x-amz-expected-bucket-owner": owner}))
    assert answer.status == status


@pytest.mark.parametrize("identity", [OWNER, STRANGER, NOBODY])
def test_head_tells_the_region_even_to_those_it_refuses(identity: Any) -> None:
    answer = answer_of(gateway_of(identity=identity), scope_of("HEAD", "/b"))
    assert answer.status == (200 if identity is OWNER else 403)
    assert answer.headers["x-amz-bucket-region"] == "eu-north-1"
    assert answer.body == b""


def test_no_region_where_there_is_no_bucket() -> None:
    assert "x-amz-bucket-region" not in answer_of(gateway_of(), scope_of("HEAD", "/nowhere")).headers


def test_a_version_needs_its_own_permission() -> None:
    versioned = row("GetObject", "GET /{Bucket}/{Key+}", versioned_action=actions.GET_OBJECT_VERSION)
    plain = row("GetObject", "GET /{Bucket}/{Key+}")

    wire = wire_request("GET", "/b/k?versionId=null")
    assert action_of(versioned, wire) == actions.GET_OBJECT_VERSION
    assert action_of(plain, wire) == actions.GET_OBJECT
    assert action_of(versioned, wire_request("GET", "/b/k")) == actions.GET_OBJECT


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (S3Error(ErrorCode.NoSuchKey), 404, "NoSuchKey"),
        (Damaged("row 5 of /secret/path"), 500, "InternalError"),
        (Unavailable("wal in doubt"), 503, "ServiceUnavailable"),
        (Unavailable("disk", is_full=True), 507, "InsufficientStorage"),
        (ZeroDivisionError("secret"), 500, "InternalError"),
    ],
)
def test_every_failure_has_a_word(failure: Exception, status: int, code: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        answer = answer_of(gateway_of(failing(failure)), scope_of("GET", "/b/k"))
    assert (answer.status, code_of(answer)) == (status, code)
    assert b"secret" not in answer.body
    assert (answer.headers.get("retry-after") == "1") == (status == 503)
    logged = [record for record in caplog.records if record.name == gateway_module.__name__]
    assert len(logged) == (not isinstance(failure, S3Error))
    assert all(answer.headers["x-amz-request-id"] in record.getMessage() for record in logged)
    assert any(record.exc_info for record in logged) == (status == 500)


def test_a_store_that_fails_twice_still_answers() -> None:
    answer = answer_of(gateway_of(failure=Damaged("bucket row")), scope_of("HEAD", "/b"))
    assert (answer.status, answer.is_complete) == (500, True)


def test_a_virtual_host_shows_its_bucket_as_resource() -> None:
    settings = EdgeSettings(domains=("s3.example.com",))
    answer = answer_of(
        gateway_of(failing(S3Error(ErrorCode.NoSuchKey)), settings=settings),
        scope_of("GET", "/-/live", {"host": "b.s3.example.com"}),
    )
    assert etree.fromstring(answer.body).findtext("Resource") == "/b/-/live"


def test_probes_need_no_signature() -> None:
    gateway = gateway_of(identity=NOBODY)
    assert answer_of(gateway, scope_of("GET", "/-/live")).status == 200
    answer = answer_of(gateway, scope_of("GET", "/minio/health/ready"))
    assert json.loads(answer.body) == {"ready": True, "durability": "none", "store": "ok"}


def test_metrics_count_by_operation() -> None:
    gateway = gateway_of()
    for target in ("/b/k", "/b/k", "/nowhere/k", "http://evil/"):
        answer_of(gateway, scope_of("GET", target))
    lines = answer_of(gateway, scope_of("GET", "/-/metrics")).body.decode().splitlines()
    assert 'trug_requests_total{operation="GetObject",status="2xx"} 2' in lines
    assert 'trug_requests_total{operation="GetObject",status="4xx"} 1' in lines
    assert 'trug_requests_total{operation="Unresolved",status="4xx"} 1' in lines
    assert "trug_requests_in_flight 1" in lines


def test_one_log_line_a_request_without_secrets() -> None:
    written = io.BytesIO()
    log = AccessLog(written.write)
    gateway = gateway_of(log=log)
    headers = {"authorization": "AWS4-HMAC-SHA256 Signature=s3cret", "user-agent": "probe/1", "content-length": "3"}
    answer = answer_of(gateway, scope_of("PUT", "/b/k?X-Amz-Signature=s3cret&a=1", headers), (b"abc",))
    answer_of(gateway, scope_of("GET", "/nowhere/k"))
    log.close()
    first, second = map(json.loads, written.getvalue().splitlines())
    assert b"s3cret" not in written.getvalue()
    assert first["request_id"] == answer.headers["x-amz-request-id"]
    assert (first["method"], first["path"], first["query"]) == ("PUT", "/b/k", "X-Amz-Signature=***&a=1")
    assert (first["status"], first["operation"], first["bytes_in"], first["bytes_out"]) == (200, "PutObject", 3, 1)
    assert (first["client"], first["user_agent"]) == ("127.0.0.1", "probe/1")
    assert (second["status"], second["error"], second["operation"]) == (404, "NoSuchBucket", "GetObject")


def test_mounted_under_a_path() -> None:
    answer = answer_of(gateway_of(), scope_of("GET", "/storage/b/k", root_path="/storage"))
    assert (answer.status, answer.body) == (200, b"hello")


def test_E26_a_method_override_is_ignored() -> None:  # noqa: N802
    answer = answer_of(gateway_of(), scope_of("GET", "/b/k", {"x-http-method-override": "DELETE"}))
    assert answer.body == b"hello"


# --- the rest of ASGI ---


def test_lifespan() -> None:
    messages = [{"type": "lifespan.startup"}, {"type": "lifespan.shutdown"}]
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return messages.pop(0)

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(Application(gateway_of())({"type": "lifespan"}, receive, send))
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.complete"]


def test_E21_websockets_are_refused() -> None:  # noqa: N802
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return {"type": "websocket.connect"}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    asyncio.run(Application(gateway_of())({"type": "websocket"}, receive, send))
    assert sent == ["websocket.close"]
