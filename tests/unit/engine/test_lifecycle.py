"""engine/lifecycle.py: what the feed tells of what rules did."""

from __future__ import annotations

import asyncio

from tests.support.clock import HandClock

from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.lifecycle import DAY, Filter, Lifecycle, Rule, Transition
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.engine.engine import Engine
from trug.jobs.lifecycle import LifecycleRuns

RULES = Lifecycle(
    (
        Rule(
            "go", True, filter=Filter(larger=0), days=2, transitions=(Transition("GLACIER_IR", 1),), noncurrent_days=1
        ),
        Rule("markers", True, filter=Filter(), expires_markers=True),
    )
)


def test_the_feed_tells_what_was_done() -> None:
    async def scene() -> list[str]:
        clock = HandClock()
        metadata = MemoryMetadata(clock)
        engine = Engine.over(metadata, MemoryBlobs(), clock)
        bucket = await engine.buckets.create("data", account="1", region="us-east-1", tags={})
        await engine.buckets.set_versioning(bucket, Versioning.ENABLED)
        await engine.lifecycles.store(bucket, RULES)
        await engine.objects.put(bucket, "a", Content(b"x"), Draft(), NO_WRITE_CONDITIONS)
        began = metadata.sequence
        job = LifecycleRuns(engine.lifecycles, metadata, clock)
        for _ in range(6):
            clock.time += DAY
            await job.run()
        feed = metadata._state.feed
        return [row.kind for place in feed.places_after((began,)) if (row := feed.find(*place)) is not None]

    assert asyncio.run(scene()) == [
        "LifecycleTransition",
        "LifecycleExpiration:DeleteMarkerCreated",
        "LifecycleExpiration:Delete",
        "LifecycleExpiration:Delete",
    ]


def test_in_a_bucket_without_versions() -> None:
    async def scene() -> list[str]:
        clock = HandClock()
        metadata = MemoryMetadata(clock)
        engine = Engine.over(metadata, MemoryBlobs(), clock)
        bucket = await engine.buckets.create("data", account="1", region="us-east-1", tags={})
        await engine.lifecycles.store(bucket, Lifecycle((Rule("all", True, filter=Filter(), days=1),)))
        await engine.objects.put(bucket, "a", Content(b"x"), Draft(), NO_WRITE_CONDITIONS)
        clock.time += 3 * DAY
        began = metadata.sequence
        await LifecycleRuns(engine.lifecycles, metadata, clock).run()
        feed = metadata._state.feed
        return [row.kind for place in feed.places_after((began,)) if (row := feed.find(*place)) is not None]

    assert asyncio.run(scene()) == ["LifecycleExpiration:Delete"]
