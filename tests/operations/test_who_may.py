"""Every operation for everybody, by header and by presigned URL: refused to all whom nothing lets, and to no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.grants import ANYTHING, policy, statement
from tests.support.server import LIMITED, REGION, ROOT, STRANGER, STRANGERS_USER, USER, Answer, Server

from trug.operations.catalogue import TABLE
from trug.operations.operation import Operation

ROWS = [row for row in TABLE.operations if row.kind != "declined" and not row.in_form]
OF_NO_BUCKET = {"ListBuckets", "CreateBucket"}
REFUSED = (403, "AccessDenied")
Keys = tuple[str, str] | None


@pytest.fixture(scope="module")
def filled(server: Server, s3: Any) -> str:
    bucket = server.make_bucket()
    s3.put_object(Bucket=bucket, Key="key", Body=b"content")
    return bucket


@pytest.fixture
def bob(server: Server) -> Iterator[None]:
    yield
    server.grants.let("bob")


def asked(row: Operation[Any], bucket: str) -> tuple[str, str, dict[str, str]]:
    """Method, target and headers of the least that means this operation."""
    method, route, *header = row.route.split(" ")
    name = "another-bucket-of-bobs" if row.makes_bucket else bucket
    target = route.replace("{Bucket}", name).replace("{Key+}", "key")
    return method, target, {header[0].strip("{}"): f"/{bucket}/key"} if header else {}


def by_header(server: Server, row: Operation[Any], bucket: str, keys: Keys) -> Answer:
    method, target, headers = asked(row, bucket)
    if keys is None:
        return server.send(method, target, headers)
    return server.ask(method, target, headers, keys=keys)


def presigned(server: Server, row: Operation[Any], bucket: str, keys: Keys) -> Answer:
    method, target, headers = asked(row, bucket)
    assert keys is not None
    request = AWSRequest(method=method, url=server.endpoint + target, headers=headers)
    S3SigV4QueryAuth(Credentials(*keys), "s3", REGION, expires=60).add_auth(request)
    return server.send(method, request.url.removeprefix(server.endpoint), headers)


def is_refused(answer: Answer, method: str) -> bool:
    return answer.status == 403 if method == "HEAD" else answer.status == 403 and answer.code == "AccessDenied"


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_who_may_not(server: Server, filled: str, row: Operation[Any]) -> None:
    method = row.route.partition(" ")[0]
    others: list[Keys] = [None, LIMITED, STRANGERS_USER, *([] if row.name in OF_NO_BUCKET else [STRANGER])]
    for keys in others:
        if row.asks_itself and keys is LIMITED:
            continue  # refused key by key
        assert is_refused(by_header(server, row, filled, keys), method), keys
        if keys is not None:
            assert is_refused(presigned(server, row, filled, keys), method), keys


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_who_may(server: Server, s3: Any, bob: None, row: Operation[Any]) -> None:
    """Whatever else is wrong with so little of a request, it is not the permission."""
    method = row.route.partition(" ")[0]
    server.grants.let("bob", ANYTHING)
    for keys in (ROOT, USER, LIMITED):
        bucket = server.make_bucket()
        s3.put_object(Bucket=bucket, Key="key", Body=b"content")
        answer = by_header(server, row, bucket, keys)
        assert answer.status < 500, answer
        assert not is_refused(answer, method), (keys, answer)
    server.ask("DELETE", "/another-bucket-of-bobs")


@pytest.mark.parametrize("row", [row for row in ROWS if not row.asks_itself], ids=lambda row: row.name)
def test_who_may_all_but_this(server: Server, filled: str, bob: None, row: Operation[Any]) -> None:
    """Each operation asks for its own action: to be denied this one is enough."""
    method = row.route.partition(" ")[0]
    server.grants.let("bob", ANYTHING, policy(statement("Deny", row.action, "*")))
    assert is_refused(by_header(server, row, filled, LIMITED), method)
