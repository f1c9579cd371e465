"""GetBucketVersioning."""

from __future__ import annotations

from typing import Any

from tests.support.server import STRANGER, Server


def test_never_set(server: Server, bucket: str) -> None:
    answer = server.ask("GET", f"/{bucket}?versioning")
    assert answer.status == 200
    assert answer.body.endswith(
        b'<VersioningConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"></VersioningConfiguration>'
    )


def test_set(s3: Any, versioned: str) -> None:
    assert s3.get_bucket_versioning(Bucket=versioned)["Status"] == "Enabled"


def test_who_may(server: Server, bucket: str) -> None:
    assert server.ask("GET", f"/{bucket}?versioning", keys=STRANGER).code == "AccessDenied"
