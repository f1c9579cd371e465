"""``python -m benchmarks.profiling get``: where one operation's time goes in the real server process.

First callgrind counts instructions and names C functions; then the server runs under cProfile, which names Python
functions, each thread by its own CPU time. cProfile makes calls dearer than they are: trust its order and its number of
calls more than its times, and the count above all.
"""

from __future__ import annotations

import argparse
import os
import pstats
import signal
import sys
import time
from pathlib import Path

from benchmarks.counting import MISSING, counted_bare, counted_trug, is_possible, show
from benchmarks.driver import deal, drive
from benchmarks.operations import BARE, BARE_OPERATION, OPERATIONS, Operation, prepare
from benchmarks.policies import with_reader
from benchmarks.processes import ROOT, Running, serve_arguments, started, workplace
from benchmarks.signing import Endpoint
from benchmarks.workloads import Bench
from benchmarks.yardsticks import note

REPEATED = 10
"""So many times more requests are profiled than counted."""
SETTLING = 0.5


def profile(name: str, operation: Operation, place: Path, lines: int) -> None:
    """Print the dearest Python functions of each thread."""
    note(f"{name}: profiling Python")
    program = ["-m", "benchmarks.profiled", str(place), *serve_arguments(place), *with_reader(place)]
    with started(program, place / "profiled.log") as running:
        requests = _drive_profiled(running, operation)
    for file in sorted(place.glob("*.prof"), key=lambda path: path.stem != "loop"):
        print(f"\n=== Python functions of thread {file.stem}, {requests:,} requests")
        print(dearest(file, requests, lines))


def _drive_profiled(running: Running, operation: Operation) -> int:
    bench = Bench(Endpoint("trug", running.host, running.port), None)
    prepare(bench)
    count, address = operation.requests * REPEATED, bench.endpoint.address
    drive(address, deal(operation.make(bench, operation.requests), operation.connections))
    requests = operation.make(bench, count)
    time.sleep(SETTLING)
    os.kill(running.tree.pid, signal.SIGUSR1)
    time.sleep(SETTLING)
    drive(address, deal(requests, operation.connections))
    time.sleep(SETTLING)
    os.kill(running.tree.pid, signal.SIGUSR2)
    time.sleep(SETTLING)
    return count


def dearest(file: Path, requests: int, lines: int) -> str:
    """Calls a request, µs a request of its own and with what it calls, and the function."""
    functions = pstats.Stats(str(file)).stats.items()  # type: ignore[attr-defined]
    rows = [(own, called, total, place) for place, (_, called, own, total, _) in functions]
    listed = [" calls/req   own µs  with callees"]
    for own, called, total, place in sorted(rows, reverse=True)[:lines]:
        listed.append(
            f"{called / requests:10.2f} {own / requests * 1e6:8.2f} {total / requests * 1e6:10.2f}    {_named(place)}"
        )
    return "\n".join(listed)


def _named(place: tuple[str, int, str]) -> str:
    path, line, name = place
    if path == "~":
        return name
    short = path.partition("/site-packages/")[2] or path.removeprefix(f"{ROOT / 'server'}/")
    return f"{short}:{line} {name}"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.profiling", description=__doc__.partition("\n")[0])
    parser.add_argument("operation", choices=(BARE, *OPERATIONS))
    parser.add_argument("--lines", type=int, default=30, help="functions to name (30)")
    parser.add_argument("--only", choices=("c", "python"), help="one of the two profiles")
    options = parser.parse_args()
    name = options.operation
    with workplace() as place:
        if options.only != "python":
            if not is_possible():
                print(MISSING, file=sys.stderr)
            elif name == BARE:
                with counted_bare(place) as counted:
                    show(name, BARE_OPERATION, counted, options.lines)
            else:
                note(f"{name}: counting instructions")
                with counted_trug(place) as counted:
                    show(name, OPERATIONS[name], counted, options.lines)
        if options.only != "c" and name != BARE:
            (place / "profile").mkdir()
            profile(name, OPERATIONS[name], place / "profile", options.lines)
    return 0


if __name__ == "__main__":
    sys.exit(main())
