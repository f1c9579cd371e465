"""Kills servers and looks at what is left: ``python -m tests.crash sweep`` and ``python -m tests.crash random``."""

from __future__ import annotations

import argparse
import fnmatch
import random
import sys
import time

from tests.crash import storm, sweep
from tests.crash.scripts import SCRIPTS
from tests.crash.shim import BLOWS
from tests.crash.stand import Stand, Strike, Template


def seconds(text: str) -> float:
    return float(text.removesuffix("s"))


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.crash", description=__doc__)
    modes = parser.add_subparsers(dest="mode_of_work", required=True)
    all_calls = modes.add_parser("sweep", help="strike each scripted operation at each of its calls")
    all_calls.add_argument("--ops", default="all", help="names or patterns of scripts, separated by commas")
    all_calls.add_argument("--mode", choices=("kill", "tear"), default="kill", help="tear: after half of a write")
    all_calls.add_argument("--at", type=int, default=0, help="strike at this call only")
    all_calls.add_argument(
        "--twice", type=int, nargs="?", const=-1, default=0, help="strike the start that follows, too: at this call"
    )
    rounds = modes.add_parser("random", help="strike a busy server at random calls")
    rounds.add_argument("--kills", type=int, default=100)
    rounds.add_argument("--clients", type=int, default=8)
    for mode in (all_calls, rounds):
        mode.add_argument("--seed", type=int, default=None)
        mode.add_argument("--budget", type=seconds, default=240.0, help="seconds")
    return parser.parse_args()


def run_sweep(options: argparse.Namespace, seed: int) -> int:
    rng = random.Random(seed)
    patterns = ["*"] if options.ops == "all" else options.ops.split(",")
    chosen = [s for s in SCRIPTS.values() if any(fnmatch.fnmatchcase(s.name, pattern) for pattern in patterns)]
    blow = BLOWS[options.mode]

    def choose(template: Template) -> list[Strike]:
        if options.at:
            return [Strike(template.script.name, options.at, blow, max(options.twice, 0))]
        return sweep.strikes_of(template, blow, rng, is_twice=bool(options.twice))

    tally = sweep.sweep(chosen, choose, Stand.play, seconds=options.budget, show=show)
    longest = max((outcome.recovery for outcome in tally.outcomes), default=0.0)
    print(f"longest recovery {longest:.2f} s; {tally.left_out} left out for want of time")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return int(bool(tally.failed) or not tally.passed)


def show(line: str) -> None:
    print(line, flush=True)


def main() -> int:
    options = parse()
    seed = options.seed if options.seed is not None else time.time_ns() % 1_000_000
    print(f"seed {seed}", flush=True)
    if options.mode_of_work == "sweep":
        return run_sweep(options, seed)
    return storm.run(kills=options.kills, clients=options.clients, seed=seed, seconds=options.budget, show=show)


if __name__ == "__main__":
    sys.exit(main())
