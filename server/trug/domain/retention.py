"""Object Lock: what protects a version, until when, and who may change that.

Follows "Locking objects with Object Lock" of the S3 user guide. All times are µs since 1970; "now" is always lock time,
the clock that only time itself moves on (``Moment.lock_time``).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import msgspec

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen

GOVERNANCE = "GOVERNANCE"
COMPLIANCE = "COMPLIANCE"
MODES = frozenset({GOVERNANCE, COMPLIANCE})
ON = "ON"
OFF = "OFF"

MILLISECOND = 1000
SECOND = 1_000_000
DAY = 86_400 * SECOND
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MOST_DAYS = 36_500
MOST_YEARS = 100

PROTECTED = "Access Denied because object protected by object lock."
NO_CONFIGURATION = "Bucket is missing Object Lock Configuration"
PAST = "The retain until date must be in the future!"
TOO_FAR = "The retain until date must be at most 100 years from now."


class Lock(NamedTuple):
    """What a version carries: a retention (``mode`` empty: none) to ``until``, and the legal hold, ON or OFF (empty: it
    never had one). They are independent of each other."""

    mode: str = ""
    until: int = 0
    hold: str = ""


NO_LOCK = Lock()


@frozen
class DefaultRetention:
    """What new versions of a bucket get that bring no retention: ``mode``, and a period in days or in years."""

    mode: str
    days: int = 0
    years: int = 0


@frozen
class LockConfiguration:
    """Object Lock of a bucket: that it is on, and the default retention if there is any."""

    default: DefaultRetention | None = None


def pack_configuration(configuration: LockConfiguration) -> bytes:
    """As it is stored."""
    return msgspec.msgpack.encode(configuration)


def unpack_configuration(document: bytes) -> LockConfiguration:
    """What ``pack_configuration`` packed. msgspec.DecodeError for anything else: then nothing is written."""
    return msgspec.msgpack.decode(document, type=LockConfiguration)


# What is protected


def is_protected(lock: Lock | None, lock_time: int, *, bypass: bool = False) -> bool:
    """Whether a version with this lock must stay. ``bypass`` is true of who asked to bypass governance and may.

    What this version of the program does not know, a mode or a hold, protects like the strictest there is.
    """
    if lock is None:
        return False
    return lock.hold not in ("", OFF) or (_is_retained(lock, lock_time) and not (bypass and lock.mode == GOVERNANCE))


def _is_retained(lock: Lock, lock_time: int) -> bool:
    if not lock.mode:
        return False
    return lock.mode not in MODES or lock_time < lock.until


def protected() -> S3Error:
    """AccessDenied, to be raised, where a lock refuses."""
    return S3Error(ErrorCode.AccessDenied, PROTECTED)


# What new versions get


def lock_of_new(asked: Lock | None, default: DefaultRetention | None, lock_time: int) -> Lock | None:
    """The lock of a version made now: as asked, with the bucket's default where no retention was asked for."""
    if default is None or (asked is not None and asked.mode):
        return asked
    return (asked or NO_LOCK)._replace(mode=default.mode, until=end_of(default, lock_time))


def end_of(default: DefaultRetention, lock_time: int) -> int:
    """When a default retention that begins now ends, in whole milliseconds. A year ends on its own date."""
    end = _years_later(lock_time, default.years) if default.years else lock_time + default.days * DAY
    return -(-end // MILLISECOND) * MILLISECOND


def _years_later(time: int, years: int) -> int:
    begin = EPOCH + timedelta(microseconds=time)
    try:
        end = begin.replace(year=begin.year + years)
    except ValueError:  # the 29th of February
        end = begin.replace(year=begin.year + years, month=3, day=1)
    return (end - EPOCH) // timedelta(microseconds=1)


def check_until(until: int, lock_time: int) -> None:
    """InvalidArgument for a retention that would end in the past, or in more than 100 years."""
    if until <= lock_time:
        raise invalid_argument(PAST, "RetainUntilDate", "")
    if until > _years_later(lock_time, MOST_YEARS):
        raise invalid_argument(TOO_FAR, "RetainUntilDate", "")


def check_period(days: int, years: int) -> None:
    """InvalidArgument for a default period that is none, or is longer than 36,500 days or 100 years."""
    if days < 0 or years < 0 or not (days or years):
        raise invalid_argument("Default retention period must be a positive integer value.", "DefaultRetention", "")
    if days > MOST_DAYS or years > MOST_YEARS:
        text = f"Default retention period is too large: the maximum is {MOST_DAYS} days or {MOST_YEARS} years."
        raise invalid_argument(text, "DefaultRetention", "")


# What may be changed


def with_retention(before: Lock | None, mode: str, until: int, lock_time: int, *, bypass: bool) -> Lock:
    """The lock with another retention; ``mode`` empty takes it away.

    AccessDenied for what would shorten or loosen one that stands: in compliance mode for everybody, in governance
    mode for who does not bypass it. Longer is always allowed. InvalidArgument for dates as in ``check_until``.
    """
    lock = before or NO_LOCK
    if _is_retained(lock, lock_time) and not _may_become(lock, mode, until, bypass=bypass):
        raise protected()
    if mode:
        check_until(until, lock_time)
    return lock._replace(mode=mode, until=until)


def _may_become(lock: Lock, mode: str, until: int, *, bypass: bool) -> bool:
    if bypass and lock.mode == GOVERNANCE:
        return True
    return lock.mode in MODES and mode == lock.mode and until >= lock.until


def with_hold(before: Lock | None, hold: str) -> Lock:
    """The lock with its legal hold set to ON or OFF; whoever may do that may do it at any time."""
    return (before or NO_LOCK)._replace(hold=hold)
