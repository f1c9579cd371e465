"""A reading ends when it takes too long, and not before."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.clock import HandClock

from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.objects import EMPTY_RECORD, Listing
from trug.engine.pins import Pins
from trug.engine.reading import PIECE, Cut, Reading
from trug.ports.rows import Version

CONTENT = bytes(PIECE) + b"the second piece"


def test_the_next_piece_of_a_reading_that_takes_too_long_is_refused() -> None:
    time = 0.0

    async def scene() -> None:
        nonlocal time
        blobs = MemoryBlobs()
        async with blobs.stage() as staged:
            await staged.finish(CONTENT)
            staged.hand_over()
        version = Version(
            bucket=1,
            key="k",
            sequence=1,
            id=1,
            version_id="null",
            marker=False,
            listing=Listing("", len(CONTENT), 0),
            record=EMPTY_RECORD,
            blob=staged.blob,
        )
        pin = Pins(longest=10, now=lambda: time).hold(1)
        reading = Reading(version, None, pin, MemoryMetadata(HandClock(), blobs), blobs)
        whole = reading.content(0, len(CONTENT))
        assert not isinstance(whole, bytes)
        assert b"".join([piece async for piece in whole]) == CONTENT
        slow = reading.content(0, len(CONTENT))
        assert not isinstance(slow, bytes)
        pieces = aiter(slow)
        assert len(await anext(pieces)) == PIECE
        time = 10.0
        with pytest.raises(Cut):
            await anext(pieces)

    asyncio.run(scene())
