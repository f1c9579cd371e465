"""One file-system call fails once: nothing is promised that is not durable, and the server goes on."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from tests.crash import snapshot
from tests.crash.contents import content
from tests.crash.launcher import Crashed
from tests.crash.scripts import PLAIN
from tests.crash.shim import Action
from tests.crash.stand import Stand, Strike, Template
from tests.support.client import Answer, Client, Lost

LATER = "later"
REFUSALS = (500, 503, 507)
DURABLE = ("fsync", "fdatasync", "write", "pwrite", "pwrite64", "writev", "pwritev", "pwritev64v2", "rename")
BESIDE_THE_POINT = ("-shm", "/locks/", "/probe")
FOLDER_OF_LOG = "/data"
"""SQLite syncs the folder after it has made a log, but does not look at how that went."""
LOG = ".db-wal"
PATIENCE = 5.0
PAUSE = 0.05


@dataclass
class Verdict:
    """What one trial showed: the answer's status, whether that left it in doubt, whether the store took no writes any
    more, and what is wrong. In doubt the write may be done although it was refused, but must then stay so."""

    strike: Strike
    struck: str = ""
    status: int = 0
    was_in_doubt: bool = False
    is_stuck: bool = False
    problems: list[str] = field(default_factory=list)

    def __str__(self) -> str:
        text = "\n".join(self.problems)
        return f"{self.strike} ({self.struck or 'nothing struck'}): answered {self.status}\n{text}"


FULL = ("ENOSPC", "EDQUOT")


class Trial:
    """Plays strikes that fail a call, on a stand."""

    def __init__(self, stand: Stand) -> None:
        self._stand = stand

    def play(self, template: Template, strike: Strike) -> Verdict:
        verdict = Verdict(strike)
        self._stand.lay_out(template.folder)
        try:
            allowed = self._strike(template, strike, verdict)
            with self._stand.serving() as (_, client):
                self._compare(verdict, client, "after a restart", allowed)
            verdict.problems += self._stand.bench.examine()
        except (AssertionError, Crashed, Lost) as error:
            verdict.problems.append(f"{type(error).__name__}: {error}")
        return verdict

    def _strike(self, template: Template, strike: Strike, verdict: Verdict) -> tuple[snapshot.Snapshot, ...]:
        """What the store may show in the end."""
        control = self._stand.bench.control
        with self._stand.serving(template.script.work) as (_, client):
            self._stand.make_ready(template.script, client)
            control.arm(strike.call, strike.blow)
            answer = template.script.act(client)
            verdict.struck = control.struck
            control.disarm()
            assert answer is not None
            verdict.status = answer.status
            if answer.is_success:
                self._expect_harmless(verdict, strike)
                self._compare(verdict, client, "after the answer", (template.after,))
                self._write_later(client, verdict)
                return (template.after,)
            return self._after_refusal(template, client, answer, verdict)

    def _expect_harmless(self, verdict: Verdict, strike: Strike) -> None:
        """Success although a call failed that durability rests on is a lie."""
        call, _, path = verdict.struck.partition(" ")
        place = path.removeprefix(str(self._stand.bench.folder))
        if strike.blow.action is not Action.FAIL or call not in DURABLE:
            return
        if strike.blow.name in FULL and "write" in call and place.endswith(LOG):
            return  # the reserve was given up, and the batch tried once more; what is there is compared below
        if place != FOLDER_OF_LOG and not any(part in place for part in BESIDE_THE_POINT):
            verdict.problems.append(f"answered {verdict.status} although {verdict.struck} failed")

    def _after_refusal(
        self, template: Template, client: Client, answer: Answer, verdict: Verdict
    ) -> tuple[snapshot.Snapshot, ...]:
        if answer.status not in REFUSALS:
            verdict.problems.append(f"answered {answer}")
        was_taken = self._write_later(client, verdict)
        call, _, path = verdict.struck.partition(" ")
        verdict.was_in_doubt = not was_taken or ("sync" in call and path.endswith(LOG))
        allowed = (template.before, template.after) if verdict.was_in_doubt else (template.before,)
        found = self._compare(verdict, client, "after the refusal", allowed)
        if verdict.was_in_doubt:
            return allowed if verdict.is_stuck else (found,)
        again = template.script.act(client)
        if again is None or not again.is_success:
            verdict.problems.append(f"asked again: {again}")
            return template.before, template.after
        self._compare(verdict, client, "after it was asked again", (template.after,))
        return (template.after,)

    def _write_later(self, client: Client, verdict: Verdict) -> bool:
        """Whether another write is taken at once; it may be refused for as long as the store is opened again."""
        body = content(LATER, 100)
        answer = client.put(PLAIN, LATER, body)
        was_taken = answer.is_success
        deadline = time.monotonic() + PATIENCE
        while answer.status == 503 and time.monotonic() < deadline:
            time.sleep(PAUSE)
            answer = client.put(PLAIN, LATER, body)
        verdict.is_stuck = answer.status == 503
        if not answer.is_success:
            verdict.problems.append(f"later writes are answered {answer.status} {answer.code}")
        elif client.get(PLAIN, LATER).body != body:
            verdict.problems.append("a later write was not kept")
        return was_taken

    def _compare(
        self, verdict: Verdict, client: Client, when: str, allowed: tuple[snapshot.Snapshot, ...]
    ) -> snapshot.Snapshot:
        """What the server shows, which must be one of these."""
        try:
            found = tuple(line for line in snapshot.take(client) if f" {LATER}" not in line)
        except snapshot.Unreadable as error:
            verdict.problems.append(f"{when}: {error}")
            return ()
        if found not in allowed:
            verdict.problems.append(f"{when} {snapshot.difference(found, *allowed)}")
        return found
