"""Access logs that wait, and that are delivered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from tests.support.stores import Scene, Stand

from trug.domain.access_log import EVENT_TIME, LogTarget
from trug.domain.configurations import LOGGING
from trug.engine.access_logs import packed
from trug.jobs import access_logs
from trug.jobs.access_logs import FULL, ROOM, AccessLogs

HOUR = 3_600_000_000


async def logged(stand: Stand, key_format: str = "") -> AccessLogs:
    """A bucket ``data`` whose log goes into ``logs``."""
    await stand.bucket("logs")
    target = LogTarget("logs", "data-", key_format)
    await stand.engine.configurations.store(await stand.bucket("data"), LOGGING, packed(target))
    return AccessLogs(stand.engine, stand.clock)


def test_lines_are_delivered_once(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        logs = await logged(stand)
        assert await logs.deliver() == 0
        bucket = await stand.bucket("data")
        for line in ("one\n", "two\n"):
            logs.add(bucket, stand.clock.now(), line)
        assert await logs.deliver() == 1
        assert await logs.deliver() == 0
        (key,) = await stand.keys("logs")
        assert key.startswith("data-2023-11-14-22-13-20-")
        assert await stand.read("logs", key) == b"one\ntwo\n"

    on(scene)


def test_days_apart(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        logs = await logged(stand, EVENT_TIME)
        bucket = await stand.bucket("data")
        for hours in (0, 1, 2):
            logs.add(bucket, stand.clock.now() + hours * HOUR, f"{hours}\n")
        assert await logs.deliver() == 2
        first, second = await stand.keys("logs")
        assert first.startswith("data-1/us-east-1/data/2023/11/14/2023-11-14-00-00-00-")
        assert second.startswith("data-1/us-east-1/data/2023/11/15/2023-11-15-00-00-00-")
        assert (await stand.read("logs", first), await stand.read("logs", second)) == (b"0\n1\n", b"2\n")

    on(scene)


def test_logging_turned_off_meanwhile(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        logs = await logged(stand)
        logs.add(await stand.bucket("data"), 0, "one\n")
        await stand.engine.configurations.store(await stand.bucket("data"), LOGGING, None)
        assert await logs.deliver() == 0
        assert (await stand.keys("logs"), logs.lost) == ([], 0)

    on(scene)


def test_a_bucket_made_again_has_another_log(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        logs = await logged(stand)
        old = await stand.bucket("data")
        logs.add(old, 0, "one\n")
        await stand.engine.buckets.delete(old)
        await logged(stand)
        assert await logs.deliver() == 0
        assert await stand.keys("logs") == []

    on(scene)


def test_a_target_that_is_gone_costs_the_lines(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        logs = await logged(stand)
        logs.add(await stand.bucket("data"), 0, "one\n")
        await stand.engine.buckets.delete(await stand.bucket("logs"))
        assert await logs.deliver() == 0
        assert logs.lost == 1

    on(scene)


def test_what_waits_is_bounded(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        logs = await logged(stand)
        bucket = await stand.bucket("data")
        line = "x" * (1 << 20)
        for _ in range(ROOM // len(line) + 3):
            logs.add(bucket, 0, line)
        assert logs.lost == 3
        assert await logs.deliver() == 1
        logs.add(bucket, 0, line)
        assert logs.lost == 3

    on(scene)


def test_a_full_log_does_not_wait(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        logs = await logged(stand)
        task = asyncio.create_task(logs.keep_delivering(period=3600))
        logs.add(await stand.bucket("data"), 0, "x" * FULL)
        for _ in range(1000):
            if await stand.keys("logs"):
                break
            await asyncio.sleep(0.005)
        assert len(await stand.keys("logs")) == 1
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task

    on(scene)


def test_the_figures() -> None:
    assert (access_logs.PERIOD, FULL) == (60, 1 << 20)
