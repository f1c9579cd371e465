"""HeadObject; ranges and conditions are tested beside GetObject's."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import STRANGER, Server


def test_shows_what_get_shows(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(
        Bucket=bucket, Key="key", Body=b"x" * 40_000, ContentType="text/plain", Metadata={"a": "1"}, Tagging="t=1"
    )
    mode = {"x-amz-checksum-mode": "ENABLED"}
    get, head = (server.ask(method, f"/{bucket}/key", mode) for method in ("GET", "HEAD"))
    changing = {"date", "x-amz-request-id"}
    assert {k: v for k, v in get.headers.items() if k not in changing} == {
        k: v for k, v in head.headers.items() if k not in changing
    }
    assert (head.status, head.body) == (200, b"")
    assert head.headers["content-length"] == "40000"
    assert head.headers["x-amz-tagging-count"] == "1"


def test_what_one_request_asks_is_not_shown_to_another(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"0123456789")
    ways: list[tuple[str, dict[str, str]]] = [
        ("", {}),
        ("", {"x-amz-checksum-mode": "ENABLED"}),
        ("", {"range": "bytes=1-2"}),
        ("?response-content-type=text%2Fhtml", {}),
        ("?partNumber=1", {}),
    ]
    for method in ("GET", "HEAD"):
        before = server.ask(method, f"/{bucket}/key").headers.keys()
        for query, headers in ways:
            assert server.ask(method, f"/{bucket}/key{query}", headers).status in (200, 206)
            assert server.ask(method, f"/{bucket}/key").headers.keys() == before


def test_parts(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"0123456789")
    answer = s3.head_object(Bucket=bucket, Key="key", PartNumber=1)
    assert (answer["ContentLength"], answer["ResponseMetadata"]["HTTPStatusCode"]) == (10, 206)
    with pytest.raises(ClientError, match="416"):
        s3.head_object(Bucket=bucket, Key="key", PartNumber=2)


def test_response_overrides(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    assert s3.head_object(Bucket=bucket, Key="key", ResponseContentType="text/html")["ContentType"] == "text/html"


def test_trap_37_refusals_have_no_body(server: Server, s3: Any, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="key", Body=b"1")
    marker = s3.delete_object(Bucket=versioned, Key="key")["VersionId"]
    for target, status in ((f"/{versioned}/absent", 404), (f"/{versioned}/key", 404), ("/no-such-bucket/key", 404)):
        answer = server.ask("HEAD", target)
        assert (answer.status, answer.body) == (status, b"")
    assert server.ask("HEAD", f"/{versioned}/key").headers["x-amz-delete-marker"] == "true"
    named = server.ask("HEAD", f"/{versioned}/key?versionId={marker}")
    assert (named.status, named.headers["allow"]) == (405, "DELETE")
    assert server.ask("HEAD", f"/{versioned}/key", keys=STRANGER).status == 403
