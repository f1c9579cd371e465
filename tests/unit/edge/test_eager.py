"""Work that runs at once as far as it can, and is a task from there on."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from tests.support.served import LOOPS

from trug.edge import eager

Runs = Callable[[Callable[[], Coroutine[Any, Any, None]]], None]


@pytest.fixture(params=LOOPS)
def runs(request: pytest.FixtureRequest) -> Runs:
    """Runs a test on each loop."""

    def run(test: Callable[[], Coroutine[Any, Any, None]]) -> None:
        with asyncio.Runner(loop_factory=LOOPS[request.param]) as runner:
            runner.run(test())

    return run


class Ended:
    """What ``then`` is given: counts, and can be waited for."""

    def __init__(self) -> None:
        self.times = 0
        self._event = asyncio.Event()

    def __call__(self) -> None:
        self.times += 1
        self._event.set()

    async def wait(self) -> None:
        await asyncio.wait_for(self._event.wait(), 10)


def begin(work: Coroutine[Any, Any, None], then: Callable[[], None]) -> asyncio.Task[None] | None:
    return eager.run(work, asyncio.get_running_loop(), then)


def test_work_that_never_waits_is_no_task(runs: Runs) -> None:
    async def test() -> None:
        done: list[int] = []

        async def work() -> None:
            done.append(1)

        ended = Ended()
        assert begin(work(), ended) is None
        assert (done, ended.times) == ([1], 0)

    runs(test)


def test_work_goes_on_where_it_waited(runs: Runs) -> None:
    """For a future that is done before its task has begun, for the next turn, for a thread, again and again."""

    async def test() -> None:
        seen: list[object] = []
        loop = asyncio.get_running_loop()
        future: asyncio.Future[int] = loop.create_future()

        async def work() -> None:
            seen.append(await future)
            await asyncio.sleep(0)
            seen.append(await asyncio.to_thread(lambda: 2))
            async with asyncio.timeout(10):  # by now it has a task
                await asyncio.sleep(0.001)
            seen.append(asyncio.current_task())

        ended = Ended()
        task = begin(work(), ended)
        future.set_result(1)
        await ended.wait()
        assert seen == [1, 2, task]

    runs(test)


def test_what_fails_before_it_waits_is_raised(runs: Runs) -> None:
    async def test() -> None:
        async def work() -> None:
            raise KeyError("x")

        ended = Ended()
        with pytest.raises(KeyError):
            begin(work(), ended)
        assert ended.times == 0

    runs(test)


def test_what_fails_later_is_the_tasks(runs: Runs) -> None:
    async def test() -> None:
        async def work() -> None:
            await asyncio.sleep(0)
            raise KeyError("x")

        ended = Ended()
        task = begin(work(), ended)
        assert task is not None
        await ended.wait()
        assert isinstance(task.exception(), KeyError)

    runs(test)


@pytest.mark.parametrize("turns", [0, 1, 3])
def test_a_task_that_is_cancelled_cancels_the_work(runs: Runs, turns: int) -> None:
    """Even before its first turn: the work is where it waited, and cleans up after itself, waiting if it must."""

    async def test() -> None:
        seen: list[str] = []

        async def work() -> None:
            try:
                await asyncio.get_running_loop().create_future()
            except asyncio.CancelledError:
                seen.append("cancelled")
                raise
            finally:
                await asyncio.sleep(0.001)
                seen.append("clean")

        ended = Ended()
        task = begin(work(), ended)
        assert task is not None
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await ended.wait()
        assert seen == ["cancelled", "clean"]
        assert task.cancelled()

    runs(test)


def test_work_may_survive_being_cancelled(runs: Runs) -> None:
    async def test() -> None:
        seen: list[int] = []

        async def work() -> None:
            try:
                await asyncio.sleep(10)
            except asyncio.CancelledError:
                seen.append(1)
            await asyncio.sleep(0)
            seen.append(2)

        ended = Ended()
        task = begin(work(), ended)
        assert task is not None
        task.cancel()
        await ended.wait()
        assert seen == [1, 2]

    runs(test)


def test_the_rest_of_the_work_is_closed_with_it(runs: Runs) -> None:
    async def test() -> None:
        seen: list[str] = []

        async def work() -> None:
            try:
                await asyncio.sleep(10)
            finally:
                seen.append("left")

        inner = work()
        rest = eager.Rest(inner, inner.send(None))
        rest.close()
        assert seen == ["left"]

    runs(test)
