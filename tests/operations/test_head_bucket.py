"""HeadBucket."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import REGION, STRANGER, USER, Server


def test_a_bucket_that_is_there(server: Server, s3: Any, bucket: str) -> None:
    answer = s3.head_bucket(Bucket=bucket)
    assert (answer["BucketRegion"], answer["AccessPointAlias"]) == (REGION, False)
    assert server.ask("HEAD", f"/{bucket}", keys=USER).status == 200
    assert server.ask("HEAD", f"/{bucket}/").status == 200


def test_trap_37_refusals_have_no_body(server: Server, bucket: str) -> None:
    for answer, status in (
        (server.ask("HEAD", "/no-such-bucket"), 404),
        (server.ask("HEAD", f"/{bucket}", keys=STRANGER), 403),
        (server.send("HEAD", f"/{bucket}", {}), 403),
    ):
        assert (answer.status, answer.body) == (status, b"")
        assert answer.headers["x-amz-request-id"]


def test_trap_46_the_region_is_told_to_strangers_too(server: Server, bucket: str) -> None:
    assert server.ask("HEAD", f"/{bucket}", keys=STRANGER).headers["x-amz-bucket-region"] == REGION


@pytest.mark.parametrize(("owner", "status"), [("111111111111", 200), ("222222222222", 403)])
def test_expected_owner(server: Server, bucket: str, owner: str, status: int) -> None:
    assert server.ask("HEAD", f"/{bucket}", {"x-amz-expected-bucket-owner": owner}).status == status
