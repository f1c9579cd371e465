"""PutBucketAnalyticsConfiguration, GetBucketAnalyticsConfiguration and DeleteBucketAnalyticsConfiguration."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.clock import HandClock
from tests.support.server import OTHER_ACCOUNT, Server

DAY = 86_400_000_000


def export_to(bucket: str) -> dict[str, Any]:
    place = {"Format": "CSV", "Bucket": f"arn:aws:s3:::{bucket}", "Prefix": "a", "BucketAccountId": "111111111111"}
    return {"OutputSchemaVersion": "V_1", "Destination": {"S3BucketDestination": place}}


@pytest.mark.parametrize("exports", [False, True])
@pytest.mark.parametrize("more", [{}, {"Filter": {"Prefix": "docs/"}}])
def test_what_was_put_is_shown(server: Server, s3: Any, bucket: str, exports: bool, more: Any) -> None:
    analysis = {"DataExport": export_to(server.make_bucket())} if exports else {}
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


def test_an_export_goes_where_its_owner_may_write(server: Server, s3: Any, bucket: str) -> None:
    elsewhere = server.make_bucket(account=OTHER_ACCOUNT)
    for place in ("not-there-at-all", elsewhere):
        configuration = {"Id": "1", "StorageClassAnalysis": {"DataExport": export_to(place)}}
        with pytest.raises(ClientError) as caught:
            s3.put_bucket_analytics_configuration(Bucket=bucket, Id="1", AnalyticsConfiguration=configuration)
        assert caught.value.response["Error"]["Code"] == "InvalidS3DestinationBucket"


def test_what_is_done_and_what_there_is_are_exported_daily(timed: Server, time: HandClock) -> None:
    s3, bucket, exports = timed.client(), timed.make_bucket(), timed.make_bucket()
    configuration = {
        "Id": "docs",
        "Filter": {"And": {"Prefix": "docs/", "Tags": [{"Key": "a", "Value": "1"}]}},
        "StorageClassAnalysis": {"DataExport": export_to(exports)},
    }
    s3.put_bucket_analytics_configuration(Bucket=bucket, Id="docs", AnalyticsConfiguration=configuration)
    timed.analyse()
    content = b"x" * 262_144
    s3.put_object(Bucket=bucket, Key="docs/a", Body=content, Tagging="a=1")
    s3.put_object(Bucket=bucket, Key="docs/none", Body=content)
    s3.copy_object(
        Bucket=bucket,
        Key="docs/b",
        CopySource=f"{bucket}/docs/none",
        Tagging="a=1",
        TaggingDirective="REPLACE",
        StorageClass="STANDARD_IA",
    )
    for key in ("docs/a", "docs/a", "docs/b", "docs/none"):
        s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    s3.get_object(Bucket=bucket, Key="docs/a", Range="bytes=0-131071")["Body"].read()
    with pytest.raises(ClientError):
        s3.get_object(Bucket=bucket, Key="docs/a", IfMatch="other")
    s3.head_object(Bucket=bucket, Key="docs/a")

    time.time = (time.time // DAY + 1) * DAY + 360_000_000
    assert timed.analyse() >= 1
    answer = s3.get_object(Bucket=exports, Key=f"a/{bucket}/docs.csv")
    assert answer["ContentType"] == "text/csv"
    rows = list(csv.DictReader(io.StringIO(answer["Body"].read().decode())))
    assert [(row["StorageClass"], row["ObjectAge"]) for row in rows] == [
        ("STANDARD", "000-014"),
        ("STANDARD_IA", "000-014"),
        ("STANDARD", "ALL"),
        ("STANDARD_IA", "ALL"),
    ]
    assert {(row["ConfigId"], row["Filter"]) for row in rows} == {("docs", "prefix=docs/&tag:a=1")}
    assert [row["ObjectCount"] for row in rows] == ["", "", "1", "1"]
    assert [row["DataUploaded_MB"] for row in rows] == ["", "", "0.25", "0.25"]
    assert [row["Storage_MB"] for row in rows] == ["0.25"] * 4
    assert [row["DataRetrieved_MB"] for row in rows] == ["0.625", "0.25", "0.625", "0.25"]
    assert [row["GetRequestCount"] for row in rows] == ["3", "1", "3", "1"]
    assert [row["CumulativeAccessRatio"] for row in rows] == ["2.5", "1", "2.5", "1"]
