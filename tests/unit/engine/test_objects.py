"""A delete that was prepared for a bucket without versions finds that it has some."""

from __future__ import annotations

import asyncio

import pytest

from trug.adapters.clock import SystemClock
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning, is_well_formed
from trug.engine.drafts import Deleted
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
