"""``python -m benchmarks.memory``: memory at rest, with 1 GiB going up and down, with 64 transfers at once; the start.

The many transfers run under a cap of 256 MiB where systemd can make a control group for it; elsewhere only the peak of
the resident memory is measured. (``RLIMIT_AS`` would count the address space of threads' stacks, which is no memory.)
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks.documents import completed_upload, upload_id_of
from benchmarks.driver import ask, deal, drive
from benchmarks.processes import SECONDS, Running, trug, workplace
from benchmarks.signing import Endpoint, Payload, Request, Signer, plain
from benchmarks.table import figure, table
from benchmarks.workloads import GIB, MIB, PART
from benchmarks.yardsticks import load, machine, note

STARTS = 5
RESTING = 1.0
HEADINGS = ("what", "measured", "unit", "goal ≤")
BUCKET = "/bench-memory"
CAP = 256
AT_ONCE, EACH = 64, 64 * MIB
CAPPED = f"in a control group with at most {CAP} MiB"
NOT_CAPPED = "not capped, since systemd-run makes no control group here; the peak of VmRSS, as everywhere"
GROUP = Path("/sys/fs/cgroup/memory/trug-bench")
IDLE = 1000
IDLE_SECONDS = "900"
OWN_DESCRIPTORS = 256


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.memory", description=__doc__)
    parser.add_argument("--gib", type=float, default=1.0, help="size of the object (1)")
    parser.add_argument("--at-once", type=int, default=AT_ONCE, help=f"64 MiB transfers at once ({AT_ONCE})")
    options = parser.parse_args()
    size = int(options.gib * GIB) // PART * PART
    print("\n".join(machine()))
    rows = first_answer()
    under = capping()
    with workplace() as place, trug(place) as running:
        ask((running.host, running.port), plain("/-/live"))
        time.sleep(RESTING)
        rows.append(row("memory at rest", running.tree.resident(), "MiB", 90))
        note("1 GiB up and down")
        rows += transfers(running, size)
        time.sleep(RESTING)
        rows.append(row("memory at rest afterwards", running.tree.resident(), "MiB", None))
    if options.at_once:
        with workplace() as place, trug(place, ["--keep-alive", IDLE_SECONDS], under=under) as running:
            rows += many(running, options.at_once)
    print(f"load average after:  {load()}\n")
    print(table(HEADINGS, rows))
    print(
        f"\nPeaks while an object of {size / GIB:g} GiB goes up or down; starts on an empty store, median of {STARTS}."
    )
    capped = f"under a cap of {CAP} MiB (control group)" if under else "not capped: measured by the peak of VmRSS alone"
    print(f"The transfers at once were {capped}.")


def row(what: str, measured: float, unit: str, goal: float | None) -> tuple[str, ...]:
    missed = " !" if goal is not None and measured > goal else "  "
    return what, figure(measured) + missed, unit, figure(goal)


def capping() -> list[str]:
    """What to run a program under for it to be killed above the cap; nothing where systemd cannot do that."""
    scope = ["systemd-run", "--scope", "--quiet", "-p", f"MemoryMax={CAP}M", "-p", "MemorySwapMax=0"]
    if os.geteuid():
        scope.insert(1, "--user")
    if shutil.which(scope[0]) and not subprocess.run([*scope, "true"], check=False, capture_output=True).returncode:
        return scope
    return _group_of_our_own()


def _group_of_our_own() -> list[str]:
    """The same by hand, where the memory controller's old tree may be written; nothing where it may not."""
    try:
        GROUP.mkdir(exist_ok=True)
        (GROUP / "memory.limit_in_bytes").write_text(str(CAP * MIB))
    except OSError:
        return []
    return ["sh", "-c", f'echo $$ > {GROUP}/cgroup.procs && exec "$@"', "sh"]


def first_answer() -> list[tuple[str, ...]]:
    starts = []
    for number in range(STARTS):
        note(f"start {number + 1} of {STARTS}")
        with workplace() as place:
            starts.append(started_in(place))
    walls, cpus = zip(*starts, strict=True)
    return [
        row("exec to first answer", median(walls), "s", 0.5),
        row("CPU to first answer", median(cpus), "s", None),
    ]


def started_in(place: Path) -> tuple[float, float]:
    """Seconds from exec to the answer of ``GET /-/live``, on a store that was there before, and those of CPU: on a busy
    machine they tell more."""
    with trug(place):
        pass
    began = time.perf_counter()
    with trug(place) as running:
        ask((running.host, running.port), plain("/-/live"))
        return time.perf_counter() - began, running.tree.cpu()


def transfers(running: Running, size: int) -> list[tuple[str, ...]]:
    endpoint = Endpoint("trug", running.host, running.port)
    sign = Signer(endpoint)
    ask(endpoint.address, sign.request("PUT", BUCKET))
    block = os.urandom(MIB)
    single, multipart = f"{BUCKET}/single", f"{BUCKET}/multipart"
    rows = watched("PUT, payload not signed", running, [sign.stream(single, block, size // MIB)], size)
    rows += watched("GET", running, [sign.get(single, size=size)], size)

    part = Payload.of(block * (PART // MIB))
    upload = upload_id_of(ask(endpoint.address, sign.request("POST", multipart, query={"uploads": ""})))
    numbers = range(1, size // PART + 1)
    parts = [sign.put(multipart, part, {"partNumber": str(n), "uploadId": upload}) for n in numbers]
    rows += watched("PUT in signed parts, 4 at once", running, parts, size, connections=4)
    document = completed_upload(part.content, len(parts))
    sha256 = Payload.of(document).sha256
    query = {"uploadId": upload}
    ask(endpoint.address, sign.request("POST", multipart, query=query, sha256=sha256, body=document))
    rows += watched("GET of those parts", running, [sign.get(multipart, size=size)], size)
    return rows


def many(running: Running, at_once: int) -> list[tuple[str, ...]]:
    """Uploads, then downloads, all at once, beside idle connections."""
    endpoint = Endpoint("trug", running.host, running.port)
    sign = Signer(endpoint)
    ask(endpoint.address, sign.request("PUT", BUCKET))
    payload = Payload.of(os.urandom(EACH))
    paths = [f"{BUCKET}/{number:03}" for number in range(at_once)]
    with idle_connections(endpoint.address) as idle:
        time.sleep(RESTING)
        rows = [row(f"{IDLE:,} idle connections", running.tree.resident(), "MiB", 200)]
        beside = f"of 64 MiB at once, {IDLE:,} idle"
        puts = [sign.put(path, payload) for path in paths]
        rows += watched(f"{at_once} PUTs {beside}", running, puts, at_once * EACH, connections=at_once, goal=200)
        gets = [sign.get(path, size=EACH) for path in paths]
        rows += watched(f"{at_once} GETs {beside}", running, gets, at_once * EACH, connections=at_once, goal=200)
        rows.append(row("idle connections still open", still_open(idle), "", None))
    if ask(endpoint.address, sign.get(paths[-1])) != payload.content:
        raise ValueError("other bytes came back than went up")
    return rows


@contextlib.contextmanager
def idle_connections(address: tuple[str, int]) -> Iterator[list[socket.socket]]:
    """Connections that had one answer and ask for no more."""
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, IDLE + AT_ONCE + OWN_DESCRIPTORS), hard))
    with contextlib.ExitStack() as stack:
        idle = []
        for _ in range(IDLE):
            connection = stack.enter_context(socket.create_connection(address, timeout=SECONDS))
            connection.sendall(plain("/-/live").head)
            if not connection.recv(4096).startswith(b"HTTP/1.1 200"):
                raise ValueError("an idle connection got no answer")
            idle.append(connection)
        yield idle


def still_open(connections: list[socket.socket]) -> int:
    def is_open(connection: socket.socket) -> bool:
        connection.setblocking(False)
        try:
            return bool(connection.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return True
        except OSError:
            return False

    return sum(map(is_open, connections))


def watched(
    what: str, running: Running, requests: list[Request], size: int, *, connections: int = 1, goal: float = 150
) -> list[tuple[str, ...]]:
    note(what)
    running.tree.forget_peak()
    sample = drive((running.host, running.port), deal(requests, connections), clock=running.tree.settled_cpu, limit=600)
    cpu = (sample.cpu or 0.0) * GIB / size
    return [
        row(f"{what}: peak", running.tree.peak(), "MiB", goal),
        row(f"{what}: CPU", cpu, "s/GiB", None),
        row(f"{what}: rate", size / MIB / sample.wall, "MiB/s", None),
    ]


if __name__ == "__main__":
    main()
