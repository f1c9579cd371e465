"""AbortMultipartUpload."""

from __future__ import annotations

import json
from datetime import UTC
from email.utils import format_datetime
from typing import Any

from tests.support.grants import policy, statement
from tests.support.listed import code_of
from tests.support.server import LIMITED, OTHER_ACCOUNT, STRANGER, STRANGERS_USER, Server


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


def test_whoever_began_it_may(server: Server, s3: Any, bucket: str) -> None:
    """ "Multipart upload API and permissions": its initiator may list its parts and abort it, so may his account."""
    account, user = server.client(STRANGER), server.client(STRANGERS_USER)
    server.grants.let("eve", policy(statement("Allow", "s3:PutObject", "*")))
    resource = f"arn:aws:s3:::{bucket}/*"
    for began in (account, user):
        let = statement("Allow", "s3:PutObject", resource, Principal={"AWS": OTHER_ACCOUNT.id})
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy(let)))
        upload = begin(began, bucket)
        other = user if began is account else server.client(LIMITED)
        for refused in (other.list_parts, other.abort_multipart_upload):
            assert code_of(refused, Bucket=bucket, Key="key", UploadId=upload) == "AccessDenied"
        deny = statement("Deny", "s3:Abort*", resource, Principal="*")
        s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy(deny)))
        assert code_of(began.abort_multipart_upload, Bucket=bucket, Key="key", UploadId=upload) == "AccessDenied"
        s3.delete_bucket_policy(Bucket=bucket)
        assert len(account.list_parts(Bucket=bucket, Key="key", UploadId=upload)["Parts"]) == 1
        assert code_of(began.list_parts, Bucket=bucket, Key="other", UploadId=upload) == "AccessDenied"
        began.abort_multipart_upload(Bucket=bucket, Key="key", UploadId=upload)
    server.grants.let("eve")
