"""The columns of inventory lists: what stands in them, and how it is written as CSV.

Follows "Amazon S3 Inventory list" of the S3 user guide.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote_plus

from trug.domain.acl import Acl, GranteeKind, private
from trug.domain.encryption import DSSE_KMS, KMS_KINDS, SSE_C, SSE_KMS, SSE_S3, kind_of
from trug.domain.objects import Record
from trug.domain.reports import ALL, CSV, INVENTORY_FIELDS, Inventory
from trug.domain.retention import NO_LOCK, ON, Lock
from trug.engine.drafts import Entry


class Item(NamedTuple):
    """A version to be listed, of the bucket of this name; ``owner`` is the canonical id of its owner. ``record`` is
    empty where no column needs it, ``expires`` (µs) None, as where no rule expires it, and ``acl`` None where the
    object is private to its owner."""

    entry: Entry
    is_latest: bool
    record: Record
    bucket: str
    owner: str
    expires: int | None = None
    acl: Acl | None = None


Value = Callable[[Item], str | int | bool | None]


class Column(NamedTuple):
    """A column: its names in CSV and Parquet, its type there, and what stands in it (None: nothing)."""

    name: str
    parquet: str
    type: str
    value: Value


EXPIRATION = "LifecycleExpirationDate"
STATUSES = {"": "NOT-SSE", SSE_S3: "SSE-S3", SSE_KMS: "SSE-KMS", DSSE_KMS: "DSSE-KMS", SSE_C: "SSE-C"}


def _of_object(value: Value) -> Value:
    """What only an object has, and no delete marker."""
    return lambda item: None if item.entry.marker else value(item)


def _bucket_key(item: Item) -> str | None:
    encryption = item.record.encryption
    if encryption is None or encryption.kind not in KMS_KINDS:
        return None
    return "ENABLED" if encryption.bucket_key else "DISABLED"


def _access_tier(item: Item) -> str | None:
    return "FREQUENT" if item.entry.listing.storage_class == "INTELLIGENT_TIERING" else None


def _access_control_list(item: Item) -> str:
    """The object's list of access as AWS writes it: JSON in base64."""
    grants = [
        {"canonicalId" if kind is GranteeKind.USER else "uri": who, "type": kind.value, "permission": permission.value}
        for (kind, who), permission in (item.acl or private(item.owner)).grants
    ]
    granted = {"version": "2022-11-10", "status": "AVAILABLE", "grants": grants}
    return base64.b64encode(json.dumps(granted).encode()).decode()


def _lock(item: Item) -> Lock:
    return item.record.lock or NO_LOCK


def _retained_until(item: Item) -> int | None:
    lock = _lock(item)
    return lock.until if lock.mode else None


def _legal_hold(item: Item) -> str:
    """On or Off, and never empty ("Amazon S3 Inventory list")."""
    return "On" if _lock(item).hold == ON else "Off"


def _nothing(_: Item) -> None:
    return None


TEXT, FLAG, NUMBER, TIME = "text", "boolean", "integer", "time"
ALWAYS = (
    Column("Bucket", "bucket", f"required {TEXT}", lambda item: item.bucket),
    Column("Key", "key", f"required {TEXT}", lambda item: item.entry.key),
)
OF_VERSIONS = (
    Column("VersionId", "version_id", TEXT, lambda item: item.entry.version_id),
    Column("IsLatest", "is_latest", FLAG, lambda item: item.is_latest),
    Column("IsDeleteMarker", "is_delete_marker", FLAG, lambda item: item.entry.marker),
)
_OPTIONAL = (
    Column("Size", "size", NUMBER, _of_object(lambda item: item.entry.listing.size)),
    Column("LastModifiedDate", "last_modified_date", TIME, lambda item: item.entry.listing.modified),
    Column("ETag", "e_tag", TEXT, _of_object(lambda item: item.entry.listing.etag)),
    Column("StorageClass", "storage_class", TEXT, _of_object(lambda item: item.entry.listing.storage_class)),
    Column(
        "IsMultipartUploaded", "is_multipart_uploaded", FLAG, _of_object(lambda item: "-" in item.entry.listing.etag)
    ),
    Column("ReplicationStatus", "replication_status", TEXT, _nothing),
    Column(
        "EncryptionStatus",
        "encryption_status",
        TEXT,
        _of_object(lambda item: STATUSES[kind_of(item.record.encryption)]),
    ),
    Column("ObjectLockRetainUntilDate", "object_lock_retain_until_date", TIME, _retained_until),
    Column("ObjectLockMode", "object_lock_mode", TEXT, lambda item: _lock(item).mode or None),
    Column("ObjectLockLegalHoldStatus", "object_lock_legal_hold_status", TEXT, _of_object(_legal_hold)),
    Column("IntelligentTieringAccessTier", "intelligent_tiering_access_tier", TEXT, _of_object(_access_tier)),
    Column("BucketKeyStatus", "bucket_key_status", TEXT, _of_object(_bucket_key)),
    Column(
        "ChecksumAlgorithm", "checksum_algorithm", TEXT, _of_object(lambda item: item.entry.listing.checksum_algorithm)
    ),
    Column("ObjectAccessControlList", "object_access_control_list", TEXT, _of_object(_access_control_list)),
    Column("ObjectOwner", "object_owner", TEXT, lambda item: item.owner),
    Column(EXPIRATION, "lifecycle_expiration_date", TIME, lambda item: item.expires),
    Column("ObjectLockEventHoldStatus", "object_lock_event_hold_status", TEXT, _nothing),
    Column("ObjectLockEventHoldDuration", "object_lock_event_hold_duration", TEXT, _nothing),
    Column("IntelligentTieringReferenceDate", "intelligent_tiering_reference_date", TIME, _nothing),
)
OPTIONAL = {column.name: column for column in _OPTIONAL}
OF_RECORD = frozenset(
    {
        "EncryptionStatus",
        "BucketKeyStatus",
        "ObjectLockRetainUntilDate",
        "ObjectLockMode",
        "ObjectLockLegalHoldStatus",
        EXPIRATION,
    }
)
"""Columns that need more of a version than lists read."""


def columns_of(inventory: Inventory) -> tuple[Column, ...]:
    """The columns of a list in AWS's order."""
    optional = [OPTIONAL[name] for name in INVENTORY_FIELDS if name in inventory.fields]
    return (*ALWAYS, *(OF_VERSIONS if inventory.versions == ALL else ()), *optional)


def needs_records(inventory: Inventory) -> bool:
    """Whether a column needs more of a version than lists read."""
    return not OF_RECORD.isdisjoint(inventory.fields)


def tells_access(inventory: Inventory) -> bool:
    """Whether a column shows owners of objects or their lists of access."""
    return not {"ObjectOwner", "ObjectAccessControlList"}.isdisjoint(inventory.fields)


def rows_of(items: Sequence[Item], columns: Sequence[Column]) -> list[tuple[Any, ...]]:
    """What stands in the rows of these versions."""
    return [tuple([column.value(item) for column in columns]) for item in items]


# --- CSV ------------------------------------------------------------------------------------------------------------


def csv_lines(rows: Sequence[Sequence[Any]], columns: Sequence[Column]) -> bytes:
    """Rows as AWS writes them: no heading, each value in quotation marks, keys URL-encoded, times in ISO 8601."""
    writers = [_csv_writer(column) for column in columns]
    lines = [",".join([f'"{write(value)}"' for write, value in zip(writers, row, strict=True)]) for row in rows]
    return ("\n".join(lines) + "\n").encode() if lines else b""


def _csv_writer(column: Column) -> Callable[[Any], str]:
    return _encoded if column.name == "Key" else _CSV_WRITERS[column.type.removeprefix("required ")]


def _encoded(key: str) -> str:
    return quote_plus(key, safe="/")


def _text(value: object) -> str:
    return "" if value is None else str(value).replace('"', '""')


def _flag(value: bool | None) -> str:  # noqa: FBT001 - a value to be written
    return "" if value is None else str(value).lower()


def _time(value: int | None) -> str:
    return "" if value is None else f"{datetime.fromtimestamp(value // 1_000_000, UTC):%Y-%m-%dT%H:%M:%S}.000Z"


_CSV_WRITERS: dict[str, Callable[[Any], str]] = {TEXT: _text, NUMBER: _text, FLAG: _flag, TIME: _time}


# --- schemas --------------------------------------------------------------------------------------------------------

_PARQUET_TYPES = {
    TEXT: "binary {} (UTF8)",
    FLAG: "boolean {}",
    NUMBER: "int64 {}",
    TIME: "int64 {} (TIMESTAMP_MILLIS)",
}


def schema_of(inventory: Inventory) -> str:
    """``fileSchema`` of the manifest."""
    columns = columns_of(inventory)
    if inventory.format == CSV:
        return ", ".join(column.name for column in columns)
    fields = "".join(f"{_parquet_field(column)}; " for column in columns)
    return f"message s3.inventory {{ {fields}}}"


def _parquet_field(column: Column) -> str:
    is_required = column.type.startswith("required ")
    kind = _PARQUET_TYPES[column.type.removeprefix("required ")].format(column.parquet)
    return f"{'required' if is_required else 'optional'} {kind}"
