"""The pool lends no more than its cap, in turn, little to many, and takes back what a cancelled borrower had."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack

import pytest

from trug.engine.buffers import BUFFER, CAP, BufferPool


def test_lends_up_to_its_cap() -> None:
    async def scene() -> None:
        pool = BufferPool(10)
        order: list[str] = []

        async def borrow(name: str, size: int, until: asyncio.Event) -> None:
            await pool.reserve(size)
            order.append(name)
            await until.wait()
            pool.give_back(size)

        first, second = asyncio.Event(), asyncio.Event()
        second.set()
        one = asyncio.create_task(borrow("one", 8, first))
        await asyncio.sleep(0)
        large = asyncio.create_task(borrow("large", 8, second))
        small = asyncio.create_task(borrow("small", 2, second))
        await asyncio.sleep(0)
        assert order == ["one"], "first come, first served: a small one does not overtake"
        first.set()
        await asyncio.gather(one, large, small)
        assert order == ["one", "large", "small"]

    asyncio.run(scene())


def test_a_cancelled_wait_holds_up_nobody() -> None:
    async def scene() -> None:
        pool = BufferPool(10)
        await pool.reserve(10)
        waiting = asyncio.create_task(pool.reserve(6))
        behind = asyncio.create_task(pool.reserve(4))
        await asyncio.sleep(0)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        pool.give_back(10)
        await behind

    asyncio.run(scene())


def test_a_turn_given_to_a_cancelled_borrower_comes_back() -> None:
    async def scene() -> None:
        pool = BufferPool(10)
        await pool.reserve(10)
        waiting = asyncio.create_task(pool.reserve(10))
        await asyncio.sleep(0)
        pool.give_back(10)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await pool.reserve(10)

    asyncio.run(scene())


def test_buffers_are_used_again() -> None:
    async def scene() -> None:
        pool = BufferPool(4 * BUFFER)
        async with pool.lend_pair() as (one, other):
            assert one.obj is not other.obj
        async with pool.lend() as again:
            assert again.obj in (one.obj, other.obj)
            async with pool.lend() as third:
                assert third.obj is not again.obj

    asyncio.run(scene())


def test_a_turn_in_which_memory_came_back_may_be_cancelled() -> None:
    async def scene() -> None:
        pool = BufferPool(10)
        await pool.reserve(10)
        waiting = asyncio.create_task(pool.reserve(10))
        behind = asyncio.create_task(pool.reserve(10))
        await asyncio.sleep(0)
        waiting.cancel()
        pool.give_back(10)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await behind

    asyncio.run(scene())


def test_slow_uploads_leave_memory_to_others() -> None:
    async def scene() -> None:
        pool = BufferPool()
        async with AsyncExitStack() as slow, asyncio.timeout(5):
            sizes = [len((await slow.enter_async_context(pool.lend_pair()))[0]) for _ in range(250)]
            assert sizes == sorted(sizes, reverse=True)
            assert sizes.count(BUFFER) * 2 * BUFFER == CAP // 2
            assert not pool.may_lend(BUFFER)
            assert pool.may_lend(BUFFER // 16)
            async with pool.lend_pair():
                pass
        assert pool.may_lend(BUFFER)

    asyncio.run(scene())
