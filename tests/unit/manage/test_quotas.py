"""Commands on quotas."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable

import pytest
from tests.support.managed import managed_in_memory

from trug.adapters.clock import SystemClock
from trug.adapters.memory.blobs import MemoryBlobs
from trug.engine.engine import Engine
from trug.iam.refusals import IamError
from trug.manage.commands import COMMANDS, Answer, Managed


async def prepared() -> Managed:
    store = managed_in_memory()
    engine = Engine.over(store.metadata, MemoryBlobs(), SystemClock())
    await engine.buckets.create("data", account="000000000000", region="us-east-1", tags={})
    return store


def run(command: str, store: Managed, **given: str) -> Awaitable[Answer]:
    return COMMANDS[command](store, given)


def test_set_show_and_clear() -> None:
    async def scene() -> None:
        store = await prepared()
        expected = {"bucket": "data", "bytes": 10 << 30, "objects": 5, "used_bytes": 0, "used_objects": 0}
        assert await run("quota/set", store, bucket="data", bytes="10GiB", objects="5") == {"quota": expected}
        assert await run("quota/show", store, bucket="data") == {"quota": expected}
        cleared = {"quota": expected | {"bytes": None, "objects": None}}
        assert await run("quota/clear", store, bucket="data") == cleared
        shown = await run("quota/set", store, account="000000000000", objects="7")
        assert shown["quota"]["account"] == "000000000000"
        assert (shown["quota"]["bytes"], shown["quota"]["objects"]) == (None, 7)
        assert (await run("quota/clear", store, account="000000000000"))["quota"]["objects"] is None

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"bucket": "data"}, "give --bytes"),
        ({"bytes": "1"}, "give one of them"),
        ({"bucket": "data", "account": "000000000000", "bytes": "1"}, "give one of them"),
        ({"bucket": "data", "bytes": "much"}, "is no size"),
        ({"bucket": "data", "objects": "-1"}, "a number from 0"),
        ({"bucket": "data", "objects": "many"}, "invalid literal"),
    ],
)
def test_refuses(given: dict[str, str], error: str) -> None:
    async def scene() -> None:
        with pytest.raises(ValueError, match=error):
            await run("quota/set", await prepared(), **given)

    asyncio.run(scene())


@pytest.mark.parametrize("given", [{"bucket": "other"}, {"account": "nobody"}])
def test_what_is_not_there(given: dict[str, str]) -> None:
    async def scene() -> None:
        with pytest.raises(IamError, match="there is no"):
            await run("quota/set", await prepared(), bytes="1", **given)

    asyncio.run(scene())
