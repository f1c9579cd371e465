from __future__ import annotations

import os
import random

import pytest

from trug.domain.blocks import BLOCK
from trug.domain.encryption import room, stored_size
from trug.engine.ciphers import BlobCipher, BodyKey, Sealer
from trug.ports.stores import Damaged

CONTENT = random.Random(1).randbytes(3 * BLOCK)
SIZES = (1, 100, 65_503, 65_504, 65_505, 65_519, 65_520, 65_521, 131_040, 131_041, 3 * BLOCK)


def cipher(layers: int = 1, *, key: bytes | None = None, blob: int = 7, inline: bool = False) -> BlobCipher:
    return BlobCipher(key or os.urandom(32 * layers), blob, inline=inline)


def last_of(sealed: bytes | bytearray) -> int:
    return -(-len(sealed) // BLOCK) - 1


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("size", SIZES)
def test_a_blob_comes_back(size: int, layers: int) -> None:
    of_blob = cipher(layers)
    sealed = of_blob.seal(CONTENT[:size])
    assert len(sealed) == stored_size(size, layers)
    assert CONTENT[: min(size, 16)] not in sealed or size < 8
    assert of_blob.open(memoryview(sealed), 0, last=last_of(sealed)) == CONTENT[:size]


@pytest.mark.parametrize("layers", [1, 2])
def test_each_segment_opens_by_itself(layers: int) -> None:
    of_blob = cipher(layers)
    sealed, size = of_blob.seal(CONTENT), room(layers)
    for segment in range(last_of(sealed) + 1):
        piece = memoryview(sealed)[segment * BLOCK : (segment + 1) * BLOCK]
        opened = of_blob.open(piece, segment, last=last_of(sealed))
        assert opened == CONTENT[segment * size : (segment + 1) * size]


def test_o6_only_what_was_sealed_there_opens() -> None:
    key = os.urandom(32)
    sealed = cipher(key=key).seal(CONTENT)
    view, last = memoryview(sealed), last_of(sealed)
    swapped = bytes(view[BLOCK : 2 * BLOCK]) + bytes(view[:BLOCK])
    bent = bytearray(view[:BLOCK])
    bent[100] ^= 1
    for of_blob, content, first, end in (
        (cipher(key=key), swapped, 0, last),
        (cipher(key=key), bent, 0, last),
        (cipher(key=key), view[:BLOCK], 1, last),
        (cipher(key=key), view[:BLOCK], 0, 0),
        (cipher(key=key), view[last * BLOCK :], last, last + 1),
        (cipher(key=key), view[:8], 0, 0),
        (cipher(key=key, blob=8), view[:BLOCK], 0, last),
        (cipher(key=key, inline=True), view[:BLOCK], 0, last),
        (cipher(), view[:BLOCK], 0, last),
    ):
        with pytest.raises(Damaged):
            of_blob.open(memoryview(content), first, last=end)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("size", [0, *SIZES])
@pytest.mark.parametrize("seed", range(4))
def test_chunks_of_any_size(size: int, layers: int, seed: int) -> None:
    chance, of_blob = random.Random(seed), cipher(layers)
    sealer, sealed, place = Sealer(of_blob), bytearray(), 0
    while place < size and chance.random() < 0.97:
        length = chance.choice((1, 100, 65_504, 65_520, 100_000))
        sealed += sealer.update(memoryview(CONTENT[place : min(place + length, size)]))
        place = min(place + length, size)
    rest = CONTENT[place:size]
    target = bytearray(sealer.room_for(len(rest)))
    sealer.finish(rest, memoryview(target))
    sealed += target
    assert len(sealed) == stored_size(size, layers)
    if size:
        assert of_blob.open(memoryview(sealed), 0, last=last_of(sealed)) == CONTENT[:size]


def test_the_key_of_a_blob_is_wrapped_for_its_body() -> None:
    body = BodyKey(os.urandom(32), 2)
    made, wrapped = body.new_cipher(7, inline=False)
    sealed = memoryview(made.seal(b"content"))
    assert body.cipher(7, wrapped, inline=False).open(sealed, 0, last=0) == b"content"
    for other, blob, inline in ((BodyKey(os.urandom(32), 2), 7, False), (body, 8, False), (body, 7, True)):
        with pytest.raises(Damaged):
            other.cipher(blob, wrapped, inline=inline)


def test_a_body_adopts_a_blob_of_another() -> None:
    first, second = (BodyKey(os.urandom(32), 1) for _ in range(2))
    made, wrapped = first.new_cipher(7, inline=True)
    adopted = second.adopt(first, 7, wrapped, inline=True)
    sealed = memoryview(made.seal(b"content"))
    assert second.cipher(7, adopted, inline=True).open(sealed, 0, last=0) == b"content"
    assert adopted != wrapped


def test_a_key_of_another_length_is_none() -> None:
    with pytest.raises(Damaged):
        BodyKey(b"short", 1)
