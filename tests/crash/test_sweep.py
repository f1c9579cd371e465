"""The short form of ``python -m tests.crash``: each scripted operation, struck at some of its calls."""

from __future__ import annotations

import random

import pytest
from tests.crash import sweep
from tests.crash.order import mistakes
from tests.crash.scripts import AHEAD, MAKING, SCRIPTS
from tests.crash.shim import BLOWS
from tests.crash.stand import Stand, Strike, has_made_files

SEED = 20261121
SAMPLE = 3
EVERY_CALL_OF = ("put-new-file", "put-new-file-ahead")
"""The scripts whose calls are all struck: one stages, renames, syncs, names and commits, the other writes into a file
made ahead."""


@pytest.mark.parametrize("name", SCRIPTS)
def test_killed_at_any_call_an_answer_is_kept_and_nothing_is_torn_or_orphaned(stand: Stand, name: str) -> None:
    template = stand.template(SCRIPTS[name])
    assert not mistakes(template.trace)
    rng = random.Random(f"{SEED} {name}")
    strikes = sweep.strikes_of(template, BLOWS["kill"], rng, is_twice=False)
    if name not in EVERY_CALL_OF:
        strikes = rng.sample(strikes, SAMPLE)
        strikes[0] = strikes[0]._replace(start_call=rng.randint(1, sweep.START_CALLS))
        strikes[1] = strikes[1]._replace(blow=BLOWS["tear"])
    failures = [outcome for strike in strikes if (outcome := stand.play(template, strike)).problems]
    assert not failures, "\n".join(map(str, failures))


@pytest.mark.parametrize("name", AHEAD)
def test_what_finds_files_made_ahead_writes_into_them(stand: Stand, name: str) -> None:
    trace = stand.template(SCRIPTS[f"{name}-ahead"]).trace
    assert not [path for call, path in trace if call == "rename"]
    assert any("write" in call and path.startswith("/blobs/") for call, path in trace)


@pytest.mark.parametrize("name", MAKING)
def test_what_makes_files_ahead_has_their_folder_synced(stand: Stand, name: str) -> None:
    assert has_made_files(stand.template(SCRIPTS[f"{name}-making"]).trace)


def test_the_shim_strikes_the_call_it_was_told_and_no_other(stand: Stand) -> None:
    template = stand.template(SCRIPTS["put-new-file"])

    assert stand.play(template, Strike("put-new-file", template.calls // 2)).struck
    assert not stand.play(template, Strike("put-new-file", 2 * template.calls)).struck
