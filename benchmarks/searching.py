"""``python -m benchmarks.searching``: selective searches in a bucket with many objects, by its index and without."""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from benchmarks.processes import ROOT
from benchmarks.scale import key_of

sys.path.insert(0, str(ROOT / "server"))

from trug.app import Store
from trug.domain.filters import bound, parse_filter
from trug.domain.identity import DEFAULT_ACCOUNT
from trug.domain.object_fields import OF_OBJECTS
from trug.domain.objects import Listing, Record
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import new_version_id
from trug.engine.indexing import Indexes
from trug.engine.searching import Searches
from trug.engine.versions import PutVersion
from trug.jobs.indexing import Indexing
from trug.ports.reads import BucketWithId
from trug.ports.rows import Bucket
from trug.settings import Settings

AT_ONCE = 1000
TIMES = 21
FILTERS = (
    "tag.batch = 'b77'",
    "tag.batch = 'b77' and size > 500 and not metadata.camera = 'c3'",
    "extension = 'jpg' and tag.batch in ('b1', 'b2')",
    "matches 'b77'",
    "size = 1048576",
)


def changes(bucket: int, keys: int) -> Iterator[PutVersion]:
    """A hundred objects of each batch."""
    for number in range(1, keys + 1):
        tags = {"batch": f"b{number % max(1, keys // 100)}", "album": f"a{number % 10}"}
        record = Record(headers={"content-type": "image/jpeg"}, metadata={"camera": f"c{number % 7}"}, tags=tags)
        size = 1 << 20 if number == keys // 2 else number % 1000
        listing = Listing(f"{number:032x}", size, 0)
        version_id = new_version_id()
        key, event = f"{key_of(number)}.jpg", "ObjectCreated:Put"
        yield PutVersion(bucket, key, number, version_id, listing, record, NO_WRITE_CONDITIONS, event)


async def run(directory: Path, keys: int) -> None:
    store = await Store.open(Settings(directory=str(directory / "data"), dev=True, durability="none"))
    try:
        bucket = await store.engine.buckets.create("bench", account=DEFAULT_ACCOUNT, region="us-east-1", tags={})
        waiting = changes(bucket.id, keys)
        began = time.perf_counter()
        while page := list(islice(waiting, AT_ONCE)):
            await asyncio.gather(*map(store.metadata.commit, page))
        print(f"{keys} objects put in {time.perf_counter() - began:.0f} s, {size_of(directory) >> 20} MiB", flush=True)
        began = time.perf_counter()
        await Indexes(store.metadata).switch(bucket, is_on=True)
        await Indexing(store.metadata).run()
        print(f"index built in {time.perf_counter() - began:.0f} s, {size_of(directory) >> 20} MiB", flush=True)
        indexed = await store.metadata.fetch(BucketWithId(bucket.id))
        assert indexed is not None
        for text in FILTERS:
            await report(store, indexed, text, TIMES)
        await report(store, bucket, FILTERS[0], 1)
    finally:
        await store.close()


async def report(store: Store, bucket: Bucket, text: str, times: int) -> None:
    searches = Searches(store.metadata)
    condition = bound(parse_filter(text, OF_OBJECTS), {"now": 0})
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        page = await searches.page(bucket, condition, after="", limit=100)
        taken.append(time.perf_counter() - began)
    way = await searches.way(bucket, condition)
    print(f"{median(taken) * 1000:9.2f} ms  {len(page.found):4} found  {text}  ({way})", flush=True)


def size_of(directory: Path) -> int:
    return sum(entry.stat().st_size for entry in os.scandir(directory / "data") if entry.is_file())


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--keys", type=int, default=100_000)
    options = parser.parse_args()
    with TemporaryDirectory() as directory:
        asyncio.run(run(Path(directory), options.keys))


if __name__ == "__main__":
    main()
