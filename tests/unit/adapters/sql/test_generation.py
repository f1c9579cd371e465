"""The words in shared memory, and the write lock."""

from __future__ import annotations

import asyncio
import os
import threading
from pathlib import Path

from tests.support.changes import apply, increment
from tests.support.clock import HandClock

from trug.adapters.sql.generation import Words
from trug.adapters.sql.lock import WriteLock
from trug.adapters.sql.store import SqlMetadata


def test_a_word_is_seen_by_all_who_open_it(tmp_path: Path) -> None:
    one, two = (Words(str(tmp_path / "generation")) for _ in range(2))
    assert one.value == two.value == 0
    one.show(5, moving=True)
    assert two.value == 11
    two.show(6)
    assert one.value == 12
    one.close()
    two.close()
    again = Words(str(tmp_path / "generation"))
    assert again.value == 12
    again.close()
    again.close()


def test_a_lock_is_closed_once(tmp_path: Path) -> None:
    lock = WriteLock(str(tmp_path / "write"))
    lock.close()
    others = [os.open(tmp_path / "write", os.O_RDONLY) for _ in range(4)]
    lock.close()
    for descriptor in others:
        os.close(descriptor)


def test_the_write_lock_is_held_by_one(tmp_path: Path) -> None:
    one, two = (WriteLock(str(tmp_path / "write")) for _ in range(2))
    taken = threading.Event()

    def take() -> None:
        with two:
            taken.set()

    with one:
        thread = threading.Thread(target=take)
        thread.start()
        assert not taken.wait(0.05)
    thread.join(30)
    assert taken.is_set()
    assert (one.waited, two.waited > 0) == (0, True)
    one.close()
    two.close()


def test_words_that_a_crash_left_behind_are_repaired(tmp_path: Path) -> None:
    async def scene() -> None:
        store = SqlMetadata.open(tmp_path, clock=HandClock(), durability="none")
        await store.commit(increment())
        generation = store.generation
        words = Words(str(tmp_path / "locks" / "generation"))
        words.show(generation // 2, moving=True)
        words.sequence = 0
        assert (store.generation, store.sequence) == (generation + 1, 0)
        await store.compare()
        assert (store.generation, store.sequence) == (generation, 1)
        await store.compare()
        words.close()
        await store.close()

    asyncio.run(scene())


def test_lock_time_goes_on_from_where_the_first_process_began(tmp_path: Path) -> None:
    """Whoever joins later, and whoever opens anew, does not believe a wall clock that has jumped."""

    async def scene() -> None:
        clock = HandClock()
        soon = clock.now() + 3600 * 1_000_000
        first = SqlMetadata.open(tmp_path, clock=clock, durability="none")
        clock.time += 365 * 86_400 * 1_000_000
        later = SqlMetadata.open(tmp_path, clock=clock, durability="none", is_first=False, is_shared=True)
        for store in (first, later):
            assert (await store.commit(apply())).lock_time < soon
        await first.reopen()
        assert (await first.commit(apply())).lock_time < soon
        await later.close()
        await first.close()

    asyncio.run(scene())
