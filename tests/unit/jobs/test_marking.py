"""The time that a store is told."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from tests.support.stores import Scene, Stand

from trug.jobs.marking import keep_marked


def test_the_time_is_marked(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        before = stand.metadata.sequence
        job = asyncio.create_task(keep_marked(stand.engine.locks, 0.001))
        for _ in range(1000):
            if stand.metadata.sequence >= before + 2:
                break
            await asyncio.sleep(0.005)
        job.cancel()
        await asyncio.wait([job])
        assert stand.metadata.sequence >= before + 2

    on(scene)
