"""The documents of Object Lock, in and out."""

from __future__ import annotations

import pytest

from trug.domain.retention import COMPLIANCE, GOVERNANCE, DefaultRetention, Lock, LockConfiguration
from trug.wire.documents import object_lock as documents

CONFIGURATIONS = {
    "on": LockConfiguration(),
    "days": LockConfiguration(DefaultRetention(GOVERNANCE, days=30)),
    "years": LockConfiguration(DefaultRetention(COMPLIANCE, years=7)),
}


@pytest.mark.parametrize("configuration", CONFIGURATIONS.values(), ids=CONFIGURATIONS)
def test_a_configuration_comes_back(configuration: LockConfiguration) -> None:
    content = documents.configuration_content(configuration)
    body = f"<ObjectLockConfiguration>{content}</ObjectLockConfiguration>".encode()
    assert documents.parse_configuration(body) == configuration


def test_a_retention_comes_back_whole() -> None:
    """What is shown and sent back is no shorter retention, whatever fraction of a second it ended with."""
    lock = Lock(COMPLIANCE, 1_700_000_000_123_000, "ON")
    content = documents.retention_content(lock)
    assert content == "<Mode>COMPLIANCE</Mode><RetainUntilDate>2023-11-14T22:13:20.123Z</RetainUntilDate>"
    assert documents.parse_retention(f"<Retention>{content}</Retention>".encode()) == (lock.mode, lock.until)


def test_a_fraction_of_a_millisecond_counts_as_one() -> None:
    body = (
        b"<Retention><Mode>GOVERNANCE</Mode><RetainUntilDate>2023-11-14T22:13:20.1234567Z</RetainUntilDate></Retention>"
    )
    assert documents.parse_retention(body) == (GOVERNANCE, 1_700_000_000_124_000)


def test_an_empty_retention_takes_it_away() -> None:
    assert documents.parse_retention(b"<Retention/>") == ("", 0)


@pytest.mark.parametrize("status", ["ON", "OFF"])
def test_a_hold_comes_back(status: str) -> None:
    content = documents.legal_hold_content(Lock(hold=status))
    assert documents.parse_legal_hold(f"<LegalHold>{content}</LegalHold>".encode()) == status
