"""ListMultipartUploads."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import ACCOUNT, STRANGER, Server


def begin(s3: Any, bucket: str, *keys: str) -> list[tuple[str, str]]:
    return [(key, s3.create_multipart_upload(Bucket=bucket, Key=key)["UploadId"]) for key in keys]


def test_all_there_is_to_tell(server: Server, s3: Any, bucket: str) -> None:
    created = s3.create_multipart_upload(Bucket=bucket, Key="a", ChecksumAlgorithm="SHA1")
    (upload,) = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    assert upload.pop("Initiated").microsecond == 0
    assert upload == {
        "UploadId": created["UploadId"],
        "Key": "a",
        "StorageClass": "STANDARD",
        "Owner": {"ID": ACCOUNT.canonical_id},
        "Initiator": {"ID": ACCOUNT.canonical_id},
        "ChecksumAlgorithm": "SHA1",
        "ChecksumType": "COMPOSITE",
    }


def test_none(server: Server, bucket: str) -> None:
    answer = server.ask("GET", f"/{bucket}?uploads")
    expected = {"Bucket": bucket, "KeyMarker": "", "UploadIdMarker": "", "MaxUploads": "1000", "IsTruncated": "false"}
    assert {name: answer.texts(name) for name in expected} == {name: [text] for name, text in expected.items()}
    assert answer.texts("Upload") == []


@pytest.mark.parametrize("size", [1, 2, 3])
def test_pages_by_key_and_initiation(s3: Any, bucket: str, size: int) -> None:
    begun = begin(s3, bucket, "b", "a", "b", "c", "b")
    expected = sorted(begun, key=lambda pair: (pair[0], begun.index(pair)))
    pages = s3.get_paginator("list_multipart_uploads").paginate(Bucket=bucket, PaginationConfig={"PageSize": size})
    found = [(upload["Key"], upload["UploadId"]) for page in pages for upload in page.get("Uploads", [])]
    assert found == expected


def test_markers(s3: Any, bucket: str) -> None:
    begun = begin(s3, bucket, "a", "b", "b", "c")
    after_key = s3.list_multipart_uploads(Bucket=bucket, KeyMarker="b")
    assert [upload["Key"] for upload in after_key["Uploads"]] == ["c"]
    after_both = s3.list_multipart_uploads(Bucket=bucket, KeyMarker="b", UploadIdMarker=begun[1][1])
    assert [(upload["Key"], upload["UploadId"]) for upload in after_both["Uploads"]] == begun[2:]
    ignored = s3.list_multipart_uploads(Bucket=bucket, UploadIdMarker=begun[1][1])
    assert len(ignored["Uploads"]) == 4


def test_common_prefixes(s3: Any, bucket: str) -> None:
    begin(s3, bucket, "a/1", "a/2", "b", "c/1")
    whole = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/")
    assert [upload["Key"] for upload in whole["Uploads"]] == ["b"]
    assert [entry["Prefix"] for entry in whole["CommonPrefixes"]] == ["a/", "c/"]
    inside = s3.list_multipart_uploads(Bucket=bucket, Prefix="a/", Delimiter="/")
    assert [upload["Key"] for upload in inside["Uploads"]] == ["a/1", "a/2"]
    first = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/", MaxUploads=1)
    assert (first["CommonPrefixes"], first["NextKeyMarker"]) == ([{"Prefix": "a/"}], "a/")
    second = s3.list_multipart_uploads(Bucket=bucket, Delimiter="/", MaxUploads=1, KeyMarker="a/")
    assert [upload["Key"] for upload in second["Uploads"]] == ["b"]


def test_url_encoding(server: Server, s3: Any, bucket: str) -> None:
    begin(s3, bucket, "a b", "a b")
    query = "encoding-type=url&prefix=a%20&key-marker=A%20&delimiter=%2B&max-uploads=1"
    answer = server.ask("GET", f"/{bucket}?uploads&{query}")
    assert (answer.texts("Prefix"), answer.texts("KeyMarker"), answer.texts("Key")) == (["a+"], ["A+"], ["a+b"])
    assert (answer.texts("Delimiter"), answer.texts("NextKeyMarker")) == (["%2B"], ["a+b"])


def test_refuses(server: Server, bucket: str) -> None:
    for query in ("max-uploads=-1", "max-uploads=a", "encoding-type=x"):
        assert server.ask("GET", f"/{bucket}?uploads&{query}").code == "InvalidArgument"
    assert server.ask("GET", f"/{bucket}?uploads", keys=STRANGER).code == "AccessDenied"
