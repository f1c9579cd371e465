"""What may be configured to be told or done about a bucket's objects: metrics, analytics, tiering, inventory."""

from __future__ import annotations

import re
from typing import NamedTuple

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen

LONGEST_ID = 64
_ID = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_ARN = re.compile(r"arn:aws[a-z-]*:s3:::([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])\Z")


class Filter(NamedTuple):
    """Which objects are meant: those with this prefix and all these tags. ``is_joined`` when it was written as an
    ``And``, so that it is shown as it was sent."""

    prefix: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    is_joined: bool = False


@frozen
class Metrics:
    """A metrics configuration."""

    id: str
    filter: Filter | None = None


class Export(NamedTuple):
    """Where a storage class analysis is exported to: the bucket by its ARN."""

    bucket: str
    prefix: str | None = None
    account: str | None = None


@frozen
class Analytics:
    """An analytics configuration; ``export`` None analyses without exporting."""

    id: str
    filter: Filter | None = None
    export: Export | None = None


ARCHIVE = "ARCHIVE_ACCESS"
DEEP_ARCHIVE = "DEEP_ARCHIVE_ACCESS"
FEWEST_DAYS = {ARCHIVE: 90, DEEP_ARCHIVE: 180}
MOST_DAYS = 730


@frozen
class IntelligentTiering:
    """An Intelligent-Tiering configuration; ``tierings`` are (access tier, days without access)."""

    id: str
    is_enabled: bool
    tierings: tuple[tuple[str, int], ...]
    filter: Filter | None = None


CSV, PARQUET, ORC = "CSV", "Parquet", "ORC"
FORMATS = (CSV, PARQUET, ORC)
DAILY, WEEKLY = "Daily", "Weekly"
ALL, CURRENT = "All", "Current"

INVENTORY_FIELDS = (
    "Size",
    "LastModifiedDate",
    "ETag",
    "StorageClass",
    "IsMultipartUploaded",
    "ReplicationStatus",
    "EncryptionStatus",
    "ObjectLockRetainUntilDate",
    "ObjectLockMode",
    "ObjectLockLegalHoldStatus",
    "IntelligentTieringAccessTier",
    "BucketKeyStatus",
    "ChecksumAlgorithm",
    "ObjectAccessControlList",
    "ObjectOwner",
    "LifecycleExpirationDate",
    "ObjectLockEventHoldStatus",
    "ObjectLockEventHoldDuration",
    "IntelligentTieringReferenceDate",
)
"""The optional fields, in the order of their columns."""


@frozen
class Inventory:
    """An inventory configuration: ``destination`` is the bucket's ARN, ``fields`` are as they were asked for.

    Lists are encrypted by ``encryption`` (``AES256``, ``aws:kms`` under ``key``), as their bucket has it where it is
    empty.
    """

    id: str
    is_enabled: bool
    versions: str
    frequency: str
    destination: str
    format: str
    fields: tuple[str, ...] = ()
    prefix: str | None = None
    destination_prefix: str | None = None
    account: str | None = None
    encryption: str = ""
    key: str = ""


def check_id(asked: str, told: str) -> str:
    """The id of a configuration, which the query and the document must agree on. InvalidArgument, IdMismatch."""
    if _ID.match(asked) is None:
        raise invalid_argument("The specified configuration id is invalid.", "id", asked)
    if asked != told:
        raise S3Error(ErrorCode.IdMismatch)
    return asked


def check_tierings(tierings: tuple[tuple[str, int], ...]) -> None:
    """InvalidArgument unless each tier is there once at most, in the range of days that it allows."""
    for tier, days in tierings:
        if not FEWEST_DAYS[tier] <= days <= MOST_DAYS:
            text = f"Days of {tier} must be from {FEWEST_DAYS[tier]} to {MOST_DAYS}."
            raise invalid_argument(text, "Days", str(days))
    by_tier = dict(tierings)
    if len(by_tier) < len(tierings):
        raise invalid_argument("Each access tier may be named once.", "AccessTier", tierings[0][0])
    if ARCHIVE in by_tier and by_tier.get(DEEP_ARCHIVE, MOST_DAYS + 1) <= by_tier[ARCHIVE]:
        raise invalid_argument(
            "Deep Archive Access must come after Archive Access.", "Days", str(by_tier[DEEP_ARCHIVE])
        )


def bucket_of_arn(arn: str) -> str:
    """The name in a bucket's ARN. InvalidS3DestinationBucket."""
    found = _ARN.match(arn)
    if found is None:
        raise S3Error(ErrorCode.InvalidS3DestinationBucket)
    return found[1]
