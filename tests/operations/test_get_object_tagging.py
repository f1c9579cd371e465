"""GetObjectTagging."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import STRANGER, Server


def test_trap_55_no_tags_are_an_empty_set(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    answer = server.ask("GET", f"/{bucket}/key?tagging")
    assert (answer.status, answer.texts("TagSet")) == (200, [""])
    assert "x-amz-version-id" not in answer.headers


def test_tags_of_each_version(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="key", Body=b"1", Tagging="a=1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="key", Body=b"2", Tagging="b=+%C3%A9")
    newest = s3.get_object_tagging(Bucket=versioned, Key="key")
    assert (newest["VersionId"], newest["TagSet"]) == (second["VersionId"], [{"Key": "b", "Value": " é"}])
    oldest = s3.get_object_tagging(Bucket=versioned, Key="key", VersionId=first)
    assert (oldest["VersionId"], oldest["TagSet"]) == (first, [{"Key": "a", "Value": "1"}])


@pytest.mark.parametrize(
    ("query", "code"),
    [("", "NoSuchKey"), ("&versionId=" + "a" * 32, "NoSuchVersion"), ("&versionId=x", "InvalidArgument")],
)
def test_refuses(server: Server, bucket: str, query: str, code: str) -> None:
    assert server.ask("GET", f"/{bucket}/absent?tagging{query}").code == code


def test_who_may(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    assert server.ask("GET", f"/{bucket}/key?tagging", keys=STRANGER).code == "AccessDenied"
