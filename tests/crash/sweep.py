"""The sweep: every script, struck at every call it makes."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from queue import SimpleQueue
from typing import Generic, Protocol, TypeVar

from tests.crash.order import mistakes
from tests.crash.scripts import Script
from tests.crash.shim import Blow
from tests.crash.stand import Stand, Strike, Template

START_CALLS = 40
"""About as many calls as a start with something to recover makes."""


class Result(Protocol):
    """What a game showed; ``str`` of it is for people."""

    @property
    def problems(self) -> list[str]: ...


R = TypeVar("R", bound=Result)


@dataclass
class Tally(Generic[R]):
    """How the games went; ``disorder`` counts syncs that are missing or come too late, struck or not."""

    outcomes: list[R] = field(default_factory=list)
    left_out: int = 0
    disorder: int = 0

    @property
    def failed(self) -> int:
        return self._struck_down + self.disorder

    @property
    def passed(self) -> int:
        return len(self.outcomes) - self._struck_down

    @property
    def _struck_down(self) -> int:
        return sum(bool(outcome.problems) for outcome in self.outcomes)


@contextmanager
def stands(count: int) -> Iterator[SimpleQueue[Stand]]:
    """Stands to borrow."""
    with ExitStack() as stack:
        pool: SimpleQueue[Stand] = SimpleQueue()
        for _ in range(count):
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="trug-crash-")))
            stand = Stand(folder)
            stack.callback(stand.close)
            pool.put(stand)
        yield pool


@contextmanager
def borrowed(pool: SimpleQueue[Stand]) -> Iterator[Stand]:
    stand = pool.get()
    try:
        yield stand
    finally:
        pool.put(stand)


def strikes_of(template: Template, blow: Blow, rng: random.Random, *, is_twice: bool) -> list[Strike]:
    """One at each call and one after the last; the next start is struck too, somewhere, where ``is_twice``."""
    return [
        Strike(template.script.name, call, blow, rng.randint(1, START_CALLS) if is_twice else 0)
        for call in range(1, template.calls + 2)
    ]


def sweep(
    scripts: Sequence[Script],
    choose: Callable[[Template], Iterable[Strike]],
    play: Callable[[Stand, Template, Strike], R],
    *,
    seconds: float,
    show: Callable[[str], None],
    workers: int = 2,
) -> Tally[R]:
    """Play what is chosen of each script until the time is up, those left out counted."""
    deadline = time.monotonic() + seconds
    tally: Tally[R] = Tally()
    with stands(workers) as pool, ThreadPoolExecutor(workers) as executor:

        def prepare(script: Script) -> Template:
            with borrowed(pool) as stand:
                return stand.template(script)

        def play_in_time(game: tuple[Template, Strike]) -> R | None:
            if time.monotonic() > deadline:
                return None
            with borrowed(pool) as stand:
                return play(stand, *game)

        templates = list(executor.map(prepare, scripts))
        for template in templates:
            show(f"{template.script.name}: {template.calls} calls")
            for mistake in mistakes(template.trace):
                show(f"FAILED {template.script.name}: {mistake}")
                tally.disorder += 1
        games = [(template, strike) for template in templates for strike in choose(template)]
        for outcome in executor.map(play_in_time, interleaved(games)):
            if outcome is None:
                tally.left_out += 1
                continue
            tally.outcomes.append(outcome)
            if outcome.problems:
                show(f"FAILED {outcome}")
    return tally


def interleaved(games: list[tuple[Template, Strike]]) -> list[tuple[Template, Strike]]:
    """First one of each script, then another, so that a budget that runs out leaves gaps everywhere alike."""
    turns: dict[str, int] = {}
    order = []
    for number, (template, _) in enumerate(games):
        turn = turns[template.script.name] = turns.get(template.script.name, 0) + 1
        order.append((turn, number))
    return [games[number] for _, number in sorted(order)]
