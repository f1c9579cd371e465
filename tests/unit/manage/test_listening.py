"""The socket of the commands: there from the start, answered by a server that the first command loads."""

from __future__ import annotations

import asyncio
import os
import stat
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.managed import managed_in_memory

from trug.manage.client import LONGEST_PATH, find_answer, socket_path
from trug.manage.listening import control


@pytest.fixture
def directory() -> Iterator[str]:
    """A directory whose path is short enough for a socket, wherever the tests run."""
    with tempfile.TemporaryDirectory(dir="/tmp") as made:
        yield made


def test_commands_are_answered_while_it_is_open(directory: str) -> None:
    async def run() -> None:
        async with control(managed_in_memory(), directory):
            for name in ("anna", "bert"):
                assert "error" not in (
                    await asyncio.to_thread(find_answer, directory, "user/add", {"name": name}) or {}
                )
            answer = await asyncio.to_thread(find_answer, directory, "user/list", {})
            assert answer is not None
            assert [user["name"] for user in answer["users"]] == ["anna", "bert"]

    asyncio.run(run())
    assert os.listdir(directory) == []


def test_nobody_else_may_open_it_and_nothing_is_left_when_nobody_came(directory: str) -> None:
    async def run() -> None:
        async with control(managed_in_memory(), directory):
            path = socket_path(directory)
            assert path is not None
            assert stat.S_IMODE(os.stat(path).st_mode) == 0o600

    asyncio.run(run())
    assert os.listdir(directory) == []


def test_what_a_killed_server_left_is_replaced(directory: str) -> None:
    (Path(directory) / "socket").touch()

    async def run() -> None:
        async with control(managed_in_memory(), directory):
            assert await asyncio.to_thread(find_answer, directory, "user/list", {}) == {"users": []}

    asyncio.run(run())


def test_a_path_that_is_too_long_is_served_without_commands(tmp_path: Path) -> None:
    long = tmp_path / ("x" * LONGEST_PATH)
    long.mkdir()

    async def run() -> None:
        async with control(managed_in_memory(), str(long)):
            assert os.listdir(long) == []

    asyncio.run(run())
