"""``python -m benchmarks.memory``: memory at rest and under 1 GiB up and down, and how soon the first answer comes."""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from statistics import median

from benchmarks.documents import completed_upload, upload_id_of
from benchmarks.driver import ask, deal, drive
from benchmarks.processes import Running, trug, workplace
from benchmarks.signing import Endpoint, Payload, Request, Signer, plain
from benchmarks.table import figure, table
from benchmarks.workloads import GIB, MIB, PART
from benchmarks.yardsticks import load, machine, note

STARTS = 5
RESTING = 1.0
HEADINGS = ("what", "measured", "unit", "now ≤", "goal ≤")
BUCKET = "/bench-memory"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--gib", type=float, default=1.0, help="size of the object (1)")
    size = int(parser.parse_args().gib * GIB) // PART * PART
    print("\n".join(machine()))
    rows = [first_answer()]
    with workplace() as place, trug(place) as running:
        ask((running.host, running.port), plain("/-/live"))
        time.sleep(RESTING)
        rows.append(row("memory at rest", running.tree.resident(), "MiB", 110, 90))
        note("1 GiB up and down")
        rows += transfers(running, size)
        time.sleep(RESTING)
        rows.append(row("memory at rest afterwards", running.tree.resident(), "MiB", None, None))
    print(f"load average after:  {load()}\n")
    print(table(HEADINGS, rows))
    print(
        f"\nPeaks while an object of {size / GIB:g} GiB goes up or down; starts on an empty store, median of {STARTS}."
    )


def row(what: str, measured: float, unit: str, now: float | None, goal: float | None) -> tuple[str, ...]:
    missed = " !" if now is not None and measured > now else "  "
    return what, figure(measured) + missed, unit, figure(now), figure(goal)


def first_answer() -> tuple[str, ...]:
    seconds = []
    for number in range(STARTS):
        note(f"start {number + 1} of {STARTS}")
        with workplace() as place:
            seconds.append(started_in(place))
    return row("exec to first answer", median(seconds), "s", 0.8, 0.5)


def started_in(place: Path) -> float:
    """Seconds from exec to the answer of ``GET /-/live``, on a store that was there before."""
    with trug(place):
        pass
    began = time.perf_counter()
    with trug(place) as running:
        ask((running.host, running.port), plain("/-/live"))
        return time.perf_counter() - began


def transfers(running: Running, size: int) -> list[tuple[str, ...]]:
    endpoint = Endpoint("trug", running.host, running.port)
    sign = Signer(endpoint)
    ask(endpoint.address, sign.request("PUT", BUCKET))
    block = os.urandom(MIB)
    single, multipart = f"{BUCKET}/single", f"{BUCKET}/multipart"
    rows = watched("PUT, payload not signed", running, endpoint, [sign.stream(single, block, size // MIB)], size)
    rows += watched("GET", running, endpoint, [sign.get(single)], size)

    part = Payload.of(block * (PART // MIB))
    upload = upload_id_of(ask(endpoint.address, sign.request("POST", multipart, query={"uploads": ""})))
    numbers = range(1, size // PART + 1)
    parts = [sign.put(multipart, part, {"partNumber": str(n), "uploadId": upload}) for n in numbers]
    rows += watched("PUT in signed parts, 4 at once", running, endpoint, parts, size, connections=4)
    document = completed_upload(part.content, len(parts))
    sha256 = Payload.of(document).sha256
    query = {"uploadId": upload}
    ask(endpoint.address, sign.request("POST", multipart, query=query, sha256=sha256, body=document))
    rows += watched("GET of those parts", running, endpoint, [sign.get(multipart)], size)
    return rows


def watched(
    what: str, running: Running, endpoint: Endpoint, requests: list[Request], size: int, *, connections: int = 1
) -> list[tuple[str, ...]]:
    note(what)
    running.tree.forget_peak()
    sample = drive(endpoint.address, deal(requests, connections), clock=running.tree.settled_cpu, limit=600)
    cpu = (sample.cpu or 0.0) * GIB / size
    return [
        row(f"{what}: peak", running.tree.peak(), "MiB", 150, 150),
        row(f"{what}: CPU", cpu, "s/GiB", None, None),
        row(f"{what}: rate", size / MIB / sample.wall, "MiB/s", None, None),
    ]


if __name__ == "__main__":
    main()
