"""The times that signed requests carry, and how S3 writes its own."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from functools import lru_cache

STAMP = re.compile(r"([0-9]{4})([0-9]{2})([0-9]{2})T([0-9]{2})([0-9]{2})([0-9]{2})Z")
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LONGEST = 64


@lru_cache(maxsize=1024)
def stamped(text: str) -> int:
    """µs since 1970 of ``20261121T150000Z``; ValueError for any other text."""
    match = STAMP.fullmatch(text)
    if match is None:
        raise ValueError(f"not a time stamp: {text[:LONGEST]}")
    year, month, day, hour, minute, second = map(int, match.groups())
    return since_epoch(datetime(year, month, day, hour, minute, second, tzinfo=UTC))


def dated(text: str) -> int:
    """µs since 1970 of a Date header (RFC 9110, or a time stamp); ValueError for any other text."""
    if len(text) > LONGEST:
        raise ValueError("too long for a date")
    if STAMP.fullmatch(text):
        return stamped(text)
    try:
        moment = parsedate_to_datetime(text)
        return since_epoch(moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC))
    except (TypeError, IndexError, OverflowError) as error:
        raise ValueError("not a date") from error


def since_epoch(moment: datetime) -> int:
    return (moment - EPOCH) // MICROSECOND


def iso(microseconds: int) -> str:
    """``2026-11-21T15:00:00Z``."""
    return (EPOCH + timedelta(seconds=microseconds // 1_000_000)).strftime("%Y-%m-%dT%H:%M:%SZ")


def stamp(microseconds: int) -> str:
    """``20261121T150000Z``."""
    return (EPOCH + timedelta(seconds=microseconds // 1_000_000)).strftime("%Y%m%dT%H%M%SZ")
