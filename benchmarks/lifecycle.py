"""``python -m benchmarks.lifecycle``: what lifecycle rules cost against the number of keys, and against what is due."""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

from benchmarks.processes import ROOT, workplace
from benchmarks.table import table
from benchmarks.yardsticks import load, machine

sys.path.insert(0, str(ROOT / "server"))

from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.sql.store import SqlMetadata
from trug.domain.lifecycle import DAY, Filter, Lifecycle, Rule, midnight
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.engine.engine import Engine
from trug.jobs.lifecycle import Done, LifecycleRuns

HEADINGS = ("pass", "keys looked at", "done", "CPU s", "elapsed s")
WRITERS = 64
SOON = Rule("soon", True, filter=Filter("due/"), days=1)
LATE = Rule("late", True, filter=Filter(), days=30)


class HandClock:
    """Shows ``time`` (µs since 1970)."""

    time = 1_700_000_000_000_000

    def now(self) -> int:
        return self.time

    def pass_days(self, days: int) -> None:
        self.time = midnight(self.time + days * DAY) + 1


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.lifecycle", description=__doc__)
    parser.add_argument("--keys", type=int, default=100_000, help="keys in the bucket, of which 1 %% are due early")
    options = parser.parse_args()
    print("\n".join(machine()))
    with workplace() as directory:
        print(table(HEADINGS, asyncio.run(measured(Path(directory), options.keys))))
    print(load())


async def measured(directory: Path, keys: int) -> list[tuple[str, ...]]:
    clock = HandClock()
    store = SqlMetadata.open(directory, clock=clock, durability="none", blobs=None)
    try:
        engine = Engine.over(store, MemoryBlobs(), clock)
        bucket = await engine.buckets.create("data", account="1", region="us-east-1", tags={})
        await put_all(engine, (f"kept/{number:07}" for number in range(keys - keys // 100)))
        await put_all(engine, (f"due/{number:07}" for number in range(keys // 100)))
        await engine.lifecycles.store(bucket, Lifecycle((SOON, LATE)))
        job = LifecycleRuns(engine.lifecycles, store, clock)
        rows = [await timed("new rules: index, look at all", job.run), await timed("nothing due", job.run)]
        clock.pass_days(1)
        rows.append(await timed("1 % due", job.run))
        await put_all(engine, (f"new/{number:07}" for number in range(1000)))
        rows.append(await timed("1,000 new keys", job.run))
        clock.pass_days(30)
        rows.append(await timed("all due", job.run))
        return rows
    finally:
        await store.close()


async def put_all(engine: Engine, keys: Iterator[str]) -> None:
    bucket = await engine.buckets.find("data")
    assert bucket is not None

    async def write() -> None:
        for key in keys:
            await engine.objects.put(bucket, key, Content(b"x"), Draft(), NO_WRITE_CONDITIONS)

    await asyncio.gather(*(write() for _ in range(WRITERS)))


async def timed(name: str, run: Callable[[], Awaitable[Done]]) -> tuple[str, ...]:
    used, began = time.process_time(), time.perf_counter()
    done = await run()
    used, elapsed = time.process_time() - used, time.perf_counter() - began
    return name, f"{done.keys:,}", f"{done.tasks:,}", f"{used:.3f}", f"{elapsed:.3f}"


if __name__ == "__main__":
    main()
