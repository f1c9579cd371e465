"""PutObjectRetention and GetObjectRetention, and what a retention keeps from going."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from tests.support.clock import HandClock
from tests.support.locks import COMPLIANCE, DAY, GOVERNANCE, after, put_locked, refused
from tests.support.server import STRANGER, USER, Server

DENIED = (403, "AccessDenied")


@pytest.fixture
def s3(timed: Server) -> Any:
    return timed.client()


def retention(mode: str, until: datetime) -> dict[str, Any]:
    return {"Mode": mode, "RetainUntilDate": until}


def test_what_was_put_is_shown(s3: Any, time: HandClock, lockable: str) -> None:
    version = s3.put_object(Bucket=lockable, Key="key", Body=b"")["VersionId"]
    place = {"Bucket": lockable, "Key": "key"}
    assert refused(s3.get_object_retention, **place) == (404, "NoSuchObjectLockConfiguration")
    asked = retention(GOVERNANCE, after(time, 1).replace(microsecond=250_000))
    s3.put_object_retention(**place, Retention=asked)
    assert s3.get_object_retention(**place)["Retention"] == asked
    assert s3.get_object_retention(**place, VersionId=version)["Retention"] == asked


def test_of_one_version(s3: Any, time: HandClock, lockable: str) -> None:
    place = {"Bucket": lockable, "Key": "key"}
    first = s3.put_object(**place, Body=b"1")["VersionId"]
    s3.put_object(**place, Body=b"2")
    s3.put_object_retention(**place, VersionId=first, Retention=retention(COMPLIANCE, after(time, 1)))
    assert refused(s3.delete_object, **place, VersionId=first) == DENIED
    assert refused(s3.get_object_retention, **place) == (404, "NoSuchObjectLockConfiguration")
    assert s3.get_object(**place, VersionId=first)["Body"].read() == b"1"


def test_places_that_are_none(s3: Any, timed: Server, time: HandClock, lockable: str) -> None:
    asked = retention(GOVERNANCE, after(time, 1))
    put = s3.put_object_retention
    assert refused(put, Bucket=lockable, Key="absent", Retention=asked) == (404, "NoSuchKey")
    unknown = {"Bucket": lockable, "Key": "absent", "VersionId": "x" * 32}
    assert refused(put, **unknown, Retention=asked) == (404, "NoSuchVersion")
    marker = s3.delete_object(Bucket=lockable, Key="gone")["VersionId"]
    place = {"Bucket": lockable, "Key": "gone", "VersionId": marker}
    assert refused(put, **place, Retention=asked) == (405, "MethodNotAllowed")
    plain = timed.make_bucket()
    s3.put_object(Bucket=plain, Key="key", Body=b"")
    assert refused(put, Bucket=plain, Key="key", Retention=asked) == (400, "InvalidRequest")
    bypassing = {"Bucket": plain, "Key": "key", "BypassGovernanceRetention": True}
    assert refused(put, **bypassing, Retention=asked) == (400, "InvalidRequest")
    assert refused(s3.get_object_retention, Bucket=plain, Key="key") == (400, "InvalidRequest")
    assert refused(timed.client(STRANGER).put_object_retention, **place, Retention=asked) == DENIED


def test_a_retention_keeps_a_version(s3: Any, time: HandClock, lockable: str) -> None:
    """Until it ends, by lock time; the key may be written and deleted over all the while."""
    version = put_locked(s3, lockable, "key", GOVERNANCE, after(time, 1))
    s3.put_object(Bucket=lockable, Key="key", Body=b"newer")
    assert s3.delete_object(Bucket=lockable, Key="key")["DeleteMarker"]
    assert refused(s3.delete_object, **version) == DENIED
    time.time += DAY - 1_000_000
    assert refused(s3.delete_object, **version) == DENIED
    time.time += 1_000_000
    s3.delete_object(**version)
    assert refused(s3.head_object, **version)[0] == 404


def test_governance_is_bypassed_by_who_asks(s3: Any, timed: Server, time: HandClock, lockable: str) -> None:
    ana = timed.client(USER)
    for client in (s3, ana):
        version = put_locked(s3, lockable, "key", GOVERNANCE, after(time, 10))
        assert refused(client.delete_object, **version, BypassGovernanceRetention=False) == DENIED
        assert (
            refused(client.put_object_retention, **version, Retention=retention(GOVERNANCE, after(time, 1))) == DENIED
        )
        bypass = {"BypassGovernanceRetention": True}
        assert refused(timed.client(STRANGER).delete_object, **version, **bypass) == DENIED
        client.put_object_retention(**version, **bypass, Retention=retention(GOVERNANCE, after(time, 1)))
        client.delete_object(**version, **bypass)
        assert refused(s3.head_object, **version)[0] == 404


def test_governance_may_be_taken_away(s3: Any, time: HandClock, lockable: str) -> None:
    version = put_locked(s3, lockable, "key", GOVERNANCE, after(time, 10))
    assert refused(s3.put_object_retention, **version, Retention={}) == DENIED
    s3.put_object_retention(**version, Retention={}, BypassGovernanceRetention=True)
    assert refused(s3.get_object_retention, **version) == (404, "NoSuchObjectLockConfiguration")
    s3.delete_object(**version)


def test_nobody_shortens_compliance(s3: Any, timed: Server, time: HandClock, lockable: str) -> None:
    """Root included, with a bypass too; it can only be extended."""
    version = put_locked(s3, lockable, "key", COMPLIANCE, after(time, 10))
    weaker: list[Any] = [
        retention(COMPLIANCE, after(time, 9)),
        retention(GOVERNANCE, after(time, 10)),
        retention(GOVERNANCE, after(time, 20)),
        {},
    ]
    for client in (s3, timed.client(USER)):
        for asked in weaker:
            for bypass in (False, True):
                put = client.put_object_retention
                assert refused(put, **version, Retention=asked, BypassGovernanceRetention=bypass) == DENIED
        assert refused(client.delete_object, **version, BypassGovernanceRetention=True) == DENIED
    s3.put_object_retention(**version, Retention=retention(COMPLIANCE, after(time, 11)))
    time.time += 10 * DAY
    assert refused(s3.delete_object, **version) == DENIED
    time.time += DAY
    s3.put_object_retention(**version, Retention=retention(GOVERNANCE, after(time, 1)))
    s3.delete_object(**version, BypassGovernanceRetention=True)


def test_governance_is_extended_without_a_bypass(s3: Any, time: HandClock, lockable: str) -> None:
    version = put_locked(s3, lockable, "key", GOVERNANCE, after(time, 1))
    s3.put_object_retention(**version, Retention=retention(GOVERNANCE, after(time, 2)))
    assert s3.get_object_retention(**version)["Retention"]["RetainUntilDate"] == after(time, 2)
    assert refused(s3.put_object_retention, **version, Retention=retention(COMPLIANCE, after(time, 3))) == DENIED


BAD = {
    "typo": ("<Mode>GOVERNANCE</Mode><RetainUntil>2100-01-01</RetainUntil>", "MalformedXML"),
    "no date": ("<Mode>GOVERNANCE</Mode>", "MalformedXML"),
    "no mode": ("<RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate>", "MalformedXML"),
    "other mode": ("<Mode>ON</Mode><RetainUntilDate>2030-01-01T00:00:00Z</RetainUntilDate>", "MalformedXML"),
    "no time": ("<Mode>GOVERNANCE</Mode><RetainUntilDate>tomorrow</RetainUntilDate>", "InvalidArgument"),
    "past": ("<Mode>GOVERNANCE</Mode><RetainUntilDate>2001-01-01T00:00:00Z</RetainUntilDate>", "InvalidArgument"),
    "too far": ("<Mode>GOVERNANCE</Mode><RetainUntilDate>9999-01-01T00:00:00Z</RetainUntilDate>", "InvalidArgument"),
    "event hold": ("<EventHold>ON</EventHold>", "NotImplemented"),
}


@pytest.mark.parametrize(("inside", "code"), BAD.values(), ids=BAD)
def test_what_is_no_retention(s3: Any, timed: Server, lockable: str, inside: str, code: str) -> None:
    s3.put_object(Bucket=lockable, Key="key", Body=b"")
    body = f"<Retention>{inside}</Retention>".encode()
    assert timed.ask("PUT", f"/{lockable}/key?retention", body=body).code == code
    assert refused(s3.get_object_retention, Bucket=lockable, Key="key") == (404, "NoSuchObjectLockConfiguration")


@pytest.mark.parametrize("date", ["2030-01-01T00:00:00Z", "2030-01-01T00:00:00.000Z", "2030-01-01T01:00:00+01:00"])
def test_forms_of_a_date(s3: Any, timed: Server, lockable: str, date: str) -> None:
    s3.put_object(Bucket=lockable, Key="key", Body=b"")
    body = f"<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>{date}</RetainUntilDate></Retention>".encode()
    assert timed.ask("PUT", f"/{lockable}/key?retention", body=body).status == 200
    shown = timed.ask("GET", f"/{lockable}/key?retention")
    assert shown.texts("RetainUntilDate") == ["2030-01-01T00:00:00.000Z"]


def test_what_else_a_lock_keeps(s3: Any, time: HandClock, lockable: str) -> None:
    """Tags may change, the bucket stays, and so does the way that the version is encrypted."""
    version = put_locked(s3, lockable, "key", COMPLIANCE, after(time, 1), ServerSideEncryption="AES256")
    s3.put_object_tagging(**version, Tagging={"TagSet": [{"Key": "a", "Value": "b"}]})
    assert s3.get_object_retention(**version)["Retention"]["Mode"] == COMPLIANCE
    arn = "arn:aws:kms:us-east-1:111111111111:key/reports-key"
    asked = {"SSEKMS": {"KMSKeyArn": arn}}
    assert refused(s3.update_object_encryption, **version, ObjectEncryption=asked) == DENIED
    assert refused(s3.delete_bucket, Bucket=lockable) == (409, "BucketNotEmpty")
    time.time += 2 * DAY
    s3.update_object_encryption(**version, ObjectEncryption=asked)


def test_deletions_of_many(s3: Any, time: HandClock, lockable: str) -> None:
    """Each is judged alone."""
    free = s3.put_object(Bucket=lockable, Key="free", Body=b"")["VersionId"]
    governed = put_locked(s3, lockable, "governed", GOVERNANCE, after(time, 1))["VersionId"]
    kept = put_locked(s3, lockable, "kept", COMPLIANCE, after(time, 1))["VersionId"]
    versions = {"free": free, "governed": governed, "kept": kept}
    objects = [{"Key": key, "VersionId": version} for key, version in versions.items()]
    answer = s3.delete_objects(Bucket=lockable, Delete={"Objects": [*objects, {"Key": "kept"}]})
    assert [each["Key"] for each in answer["Deleted"]] == ["free", "kept"]
    assert [(each["Key"], each["Code"]) for each in answer["Errors"]] == [
        ("governed", "AccessDenied"),
        ("kept", "AccessDenied"),
    ]
    answer = s3.delete_objects(Bucket=lockable, Delete={"Objects": objects[1:]}, BypassGovernanceRetention=True)
    assert [each["Key"] for each in answer["Deleted"]] == ["governed"]
    assert [each["Key"] for each in answer["Errors"]] == ["kept"]


def test_nothing_to_bypass(s3: Any, timed: Server) -> None:
    bucket = timed.make_bucket()
    assert refused(s3.delete_object, Bucket=bucket, Key="key", BypassGovernanceRetention=True) == (
        400,
        "InvalidArgument",
    )
