"""Expected files, over every store."""

from __future__ import annotations

from typing import Any

from tests.support.changes import apply
from tests.support.scenes import on_every_store

from trug.ports.expected import (
    Details,
    ExpectedAt,
    ExpectedDue,
    ExpectedFile,
    ExpectedOf,
    ExpectedWithId,
    IsAnyExpected,
    PutExpected,
    RemoveExpected,
)
from trug.ports.reads import RowsOf
from trug.ports.stores import MetadataStore

DETAILS = Details("a.png", "image", "image/png", 5, metadata={"by": "ana"})


def file(number: int, **more: Any) -> ExpectedFile:
    row = ExpectedFile(f"id{number}", "ana", 1, f"k{number}", "pending", "pending", 1, 1, 10 * number, DETAILS)
    return row._replace(**more)


async def keep(store: MetadataStore, *files: ExpectedFile) -> None:
    await store.commit(apply(*map(PutExpected, files)))


@on_every_store
async def test_put_find_replace_and_remove(store: MetadataStore) -> None:
    await keep(store, file(1))
    assert await store.fetch(ExpectedWithId("id1")) == file(1)
    await keep(store, file(1, state="verified"))
    assert await store.fetch(ExpectedWithId("id1")) == file(1, state="verified")
    assert await store.fetch(RowsOf("expected_files", None, 10)) == [(("id1",), file(1, state="verified"))]
    await store.commit(apply(RemoveExpected("id1"), RemoveExpected("id2")))
    assert await store.fetch(ExpectedWithId("id1")) is None


@on_every_store
async def test_by_key(store: MetadataStore) -> None:
    await keep(store, file(1), file(2, key="k1"), file(3), file(4, key="k1", bucket=2))
    assert await store.fetch(ExpectedAt(1, "k1")) == [file(1), file(2, key="k1")]
    assert await store.fetch(ExpectedAt(9, "k1")) == []


@on_every_store
async def test_by_owner(store: MetadataStore) -> None:
    rows = [file(1), file(2, status="failed"), file(3), file(4, owner="bob"), file(5)]
    await keep(store, *rows)
    assert await store.fetch(ExpectedOf("ana")) == [rows[0], rows[1], rows[2], rows[4]]
    assert await store.fetch(ExpectedOf("ana", "failed")) == [rows[1]]
    assert await store.fetch(ExpectedOf("ana", "pending", "id1", 1)) == [rows[2]]


@on_every_store
async def test_by_time(store: MetadataStore) -> None:
    rows = [file(3), file(1), file(2, expires=30), file(4), file(5, state="failed")]
    await keep(store, *rows)
    assert await store.fetch(ExpectedDue("pending", 40)) == [rows[1], rows[2], rows[0]]
    assert await store.fetch(ExpectedDue("pending", 99, (10, "id1"), 2)) == [rows[2], rows[0]]


@on_every_store
async def test_whether_any_is_expected(store: MetadataStore) -> None:
    assert not await store.fetch(IsAnyExpected(0))
    await keep(store, file(1, state="verified"), file(2, state="expired"))
    assert await store.fetch(IsAnyExpected(19))
    assert not await store.fetch(IsAnyExpected(20))
    await keep(store, file(3, state="uploaded"))
    assert await store.fetch(IsAnyExpected(99))
