"""Restored copies: when they are there, and until when."""

from __future__ import annotations

import pytest

from trug.domain.errors import S3Error
from trug.domain.restoration import DAY, SECOND, Restoration, check_readable, expiry, restored

NOON = 20_000 * DAY + DAY // 2
HOUR = 3600 * SECOND


@pytest.mark.parametrize(
    ("moment", "days", "end"),
    [
        (NOON, 1, 20_002 * DAY),
        (NOON, 30, 20_031 * DAY),
        (20_000 * DAY, 1, 20_001 * DAY),
        (20_000 * DAY + 1, 1, 20_002 * DAY),
    ],
)
def test_expires_at_the_next_midnight(moment: int, days: int, end: int) -> None:
    assert expiry(moment, days) == end


def test_what_is_told() -> None:
    copy = Restoration(NOON, 20_002 * DAY)
    assert copy.header(NOON - 1) == 'ongoing-request="true"'
    assert copy.header(NOON) == 'ongoing-request="false", expiry-date="Sun, 06 Oct 2024 00:00:00 GMT"'
    assert copy.header(20_002 * DAY) is None


@pytest.mark.parametrize(
    ("storage_class", "copy", "is_readable"),
    [
        ("STANDARD", None, True),
        ("STANDARD_IA", None, True),
        ("GLACIER_IR", None, True),
        ("GLACIER", None, False),
        ("DEEP_ARCHIVE", None, False),
        ("GLACIER", Restoration(NOON - 1, NOON + 1), True),
        ("GLACIER", Restoration(NOON + 1, NOON + 2), False),
        ("GLACIER", Restoration(NOON - 2, NOON), False),
    ],
)
def test_readable(storage_class: str, copy: Restoration | None, *, is_readable: bool) -> None:
    if is_readable:
        check_readable(storage_class, copy, NOON)
        return
    with pytest.raises(S3Error, match="InvalidObjectState") as refused:
        check_readable(storage_class, copy, NOON)
    assert refused.value.fields == {"StorageClass": storage_class}


READY = Restoration(NOON - HOUR, NOON + DAY)
UNDER_WAY = Restoration(NOON + HOUR, NOON + DAY, "Standard")
EXPIRED = Restoration(NOON - 2 * DAY, NOON - DAY)
END = expiry(NOON + 60, 3)


@pytest.mark.parametrize(
    ("before", "tier", "after"),
    [
        (None, "Standard", Restoration(NOON + 60, END, "Standard")),
        (EXPIRED, "Bulk", Restoration(NOON + 60, END, "Bulk")),
        (READY, "Bulk", Restoration(READY.ready, expiry(NOON, 3), READY.tier)),
        (UNDER_WAY, "Expedited", Restoration(NOON + 60, UNDER_WAY.expires, "Expedited")),
    ],
)
def test_asked_for(before: Restoration | None, tier: str, after: Restoration) -> None:
    assert restored("GLACIER", before, days=3, tier=tier, now=NOON, delay=60) == after


@pytest.mark.parametrize(
    ("storage_class", "before", "tier", "code"),
    [
        ("STANDARD", None, "Standard", "InvalidObjectState"),
        ("GLACIER_IR", None, "Standard", "InvalidObjectState"),
        ("DEEP_ARCHIVE", None, "Expedited", "InvalidArgument"),
        ("GLACIER", UNDER_WAY, "Standard", "RestoreAlreadyInProgress"),
        ("GLACIER", UNDER_WAY, "Bulk", "RestoreAlreadyInProgress"),
    ],
)
def test_refused(storage_class: str, before: Restoration | None, tier: str, code: str) -> None:
    with pytest.raises(S3Error, match=code):
        restored(storage_class, before, days=1, tier=tier, now=NOON, delay=0)
