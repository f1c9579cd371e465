"""Inventory lists: when one is due, what stands in it, and how far it has come.

Follows "Amazon S3 Inventory" and "Locating your inventory list" of the S3 user guide.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import msgspec

from trug.domain.configurations import INVENTORY
from trug.domain.frozen import frozen
from trug.domain.objects import EMPTY_RECORD
from trug.domain.reports import DAILY, Inventory, bucket_of_arn
from trug.engine.configurations import progress_name
from trug.engine.drafts import ListedVersion
from trug.engine.inventory_columns import Item, needs_records, schema_of, tells_access
from trug.ports.changes import Decided, Moment, Read, Rows
from trug.ports.effects import KeepDocument
from trug.ports.reads import Current, WithVersionId
from trug.ports.rows import Bucket, Version
from trug.ports.stores import MetadataStore, Reader

VERSION = "2016-11-30"
SUNDAY = 6


# --- when -----------------------------------------------------------------------------------------------------------


def moment_of(time: int) -> datetime:
    """``time`` is in µs since 1970."""
    return datetime.fromtimestamp(time // 1_000_000, UTC)


def is_due(frequency: str, last: int | None, now: int) -> bool:
    """Whether a list is to be made, the last one having been begun at ``last`` (times in µs since 1970): at once where
    there is none, then once each day, or each Sunday (UTC)."""
    if last is None:
        return True
    today, begun = moment_of(now).date(), moment_of(last).date()
    if frequency == DAILY:
        return today > begun
    return today - timedelta(days=(today.weekday() - SUNDAY) % 7) > begun


# --- how far --------------------------------------------------------------------------------------------------------


class File(NamedTuple):
    """A data file of a list: its key, its size in bytes, its MD5 in hex."""

    key: str
    size: int
    md5: str


@frozen
class Run:
    """A list that is being made, or the last one that was: begun at ``begun`` (µs since 1970), as ``inventory`` said
    then. ``key`` and ``version_id`` are the last that stand in ``files``."""

    begun: int
    inventory: Inventory
    key: str = ""
    version_id: str = ""
    files: tuple[File, ...] = ()
    is_over: bool = False


@frozen
class KeepRun:
    """Remember how far a list has come."""

    bucket: int
    run: Run
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return ()

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        name = progress_name(self.bucket, self.run.inventory.id)
        return Decided(None, (KeepDocument(INVENTORY, name, msgspec.msgpack.encode(self.run)),))


def unpacked_run(document: bytes | None) -> Run | None:
    return None if document is None else msgspec.msgpack.decode(document, type=Run)


# --- what -----------------------------------------------------------------------------------------------------------


class Question(NamedTuple):
    """The rows of a page of versions, read together."""

    bucket: int
    listed: Sequence[ListedVersion]

    def answer(self, reader: Reader) -> list[Version | None]:
        return [
            reader.fetch(WithVersionId(self.bucket, key, version_id) if version_id else Current(self.bucket, key))
            for (key, version_id, *_), _ in self.listed
        ]


async def items_of(
    metadata: MetadataStore,
    bucket: Bucket,
    listed: Sequence[ListedVersion],
    inventory: Inventory,
    owner: str,
    expiry: Callable[[Version], int | None],
    *,
    lists_count: bool = False,
) -> list[Item]:
    """The versions of a page with what the columns of the list need; ``owner`` is a canonical id, and owns them all
    unless lists of access count in the bucket; ``expiry`` says when (µs) a rule expires a version."""
    found: Sequence[Version | None] = [None] * len(listed)
    if needs_records(inventory) or (lists_count and tells_access(inventory)):
        found = await metadata.view(Question(bucket.id, listed).answer)
    items = []
    for (entry, is_latest), version in zip(listed, found, strict=True):
        record, expires = (EMPTY_RECORD, None) if version is None else (version.record, expiry(version))
        acl = record.acl if lists_count else None
        items.append(Item(entry, is_latest, record, bucket.name, owner, expires, acl))
    return items


# --- where ----------------------------------------------------------------------------------------------------------


def place_of(inventory: Inventory, source: str) -> str:
    """Under which prefix all that belongs to a list is put."""
    prefix = f"{inventory.destination_prefix}/" if inventory.destination_prefix else ""
    return f"{prefix}{source}/{inventory.id}"


def manifest_of(run: Run, source: str) -> bytes:
    """``manifest.json``."""
    content: Mapping[str, Any] = {
        "sourceBucket": source,
        "destinationBucket": f"arn:aws:s3:::{bucket_of_arn(run.inventory.destination)}",
        "version": VERSION,
        "creationTimestamp": str(run.begun // 1000),
        "fileFormat": run.inventory.format,
        "fileSchema": schema_of(run.inventory),
        "files": [{"key": file.key, "size": file.size, "MD5checksum": file.md5} for file in run.files],
    }
    return json.dumps(content, indent=2).encode()
