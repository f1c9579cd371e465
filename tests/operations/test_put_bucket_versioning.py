"""PutBucketVersioning."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.server import STRANGER, Server


def document(inside: str) -> bytes:
    return f"<VersioningConfiguration>{inside}</VersioningConfiguration>".encode()


def test_on_and_suspended(s3: Any, bucket: str) -> None:
    for status in ("Enabled", "Suspended", "Suspended", "Enabled"):
        s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": status})
        assert s3.get_bucket_versioning(Bucket=bucket)["Status"] == status


def test_trap_40_what_was_there_stays_as_null(s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"old")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    new = s3.put_object(Bucket=bucket, Key="key", Body=b"new")["VersionId"]
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [(entry["VersionId"], entry["IsLatest"]) for entry in listed] == [(new, True), ("null", False)]
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Suspended"})
    assert "VersionId" not in s3.put_object(Bucket=bucket, Key="key", Body=b"newest")
    listed = s3.list_object_versions(Bucket=bucket)["Versions"]
    assert [(entry["VersionId"], entry["IsLatest"]) for entry in listed] == [("null", True), (new, False)]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        (document(""), 400, "IllegalVersioningConfigurationException"),
        (document("<MfaDelete>Disabled</MfaDelete>"), 400, "IllegalVersioningConfigurationException"),
        (document("<Status></Status>"), 400, "MalformedXML"),
        (document("<Status>enabled</Status>"), 400, "MalformedXML"),
        (document("<Status>Enabled</Status><Status>Enabled</Status>"), 400, "MalformedXML"),
        (document("<Status>Enabled</Status><Other/>"), 400, "MalformedXML"),
        (document("<Status>Enabled</Status><MfaDelete>Enabled</MfaDelete>"), 501, "NotImplemented"),
        (b"", 400, "MissingRequestBodyError"),
        (b"<Versioning/>", 400, "MalformedXML"),
    ],
)
def test_refused(server: Server, bucket: str, body: bytes, status: int, code: str) -> None:
    answer = server.ask("PUT", f"/{bucket}?versioning", body=body)
    assert (answer.status, answer.code) == (status, code)
    assert not server.ask("GET", f"/{bucket}?versioning").texts("Status")


def test_without_mfa_delete(server: Server, bucket: str) -> None:
    body = document("<Status>Enabled</Status><MfaDelete>Disabled</MfaDelete>")
    assert server.ask("PUT", f"/{bucket}?versioning", body=body).status == 200


def test_who_may(server: Server, bucket: str) -> None:
    body = document("<Status>Enabled</Status>")
    assert server.ask("PUT", f"/{bucket}?versioning", body=body, keys=STRANGER).code == "AccessDenied"
