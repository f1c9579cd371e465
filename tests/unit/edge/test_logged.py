"""What access logs tell of a request: sizes, signatures, TLS."""

from __future__ import annotations

import asyncio
import http.client
from pathlib import Path

import pytest
from tests.support.bodies import request
from tests.support.certificates import server_context, trusting_context
from tests.support.served import Served
from tests.support.server import compose

from trug.domain.access_log import LogTarget
from trug.domain.configurations import LOGGING
from trug.domain.lines import key_of
from trug.edge.logged import NO_TLS, object_size, tls_of
from trug.engine.access_logs import packed
from trug.engine.engine import Engine
from trug.wire.reply import Reply


@pytest.mark.parametrize(
    ("operation", "headers", "reply", "size"),
    [
        ("GetObject", {}, Reply(headers={"content-length": "7"}), 7),
        ("GetObject", {}, Reply(body=b"12345"), 5),
        ("GetObject", {}, Reply(length=9), 9),
        ("GetObject", {}, Reply(206, {"content-range": "bytes 1-2/30"}, b"12"), 30),
        ("GetObject", {}, Reply(404, body=b"<Error/>"), None),
        ("HeadObject", {}, Reply(length=9), 9),
        ("PutObject", {"content-length": "12"}, Reply(), 12),
        ("PutObject", {"content-length": "90", "x-amz-decoded-content-length": "12"}, Reply(), 12),
        ("PutObject", {}, Reply(), None),
        ("ListObjectsV2", {}, Reply(body=b"<a/>"), None),
    ],
)
def test_the_object_in_question(operation: str, headers: dict[str, str], reply: Reply, size: int | None) -> None:
    assert object_size(operation, request(headers=headers), reply) == size


async def logged_bucket(engine: Engine) -> None:
    for name in ("data", "logs"):
        await engine.buckets.create(name, account="111111111111", region="us-east-1", tags={})
    bucket = await engine.buckets.find("data")
    assert bucket is not None
    await engine.configurations.store(bucket, LOGGING, packed(LogTarget("logs", "")))


async def delivered(engine: Engine) -> str:
    bucket = await engine.buckets.find("logs")
    assert bucket is not None
    page = await engine.listings.objects(bucket, prefix="", delimiter="", after="", limit=10)
    (row,) = page.rows
    reading = await engine.objects.open(bucket, key_of(row), None)
    content = reading.content(0, reading.version.listing.size)
    assert isinstance(content, bytes | memoryview)
    return bytes(content).decode()


@pytest.mark.parametrize("door", ["own", "own on uvloop"])
def test_tls_is_told(tmp_path: Path, door: str) -> None:
    gateway, engine = compose()
    asyncio.run(logged_bucket(engine))
    with Served(gateway, door, tls=server_context(tmp_path)) as served:
        connection = http.client.HTTPSConnection(*served.address, context=trusting_context())
        connection.request("GET", "/data/key")
        assert connection.getresponse().status == 403
        assert connection.sock.version() is not None
        version, cipher = connection.sock.version(), connection.sock.cipher()[0]
        connection.close()
    assert gateway.access_logs is not None
    assert asyncio.run(gateway.access_logs.deliver()) == 1
    fields = asyncio.run(delivered(engine)).split()
    assert (fields[-7], fields[-4]) == (cipher, version)


def test_no_tls() -> None:
    assert tls_of(None) == NO_TLS
