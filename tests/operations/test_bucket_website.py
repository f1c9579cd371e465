"""PutBucketWebsite, GetBucketWebsite and DeleteBucketWebsite."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import STRANGER, Server

SITE = {
    "IndexDocument": {"Suffix": "index.html"},
    "ErrorDocument": {"Key": "errors/404.html"},
    "RoutingRules": [
        {
            "Condition": {"KeyPrefixEquals": "docs/", "HttpErrorCodeReturnedEquals": "404"},
            "Redirect": {
                "HostName": "example.com",
                "HttpRedirectCode": "302",
                "Protocol": "https",
                "ReplaceKeyPrefixWith": "documents/",
            },
        },
        {"Condition": {"KeyPrefixEquals": ""}, "Redirect": {"ReplaceKeyWith": "a & b"}},
        {"Redirect": {"HostName": "example.com"}},
    ],
}
INDEX = "<IndexDocument><Suffix>index.html</Suffix></IndexDocument>"


def document(inside: str) -> bytes:
    return f"<WebsiteConfiguration>{inside}</WebsiteConfiguration>".encode()


def ruled(inside: str) -> bytes:
    return document(f"{INDEX}<RoutingRules><RoutingRule>{inside}</RoutingRule></RoutingRules>")


@pytest.mark.parametrize(
    "site",
    [
        SITE,
        {"IndexDocument": {"Suffix": "i"}},
        {"RedirectAllRequestsTo": {"HostName": "example.com"}},
        {"RedirectAllRequestsTo": {"HostName": "example.com", "Protocol": "https"}},
    ],
)
def test_round_trip(s3: Any, bucket: str, site: dict[str, Any]) -> None:
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=SITE)
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=site)
    answer = s3.get_bucket_website(Bucket=bucket)
    del answer["ResponseMetadata"]
    assert answer == site


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (document(""), "InvalidArgument"),
        (document("<ErrorDocument><Key>a</Key></ErrorDocument>"), "InvalidArgument"),
        (document("<IndexDocument><Suffix>a/b</Suffix></IndexDocument>"), "InvalidArgument"),
        (
            document(f"{INDEX}<RedirectAllRequestsTo><HostName>a</HostName></RedirectAllRequestsTo>"),
            "InvalidRequest",
        ),
        (
            ruled(
                "<Redirect><ReplaceKeyWith>a</ReplaceKeyWith><ReplaceKeyPrefixWith>b</ReplaceKeyPrefixWith></Redirect>"
            ),
            "InvalidRequest",
        ),
        (ruled("<Redirect><HttpRedirectCode>300</HttpRedirectCode></Redirect>"), "InvalidRequest"),
        (ruled("<Redirect><Protocol>ftp</Protocol></Redirect>"), "InvalidRequest"),
        (ruled("<Condition/><Redirect><HostName>a</HostName></Redirect>"), "InvalidRequest"),
        (
            ruled(
                "<Condition><HttpErrorCodeReturnedEquals>200</HttpErrorCodeReturnedEquals></Condition>"
                "<Redirect><HostName>a</HostName></Redirect>"
            ),
            "InvalidRequest",
        ),
        (
            document(
                f"{INDEX}<RoutingRules>"
                + "<RoutingRule><Redirect><HostName>a</HostName></Redirect></RoutingRule>" * 51
                + "</RoutingRules>"
            ),
            "InvalidRequest",
        ),
        (document("<Other/>"), "MalformedXML"),
        (b"", "MissingRequestBodyError"),
    ],
)
def test_refused(server: Server, bucket: str, body: bytes, code: str) -> None:
    answer = server.ask("PUT", f"/{bucket}?website", body=body)
    assert (answer.status, answer.code) == (400, code)
    assert server.ask("GET", f"/{bucket}?website").code == "NoSuchWebsiteConfiguration"


def test_delete(server: Server, s3: Any, bucket: str) -> None:
    s3.put_bucket_website(Bucket=bucket, WebsiteConfiguration=SITE)
    for _ in range(2):
        assert server.ask("DELETE", f"/{bucket}?website").status == 204
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_website(Bucket=bucket)
    error = caught.value.response["Error"]
    assert (error["Code"], error["BucketName"]) == ("NoSuchWebsiteConfiguration", bucket)
    assert error["Message"] == "The specified bucket does not have a website configuration"


@pytest.mark.parametrize("method", ["PUT", "GET", "DELETE"])
def test_who_may(server: Server, bucket: str, method: str) -> None:
    body = document(INDEX) if method == "PUT" else b""
    assert server.ask(method, f"/{bucket}?website", body=body, keys=STRANGER).code == "AccessDenied"
