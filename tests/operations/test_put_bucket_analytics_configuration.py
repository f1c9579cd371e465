"""PutBucketAnalyticsConfiguration, GetBucketAnalyticsConfiguration and DeleteBucketAnalyticsConfiguration."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import Server

DESTINATION = {"Format": "CSV", "Bucket": "arn:aws:s3:::reports", "Prefix": "a/", "BucketAccountId": "111111111111"}
EXPORT = {"OutputSchemaVersion": "V_1", "Destination": {"S3BucketDestination": DESTINATION}}


@pytest.mark.parametrize("analysis", [{}, {"DataExport": EXPORT}])
@pytest.mark.parametrize("more", [{}, {"Filter": {"Prefix": "docs/"}}])
def test_what_was_put_is_shown(s3: Any, bucket: str, analysis: Any, more: Any) -> None:
    configuration = {"Id": "1", "StorageClassAnalysis": analysis, **more}
    s3.put_bucket_analytics_configuration(Bucket=bucket, Id="1", AnalyticsConfiguration=configuration)
    found = s3.get_bucket_analytics_configuration(Bucket=bucket, Id="1")["AnalyticsConfiguration"]
    assert found == configuration
    s3.delete_bucket_analytics_configuration(Bucket=bucket, Id="1")
    assert s3.list_bucket_analytics_configurations(Bucket=bucket)["IsTruncated"] is False


@pytest.mark.parametrize(
    ("analysis", "code"),
    [
        ("", "MalformedXML"),
        ("<StorageClassAnalysis><DataExport/></StorageClassAnalysis>", "MalformedXML"),
        (
            "<StorageClassAnalysis><DataExport><OutputSchemaVersion>V_1</OutputSchemaVersion><Destination>"
            "<S3BucketDestination><Format>CSV</Format><Bucket>reports</Bucket></S3BucketDestination></Destination>"
            "</DataExport></StorageClassAnalysis>",
            "InvalidS3DestinationBucket",
        ),
    ],
)
def test_refuses(server: Server, bucket: str, analysis: str, code: str) -> None:
    body = f"<AnalyticsConfiguration><Id>1</Id>{analysis}</AnalyticsConfiguration>".encode()
    answer = server.ask("PUT", f"/{bucket}?analytics&id=1", body=body)
    assert (answer.status, answer.code) == (400, code)
