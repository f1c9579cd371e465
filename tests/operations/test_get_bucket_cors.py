"""GetBucketCors."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import STRANGER, Server


def test_nobody_configured_it(s3: Any, bucket: str) -> None:
    with pytest.raises(ClientError) as caught:
        s3.get_bucket_cors(Bucket=bucket)
    error = caught.value.response["Error"]
    assert (error["Code"], error["BucketName"]) == ("NoSuchCORSConfiguration", bucket)
    assert error["Message"] == "The CORS configuration does not exist"


def test_the_document(server: Server, s3: Any, bucket: str) -> None:
    rule = {"AllowedMethods": ["GET"], "AllowedOrigins": ["https://a?&b"], "MaxAgeSeconds": 0}
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": [rule]})
    answer = server.ask("GET", f"/{bucket}?cors")
    assert answer.headers["content-type"] == "application/xml"
    assert answer.body == (
        b'<?xml version="1.0" encoding="UTF-8"?>\n'
        b'<CORSConfiguration xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><CORSRule>'
        b"<AllowedMethod>GET</AllowedMethod><AllowedOrigin>https://a?&amp;b</AllowedOrigin>"
        b"<MaxAgeSeconds>0</MaxAgeSeconds></CORSRule></CORSConfiguration>"
    )


def test_who_may(server: Server, bucket: str) -> None:
    assert server.ask("GET", f"/{bucket}?cors", keys=STRANGER).code == "AccessDenied"
    assert server.ask("GET", "/no-such-bucket?cors").code == "NoSuchBucket"
