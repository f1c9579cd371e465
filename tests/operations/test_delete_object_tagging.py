"""DeleteObjectTagging."""

from __future__ import annotations

from typing import Any

from tests.support.server import STRANGER, Server


def test_removes_the_tags_and_nothing_else(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1", Tagging="a=1")
    for _ in range(2):
        answer = server.ask("DELETE", f"/{bucket}/key?tagging")
        assert (answer.status, answer.body) == (204, b"")
    assert s3.get_object_tagging(Bucket=bucket, Key="key")["TagSet"] == []
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"1"


def test_a_version(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="key", Body=b"1", Tagging="a=1")["VersionId"]
    s3.put_object(Bucket=versioned, Key="key", Body=b"2", Tagging="b=2")
    assert s3.delete_object_tagging(Bucket=versioned, Key="key", VersionId=first)["VersionId"] == first
    assert s3.get_object_tagging(Bucket=versioned, Key="key", VersionId=first)["TagSet"] == []
    assert s3.get_object_tagging(Bucket=versioned, Key="key")["TagSet"] == [{"Key": "b", "Value": "2"}]


def test_refuses(server: Server, bucket: str) -> None:
    assert server.ask("DELETE", f"/{bucket}/absent?tagging").code == "NoSuchKey"
    assert server.ask("DELETE", f"/{bucket}/absent?tagging", keys=STRANGER).code == "AccessDenied"
