"""``python -m benchmarks.counting get put``: instructions per request of the real server, counted by callgrind.

Neighbours on the machine hardly disturb the count, so it shows changes of a few per cent that no clock here can. It
counts user space only: what the kernel does for sockets and files is not in it.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.driver import deal, drive
from benchmarks.operations import BARE, BARE_OPERATION, OPERATIONS, Operation, prepare
from benchmarks.policies import with_reader
from benchmarks.processes import ROOT, Running, started, trug, workplace
from benchmarks.signing import Endpoint
from benchmarks.workloads import Bench
from benchmarks.yardsticks import note

MISSING = "valgrind is not installed, so no instructions are counted; on Debian: apt install valgrind"
SETTLING = 0.5
TOTAL = re.compile(r"^(?:totals|summary): (\d+)", re.MULTILINE)
LINE = re.compile(r"^ *([0-9,]+) \( *[0-9.]+%\)  (?:.*?:)?([^:\[]+?)(?: \[(.*)\])?$")


class Count(NamedTuple):
    """Instructions per request, and the file of callgrind they were counted in."""

    instructions: float
    file: Path


def is_possible() -> bool:
    return all(map(shutil.which, ("valgrind", "callgrind_control", "callgrind_annotate")))


class Counted:
    """A running server whose instructions can be counted."""

    def __init__(self, running: Running, place: Path, name: str) -> None:
        self.bench = Bench(Endpoint(name, running.host, running.port), None)
        self._pid = running.tree.pid
        self._place = place

    def count(self, name: str, operation: Operation) -> Count:
        """After a warm-up of a fourth as many requests."""
        bench, address, connections = self.bench, self.bench.endpoint.address, operation.connections
        warm = operation.make(bench, max(operation.requests // 4, connections))
        requests = operation.make(bench, operation.requests)
        drive(address, deal(warm, connections))
        time.sleep(SETTLING)
        self._control("--instr=on")
        self._control("--zero")
        drive(address, deal(requests, connections))
        time.sleep(SETTLING)
        self._control(f"--dump={name}")
        self._control("--instr=off")
        (file,) = self._place.glob(f"callgrind.{self._pid}.*")
        kept = file.replace(self._place / f"{bench.endpoint.name}-{name}.callgrind")
        found = TOTAL.search(kept.read_text())
        if found is None:
            raise ValueError(f"callgrind wrote no total into {kept}")
        return Count(int(found[1]) / len(requests), kept)

    def _control(self, what: str) -> None:
        subprocess.run(["callgrind_control", what, str(self._pid)], check=True, capture_output=True)


def under(place: Path) -> list[str]:
    out = f"--callgrind-out-file={place}/callgrind.%p"
    return ["valgrind", "--quiet", "--tool=callgrind", "--instr-atstart=no", out]


@contextmanager
def counted_trug(place: Path, root: Path = ROOT, name: str = "trug") -> Iterator[Counted]:
    """The server of a checkout, with what the operations need."""
    with trug(place, with_reader(place), root=root, under=under(place)) as running:
        counted = Counted(running, place, name)
        prepare(counted.bench)
        yield counted


@contextmanager
def counted_bare(place: Path) -> Iterator[Counted]:
    with started(["-m", "benchmarks.bare"], place / "bare.log", under=under(place)) as running:
        yield Counted(running, place, BARE)


def top(file: Path, requests: int, lines: int) -> str:
    """The C functions with the most instructions of their own, per request."""
    listed = subprocess.run(["callgrind_annotate", str(file)], check=True, capture_output=True, text=True).stdout
    found = filter(None, map(LINE.match, listed.splitlines()))
    rows = [
        f"{int(line[1].replace(',', '')) / requests:12,.0f}  {line[2]}  {Path(line[3] or '').name}" for line in found
    ]
    return "\n".join(rows[1 : lines + 1] if rows and "PROGRAM" in rows[0] else rows[:lines])


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.counting", description=__doc__)
    parser.add_argument("operations", nargs="*", metavar="OPERATION", help=f"{BARE} {' '.join(OPERATIONS)} (all)")
    parser.add_argument("--root", type=Path, default=ROOT, help="another checkout (this one)")
    parser.add_argument("--top", type=int, default=0, help="C functions to name of each (0)")
    options = parser.parse_args()
    wanted = options.operations or [BARE, *OPERATIONS]
    if not set(wanted) <= {BARE, *OPERATIONS}:
        parser.error(f"operations are {BARE} {' '.join(OPERATIONS)}")
    if not is_possible():
        return print(MISSING, file=sys.stderr) or 1
    with workplace() as place:
        if BARE in wanted:
            with counted_bare(place) as counted:
                show(BARE, BARE_OPERATION, counted, options.top)
        if set(wanted) - {BARE}:
            note("starting and filling (valgrind makes it slow)")
            with counted_trug(place, options.root) as counted:
                for name in wanted:
                    if name != BARE:
                        show(name, OPERATIONS[name], counted, options.top)
    return 0


def show(name: str, operation: Operation, counted: Counted, lines: int) -> None:
    found = counted.count(name, operation)
    print(f"{name:10} {found.instructions:12,.0f} instructions/request", flush=True)
    if lines:
        print(top(found.file, operation.requests, lines) + "\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
