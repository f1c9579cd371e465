"""DeleteBucketTagging."""

from __future__ import annotations

from typing import Any

from tests.support.server import STRANGER, Server


def test_removes_the_tag_set(server: Server, s3: Any, bucket: str) -> None:
    s3.put_bucket_tagging(Bucket=bucket, Tagging={"TagSet": [{"Key": "a", "Value": "1"}]})
    for _ in range(2):
        answer = server.ask("DELETE", f"/{bucket}?tagging")
        assert (answer.status, answer.body) == (204, b"")
    assert server.ask("GET", f"/{bucket}?tagging").code == "NoSuchTagSet"


def test_who_may(server: Server, bucket: str) -> None:
    assert server.ask("DELETE", f"/{bucket}?tagging", keys=STRANGER).code == "AccessDenied"
