"""PutBucketMetricsConfiguration, GetBucketMetricsConfiguration and DeleteBucketMetricsConfiguration."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import Server

TAG = {"Key": "a/b", "Value": "1"}


def document(inside: str) -> bytes:
    return f"<MetricsConfiguration>{inside}</MetricsConfiguration>".encode()


@pytest.mark.parametrize(
    "chosen",
    [
        None,
        {"Prefix": ""},
        {"Prefix": "docs/<ö>"},
        {"Tag": TAG},
        {"And": {"Prefix": "docs/", "Tags": [TAG]}},
        {"And": {"Tags": [TAG, {"Key": "c", "Value": ""}]}},
    ],
)
def test_what_was_put_is_shown(s3: Any, bucket: str, chosen: Any) -> None:
    configuration = {"Id": "Whole.bucket_1-a"} | ({} if chosen is None else {"Filter": chosen})
    s3.put_bucket_metrics_configuration(Bucket=bucket, Id=configuration["Id"], MetricsConfiguration=configuration)
    found = s3.get_bucket_metrics_configuration(Bucket=bucket, Id=configuration["Id"])["MetricsConfiguration"]
    assert found == configuration


def test_one_that_is_not_there(s3: Any, bucket: str) -> None:
    for ask in (s3.get_bucket_metrics_configuration, s3.delete_bucket_metrics_configuration):
        with pytest.raises(ClientError) as caught:
            ask(Bucket=bucket, Id="1")
        assert caught.value.response["Error"]["Code"] == "NoSuchConfiguration"
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 404


def test_removes_one(server: Server, s3: Any, bucket: str) -> None:
    for name in ("1", "2"):
        s3.put_bucket_metrics_configuration(Bucket=bucket, Id=name, MetricsConfiguration={"Id": name})
    answer = server.ask("DELETE", f"/{bucket}?metrics&id=1")
    assert (answer.status, answer.body) == (204, b"")
    assert server.ask("GET", f"/{bucket}?metrics&id=1").code == "NoSuchConfiguration"
    assert server.ask("GET", f"/{bucket}?metrics&id=2").status == 200


@pytest.mark.parametrize(
    ("name", "body", "code"),
    [
        ("1", document("<Id>2</Id>"), "IdMismatch"),
        ("a%20b", document("<Id>a b</Id>"), "InvalidArgument"),
        ("a%2Fb", document("<Id>a/b</Id>"), "InvalidArgument"),
        ("", document("<Id/>"), "MalformedXML"),
        ("i" * 65, document(f"<Id>{'i' * 65}</Id>"), "InvalidArgument"),
        ("1", document("<Id>1</Id><Id>1</Id>"), "MalformedXML"),
        ("1", document("<Id>1</Id><Filter/>"), "MalformedXML"),
        ("1", document("<Id>1</Id><Filter><Prefix>a</Prefix><Prefix>b</Prefix></Filter>"), "MalformedXML"),
        ("1", document("<Id>1</Id><Filter><And><Prefix>a</Prefix></And></Filter>"), "MalformedXML"),
        ("1", document("<Id>1</Id><Filter><Tag><Key>a</Key></Tag></Filter>"), "MalformedXML"),
        ("1", document("<Id>1</Id><Filter><Tag><Key/><Value/></Tag></Filter>"), "InvalidTag"),
        ("1", document("<Id>1</Id><Other/>"), "MalformedXML"),
        ("1", b"", "MissingRequestBodyError"),
    ],
)
def test_refuses(server: Server, bucket: str, name: str, body: bytes, code: str) -> None:
    answer = server.ask("PUT", f"/{bucket}?metrics&id={name}", body=body)
    assert (answer.status, answer.code) == (400, code)
    assert server.ask("GET", f"/{bucket}?metrics").texts("Id") == []


def test_there_are_no_access_points(server: Server, bucket: str) -> None:
    body = document("<Id>1</Id><Filter><AccessPointArn>arn:aws:s3:x</AccessPointArn></Filter>")
    assert server.ask("PUT", f"/{bucket}?metrics&id=1", body=body).status == 501
