"""Operations that are not built: 501 in XML, whoever asks, and nothing happens."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import Server

from trug.operations.declined import DECLINED, Declined


def target(declined: Declined, bucket: str) -> tuple[str, str]:
    method, _, path = declined.route.partition(" ")
    return method, path.replace("{Bucket}", bucket).replace("{Key+}", "key")


@pytest.mark.parametrize("declined", DECLINED, ids=lambda each: each.name)
def test_declined(server: Server, s3: Any, bucket: str, declined: Declined) -> None:
    method, path = target(declined, bucket)
    for answer in (server.ask(method, path, body=b"<Any/>"), server.send(method, path, {}, b"<Any/>")):
        assert (answer.status, answer.code) == (501, "NotImplemented")
        assert answer.headers["content-type"] == "application/xml"
        assert answer.texts("Message") == [f"The operation {declined.name} is not implemented."]
    assert s3.list_objects_v2(Bucket=bucket)["KeyCount"] == 0


@pytest.mark.parametrize("path", ["?versions", "?uploads", "?delete", "?policy"])
def test_trap_77_a_subresource_of_buckets_on_a_key(server: Server, s3: Any, bucket: str, path: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"secret")
    answer = server.ask("GET", f"/{bucket}/key{path}")
    assert (answer.status, answer.code) == (400, "InvalidRequest")
