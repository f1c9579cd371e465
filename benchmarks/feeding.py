"""What the feed of changes costs a PUT while nobody listens: instructions of commits with it and without.

Whole requests would not tell: how many changes gather in a batch is worth more than the feed. So the same batches are
committed in a process of their own (``python -m benchmarks.feeding DIRECTORY fed|unfed``), counted from start to end.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from benchmarks.counting import TOTAL
from benchmarks.processes import ROOT, environment, workplace
from benchmarks.scale import change
from benchmarks.yardsticks import note

sys.path.insert(0, str(ROOT / "server"))

from trug.adapters.sql import batch
from trug.app import Store
from trug.domain.identity import DEFAULT_ACCOUNT
from trug.ports.effects import Announce
from trug.settings import Settings

PER_MICROSECOND = 4_800
"""Instructions that the machine of the goals executes in a µs."""
AT_ONCE = 16
BATCHES = 125
SIZE = 4096


class FeedRow(NamedTuple):
    what: str
    measured: float
    unit: str
    goal: float | None


async def commit_all(directory: Path) -> None:
    """So many PUTs of 4 KiB, in batches that are always alike."""
    store = await Store.open(Settings(directory=str(directory / "data"), dev=True, durability="none"))
    try:
        bucket = await store.engine.buckets.create("bench", account=DEFAULT_ACCOUNT, region="us-east-1", tags={})
        changes = (change(bucket.id, number, bytes(SIZE)) for number in range(1, AT_ONCE * BATCHES + 1))
        while some := list(islice(changes, AT_ONCE)):
            await asyncio.gather(*map(store.metadata.commit, some))
    finally:
        await store.close()


def unannounced(_: batch.Batch, __: Announce) -> None:
    """Tell nobody."""


def instructions(how: str) -> float:
    """Thousands for each PUT, the start of the process among them."""
    note(f"counting commits, {how}")
    with workplace() as place:
        under = ["valgrind", "--quiet", "--tool=callgrind", f"--callgrind-out-file={place}/callgrind"]
        subprocess.run(
            [*under, sys.executable, "-m", "benchmarks.feeding", str(place), how],
            env={**environment(), "PYTHONHASHSEED": "0"},
            cwd=place,
            check=True,
        )
        found = TOTAL.search((place / "callgrind").read_text())
    if found is None:
        raise ValueError("callgrind wrote no total")
    return int(found[1]) / 1000 / (AT_ONCE * BATCHES)


def feed_rows() -> list[FeedRow]:
    fed, unfed = instructions("fed"), instructions("unfed")
    return [
        FeedRow("the feed of a PUT, nobody listening", (fed - unfed) * 1000, "instructions", None),
        FeedRow("the same", (fed - unfed) * 1000 / PER_MICROSECOND, "µs", 5),
    ]


def main() -> int:
    place, how = sys.argv[1:]
    if how == "unfed":
        batch.OWN_EFFECTS[Announce] = unannounced
    os.makedirs(place, exist_ok=True)
    asyncio.run(commit_all(Path(place)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
