"""A change that was prepared for a bucket without versions finds that it has some."""

from __future__ import annotations

import asyncio

import pytest

from trug.adapters.clock import SystemClock
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning, is_well_formed
from trug.engine.content import Content
from trug.engine.drafts import Deleted, Draft, Stored
from trug.engine.engine import Engine


@pytest.mark.parametrize("versioning", [Versioning.ENABLED, Versioning.SUSPENDED])
def test_a_delete_makes_a_marker_where_versions_were_turned_on_meanwhile(versioning: Versioning) -> None:
    async def scene() -> Deleted:
        engine = Engine.over(MemoryMetadata(SystemClock()), MemoryBlobs(), SystemClock())
        stale = await engine.buckets.create("bucket", account="1", region="us-east-1", tags={})
        await engine.buckets.set_versioning(stale, versioning)
        return await engine.objects.delete(stale, "key", None, NO_WRITE_CONDITIONS)

    deleted = asyncio.run(scene())
    assert deleted.marker
    assert deleted.version_id is not None
    assert is_well_formed(deleted.version_id)


@pytest.mark.parametrize("size", [0, 5, 100_000])
@pytest.mark.parametrize("versioning", [Versioning.ENABLED, Versioning.SUSPENDED])
def test_a_write_gets_a_version_id_where_versions_were_turned_on_meanwhile(versioning: Versioning, size: int) -> None:
    async def scene() -> tuple[Stored, bytes]:
        engine = Engine.over(MemoryMetadata(SystemClock()), MemoryBlobs(), SystemClock())
        stale = await engine.buckets.create("bucket", account="1", region="us-east-1", tags={})
        await engine.buckets.set_versioning(stale, versioning)
        bucket = await engine.buckets.find("bucket")
        assert bucket is not None
        stored = await engine.objects.put(stale, "key", Content(b"x" * size), Draft(), NO_WRITE_CONDITIONS)
        content = (await engine.objects.open(bucket, "key", stored.version_id)).content(0, size)
        return stored, bytes(content) if isinstance(content, (bytes, memoryview)) else b"".join(
            [x async for x in content]
        )

    stored, content = asyncio.run(scene())
    assert content == b"x" * size
    if versioning is Versioning.ENABLED:
        assert stored.version_id is not None
        assert is_well_formed(stored.version_id)
        assert stored.version_id != "null"
    else:
        assert stored.version_id is None
