"""``python -m benchmarks.compare --rev REV``: this tree beside another revision, in rounds that take turns.

CPU of the whole process tree per operation: medians and quartiles of all rounds, and the median of the ratios that the
rounds have each for themselves, since what disturbs one round disturbs both sides of it. With ``--instructions``
callgrind counts instead, which tells a change of one per cent on a busy machine.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from statistics import median, quantiles
from typing import NamedTuple

from benchmarks.counting import MISSING, counted_trug, is_possible
from benchmarks.driver import deal
from benchmarks.operations import OPERATIONS, prepare
from benchmarks.policies import with_reader
from benchmarks.processes import ROOT, trug, workplace
from benchmarks.signing import Endpoint
from benchmarks.table import figure, table
from benchmarks.workloads import Bench
from benchmarks.yardsticks import load, machine, note

SHARE = 3
"""So many times more requests are timed than counted."""
HERE = "this tree"


class Side(NamedTuple):
    """One of the two, running."""

    name: str
    bench: Bench


Costs = dict[str, dict[str, list[float]]]
"""µs per request by operation and side, a figure each round."""


def unpacked(revision: str, place: Path) -> Path:
    """The tracked files of ``revision``, or the checkout that it names. CalledProcessError when there is none."""
    if Path(revision).is_dir():
        return Path(revision).resolve()
    place.mkdir()
    archive = subprocess.run(
        ["git", "archive", "--format=tar", revision], cwd=ROOT, check=True, stdout=subprocess.PIPE
    ).stdout
    subprocess.run(["tar", "-x", "-C", str(place)], input=archive, check=True)
    return place


def timed(place: Path, other: Path, revision: str, operations: Sequence[str], rounds: int) -> Costs:
    with ExitStack() as stack:
        sides: list[Side] = []
        for name, root in ((HERE, ROOT), (revision, other)):
            data = place / f"data-{len(sides)}"
            data.mkdir()
            running = stack.enter_context(trug(data, with_reader(data), root=root))
            bench = Bench(Endpoint(name, running.host, running.port), running.tree)
            note(f"{name}: filling")
            prepare(bench)
            sides.append(Side(name, bench))
        costs: Costs = {operation: {side.name: [] for side in sides} for operation in operations}
        for number in range(rounds + 1):
            note(f"round {number} of {rounds}" if number else "warming up")
            for operation in operations:
                for side in sides if number % 2 else reversed(sides):
                    cost = _once(side.bench, operation)
                    if number:
                        costs[operation][side.name].append(cost)
    return costs


def _once(bench: Bench, name: str) -> float:
    operation = OPERATIONS[name]
    sample = bench.drive(deal(operation.make(bench, operation.requests * SHARE), operation.connections))
    return (sample.cpu or 0.0) / sample.operations * 1e6


def counted(place: Path, other: Path, revision: str, operations: Sequence[str], rounds: int) -> Costs:
    """The same, of instructions: one after the other, since nothing disturbs a count."""
    costs: Costs = {operation: {HERE: [], revision: []} for operation in operations}
    for name, root in ((HERE, ROOT), (revision, other)):
        data = place / f"counted-{name.replace(' ', '-').replace('/', '-')}"
        data.mkdir()
        note(f"{name}: counting")
        with counted_trug(data, root) as server:
            for _ in range(rounds):
                for operation in operations:
                    costs[operation][name].append(server.count(operation, OPERATIONS[operation]).instructions)
    return costs


def row(operation: str, here: list[float], there: list[float]) -> tuple[str, ...]:
    ratios = [new / old for new, old in zip(here, there, strict=True)]
    return (
        operation,
        *(text for costs in (there, here) for text in (figure(median(costs)), spread(costs))),
        f"{median(ratios):.3f}",
        f"{min(ratios):.3f} to {max(ratios):.3f}",
        verdict(ratios),
    )


def spread(costs: list[float]) -> str:
    if len(costs) < 2:
        return ""
    low, _, high = quantiles(costs, n=4, method="inclusive")
    return f"{figure(low)} to {figure(high)}"


def verdict(ratios: list[float]) -> str:
    """Told apart from noise when nearly every round says the same: with 8 rounds of 9 that is chance in one of 25."""
    dearer, cheaper = (sum(ratio > 1.01 for ratio in ratios), sum(ratio < 0.99 for ratio in ratios))
    needed = len(ratios) - len(ratios) // 9
    if dearer >= needed:
        return "dearer"
    return "cheaper" if cheaper >= needed else "–"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.compare", description=__doc__.partition("\n")[0])
    parser.add_argument("--rev", default="HEAD", help="the git revision, or checkout, to compare with (HEAD)")
    parser.add_argument("--rounds", type=int, default=0, help="rounds (9; 1 with --instructions)")
    parser.add_argument("--only", default="get,head,put,delete,list,get64k,put64k", help="operations, by comma")
    parser.add_argument("--instructions", action="store_true", help="count instructions with callgrind")
    options = parser.parse_args()
    operations = options.only.split(",")
    if not set(operations) <= OPERATIONS.keys():
        parser.error(f"operations are {' '.join(OPERATIONS)}")
    if options.instructions and not is_possible():
        return print(MISSING, file=sys.stderr) or 1
    began = time.monotonic()
    print("\n".join(machine()))
    rounds = options.rounds or (1 if options.instructions else 9)
    with workplace() as place:
        try:
            other = unpacked(options.rev, place / "other")
        except subprocess.CalledProcessError:
            return 2
        measure = counted if options.instructions else timed
        costs = measure(place, other, options.rev, operations, rounds)
    unit = "instructions" if options.instructions else "µs of CPU"
    headings = ("operation", options.rev, "quartiles", HERE, "quartiles", "ratio", "of rounds", "verdict")
    print(f"load average after:  {load()}\n\n{unit} per request, {rounds} rounds\n")
    print(table(headings, [row(name, found[HERE], found[options.rev]) for name, found in costs.items()]))
    print(
        f"\nratio: {HERE} ÷ {options.rev}, the median of the rounds' own ratios. took {time.monotonic() - began:.0f} s"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
