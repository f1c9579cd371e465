"""DeleteBucket."""

from __future__ import annotations

from typing import Any

from tests.support.server import STRANGER, Server


def test_removes_an_empty_bucket(server: Server, s3: Any, bucket: str) -> None:
    answer = server.ask("DELETE", f"/{bucket}")
    assert (answer.status, answer.body) == (204, b"")
    again = server.ask("DELETE", f"/{bucket}")
    assert (again.status, again.code) == (404, "NoSuchBucket")
    assert again.texts("BucketName") == [bucket]
    s3.create_bucket(Bucket=bucket)
    assert server.ask("HEAD", f"/{bucket}").status == 200


def test_nothing_of_the_old_bucket_is_in_the_new(s3: Any, server: Server, bucket: str) -> None:
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    s3.delete_bucket(Bucket=bucket)
    s3.create_bucket(Bucket=bucket)
    assert "Status" not in s3.get_bucket_versioning(Bucket=bucket)
    assert server.ask("GET", f"/{bucket}?tagging").code == "NoSuchTagSet"


def test_trap_43_not_while_it_holds_anything(server: Server, s3: Any, versioned: str) -> None:
    def refused() -> bool:
        answer = server.ask("DELETE", f"/{versioned}")
        return (answer.status, answer.code, answer.texts("BucketName")) == (409, "BucketNotEmpty", [versioned])

    version = s3.put_object(Bucket=versioned, Key="key")["VersionId"]
    assert refused()
    marker = s3.delete_object(Bucket=versioned, Key="key")["VersionId"]
    assert refused()
    s3.delete_object(Bucket=versioned, Key="key", VersionId=version)
    assert refused()
    s3.delete_object(Bucket=versioned, Key="key", VersionId=marker)
    s3.delete_bucket(Bucket=versioned)


def test_trap_43_uploads_do_not_hold_it(s3: Any, bucket: str) -> None:
    s3.create_multipart_upload(Bucket=bucket, Key="key")
    s3.delete_bucket(Bucket=bucket)


def test_who_may(server: Server, bucket: str) -> None:
    assert server.ask("DELETE", f"/{bucket}", keys=STRANGER).code == "AccessDenied"
    assert server.ask("HEAD", f"/{bucket}").status == 200
