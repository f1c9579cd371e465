"""``python -m benchmarks.profiling get|head|put|list``: where the time of one operation goes, inside one process.

The gateway is called without HTTP around it; the loop's thread and the commit thread are profiled apart. cProfile makes
Python calls dearer than they are, so trust the order more than the figures, and the plain figure above all.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import cProfile
import itertools
import os
import pstats
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from statistics import median
from typing import Any

from benchmarks.processes import ROOT, workplace
from benchmarks.signing import Endpoint, Payload, Request, Signer
from benchmarks.yardsticks import LOOP, loop

sys.path.insert(0, str(ROOT / "server"))

import uvloop

from trug.app import Service
from trug.observe import AccessLog, Observer
from trug.settings import Settings

BUCKET = "/bench"
LISTED = 2000
SLICES = 40
FOUR_KIB = Payload.of(os.urandom(4096))
Scope = dict[str, Any]


def scope_of(request: Request) -> Scope:
    """What an ASGI server makes of a raw request."""
    first, *lines = request.head[:-4].split(b"\r\n")
    method, target, _ = first.decode().split(" ")
    path, _, query = target.partition("?")
    return {
        "type": "http",
        "method": method,
        "path": path,
        "raw_path": path.encode(),
        "query_string": query.encode(),
        "headers": [(name.lower(), value.strip()) for name, _, value in (line.partition(b":") for line in lines)],
        "scheme": "http",
        "client": ("127.0.0.1", 1),
        "server": ("127.0.0.1", 9000),
        "http_version": "1.1",
        "root_path": "",
    }


class Caller:
    """Calls the gateway as a server would."""

    def __init__(self, gateway: Callable[..., Any]) -> None:
        self._gateway = gateway
        self.sign = Signer(Endpoint("trug", "127.0.0.1", 9000))

    async def call(self, request: Request) -> int:
        """The status of the answer."""
        statuses: list[int] = []

        async def receive() -> Scope:
            return {"type": "http.request", "body": request.body, "more_body": False}

        async def send(message: Scope) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])

        await self._gateway(scope_of(request), receive, send)
        return statuses[0]

    async def prepare(self) -> None:
        await self.call(self.sign.request("PUT", BUCKET))
        await self.call(self.sign.put(f"{BUCKET}/one", FOUR_KIB))
        await self.run([self.sign.put(f"{BUCKET}/list/{number:06}", FOUR_KIB) for number in range(LISTED)], 64)

    async def run(self, requests: list[Request], at_once: int) -> float:
        """Seconds of wall time for all of them, the making of scopes and ``send`` included."""
        left = iter(requests)

        async def work() -> None:
            for request in left:
                if await self.call(request) >= 300:
                    raise RuntimeError("refused")

        began = time.perf_counter()
        await asyncio.gather(*(work() for _ in range(at_once)))
        return time.perf_counter() - began


def requests_of(name: str, sign: Signer, count: int) -> list[Request]:
    made = itertools.count(time.time_ns())
    makers: dict[str, Callable[[], Request]] = {
        "get": lambda: sign.get(f"{BUCKET}/one"),
        "head": lambda: sign.head(f"{BUCKET}/one"),
        "put": lambda: sign.put(f"{BUCKET}/{next(made)}", FOUR_KIB),
        "list": lambda: sign.get(BUCKET, {"list-type": "2", "prefix": "list/"}),
    }
    return [makers[name]() for _ in range(count)]


Profiles = dict[str, cProfile.Profile]


@contextlib.contextmanager
def profiled_threads(profiles: Profiles, wanted: Callable[[], bool]) -> Iterator[None]:
    """Threads begun inside are profiled, each by itself, from the moment ``wanted`` says so at a call of theirs."""

    def hook(_frame: Any, _event: str, _argument: Any) -> None:
        name = threading.current_thread().name
        if wanted() and name not in profiles:
            profiles[name] = cProfile.Profile(time.thread_time)
            profiles[name].enable()

    threading.setprofile(hook)
    try:
        yield
    finally:
        threading.setprofile(None)


async def unprofiled(caller: Caller, requests: list[Request], at_once: int) -> str:
    """CPU of the process, in slices: on a busy machine the quietest tell most."""
    costs = []
    length = max(len(requests) // SLICES, 1)
    for start in range(0, len(requests), length):
        before = time.process_time()
        part = requests[start : start + length]
        await caller.run(part, at_once)
        costs.append((time.process_time() - before) / len(part) * 1e6)
    spins = [loop() / LOOP * 1e9 for _ in range(SLICES)]
    return (
        f"median {median(costs):,.1f} µs of CPU a request, quietest {min(costs):,.1f}; "
        f"a turn of a Python loop {median(spins):.1f} ns, quietest {min(spins):.1f}"
    )


async def examine(options: argparse.Namespace, directory: Path) -> None:
    profiles: Profiles = {}
    is_on = False
    settings = Settings(directory=str(directory / "data"), dev=True, durability=options.durability)
    service = Service(settings, Observer(log=AccessLog(lambda _: None)))
    threads = profiled_threads(profiles, lambda: is_on) if options.threads else contextlib.nullcontext()
    with threads:
        caller = Caller(await service.start())
        await caller.prepare()
        await caller.run(requests_of(options.operation, caller.sign, 500 if options.operation != "list" else 5), 16)
        requests = requests_of(options.operation, caller.sign, options.count)
        if not options.threads:
            print(f"{options.operation}, not profiled: {await unprofiled(caller, requests, options.at_once)}")
            requests = requests_of(options.operation, caller.sign, options.count)
        is_on = True
        profiles["loop"] = cProfile.Profile(time.thread_time if options.threads else time.perf_counter)
        profiles["loop"].enable()
        await caller.run(requests, options.at_once)
        profiles["loop"].disable()
    await service.stop()
    for name, profile in profiles.items():
        print(f"\n=== thread {name}, {len(requests)} requests")
        pstats.Stats(profile).sort_stats(options.sort).print_stats(options.lines)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiling", description=__doc__)
    parser.add_argument("operation", choices=("get", "head", "put", "list"))
    parser.add_argument("--count", type=int, default=0, help="requests (10,000; 100 for list)")
    parser.add_argument("--at-once", type=int, default=16, help="how many are under way at a time (16)")
    parser.add_argument("--threads", action="store_true", help="profile other threads too, by their CPU time")
    parser.add_argument("--durability", default="full", choices=("full", "none"))
    parser.add_argument("--sort", default="tottime", choices=("tottime", "cumtime", "ncalls"))
    parser.add_argument("--lines", type=int, default=45)
    options = parser.parse_args()
    options.count = options.count or (100 if options.operation == "list" else 10_000)
    with workplace() as directory:
        uvloop.run(examine(options, directory))


if __name__ == "__main__":
    main()
