"""Restoring archived objects: for how long a restored copy can be read, and what is told of it."""

from __future__ import annotations

from email.utils import formatdate
from typing import NamedTuple

from trug.domain.errors import ErrorCode, S3Error

ARCHIVED = frozenset({"GLACIER", "DEEP_ARCHIVE"})
"""The storage classes whose objects cannot be read until they are restored."""

EXPEDITED, STANDARD, BULK = "Expedited", "Standard", "Bulk"
TIERS = (EXPEDITED, STANDARD, BULK)
"""From the fastest on."""

SECOND = 1_000_000
DAY = 86_400 * SECOND


class Restoration(NamedTuple):
    """A restored copy of an archived object: it can be read from ``ready`` to before ``expires``, both in µs since
    1970; ``tier`` is how it was asked for."""

    ready: int
    expires: int
    tier: str = STANDARD

    def is_under_way(self, now: int) -> bool:
        """Whether it was asked for, and is not there yet."""
        return now < self.ready

    def is_readable(self, now: int) -> bool:
        return self.ready <= now < self.expires

    def header(self, now: int) -> str | None:
        """The value of ``x-amz-restore``; None once the copy has expired."""
        if self.is_under_way(now):
            return 'ongoing-request="true"'
        if not self.is_readable(now):
            return None
        return f'ongoing-request="false", expiry-date="{formatdate(self.expires // SECOND, usegmt=True)}"'


def expiry(moment: int, days: int) -> int:
    """The end of ``days`` from a moment: the next midnight of UTC ("Restoring an archived object")."""
    return -(-(moment + days * DAY) // DAY) * DAY


def check_readable(storage_class: str, restoration: Restoration | None, now: int) -> None:
    """InvalidObjectState for an archived object of which no restored copy is there."""
    if storage_class not in ARCHIVED or (restoration is not None and restoration.is_readable(now)):
        return
    raise S3Error(ErrorCode.InvalidObjectState, fields={"StorageClass": storage_class})


def restored(
    storage_class: str, before: Restoration | None, *, days: int, tier: str, now: int, delay: int
) -> Restoration:
    """What a request for ``days`` by ``tier`` makes of what was there; a copy takes ``delay`` µs.

    Follows "RestoreObject": a restored copy gets a new period from now on, and one on its way may be asked for by a
    faster tier. InvalidObjectState for objects that are not archived, RestoreAlreadyInProgress, InvalidArgument for a
    tier that the class does not have.
    """
    if storage_class not in ARCHIVED:
        raise S3Error(ErrorCode.InvalidObjectState, "Restore is not allowed for the object's current storage class")
    if tier == EXPEDITED and storage_class == "DEEP_ARCHIVE":
        raise S3Error(ErrorCode.InvalidArgument, "Retrieval option is not supported by this storage class")
    if before is not None and before.is_readable(now):
        return Restoration(before.ready, expiry(now, days), before.tier)
    if before is None or not before.is_under_way(now):
        return Restoration(now + delay, expiry(now + delay, days), tier)
    if TIERS.index(tier) >= TIERS.index(before.tier):
        raise S3Error(ErrorCode.RestoreAlreadyInProgress)
    return Restoration(min(before.ready, now + delay), before.expires, tier)
