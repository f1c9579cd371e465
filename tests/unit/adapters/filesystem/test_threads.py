"""A crew does what it is given, waits for the end of it, and ends."""

from __future__ import annotations

import asyncio
import gc
import threading
from collections.abc import Callable

import pytest

from trug.adapters.filesystem.threads import Crew


def with_crew(most: int, scene: Callable[[Crew], object]) -> None:
    async def run() -> None:
        crew = Crew(most, "crew")
        try:
            await scene(crew)  # type: ignore[misc]
        finally:
            await asyncio.to_thread(crew.close)

    before = threading.active_count()
    asyncio.run(run())
    assert threading.active_count() == before


def test_all_is_done_beside_each_other() -> None:
    met = threading.Barrier(3, timeout=10)

    async def scene(crew: Crew) -> None:
        await crew.run(met.wait, met.wait, met.wait)

    with_crew(3, scene)


def test_no_more_threads_than_allowed_and_none_before_they_are_needed() -> None:
    async def scene(crew: Crew) -> None:
        names: set[str] = set()

        def note() -> None:
            names.add(threading.current_thread().name)

        for _ in range(20):
            await crew.run(note)
        assert names == {"crew_0"}
        await asyncio.gather(*(crew.run(note) for _ in range(100)))
        assert names <= {"crew_0", "crew_1"}

    with_crew(2, scene)


def test_an_error_is_raised_once_all_have_ended() -> None:
    ended = []
    failed = threading.Event()

    def fails() -> None:
        failed.set()
        raise ZeroDivisionError

    def ends_later() -> None:
        assert failed.wait(10)
        ended.append(True)

    async def scene(crew: Crew) -> None:
        with pytest.raises(ZeroDivisionError):
            await crew.run(fails, ends_later)
        assert ended

    with_crew(2, scene)


@pytest.mark.parametrize("times", [1, 3])
def test_who_is_cancelled_waits_for_the_end(times: int) -> None:
    has_begun, may_end = threading.Event(), threading.Event()

    def work() -> None:
        has_begun.set()
        assert may_end.wait(10)

    async def scene(crew: Crew) -> None:
        running = asyncio.create_task(crew.run(work, work))
        await asyncio.to_thread(has_begun.wait, 10)
        for _ in range(times):
            running.cancel()
            for _ in range(3):
                await asyncio.sleep(0)
        assert not running.done()
        may_end.set()
        with pytest.raises(asyncio.CancelledError):
            await running

    with_crew(2, scene)


def test_a_failure_leaves_no_cycle() -> None:
    class OnlyHereError(Exception):
        """No other test leaves one of these behind."""

    def fails() -> None:
        raise OnlyHereError

    async def scene(crew: Crew) -> None:
        gc.collect()
        gc.disable()
        try:
            for _ in range(3):
                with pytest.raises(OnlyHereError):
                    await crew.run(fails)
            assert not [found for found in gc.get_objects() if isinstance(found, OnlyHereError)]
        finally:
            gc.enable()

    with_crew(1, scene)


def test_a_closed_crew_takes_no_work() -> None:
    async def scene(crew: Crew) -> None:
        crew.close()
        with pytest.raises(RuntimeError):
            await crew.run(list)

    with_crew(1, scene)
