"""PutBucketCors."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import STRANGER, Server

RULES = [
    {
        "ID": "uploads",
        "AllowedMethods": ["PUT", "POST", "DELETE"],
        "AllowedOrigins": ["https://www.example.com", "https://*.example.org"],
        "AllowedHeaders": ["*"],
        "ExposeHeaders": ["ETag", "x-amz-meta-custom"],
        "MaxAgeSeconds": 3000,
    },
    {"AllowedMethods": ["GET"], "AllowedOrigins": ["*"]},
]


def document(*rules: str) -> bytes:
    return (
        f"<CORSConfiguration>{''.join(f'<CORSRule>{rule}</CORSRule>' for rule in rules)}</CORSConfiguration>".encode()
    )


RULE = "<AllowedMethod>GET</AllowedMethod><AllowedOrigin>*</AllowedOrigin>"


def test_stores_the_rules(server: Server, s3: Any, bucket: str) -> None:
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == RULES
    answer = server.ask("PUT", f"/{bucket}?cors", body=document(RULE))
    assert (answer.status, answer.body) == (200, b"")  # trap 56
    assert s3.get_bucket_cors(Bucket=bucket)["CORSRules"] == RULES[1:]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (document(*[RULE] * 101), "InvalidRequest"),
        (document(RULE.replace("GET", "PATCH")), "InvalidRequest"),
        (document(RULE.replace("*", "http://*.*.com")), "InvalidRequest"),
        (document(RULE + "<ExposeHeader>x-*</ExposeHeader>"), "InvalidRequest"),
        (document(), "MalformedXML"),
        (document(RULE + "<Other/>"), "MalformedXML"),
        (b"", "MissingRequestBodyError"),
        (document(RULE) + b" " * 65536, "MaxMessageLengthExceeded"),
    ],
)
def test_refused(server: Server, bucket: str, body: bytes, code: str) -> None:
    answer = server.ask("PUT", f"/{bucket}?cors", body=body)
    assert (answer.status, answer.code) == (400, code)
    assert server.ask("GET", f"/{bucket}?cors").code == "NoSuchCORSConfiguration"


def test_a_hundred_rules(server: Server, s3: Any, bucket: str) -> None:
    assert server.ask("PUT", f"/{bucket}?cors", body=document(*[RULE] * 100)).status == 200
    assert len(s3.get_bucket_cors(Bucket=bucket)["CORSRules"]) == 100


def test_a_wrong_digest(server: Server, bucket: str) -> None:
    headers = {"Content-MD5": "1B2M2Y8AsgTpgAmY7PhCfg=="}
    assert server.ask("PUT", f"/{bucket}?cors", headers, document(RULE)).code == "BadDigest"


def test_who_may(server: Server, bucket: str) -> None:
    assert server.ask("PUT", f"/{bucket}?cors", body=document(RULE), keys=STRANGER).code == "AccessDenied"
    assert server.send("PUT", f"/{bucket}?cors", {}, document(RULE)).code == "AccessDenied"


def test_it_is_the_buckets_own(server: Server, s3: Any, bucket: str) -> None:
    s3.put_bucket_cors(Bucket=bucket, CORSConfiguration={"CORSRules": RULES})
    other = server.make_bucket()
    with pytest.raises(ClientError, match="NoSuchCORSConfiguration"):
        s3.get_bucket_cors(Bucket=other)
