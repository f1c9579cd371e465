"""What nobody waits for any longer is interrupted, and whoever comes next is answered."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, literal, select
from tests.support.changes import increment
from tests.support.sql import play

from trug.adapters.sql import cold
from trug.adapters.sql.cold import CONNECTIONS
from trug.adapters.sql.connection import open_reader
from trug.adapters.sql.interrupting import Errand, GivenUp
from trug.adapters.sql.store import READERS, Snapshot, SqlMetadata
from trug.ports.reads import Configuration
from trug.ports.stores import Reader

COUNT = Configuration(1, "count")
SECONDS = 30
LONG = 1_000_000_000
"""Rows that a query makes one after the other: minutes."""
LONG_QUERY = f"WITH RECURSIVE n(x) AS (VALUES(1) UNION ALL SELECT x + 1 FROM n LIMIT {LONG}) SELECT count(*) FROM n"


def count_long(reader: Reader) -> Any:
    assert isinstance(reader, Snapshot)
    return reader._cursor.execute(LONG_QUERY).fetchone()


def ask_for_long(reader: Reader) -> None:
    """Many short reads."""
    for _ in range(LONG):
        reader.fetch(COUNT)


async def given_up(work: Awaitable[Any]) -> None:
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(work, 0.2)


@pytest.mark.parametrize("question", [count_long, ask_for_long])
def test_a_question_that_is_given_up_frees_its_reader(tmp_path: Path, question: Any) -> None:
    async def scene(store: SqlMetadata) -> None:
        await store.commit(increment())
        await asyncio.gather(*(given_up(store.view(question)) for _ in range(2 * READERS)))
        async with asyncio.timeout(SECONDS):
            answers = await asyncio.gather(
                *(store.view(lambda reader: reader.fetch(COUNT)) for _ in range(2 * READERS))
            )
        assert answers == [b"1"] * 2 * READERS

    play(tmp_path, scene)


def test_a_report_that_is_given_up_frees_its_connection(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    n = select(literal(1).label("x")).cte("n", recursive=True)
    n = n.union_all(select(n.c.x + 1).where(n.c.x < LONG))
    usual = cold.BUCKETS

    async def scene(store: SqlMetadata) -> None:
        reports = await store.reports()
        monkeypatch.setattr(cold, "BUCKETS", select(func.count()).select_from(n))
        await asyncio.gather(*(given_up(reports.bucket_page("", 1)) for _ in range(2 * CONNECTIONS)))
        monkeypatch.setattr(cold, "BUCKETS", usual)
        async with asyncio.timeout(SECONDS):
            pages = await asyncio.gather(*(reports.bucket_page("", 1) for _ in range(2 * CONNECTIONS)))
        assert pages == [[]] * 2 * CONNECTIONS

    play(tmp_path, scene)


def test_an_errand_ends_though_it_was_given_up_before_its_statement(tmp_path: Path) -> None:
    """SQLite forgets an interruption that comes between statements: it is said again until the errand has ended."""
    play(tmp_path, lambda _: asyncio.sleep(0))
    connection = open_reader(str(tmp_path / "trug.db"))
    ended = threading.Event()

    def run(errand: Errand) -> None:
        try:
            connection.execute(LONG_QUERY).fetchone()
        finally:
            errand.end()
            ended.set()

    async def scene() -> None:
        errand = Errand()
        errand.begin(connection)
        errand.give_up()
        with pytest.raises(Exception, match="interrupted"):
            await asyncio.to_thread(run, errand)

    asyncio.run(scene())
    assert ended.is_set()
    assert connection.execute("SELECT 1").fetchone() == (1,)
    connection.close()


def test_an_errand_that_was_given_up_does_not_begin(tmp_path: Path) -> None:
    async def scene(_: SqlMetadata) -> None:
        connection = open_reader(str(tmp_path / "trug.db"))
        errand = Errand()
        errand.give_up()
        with pytest.raises(GivenUp):
            errand.begin(connection)
        connection.close()

    play(tmp_path, scene)
