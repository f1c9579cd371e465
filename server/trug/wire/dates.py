"""Times as HTTP headers and S3's documents write them, whatever the locale."""

from __future__ import annotations

import calendar
import re
import time
from datetime import UTC, datetime
from functools import lru_cache

SECOND = 1_000_000
DAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
MONTH_NUMBERS = {name: number for number, name in enumerate(MONTHS, start=1)}
REMEMBERED = 4096
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

TIME = r"(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2}):(?P<second>[0-9]{2})"
MONTH = rf"(?P<month>{'|'.join(MONTHS)})"
HTTP_FORMS = tuple(
    re.compile(form)
    for form in (
        rf"[A-Z][a-z]{{2}}, (?P<day>[0-9]{{2}}) {MONTH} (?P<year>[0-9]{{4}}) {TIME} (?:GMT|UTC|[+-]0000)\Z",
        rf"[A-Z][a-z]{{5,8}}, (?P<day>[0-9]{{2}})-{MONTH}-(?P<year>[0-9]{{2}}) {TIME} GMT\Z",
        rf"[A-Z][a-z]{{2}} {MONTH} (?P<day>[ 0-9][0-9]) {TIME} (?P<year>[0-9]{{4}})\Z",
    )
)
ISO_FORM = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,9})?(?:Z|[+-][0-9]{2}:[0-9]{2})?)?\Z"
)
FRACTION = re.compile(r"\.([0-9]{1,9})")
CENTURY = 100
FIRST_YEAR_OF_1900S = 70


def http_date(us: int) -> str:
    """``Sat, 21 Nov 2026 10:00:00 GMT`` (RFC 9110, IMF-fixdate) of µs since 1970."""
    return _http_date(us // SECOND)


def iso_date(us: int) -> str:
    """``2026-11-21T10:00:00.000Z`` of µs since 1970: S3 shows milliseconds and leaves them zero."""
    return _iso_date(us // SECOND)


def parse_http_date(text: str) -> int | None:
    """µs since 1970 of a date in one of HTTP's three forms (RFC 9110, section 5.6.7); None for other text."""
    for form in HTTP_FORMS:
        found = form.match(text)
        if found is not None:
            return _moment(found)
    return None


def parse_iso(text: str) -> int | None:
    """µs since 1970 of a date or time in ISO 8601, UTC unless it says otherwise; None for other text."""
    if ISO_FORM.match(text) is None:
        return None
    try:
        moment = datetime.fromisoformat(FRACTION.sub(_to_microseconds, text))
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    elapsed = moment - EPOCH
    return (elapsed.days * 86_400 + elapsed.seconds) * SECOND + elapsed.microseconds


@lru_cache(REMEMBERED)
def _http_date(seconds: int) -> str:
    year, month, day, hour, minute, second, weekday, _, _ = time.gmtime(seconds)
    return f"{DAYS[weekday]}, {day:02} {MONTHS[month - 1]} {year:04} {hour:02}:{minute:02}:{second:02} GMT"


@lru_cache(REMEMBERED)
def _iso_date(seconds: int) -> str:
    year, month, day, hour, minute, second, _, _, _ = time.gmtime(seconds)
    return f"{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.000Z"


def _moment(found: re.Match[str]) -> int | None:
    year = int(found["year"])
    if year < CENTURY:
        year += 2000 if year < FIRST_YEAR_OF_1900S else 1900
    day, hour, minute, second = (int(found[name]) for name in ("day", "hour", "minute", "second"))
    try:
        moment = datetime(year, MONTH_NUMBERS[found["month"]], day, hour, minute, second, tzinfo=UTC)
    except ValueError:
        return None
    return calendar.timegm(moment.utctimetuple()) * SECOND


def _to_microseconds(fraction: re.Match[str]) -> str:
    return f".{fraction[1][:6]:<06}"
