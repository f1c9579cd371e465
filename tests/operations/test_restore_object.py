"""RestoreObject, and what archived objects are until then."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from botocore.exceptions import ClientError
from tests.support.server import STRANGER, Answer, Server, serving

HOUR = 3600
CLASSES = ("GLACIER", "DEEP_ARCHIVE")


@pytest.fixture(scope="module")
def slow() -> Iterator[Server]:
    """A server on which nothing is restored within an hour."""
    with serving(restore_delay=HOUR) as running:
        yield running


def restore(server: Server, bucket: str, inside: str = "<Days>1</Days>", query: str = "") -> Answer:
    body = f"<RestoreRequest>{inside}</RestoreRequest>".encode()
    return server.ask("POST", f"/{bucket}/key?restore{query}", {}, body)


def head(server: Server, bucket: str) -> dict[str, str]:
    return server.ask("HEAD", f"/{bucket}/key").headers


def code_of(refused: pytest.ExceptionInfo[ClientError]) -> str:
    code: str = refused.value.response["Error"]["Code"]
    return code


@pytest.mark.parametrize("storage_class", CLASSES)
def test_archived(server: Server, s3: Any, bucket: str, storage_class: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"content", StorageClass=storage_class)
    found = s3.head_object(Bucket=bucket, Key="key")
    assert (found["StorageClass"], found["ContentLength"], found.get("Restore")) == (storage_class, 7, None)
    (listed,) = s3.list_objects_v2(Bucket=bucket)["Contents"]
    assert listed["StorageClass"] == storage_class
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=bucket, Key="key")
    assert (code_of(refused), refused.value.response["StorageClass"]) == ("InvalidObjectState", storage_class)
    for source in ({"Range": "bytes=0-1"}, {"PartNumber": 1}):
        with pytest.raises(ClientError) as refused:
            s3.get_object(Bucket=bucket, Key="key", **source)
        assert code_of(refused) == "InvalidObjectState"


@pytest.mark.parametrize("parts", [False, True])
def test_parts_of_archived_objects_can_be_asked_about(s3: Any, bucket: str, *, parts: bool) -> None:
    place = {"Bucket": bucket, "Key": "key"}
    if parts:
        upload = {**place, "UploadId": s3.create_multipart_upload(**place, StorageClass="GLACIER")["UploadId"]}
        sent = s3.upload_part(**upload, PartNumber=1, Body=b"content")
        s3.complete_multipart_upload(**upload, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": sent["ETag"]}]})
    else:
        s3.put_object(**place, Body=b"content", StorageClass="GLACIER")
    found = s3.head_object(**place, PartNumber=1)
    assert (found["ContentLength"], found.get("PartsCount")) == (7, 1 if parts else None)


ASKED = {"OptionalObjectAttributes": ["RestoreStatus"]}
LISTS = {"list_objects": "Contents", "list_objects_v2": "Contents", "list_object_versions": "Versions"}


@pytest.mark.parametrize(("operation", "element"), LISTS.items())
@pytest.mark.parametrize("delimiter", ["", "/"])
def test_lists_tell_when_asked(
    server: Server, s3: Any, versioned: str, operation: str, element: str, delimiter: str
) -> None:
    for key in ("archived", "restored", "<restored>", "replaced", "standard"):
        storage_class = "STANDARD" if key == "standard" else "GLACIER"
        s3.put_object(Bucket=versioned, Key=key, Body=b"content", StorageClass=storage_class)
        if key in ("restored", "<restored>", "replaced"):
            s3.restore_object(Bucket=versioned, Key=key, RestoreRequest={"Days": 2})
    s3.put_object(Bucket=versioned, Key="replaced", Body=b"newer", StorageClass="GLACIER")
    listed = getattr(s3, operation)
    assert not any("RestoreStatus" in one for one in listed(Bucket=versioned)[element])
    told = listed(Bucket=versioned, Delimiter=delimiter, **ASKED)[element]
    statuses = {(one["Key"], one.get("IsLatest", True)): one.get("RestoreStatus") for one in told}
    shown = {place for place, status in statuses.items() if status is not None}
    older = {("replaced", False)} if operation == "list_object_versions" else set()
    assert shown == {("restored", True), ("<restored>", True)} | older
    status = statuses["restored", True]
    assert status is not None
    assert not status["IsRestoreInProgress"]
    expiry = s3.head_object(Bucket=versioned, Key="restored")["Restore"]
    assert f"{status['RestoreExpiryDate']:%a, %d %b %Y %H:%M:%S GMT}" in expiry


def test_lists_tell_what_is_under_way(slow: Server) -> None:
    s3, bucket = slow.client(), slow.make_bucket()
    s3.put_object(Bucket=bucket, Key="key", Body=b"content", StorageClass="DEEP_ARCHIVE")
    restore(slow, bucket)
    (listed,) = s3.list_objects_v2(Bucket=bucket, **ASKED)["Contents"]
    assert listed["RestoreStatus"] == {"IsRestoreInProgress": True}


def test_restored(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"content", StorageClass="GLACIER")
    made = s3.restore_object(Bucket=bucket, Key="key", RestoreRequest={"Days": 1})
    assert made["ResponseMetadata"]["HTTPStatusCode"] == 202
    found = s3.get_object(Bucket=bucket, Key="key")
    assert found["Body"].read() == b"content"
    assert found["Restore"].startswith('ongoing-request="false", expiry-date="')
    assert found["StorageClass"] == "GLACIER"
    again = s3.restore_object(Bucket=bucket, Key="key", RestoreRequest={"Days": 9})
    assert again["ResponseMetadata"]["HTTPStatusCode"] == 200
    assert s3.head_object(Bucket=bucket, Key="key")["Restore"] != found["Restore"]


def test_under_way(slow: Server) -> None:
    s3, bucket = slow.client(), slow.make_bucket()
    s3.put_object(Bucket=bucket, Key="key", Body=b"content", StorageClass="GLACIER")
    bulk = "<Days>1</Days><GlacierJobParameters><Tier>Bulk</Tier></GlacierJobParameters>"
    assert restore(slow, bucket, bulk).status == 202
    assert head(slow, bucket)["x-amz-restore"] == 'ongoing-request="true"'
    with pytest.raises(ClientError) as refused:
        s3.get_object(Bucket=bucket, Key="key")
    assert code_of(refused) == "InvalidObjectState"
    again = restore(slow, bucket, bulk)
    assert (again.status, again.code) == (409, "RestoreAlreadyInProgress")
    assert restore(slow, bucket).status == 202, "a faster tier is a new request"


def test_copies(server: Server, s3: Any, bucket: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"content", StorageClass="GLACIER")
    source = f"{bucket}/key"
    with pytest.raises(ClientError) as refused:
        s3.copy_object(Bucket=bucket, Key="copy", CopySource=source)
    assert code_of(refused) == "InvalidObjectState"
    restore(server, bucket)
    s3.copy_object(Bucket=bucket, Key="archived", CopySource=source, StorageClass="DEEP_ARCHIVE")
    assert s3.head_object(Bucket=bucket, Key="archived").get("Restore") is None
    s3.copy_object(Bucket=bucket, Key="key", CopySource=source, StorageClass="STANDARD")
    found = s3.get_object(Bucket=bucket, Key="key")
    assert (found["Body"].read(), found.get("StorageClass"), found.get("Restore")) == (b"content", None, None)


def test_multipart_uploads_and_versions(server: Server, s3: Any, versioned: str) -> None:
    upload = s3.create_multipart_upload(Bucket=versioned, Key="key", StorageClass="GLACIER")["UploadId"]
    part = s3.upload_part(Bucket=versioned, Key="key", UploadId=upload, PartNumber=1, Body=b"part")
    parts = {"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]}
    made = s3.complete_multipart_upload(Bucket=versioned, Key="key", UploadId=upload, MultipartUpload=parts)
    s3.put_object(Bucket=versioned, Key="key", Body=b"newer")
    assert restore(server, versioned).code == "InvalidObjectState"
    assert restore(server, versioned, query=f"&versionId={made['VersionId']}").status == 202
    assert s3.get_object(Bucket=versioned, Key="key", VersionId=made["VersionId"])["Body"].read() == b"part"


@pytest.mark.parametrize(
    ("inside", "code"),
    [
        ("", "MalformedXML"),
        ("<Days>0</Days>", "MalformedXML"),
        ("<Days>-1</Days>", "MalformedXML"),
        ("<Days>99999999999</Days>", "MalformedXML"),
        ("<Days>1</Days><Days>1</Days>", "MalformedXML"),
        ("<Days>1</Days><Tier>Slow</Tier>", "MalformedXML"),
        ("<Days>1</Days><GlacierJobParameters/>", "MalformedXML"),
        ("<Days>1</Days><Hours>1</Hours>", "MalformedXML"),
        ("<Type>SELECT</Type>", "NotImplemented"),
        ("<Days>1</Days><OutputLocation/>", "NotImplemented"),
    ],
)
def test_refuses(server: Server, s3: Any, bucket: str, inside: str, code: str) -> None:
    s3.put_object(Bucket=bucket, Key="key", Body=b"1", StorageClass="GLACIER")
    assert restore(server, bucket, inside).code == code
    assert "x-amz-restore" not in head(server, bucket)


def test_what_is_not_there(server: Server, s3: Any, bucket: str, versioned: str) -> None:
    assert restore(server, bucket).code == "NoSuchKey"
    s3.delete_object(Bucket=versioned, Key="key")
    assert restore(server, versioned).code == "NoSuchKey"
    s3.put_object(Bucket=bucket, Key="key", Body=b"1")
    assert restore(server, bucket).code == "InvalidObjectState"


def test_who_may(server: Server, bucket: str) -> None:
    body = b"<RestoreRequest><Days>1</Days></RestoreRequest>"
    assert server.ask("POST", f"/{bucket}/key?restore", {}, body, keys=STRANGER).code == "AccessDenied"
