"""PutObjectLegalHold and GetObjectLegalHold, and what a hold keeps from going."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.clock import HandClock
from tests.support.locks import COMPLIANCE, DAY, GOVERNANCE, after, put_locked, refused
from tests.support.server import Server

ON, OFF = {"Status": "ON"}, {"Status": "OFF"}
DENIED = (403, "AccessDenied")


@pytest.fixture
def s3(timed: Server) -> Any:
    return timed.client()


def test_on_and_off(s3: Any, time: HandClock, lockable: str) -> None:
    """It has no end, is nothing that a bypass passes, and may be lifted at any time."""
    stored = s3.put_object(Bucket=lockable, Key="key", Body=b"")
    version = {"Bucket": lockable, "Key": "key", "VersionId": stored["VersionId"]}
    assert refused(s3.get_object_legal_hold, **version) == (404, "NoSuchObjectLockConfiguration")
    s3.put_object_legal_hold(**version, LegalHold=ON)
    assert s3.get_object_legal_hold(**version)["LegalHold"] == ON
    assert s3.head_object(**version)["ObjectLockLegalHoldStatus"] == "ON"
    time.time += 1000 * DAY
    assert refused(s3.delete_object, **version, BypassGovernanceRetention=True) == DENIED
    s3.put_object_legal_hold(**version, LegalHold=OFF)
    assert s3.get_object_legal_hold(**version)["LegalHold"] == OFF
    s3.delete_object(**version)


def test_independent_of_retention(s3: Any, time: HandClock, lockable: str) -> None:
    version = put_locked(s3, lockable, "key", COMPLIANCE, after(time, 1), ObjectLockLegalHoldStatus="ON")
    time.time += 2 * DAY
    assert refused(s3.delete_object, **version) == DENIED
    asked = {"Mode": GOVERNANCE, "RetainUntilDate": after(time, 1)}
    s3.put_object_retention(**version, Retention=asked)
    assert s3.get_object_legal_hold(**version)["LegalHold"] == ON
    s3.put_object_legal_hold(**version, LegalHold=OFF)
    assert refused(s3.delete_object, **version) == DENIED
    assert s3.get_object_retention(**version)["Retention"] == asked


def test_of_the_newest(s3: Any, lockable: str) -> None:
    place = {"Bucket": lockable, "Key": "key"}
    first = s3.put_object(**place, Body=b"1")["VersionId"]
    second = s3.put_object(**place, Body=b"2")["VersionId"]
    s3.put_object_legal_hold(**place, LegalHold=ON)
    s3.delete_object(**place, VersionId=first)
    assert refused(s3.delete_object, **place, VersionId=second) == DENIED


@pytest.mark.parametrize("inside", ["", "<Status>on</Status>", "<Status/>", "<State>ON</State>"])
def test_what_is_no_hold(timed: Server, s3: Any, lockable: str, inside: str) -> None:
    s3.put_object(Bucket=lockable, Key="key", Body=b"")
    body = f"<LegalHold>{inside}</LegalHold>".encode()
    assert timed.ask("PUT", f"/{lockable}/key?legal-hold", body=body).code == "MalformedXML"


def test_places_that_are_none(s3: Any, timed: Server, lockable: str) -> None:
    plain = timed.make_bucket()
    s3.put_object(Bucket=plain, Key="key", Body=b"")
    assert refused(s3.put_object_legal_hold, Bucket=plain, Key="key", LegalHold=ON) == (400, "InvalidRequest")
    assert refused(s3.get_object_legal_hold, Bucket=plain, Key="key") == (400, "InvalidRequest")
    assert refused(s3.put_object_legal_hold, Bucket=lockable, Key="key", LegalHold=ON) == (404, "NoSuchKey")
    assert refused(s3.get_object_legal_hold, Bucket=lockable, Key="key") == (404, "NoSuchKey")
