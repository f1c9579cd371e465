"""Fails file-system calls one at a time: ``python -m tests.faults sweep``."""

from __future__ import annotations

import argparse
import fnmatch
import random
import sys
import time
from collections import Counter

from tests.crash import sweep
from tests.crash.__main__ import seconds, show
from tests.crash.scripts import SCRIPTS
from tests.crash.shim import BLOWS
from tests.crash.stand import Stand, Strike, Template
from tests.faults.trial import Trial, Verdict

GATE = "put-new-*,create-upload,upload-part-file,complete-12MiB,complete-overwrite,abort"


def parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.faults", description=__doc__)
    modes = parser.add_subparsers(required=True)
    all_calls = modes.add_parser("sweep", help="fail each call of each scripted operation, once")
    all_calls.add_argument("--ops", default=GATE, help="names or patterns of scripts, separated by commas")
    all_calls.add_argument("--errno", default="EIO,ENOSPC,EDQUOT,SHORT")
    all_calls.add_argument("--mode", dest="errno", help="the same: as failures are printed")
    all_calls.add_argument("--at", type=int, default=0, help="fail this call only")
    all_calls.add_argument("--seed", type=int, default=None)
    all_calls.add_argument("--budget", type=seconds, default=180.0, help="seconds")
    return parser.parse_args()


def main() -> int:
    options = parse()
    seed = options.seed if options.seed is not None else time.time_ns() % 1_000_000
    print(f"seed {seed}", flush=True)
    rng = random.Random(seed)
    blows = [BLOWS[name] for name in options.errno.split(",")]
    patterns = ["*"] if options.ops == "all" else options.ops.split(",")
    chosen = [
        script
        for script in SCRIPTS.values()
        if not script.is_at_start
        and not script.makes_files  # what fails beside a request need not be told in its answer
        and any(fnmatch.fnmatchcase(script.name, pattern) for pattern in patterns)
    ]

    def choose(template: Template) -> list[Strike]:
        calls = [options.at] if options.at else range(1, template.calls + 1)
        strikes = [Strike(template.script.name, call, blow) for call in calls for blow in blows]
        rng.shuffle(strikes)
        return strikes

    def play(stand: Stand, template: Template, strike: Strike) -> Verdict:
        return Trial(stand).play(template, strike)

    tally = sweep.sweep(chosen, choose, play, seconds=options.budget, show=show)
    answers = Counter(
        (outcome.strike.blow.name, outcome.struck.partition(" ")[0], outcome.status, outcome.was_in_doubt)
        for outcome in tally.outcomes
    )
    for (blow, call, status, was_in_doubt), count in sorted(answers.items()):
        print(f"{count:5} × {blow:6} at {call or 'nothing':10} answered {status}{', in doubt' if was_in_doubt else ''}")
    print(f"{tally.left_out} left out for want of time")
    print(f"{tally.passed} passed, {tally.failed} failed")
    return int(bool(tally.failed) or not tally.passed)


if __name__ == "__main__":
    sys.exit(main())
