"""What is measured: the workloads, the requests they are made of, and the figures to reach."""

from __future__ import annotations

import itertools
import os
import random
from collections.abc import Callable, Sequence
from hashlib import blake2b
from typing import NamedTuple

from benchmarks.documents import completed_upload, upload_id_of
from benchmarks.driver import Refused, Sample, ask, deal, drive
from benchmarks.policies import GUARDED, READER, bucket_policy
from benchmarks.processes import Tree
from benchmarks.signing import Endpoint, Payload, Request, Signer

KIB, MIB, GIB = 1 << 10, 1 << 20, 1 << 30
BUCKET = "/bench"
LISTED = "/bench-list"
SIZES = {"4k": 4 * KIB, "64k": 64 * KIB, "1m": MIB, "64m": 64 * MIB}
CONTENTS = {name: random.Random(size).randbytes(size) for name, size in SIZES.items()}
HOT = 256
PART = 8 * MIB


class Workload(NamedTuple):
    """One line of the table.

    ``operations`` over ``connections``; with ``size`` the figure is seconds of CPU per GiB moved, else µs per
    operation, to stay below ``goal``. ``nginx`` and ``floor`` name the content that nginx serves, or a plain write and
    sync stores, beside it. ``is_own`` of what only a server that this program started can be asked for.
    """

    name: str
    connections: int
    operations: int
    run: Callable[[Bench, int, int], Sample]
    goal: float | None
    size: int = 0
    nginx: str = ""
    floor: str = ""
    is_quick: bool = True
    is_own: bool = False


class Bench:
    """One endpoint with what the workloads need on it; without ``tree`` nobody knows its CPU and memory."""

    def __init__(self, endpoint: Endpoint, tree: Tree | None, *, processes: int = 1) -> None:
        self.endpoint = endpoint
        self.tree = tree
        self.processes = processes
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
        return drive(self.endpoint.address, scripts, clock=clock, processes=self.processes)

    def check(self, path: str, content: bytes) -> None:
        """Refused unless these very bytes are there: whole answers are looked at outside what is measured."""
        if ask(self.endpoint.address, self.sign.get(path)) != content:
            raise Refused(f"{self.endpoint.name} gave other bytes for {path} than it got")

    def fill(self, requests: Sequence[Request], connections: int) -> None:
        drive(self.endpoint.address, deal(requests, connections))

    def prepare(self, *, listed: int) -> None:
        """Buckets, the objects that are read, and ``listed`` keys to list. Refused when bytes do not come back."""
        self.make_buckets()
        for name, payload in self.payloads.items():
            ask(self.endpoint.address, self.sign.put(f"{BUCKET}/{name}", payload))
            self.check(f"{BUCKET}/{name}", payload.content)
        self.fill([self.sign.put(hot(number), self.payloads["4k"]) for number in range(HOT)], 16)
        small = Payload.of(b"x" * 64)
        self.fill([self.sign.put(f"{LISTED}/dir{n % 97:02}/file-{n:08}", small) for n in range(listed)], 64)
        self.listed = listed

    def make_buckets(self) -> None:
        for path in (BUCKET, LISTED):
            ask(self.endpoint.address, self.sign.request("PUT", path))


def hot(number: int) -> str:
    """One of the objects that are read again and again."""
    return f"{BUCKET}/hot/{number:04}"


# --- what the workloads do --------------------------------------------------------------------------------------------


def get(name: str) -> Callable[[Bench, int, int], Sample]:
    def run(bench: Bench, count: int, connections: int) -> Sample:
        bench.check(f"{BUCKET}/{name}", CONTENTS[name])
        return bench.drive(deal([bench.sign.get(f"{BUCKET}/{name}", size=SIZES[name])] * count, connections))

    return run


def get_encrypted(bench: Bench, count: int, connections: int) -> Sample:
    """Encrypted with SSE-S3: what it costs more than the plain one is what opening it costs."""
    path = f"{BUCKET}/64m-encrypted"
    headers = {"x-amz-copy-source": f"{BUCKET}/64m", "x-amz-server-side-encryption": "AES256"}
    ask(bench.endpoint.address, bench.sign.request("PUT", path, headers=headers))
    bench.check(path, CONTENTS["64m"])
    return bench.drive(deal([bench.sign.get(path, size=SIZES["64m"])] * count, connections))


def get_hot(bench: Bench, count: int, connections: int) -> Sample:
    bench.check(hot(count % HOT), CONTENTS["4k"])
    requests = [bench.sign.get(hot(number), size=SIZES["4k"]) for number in range(HOT)]
    return bench.drive(deal(_shuffled(requests, count), connections))


def get_allowed(bench: Bench, count: int, connections: int) -> Sample:
    """The same by a user whom policies let: what it costs more than ``get_hot`` is what deciding costs."""
    requests = allowed_requests(bench, [f"{GUARDED}/hot/{number:04}" for number in range(HOT)])
    return bench.drive(deal(_shuffled(requests, count), connections))


def allowed_requests(bench: Bench, paths: Sequence[str]) -> list[Request]:
    """Of the user whom policies let read: his requests for objects in a bucket with a policy, which are put there."""
    address = bench.endpoint.address
    ask(address, bench.sign.request("PUT", GUARDED))
    ask(address, bench.sign.put(GUARDED, Payload.of(bucket_policy()), {"policy": ""}))
    bench.fill([bench.sign.put(path, bench.payloads["4k"]) for path in paths], 16)
    reader = Signer(bench.endpoint._replace(access_key=READER.access_key, secret_key=READER.secret_key))
    return [reader.get(path, size=SIZES["4k"]) for path in paths]


def head_hot(bench: Bench, count: int, connections: int) -> Sample:
    requests = [bench.sign.head(hot(number), size=SIZES["4k"]) for number in range(HOT)]
    return bench.drive(deal(_shuffled(requests, count), connections))


def put(name: str) -> Callable[[Bench, int, int], Sample]:
    def run(bench: Bench, count: int, connections: int) -> Sample:
        payload = bench.payloads[name]
        paths = [bench.path() for _ in range(count)]
        sample = bench.drive(deal([bench.sign.put(path, payload) for path in paths], connections))
        bench.check(paths[-1], payload.content)
        return sample

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
        if kind == 0:
            requests.append(bench.sign.get(hot(dice.randrange(HOT)), size=SIZES["4k"]))
        elif kind == 1:
            requests.append(bench.sign.head(hot(dice.randrange(HOT)), size=SIZES["4k"]))
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
    Workload("GET 4 KiB", 16, 8000, get_hot, 35, nginx="4k"),
    Workload("GET 4 KiB, 20 statements", 16, 8000, get_allowed, None, is_own=True),
    Workload("HEAD", 16, 8000, head_hot, 30),
    Workload("PUT 4 KiB", 16, 4000, put("4k"), 95, floor="4k"),
    Workload("PUT 4 KiB", 64, 6000, put("4k"), 80, floor="4k", is_quick=False),
    Workload("GET 64 KiB", 16, 4000, get("64k"), 60, nginx="64k"),
    Workload("PUT 64 KiB", 16, 1000, put("64k"), 400, floor="64k"),
    Workload("DELETE", 16, 3000, delete, 60),
    Workload("mixed 45/30/15/10", 16, 6000, mixed, 60, is_quick=False),
    Workload("list 1,000", 1, 150, list_thousand, 1600),
    Workload("GET 1 MiB", 4, 1000, get("1m"), 0.30, MIB, nginx="1m", is_quick=False),
    Workload("GET 64 MiB", 2, 32, get("64m"), 0.25, 64 * MIB, nginx="64m"),
    Workload("GET 64 MiB, SSE-S3", 2, 32, get_encrypted, 0.50, 64 * MIB),
    Workload("PUT 1 MiB", 4, 150, put("1m"), 3.2, MIB, floor="1m", is_quick=False),
    Workload("PUT 64 MiB", 2, 6, put("64m"), 2.9, 64 * MIB, floor="64m"),
    Workload("parts of 8 MiB", 2, 24, multipart, None, PART, is_quick=False),
)
