"""What the feed of changes costs a PUT while nobody listens: CPU of the same batches with it and without, in turns.

Whole requests would not tell: how many changes gather in a batch is worth more than the feed. So batches that are
always alike are decided and written here, without threads.
"""

from __future__ import annotations

import asyncio
import sqlite3
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.processes import ROOT, workplace
from benchmarks.scale import change
from benchmarks.yardsticks import note

sys.path.insert(0, str(ROOT / "server"))

from trug.adapters.clock import SystemClock
from trug.adapters.sql.batch import OWN_EFFECTS, Batch, LockClock
from trug.adapters.sql.connection import open_writer
from trug.adapters.sql.generation import Words
from trug.app import Store
from trug.domain.audit import ITSELF
from trug.domain.identity import DEFAULT_ACCOUNT
from trug.engine.versions import PutVersion
from trug.ports.effects import Announce
from trug.settings import Settings

AT_ONCE = 16
BATCHES = 40
ROUNDS = 31
SIZE = 4096


class FeedRow(NamedTuple):
    what: str
    measured: float
    unit: str
    goal: float | None


async def made(directory: Path) -> int:
    """A new store with a bucket: its number."""
    store = await Store.open(Settings(directory=str(directory / "data"), dev=True, durability="none"))
    try:
        bucket = await store.engine.buckets.create("bench", account=DEFAULT_ACCOUNT, region="us-east-1", tags={})
        return bucket.id
    finally:
        await store.close()


def unannounced(_: Batch, __: Announce) -> None:
    """Tell nobody."""


def seconds(cursor: sqlite3.Cursor, lock_clock: LockClock, changes: Iterator[PutVersion]) -> float:
    """CPU of each PUT in some batches."""
    clock, spent = SystemClock(), 0.0
    for _ in range(BATCHES):
        some = list(islice(changes, AT_ONCE))
        began = time.thread_time()
        cursor.execute("BEGIN IMMEDIATE")
        batch = Batch(cursor, clock, lock_clock)
        for one, wanted in zip(some, batch.foresee(some), strict=True):
            batch.run(one, wanted, ITSELF)
        batch.finish()
        cursor.execute("COMMIT")
        spent += time.thread_time() - began
    return spent / (BATCHES * AT_ONCE)


def feed_rows() -> list[FeedRow]:
    """The difference of the medians of rounds that take turns."""
    note("feed")
    announced = OWN_EFFECTS[Announce]
    fed: list[float] = []
    unfed: list[float] = []
    with workplace() as place:
        bucket = asyncio.run(made(place))
        changes = (change(bucket, number, bytes(SIZE)) for number in range(1, 1 << 40))
        connection = open_writer(str(place / "data/trug.db"), "none")
        words = Words(str(place / "data/locks/generation"))
        lock_clock = LockClock(SystemClock(), words)
        try:
            for _ in range(ROUNDS):
                for effect, found in ((announced, fed), (unannounced, unfed)):
                    OWN_EFFECTS[Announce] = effect
                    found.append(seconds(connection.cursor(), lock_clock, changes))
        finally:
            OWN_EFFECTS[Announce] = announced
            words.close()
            connection.close()
    whole, without = median(fed) * 1e6, median(unfed) * 1e6
    return [
        FeedRow("a PUT's part of a commit of 16", whole, "µs", None),
        FeedRow("the feed's part of that, nobody listening", whole - without, "µs", 5),
    ]
