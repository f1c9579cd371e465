"""Single operations, as profiles and comparisons want them: one kind of request, made afresh for each run."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

from benchmarks.policies import GUARDED
from benchmarks.signing import Payload, Request, plain
from benchmarks.workloads import BUCKET, LISTED, SIZES, Bench, allowed_requests

LISTED_KEYS = 1100


class Operation(NamedTuple):
    """That many ``requests`` tell enough of it, over ``connections``; ``make`` does what has to be there before."""

    requests: int
    connections: int
    make: Callable[[Bench, int], Sequence[Request]]


def prepare(bench: Bench) -> None:
    """What the operations need on an endpoint."""
    bench.make_buckets()
    for name in ("4k", "64k", "1m"):
        bench.fill([bench.sign.put(f"{BUCKET}/{name}", bench.payloads[name])], 1)
        bench.check(f"{BUCKET}/{name}", bench.payloads[name].content)
    small = Payload.of(b"x" * 64)
    bench.fill([bench.sign.put(f"{LISTED}/{number:06}", small) for number in range(LISTED_KEYS)], 16)


def _get(name: str) -> Callable[[Bench, int], Sequence[Request]]:
    return lambda bench, count: [bench.sign.get(f"{BUCKET}/{name}", size=SIZES[name])] * count


def _put(name: str) -> Callable[[Bench, int], Sequence[Request]]:
    return lambda bench, count: [bench.sign.put(bench.path(), bench.payloads[name]) for _ in range(count)]


def _head(bench: Bench, count: int) -> Sequence[Request]:
    return [bench.sign.head(f"{BUCKET}/4k", size=SIZES["4k"])] * count


def _delete(bench: Bench, count: int) -> Sequence[Request]:
    paths = [bench.path() for _ in range(count)]
    bench.fill([bench.sign.put(path, bench.payloads["4k"]) for path in paths], 16)
    return [bench.sign.delete(path) for path in paths]


def _list(bench: Bench, count: int) -> Sequence[Request]:
    return [bench.sign.get(LISTED, {"list-type": "2"})] * count


def _get_allowed(bench: Bench, count: int) -> Sequence[Request]:
    return allowed_requests(bench, [f"{GUARDED}/hot/4k"]) * count


def _live(_: Bench, count: int) -> Sequence[Request]:
    return [plain("/-/live")] * count


OPERATIONS = {
    "get": Operation(400, 8, _get("4k")),
    "get-allowed": Operation(400, 8, _get_allowed),
    "head": Operation(400, 8, _head),
    "put": Operation(300, 16, _put("4k")),
    "delete": Operation(300, 16, _delete),
    "list": Operation(10, 1, _list),
    "get64k": Operation(300, 8, _get("64k")),
    "get1m": Operation(100, 4, _get("1m")),
    "put64k": Operation(150, 16, _put("64k")),
    "live": Operation(400, 8, _live),
}
BARE = "bare"
BARE_OPERATION = Operation(400, 8, lambda _, count: [plain("/4k", size=SIZES["4k"])] * count)
"""The yardstick: a bare uvicorn application that answers 4 KiB."""
