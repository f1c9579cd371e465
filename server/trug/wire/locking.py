"""Object Lock in headers: what a new object asks for, what an object shows, and what asks to bypass governance."""

from __future__ import annotations

from collections.abc import Iterable

from trug.domain.checksums import BY_HEADER
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.retention import MILLISECOND, MODES, OFF, ON, Lock
from trug.wire.dates import SECOND, iso_date, parse_iso
from trug.wire.request import Headers

MODE = "x-amz-object-lock-mode"
UNTIL = "x-amz-object-lock-retain-until-date"
HOLD = "x-amz-object-lock-legal-hold"
BYPASS = "x-amz-bypass-governance-retention"
ASKING = frozenset({MODE, UNTIL, HOLD})
STATUSES = frozenset({ON, OFF})

DIGESTS = frozenset({"content-md5", "x-amz-trailer", *BY_HEADER})


def speaks_of_locks(names: Iterable[str]) -> bool:
    """Whether headers of these names ask for a lock."""
    return not ASKING.isdisjoint(names)


def lock_asked(headers: Headers) -> Lock | None:
    """The lock that the headers of PutObject, CopyObject or CreateMultipartUpload ask for.

    InvalidArgument for a mode without a date or the other way round, and for what is no mode, date or status.
    """
    if not speaks_of_locks(headers):
        return None
    mode, until, hold = headers.get(MODE), headers.get(UNTIL), headers.get(HOLD)
    if (mode is None) != (until is None):
        name = UNTIL if mode is None else MODE
        raise invalid_argument(f"{UNTIL} and {MODE} must both be supplied", name, headers[name])
    if mode is not None and mode not in MODES:
        raise invalid_argument("Unknown wormMode directive.", MODE, mode)
    if hold is not None and hold not in STATUSES:
        raise invalid_argument("Legal Hold must be either of 'ON' or 'OFF'", HOLD, hold)
    return Lock(mode or "", 0 if until is None else retain_until(until, UNTIL), hold or "")


def retain_until(text: str, name: str) -> int:
    """A date in ISO 8601 as µs since 1970, in whole milliseconds. InvalidArgument, about ``name``, for other text."""
    until = parse_iso(text)
    if until is None:
        raise invalid_argument("The retain until date must be provided in ISO 8601 format", name, text)
    return -(-until // MILLISECOND) * MILLISECOND


def has_digest(headers: Headers) -> bool:
    """Whether a body comes with a digest of any kind beside that of its signature."""
    return not DIGESTS.isdisjoint(headers)


def demand_digest(headers: Headers, asked: str = "Put Object") -> None:
    """InvalidRequest where a body that is to be locked comes without a digest ("PutObject"; of "UploadPart", which is
    ``asked`` as Put Part, only the SDKs' reference says so)."""
    if has_digest(headers):
        return
    text = f"Content-MD5 OR x-amz-checksum- HTTP header is required for {asked} requests with Object Lock parameters"
    raise S3Error(ErrorCode.InvalidRequest, text)


def asks_to_bypass(headers: Headers) -> bool:
    """Whether governance is to be bypassed."""
    return (headers.get(BYPASS) or "").lower() == "true"


def lock_headers(lock: Lock) -> dict[str, str]:
    """What reads show of a version's lock."""
    headers: dict[str, str] = {}
    if lock.mode:
        headers |= {MODE: lock.mode, UNTIL: precise_date(lock.until)}
    if lock.hold:
        headers[HOLD] = lock.hold
    return headers


def precise_date(us: int) -> str:
    """``2026-11-21T10:00:00.250Z``: what is shown can be sent back and is not a shorter retention."""
    return f"{iso_date(us)[:-4]}{us % SECOND // MILLISECOND:03}Z"
