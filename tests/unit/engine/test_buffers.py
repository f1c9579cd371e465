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
            async with pool.lend(size) as buffer:
                assert len(buffer) == size
                order.append(name)
                await until.wait()

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
        async with pool.lend(10):
            waiting = asyncio.create_task(pool.lend(6).__aenter__())
            behind = asyncio.create_task(pool.lend(4).__aenter__())
            await asyncio.sleep(0)
            waiting.cancel()
            with pytest.raises(asyncio.CancelledError):
                await waiting
        assert len(await behind) == 4

    asyncio.run(scene())


def test_a_turn_given_to_a_cancelled_borrower_comes_back() -> None:
    async def scene() -> None:
        pool = BufferPool(10)
        holding = pool.lend(10)
        await holding.__aenter__()
        waiting = asyncio.create_task(pool.lend(10).__aenter__())
        await asyncio.sleep(0)
        await holding.__aexit__(None, None, None)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        async with pool.lend(10) as buffer:
            assert len(buffer) == 10

    asyncio.run(scene())


def test_pairs_are_used_again() -> None:
    async def scene() -> None:
        pool = BufferPool(4 * BUFFER)
        async with pool.lend_pair() as (one, other):
            assert one.obj is not other.obj
            kept = one.obj
        async with pool.lend_pair() as (again, _):
            assert again.obj is kept

    asyncio.run(scene())


def test_a_turn_in_which_memory_came_back_may_be_cancelled() -> None:
    async def scene() -> None:
        pool = BufferPool(10)
        holding = pool.lend(10)
        await holding.__aenter__()
        waiting = asyncio.create_task(pool.lend(10).__aenter__())
        behind = asyncio.create_task(pool.lend(10).__aenter__())
        await asyncio.sleep(0)
        waiting.cancel()
        await holding.__aexit__(None, None, None)
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert len(await behind) == 10

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
