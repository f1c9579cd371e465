"""The sweep takes bounded bites, even of one part that lies in thousands of places."""

from __future__ import annotations

import asyncio

from tests.support.bodies import request

from trug.adapters.clock import SystemClock
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.engine import sweep
from trug.engine.drafts import CopySource, Draft
from trug.engine.engine import Engine
from trug.engine.sweep import cut
from trug.ports.reads import DroppedBefore
from trug.ports.rows import Extent, Part
from trug.wire.body import verified_body
from trug.wire.payload import Payload


def part(number: int, extents: int) -> Part:
    return Part(1, number, "", 0, 0, tuple(Extent(True, number * 100 + n, 0, 1, 1) for n in range(extents)))


def test_cut() -> None:
    parts = [part(1, 2), part(2, 5), part(3, 1)]
    assert cut(parts, 100).gone == [1, 2, 3]
    assert cut(parts, 100).rest is None
    bite = cut(parts, 4)
    assert [extent.id for extent in bite.extents] == [100, 101, 200, 201]
    assert bite.gone == [1]
    assert bite.rest is not None
    assert [extent.id for extent in bite.rest.extents] == [202, 203, 204]
    assert cut([part(1, 0)], 0).gone == [1]


def test_a_part_in_many_places_is_released_in_bites() -> None:
    async def scene() -> None:
        metadata, blobs = MemoryMetadata(SystemClock()), MemoryBlobs()
        engine = Engine.over(metadata, blobs, SystemClock(), inline_max=0)
        bucket = await engine.buckets.create("many", account="1", region="us-east-1", tags={})
        body = verified_body(request(b"twelve bytes"), Payload(), streams=True)
        await engine.objects.put(bucket, "source", body, Draft(), NO_WRITE_CONDITIONS)
        source = CopySource(bucket, "source")
        parts = engine.multipart
        for _ in range(2):
            made = await parts.create(bucket, "k", Draft(), initiator="", checksum_algorithm="", checksum_type="")
            first = (await parts.copy_part(bucket, "k", made.upload_id, 1, source, None)).part
            second = (await parts.copy_part(bucket, "k", made.upload_id, 2, source, None)).part
            assert second.etag == first.etag
            await parts.abort(bucket, "k", made.upload_id)
        await engine.objects.delete(bucket, "source", None, NO_WRITE_CONDITIONS)
        while await engine.sweep.run():
            pass
        assert await metadata.fetch(DroppedBefore(2**62, 10)) == []

    before = sweep.MOST_EXTENTS
    sweep.MOST_EXTENTS = 1
    try:
        asyncio.run(scene())
    finally:
        sweep.MOST_EXTENTS = before
