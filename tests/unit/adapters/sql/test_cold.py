"""The reads that are not hot open what they need when they are first asked, and are gone before the writer."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from tests.support.changes import apply, increment
from tests.support.sql import below, open_files, play

from trug.adapters.sql.cold import CONNECTIONS, ColdReads, engine_on
from trug.adapters.sql.store import SqlMetadata
from trug.domain.identity import Account
from trug.ports.effects import PutAccount, PutBucket
from trug.ports.rows import Bucket
from trug.ports.stores import Damaged, Unavailable

ROOT = Path(__file__).parents[4]
BUCKET = Bucket(1, "one", "acc", "us-east-1", 5)

linux = pytest.mark.skipif(sys.platform != "linux", reason="looks for descriptors in /proc")


async def fill(store: SqlMetadata) -> None:
    await store.commit(apply(PutBucket(BUCKET), PutAccount(Account("acc", "canonical"))))


def open_stores(directory: Path) -> list[str]:
    return [name for _, name in open_files() if name.startswith(str(directory / "trug.db"))]


def test_its_connections_neither_write_nor_checkpoint(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        engine = engine_on(str(tmp_path / "trug.db"))
        try:
            async with engine.connect() as connection:
                found = {
                    name: (await connection.execute(text(f"PRAGMA {name}"))).scalar()
                    for name in ("query_only", "wal_autocheckpoint", "trusted_schema", "mmap_size")
                }
        finally:
            await engine.dispose()
        assert found == {"query_only": 1, "wal_autocheckpoint": 0, "trusted_schema": 0, "mmap_size": 0}

    play(tmp_path, scene)


OPEN_AND_ASK = """
import asyncio, sys
from trug.adapters.clock import SystemClock
from trug.adapters.sql.store import SqlMetadata
COLD = {"aiosqlite", "sqlalchemy"}
async def run():
    store = SqlMetadata.open(sys.argv[1], clock=SystemClock(), durability="none")
    print(COLD & set(sys.modules) or "nothing")
    await (await store.reports()).bucket_page("", 1)
    print(*sorted(COLD & set(sys.modules)))
    await store.close()
asyncio.run(run())
"""


def test_sqlalchemy_is_imported_at_the_first_report(tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(ROOT / "server")}
    command = [sys.executable, "-c", OPEN_AND_ASK, str(tmp_path)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout.splitlines() == ["nothing", "aiosqlite sqlalchemy"]


def test_the_last_close_leaves_one_file(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await fill(store)
        reports = await store.reports()
        pages = await asyncio.gather(*(reports.bucket_page("", 9) for _ in range(4 * CONNECTIONS)))
        assert {page[0].bucket for page in pages} == {BUCKET}

    play(tmp_path, scene)
    assert sorted(os.listdir(tmp_path)) == ["locks", "trug.db"]


@pytest.mark.parametrize(
    ("change", "page"),
    [
        ("UPDATE buckets SET account = 'acc2'", ColdReads.bucket_page),
        ("UPDATE buckets SET region = CAST(x'ff' AS TEXT)", ColdReads.bucket_page),
        ("UPDATE accounts SET canonical_id = 'x'", ColdReads.account_page),
    ],
)
@linux
def test_damage_is_seen_and_holds_nothing_open(tmp_path: Path, change: str, page: Callable[..., Any]) -> None:
    failures: list[Exception] = []

    async def scene(store: SqlMetadata) -> None:
        reports = await store.reports()
        for _ in range(2 * CONNECTIONS):
            with pytest.raises(Damaged) as caught:
                await page(reports, "", 9)
            failures.append(caught.value)

    play(tmp_path, fill)
    with below(tmp_path) as connection:
        connection.execute(change)
    play(tmp_path, scene)
    assert not open_stores(tmp_path)
    assert sorted(os.listdir(tmp_path)) == ["locks", "trug.db"]


@linux
def test_an_unreadable_page_holds_nothing_open(tmp_path: Path) -> None:
    kept: list[BaseException] = []

    async def scene(store: SqlMetadata) -> None:
        reports = await store.reports()
        for _ in range(2 * CONNECTIONS):
            with pytest.raises(Damaged) as caught:
                await reports.bucket_page("", 9)
            kept.append(caught.value)

    play(tmp_path, fill)
    with below(tmp_path) as connection:
        (root,) = connection.execute("SELECT rootpage FROM sqlite_master WHERE name = 'buckets'").fetchone()
    with (tmp_path / "trug.db").open("r+b") as file:
        file.seek((root - 1) * 4096)
        file.write(b"\xff" * 4096)
    play(tmp_path, scene)
    assert not open_stores(tmp_path)


def test_a_caller_who_gives_up_leaves_no_connection(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await fill(store)
        reports = await store.reports()
        asked = [asyncio.ensure_future(reports.bucket_page("", 9)) for _ in range(2 * CONNECTIONS)]
        await asyncio.sleep(0)
        for task in asked:
            task.cancel()
        assert all(
            isinstance(end, asyncio.CancelledError) for end in await asyncio.gather(*asked, return_exceptions=True)
        )

    play(tmp_path, scene)
    assert sorted(os.listdir(tmp_path)) == ["locks", "trug.db"]


def test_nothing_is_answered_once_it_is_closed(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await fill(store)
        reports = await store.reports()
        await store.close()
        with pytest.raises(Unavailable):
            await reports.bucket_page("", 9)
        with pytest.raises(Unavailable):
            await (await store.reports()).bucket_page("", 9)

    play(tmp_path, scene)


def test_closing_while_it_is_being_opened(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        opening = asyncio.ensure_future(store.reports())
        await asyncio.sleep(0)
        await store.close()
        with pytest.raises(Unavailable):
            await opening

    play(tmp_path, scene)


def test_a_store_that_is_opened_anew_reports_again(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await fill(store)
        before = await store.reports()
        await before.bucket_page("", 9)
        await store.reopen()
        await store.commit(increment())
        with pytest.raises(Unavailable):
            await before.bucket_page("", 9)
        assert [row.bucket for row in await (await store.reports()).bucket_page("", 9)] == [BUCKET]

    play(tmp_path, scene)


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    async def ask() -> None:
        reports = ColdReads(str(tmp_path / "trug.db"))
        with pytest.raises(Unavailable):
            await reports.bucket_page("", 9)
        await reports.close()

    asyncio.run(ask())
    assert os.listdir(tmp_path) == []
