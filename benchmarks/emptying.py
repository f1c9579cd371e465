"""``python -m benchmarks.emptying``: what S3's clients notice while a bucket with many objects is emptied."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from benchmarks.console import asked, told
from benchmarks.driver import ask
from benchmarks.processes import ROOT, Running, trug, workplace
from benchmarks.scale import AT_ONCE, change, commit_all
from benchmarks.signing import Endpoint
from benchmarks.table import figure, table
from benchmarks.workloads import Bench, mixed
from benchmarks.yardsticks import load, machine, note

sys.path.insert(0, str(ROOT / "server"))

from trug.app import Store
from trug.domain.identity import DEFAULT_ACCOUNT
from trug.settings import Settings

NAME = "emptied"
OBJECTS = 20_000
SIZE = 100
CONNECTIONS = 8
REQUESTS = 2_000
ROUNDS = 4
LONGEST = 3_600.0
"""In seconds."""


class Seen(NamedTuple):
    """What clients saw: requests, seconds, all latencies in ascending order; CPU seconds of the server."""

    requests: int
    wall: float
    cpu: float
    latencies: Sequence[float]

    def percentile(self, percent: float) -> float:
        """In ms."""
        return self.latencies[min(int(len(self.latencies) * percent / 100), len(self.latencies) - 1)] * 1000


async def fill(directory: Path, objects: int) -> None:
    store = await Store.open(Settings(directory=str(directory / "data"), dev=True, durability="none"))
    try:
        bucket = await store.engine.buckets.create(NAME, account=DEFAULT_ACCOUNT, region="us-east-1", tags={})
        changes = (change(bucket.id, number, os.urandom(SIZE)) for number in range(1, objects + 1))
        await asyncio.gather(*(commit_all(store, changes) for _ in range(min(AT_ONCE, objects))))
    finally:
        await store.close()


def traffic(bench: Bench, rounds: int) -> Seen:
    """45 GET, 30 HEAD, 15 PUT and 10 DELETE in a hundred, each connection with the next as soon as it is answered."""
    assert bench.tree is not None
    before = bench.tree.cpu()
    samples = [mixed(bench, REQUESTS, CONNECTIONS) for _ in range(rounds)]
    cpu = bench.tree.cpu() - before
    latencies = sorted(latency for sample in samples for latency in sample.latencies)
    return Seen(len(latencies), sum(sample.wall for sample in samples), cpu, latencies)


def joined(found: Sequence[Seen]) -> Seen:
    requests, walls, cpus, latencies = zip(*found, strict=True)
    return Seen(sum(requests), sum(walls), sum(cpus), sorted(one for some in latencies for one in some))


class Job(NamedTuple):
    """The emptying as it is told of."""

    is_over: bool
    removed: int


def job_of(running: Running) -> Job:
    state = told(running, asked("GET", f"/api/v1/buckets/empty?bucket={NAME}"))
    return Job(state["status"] == "finished", int(state["removed_versions"]))


def measure(objects: int) -> list[tuple[str, ...]]:
    """Rows for a table: without the job, beside it, and after it."""
    with workplace() as place:
        note(f"filling {objects:,} objects")
        asyncio.run(fill(place, objects))
        with trug(place, console_port="0") as running:
            bench = Bench(Endpoint("trug", running.host, running.port), running.tree)
            bench.prepare(listed=1)
            traffic(bench, 1)
            note("without the job")
            before = traffic(bench, ROUNDS)
            note("beside the job")
            deleting = threading.Thread(
                target=ask, args=(running.console, asked("DELETE", f"/api/v1/buckets/empty?bucket={NAME}"))
            )
            began = time.perf_counter()
            deleting.start()
            beside: list[Seen] = []
            removed, wall, cpu = 0, 0.0, running.tree.cpu()
            while time.perf_counter() - began < LONGEST:
                seen = traffic(bench, 1)
                job = job_of(running)
                if job.is_over and beside:
                    break
                beside.append(seen)
                removed, wall = job.removed, time.perf_counter() - began
            cpu = running.tree.cpu() - cpu
            deleting.join()
            note("after the job")
            after = traffic(bench, ROUNDS)
    during = joined(beside)
    usual = joined([before, after])
    rows = [row_of(name, seen, usual) for name, seen in (("without the job", usual), ("beside the job", during))]
    print(f"\n{removed:,} of {objects:,} objects removed in {wall:.1f} s: {removed / wall:,.0f} a second", flush=True)
    each = (during.cpu - during.requests * usual.cpu / usual.requests) / max(removed, 1) * 1e6
    print(f"CPU: {cpu / wall:.2f} of a core in all; {each:.0f} µs for each object that is removed\n", flush=True)
    return rows


def row_of(name: str, seen: Seen, usual: Seen) -> tuple[str, ...]:
    ratio = seen.percentile(99) / usual.percentile(99)
    rate = seen.requests / seen.wall
    return (
        name,
        figure(rate),
        figure(seen.percentile(50)),
        figure(seen.percentile(99)),
        f"{ratio:.2f}{' !' if ratio > 2 else '  '}",
    )


HEADINGS = ("S3's traffic", "ops/s", "p50 ms", "p99 ms", "× p99 (2 at most)")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.emptying", description=__doc__)
    parser.add_argument("--objects", type=int, default=OBJECTS, help=f"in the bucket that is emptied ({OBJECTS:,})")
    options = parser.parse_args()
    print("\n".join(machine()))
    rows = measure(options.objects)
    print(table(HEADINGS, rows))
    print(f"load average after:  {load()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
