"""PutBucketTagging."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import STRANGER, Server


def document(*pairs: tuple[str, str]) -> bytes:
    tags = "".join(f"<Tag><Key>{key}</Key><Value>{value}</Value></Tag>" for key, value in pairs)
    return f"<Tagging><TagSet>{tags}</TagSet></Tagging>".encode()


def numbered(count: int) -> bytes:
    return document(*((f"key {number}", "") for number in range(count)))


def test_replaces_the_tag_set(server: Server, s3: Any, bucket: str) -> None:
    for tags in ([{"Key": "a", "Value": "1"}, {"Key": "b", "Value": ""}], [{"Key": "ö/+", "Value": "x y"}]):
        s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
        assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags
    answer = server.ask("PUT", f"/{bucket}?tagging", body=document(("c", "3")))
    assert (answer.status, answer.body) == (204, b"")  # trap 56


def test_an_empty_tag_set_is_none(server: Server, bucket: str) -> None:
    server.ask("PUT", f"/{bucket}?tagging", body=document(("a", "1")))
    assert server.ask("PUT", f"/{bucket}?tagging", body=document()).status == 204
    assert server.ask("GET", f"/{bucket}?tagging").code == "NoSuchTagSet"


def test_fifty_at_most(server: Server, s3: Any, bucket: str) -> None:
    assert server.ask("PUT", f"/{bucket}?tagging", body=numbered(50)).status == 204
    assert server.ask("PUT", f"/{bucket}?tagging", body=numbered(51)).status == 400
    assert len(s3.get_bucket_tagging(Bucket=bucket)["TagSet"]) == 50


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (document(("a", "1"), ("a", "2")), "InvalidTag"),
        (document(("", "1")), "InvalidTag"),
        (document(("k" * 129, "1")), "InvalidTag"),
        (document(("k", "v" * 257)), "InvalidTag"),
        (document(("aws:k", "v")), "InvalidTag"),
        (b"<Tagging/>", "MalformedXML"),
        (b"<Tagging><TagSet><Tag><Key>a</Key></Tag></TagSet></Tagging>", "MalformedXML"),
        (b"", "MissingRequestBodyError"),
    ],
)
def test_refused(server: Server, bucket: str, body: bytes, code: str) -> None:
    answer = server.ask("PUT", f"/{bucket}?tagging", body=body)
    assert (answer.status, answer.code) == (400, code)
    assert server.ask("GET", f"/{bucket}?tagging").code == "NoSuchTagSet"


def test_a_wrong_digest(server: Server, bucket: str) -> None:
    headers = {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
    assert server.ask("PUT", f"/{bucket}?tagging", headers, document(("a", "1"))).code == "BadDigest"
    assert server.ask("GET", f"/{bucket}?tagging").code == "NoSuchTagSet"


def test_who_may(server: Server, bucket: str) -> None:
    body = document(("a", "1"))
    assert server.ask("PUT", f"/{bucket}?tagging", body=body, keys=STRANGER).code == "AccessDenied"
