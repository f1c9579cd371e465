"""ListObjectVersions."""

from __future__ import annotations

from typing import Any

from tests.support.server import ACCOUNT, STRANGER, Server

from trug.domain.versioning import Versioning


def test_versions_and_markers_newest_first(server: Server, s3: Any, versioned: str) -> None:
    first = s3.put_object(Bucket=versioned, Key="a", Body=b"1")["VersionId"]
    second = s3.put_object(Bucket=versioned, Key="a", Body=b"22")["VersionId"]
    marker = s3.delete_object(Bucket=versioned, Key="a")["VersionId"]
    third = s3.put_object(Bucket=versioned, Key="b", Body=b"3")["VersionId"]
    answer = server.ask("GET", f"/{versioned}?versions")
    assert answer.texts("VersionId") == [marker, second, first, third]
    assert answer.texts("IsLatest") == ["true", "false", "false", "true"]
    listed = s3.list_object_versions(Bucket=versioned)
    assert listed["DeleteMarkers"][0].pop("LastModified")
    assert listed["DeleteMarkers"] == [
        {"Owner": {"ID": ACCOUNT.canonical_id}, "Key": "a", "VersionId": marker, "IsLatest": True}
    ]
    newest = listed["Versions"][0]
    assert newest.pop("LastModified")
    assert newest == {
        "ETag": '"b6d767d2f8ed5d21a44b0e5886680cb9"',
        "ChecksumAlgorithm": ["CRC32"],
        "ChecksumType": "FULL_OBJECT",
        "Size": 2,
        "StorageClass": "STANDARD",
        "Key": "a",
        "VersionId": second,
        "IsLatest": False,
        "Owner": {"ID": ACCOUNT.canonical_id},
    }


def test_trap_40_null_versions(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="a", Body=b"1")
    (only,) = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert (only["VersionId"], only["IsLatest"]) == ("null", True)
    server.set_versioning(bucket, Versioning.ENABLED)
    newer = s3.put_object(Bucket=bucket, Key="a", Body=b"2")["VersionId"]
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [(entry["VersionId"], entry["IsLatest"]) for entry in listed] == [(newer, True), ("null", False)]
    server.set_versioning(bucket, Versioning.SUSPENDED)
    s3.put_object(Bucket=bucket, Key="a", Body=b"3")
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [(entry["VersionId"], entry["IsLatest"]) for entry in listed] == [("null", True), (newer, False)]


def test_pages(s3: Any, versioned: str) -> None:
    expected = []
    for key in ("a", "b", "c"):
        made = [s3.put_object(Bucket=versioned, Key=key, Body=b"1")["VersionId"] for _ in range(3)]
        made.append(s3.delete_object(Bucket=versioned, Key=key)["VersionId"])
        expected += [(key, version) for version in reversed(made)]
    for size in (1, 2, 5):
        seen = []
        pages = s3.get_paginator("list_object_versions").paginate(Bucket=versioned, PaginationConfig={"PageSize": size})
        for page in pages:
            entries = [*page.get("Versions", []), *page.get("DeleteMarkers", [])]
            assert len(entries) <= size
            seen += [(entry["Key"], entry["VersionId"]) for entry in entries]
        assert sorted(seen) == sorted(expected)


def test_common_prefixes(s3: Any, versioned: str) -> None:
    for key in ("a/1", "a/2", "b", "c/1"):
        s3.put_object(Bucket=versioned, Key=key, Body=b"1")
        s3.put_object(Bucket=versioned, Key=key, Body=b"2")
    pages = s3.get_paginator("list_object_versions").paginate(
        Bucket=versioned, Delimiter="/", PaginationConfig={"PageSize": 1}
    )
    seen = []
    for page in pages:
        seen += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
        seen += [entry["Key"] for entry in page.get("Versions", [])]
    assert seen == ["a/", "b", "b", "c/"]


def test_refuses(server: Server, bucket: str) -> None:
    for query in ("version-id-marker=null", "max-keys=-1", "encoding-type=x", "key-marker=a&version-id-marker=x"):
        assert server.ask("GET", f"/{bucket}?versions&{query}").code == "InvalidArgument", query
    none = server.ask("GET", f"/{bucket}?versions&max-keys=0")
    assert (none.status, none.texts("IsTruncated")) == (200, ["false"])


def test_url_encoding(server: Server, s3: Any, versioned: str) -> None:
    s3.put_object(Bucket=versioned, Key="a b", Body=b"1")
    s3.put_object(Bucket=versioned, Key="a b", Body=b"2")
    query = "encoding-type=url&prefix=a%20&key-marker=A%20&delimiter=%2B&max-keys=1"
    answer = server.ask("GET", f"/{versioned}?versions&{query}")
    assert (answer.texts("Prefix"), answer.texts("KeyMarker"), answer.texts("Key")) == (["a+"], ["A+"], ["a+b"])
    assert (answer.texts("Delimiter"), answer.texts("NextKeyMarker")) == (["%2B"], ["a+b"])


def test_who_may(server: Server, bucket: str) -> None:
    assert server.ask("GET", f"/{bucket}?versions", keys=STRANGER).code == "AccessDenied"
