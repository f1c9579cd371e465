"""Probes and metrics on the bare host."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.support.asgi import scope_of

from trug.domain.errors import S3Error
from trug.edge.asgi import AsgiBody, head_of
from trug.edge.health import Health, Readiness
from trug.edge.incoming import EdgeSettings, Intake
from trug.observe import Metrics
from trug.wire.reply import Reply

READY = Readiness(is_ready=True, durability="full", store="ok")


async def never() -> dict[str, Any]:
    raise AssertionError("the body was read")


def find(scope: dict[str, Any], *, readiness: Readiness = READY, token: str = "") -> tuple[str, Reply] | None:
    head = head_of(scope)
    intake = Intake(EdgeSettings(domains=("s3.example.com",)))
    wire = intake.wire(head, AsgiBody(never, head.headers), request_id="ID", received=0)
    return asyncio.run(Health(readiness=lambda: readiness, metrics=Metrics(), token=token).find(wire))


def status_of(scope: dict[str, Any], *, token: str = "") -> int:
    try:
        found = find(scope, token=token)
    except S3Error as error:
        return error.code.status
    assert found is not None
    return found[1].status


@pytest.mark.parametrize("method", ["GET", "HEAD"])
@pytest.mark.parametrize(
    "path",
    ["/-/live", "/-/ready", "/-/metrics", "/minio/health/live", "/minio/health/ready", "/minio/health/cluster"],
)
def test_probes(method: str, path: str) -> None:
    assert status_of(scope_of(method, path)) == 200


@pytest.mark.parametrize("path", ["/-/ready", "/minio/health/ready", "/minio/health/cluster"])
def test_not_ready(path: str) -> None:
    found = find(scope_of("GET", path), readiness=Readiness(is_ready=False, durability="none", store="read-only"))
    assert found is not None
    assert found[1].status == 503
    assert json.loads(bytes(found[1].body)) == {"ready": False, "durability": "none", "store": "read-only"}  # type: ignore[arg-type]


def test_only_two_methods_and_no_other_names() -> None:
    assert status_of(scope_of("PUT", "/-/live")) == 405
    assert status_of(scope_of("GET", "/-/nothing")) == 404
    assert status_of(scope_of("GET", "/-")) == 404


@pytest.mark.parametrize(
    ("path", "host"),
    [
        ("/-/live", "b.s3.example.com"),
        ("/minio/health/live", "b.s3.example.com"),
        ("/minio/k", "h"),
        ("/b/k", "h"),
        ("/", "h"),
    ],
)
def test_all_else_is_s3(path: str, host: str) -> None:
    assert find(scope_of("GET", path, {"host": host})) is None


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("::ffff:127.0.0.1", {}, 200),
        ("192.0.2.1", {}, 403),
        ("127.0.0.1", {"x-forwarded-for": "192.0.2.1"}, 403),
        ("testclient", {}, 403),
    ],
)
def test_metrics_without_a_token_are_for_loopback(client: str, headers: dict[str, str], status: int) -> None:
    assert status_of(scope_of("GET", "/-/metrics", headers, client=(client, 1))) == status


@pytest.mark.parametrize(
    ("authorization", "status"),
    [("Bearer sesame", 200), ("Bearer sesam", 403), ("sesame", 403), ("Bearer sesam\xe9", 403), ("", 403)],
)
def test_metrics_by_token(authorization: str, status: int) -> None:
    scope = scope_of("GET", "/-/metrics", {"authorization": authorization}, client=("192.0.2.1", 1))
    assert status_of(scope, token="sesame") == status
