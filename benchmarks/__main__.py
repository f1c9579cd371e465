"""``python -m benchmarks``: one table of what requests cost, beside goals, nginx, and plain synced writes."""

from __future__ import annotations

import argparse
import os
import socket
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

from benchmarks.driver import Sample, deal, drive
from benchmarks.policies import with_reader
from benchmarks.processes import Running, Tree, listener_of, nginx, started, trug, workplace
from benchmarks.signing import Endpoint, plain
from benchmarks.table import figure, table
from benchmarks.workloads import CONTENTS, GIB, SIZES, WORKLOADS, Bench, Workload
from benchmarks.yardsticks import HASHES, LOOP, calls, hashing, load, loop, machine, note, synced_writes

BARE_COUNT = 8000
REFERENCE = 23e-6
"""Seconds that the bare uvicorn application took for a GET on the machine for which the goals were set."""
FLOOR_COUNTS = {"4k": 100, "64k": 60, "1m": 24, "64m": 2}


class Round(NamedTuple):
    """One measurement; ``peak`` in MiB of the server's memory."""

    sample: Sample
    peak: float | None = None


class Yardsticks(NamedTuple):
    """What runs beside the subjects in each round."""

    bare: Running
    nginx: Running | None
    place: Path


Figures = dict[str, list[Round]]


def main() -> int:
    options = parse()
    began = time.monotonic()
    print("\n".join(machine()))
    chosen = [
        w for w in WORKLOADS if (w.is_quick or not options.quick) and (not options.only or options.only in w.name)
    ]
    with ExitStack() as stack:
        place = stack.enter_context(workplace())
        running = stack.enter_context(trug(place, with_reader(place)))
        benches = [Bench(Endpoint("trug", running.host, running.port), running.tree, processes=options.drivers)]
        if options.peer:
            benches.append(peer(options.peer, options.drivers))
        sticks = yardsticks(stack, place)
        for bench in benches:
            note(f"{bench.endpoint.name}: filling")
            bench.prepare(listed=2000 if options.quick else 20_000)
        calibration: Figures = {}
        figures: Figures = {}
        for number in range(options.rounds + 1):
            note(f"round {number} of {options.rounds}" if number else "warming up")
            run = calibrate(sticks)
            keep(calibration, run, is_kept=number > 0)
            for workload in chosen:
                run = measure(workload, benches, sticks, share=1.0 if number else 0.1)
                keep(figures, run, is_kept=number > 0)
    print(f"load average after:  {load()}\n")
    costs = calibration_costs(calibration)
    print(calibration_lines(costs))
    print(results(chosen, [bench.endpoint.name for bench in benches], figures, costs["bare"] / REFERENCE))
    print(NOTES.format(rounds=options.rounds) + f"took {time.monotonic() - began:.0f} s")
    return 0


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer workloads, one round")
    parser.add_argument("--rounds", type=int, default=0, help="how often each is measured (3; 1 with --quick)")
    parser.add_argument("--only", default="", help="only workloads whose name has this in it")
    parser.add_argument(
        "--peer",
        default=os.environ.get("TRUG_BENCH_PEER") or os.environ.get("PEER") or "",
        help="another endpoint to measure, http://[access:secret@]host:port (also PEER or TRUG_BENCH_PEER)",
    )
    parser.add_argument("--drivers", type=int, default=1, help="processes of the load driver (1)")
    options = parser.parse_args()
    options.rounds = options.rounds or (1 if options.quick else 3)
    return options


def peer(url: str, drivers: int) -> Bench:
    endpoint = Endpoint.at("peer", url)
    pid = listener_of(endpoint.port)
    return Bench(endpoint, Tree(pid) if pid else None, processes=drivers)


def yardsticks(stack: ExitStack, place: Path) -> Yardsticks:
    bare = stack.enter_context(started(["-m", "benchmarks.bare"], place / "bare.log"))
    files = place / "files"
    files.mkdir()
    for name, content in CONTENTS.items():
        (files / name).write_bytes(content)
    served = stack.enter_context(nginx(files, free_port()))
    if served is None:
        note("nginx is not installed: no ratio to it")
    for running in filter(None, (bare, served)):
        wait_for(running)
    return Yardsticks(bare, served, place)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


def wait_for(running: Running) -> None:
    for _ in range(200):
        try:
            socket.create_connection((running.host, running.port), 1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return
    raise RuntimeError(f"nobody listens on {running.host}:{running.port}")


# --- measuring --------------------------------------------------------------------------------------------------------


def keep(figures: Figures, run: dict[str, Round], *, is_kept: bool) -> None:
    if is_kept:
        for name, found in run.items():
            figures.setdefault(name, []).append(found)


def calibrate(sticks: Yardsticks) -> dict[str, Round]:
    found = {"bare": served(sticks.bare, "4k", BARE_COUNT, 16)}
    for name, spin in (("loop", loop), ("calls", calls)):
        seconds = spin()
        found[name] = Round(Sample(LOOP, seconds, seconds, seconds, [seconds]))
    for name in HASHES:
        seconds = hashing(name)
        found[name] = Round(Sample(1, seconds, seconds, seconds, [seconds]))
    return found


def served(running: Running, name: str, count: int, connections: int) -> Round:
    scripts = deal([plain(f"/{name}", size=SIZES[name])] * count, connections)
    return Round(drive((running.host, running.port), scripts, clock=running.tree.cpu))


def measure(workload: Workload, benches: list[Bench], sticks: Yardsticks, *, share: float) -> dict[str, Round]:
    """One round of a workload on everything that can run it; ``share`` of its operations."""
    count = max(int(workload.operations * share), workload.connections)
    able = benches[:1] if workload.is_own else benches
    found = {row_of(workload, bench.endpoint.name): observe(workload, bench, count) for bench in able}
    if workload.nginx and sticks.nginx is not None:
        found[row_of(workload, "nginx")] = served(sticks.nginx, workload.nginx, count, workload.connections)
    if workload.floor:
        sample = synced_writes(sticks.place / "floor", CONTENTS[workload.floor], FLOOR_COUNTS[workload.floor])
        found[row_of(workload, "floor")] = Round(sample)
    return found


def observe(workload: Workload, bench: Bench, count: int) -> Round:
    if bench.tree is not None:
        bench.tree.forget_peak()
    sample = workload.run(bench, count, workload.connections)
    return Round(sample, bench.tree.peak() if bench.tree is not None else None)


def row_of(workload: Workload, name: str) -> str:
    return f"{workload.name} {workload.connections} {name}"


# --- telling ----------------------------------------------------------------------------------------------------------


def cost(workload: Workload, rounds: list[Round]) -> float | None:
    """µs per operation, or seconds per GiB."""
    known = [sample.cpu / sample.operations for sample, _ in rounds if sample.cpu is not None]
    if not known:
        return None
    return median(known) * (GIB / workload.size if workload.size else 1e6)


def spread(rounds: list[Round]) -> str:
    """How far the rounds' CPU lies apart, in per cent of the median."""
    known = [sample.cpu / sample.operations for sample, _ in rounds if sample.cpu is not None]
    return f"{(max(known) - min(known)) / median(known) * 100:.0f}" if len(known) > 1 else "–"


def calibration_costs(figures: Figures) -> dict[str, float]:
    """Seconds of CPU, by what was run."""
    return {
        name: median((sample.cpu or 0.0) / sample.operations for sample, _ in rounds)
        for name, rounds in figures.items()
    }


def calibration_lines(costs: dict[str, float]) -> str:
    hashes = " · ".join(f"{name} {costs[name]:.2f}" for name in HASHES)
    return (
        f"calibration: {costs['loop'] * 1e9:.0f} ns for a turn of a Python loop · {costs['calls'] * 1e9:.0f} ns to "
        f"make a small object · {costs['bare'] * 1e6:.1f} µs for a 4 KiB GET of a bare uvicorn application\n"
        f"digests, s/GiB: {hashes}\n"
    )


HEADINGS = (
    *("operation", "conns", "ops/s", "p50 ms", "p99 ms", "CPU", "unit", "spread %", "normalised", "goal ≤"),
    *("× nginx", "× write+sync", "peak MiB", "driver µs"),
)


def results(chosen: list[Workload], names: list[str], figures: Figures, slowness: float) -> str:
    """``slowness``: how much more CPU this machine takes than the one the goals were set for."""
    return table(HEADINGS, [row(workload, name, figures, slowness) for workload in chosen for name in names])


def row(workload: Workload, name: str, figures: Figures, slowness: float) -> tuple[str, ...]:
    rounds = figures[row_of(workload, name)]
    spent = cost(workload, rounds)
    samples = [round_.sample for round_ in rounds]
    peaks = [round_.peak for round_ in rounds if round_.peak is not None]
    is_peer = name != "trug"
    return (
        f"  {name}" if is_peer else workload.name,
        "" if is_peer else str(workload.connections),
        figure(median(sample.rate for sample in samples)),
        figure(median(sample.percentile(50) for sample in samples) * 1000),
        figure(median(sample.percentile(99) for sample in samples) * 1000),
        marked(spent, workload.goal),
        "s/GiB" if workload.size else "µs",
        spread(rounds),
        figure(spent / slowness if spent is not None else None),
        "" if is_peer else figure(workload.goal),
        ratio(spent, workload, "nginx", figures),
        ratio(spent, workload, "floor", figures),
        figure(max(peaks)) if peaks else "–",
        figure(median(sample.own / sample.operations for sample in samples) * 1e6),
    )


def marked(spent: float | None, goal: float | None) -> str:
    """With ``!`` when it misses the goal."""
    return figure(spent) + (" !" if spent is not None and goal is not None and spent > goal else "  ")


def ratio(spent: float | None, workload: Workload, other: str, figures: Figures) -> str:
    rounds = figures.get(row_of(workload, other))
    least = cost(workload, rounds) if rounds else None
    return f"{spent / least:.1f}" if spent is not None and least else "–"


NOTES = """
Medians of {rounds} interleaved rounds after one that is not counted. CPU is user and system time of the server's whole
process tree; requests bear a full Signature Version 4, PUTs a signed SHA-256 and a CRC32. Ratios are of CPU, in the
same run: to nginx sending the same bytes, and to one process that writes and fdatasyncs the same bytes. An exclamation
mark: more than the goal. spread: how far the rounds lie apart. driver: CPU of the load driver per operation.

normalised: CPU ÷ (bare uvicorn here ÷ 23 µs), 23 µs being what the bare application took where the goals were set. It
compares machines and builds of Python; it is not a measurement, and says little of digests (see their own figures).
"""


if __name__ == "__main__":
    sys.exit(main())
