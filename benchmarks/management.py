"""``python -m benchmarks.management``: what the services of the management port cost, beside their goals."""

from __future__ import annotations

import argparse
import json
import random
import socket
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import closing
from statistics import median

from benchmarks import emptying
from benchmarks.console import asked
from benchmarks.counting import MISSING, is_possible
from benchmarks.driver import SECONDS, ask, deal, drive
from benchmarks.feeding import feed_rows
from benchmarks.processes import Running, trug, workplace
from benchmarks.signing import Endpoint, Payload, Request, Signer
from benchmarks.table import figure, table
from benchmarks.workloads import GIB, MIB
from benchmarks.yardsticks import load, machine, note

BUCKET = "bench"
FILES = 3000
ROUNDS = 5
FORM = "multipart/form-data; boundary=trug-bench"
PNG = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR"

Row = tuple[str, ...]


def row(what: str, measured: float, unit: str, goal: float | None, *, is_least: bool = False) -> Row:
    """``is_least`` where the goal is to reach that much; an exclamation mark for what misses it."""
    misses = goal is not None and (measured < goal if is_least else measured > goal)
    shown = "" if goal is None else f"{'≥' if is_least else '≤'} {figure(goal)}"
    return what, figure(measured) + (" !" if misses else "  "), unit, shown


def address_of(running: Running) -> tuple[str, int]:
    assert running.console is not None
    return running.console


def cost(running: Running, requests: Sequence[Request], connections: int) -> float:
    """Seconds of CPU for each, the median of rounds."""
    address, clock = address_of(running), running.tree.settled_cpu
    drive(address, deal(requests[: len(requests) // 4], connections))
    samples = [drive(address, deal(requests, connections), clock=clock) for _ in range(ROUNDS)]
    return median((sample.cpu or 0.0) / sample.operations for sample in samples)


def lists(running: Running) -> list[Row]:
    """Pages of a thousand files."""
    sign, address = Signer(Endpoint("trug", running.host, running.port)), (running.host, running.port)
    dice = random.Random(1)
    small = [Payload.of(b"x" * dice.randrange(1, 30_000)) for _ in range(50)]
    names = [f"/{BUCKET}/dir{n % 97:02}/file-{n:08}.jpg" for n in range(FILES)]
    drive(address, deal([sign.put(name, dice.choice(small)) for name in names], 16))
    pages = {"/list of 1,000": "", "/list of 1,000, one extension": "&extension=jpg"}
    return [
        row(
            what, cost(running, [asked("GET", f"/api/v1/list?bucket={BUCKET}&limit=1000{more}")] * 60, 1) * 1e3, "ms", 6
        )
        for what, more in pages.items()
    ]


def presigned(running: Running) -> list[Row]:
    """URLs for each second of CPU."""
    wanted = json.dumps({"filename": "photo.jpg", "type": "image", "file_size": 12_345}).encode()
    post = [asked("POST", "/presigned-url", wanted)] * 400
    get = [asked("GET", f"/api/v1/presign?bucket={BUCKET}&key=dir00/file-00000000.jpg")] * 400
    return [
        row("POST /presigned-url, one after the other", 1 / cost(running, post, 1), "/s", 500, is_least=True),
        row("POST /presigned-url, 16 connections", 1 / cost(running, post, 16), "/s", 500, is_least=True),
        row("GET /presign, one after the other", 1 / cost(running, get, 1), "/s", 500, is_least=True),
    ]


def uploads(running: Running) -> list[Row]:
    """One file of 1 GiB in a form."""
    begin = (
        f'--trug-bench\r\nContent-Disposition: form-data; name="bucket"\r\n\r\n{BUCKET}\r\n'
        '--trug-bench\r\nContent-Disposition: form-data; name="file"; filename="a.png"\r\n\r\n'
    ).encode() + PNG
    end = b"\r\n--trug-bench--\r\n"
    request = asked("POST", "/api/v1/upload", begin, FORM, length=len(begin) + GIB + len(end))
    block = random.Random(2).randbytes(MIB)
    running.tree.forget_peak()
    before, began = running.tree.cpu(), time.perf_counter()
    with closing(socket.create_connection(address_of(running), timeout=SECONDS)) as connection:
        connection.sendall(request.head + begin)
        for _ in range(GIB // MIB):
            connection.sendall(block)
        connection.sendall(end)
        answer = connection.recv(1 << 16)
    if not answer.startswith(b"HTTP/1.1 201"):
        raise ValueError(answer.decode("latin-1"))
    wall, cpu = time.perf_counter() - began, running.tree.settled_cpu() - before
    return [
        row("/upload of 1 GiB: peak memory", running.tree.peak(), "MiB", 150),
        row("/upload of 1 GiB: CPU", cpu, "s/GiB", None),
        row("/upload of 1 GiB: time", wall, "s", None),
    ]


PARTS: dict[str, Callable[[Running], list[Row]]] = {"list": lists, "presigned": presigned, "upload": uploads}


def services(chosen: Sequence[str]) -> list[Row]:
    """What one server is asked for, part by part."""
    rows: list[Row] = []
    options = ["--upload-timeout", "600"]
    with workplace() as place, trug(place, options, console_port="0") as running:
        sign = Signer(Endpoint("trug", running.host, running.port))
        ask((running.host, running.port), sign.request("PUT", f"/{BUCKET}"))
        ask((running.host, running.port), sign.put(f"/{BUCKET}/dir00/file-00000000.jpg", Payload.of(b"x")))
        ask(address_of(running), asked("GET", "/api/v1/health"))
        for name in chosen:
            note(name)
            rows += PARTS[name](running)
    return rows


def main() -> int:
    everything = (*PARTS, "feed", "emptying")
    parser = argparse.ArgumentParser(prog="python -m benchmarks.management", description=__doc__)
    parser.add_argument("parts", nargs="*", metavar="PART", help=f"{' '.join(everything)} (all)")
    parser.add_argument("--objects", type=int, default=emptying.OBJECTS, help="in the buckets that are emptied")
    options = parser.parse_args()
    chosen = options.parts or everything
    if not set(chosen) <= set(everything):
        parser.error(f"parts are {' '.join(everything)}")
    print("\n".join(machine()) + "\n")
    rows = services([name for name in chosen if name in PARTS])
    if "feed" in chosen:
        if is_possible():
            rows += [row(*told) for told in feed_rows()]
        else:
            print(MISSING, file=sys.stderr)
    if rows:
        print(table(("what", "measured", "unit", "goal"), rows) + "\n", flush=True)
    if "emptying" in chosen:
        print(table(emptying.HEADINGS, emptying.measure(options.objects)))
    print(f"\nload average after:  {load()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
