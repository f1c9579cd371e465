"""What the feed of changes costs a PUT while nobody listens: instructions with it and without."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from benchmarks.counting import Counted, under
from benchmarks.operations import OPERATIONS, prepare
from benchmarks.processes import serve_arguments, started, workplace
from benchmarks.yardsticks import note

PER_MICROSECOND = 4_800
"""Instructions that the machine of the goals executes in a µs."""
TIMES = 3


class FeedRow(NamedTuple):
    what: str
    measured: float
    unit: str
    goal: float | None


@contextmanager
def counted(program: str, place: Path) -> Iterator[Counted]:
    arguments = ["-m", program, *serve_arguments(place)]
    with started(arguments, place / "server.log", under=under(place)) as running:
        found = Counted(running, place, program.rpartition(".")[2])
        prepare(found.bench)
        yield found


def instructions(program: str) -> float:
    """Of a PUT of 4 KiB; the least of a few runs, since batches differ."""
    note(f"counting what {program} does for a PUT")
    with workplace() as place, counted(program, place) as server:
        return min(server.count("put", OPERATIONS["put"]).instructions for _ in range(TIMES))


def feed_rows() -> list[FeedRow]:
    fed, unfed = instructions("trug"), instructions("benchmarks.unfed")
    return [
        FeedRow("PUT 4 KiB", fed / 1000, "1,000 instructions", None),
        FeedRow("PUT 4 KiB without the feed", unfed / 1000, "1,000 instructions", None),
        FeedRow("the feed of a PUT, nobody listening", (fed - unfed) / PER_MICROSECOND, "µs", 5),
    ]
