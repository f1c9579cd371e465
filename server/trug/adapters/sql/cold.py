"""The reads that are not hot, on SQLAlchemy's async engine; imported at the first one, never on the way to S3."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import aiosqlite
from sqlalchemy import Select, Table, bindparam, literal, select, tuple_, union_all
from sqlalchemy.engine import URL
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as NoneFree
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from trug.adapters.sql import packing
from trug.adapters.sql import schema as s
from trug.adapters.sql.connection import broken, open_reader
from trug.adapters.sql.filters import ItemClauses
from trug.adapters.sql.interrupting import Errand
from trug.domain.identity import DEFAULT_ACCOUNT, Account, canonical_id_of
from trug.ports.reports import SORTABLE, AccountSummary, BucketSummary, ItemQuestion
from trug.ports.rows import Counters, Item
from trug.ports.stores import Unavailable

T = TypeVar("T")

CONNECTIONS = 2
ROWS_AT_ONCE = 64

# Statements


def totals(table: Table) -> list[Any]:
    return [table.c[name] for name in Counters._fields]


def buckets() -> Select[Any]:
    """A page of buckets, each with its totals (NULL when nothing was tallied)."""
    c = s.buckets.c
    both = s.buckets.outerjoin(s.bucket_counters, s.bucket_counters.c.bucket == c.id)
    statement = select(s.buckets, *totals(s.bucket_counters)).select_from(both)
    return statement.where(c.name > bindparam("after")).order_by(c.name).limit(bindparam("limit"))


def accounts() -> Select[Any]:
    """A page of accounts with their totals; the default account as if it had a row, where it has none."""
    missing = ~select(s.accounts.c.id).where(s.accounts.c.id == DEFAULT_ACCOUNT).exists()
    default = packing.account_row(Account(DEFAULT_ACCOUNT, canonical_id_of(DEFAULT_ACCOUNT)))
    unwritten = select(*(literal(value) for value in default)).where(missing)
    every = union_all(select(s.accounts), unwritten).subquery("every")
    both = every.outerjoin(s.account_counters, s.account_counters.c.account == every.c.id)
    statement = select(every, *totals(s.account_counters)).select_from(both)
    return statement.where(every.c.id > bindparam("after")).order_by(every.c.id).limit(bindparam("limit"))


def items(question: ItemQuestion) -> Select[Any]:
    """A page of items. ValueError for an order that there is none of."""
    if question.sort not in SORTABLE:
        raise ValueError(f"items are not sorted by {question.sort}")
    c = s.items.c
    order = [c[question.sort], c.id]
    statement = select(s.items).where(c.account == question.account, c.kind == question.kind)
    if question.after is not None:
        place, mark = tuple_(*order), tuple_(*(literal(value) for value in question.after))
        statement = statement.where(place < mark if question.descending else place > mark)
    statement = statement.where(ItemClauses()(question.condition))
    ordered = [column.desc() for column in order] if question.descending else order
    return statement.order_by(*ordered).limit(question.limit)


BUCKETS = buckets()
BUCKETS_OF = BUCKETS.where(s.buckets.c.account == bindparam("account"))
ACCOUNTS = accounts()

BUCKET_WIDTH = len(s.buckets.c)
ACCOUNT_WIDTH = len(s.accounts.c)


def bucket_summary(row: packing.Row) -> BucketSummary:
    return BucketSummary(packing.bucket_of(row[:BUCKET_WIDTH]), counters(row[BUCKET_WIDTH:]))


def account_summary(row: packing.Row) -> AccountSummary:
    return AccountSummary(packing.account_of(row[:ACCOUNT_WIDTH]), counters(row[ACCOUNT_WIDTH:]))


def counters(row: packing.Row) -> Counters:
    return Counters() if row[0] is None else Counters._make(row)


# The engine


class ColdReads:
    """Reports (ports.reports) on connections of its own, each as ``open_reader`` makes them, opened when first needed.

    One statement is one read transaction. ``close`` comes before the writer's.
    """

    def __init__(self, path: str) -> None:
        self._engine = engine_on(path)
        self._asked: set[asyncio.Task[Any]] = set()
        self._is_closed = False

    async def bucket_page(self, after: str, limit: int, *, account: str = "") -> list[BucketSummary]:
        if account:
            return await self._page(BUCKETS_OF, bucket_summary, after=after, limit=limit, account=account)
        return await self._page(BUCKETS, bucket_summary, after=after, limit=limit)

    async def account_page(self, after: str, limit: int) -> list[AccountSummary]:
        return await self._page(ACCOUNTS, account_summary, after=after, limit=limit)

    async def item_page(self, question: ItemQuestion) -> list[Item]:
        return await self._page(items(question), packing.item_of)

    async def close(self) -> None:
        """Let what was asked end, then close every connection. Again is no error."""
        self._is_closed = True
        if self._asked:
            await asyncio.wait(self._asked)
        await self._engine.dispose()

    async def _page(self, statement: Select[Any], make: Callable[[packing.Row], T], **given: int | str) -> list[T]:
        """A task of its own, so that no caller who gives up leaves a connection behind that ``close`` cannot see; what
        he asked is interrupted."""
        if self._is_closed:
            raise Unavailable("the store is closed")
        errand = Errand()
        task = asyncio.create_task(self._rows(statement, given, errand))
        self._asked.add(task)
        task.add_done_callback(self._asked.discard)
        try:
            return [make(row) for row in await asyncio.shield(task)]
        except asyncio.CancelledError:
            task.add_done_callback(_forget)
            errand.give_up()
            raise

    async def _rows(self, statement: Select[Any], given: dict[str, int | str], errand: Errand) -> list[packing.Row]:
        try:
            async with self._engine.connect() as connection:
                errand.begin(await opened_by(connection))
                try:
                    return [tuple(row) for row in await connection.execute(statement, given)]
                finally:
                    errand.end()
        except NoneFree as error:
            raise Unavailable("the store does not answer: every connection for reports is busy") from error
        except DBAPIError as error:
            if isinstance(error.orig, sqlite3.Error):
                raise broken(error.orig) from error
            raise


def _forget(task: asyncio.Task[Any]) -> None:
    """See what became of what nobody waits for, so that nobody is told that it was never looked at."""
    if not task.cancelled():
        task.exception()


class Driven(aiosqlite.Connection):
    """A connection that a thread of aiosqlite's drives; ``opened`` is what it drives."""

    def __init__(self, opened: sqlite3.Connection) -> None:
        super().__init__(lambda: opened, ROWS_AT_ONCE)
        self.opened = opened


async def opened_by(connection: AsyncConnection) -> sqlite3.Connection:
    """The connection at the bottom."""
    driven = (await connection.get_raw_connection()).driver_connection
    assert isinstance(driven, Driven)  # noqa: S101 - as ``connected`` makes them
    return driven.opened


def engine_on(path: str) -> AsyncEngine:
    return create_async_engine(
        URL.create("sqlite+aiosqlite", database=path),
        async_creator=partial(connected, path),
        isolation_level="AUTOCOMMIT",
        pool_size=CONNECTIONS,
        max_overflow=0,
    )


async def connected(path: str) -> aiosqlite.Connection:
    """Opened before aiosqlite has it: an opening that fails there leaves a thread that may outlive the loop."""
    return await Driven(await asyncio.to_thread(open_reader, path))
