"""What clients are told of quotas."""

from __future__ import annotations

from tests.support.server import Server

from trug.domain.configurations import QUOTA
from trug.engine.quotas import Quota, packed


async def limit(server: Server, name: str, quota: Quota) -> None:
    bucket = await server.engine.buckets.find(name)
    assert bucket is not None
    await server.engine.configurations.store(bucket, QUOTA, packed(quota))


def test_quota_exceeded(server: Server, bucket: str) -> None:
    """As Ceph answers it: 403, which SDKs do not try again."""
    server.run(limit(server, bucket, Quota(bytes=10)))
    assert server.ask("PUT", f"/{bucket}/key", body=b"0123456789").status == 200
    answer = server.ask("PUT", f"/{bucket}/more", body=b"1")
    assert (answer.status, answer.code) == (403, "QuotaExceeded")
    assert answer.texts("Message") == ["The bucket's quota is 10 bytes; there are 10, and this would add 1."]
    assert server.ask("GET", f"/{bucket}/more").status == 404
    assert server.ask("DELETE", f"/{bucket}/key").status == 204
    assert server.ask("PUT", f"/{bucket}/more", body=b"1").status == 200
