"""jobs/following.py: every event at least once, in order, from where the follower was."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import pytest
from tests.support.changes import apply
from tests.support.clock import HandClock

from trug.adapters.memory.metadata import MemoryMetadata
from trug.jobs import following
from trug.jobs.following import Follower, moved
from trug.ports.effects import Announce
from trug.ports.rows import Event
from trug.ports.stores import MetadataStore, Unavailable


class Reader:
    """Remembers what it was handed; raises for what it is told to fail once."""

    def __init__(self, *failing: str) -> None:
        self.seen: list[tuple[int, str]] = []
        self._failing = set(failing)

    async def __call__(self, events: Sequence[Event]) -> None:
        for event in events:
            if event.key in self._failing:
                self._failing.remove(event.key)
                raise ValueError(event.key)
            self.seen.append((event.sequence, event.key))

    @property
    def keys(self) -> str:
        return "".join(key for _, key in self.seen)


def follower(
    store: MetadataStore,
    reader: Reader,
    is_wanted: Callable[[], Awaitable[bool]] = following.everybody,
    missed: Callable[[], Awaitable[None]] | None = None,
) -> Follower:
    return Follower(store, "test", reader, kinds=frozenset({"put"}), is_wanted=is_wanted, missed=missed)


async def announce(store: MetadataStore, keys: str, kind: str = "put") -> None:
    for key in keys:
        await store.commit(apply(Announce(kind, 1, key)))


def test_another_one_goes_on_where_the_first_was() -> None:
    async def scene() -> None:
        store, first, second = MemoryMetadata(HandClock()), Reader(), Reader()
        await announce(store, "abc")
        await announce(store, "x", "other")
        assert not await follower(store, first).run()
        await announce(store, "de")
        await follower(store, second).run()
        assert (first.keys, second.keys) == ("abc", "de")

    asyncio.run(scene())


def test_what_failed_comes_again_with_the_same_sequence() -> None:
    async def scene() -> None:
        store, reader = MemoryMetadata(HandClock()), Reader("c")
        following_it = follower(store, reader)
        await announce(store, "abcd")
        with pytest.raises(ValueError, match="c"):
            await following_it.run()
        await following_it.run()
        assert reader.keys == "ababcd"
        assert len(set(reader.seen)) == 4

    asyncio.run(scene())


def test_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "AT_ONCE", 2)

    async def scene() -> None:
        store, reader = MemoryMetadata(HandClock()), Reader()
        following_it = follower(store, reader)
        await announce(store, "abcde")
        steps = [await following_it.run() for _ in range(6)]
        assert reader.keys == "abcde"
        assert steps[-1] is False

    asyncio.run(scene())


def test_nothing_is_written_where_nothing_was_for_it() -> None:
    async def scene() -> None:
        store, reader = MemoryMetadata(HandClock()), Reader()
        following_it = follower(store, reader)
        await announce(store, "abc", "other")
        last = store.sequence
        for _ in range(3):
            await following_it.run()
        assert store.sequence == last

    asyncio.run(scene())


def test_what_is_not_wanted_is_passed_over_and_what_comes_after_is_not() -> None:
    async def scene() -> None:
        store, reader, wanted = MemoryMetadata(HandClock()), Reader(), False

        async def is_wanted() -> bool:
            return wanted

        following_it = follower(store, reader, is_wanted)
        await announce(store, "abc")
        await following_it.run()
        wanted = True
        await announce(store, "d")
        await following_it.run()
        assert reader.keys == "d"

    asyncio.run(scene())


def test_who_comes_too_late_is_told_so() -> None:
    async def scene() -> None:
        store, reader, late = MemoryMetadata(HandClock(), feed_kept=3), Reader(), []

        async def missed() -> None:
            late.append(True)

        await announce(store, "abcdefgh")
        await follower(store, reader, missed=missed).run()
        assert late == [True]
        assert "fgh" in reader.keys
        assert "a" not in reader.keys

    asyncio.run(scene())


def test_it_goes_on_until_it_is_cancelled(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(following, "REST", 0.001)
    monkeypatch.setattr(following, "PERIOD", 0.001)

    async def scene() -> None:
        store, reader = MemoryMetadata(HandClock()), Reader("b")
        task = asyncio.create_task(follower(store, reader).keep_following())
        await announce(store, "abc")
        for _ in range(2000):
            if "c" in reader.keys:
                break
            await asyncio.sleep(0.001)
        await announce(store, "d")
        for _ in range(2000):
            if "d" in reader.keys:
                break
            await asyncio.sleep(0.001)
        task.cancel()
        await asyncio.wait((task,))
        assert set(reader.keys) == set("abcd")

    asyncio.run(scene())


class Looked(MemoryMetadata):
    """Counts how often somebody looks whether anything was committed."""

    looks = 0

    @property
    def sequence(self) -> int:
        self.looks += 1
        return super().sequence


def test_many_wait_and_one_looks() -> None:
    many = 300

    async def scene() -> None:
        store, ending = Looked(HandClock()), asyncio.Event()
        await announce(store, "a")
        place, before = store.sequence, store.looks
        waiting = [asyncio.create_task(moved(store, place)) for _ in range(many)]
        over = asyncio.create_task(moved(store, 1 << 60, seconds=0.001))
        leaving = asyncio.create_task(moved(store, 1 << 60, ending=ending))
        gone = asyncio.create_task(moved(store, 1 << 60))
        await asyncio.wait_for(over, 30)
        gone.cancel()
        for _ in range(3):
            await asyncio.sleep(following.PERIOD)
        assert not any(task.done() for task in waiting)
        assert store.looks - before < 2 * many
        ending.set()
        await asyncio.wait_for(leaving, 30)
        await announce(store, "b")
        await asyncio.wait_for(asyncio.gather(*waiting), 30)

    asyncio.run(scene())
    asyncio.run(scene())


def test_who_waits_is_told_what_became_of_the_store() -> None:
    class Closed(MemoryMetadata):
        is_closed = False

        @property
        def sequence(self) -> int:
            if self.is_closed:
                raise Unavailable("closed")
            return super().sequence

    async def scene() -> None:
        store = Closed(HandClock())
        waiting = asyncio.create_task(moved(store, 1 << 60))
        await asyncio.sleep(0)
        store.is_closed = True
        with pytest.raises(Unavailable):
            await asyncio.wait_for(waiting, 30)

    asyncio.run(scene())
