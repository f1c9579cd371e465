"""AbortMultipartUpload."""

from __future__ import annotations

from datetime import UTC
from email.utils import format_datetime
from typing import Any

from tests.support.server import STRANGER, Server


def begin(s3: Any, bucket: str) -> str:
    upload: str = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    s3.upload_part(Bucket=bucket, Key="key", UploadId=upload, PartNumber=1, Body=b"1")
    return upload


def test_gives_an_upload_up(server: Server, s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket)
    answer = server.ask("DELETE", f"/{bucket}/key?uploadId={upload}")
    assert (answer.status, answer.body) == (204, b"")
    assert "Uploads" not in s3.list_multipart_uploads(Bucket=bucket)
    assert server.ask("GET", f"/{bucket}/key?uploadId={upload}").code == "NoSuchUpload"
    assert server.ask("HEAD", f"/{bucket}/key").status == 404


def test_trap_24_unknown_uploads(server: Server, s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket)
    for target in (f"/{bucket}/key?uploadId=unknown", f"/{bucket}/other?uploadId={upload}", f"/{bucket}/key?uploadId="):
        assert server.ask("DELETE", target).code == "NoSuchUpload"
    assert server.ask("DELETE", f"/{bucket}/key?uploadId={upload}").status == 204
    assert server.ask("DELETE", f"/{bucket}/key?uploadId={upload}").code == "NoSuchUpload"


def test_the_object_of_a_completed_upload_stays(server: Server, s3: Any, bucket: str) -> None:
    upload = s3.create_multipart_upload(Bucket=bucket, Key="key")["UploadId"]
    etag = s3.upload_part(Bucket=bucket, Key="key", UploadId=upload, PartNumber=1, Body=b"1")["ETag"]
    parts = {"Parts": [{"PartNumber": 1, "ETag": etag}]}
    s3.complete_multipart_upload(Bucket=bucket, Key="key", UploadId=upload, MultipartUpload=parts)
    assert server.ask("DELETE", f"/{bucket}/key?uploadId={upload}").code == "NoSuchUpload"
    assert s3.get_object(Bucket=bucket, Key="key")["Body"].read() == b"1"


def test_only_if_begun_then(server: Server, s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket)
    target = f"/{bucket}/key?uploadId={upload}"
    (listed,) = s3.list_multipart_uploads(Bucket=bucket)["Uploads"]
    name = "x-amz-if-match-initiated-time"
    assert server.ask("DELETE", target, {name: "Wed, 21 Oct 2015 07:28:00 GMT"}).code == "PreconditionFailed"
    assert server.ask("DELETE", target, {name: "yesterday"}).code == "InvalidArgument"
    begun = format_datetime(listed["Initiated"].astimezone(UTC), usegmt=True)
    assert server.ask("DELETE", target, {name: begun}).status == 204


def test_who_may(server: Server, s3: Any, bucket: str) -> None:
    upload = begin(s3, bucket)
    assert server.ask("DELETE", f"/{bucket}/key?uploadId={upload}", keys=STRANGER).code == "AccessDenied"
