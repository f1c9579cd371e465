"""ListBucketMetricsConfigurations, and the lists of the other configurations that have ids."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import STRANGER, Server

LISTS = [
    ("metrics", "ListMetricsConfigurationsResult"),
    ("analytics", "ListBucketAnalyticsConfigurationResult"),
    ("intelligent-tiering", "ListBucketIntelligentTieringConfigurationsOutput"),
    ("inventory", "ListInventoryConfigurationsResult"),
]


@pytest.mark.parametrize(("subresource", "root"), LISTS)
def test_of_a_bucket_that_has_none(server: Server, bucket: str, subresource: str, root: str) -> None:
    answer = server.ask("GET", f"/{bucket}?{subresource}")
    assert answer.status == 200
    assert root in answer.body.decode()
    assert (answer.texts("IsTruncated"), answer.texts("Id")) == (["false"], [])
    assert server.ask("GET", f"/{bucket}?{subresource}", keys=STRANGER).code == "AccessDenied"


def test_pages_of_a_hundred(server: Server, s3: Any, bucket: str) -> None:
    names = sorted(f"id-{number}" for number in range(205))
    for name in names:
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=name, MetricsConfiguration={"Id": name})
    s3.put_bucket_analytics_configuration(
        Bucket=bucket, Id="id-1", AnalyticsConfiguration={"Id": "id-1", "StorageClassAnalysis": {}}
    )
    found: list[str] = []
    token: dict[str, str] = {}
    sizes = []
    for _ in range(3):
        page = s3.list_bucket_metrics_configurations(Bucket=bucket, **token)
        assert page.get("ContinuationToken") == token.get("ContinuationToken")
        found += [each["Id"] for each in page["MetricsConfigurationList"]]
        sizes.append(len(page["MetricsConfigurationList"]))
        if page["IsTruncated"]:
            token = {"ContinuationToken": page["NextContinuationToken"]}
    assert sizes == [100, 100, 5]
    assert found == names
    assert "NextContinuationToken" not in page


def test_a_token_that_nobody_made(server: Server, bucket: str) -> None:
    answer = server.ask("GET", f"/{bucket}?metrics&continuation-token=nonsense")
    assert (answer.status, answer.code) == (400, "InvalidArgument")


def test_a_thousand_at_most(server: Server, s3: Any, bucket: str) -> None:
    for number in range(1000):
        body = f"<MetricsConfiguration><Id>{number}</Id></MetricsConfiguration>".encode()
        server.run(_put(server, bucket, str(number), body))
    answer = server.ask("PUT", f"/{bucket}?metrics&id=more", body=body.replace(b"999", b"more"))
    assert (answer.status, answer.code) == (400, "TooManyConfigurations")
    assert server.ask("PUT", f"/{bucket}?metrics&id=999", body=body).status == 200
    assert server.ask("DELETE", f"/{bucket}?metrics&id=0").status == 204
    assert server.ask("PUT", f"/{bucket}?metrics&id=more", body=body.replace(b"999", b"more")).status == 200


async def _put(server: Server, bucket: str, name: str, document: bytes) -> None:
    found = await server.engine.buckets.find(bucket)
    assert found is not None
    await server.engine.configurations.store_named(found, "metrics", name, document)
