"""What the store does for itself: rows that are too old go, free pages are given back."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest
from tests.support.changes import apply, increment
from tests.support.clock import HandClock
from tests.support.sql import below, play

from trug.adapters.sql import commit, reads, upkeep
from trug.adapters.sql.store import SqlMetadata
from trug.ports.effects import Announce, PutInline, RemoveInline

SECOND = 1_000_000
NOW = 1_700_000_000 * SECOND


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(commit, "IDLE_S", 0.001)
    monkeypatch.setattr(upkeep, "ROWS_AT_ONCE", 3)


async def settled(store: SqlMetadata) -> None:
    """Until the thread has nothing left to do for itself."""
    committer = store._opened.committer
    for _ in range(2_000):
        if not committer._has_chores:
            return
        await asyncio.sleep(0.005)
    raise AssertionError("there is always more to do")


def test_the_feed_and_its_moments_go_back_so_far(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reads, "FEED_KEPT", 5)
    monkeypatch.setattr(upkeep, "MOMENTS_KEPT", 10)
    clock = HandClock(NOW)

    async def scene(store: SqlMetadata) -> None:
        for second in range(20):
            clock.time = NOW + second * SECOND
            await store.commit(apply(Announce("put", 1)))
        await settled(store)
        assert (await store.commit(apply())).sequence == 21

    play(tmp_path, scene, clock=clock)
    with below(tmp_path) as connection:
        sequences = [row[0] for row in connection.execute("SELECT sequence FROM feed")]
        seconds = [row[0] - NOW // SECOND for row in connection.execute("SELECT second FROM moments")]
    assert sequences[0] in (15, 16)
    assert (seconds[0], seconds[-1], sequences[-1]) == (9, 19, 20)


def test_what_is_young_enough_stays(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        for _ in range(20):
            await store.commit(apply(Announce("put", 1)))
        await settled(store)

    play(tmp_path, scene)
    with below(tmp_path) as connection:
        assert connection.execute("SELECT count(*) FROM feed").fetchone() == (20,)


def test_free_pages_are_given_back_but_some(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(upkeep, "FREE_KEPT", 50)
    monkeypatch.setattr(upkeep, "PAGES_AT_ONCE", 7)

    async def scene(store: SqlMetadata) -> None:
        await store.commit(apply(*(PutInline(number, bytes(50_000)) for number in range(20))))
        await store.commit(apply(*(RemoveInline(number) for number in range(19))))
        await settled(store)
        assert await store.commit(increment()) == 1

    play(tmp_path, scene)
    with below(tmp_path) as connection:
        assert connection.execute("PRAGMA freelist_count").fetchone()[0] <= 50
        assert connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
    assert os.stat(tmp_path / "trug.db").st_size < 600_000
