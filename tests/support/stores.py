"""An engine over a new store, in memory or in SQL, for tests of what runs beside requests."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import NamedTuple

from tests.support.clock import HandClock
from tests.support.sql import play

from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.keys import MemoryKeyRing
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.lines import key_of
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning
from trug.engine.content import Content
from trug.engine.drafts import Draft, Stored
from trug.engine.engine import Engine, Keys
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore


class Stand(NamedTuple):
    """An engine, its metadata and the clock that both go by."""

    engine: Engine
    metadata: MetadataStore
    clock: HandClock

    async def bucket(self, name: str, versioning: Versioning = Versioning.OFF, *, account: str = "1") -> Bucket:
        """The bucket as it is now; made where there is none."""
        found = await self.engine.buckets.find(name)
        if found is None:
            found = await self.engine.buckets.create(name, account=account, region="us-east-1", tags={})
            if versioning is not Versioning.OFF:
                await self.engine.buckets.set_versioning(found, versioning)
        return await self.engine.buckets.find(name) or found

    async def put(self, name: str, key: str, content: bytes = b"") -> Stored:
        bucket = await self.bucket(name)
        return await self.engine.objects.put(bucket, key, Content(content), Draft(), NO_WRITE_CONDITIONS)

    async def keys(self, name: str, prefix: str = "") -> list[str]:
        bucket = await self.bucket(name)
        page = await self.engine.listings.objects(bucket, prefix=prefix, delimiter="", after="", limit=1000)
        return [key_of(row) for row in page.rows]

    async def read(self, name: str, key: str) -> bytes:
        reading = await self.engine.objects.open(await self.bucket(name), key, None)
        content = reading.content(0, reading.version.listing.size)
        if isinstance(content, bytes | memoryview):
            return bytes(content)
        return b"".join([bytes(piece) async for piece in content])


Scene = Callable[[Stand], Awaitable[None]]


def play_on(kind: str, directory: Path, scene: Scene) -> None:
    """Play a scene on a new store: ``memory`` or ``sql``. Blobs are in memory."""
    clock = HandClock()

    async def on_store(metadata: MetadataStore) -> None:
        ring = MemoryKeyRing()
        engine = Engine.over(metadata, MemoryBlobs(), clock, keys=Keys(own=ring, kms=ring))
        await scene(Stand(engine, metadata, clock))

    if kind == "sql":
        play(directory, on_store, clock=clock)
    else:
        asyncio.run(on_store(MemoryMetadata(clock)))
