"""PutBucketInventoryConfiguration, GetBucketInventoryConfiguration and DeleteBucketInventoryConfiguration."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import ACCOUNT, OTHER_ACCOUNT, Server

from trug.domain.reports import INVENTORY_FIELDS
from trug.engine import parquet


def configuration(bucket: str, **more: Any) -> dict[str, Any]:
    destination = {"Bucket": f"arn:aws:s3:::{bucket}", "Format": "CSV"}
    return {
        "Id": "1",
        "IsEnabled": True,
        "IncludedObjectVersions": "All",
        "Schedule": {"Frequency": "Daily"},
        "Destination": {"S3BucketDestination": destination},
        **more,
    }


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"IsEnabled": False, "IncludedObjectVersions": "Current", "Schedule": {"Frequency": "Weekly"}},
        {"Filter": {"Prefix": "a/"}, "OptionalFields": ["ETag", "Size"]},
        {"OptionalFields": list(INVENTORY_FIELDS)},
    ],
)
def test_what_was_put_is_shown(s3: Any, bucket: str, more: Any) -> None:
    wanted = configuration(bucket, **more)
    s3.put_bucket_inventory_configuration(Bucket=bucket, Id="1", InventoryConfiguration=wanted)
    found = s3.get_bucket_inventory_configuration(Bucket=bucket, Id="1")["InventoryConfiguration"]
    assert found == wanted
    s3.delete_bucket_inventory_configuration(Bucket=bucket, Id="1")
    assert s3.list_bucket_inventory_configurations(Bucket=bucket)["IsTruncated"] is False


@pytest.mark.parametrize(
    "more",
    [
        {"Prefix": "lists"},
        {"AccountId": ACCOUNT.id},
        {"Encryption": {"SSES3": {}}},
        {"Encryption": {"SSEKMS": {"KeyId": "a&b"}}},
    ],
)
def test_destinations_are_shown(s3: Any, bucket: str, more: Any) -> None:
    wanted = configuration(bucket)
    wanted["Destination"]["S3BucketDestination"] |= more
    s3.put_bucket_inventory_configuration(Bucket=bucket, Id="1", InventoryConfiguration=wanted)
    assert s3.get_bucket_inventory_configuration(Bucket=bucket, Id="1")["InventoryConfiguration"] == wanted


def test_parquet_where_it_can_be_written(s3: Any, bucket: str) -> None:
    wanted = configuration(bucket)
    wanted["Destination"]["S3BucketDestination"]["Format"] = "Parquet"
    if not parquet.is_available():
        assert refused(s3, bucket, Format="Parquet") == (501, "NotImplemented")
        return
    s3.put_bucket_inventory_configuration(Bucket=bucket, Id="1", InventoryConfiguration=wanted)
    assert s3.get_bucket_inventory_configuration(Bucket=bucket, Id="1")["InventoryConfiguration"] == wanted


def refused(s3: Any, bucket: str, **destination: Any) -> tuple[int, str]:
    wanted = configuration(bucket)
    wanted["Destination"]["S3BucketDestination"] |= destination
    with pytest.raises(ClientError) as caught:
        s3.put_bucket_inventory_configuration(Bucket=bucket, Id="1", InventoryConfiguration=wanted)
    response: Any = caught.value.response
    return response["ResponseMetadata"]["HTTPStatusCode"], response["Error"]["Code"]


def test_refuses_destinations(server: Server, s3: Any, bucket: str) -> None:
    foreign = server.make_bucket(account=OTHER_ACCOUNT)
    for name in (bucket, "arn:aws:s3:::no-such-bucket", f"arn:aws:s3:::{foreign}", "arn:aws:s3:::a/b"):
        assert refused(s3, bucket, Bucket=name) == (400, "InvalidS3DestinationBucket")
    assert refused(s3, bucket, AccountId=OTHER_ACCOUNT.id) == (400, "InvalidS3DestinationBucket")


def test_what_cannot_be_written_is_refused(s3: Any, bucket: str) -> None:
    assert refused(s3, bucket, Format="ORC") == (501, "NotImplemented")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("<IsEnabled>true</IsEnabled>", ""),
        ("<IsEnabled>true</IsEnabled>", "<IsEnabled>yes</IsEnabled>"),
        ("All", "Some"),
        ("Daily", "Hourly"),
        ("CSV", "JSON"),
        ("<Schedule>", "<OptionalFields><Field>Size</Field><Field>Size</Field></OptionalFields><Schedule>"),
        ("<Schedule>", "<OptionalFields><Field>Weight</Field></OptionalFields><Schedule>"),
        ("<Schedule>", "<Filter><Tag/></Filter><Schedule>"),
        ("<Schedule>", "<Filter/><Schedule>"),
        ("<Format>", "<Encryption/><Format>"),
        ("<Format>", "<Encryption><SSE-S3/><SSE-S3/></Encryption><Format>"),
        ("<Format>", "<Encryption><SSE-KMS/></Encryption><Format>"),
    ],
)
def test_refuses_documents(server: Server, bucket: str, old: str, new: str) -> None:
    body = (
        "<InventoryConfiguration><Id>1</Id><IsEnabled>true</IsEnabled><Destination><S3BucketDestination>"
        f"<Bucket>arn:aws:s3:::{bucket}</Bucket><Format>CSV</Format></S3BucketDestination></Destination>"
        "<Schedule><Frequency>Daily</Frequency></Schedule><IncludedObjectVersions>All</IncludedObjectVersions>"
        "</InventoryConfiguration>"
    )
    assert server.ask("PUT", f"/{bucket}?inventory&id=1", body=body.encode()).status == 200
    answer = server.ask("PUT", f"/{bucket}?inventory&id=1", body=body.replace(old, new).encode())
    assert (answer.status, answer.code) == (400, "MalformedXML")
