"""GetBucketLocation."""

from __future__ import annotations

from typing import Any

from tests.support.server import STRANGER, Server


def test_trap_45_the_first_region_has_no_name(server: Server, s3: Any, bucket: str) -> None:
    assert s3.get_bucket_location(Bucket=bucket)["LocationConstraint"] is None
    answer = server.ask("GET", f"/{bucket}?location")
    assert answer.texts("LocationConstraint") == [""]
    assert answer.headers["content-type"] == "application/xml"


def test_who_may(server: Server, bucket: str) -> None:
    assert server.ask("GET", f"/{bucket}?location", keys=STRANGER).code == "AccessDenied"
    assert server.ask("GET", "/no-such-bucket?location").code == "NoSuchBucket"
