"""The feed after a kill: it tells of every change that was acknowledged, in the order of each key, and as before."""

from __future__ import annotations

import hashlib
import random
import threading
from collections import defaultdict
from pathlib import Path
from typing import Any

import httpx
import pytest
from tests.support.client import Client, Lost, target_of
from tests.support.processes import ServerProcess, serving, start, with_console

BUCKET = "feed"
WRITERS, KEYS, ENOUGH = 3, 4, 60
KEYPAIR = ("minioadmin", "minioadmin")
REMOVED = ""
"""Stands for the ETag of a key that was deleted."""
SECONDS = 60


class Writer:
    """Overwrites and deletes keys of its own until the server is gone; ``told`` is what was acknowledged, in order."""

    def __init__(self, number: int, enough: threading.Semaphore) -> None:
        self._number = number
        self._enough = enough
        self._rng = random.Random(number)
        self.told: dict[str, list[str]] = defaultdict(list)

    def run(self, url: str) -> None:
        client = Client(url)
        try:
            for turn in range(100_000):
                key = f"{self._number}/{self._rng.randrange(KEYS)}"
                self._write(client, key, turn)
                self._enough.release()
        except Lost:
            pass
        finally:
            client.close()

    def _write(self, client: Client, key: str, turn: int) -> None:
        before = self.told[key]
        if before and before[-1] != REMOVED and self._rng.random() < 0.2:
            assert client.ask("DELETE", target_of(BUCKET, key)).status == 204
            before.append(REMOVED)
            return
        content = b"%s %d" % (key.encode(), turn)
        assert client.ask("PUT", target_of(BUCKET, key), content).status == 200
        before.append(hashlib.md5(content, usedforsecurity=False).hexdigest())


def feed(server: ServerProcess) -> list[dict[str, Any]]:
    """All that the feed tells of the bucket's keys."""
    events: list[dict[str, Any]] = []
    with httpx.Client(base_url=server.console, auth=KEYPAIR, timeout=SECONDS) as client:
        query: dict[str, Any] = {"bucket": BUCKET, "type": "s3:*", "limit": 1000}
        while True:
            page = client.get("/api/v1/events", params=query).json()
            events += page["events"]
            if not page["more"]:
                return events
            query["since"] = page["next"]


def is_within(wanted: list[str], found: list[str]) -> bool:
    """Whether all that is wanted was found, in this order."""
    rest = iter(found)
    return all(etag in rest for etag in wanted)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_after_a_kill_the_feed_tells_of_all_that_was_acknowledged(tmp_path: Path, workers: str) -> None:
    enough = threading.Semaphore(0)
    writers = [Writer(number, enough) for number in range(WRITERS)]
    first = start(tmp_path, ("--workers", workers), with_console())
    try:
        client = Client(first.url)
        assert client.ask("PUT", target_of(BUCKET)).status == 200
        client.close()
        threads = [threading.Thread(target=writer.run, args=(first.url,)) for writer in writers]
        for thread in threads:
            thread.start()
        for _ in range(ENOUGH):
            assert enough.acquire(timeout=SECONDS)
        before = feed(first)
        for _ in range(ENOUGH):
            assert enough.acquire(timeout=SECONDS)
    finally:
        first.kill()
    for thread in threads:
        thread.join(SECONDS)
    with serving(tmp_path, usual=with_console()) as second:
        after = feed(second)
    assert after[: len(before)] == before
    sequences = [event["sequence"] for event in after]
    assert sequences == sorted(set(sequences))
    found: dict[str, list[str]] = defaultdict(list)
    for event in after:
        found[event["key"]].append(event.get("etag", REMOVED))
    for writer in writers:
        for key, told in writer.told.items():
            assert is_within(told, found[key]), key
