"""Plays one script, struck at one call, and says what is wrong with the store afterwards."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from tests.crash import snapshot
from tests.crash.launcher import Bench, Crashed, Task
from tests.crash.remains import has_dropped
from tests.crash.scripts import PLAIN, VERSIONED, Script, spoiled
from tests.crash.shim import BLOWS, Blow
from tests.support.client import Answer, Client, Lost

from trug.adapters.sql.migrate import bring_to

KILL = BLOWS["kill"]
ATTEMPTS = 20
STILL = 0.02
RESTING = 4


@dataclass(frozen=True, slots=True)
class Template:
    """A script ready to be played: its folder before, what it shows before and after, how many calls it makes, each
    with its file below the data directory."""

    script: Script
    folder: Path
    before: snapshot.Snapshot
    after: snapshot.Snapshot
    calls: int
    trace: tuple[tuple[str, str], ...] = ()

    def allows(self, found: snapshot.Snapshot, *, is_done: bool) -> bool:
        """Whether a store may show this when the request was answered, or was not."""
        if found == self.after:
            return True
        if is_done:
            return False
        return found == self.before or (self.script.is_divisible and set(self.after) <= set(found) <= set(self.before))


class Strike(NamedTuple):
    """One game: the call to be struck (one more than there are: after the answer), and the call of the next start-up
    that is struck too, 0 for none."""

    script: str
    call: int
    blow: Blow = KILL
    start_call: int = 0

    def __str__(self) -> str:
        again = f" --twice {self.start_call}" if self.start_call else ""
        return f"--ops {self.script} --mode {self.blow} --at {self.call}{again}"


@dataclass
class Outcome:
    """What one game showed. ``recovery`` is the seconds from the start after the blow to the first answer."""

    strike: Strike
    struck: str = ""
    problems: list[str] = field(default_factory=list)
    recovery: float = 0.0

    def __str__(self) -> str:
        text = "\n".join(self.problems)
        return f"{self.strike} ({self.struck or 'after the answer'}):\n{text}"


class Stand:
    """One bench and the games on it."""

    def __init__(self, folder: Path) -> None:
        self.bench = Bench(folder)
        self._templates = folder / "templates"
        self._templates.mkdir()

    def close(self) -> None:
        self.bench.close()

    # Templates

    def template(self, script: Script) -> Template:
        """AssertionError when the script does not work even where nothing strikes."""
        folder = self._templates / script.name
        before = self._prepare(script, folder)
        self.lay_out(folder)
        if script.is_at_start:
            after, calls = before, self._count_start()
        else:
            after, calls = self._count_act(script)
        trace = tuple(self.bench.control.trace[:calls])
        findings = self.bench.examine()
        assert not findings, f"{script.name} without a blow: {findings}"
        return Template(script, folder, before, after, calls, trace)

    def _prepare(self, script: Script, folder: Path) -> snapshot.Snapshot:
        """Where the start is struck the server is killed, soon enough that the sweep is left to the next."""
        for _ in range(ATTEMPTS):
            self._clear()
            with self.serving() as (task, client):
                client.make_bucket(PLAIN)
                client.make_bucket(VERSIONED, is_versioned=True)
                script.prepare(client)
                if not script.is_at_start:
                    before = snapshot.take(client)
                task.kill()
            if not script.is_at_start:
                findings = self.bench.examine()
                assert not findings, f"{script.name} prepared: {findings}"
            if script.older:
                bring_to(f"{self.bench.directory}/trug.db", script.older)
            is_ready = script.older or not script.is_at_start or script.name == "start-new"
            if is_ready or has_dropped(str(self.bench.directory)):
                copy(self.bench.directory, folder)
                break
        else:
            raise AssertionError(f"{script.name}: the sweep was always faster")
        if script.is_at_start:
            with self.serving() as (_, client):
                before = snapshot.take(client)
        return before

    def _count_act(self, script: Script) -> tuple[snapshot.Snapshot, int]:
        with self.serving(script.work) as (_, client):
            self.make_ready(script, client)
            self.bench.control.disarm()
            answer = script.act(client)
            if script.makes_files:
                self.wait_for_rest()
            calls = self.bench.control.count
            assert answer is not None
            assert answer.is_success, (script.name, answer)
            return snapshot.take(client), calls

    def _count_start(self) -> int:
        self.bench.control.disarm()
        with self.serving() as _:
            self.wait_for_rest()
            return self.bench.control.count

    def make_ready(self, script: Script, client: Client) -> None:
        """Until the server does nothing by itself, and has the files that the script is to find."""
        self.wait_for_rest()
        if not script.finds_files:
            return
        self.bench.control.disarm()
        answer = spoiled(client)
        assert answer.code == "BadDigest", answer
        for _ in range(1500):
            if has_made_files(self.bench.control.trace):
                break
            time.sleep(STILL)
        else:
            raise AssertionError("no files were made ahead")
        self.wait_for_rest()

    def wait_for_rest(self) -> None:
        """Until the server does nothing by itself."""
        counts = [-1]
        for _ in range(500):
            counts.append(self.bench.control.count)
            if len(set(counts[-RESTING:])) == 1:
                return
            time.sleep(STILL)
        raise AssertionError("the server does not come to rest")

    # Games

    def play(self, template: Template, strike: Strike) -> Outcome:
        """Strike, start again, compare, recover, sweep and check."""
        outcome = Outcome(strike)
        self.lay_out(template.folder)
        try:
            if template.script.is_at_start:
                self._struck_start(strike.call, strike.blow)
                is_done = False
            else:
                is_done = self._struck_act(template.script, strike, outcome)
            outcome.struck = self.bench.control.struck
            if strike.start_call:
                self._struck_start(strike.start_call, strike.blow)
            self._compare(outcome, template, is_done=is_done)
            outcome.problems += self.bench.examine()
        except (AssertionError, Crashed, Lost) as error:
            outcome.problems.append(f"{type(error).__name__}: {error}")
        return outcome

    def _struck_act(self, script: Script, strike: Strike, outcome: Outcome) -> bool:
        """Whether the request was answered."""
        with self.serving(script.work) as (task, client):
            self.make_ready(script, client)
            self.bench.control.arm(strike.call, strike.blow)
            try:
                answer = script.act(client)
                if script.makes_files:
                    self.wait_for_rest()
            except Lost:
                assert task.wait() == -9, "the answer was lost, but the server was not killed"
                return False
            finally:
                struck = self.bench.control.struck
                outcome.struck = struck
        self._expect_success(outcome, answer)
        return True

    def _expect_success(self, outcome: Outcome, answer: Answer | None) -> None:
        if answer is None or not answer.is_success:
            outcome.problems.append(f"answered {answer}")

    def _struck_start(self, call: int, blow: Blow) -> None:
        """Start a server that is killed as it starts, recovers or sweeps; soon after where it makes fewer calls."""
        self.bench.control.arm(call, blow)
        started = self.bench.try_serve()
        if started is None:
            return
        task, client = started
        client.close()
        for _ in range(50):
            if task.wait(STILL) is not None or self.bench.control.count > call:
                break
        task.kill()

    def _compare(self, outcome: Outcome, template: Template, *, is_done: bool) -> None:
        """Start a server and look at what it shows."""
        self.bench.control.disarm()
        began = time.monotonic()
        with self.serving() as (_, client):
            outcome.recovery = time.monotonic() - began
            try:
                found = snapshot.take(client)
            except snapshot.Unreadable as error:
                outcome.problems.append(str(error))
                return
        if not template.allows(found, is_done=is_done):
            outcome.problems.append(snapshot.difference(found, template.before, template.after))

    @contextmanager
    def serving(self, work: str = "serve") -> Iterator[tuple[Task, Client]]:
        """A server, which is killed in the end."""
        task, client = self.bench.serve(work)
        try:
            yield task, client
        finally:
            client.close()
            task.kill()

    def _clear(self) -> None:
        shutil.rmtree(self.bench.directory, ignore_errors=True)
        self.bench.log.write_bytes(b"")

    def lay_out(self, folder: Path) -> None:
        self._clear()
        copy(folder, self.bench.directory)


def has_made_files(trace: Sequence[tuple[str, str]]) -> bool:
    """Whether files were made among the blobs, and then their folder synced."""
    made = [index for index, (call, path) in enumerate(trace) if call == "open" and path.startswith("/blobs/")]
    return bool(made) and any(
        "sync" in call and path == os.path.dirname(trace[made[-1]][1]) for call, path in trace[made[-1] :]
    )


def copy(source: Path, target: Path) -> None:
    """A data directory again; blobs, which nobody may change, are linked."""
    shutil.rmtree(target, ignore_errors=True)
    shutil.copytree(source, target, ignore=shutil.ignore_patterns("socket"), copy_function=link_or_copy)


def link_or_copy(source: str, target: str) -> None:
    if "/data/blobs/" in source or "/data/blobs/" in target:
        os.link(source, target)
    else:
        shutil.copy2(source, target)
