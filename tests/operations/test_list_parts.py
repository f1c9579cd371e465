"""ListParts."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from tests.support.server import ACCOUNT, STRANGER, USER, Server


def begin(s3: Any, bucket: str, numbers: range, algorithm: str = "CRC32", type_: str = "COMPOSITE") -> str:
    upload: str = s3.create_multipart_upload(Bucket=bucket, Key="key", ChecksumAlgorithm=algorithm, ChecksumType=type_)[
        "UploadId"
    ]
    where = {"Bucket": bucket, "Key": "key", "UploadId": upload}
    for number in numbers:
        s3.upload_part(PartNumber=number, Body=b"x" * number, ChecksumAlgorithm=algorithm, **where)
    return upload


def test_all_there_is_to_tell(s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket, range(2, 3), "CRC32C", "FULL_OBJECT")
    answer = s3.list_parts(Bucket=bucket, Key="key", UploadId=upload)
    (part,) = answer.pop("Parts")
    assert part.pop("LastModified").microsecond == 0
    assert part.pop("ChecksumCRC32C")
    assert part == {"PartNumber": 2, "ETag": f'"{hashlib.md5(b"xx").hexdigest()}"', "Size": 2}
    answer.pop("ResponseMetadata")
    assert answer == {
        "Bucket": bucket,
        "Key": "key",
        "UploadId": upload,
        "PartNumberMarker": 0,
        "NextPartNumberMarker": 2,
        "MaxParts": 1000,
        "IsTruncated": False,
        "Initiator": {"ID": ACCOUNT.canonical_id},
        "Owner": {"ID": ACCOUNT.canonical_id},
        "StorageClass": "STANDARD",
        "ChecksumAlgorithm": "CRC32C",
        "ChecksumType": "FULL_OBJECT",
    }


def test_pages(s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket, range(1, 6))
    pages = list(
        s3.get_paginator("list_parts").paginate(
            Bucket=bucket, Key="key", UploadId=upload, PaginationConfig={"PageSize": 2}
        )
    )
    assert [[part["PartNumber"] for part in page["Parts"]] for page in pages] == [[1, 2], [3, 4], [5]]
    assert [page["IsTruncated"] for page in pages] == [True, True, False]
    assert [page["NextPartNumberMarker"] for page in pages] == [2, 4, 5]


def test_begun_by_a_user(server: Server, s3: Any, bucket: str) -> None:
    upload = begin(server.client(USER), bucket, range(0))
    answer = s3.list_parts(Bucket=bucket, Key="key", UploadId=upload)
    assert answer["Initiator"] == {"ID": "arn:aws:iam::111111111111:user/ana", "DisplayName": "ana"}
    assert answer["Owner"] == {"ID": ACCOUNT.canonical_id}


@pytest.mark.parametrize(
    "query", ["max-parts=-1", "max-parts=a", "part-number-marker=-1", "part-number-marker=a", "max-parts=2147483648"]
)
def test_refuses(server: Server, s3: Any, bucket: str, query: str) -> None:
    upload = begin(s3, bucket, range(0))
    assert server.ask("GET", f"/{bucket}/key?uploadId={upload}&{query}").code == "InvalidArgument"


def test_limits(server: Server, s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket, range(1, 2))
    many = server.ask("GET", f"/{bucket}/key?uploadId={upload}&max-parts=5000")
    assert many.texts("MaxParts") == ["1000"]
    none = server.ask("GET", f"/{bucket}/key?uploadId={upload}&max-parts=0")
    assert (none.texts("Part"), none.texts("IsTruncated")) == ([], ["false"])


def test_j1_uploads_that_are_not_there(server: Server, s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket, range(0))
    assert server.ask("GET", f"/{bucket}/key?uploadId=unknown").code == "NoSuchUpload"
    assert server.ask("GET", f"/{bucket}/other?uploadId={upload}").code == "NoSuchUpload"
    assert server.ask("GET", f"/{bucket}/key?uploadId={upload}", keys=STRANGER).code == "AccessDenied"
