"""DeleteBucketCors."""

from __future__ import annotations

from typing import Any

from tests.support.server import STRANGER, Server

RULE = {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]}
PREFLIGHT = {"Origin": "https://a", "Access-Control-Request-Method": "GET"}


def test_removes_the_rules(server: Server, s3: Any, bucket: str) -> None:
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    assert server.send("OPTIONS", f"/{bucket}", PREFLIGHT).status == 200
    for _ in range(2):
        answer = server.ask("DELETE", f"/{bucket}?cors")
        assert (answer.status, answer.body) == (204, b"")
    assert server.ask("GET", f"/{bucket}?cors").code == "NoSuchCORSConfiguration"
    assert server.send("OPTIONS", f"/{bucket}", PREFLIGHT).status == 403


def test_who_may(server: Server, s3: Any, bucket: str) -> None:
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [RULE]})
    assert server.ask("DELETE", f"/{bucket}?cors", keys=STRANGER).code == "AccessDenied"
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == [RULE]
