"""PutObjectLockConfiguration and GetObjectLockConfiguration, and what comes of a default retention."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.support.clock import HandClock
from tests.support.locks import COMPLIANCE, GOVERNANCE, after, default_of, refused
from tests.support.server import Server

ENABLED = {"ObjectLockEnabled": "Enabled"}


@pytest.fixture
def s3(timed: Server) -> Any:
    return timed.client()


def test_on_from_the_beginning(s3: Any, timed: Server) -> None:
    name = f"from-the-beginning-{next(timed.numbers)}"
    s3.create_bucket(Bucket=name, ObjectLockEnabledForBucket=True)
    assert s3.get_object_lock_configuration(Bucket=name)["ObjectLockConfiguration"] == ENABLED
    assert s3.get_bucket_versioning(Bucket=name)["Status"] == "Enabled"
    assert refused(s3.create_bucket, Bucket=name, ObjectLockEnabledForBucket=True) == (409, "BucketAlreadyOwnedByYou")


def test_switched_on_later(s3: Any, timed: Server) -> None:
    bucket = timed.make_bucket()
    get, put = s3.get_object_lock_configuration, s3.put_object_lock_configuration
    assert refused(get, Bucket=bucket) == (404, "ObjectLockConfigurationNotFoundError")
    assert refused(put, Bucket=bucket, ObjectLockConfiguration=ENABLED) == (409, "InvalidBucketState")
    s3.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
    put(Bucket=bucket, ObjectLockConfiguration=ENABLED)
    assert get(Bucket=bucket)["ObjectLockConfiguration"] == ENABLED


def test_versioning_stays_on(s3: Any, lockable: str) -> None:
    put = s3.put_bucket_versioning
    put(Bucket=lockable, VersioningConfiguration={"Status": "Enabled"})
    suspended = {"Status": "Suspended"}
    assert refused(put, Bucket=lockable, VersioningConfiguration=suspended) == (409, "InvalidBucketState")
    assert s3.get_bucket_versioning(Bucket=lockable)["Status"] == "Enabled"


@pytest.mark.parametrize(
    ("mode", "period"), [(GOVERNANCE, {"Days": 1}), (COMPLIANCE, {"Days": 36_500}), (COMPLIANCE, {"Years": 100})]
)
def test_a_default_is_shown_and_taken_away(s3: Any, lockable: str, mode: str, period: dict[str, int]) -> None:
    configuration = default_of(mode, **period)
    s3.put_object_lock_configuration(Bucket=lockable, ObjectLockConfiguration=configuration)
    assert s3.get_object_lock_configuration(Bucket=lockable)["ObjectLockConfiguration"] == configuration
    s3.put_object_lock_configuration(Bucket=lockable, ObjectLockConfiguration=ENABLED)
    assert s3.get_object_lock_configuration(Bucket=lockable)["ObjectLockConfiguration"] == ENABLED


def rule(inside: str) -> str:
    return f"<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule><DefaultRetention>{inside}</DefaultRetention></Rule>"


BAD = {
    "nothing": ("", "MalformedXML"),
    "off": ("<ObjectLockEnabled>Disabled</ObjectLockEnabled>", "MalformedXML"),
    "typo": ("<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rules/>", "MalformedXML"),
    "empty rule": ("<ObjectLockEnabled>Enabled</ObjectLockEnabled><Rule/>", "MalformedXML"),
    "no mode": (rule("<Days>1</Days>"), "MalformedXML"),
    "other mode": (rule("<Mode>governance</Mode><Days>1</Days>"), "MalformedXML"),
    "no period": (rule("<Mode>GOVERNANCE</Mode>"), "MalformedXML"),
    "two periods": (rule("<Mode>GOVERNANCE</Mode><Days>1</Days><Years>1</Years>"), "MalformedXML"),
    "no number": (rule("<Mode>GOVERNANCE</Mode><Days>one</Days>"), "MalformedXML"),
    "zero": (rule("<Mode>GOVERNANCE</Mode><Days>0</Days>"), "InvalidArgument"),
    "negative": (rule("<Mode>GOVERNANCE</Mode><Years>-1</Years>"), "InvalidArgument"),
    "too many days": (rule("<Mode>GOVERNANCE</Mode><Days>36501</Days>"), "InvalidArgument"),
    "a million days": (rule("<Mode>GOVERNANCE</Mode><Days>1000000</Days>"), "InvalidArgument"),
    "too many years": (rule("<Mode>GOVERNANCE</Mode><Years>101</Years>"), "InvalidArgument"),
    "event hold": (rule("<DefaultEventHold><Days>1</Days></DefaultEventHold>"), "NotImplemented"),
}


@pytest.mark.parametrize(("inside", "code"), BAD.values(), ids=BAD)
def test_what_is_no_configuration(timed: Server, s3: Any, lockable: str, inside: str, code: str) -> None:
    body = f"<ObjectLockConfiguration>{inside}</ObjectLockConfiguration>".encode()
    assert timed.ask("PUT", f"/{lockable}?object-lock", body=body).code == code
    assert s3.get_object_lock_configuration(Bucket=lockable)["ObjectLockConfiguration"] == ENABLED


def test_new_versions_get_the_default(s3: Any, time: HandClock, lockable: str) -> None:
    """It begins when the version is made, is shown, and does not take the place of what a request asks for."""
    s3.put_object_lock_configuration(Bucket=lockable, ObjectLockConfiguration=default_of(GOVERNANCE, Days=10))
    s3.put_object(Bucket=lockable, Key="key", Body=b"1")
    head = s3.head_object(Bucket=lockable, Key="key")
    assert head["ObjectLockMode"] == GOVERNANCE
    assert head["ObjectLockRetainUntilDate"] == after(time, 10)
    assert "ObjectLockLegalHoldStatus" not in head
    until = after(time, 1)
    s3.put_object(Bucket=lockable, Key="key", Body=b"2", ObjectLockMode=COMPLIANCE, ObjectLockRetainUntilDate=until)
    found = s3.get_object(Bucket=lockable, Key="key")
    assert (found["ObjectLockMode"], found["ObjectLockRetainUntilDate"]) == (COMPLIANCE, until)
    s3.put_object(Bucket=lockable, Key="held", Body=b"3", ObjectLockLegalHoldStatus="ON")
    held = s3.head_object(Bucket=lockable, Key="held")
    assert (held["ObjectLockMode"], held["ObjectLockLegalHoldStatus"]) == (GOVERNANCE, "ON")


def test_the_default_of_copies_and_uploads(s3: Any, time: HandClock, lockable: str) -> None:
    until = after(time, 1000)
    source = {"Bucket": lockable, "Key": "source"}
    locks = {"ObjectLockMode": COMPLIANCE, "ObjectLockRetainUntilDate": until, "ObjectLockLegalHoldStatus": "ON"}
    s3.put_object(**source, Body=b"content", **locks)
    s3.copy_object(Bucket=lockable, Key="free", CopySource=source)
    assert not {name for name in s3.head_object(Bucket=lockable, Key="free") if "Lock" in name}
    s3.put_object_lock_configuration(Bucket=lockable, ObjectLockConfiguration=default_of(GOVERNANCE, Years=1))
    s3.copy_object(Bucket=lockable, Key="copy", CopySource=source)
    s3.copy_object(Bucket=lockable, Key="locked", CopySource=source, **locks)
    upload = s3.create_multipart_upload(Bucket=lockable, Key="upload")["UploadId"]
    place = {"Bucket": lockable, "Key": "upload", "UploadId": upload}
    part = s3.upload_part(**place, PartNumber=1, Body=b"content")
    s3.complete_multipart_upload(**place, MultipartUpload={"Parts": [{"PartNumber": 1, "ETag": part["ETag"]}]})
    for key in ("copy", "upload"):
        head = s3.head_object(Bucket=lockable, Key=key)
        assert head["ObjectLockMode"] == GOVERNANCE
        assert timedelta(days=365) <= head["ObjectLockRetainUntilDate"] - after(time, 0) <= timedelta(days=366)
        assert "ObjectLockLegalHoldStatus" not in head
    head = s3.head_object(Bucket=lockable, Key="locked")
    assert {name: head[name] for name in locks} == locks


def test_what_the_server_may_not_write_into(s3: Any, timed: Server, lockable: str) -> None:
    """A log is not delivered where it would be retained."""
    bucket = timed.make_bucket()
    status = {"LoggingEnabled": {"TargetBucket": lockable, "TargetPrefix": ""}}
    s3.put_bucket_logging(Bucket=bucket, BucketLoggingStatus=status)
    s3.put_object_lock_configuration(Bucket=lockable, ObjectLockConfiguration=default_of(GOVERNANCE, Days=1))
    put = s3.put_bucket_logging
    assert refused(put, Bucket=bucket, BucketLoggingStatus=status) == (400, "InvalidTargetBucketForLogging")
