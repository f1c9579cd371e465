"""What is measured: the workloads, the requests they are made of, and the figures to reach."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from benchmarks.documents import completed_upload, upload_id_of
from benchmarks.driver import Sample, ask, deal, drive
from benchmarks.processes import Tree
from benchmarks.signing import Endpoint, Payload, Request, Signer

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
BUCKET = "/bench"
LISTED = "/bench-list"
SIZES = {"4k": 4 * KIB, "64k": 64 * KIB, "1m": MIB, "64m": 64 * MIB}
CONTENTS = {name: random.Random(size).randbytes(size) for name, size in SIZES.items()}
HOT = 256
PART = 8 * MIB


class Goal(NamedTuple):
    """CPU to stay below, in the workload's unit: what this stage is to reach, and the end of the road."""

    now: float | None
    end: float | None


class Workload(NamedTuple):
    """One line of the table.

    ``operations`` over ``connections``; with ``size`` the figure is seconds per GiB moved, else µs per
    operation. ``nginx`` and ``floor`` name the content that nginx serves, or a plain write and sync stores, beside it.
    """

    name: str
    connections: int
    operations: int
    run: Callable[[Bench, int, int], Sample]
    goal: Goal
    size: int = 0
    nginx: str = ""
    floor: str = ""
    is_quick: bool = True


class Bench:
    """One endpoint with what the workloads need on it; without ``tree`` nobody knows its CPU and memory."""

    def __init__(self, endpoint: Endpoint, tree: Tree | None) -> None:
        self.endpoint = endpoint
        self.tree = tree
        self.sign = Signer(endpoint)
        self.payloads = {name: Payload.of(content) for name, content in CONTENTS.items()}
        self.listed = 0
        self._numbers = itertools.count()
        self._run = os.urandom(4).hex()

    def path(self) -> str:
        """A new key; keys spread over the whole range, as hashes and uuids do."""
        number = next(self._numbers)
        return f"{BUCKET}/{blake2b(number.to_bytes(8, 'big'), digest_size=8).hexdigest()}-{self._run}"

    def drive(self, scripts: Sequence[Sequence[Request]]) -> Sample:
        """One script a connection, watched."""
        clock = self.tree.settled_cpu if self.tree else None
        return drive(self.endpoint.address, scripts, clock=clock)

    def fill(self, requests: Sequence[Request], connections: int) -> None:
        drive(self.endpoint.address, deal(requests, connections))

    def prepare(self, *, listed: int) -> None:
        """Buckets, the objects that are read, and ``listed`` keys to list. Refused when bytes do not come back."""
        self._make(BUCKET)
        self._make(LISTED)
        for name, payload in self.payloads.items():
            ask(self.endpoint.address, self.sign.put(f"{BUCKET}/{name}", payload))
            if ask(self.endpoint.address, self.sign.get(f"{BUCKET}/{name}")) != payload.content:
                raise ValueError(f"{self.endpoint.name} gave other bytes for {name} than it got")
        hot = [self.sign.put(f"{BUCKET}/hot/{number:04}", self.payloads["4k"]) for number in range(HOT)]
        self.fill(hot, 16)
        small = Payload.of(b"x" * 64)
        self.fill([self.sign.put(f"{LISTED}/dir{n % 97:02}/file-{n:08}", small) for n in range(listed)], 64)
        self.listed = listed

    def _make(self, path: str) -> None:
        ask(self.endpoint.address, self.sign.request("PUT", path))


# --- what the workloads do --------------------------------------------------------------------------------------------


def get(name: str) -> Callable[[Bench, int, int], Sample]:
    def run(bench: Bench, count: int, connections: int) -> Sample:
        return bench.drive(deal([bench.sign.get(f"{BUCKET}/{name}")] * count, connections))

    return run


def get_hot(bench: Bench, count: int, connections: int) -> Sample:
    requests = [bench.sign.get(f"{BUCKET}/hot/{number:04}") for number in range(HOT)]
    return bench.drive(deal(_shuffled(requests, count), connections))


def head_hot(bench: Bench, count: int, connections: int) -> Sample:
    requests = [bench.sign.head(f"{BUCKET}/hot/{number:04}") for number in range(HOT)]
    return bench.drive(deal(_shuffled(requests, count), connections))


def put(name: str) -> Callable[[Bench, int, int], Sample]:
    def run(bench: Bench, count: int, connections: int) -> Sample:
        payload = bench.payloads[name]
        return bench.drive(deal([bench.sign.put(bench.path(), payload) for _ in range(count)], connections))

    return run


def delete(bench: Bench, count: int, connections: int) -> Sample:
    paths = [bench.path() for _ in range(count)]
    bench.fill([bench.sign.put(path, bench.payloads["4k"]) for path in paths], 64)
    random.Random(count).shuffle(paths)
    return bench.drive(deal([bench.sign.delete(path) for path in paths], connections))


def mixed(bench: Bench, count: int, connections: int) -> Sample:
    """45 GET, 30 HEAD, 15 PUT and 10 DELETE in a hundred; a connection deletes what it put before."""
    dice = random.Random(count)
    return bench.drive([_mixture(bench, dice, count // connections) for _ in range(connections)])


def _mixture(bench: Bench, dice: random.Random, count: int) -> list[Request]:
    requests: list[Request] = []
    own = [f"{BUCKET}/nothing"]
    hundred = [0] * 45 + [1] * 30 + [2] * 15 + [3] * 10
    for _ in range(count):
        kind = dice.choice(hundred)
        hot = f"{BUCKET}/hot/{dice.randrange(HOT):04}"
        if kind == 0:
            requests.append(bench.sign.get(hot))
        elif kind == 1:
            requests.append(bench.sign.head(hot))
        elif kind == 2:
            own.append(bench.path())
            requests.append(bench.sign.put(own[-1], bench.payloads["4k"]))
        else:
            requests.append(bench.sign.delete(own.pop() if len(own) > 1 else own[0]))
    return requests


def list_thousand(bench: Bench, count: int, connections: int) -> Sample:
    dice = random.Random(count)
    latest = max(bench.listed - 1000, 1)
    requests = []
    for _ in range(count):
        number = dice.randrange(latest)
        after = f"dir{number % 90:02}/file-{number:08}"
        requests.append(bench.sign.get(LISTED, {"list-type": "2", "max-keys": "1000", "start-after": after}))
    return bench.drive(deal(requests, connections))


def multipart(bench: Bench, count: int, connections: int) -> Sample:
    """``count`` parts of 8 MiB to one upload, begun and completed outside the figure."""
    path = bench.path()
    part = Payload.of(CONTENTS["64m"][:PART])
    address = bench.endpoint.address
    upload = upload_id_of(ask(address, bench.sign.request("POST", path, query={"uploads": ""})))
    numbers = range(1, count + 1)
    requests = [bench.sign.put(path, part, {"partNumber": str(n), "uploadId": upload}) for n in numbers]
    sample = bench.drive(deal(requests, connections))
    document = completed_upload(part.content, count)
    ask(address, _posted(bench, path, upload, document))
    ask(address, bench.sign.delete(path))
    return sample


def _posted(bench: Bench, path: str, upload: str, document: bytes) -> Request:
    sha256 = Payload.of(document).sha256
    return bench.sign.request("POST", path, query={"uploadId": upload}, sha256=sha256, body=document)


def _shuffled(requests: Sequence[Request], count: int) -> list[Request]:
    return random.Random(count).choices(requests, k=count)


WORKLOADS = (
    Workload("GET 4 KiB", 16, 8000, get_hot, Goal(60, 35), nginx="4k"),
    Workload("HEAD", 16, 8000, head_hot, Goal(None, 30)),
    Workload("PUT 4 KiB", 16, 4000, put("4k"), Goal(140, 95), floor="4k"),
    Workload("PUT 4 KiB", 64, 6000, put("4k"), Goal(None, 80), floor="4k", is_quick=False),
    Workload("GET 64 KiB", 16, 4000, get("64k"), Goal(None, 60), nginx="64k"),
    Workload("PUT 64 KiB", 16, 1000, put("64k"), Goal(None, 400), floor="64k"),
    Workload("DELETE", 16, 3000, delete, Goal(None, 60)),
    Workload("mixed 45/30/15/10", 16, 6000, mixed, Goal(None, 60), is_quick=False),
    Workload("list 1,000", 1, 150, list_thousand, Goal(2500, 1600)),
    Workload("GET 1 MiB", 4, 1000, get("1m"), Goal(None, 0.30), MIB, nginx="1m", is_quick=False),
    Workload("GET 64 MiB", 2, 32, get("64m"), Goal(0.35, 0.25), 64 * MIB, nginx="64m"),
    Workload("PUT 1 MiB", 4, 150, put("1m"), Goal(None, 3.2), MIB, floor="1m", is_quick=False),
    Workload("PUT 64 MiB", 2, 6, put("64m"), Goal(3.3, 2.9), 64 * MIB, floor="64m"),
    Workload("parts of 8 MiB", 2, 24, multipart, Goal(None, None), PART, is_quick=False),
)
