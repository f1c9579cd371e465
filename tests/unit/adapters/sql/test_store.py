"""Opening anew, closing, and asking while that goes on."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import threading
from pathlib import Path

import pytest
from tests.support.changes import apply, increment
from tests.support.ledger import Ledger
from tests.support.sql import play

from trug.adapters.sql import store as room
from trug.adapters.sql.connection import open_reader
from trug.adapters.sql.store import SqlMetadata
from trug.ports.effects import NameBlob
from trug.ports.reads import BlobNamed, Configuration
from trug.ports.stores import Damaged, Reader, Unavailable

COUNT = Configuration(1, "count")


class Broken:
    """Opening fails until it is mended."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.is_broken = True
        monkeypatch.setattr(room, "open_reader", self)

    def __call__(self, path: str) -> sqlite3.Connection:
        if self.is_broken:
            raise OSError(5, "Input/output error")
        return open_reader(path)


def test_a_store_that_could_not_be_reopened_is_reopened_later(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scene(store: SqlMetadata) -> None:
        await store.commit(increment())
        opening = Broken(monkeypatch)
        for _ in range(2):
            with pytest.raises(OSError, match="Input/output"):
                await store.reopen()
            await refuses_everything(store)
            assert (store.is_in_doubt, store.sequence) == (True, 1)
        opening.is_broken = False
        await store.reopen()
        assert not store.is_in_doubt
        assert await store.fetch(COUNT) == b"1"
        assert await store.view(lambda reader: reader.fetch(COUNT)) == b"1"
        assert await store.commit(increment()) == 2

    play(tmp_path, scene)


async def refuses_everything(store: SqlMetadata) -> None:
    with pytest.raises(Unavailable):
        await store.fetch(COUNT)
    with pytest.raises(Unavailable):
        await store.view(lambda reader: reader.fetch(COUNT))
    with pytest.raises(Unavailable):
        await store.reports()
    with pytest.raises(Unavailable):
        await store.commit(increment())
    assert store.generation % 2 == 1


def test_a_closed_store_refuses_everything(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await store.commit(increment())
        await store.close()
        await refuses_everything(store)
        with pytest.raises(Unavailable):
            await store.reopen()
        assert not store.is_in_doubt
        await store.close()

    play(tmp_path, scene)


def test_closing_after_a_failed_reopening_closes_no_foreign_descriptor(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def scene(store: SqlMetadata) -> None:
        Broken(monkeypatch)
        with pytest.raises(OSError, match="Input/output"):
            await store.reopen()
        foreign = [os.open(tmp_path, os.O_RDONLY) for _ in range(20)]
        await store.close()
        for descriptor in foreign:
            os.close(descriptor)

    play(tmp_path, scene)


class Slow:
    """A question that takes its time, so that reopening waits for it."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.answer = threading.Event()

    def __call__(self, reader: Reader) -> None:
        self.asked.set()
        assert self.answer.wait(30)


def test_blobs_of_changes_refused_while_the_store_reopens_are_unlinked(tmp_path: Path) -> None:
    ledger = Ledger()

    async def scene(store: SqlMetadata) -> None:
        question = Slow()
        await store.commit(apply(NameBlob(4096), blobs=(4096,)))
        asked = asyncio.ensure_future(store.view(question))
        await asyncio.to_thread(question.asked.wait, 30)
        reopening = asyncio.ensure_future(store.reopen())
        await asyncio.sleep(0)
        await refuses_everything(store)
        for blob in (4096, 4097):
            with pytest.raises(Unavailable):
                await store.commit(apply(NameBlob(blob), blobs=(blob,)))
        question.answer.set()
        await asyncio.gather(asked, reopening)
        assert ledger.lines == [("sync", 4096), ("unlink", 4097)]
        assert await store.fetch(BlobNamed(4096))
        assert not await store.fetch(BlobNamed(4097))

    play(tmp_path, scene, blobs=ledger)


def test_several_who_reopen_open_once(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        await asyncio.gather(*(store.reopen() for _ in range(5)))
        assert await store.commit(increment()) == 1

    play(tmp_path, scene)


def test_a_store_closes_after_a_reopening_that_was_given_up(tmp_path: Path) -> None:
    async def scene(store: SqlMetadata) -> None:
        question = Slow()
        asked = asyncio.ensure_future(store.view(question))
        await asyncio.to_thread(question.asked.wait, 30)
        reopening = asyncio.ensure_future(store.reopen())
        for _ in range(3):
            await asyncio.sleep(0)
        reopening.cancel()
        closing = asyncio.ensure_future(store.close())
        await asyncio.sleep(0)
        question.answer.set()
        await asyncio.gather(asked, closing)
        assert reopening.cancelled()
        assert sorted(os.listdir(tmp_path)) == ["locks", "trug.db"]

    play(tmp_path, scene)


def test_what_a_question_raises_is_raised_though_its_connection_fails(tmp_path: Path) -> None:
    def break_off(reader: Reader) -> None:
        reader._cursor.connection.close()  # type: ignore[attr-defined]
        raise Damaged("what the question came to")

    async def scene(store: SqlMetadata) -> None:
        await store.commit(increment())
        for _ in range(room.READERS):
            with pytest.raises(Damaged, match="came to"):
                await store.view(break_off)
            assert await store.view(lambda reader: reader.fetch(COUNT)) == b"1"

    play(tmp_path, scene)
