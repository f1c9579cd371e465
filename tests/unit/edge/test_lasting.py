"""Answers begun in time: what they leave behind."""

from __future__ import annotations

import asyncio
import gc
import weakref

import pytest

from trug.edge.lasting import in_time
from trug.wire.reply import Reply


class Held:
    """What a handler has in hand when it fails, as a reading that the sweep waits for."""


@pytest.mark.parametrize("seconds", [10, 0.01])
def test_a_failure_holds_nothing(seconds: float) -> None:
    """Garbage is collected seldom: a cycle through the failure would keep what the handler held."""
    left: list[weakref.ref[Held]] = []

    async def fail() -> Reply:
        held = Held()
        left.append(weakref.ref(held))
        await asyncio.sleep(0 if seconds > 1 else 0.03)
        raise ValueError(str(held))

    async def ask() -> None:
        try:
            reply = await in_time(fail(), seconds, "key", lambda failure: Reply(400, body=b"?>\n<Error/>"))
        except ValueError:
            return
        assert not isinstance(reply.body, bytes | memoryview)
        pieces = [bytes(piece) async for piece in reply.body]
        assert pieces[-1] == b"<Error/>"

    gc.collect()
    gc.disable()
    try:
        asyncio.run(ask())
        assert left[0]() is None
    finally:
        gc.enable()


def test_given_up_with_its_caller() -> None:
    ended = []

    async def wait() -> Reply:
        try:
            await asyncio.sleep(10)
        finally:
            ended.append(True)
        return Reply()

    async def leave() -> None:
        asking = asyncio.create_task(in_time(wait(), 10, "key", lambda failure: Reply()))
        await asyncio.sleep(0.01)
        asking.cancel()
        await asyncio.wait((asking,))
        assert asking.cancelled()

    asyncio.run(leave())
    assert ended == [True]
