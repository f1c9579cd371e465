"""The stores that the contract suite runs over."""

from __future__ import annotations

import asyncio
import importlib.util
import inspect
from pathlib import Path

import pytest
from tests.support.clock import HandClock
from tests.support.scenes import Play, Scene

from trug.adapters.memory.metadata import MemoryMetadata
from trug.ports.keys import Clock
from trug.ports.stores import BlobKeeper, MetadataStore


async def open_memory(directory: Path, clock: Clock, blobs: BlobKeeper | None) -> MetadataStore:
    return MemoryMetadata(clock, blobs)


async def open_sql(directory: Path, clock: Clock, blobs: BlobKeeper | None) -> MetadataStore:
    from trug.adapters.sql.store import SqlMetadata

    opened = SqlMetadata.open(directory, clock=clock, durability="none", blobs=blobs)
    store: MetadataStore = await opened if inspect.isawaitable(opened) else opened
    return store


OPENERS = {"memory": open_memory, "sql": open_sql}


@pytest.fixture(params=OPENERS)
def play(request: pytest.FixtureRequest, tmp_path: Path) -> Play:
    name: str = request.param
    if name == "sql" and importlib.util.find_spec("trug.adapters.sql.store") is None:
        pytest.skip("the SQL store is not built yet")

    def play_on(scene: Scene, clock: Clock | None = None, blobs: BlobKeeper | None = None) -> None:
        async def run() -> None:
            store = await OPENERS[name](tmp_path, clock or HandClock(), blobs)
            try:
                await scene(store)
            finally:
                await store.close()

        asyncio.run(run())

    return play_on
