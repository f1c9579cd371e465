"""PutBucketAccelerateConfiguration and GetBucketAccelerateConfiguration."""

from __future__ import annotations

from typing import Any

from tests.support.server import Server


def test_the_state_is_kept(s3: Any, bucket: str) -> None:
    assert "Status" not in s3.get_bucket_accelerate_configuration(Bucket=bucket)
    for status in ("Enabled", "Suspended"):
        s3.put_bucket_accelerate_configuration(Bucket=bucket, AccelerateConfiguration={"Status": status})
        assert s3.get_bucket_accelerate_configuration(Bucket=bucket)["Status"] == status


def test_names_with_periods_are_refused(server: Server, s3: Any) -> None:
    name = f"with.period.{next(server.numbers)}"
    s3.create_bucket(Bucket=name)
    body = b"<AccelerateConfiguration><Status>Enabled</Status></AccelerateConfiguration>"
    answer = server.ask("PUT", f"/{name}?accelerate", body=body)
    assert (answer.status, answer.code) == (400, "InvalidRequest")


def test_refuses_other_states(server: Server, bucket: str) -> None:
    body = b"<AccelerateConfiguration><Status>On</Status></AccelerateConfiguration>"
    assert server.ask("PUT", f"/{bucket}?accelerate", body=body).code == "MalformedXML"
