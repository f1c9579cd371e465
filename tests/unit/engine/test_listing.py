"""Markers, prefixes and delimiters that do not go together, and pages of uploads."""

from __future__ import annotations

import asyncio
from typing import NamedTuple

import pytest
from tests.support.bodies import request
from tests.support.changes import apply

from trug.adapters.clock import SystemClock
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.lines import key_of
from trug.domain.objects import Listing
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning
from trug.engine.drafts import Draft
from trug.engine.engine import Engine
from trug.ports.effects import PutCurrent
from trug.ports.reads import CountersOfAccount
from trug.ports.rows import Bucket, Version
from trug.wire.body import verified_body
from trug.wire.payload import Payload

KEYS = ("aa", "aab", "b", "b/1", "b/2", "c")


class Stocked(NamedTuple):
    """A bucket with two versions of each of KEYS."""

    engine: Engine
    bucket: Bucket
    oldest: dict[str, str]
    metadata: MemoryMetadata


async def stocked() -> Stocked:
    metadata = MemoryMetadata(SystemClock())
    engine = Engine.over(metadata, MemoryBlobs(), SystemClock())
    bucket = await engine.buckets.create("stocked", account="1", region="us-east-1", tags={})
    await engine.buckets.set_versioning(bucket, Versioning.ENABLED)
    oldest: dict[str, str] = {}
    for _ in range(2):
        for key in KEYS:
            body = verified_body(request(b"x"), Payload(), streams=True)
            stored = await engine.objects.put(bucket, key, body, Draft(), NO_WRITE_CONDITIONS)
            oldest.setdefault(key, stored.version_id or "")
    return Stocked(engine, bucket, oldest, metadata)


MARKERS = {
    # prefix, delimiter, key marker, has a version marker → keys and common prefixes that follow
    "marker below the prefix": ("b", "", "aa", True, ["b", "b", "b/1", "b/1", "b/2", "b/2"]),
    "marker within a key": ("b", "", "b", True, ["b/1", "b/1", "b/2", "b/2"]),
    "marker rolled up": ("", "/", "b/1", True, ["c", "c"]),
    "marker above the prefix": ("aa", "", "b", True, []),
    "key marker alone": ("", "", "b/1", False, ["b/2", "b/2", "c", "c"]),
}


@pytest.mark.parametrize(
    ("prefix", "delimiter", "key", "with_version", "expected"), MARKERS.values(), ids=MARKERS.keys()
)
def test_version_markers(prefix: str, delimiter: str, key: str, with_version: bool, expected: list[str]) -> None:
    async def scene() -> None:
        store = await stocked()
        page = await store.engine.listings.versions(
            store.bucket,
            prefix=prefix,
            delimiter=delimiter,
            key_marker=key,
            version_id_marker=store.oldest[key] if with_version else "",
            limit=100,
        )
        assert [key_of(version.row) for version in page.versions] + page.prefixes == expected

    asyncio.run(scene())


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_of_uploads(limit: int) -> None:
    async def scene() -> None:
        store = await stocked()
        for key in ("a", "d/1", "d/1", "d/2", "d/2", "e", "e"):
            await store.engine.multipart.create(
                store.bucket, key, Draft(), initiator="me", checksum_algorithm="", checksum_type=""
            )
        shown: list[str] = []
        marker, upload_marker = "", ""
        while True:
            page = await store.engine.multipart.uploads(
                store.bucket,
                prefix="",
                delimiter="/",
                key_marker=marker,
                upload_id_marker=upload_marker,
                limit=limit,
            )
            shown += sorted([upload.key for upload in page.uploads] + page.prefixes)
            if page.next_key is None:
                break
            marker, upload_marker = page.next_key, page.next_upload_id or ""
        assert shown == ["a", "d/", "e", "e"]

    asyncio.run(scene())


def test_a_deleted_buckets_uploads_leave_the_accounts_total() -> None:
    async def scene() -> None:
        metadata = MemoryMetadata(SystemClock())
        engine = Engine.over(metadata, MemoryBlobs(), SystemClock())
        bucket = await engine.buckets.create("short", account="1", region="us-east-1", tags={})
        await engine.multipart.create(bucket, "k", Draft(), initiator="me", checksum_algorithm="", checksum_type="")
        await engine.buckets.delete(bucket)
        assert (await metadata.fetch(CountersOfAccount("1"))).uploads == 0

    asyncio.run(scene())


# 300 keys in three large folders, 40 in folders of their own, and plain ones between them
MANY = sorted(
    [*(f"{folder}/{number:03}" for folder in ("b", "c/d", "e") for number in range(100))]
    + [f"d{number:02}/x" for number in range(40)]
    + [f"{letter}{number:02}" for letter in "abdf" for number in range(30)]
)


def rolled_up_all(prefix: str, delimiter: str) -> list[str]:
    """What a list of MANY shows, the plain way."""
    shown: dict[str, None] = {}
    for key in MANY:
        if key.startswith(prefix):
            cut = key.find(delimiter, len(prefix)) if delimiter else -1
            shown[key if cut < 0 else key[: cut + len(delimiter)]] = None
    return list(shown)


@pytest.mark.parametrize("limit", [1, 7, 64, 65, 100, 1000])
@pytest.mark.parametrize("prefix", ["", "b", "b/", "c/", "d", "x"])
@pytest.mark.parametrize("delimiter", ["", "/", "0", "/0", "\U0010ffff", "-"])
def test_pages_of_many_objects(prefix: str, delimiter: str, limit: int) -> None:
    async def scene() -> None:
        metadata = MemoryMetadata(SystemClock())
        engine = Engine.over(metadata, MemoryBlobs(), SystemClock())
        bucket = await engine.buckets.create("many", account="1", region="us-east-1", tags={})
        listing = Listing("", 0, 0)
        await metadata.commit(
            apply(*(PutCurrent(Version(bucket.id, key, n, n, "null", listing)) for n, key in enumerate(MANY, 1)))
        )
        shown: list[str] = []
        after: str | None = ""
        while after is not None:
            page = await engine.listings.objects(bucket, prefix=prefix, delimiter=delimiter, after=after, limit=limit)
            assert 0 < len(page.rows) + len(page.prefixes) <= limit or not shown
            shown += sorted([*map(key_of, page.rows), *page.prefixes])
            after = page.next
        assert shown == rolled_up_all(prefix, delimiter)

    asyncio.run(scene())
