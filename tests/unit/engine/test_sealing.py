from __future__ import annotations

import asyncio
import os
import random

import pytest

from trug.adapters.memory.blobs import MemoryBlobs
from trug.domain.blocks import BLOCK
from trug.domain.encryption import stored_size
from trug.engine.ciphers import BodyKey
from trug.engine.sealing import SealedStage
from trug.ports.stores import BLOBS_PER_EPOCH

CONTENT = random.Random(2).randbytes(400_000)


@pytest.mark.parametrize("pieces", [(), (1,), (65_520,), (65_520, 65_520), (100_000, 200_000, 7), (10, 10, 70_000)])
@pytest.mark.parametrize("last", [0, 1, 65_520, 70_000])
def test_plaintext_goes_in_and_ciphertext_is_stored(pieces: tuple[int, ...], last: int) -> None:
    asyncio.run(scene(pieces, last))


async def scene(pieces: tuple[int, ...], last: int) -> None:
    blobs, key, shown = MemoryBlobs(), BodyKey(os.urandom(32), 1), bytearray()
    size = sum(pieces) + last
    async with blobs.stage() as staged:
        cipher, _ = key.new_cipher(staged.blob, inline=False)
        stage, place = SealedStage(staged, cipher), 0
        for length in pieces:
            await stage.write(memoryview(CONTENT[place : place + length]), shown.extend)
            place += length
        await stage.finish(CONTENT[place:size])
        stage.hand_over()
    assert shown == CONTENT[:place]
    stored = stored_size(size, 1)
    file = await blobs.open(staged.blob, stored)
    content = await file.read(0, stored)
    if size:
        assert cipher.open(content, 0, last=-(-stored // BLOCK) - 1) == CONTENT[:size]
    assert CONTENT[:64] not in bytes(content)


def test_what_the_check_raises_is_raised_and_nothing_is_stored() -> None:
    async def play() -> None:
        blobs = MemoryBlobs()
        with pytest.raises(ValueError, match="no"):
            await sealed(blobs)
        assert blobs.at_hand(BLOBS_PER_EPOCH, stored_size(7, 1), 0, 1) is None

    async def sealed(blobs: MemoryBlobs) -> None:
        async with blobs.stage() as staged:
            cipher, _ = BodyKey(os.urandom(32), 1).new_cipher(staged.blob, inline=False)
            await SealedStage(staged, cipher).finish(b"content", refuse)

    def refuse() -> None:
        raise ValueError("no")

    asyncio.run(play())
