"""The storm: busy clients, a kill at a random call, a restart, and the question whether every answer was kept."""

from __future__ import annotations

import json
import random
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.crash.contents import content, digest
from tests.crash.launcher import Bench, Task
from tests.crash.scripts import PLAIN, VERSIONED
from tests.crash.shim import BLOWS
from tests.support.client import Answer, Client, Lost, target_of

ABSENT = ""
"""Stands for the digest of a key that has no object."""

KEYS_PER_CLIENT = 10
SIZES = (0, 700, 1 << 10, 20 << 10, 100 << 10, 600 << 10)
MOST_CALLS = 600
EXAMINE_EVERY = 10
PART = 5 << 20


@dataclass
class Ledger:
    """What clients asked for and what they were told; also written to a file, a line before and after each request.

    ``values`` are the digests that a key may show: one when the last answer is known, more while it is in doubt.
    ``versions`` are the digests of acknowledged versions. Each key belongs to one client.
    """

    path: Path
    values: dict[tuple[str, str], set[str]] = field(default_factory=dict)
    versions: dict[tuple[str, str, str], str] = field(default_factory=dict)
    acknowledged: int = 0
    in_doubt: int = 0
    refusals: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._file = self.path.open("w")
        self._lock = threading.Lock()

    def close(self) -> None:
        self._file.close()

    def of(self, place: tuple[str, str]) -> set[str]:
        return self.values.setdefault(place, {ABSENT})

    @contextmanager
    def asking(self, name: str, place: tuple[str, str], value: str) -> Iterator[list[Answer]]:
        """A write that would make the key show ``value``; whoever asks puts the answer in the list."""
        before = self.of(place)
        self.values[place] = before | {value}
        self._write("intent", name, *place, value)
        answers: list[Answer] = []
        try:
            yield answers
        except Lost:
            with self._lock:
                self.in_doubt += 1
            raise
        (answer,) = answers
        self._write("answer", name, *place, str(answer.status))
        with self._lock:
            self.acknowledged += answer.is_success
            if not answer.is_success:
                self.refusals.append(f"{name} {place}: {answer.status} {answer.code}")
                return
        self.values[place] = {value}
        version = answer.headers.get("x-amz-version-id")
        if version is not None and value != ABSENT:
            self.versions[(*place, version)] = value

    def _write(self, *words: str) -> None:
        with self._lock:
            self._file.write(json.dumps(words) + "\n")
            self._file.flush()


class Guest:
    """One client with keys of its own, writing until its server is gone."""

    def __init__(self, number: int, ledger: Ledger, seed: int) -> None:
        self._ledger = ledger
        self._rng = random.Random(f"{seed} {number}")
        self._turn = 0
        self._places = [
            (bucket, f"client {number}/{key}") for bucket in (PLAIN, VERSIONED) for key in range(KEYS_PER_CLIENT // 2)
        ]
        self.failure: BaseException | None = None

    def run(self, url: str, until: threading.Event) -> None:
        try:
            with Client(url) as client:
                while not until.is_set():
                    self._step(client)
        except Lost:
            return
        except BaseException as failure:
            self.failure = failure
            raise

    def _step(self, client: Client) -> None:
        weights = {self._put: 8, self._delete: 2, self._copy: 2, self._upload: 1}
        (step,) = self._rng.choices(list(weights), list(weights.values()))
        step(client, self._rng.choice(self._places))

    def _content(self) -> bytes:
        self._turn += 1
        return content(f"{self._places[0][1]} {self._turn} {self._rng.random()}", self._rng.choice(SIZES))

    def _put(self, client: Client, place: tuple[str, str]) -> None:
        body = self._content()
        with self._ledger.asking("PutObject", place, digest(body)) as answers:
            answers.append(client.put(*place, body))

    def _delete(self, client: Client, place: tuple[str, str]) -> None:
        with self._ledger.asking("DeleteObject", place, ABSENT) as answers:
            answers.append(client.delete(*place))

    def _copy(self, client: Client, place: tuple[str, str]) -> None:
        source = self._rng.choice(self._places)
        values = self._ledger.of(source)
        if source == place or len(values) > 1 or ABSENT in values:
            return
        (value,) = values
        with self._ledger.asking("CopyObject", place, value) as answers:
            answers.append(client.copy(*place, target_of(*source)))

    def _upload(self, client: Client, place: tuple[str, str]) -> None:
        upload = client.begin_upload(*place)
        bodies = [content(f"{place} {upload} 1", PART), self._content()][self._rng.randint(0, 1) :]
        etags = {}
        for number, body in enumerate(bodies, 1):
            answer = client.put_part(*place, upload, number, body)
            assert answer.is_success, answer
            etags[number] = answer.etag
        if self._rng.random() < 0.2:
            assert client.delete(*place, {"uploadId": upload}).is_success
            return
        with self._ledger.asking("CompleteMultipartUpload", place, digest(b"".join(bodies))) as answers:
            answers.append(client.complete_upload(*place, upload, etags))


class Storm:
    """Rounds on one data directory."""

    def __init__(self, bench: Bench, clients: int, seed: int) -> None:
        self._bench = bench
        self._rng = random.Random(seed)
        self.ledger = Ledger(bench.folder / "ledger.jsonl")
        self._guests = [Guest(number, self.ledger, seed) for number in range(clients)]
        self._seen: set[tuple[str, str, str]] = set()
        self.longest_recovery = 0.0

    def begin(self) -> None:
        task, client = self._bench.serve()
        with client:
            client.make_bucket(PLAIN)
            client.make_bucket(VERSIONED, is_versioned=True)
        task.kill()

    def round(self, number: int) -> list[str]:
        """Write, kill, start, verify; what is wrong. Now and then the start is struck too, or the store examined."""
        task, client = self._serve(self._rng.choice(("serve", "serve-ahead")))
        self._bench.control.arm(self._rng.randint(1, MOST_CALLS), BLOWS[self._rng.choice(("kill", "tear"))])
        with client:
            self._write_until_killed(client.url, task)
        if self._rng.random() < 0.25:
            self._struck_start()
        problems = self._verify()
        if number % EXAMINE_EVERY == 0:
            problems += self._bench.examine()
        return problems

    def _serve(self, work: str = "serve") -> tuple[Task, Client]:
        self._bench.control.disarm()
        return self._bench.serve(work)

    def _write_until_killed(self, url: str, task: Task) -> None:
        until = threading.Event()
        threads = [threading.Thread(target=guest.run, args=(url, until)) for guest in self._guests]
        for thread in threads:
            thread.start()
        if task.wait(30) is None:
            task.kill()
        until.set()
        for thread in threads:
            thread.join()
        for guest in self._guests:
            if guest.failure is not None:
                raise guest.failure

    def _struck_start(self) -> None:
        self._bench.control.arm(self._rng.randint(1, 60), BLOWS["kill"])
        started = self._bench.try_serve()
        if started is None:
            return
        task, client = started
        client.close()
        task.kill()

    def _verify(self) -> list[str]:
        """Every key shows what it may, which is then what it shows; each new version is there and whole."""
        began = time.monotonic()
        task, client = self._serve()
        self.longest_recovery = max(self.longest_recovery, time.monotonic() - began)
        problems = self.ledger.refusals[:]
        self.ledger.refusals.clear()
        with client:
            for place, allowed in self.ledger.values.items():
                found = shown(client, *place)
                if found not in allowed:
                    problems.append(f"{place}: shows {found or 'nothing'}, may show {sorted(allowed)}")
                self.ledger.values[place] = {found}
            for version in self.ledger.versions.keys() - self._seen:
                bucket, key, version_id = version
                found = shown(client, bucket, key, version_id)
                if found != self.ledger.versions[version]:
                    problems.append(f"{version}: shows {found or 'nothing'}, was {self.ledger.versions[version]}")
            self._seen = set(self.ledger.versions)
        task.kill()
        return problems

    def end(self) -> list[str]:
        """All versions once more, and the whole store."""
        self._seen = set()
        problems = self._verify() + self._bench.examine()
        self.ledger.close()
        return problems


def shown(client: Client, bucket: str, key: str, version_id: str = "") -> str:
    """The digest of what a key shows, or the error in place of one."""
    answer = client.get(bucket, key, {"versionId": version_id} if version_id else None)
    if answer.is_success:
        return digest(answer.body)
    return ABSENT if answer.status == 404 else f"{answer.status} {answer.code}"


def run(*, kills: int, clients: int, seed: int, seconds: float, show: Callable[[str], None]) -> int:
    """So many rounds, or until the time is up; the exit code."""
    deadline = time.monotonic() + seconds
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="trug-storm-") as folder, Bench(Path(folder)) as bench:
        storm = Storm(bench, clients, seed)
        storm.begin()
        number = 0
        while number < kills and time.monotonic() < deadline:
            number += 1
            problems = storm.round(number)
            if problems:
                show(f"FAILED round {number} ({bench.control.struck}):\n" + "\n".join(problems))
            failed += bool(problems)
            passed += not problems
        problems = storm.end()
        if problems:
            show("FAILED in the end:\n" + "\n".join(problems))
        failed += bool(problems)
        passed += not problems
        ledger = storm.ledger
        show(f"{number} kills; {ledger.acknowledged} writes acknowledged, {ledger.in_doubt} in doubt")
        show(f"longest recovery {storm.longest_recovery:.2f} s")
    show(f"{passed} passed, {failed} failed")
    return int(failed > 0)
