"""A reading gives short spans at once and long ones in pieces, and ends when it takes too long, not before."""

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


class ColdBlobs(MemoryBlobs):
    """Blobs that must always be waited for."""

    def at_hand(self, blob: int, size: int, offset: int, length: int) -> None:
        return None


async def reading_of(content: bytes, blobs: MemoryBlobs, pins: Pins) -> Reading:
    """Of an object that is one blob."""
    async with blobs.stage() as staged:
        await staged.finish(content)
        staged.hand_over()
    version = Version(
        bucket=1,
        key="k",
        sequence=1,
        id=1,
        version_id="null",
        marker=False,
        listing=Listing("", len(content), 0),
        record=EMPTY_RECORD,
        blob=staged.blob,
    )
    return Reading(version, None, pins.hold(1), MemoryMetadata(HandClock(), blobs), blobs)


@pytest.mark.parametrize(("start", "stop"), [(0, 5), (3, 5), (5, 5), (0, PIECE), (16, PIECE + 16)])
def test_a_short_span_is_at_hand(start: int, stop: int) -> None:
    async def scene() -> None:
        reading = await reading_of(CONTENT, MemoryBlobs(), Pins())
        found = reading.content(start, stop)
        assert isinstance(found, bytes | memoryview)
        assert found == CONTENT[start:stop]
        assert reading.at_hand(0, len(CONTENT)) is None

    asyncio.run(scene())


def test_what_is_not_at_hand_comes_in_pieces() -> None:
    async def scene() -> None:
        reading = await reading_of(CONTENT, ColdBlobs(), Pins())
        found = reading.content(PIECE - 5, PIECE + 5)
        assert not isinstance(found, bytes | memoryview)
        assert [bytes(piece) async for piece in found] == [bytes(5), CONTENT[PIECE : PIECE + 5]]

    asyncio.run(scene())


def test_the_next_piece_of_a_reading_that_takes_too_long_is_refused() -> None:
    time = 0.0

    async def scene() -> None:
        nonlocal time
        reading = await reading_of(CONTENT, MemoryBlobs(), Pins(longest=10, now=lambda: time))
        whole = reading.content(0, len(CONTENT))
        assert not isinstance(whole, bytes | memoryview)
        assert b"".join([piece async for piece in whole]) == CONTENT
        slow = reading.content(0, len(CONTENT))
        assert not isinstance(slow, bytes | memoryview)
        pieces = aiter(slow)
        assert len(await anext(pieces)) == PIECE
        time = 10.0
        with pytest.raises(Cut):
            await anext(pieces)

    asyncio.run(scene())
