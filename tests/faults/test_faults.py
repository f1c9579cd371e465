"""The short form of ``python -m tests.faults``: writes of every kind, a few of their calls failed once."""

from __future__ import annotations

import random

import pytest
from tests.crash.scripts import SCRIPTS
from tests.crash.shim import BLOWS
from tests.crash.stand import Stand, Strike, Template
from tests.faults.trial import Trial, Verdict

SEED = 20261121
SAMPLE = 6
CHOSEN = (
    "put-new-file",
    "put-new-large-ahead",
    "put-overwrite-inline-by-inline",
    "upload-part-again-file",
    "upload-multiple-ahead",
    "complete-overwrite",
)
FAILING = ("EIO", "ENOSPC", "EDQUOT", "SHORT")


@pytest.mark.parametrize("name", CHOSEN)
def test_a_call_that_fails_once_makes_no_promise_untrue(stand: Stand, name: str) -> None:
    template = stand.template(SCRIPTS[name])
    rng = random.Random(f"{SEED} {name}")
    calls = rng.sample(range(1, template.calls + 1), SAMPLE)
    strikes = [Strike(name, call, BLOWS[rng.choice(FAILING)]) for call in calls]
    verdicts = [Trial(stand).play(template, strike) for strike in strikes]
    failures = [verdict for verdict in verdicts if verdict.problems]
    assert not failures, "\n".join(map(str, failures))


def test_after_a_failed_sync_of_the_log_writes_are_taken_again(stand: Stand) -> None:
    template = stand.template(SCRIPTS["put-overwrite-inline-by-inline"])
    verdict = failed_sync_of_log(stand, template)
    assert not verdict.problems, str(verdict)
    assert verdict.was_in_doubt
    assert not verdict.is_stuck


def failed_sync_of_log(stand: Stand, template: Template) -> Verdict:
    """Fail the first sync of the log that the script makes."""
    for call in range(1, template.calls + 1):
        verdict = Trial(stand).play(template, Strike(template.script.name, call, BLOWS["EIO"]))
        if "sync " in verdict.struck and verdict.struck.endswith("-wal") and verdict.status != 200:
            return verdict
    raise AssertionError("the script does not sync the log")
