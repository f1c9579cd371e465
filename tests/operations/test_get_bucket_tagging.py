"""GetBucketTagging."""

from __future__ import annotations

from typing import Any

from tests.support.server import STRANGER, Server


def test_trap_55_none_is_an_error(server: Server, bucket: str) -> None:
    answer = server.ask("GET", f"/{bucket}?tagging")
    assert (answer.status, answer.code) == (404, "NoSuchTagSet")
    assert answer.texts("BucketName") == [bucket]


def test_tags_come_back_as_they_were(s3: Any, bucket: str) -> None:
    tags = [{"Key": "b", "Value": "2"}, {"Key": "a", "Value": "1"}]
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": tags})
    assert s3.get_bucket_tagging(Bucket=bucket)["TagSet"] == tags


def test_who_may(server: Server, bucket: str) -> None:
    assert server.ask("GET", f"/{bucket}?tagging", keys=STRANGER).code == "AccessDenied"
