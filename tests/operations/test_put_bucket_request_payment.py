"""PutBucketRequestPayment and GetBucketRequestPayment."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import STRANGER, Server


def document(payer: str) -> bytes:
    return f"<RequestPaymentConfiguration><Payer>{payer}</Payer></RequestPaymentConfiguration>".encode()


def test_who_pays(server: Server, s3: Any, bucket: str) -> None:
    assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == "BucketOwner"
    for payer in ("Requester", "BucketOwner", "Requester"):
        s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": payer})
        assert s3.get_bucket_request_payment(Bucket=bucket)["Payer"] == payer


def test_the_owner_need_not_agree_to_pay(server: Server, s3: Any, bucket: str) -> None:
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    answer = server.ask("PUT", f"/{bucket}/key", body=b"x")
    assert answer.status == 200
    assert "x-amz-request-charged" not in answer.headers


def test_who_does_not_agree_to_pay_is_refused(server: Server, s3: Any, bucket: str) -> None:
    s3.put_bucket_request_payment(Bucket=bucket, RequestPaymentConfiguration={"Payer": "Requester"})
    answer = server.ask("GET", f"/{bucket}/key", keys=STRANGER)
    assert (answer.status, answer.code) == (403, "AccessDenied")
    assert server.send("GET", f"/{bucket}/key", {}).code == "AccessDenied"


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (document("Nobody"), "MalformedXML"),
        (b"<RequestPaymentConfiguration/>", "MalformedXML"),
        (b"<Other><Payer>Requester</Payer></Other>", "MalformedXML"),
        (b"", "MissingRequestBodyError"),
    ],
)
def test_refuses(server: Server, bucket: str, body: bytes, code: str) -> None:
    answer = server.ask("PUT", f"/{bucket}?requestPayment", body=body)
    assert (answer.status, answer.code) == (400, code)
