"""ListObjects, the first version."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import ACCOUNT, STRANGER, Server


def fill(s3: Any, bucket: str, *keys: str) -> None:
    for key in keys:
        s3.put_object(Bucket=bucket, Key=key, Body=b"1")


def test_an_empty_bucket(server: Server, bucket: str) -> None:
    answer = server.ask("GET", f"/{bucket}")
    assert answer.headers["content-type"] == "application/xml"
    assert answer.body.startswith(b'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.ama')
    for name, text in {"Name": bucket, "Prefix": "", "Marker": "", "MaxKeys": "1000", "IsTruncated": "false"}.items():
        assert answer.texts(name) == [text]
    assert answer.texts("Contents") == answer.texts("NextMarker") == answer.texts("KeyCount") == []


def test_an_entry(s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a")
    (entry,) = s3.list_objects(Bucket=bucket)["Contents"]
    assert entry.pop("LastModified").microsecond == 0
    assert entry == {
        "Key": "a",
        "ETag": '"c4ca4238a0b923820dcc509a6f75849b"',
        "ChecksumAlgorithm": ["CRC32"],
        "ChecksumType": "FULL_OBJECT",
        "Size": 1,
        "StorageClass": "STANDARD",
        "Owner": {"ID": ACCOUNT.canonical_id},
    }


def test_pages_by_marker(s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a", "b", "c")
    first = s3.list_objects(Bucket=bucket, MaxKeys=2)
    assert ([e["Key"] for e in first["Contents"]], first["IsTruncated"]) == (["a", "b"], True)
    # Trap 31: without a delimiter the client goes on after the last key by itself.
    assert "NextMarker" not in first
    second = s3.list_objects(Bucket=bucket, MaxKeys=2, Marker="b")
    assert ([e["Key"] for e in second["Contents"]], second["IsTruncated"], second["Marker"]) == (["c"], False, "b")


def test_trap_30_common_prefixes_are_paged_and_never_repeated(s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a/1", "a/2", "b", "c/1", "c/2", "d")
    seen, marker = [], ""
    for _ in range(4):
        page = s3.list_objects(Bucket=bucket, Delimiter="/", MaxKeys=1, Marker=marker)
        seen += [entry["Key"] for entry in page.get("Contents", [])]
        seen += [entry["Prefix"] for entry in page.get("CommonPrefixes", [])]
        marker = page.get("NextMarker", "")
    assert seen == ["a/", "b", "c/", "d"]
    assert marker == ""


def test_max_keys(server: Server, s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a")
    for text in ("-1", "abc", str(2**31), "1.5", "9" * 30):
        assert server.ask("GET", f"/{bucket}?max-keys={text}").code == "InvalidArgument"
    none = server.ask("GET", f"/{bucket}?max-keys=0")
    assert (none.texts("Contents"), none.texts("IsTruncated"), none.texts("MaxKeys")) == ([], ["false"], ["0"])
    assert server.ask("GET", f"/{bucket}?max-keys=5000").texts("MaxKeys") == ["1000"]


@pytest.mark.parametrize("query", ["encoding-type=foo", "list-type=3", "list-type=1", "list-type="])
def test_g20_refuses(server: Server, bucket: str, query: str) -> None:
    assert server.ask("GET", f"/{bucket}?{query}").code == "InvalidArgument"


def test_trap_28_url_encoding(server: Server, s3: Any, bucket: str) -> None:
    fill(s3, bucket, "a b+c/é", "a b+c/<&>")
    answer = server.ask("GET", f"/{bucket}?encoding-type=url&prefix=a%20b&delimiter=%2F&marker=A%2B")
    assert answer.texts("EncodingType") == ["url"]
    assert answer.texts("Prefix") == ["a+b", "a+b%2Bc/"]
    assert (answer.texts("Delimiter"), answer.texts("Marker")) == (["/"], ["A%2B"])
    plain = server.ask("GET", f"/{bucket}?encoding-type=url&max-keys=1&delimiter=%C3%A9")
    assert plain.texts("Key") == ["a+b%2Bc/%3C%26%3E"]
    assert plain.texts("NextMarker") == ["a+b%2Bc/%3C%26%3E"]
    assert plain.texts("Delimiter") == ["%C3%A9"]


def test_g12_markup_is_escaped(server: Server, s3: Any, bucket: str) -> None:
    key = "<a>&\"']]>"
    fill(s3, bucket, key)
    query = "prefix=%3Ca%3E&delimiter=%26%26&marker=%3C"
    answer = server.ask("GET", f"/{bucket}?{query}")
    assert (answer.texts("Key"), answer.texts("Delimiter"), answer.texts("Marker")) == ([key], ["&&"], ["<"])


def test_optional_attributes(server: Server, bucket: str) -> None:
    name = "x-amz-optional-object-attributes"
    assert server.ask("GET", f"/{bucket}", {name: "RestoreStatus"}).status == 200
    assert server.ask("GET", f"/{bucket}", {name: "Colour"}).code == "InvalidArgument"


def test_who_may(server: Server, bucket: str) -> None:
    assert server.ask("GET", f"/{bucket}", keys=STRANGER).code == "AccessDenied"
    assert server.ask("GET", "/no-such-bucket").code == "NoSuchBucket"
