"""Headers that a presigner moved into the query count as headers, as S3 reads them."""

from __future__ import annotations

import http.client
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from tests.support.server import REGION, ROOT, Server


def presigned(server: Server, path: str, query: str) -> str:
    request = AWSRequest(method="PUT", url=f"{server.endpoint}{path}?{query}")
    S3SigV4QueryAuth(Credentials(*ROOT), "s3", REGION, expires=60).add_auth(request)
    return str(request.url)


def put(url: str, body: bytes) -> int:
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=10)
    connection.request("PUT", f"{parts.path}?{parts.query}", body)
    status = connection.getresponse().status
    connection.close()
    return status


def test_metadata_and_tags(server: Server, s3: Any, bucket: str) -> None:
    assert put(presigned(server, f"/{bucket}/k", "x-amz-meta-a=1&x-amz-tagging=t%3D2"), b"x") == 200
    assert s3.head_object(Bucket=bucket, Key="k")["Metadata"] == {"a": "1"}
    assert s3.get_object_tagging(Bucket=bucket, Key="k")["TagSet"] == [{"Key": "t", "Value": "2"}]


def test_a_copy_source_is_never_ignored(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="from", Body=b"content")
    assert put(presigned(server, f"/{bucket}/to", f"x-amz-copy-source={bucket}%2Ffrom"), b"") == 200
    assert s3.get_object(Bucket=bucket, Key="to")["Body"].read() == b"content"


def test_a_checksum_of_another_body(server: Server, s3: Any, bucket: str) -> None:
    assert put(presigned(server, f"/{bucket}/k", "x-amz-checksum-crc32=AAAAAA%3D%3D"), b"x") == 400
    assert "Contents" not in s3.list_objects_v2(Bucket=bucket)


def test_what_is_not_built_is_not_ignored(server: Server, bucket: str) -> None:
    assert put(presigned(server, f"/{bucket}/k", "x-amz-server-side-encryption-new=1"), b"x") == 501


def test_encryption_is_never_ignored(server: Server, s3: Any, bucket: str) -> None:
    assert put(presigned(server, f"/{bucket}/k", "x-amz-server-side-encryption=AES256"), b"x") == 200
    assert s3.head_object(Bucket=bucket, Key="k")["ServerSideEncryption"] == "AES256"
