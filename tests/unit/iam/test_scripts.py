"""Changes that are scripts: they ask, decide and refuse."""

from __future__ import annotations

import asyncio

import pytest

from trug.adapters.clock import SystemClock
from trug.adapters.memory.metadata import MemoryMetadata
from trug.iam.refusals import IamError
from trug.iam.scripts import Script, Scripted, ask, look
from trug.ports.changes import Moment, Rejected, Rows
from trug.ports.effects import KeepDocument
from trug.ports.reads import Document

SECOND = Document("k", "second")


def follow(moment: Moment) -> Script[int]:
    """Reads what the first document names."""
    name = yield from ask(Document("k", "first"))
    if name is None:
        raise IamError("there is no first")
    found = yield from ask(Document("k", name.decode()))
    return len(found or b""), (KeepDocument("k", "time", str(moment.time).encode()),)


def test_it_asks_for_one_row_after_another() -> None:
    change, rows = Scripted(follow), Rows()
    assert change.reads(rows) == (Document("k", "first"),)
    rows[Document("k", "first")] = b"second"
    assert change.reads(rows) == (SECOND,)
    rows[SECOND] = b"abc"
    assert change.reads(rows) == ()
    decided = change.decide(rows, Moment(1, 7, 7))
    assert not isinstance(decided, Rejected)
    assert (decided.result, decided.effects) == (3, (KeepDocument("k", "time", b"7"),))
    assert change.decide(rows, Moment(1, 7, 7)) == decided


def test_it_refuses() -> None:
    change, rows = Scripted(follow), Rows()
    rows[Document("k", "first")] = None
    assert change.reads(rows) == ()
    refused = change.decide(rows, Moment(1, 7, 7))
    assert isinstance(refused, Rejected)
    assert str(refused.reason) == "there is no first"


def test_what_it_reads_does_not_depend_on_the_moment() -> None:
    def fickle(moment: Moment) -> Script[None]:
        if moment.time:
            yield from ask(SECOND)
        return None, ()

    with pytest.raises(TypeError, match="depends on the moment"):
        Scripted(fickle).decide(Rows(), Moment(1, 7, 7))


def test_a_part_is_looked_at_outside_of_a_change() -> None:
    async def scene() -> None:
        metadata = MemoryMetadata(SystemClock())
        assert await metadata.view(lambda reader: look(ask(SECOND), reader)) is None

    asyncio.run(scene())
