"""Times on the wire."""

from __future__ import annotations

import locale

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trug.wire.dates import http_date, iso_date, parse_http_date, parse_iso

SECOND = 1_000_000
MOMENT = 1_795_255_200 * SECOND

HTTP = {
    "fixdate": "Sat, 21 Nov 2026 10:00:00 GMT",
    "numeric-zone": "Sat, 21 Nov 2026 10:00:00 +0000",
    "utc": "Sat, 21 Nov 2026 10:00:00 UTC",
    "rfc-850": "Saturday, 21-Nov-26 10:00:00 GMT",
    "asctime": "Sat Nov 21 10:00:00 2026",
}
NOT_HTTP = {
    "I6-empty": "",
    "I6-text": "yesterday",
    "I6-iso": "2026-11-21T10:00:00Z",
    "I6-no-such-day": "Sat, 31 Feb 2026 10:00:00 GMT",
    "I6-no-such-hour": "Sat, 21 Nov 2026 25:00:00 GMT",
    "I6-no-such-month": "Sat, 21 Nev 2026 10:00:00 GMT",
    "I6-leap-second": "Sat, 21 Nov 2026 23:59:60 GMT",
    "I6-other-zone": "Sat, 21 Nov 2026 10:00:00 CET",
    "I6-offset": "Sat, 21 Nov 2026 10:00:00 +0100",
    "I6-year-zero": "Sat, 21 Nov 0000 10:00:00 GMT garbage",
    "I6-other-digits": "Sat, \u0662\u0661 Nov 2026 10:00:00 GMT",
    "I6-line-break": "Sat, 21 Nov 2026 10:00:00 GMT\n",
    "I6-long": "9" * 10_000,
}
ISO = {
    "seconds": ("2026-11-21T10:00:00Z", MOMENT),
    "milliseconds": ("2026-11-21T10:00:00.250Z", MOMENT + 250_000),
    "one-digit": ("2026-11-21T10:00:00.5Z", MOMENT + 500_000),
    "nanoseconds": ("2026-11-21T10:00:00.123456789Z", MOMENT + 123_456),
    "offset": ("2026-11-21T11:30:00+01:30", MOMENT),
    "no-zone": ("2026-11-21T10:00:00", MOMENT),
    "date": ("2026-11-21", MOMENT - 36_000 * SECOND),
    "before-1970": ("1969-12-31T23:59:59Z", -SECOND),
}
NOT_ISO = {
    "B5-empty": "",
    "B5-no-such-month": "2026-13-21T10:00:00Z",
    "B5-no-such-hour": "2026-11-21T25:00:00Z",
    "B5-basic": "20261121T100000Z",
    "B5-no-such-offset": "2026-11-21T10:00:00+99:00",
    "B5-year-zero": "0000-11-21",
    "B5-http": "Sat, 21 Nov 2026 10:00:00 GMT",
    "B5-line-break": "2026-11-21\n",
    "B5-other-digits": "\u0662026-11-21",
    "B5-long": "2" * 10_000,
}


def test_a_time_in_a_header() -> None:
    assert http_date(MOMENT + 999_999) == "Sat, 21 Nov 2026 10:00:00 GMT"
    assert http_date(0) == "Thu, 01 Jan 1970 00:00:00 GMT"


def test_a_time_in_a_document() -> None:
    assert iso_date(MOMENT + 999_999) == "2026-11-21T10:00:00.000Z"
    assert iso_date(0) == "1970-01-01T00:00:00.000Z"


def test_the_locale_does_not_matter() -> None:
    before = locale.setlocale(locale.LC_TIME)
    try:
        for name in ("de_DE.UTF-8", "fr_FR.UTF-8"):
            try:
                locale.setlocale(locale.LC_TIME, name)
            except locale.Error:
                continue
            assert http_date(MOMENT + SECOND) == "Sat, 21 Nov 2026 10:00:01 GMT"
    finally:
        locale.setlocale(locale.LC_TIME, before)


@pytest.mark.parametrize("text", HTTP.values(), ids=HTTP)
def test_a_date_as_http_writes_it(text: str) -> None:
    assert parse_http_date(text) == MOMENT


@pytest.mark.parametrize("text", NOT_HTTP.values(), ids=NOT_HTTP)
def test_a_date_that_http_does_not_write(text: str) -> None:
    assert parse_http_date(text) is None


def test_years_of_two_digits() -> None:
    assert parse_http_date("Sunday, 06-Nov-94 08:49:37 GMT") == 784_111_777 * SECOND


@pytest.mark.parametrize(("text", "moment"), ISO.values(), ids=ISO)
def test_a_time_in_iso_8601(text: str, moment: int) -> None:
    assert parse_iso(text) == moment


@pytest.mark.parametrize("text", NOT_ISO.values(), ids=NOT_ISO)
def test_text_that_is_no_iso_8601(text: str) -> None:
    assert parse_iso(text) is None


@given(st.integers(0, 250_000_000_000))
def test_what_is_written_reads_back(seconds: int) -> None:
    assert parse_http_date(http_date(seconds * SECOND)) == seconds * SECOND
    assert parse_iso(iso_date(seconds * SECOND)) == seconds * SECOND
