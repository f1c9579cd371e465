"""Who may remove and change what, by tables."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec
import pytest

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.retention import (
    COMPLIANCE,
    DAY,
    GOVERNANCE,
    MILLISECOND,
    DefaultRetention,
    Lock,
    LockConfiguration,
    check_period,
    check_until,
    end_of,
    is_protected,
    lock_of_new,
    pack_configuration,
    unpack_configuration,
    with_hold,
    with_retention,
)

NOW = 1_700_000_000_000_000
LATER, LAST = NOW + DAY, NOW + 2 * DAY


def us(text: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()) * 1_000_000


PROTECTED = {
    "nothing": (None, False, False),
    "empty": (Lock(), False, False),
    "governance": (Lock(GOVERNANCE, LATER), True, False),
    "compliance": (Lock(COMPLIANCE, LATER), True, True),
    "ended": (Lock(COMPLIANCE, NOW), False, False),
    "ends in a microsecond": (Lock(COMPLIANCE, NOW + 1), True, True),
    "held": (Lock(hold="ON"), True, True),
    "held no more": (Lock(hold="OFF"), False, False),
    "held after its end": (Lock(GOVERNANCE, NOW, "ON"), True, True),
    "retained, not held": (Lock(GOVERNANCE, LATER, "OFF"), True, False),
    "unknown mode": (Lock("FOREVER", 0), True, True),
    "unknown hold": (Lock(hold="MAYBE"), True, True),
}


@pytest.mark.parametrize(("lock", "plainly", "bypassed"), PROTECTED.values(), ids=PROTECTED)
def test_what_is_protected(lock: Lock | None, *, plainly: bool, bypassed: bool) -> None:
    assert is_protected(lock, NOW) is plainly
    assert is_protected(lock, NOW, bypass=True) is bypassed


# before, what is asked for; allowed without and with a bypass
CHANGES = {
    "first": (None, (GOVERNANCE, LATER), True, True),
    "none for none": (None, ("", 0), True, True),
    "governance longer": (Lock(GOVERNANCE, LATER), (GOVERNANCE, LAST), True, True),
    "governance as it is": (Lock(GOVERNANCE, LATER), (GOVERNANCE, LATER), True, True),
    "governance shorter": (Lock(GOVERNANCE, LAST), (GOVERNANCE, LATER), False, True),
    "governance taken away": (Lock(GOVERNANCE, LATER), ("", 0), False, True),
    "governance to compliance": (Lock(GOVERNANCE, LATER), (COMPLIANCE, LAST), False, True),
    "governance that ended": (Lock(GOVERNANCE, NOW), ("", 0), True, True),
    "compliance longer": (Lock(COMPLIANCE, LATER), (COMPLIANCE, LAST), True, True),
    "compliance as it is": (Lock(COMPLIANCE, LATER), (COMPLIANCE, LATER), True, True),
    "compliance shorter": (Lock(COMPLIANCE, LAST), (COMPLIANCE, LATER), False, False),
    "compliance to governance": (Lock(COMPLIANCE, LATER), (GOVERNANCE, LAST), False, False),
    "compliance taken away": (Lock(COMPLIANCE, LATER), ("", 0), False, False),
    "compliance that ended": (Lock(COMPLIANCE, NOW), (GOVERNANCE, LATER), True, True),
    "unknown": (Lock("FOREVER", 0), ("FOREVER", LAST), False, False),
    "unknown taken away": (Lock("FOREVER", 0), ("", 0), False, False),
}


@pytest.mark.parametrize("bypass", [False, True])
@pytest.mark.parametrize(("before", "asked", "plainly", "bypassed"), CHANGES.values(), ids=CHANGES)
def test_what_may_become_of_a_retention(
    before: Lock | None, asked: tuple[str, int], *, plainly: bool, bypassed: bool, bypass: bool
) -> None:
    if bypassed if bypass else plainly:
        assert with_retention(before, *asked, NOW, bypass=bypass) == Lock(*asked)
        return
    with pytest.raises(S3Error) as refused:
        with_retention(before, *asked, NOW, bypass=bypass)
    assert refused.value.code is ErrorCode.AccessDenied


def test_hold_and_retention_leave_each_other_alone() -> None:
    assert with_retention(Lock(hold="ON"), GOVERNANCE, LATER, NOW, bypass=False) == Lock(GOVERNANCE, LATER, "ON")
    assert with_hold(Lock(COMPLIANCE, LATER), "OFF") == Lock(COMPLIANCE, LATER, "OFF")
    assert with_hold(None, "ON") == Lock(hold="ON")


ENDS = {
    "days": (DefaultRetention(GOVERNANCE, days=30), "2024-01-31", "2024-03-01"),
    "a year": (DefaultRetention(GOVERNANCE, years=1), "2023-03-01", "2024-03-01"),
    "a leap day": (DefaultRetention(GOVERNANCE, years=1), "2024-02-29", "2025-03-01"),
    "leap day to leap day": (DefaultRetention(GOVERNANCE, years=4), "2024-02-29", "2028-02-29"),
    "the longest": (DefaultRetention(GOVERNANCE, years=100), "2024-01-01", "2124-01-01"),
}


@pytest.mark.parametrize(("default", "begin", "end"), ENDS.values(), ids=ENDS)
def test_when_a_default_ends(default: DefaultRetention, begin: str, end: str) -> None:
    assert end_of(default, us(begin)) == us(end)
    assert end_of(default, us(begin) + 1) == us(end) + MILLISECOND


DEFAULT = DefaultRetention(COMPLIANCE, days=1)
NEW = {
    "nothing": (None, None, None),
    "default": (None, DEFAULT, Lock(COMPLIANCE, LATER)),
    "asked": (Lock(GOVERNANCE, LAST), None, Lock(GOVERNANCE, LAST)),
    "asked rather than default": (Lock(GOVERNANCE, LAST), DEFAULT, Lock(GOVERNANCE, LAST)),
    "hold beside default": (Lock(hold="ON"), DEFAULT, Lock(COMPLIANCE, LATER, "ON")),
}


@pytest.mark.parametrize(("asked", "default", "lock"), NEW.values(), ids=NEW)
def test_what_new_versions_get(asked: Lock | None, default: DefaultRetention | None, lock: Lock | None) -> None:
    assert lock_of_new(asked, default, NOW) == lock


@pytest.mark.parametrize("until", [0, NOW - 1, NOW, NOW + 36_600 * DAY])
def test_dates_that_are_not_to_be(until: int) -> None:
    with pytest.raises(S3Error) as refused:
        check_until(until, NOW)
    assert refused.value.code is ErrorCode.InvalidArgument


@pytest.mark.parametrize(("days", "years"), [(0, 0), (-1, 0), (0, -1), (36_501, 0), (0, 101), (1_000_000, 0)])
def test_periods_that_are_not_to_be(days: int, years: int) -> None:
    with pytest.raises(S3Error) as refused:
        check_period(days, years)
    assert refused.value.code is ErrorCode.InvalidArgument


@pytest.mark.parametrize(("days", "years"), [(1, 0), (36_500, 0), (0, 1), (0, 100)])
def test_periods(days: int, years: int) -> None:
    check_period(days, years)
    check_until(NOW + 1, NOW)


def test_packing() -> None:
    for configuration in (LockConfiguration(), LockConfiguration(DEFAULT)):
        assert unpack_configuration(pack_configuration(configuration)) == configuration
    with pytest.raises(msgspec.DecodeError):
        unpack_configuration(b"\xc1")
