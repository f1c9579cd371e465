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

BUCKETS = 8
"""Emptied one after the other, with rounds without a job in between: the machine is slower at one time than another."""
OBJECTS = 16_000
SIZE = 100
CONNECTIONS = 8
REQUESTS = 2_000
ROUNDS = 2
LONGEST = 300.0
"""In seconds: how long the job is watched."""


class Seen(NamedTuple):
    """What clients saw: requests, seconds, all latencies in ascending order; CPU seconds of the server."""

    requests: int
    wall: float
    cpu: float
    latencies: Sequence[float]

    def percentile(self, percent: float) -> float:
        """In ms."""
        return self.latencies[min(int(len(self.latencies) * percent / 100), len(self.latencies) - 1)] * 1000


def name_of(number: int) -> str:
    return f"emptied-{number}"


async def fill(directory: Path, objects: int) -> None:
    """So many in each bucket."""
    store = await Store.open(Settings(directory=str(directory / "data"), dev=True, durability="none"))
    try:
        for place in range(BUCKETS):
            bucket = await store.engine.buckets.create(
                name_of(place), account=DEFAULT_ACCOUNT, region="us-east-1", tags={}
            )
            numbers = range(place * objects + 1, (place + 1) * objects + 1)
            changes = (change(bucket.id, number, os.urandom(SIZE)) for number in numbers)
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
    """An emptying as it is told of."""

    is_over: bool
    removed: int


def job_of(running: Running, bucket: str) -> Job:
    state = told(running, asked("GET", f"/api/v1/buckets/empty?bucket={bucket}"))
    return Job(state["status"] == "finished", int(state["removed_versions"]))


class Beside(NamedTuple):
    """What was seen beside a job, how many objects that removed meanwhile, and in how many seconds."""

    seen: list[Seen]
    removed: int
    wall: float


def beside(bench: Bench, running: Running, bucket: str, seconds: float) -> Beside:
    """Rounds of traffic until the job is over, for so many seconds at most; then its end is waited for."""
    assert running.console is not None
    request = asked("DELETE", f"/api/v1/buckets/empty?bucket={bucket}")
    deleting = threading.Thread(target=ask, args=(running.console, request))
    began = time.perf_counter()
    deleting.start()
    seen: list[Seen] = []
    wall, job = 0.0, Job(is_over=False, removed=0)
    while not job.is_over and wall < seconds:
        found = traffic(bench, 1)
        job, wall = job_of(running, bucket), time.perf_counter() - began
        if not job.is_over or not seen:
            seen.append(found)
    deleting.join()
    while not job_of(running, bucket).is_over:
        time.sleep(0.5)
    return Beside(seen, job.removed, wall)


def measure(objects: int, seconds: float = LONGEST) -> list[tuple[str, ...]]:
    """Rows for a table: without a job, and beside jobs for so many seconds at most."""
    with workplace() as place:
        note(f"filling {objects:,} objects")
        asyncio.run(fill(place, objects // BUCKETS))
        with trug(place, console_port="0") as running:
            bench = Bench(Endpoint("trug", running.host, running.port), running.tree)
            bench.prepare(listed=1)
            traffic(bench, 1)
            without: list[Seen] = []
            jobs: list[Beside] = []
            for number in range(BUCKETS):
                note(f"bucket {number + 1} of {BUCKETS}")
                without.append(traffic(bench, ROUNDS))
                jobs.append(beside(bench, running, name_of(number), seconds / BUCKETS))
    usual, during = joined(without), joined([seen for job in jobs for seen in job.seen])
    removed, wall = sum(job.removed for job in jobs), sum(job.wall for job in jobs)
    own = max(during.cpu - during.requests * usual.cpu / usual.requests, 0.0)
    print(f"\n{removed:,} of {objects:,} objects removed in {wall:.1f} s: {removed / wall:,.0f} a second")
    print(f"the jobs' share: {own / during.cpu:.0%} of the CPU, {own / max(removed, 1) * 1e6:.0f} µs an object\n")
    return [row_of(name, seen, usual) for name, seen in (("without a job", usual), ("beside a job", during))]


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
    parser.add_argument("--objects", type=int, default=OBJECTS, help=f"in the buckets that are emptied ({OBJECTS:,})")
    parser.add_argument("--seconds", type=float, default=LONGEST, help=f"to watch the job at most ({LONGEST:.0f})")
    options = parser.parse_args()
    print("\n".join(machine()))
    rows = measure(options.objects, options.seconds)
    print(table(HEADINGS, rows))
    print(f"load average after:  {load()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
