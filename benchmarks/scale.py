"""``python -m benchmarks.scale``: the cost of one request against the number of keys in the bucket.

The stores are filled in bulk, past HTTP and signatures: the engine's own change for a PUT goes to the commit queue, a
thousand at a time, with an object's bytes inline.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import os
import random
import sys
import time
from collections.abc import Callable, Iterator
from hashlib import blake2b
from pathlib import Path
from statistics import median

from benchmarks.driver import Sample, deal, drive
from benchmarks.processes import ROOT, Running, trug, workplace
from benchmarks.signing import Endpoint, Payload, Request, Signer
from benchmarks.table import figure, table
from benchmarks.yardsticks import load, machine, note

sys.path.insert(0, str(ROOT / "server"))

from trug.app import Store
from trug.domain.identity import DEFAULT_ACCOUNT
from trug.domain.objects import Listing, Record
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import new_version_id
from trug.engine.versions import PutVersion
from trug.settings import Settings

NAME = "bench"
AT_ONCE = 1000
REGION = "us-east-1"
FOUR_KIB = Payload.of(os.urandom(4096))


def key_of(number: int) -> str:
    """Keys as hashes make them, in 256 folders: neighbours in time are no neighbours in the index."""
    digest = blake2b(number.to_bytes(8, "big"), digest_size=12).hexdigest()
    return f"{digest[:2]}/{digest[2:]}"


# --- filling ----------------------------------------------------------------------------------------------------------


async def fill(directory: Path, keys: int, size: int) -> None:
    settings = Settings(directory=str(directory / "data"), dev=True, durability="none")
    store = await Store.open(settings)
    try:
        bucket = await store.engine.buckets.create(NAME, account=DEFAULT_ACCOUNT, region=REGION, tags={})
        content = random.Random(size).randbytes(size)
        gc.freeze()
        gc.set_threshold(50_000, 20, 20)
        changes = (change(bucket.id, number, content) for number in range(1, keys + 1))
        await asyncio.gather(*(commit_all(store, changes) for _ in range(min(AT_ONCE, keys))))
    finally:
        await store.close()


async def commit_all(store: Store, changes: Iterator[PutVersion]) -> None:
    for one in changes:
        await store.metadata.commit(one)


def change(bucket: int, number: int, content: bytes) -> PutVersion:
    """Ids are far above those that the server itself will reserve."""
    return PutVersion(
        bucket=bucket,
        key=key_of(number),
        id=FIRST_ID + number,
        version_id=new_version_id(),
        listing=Listing(f"{number:032x}", len(content), 0),
        record=Record(headers={"content-type": "binary/octet-stream"}),
        conditions=NO_WRITE_CONDITIONS,
        event="ObjectCreated:Put",
        inline=FIRST_ID + number,
        content=content,
        blob=None,
    )


FIRST_ID = 1 << 40


# --- measuring --------------------------------------------------------------------------------------------------------

Maker = Callable[[Signer, random.Random, int], Request]


def kept(dice: random.Random, keys: int) -> str:
    """A path that no delete takes away."""
    return f"/{NAME}/{key_of(dice.randrange(keys - keys // 10) + 1)}"


def get(sign: Signer, dice: random.Random, keys: int) -> Request:
    return sign.get(kept(dice, keys))


def head(sign: Signer, dice: random.Random, keys: int) -> Request:
    return sign.head(kept(dice, keys))


def put(sign: Signer, dice: random.Random, _: int) -> Request:
    name = dice.randbytes(13).hex()
    return sign.put(f"/{NAME}/{name[:2]}/{name[2:]}", FOUR_KIB)


def delete(sign: Signer, dice: random.Random, keys: int) -> Request:
    return sign.delete(f"/{NAME}/{key_of(keys - dice.randrange(keys // 10))}")


def list_thousand(sign: Signer, dice: random.Random, _: int) -> Request:
    after = f"{dice.randrange(0x90):02x}/{dice.randbytes(2).hex()}"
    return sign.get(f"/{NAME}", {"list-type": "2", "start-after": after})


def list_folders(sign: Signer, _: random.Random, __: int) -> Request:
    return sign.get(f"/{NAME}", {"list-type": "2", "delimiter": "/"})


MAKERS: dict[str, tuple[int, int, Maker]] = {
    "get": (3000, 16, get),
    "head": (3000, 16, head),
    "put 4 KiB": (2000, 16, put),
    "delete": (500, 16, delete),
    "list 1,000": (60, 1, list_thousand),
    "list 256 folders": (60, 1, list_folders),
}


def measured(running: Running, keys: int, rounds: int) -> dict[str, float]:
    """µs of CPU per request."""
    endpoint = Endpoint("trug", running.host, running.port)
    sign = Signer(endpoint)
    costs: dict[str, list[float]] = {name: [] for name in MAKERS}
    for number in range(rounds + 1):
        for name, (count, connections, make) in MAKERS.items():
            dice = random.Random(f"{name} {number}")
            requests = [make(sign, dice, keys) for _ in range(count if number else max(count // 10, connections))]
            sample: Sample = drive(endpoint.address, deal(requests, connections), clock=running.tree.settled_cpu)
            if number:
                costs[name].append((sample.cpu or 0.0) / sample.operations * 1e6)
    return {name: median(found) for name, found in costs.items()}


def size_of(directory: Path) -> int:
    """Bytes that the disk gives to a directory."""
    return sum(path.lstat().st_blocks * 512 for path in directory.rglob("*"))


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__.partition("\n")[0])
    parser.add_argument("--keys", default="10000,100000,1000000", help="numbers of keys (10000,100000,1000000)")
    parser.add_argument("--size", type=int, default=256, help="bytes of each object (256)")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    began_all = time.monotonic()
    print("\n".join(machine()))
    rows = []
    for keys in [int(text) for text in options.keys.split(",")]:
        with workplace() as place:
            note(f"filling {keys:,} keys")
            began = time.perf_counter()
            asyncio.run(fill(place, keys, options.size))
            filled = (time.perf_counter() - began) / keys * 1e6
            disk = size_of(place) / keys
            note(f"measuring {keys:,} keys")
            with trug(place) as running:
                costs = measured(running, keys, options.rounds)
                peak = running.tree.peak()
        rows.append((f"{keys:,}", *map(figure, costs.values()), figure(disk), figure(filled), figure(peak)))
    print(f"load average after:  {load()}\n")
    print(table(("keys", *(f"{name} µs" for name in MAKERS), "disk B/object", "fill µs/key", "peak MiB"), rows))
    print(NOTES.format(rounds=options.rounds, size=options.size) + f"took {time.monotonic() - began_all:.0f} s")


NOTES = """
µs of CPU of the server per request, medians of {rounds} rounds. Objects of {size} bytes, filled in bulk through the
commit queue (no HTTP, no signatures, durability none); the server itself runs at its defaults.
"""


if __name__ == "__main__":
    main()
