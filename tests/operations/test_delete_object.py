"""DeleteObject."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import STRANGER, Server

from trug.domain.versioning import Versioning


def keys_in(s3: Any, bucket: str) -> list[str]:
    return [entry["Key"] for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", [])]


def test_removes_a_key_and_is_content_with_none(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    for _ in range(2):
        answer = server.ask("DELETE", f"/{bucket}/key")
        assert (answer.status, answer.body) == (204, b"")
        assert "x-amz-delete-marker" not in answer.headers
    assert keys_in(s3, bucket) == []


def test_makes_a_marker_where_versions_are_on(s3: Any, versioned: str) -> None:
    version = s3.put_object(Bucket=versioned, Key="key", Body=b"1")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="key")
    assert marker["DeleteMarker"] is True
    assert s3.get_object(Bucket=versioned, Key="key", VersionId=version)["Body"].read() == b"1"
    absent = s3.delete_object(Bucket=versioned, Key="absent")
    assert absent["DeleteMarker"] is True
    gone = s3.delete_object(Bucket=versioned, Key="key", VersionId=marker["VersionId"])
    assert (gone["DeleteMarker"], gone["VersionId"]) == (True, marker["VersionId"])
    assert s3.get_object(Bucket=versioned, Key="key")["Body"].read() == b"1"


def test_removes_a_version_for_good(s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="key", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="key", Body=b"2")["VersionId"]
    answer = s3.delete_object(Bucket=versioned, Key="key", VersionId=second)
    assert answer["VersionId"] == second
    assert "DeleteMarker" not in answer
    assert s3.get_object(Bucket=versioned, Key="key")["VersionId"] == first


def test_suspended_replaces_the_null_version_only(server: Server, s3: Any, versioned: str) -> None:
    kept = s3.put_object(Bucket=versioned, Key="key", Body=b"1")["VersionId"]
    server.set_versioning(versioned, Versioning.SUSPENDED)
    s3.put_object(Bucket=versioned, Key="key", Body=b"2")
    marker = s3.delete_object(Bucket=versioned, Key="key")
    assert (marker["DeleteMarker"], marker["VersionId"]) == (True, "null")
    listed = s3.list_object_versions(Bucket=versioned)
    assert [entry["VersionId"] for entry in listed["Versions"]] == [kept]
    assert [entry["VersionId"] for entry in listed["DeleteMarkers"]] == ["null"]


@pytest.mark.parametrize(
    ("query", "status"),
    [("?versionId=null", 204), ("?versionId=" + "a" * 32, 204), ("?versionId=garbage", 400), ("?versionId=", 400)],
)
def test_trap_41_versions_that_are_not_there(server: Server, bucket: str, query: str, status: int) -> None:
    assert server.ask("DELETE", f"/{bucket}/key{query}").status == status


def test_conditions(server: Server, s3: Any, bucket: str) -> None:
    target = f"/{bucket}/key"
    assert server.ask("DELETE", target, {"If-Match": '"a"'}).code == "NoSuchKey"
    etag = s3.put_object(Bucket=bucket, Key="key", Body=b"123")["ETag"]
    modified = s3.head_object(Bucket=bucket, Key="key")["ResponseMetadata"]["HTTPHeaders"]["last-modified"]
    refused = [
        {"If-Match": '"a"'},
        {"x-amz-if-match-size": "4"},
        {"x-amz-if-match-last-modified-time": "Wed, 21 Oct 2015 07:28:00 GMT"},
    ]
    for headers in refused:
        assert server.ask("DELETE", target, headers).code == "PreconditionFailed"
    assert server.ask("DELETE", target, {"x-amz-if-match-size": "many"}).code == "InvalidArgument"
    assert keys_in(s3, bucket) == ["key"]
    met = {"If-Match": etag, "x-amz-if-match-size": "3", "x-amz-if-match-last-modified-time": modified}
    assert server.ask("DELETE", target, met).status == 204
    assert keys_in(s3, bucket) == []


def test_nothing_is_locked_that_could_be_bypassed(server: Server, bucket: str) -> None:
    target = f"/{bucket}/key"
    assert server.ask("DELETE", target, {"x-amz-bypass-governance-retention": "true"}).code == "InvalidArgument"
    assert server.ask("DELETE", target, {"x-amz-bypass-governance-retention": "false"}).status == 204


def test_who_may(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    assert server.ask("DELETE", f"/{bucket}/key", keys=STRANGER).code == "AccessDenied"
    assert keys_in(s3, bucket) == ["key"]
