"""What every blob store keeps, shown on each adapter."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.epochs import EpochLedger

from trug.adapters.filesystem import directory
from trug.adapters.filesystem.blobs import FilesystemBlobs
from trug.adapters.memory.blobs import MemoryBlobs
from trug.domain.blocks import BLOCK
from trug.ports.stores import BlobStore, Damaged

SIZES = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK, 3 << 20]
CONTENT = os.urandom(3 << 20)
BORDERS = [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK - 1, 2 * BLOCK, 2 * BLOCK + 1, 3 * BLOCK - 1, 3 * BLOCK]

Make = Callable[[], BlobStore]


@pytest.fixture(params=["memory", "filesystem", "filesystem-full"])
def make(request: pytest.FixtureRequest, tmp_path: Path) -> Make:
    def on_disk() -> BlobStore:
        directory.prepare(str(tmp_path / "data"))
        durability = "full" if request.param == "filesystem-full" else "none"
        return FilesystemBlobs(str(tmp_path / "data"), epochs=EpochLedger(), durability=durability)

    return MemoryBlobs if request.param == "memory" else on_disk


def with_store(make: Make, scenario: Callable[[BlobStore], Awaitable[None]]) -> None:
    async def run() -> None:
        blobs = make()
        try:
            await scenario(blobs)
        finally:
            await blobs.close()

    asyncio.run(run())


async def put(blobs: BlobStore, content: bytes, chunk: int = 1 << 20) -> int:
    async with blobs.stage() as staged:
        for start in range(0, len(content), chunk):
            await staged.write(memoryview(content)[start : start + chunk])
        await staged.finish()
        staged.hand_over()
    blobs.sync([staged.blob])
    return staged.blob


async def get(blobs: BlobStore, blob: int, size: int) -> bytes:
    file = await blobs.open(blob, size)
    try:
        return bytes(await file.read(0, size))
    finally:
        file.close()


@pytest.mark.parametrize("chunk", [1000, BLOCK, 100_000, 1 << 20])
@pytest.mark.parametrize("size", SIZES)
def test_what_was_written_is_read(make: Make, size: int, chunk: int) -> None:
    async def scenario(blobs: BlobStore) -> None:
        blob = await put(blobs, CONTENT[:size], chunk)
        assert await get(blobs, blob, size) == CONTENT[:size]

    with_store(make, scenario)


def test_spans_at_every_block_border(make: Make) -> None:
    async def scenario(blobs: BlobStore) -> None:
        blob = await put(blobs, CONTENT[: 3 * BLOCK])
        file = await blobs.open(blob, 3 * BLOCK)
        for start in BORDERS:
            for end in BORDERS:
                if start <= end:
                    assert bytes(await file.read(start, end - start)) == CONTENT[start:end]
        file.close()

    with_store(make, scenario)


@pytest.mark.parametrize("size", [100, BLOCK, 2 * BLOCK + 100, 3 * BLOCK])
def test_what_is_at_hand_is_what_was_written(make: Make, size: int) -> None:
    async def scenario(blobs: BlobStore) -> None:
        blob = await put(blobs, CONTENT[:size])
        assert await get(blobs, blob, size) == CONTENT[:size]
        for start in BORDERS:
            for end in BORDERS:
                found = blobs.at_hand(blob, size, start, end - start)
                if found is not None:
                    assert bytes(found) == CONTENT[start:end]
                    assert end <= size

    with_store(make, scenario)


def test_nothing_is_at_hand_of_what_is_not_there(make: Make) -> None:
    async def scenario(blobs: BlobStore) -> None:
        blob = await put(blobs, CONTENT[:100])
        for number, size, offset, length in [
            (blob + 1, 100, 0, 100),
            (blob + 5000, 100, 0, 100),
            (blob, 99, 0, 99),
            (blob, 101, 0, 101),
            (blob, 100, 1, 100),
            (blob, 100, -1, 5),
            (blob, 100, 5, -1),
        ]:
            assert blobs.at_hand(number, size, offset, length) is None

    with_store(make, scenario)


def test_pieces_are_whole_blocks(make: Make) -> None:
    async def scenario(blobs: BlobStore) -> None:
        assert blobs.piece >= BLOCK
        assert blobs.piece % BLOCK == 0

    with_store(make, scenario)


@pytest.mark.parametrize(("offset", "length"), [(0, 101), (100, 1), (-1, 2), (5, -1)])
def test_a_span_outside_is_the_callers_mistake(make: Make, offset: int, length: int) -> None:
    async def scenario(blobs: BlobStore) -> None:
        file = await blobs.open(await put(blobs, CONTENT[:100]), 100)
        with pytest.raises(ValueError, match="in a blob of 100"):
            await file.read(offset, length)
        file.close()

    with_store(make, scenario)


def test_spans_read_at_the_same_time(make: Make) -> None:
    async def scenario(blobs: BlobStore) -> None:
        size = len(CONTENT)
        file = await blobs.open(await put(blobs, CONTENT), size)
        starts = range(0, size, 1 << 18)
        spans = await asyncio.gather(*(file.read(start, 1 << 18) for start in starts))
        assert b"".join(spans) == CONTENT
        file.close()

    with_store(make, scenario)


def test_the_chunk_may_be_reused(make: Make) -> None:
    async def scenario(blobs: BlobStore) -> None:
        buffer = bytearray(b"a" * BLOCK)
        async with blobs.stage() as staged:
            await staged.write(memoryview(buffer))
            buffer[:] = b"b" * BLOCK
            await staged.write(memoryview(buffer))
            await staged.finish()
            staged.hand_over()
        assert await get(blobs, staged.blob, 2 * BLOCK) == b"a" * BLOCK + b"b" * BLOCK

    with_store(make, scenario)


@pytest.mark.parametrize("before", [0, 1, BLOCK])
@pytest.mark.parametrize("last", [0, 1, BLOCK, 100_000])
def test_the_last_bytes_may_come_with_the_end(make: Make, before: int, last: int) -> None:
    async def scenario(blobs: BlobStore) -> None:
        async with blobs.stage() as staged:
            if before:
                await staged.write(memoryview(CONTENT)[:before])
            await staged.finish(memoryview(CONTENT)[before : before + last])
            staged.hand_over()
        assert await get(blobs, staged.blob, before + last) == CONTENT[: before + last]

    with_store(make, scenario)


def test_others_see_the_chunk_before_it_is_reused(make: Make) -> None:
    async def scenario(blobs: BlobStore) -> None:
        buffer = bytearray(BLOCK)
        seen: list[list[bytes]] = [[], []]
        async with blobs.stage() as staged:
            for number in range(3):
                buffer[:] = bytes([number]) * BLOCK
                await staged.write(memoryview(buffer), *[lambda chunk, to=to: to.append(bytes(chunk)) for to in seen])
        assert seen == [[bytes([number]) * BLOCK for number in range(3)]] * 2

    with_store(make, scenario)


@pytest.mark.parametrize("which", [0, 1])
def test_what_others_raise_is_raised(make: Make, which: int) -> None:
    def fails(chunk: memoryview) -> None:
        raise ZeroDivisionError

    async def scenario(blobs: BlobStore) -> None:
        beside: list[Callable[[memoryview], None]] = [lambda chunk: None, lambda chunk: None]
        beside[which] = fails
        async with blobs.stage() as staged:
            with pytest.raises(ZeroDivisionError):
                await staged.write(memoryview(b"abc"), *beside)

    with_store(make, scenario)


def test_a_check_that_fails_leaves_nothing(make: Make) -> None:
    def fails() -> None:
        raise ZeroDivisionError

    async def scenario(blobs: BlobStore) -> None:
        with pytest.raises(ZeroDivisionError):
            async with blobs.stage() as staged:
                await staged.finish(b"abc", fails)
        with pytest.raises(Damaged):
            await blobs.open(staged.blob, 3)

    with_store(make, scenario)


def test_numbers_are_never_used_twice(make: Make) -> None:
    async def scenario(blobs: BlobStore) -> None:
        async def stage() -> int:
            async with blobs.stage() as staged:
                await asyncio.sleep(0)
                return staged.blob

        numbers = await asyncio.gather(*(stage() for _ in range(500)))
        assert len(set(numbers)) == 500

    with_store(make, scenario)


@pytest.mark.parametrize("finishes", [False, True])
def test_what_is_not_handed_over_is_gone(make: Make, *, finishes: bool) -> None:
    async def scenario(blobs: BlobStore) -> None:
        async with blobs.stage() as staged:
            await staged.write(memoryview(b"abc"))
            if finishes:
                await staged.finish()
                assert await get(blobs, staged.blob, 3) == b"abc"
        with pytest.raises(Damaged):
            await blobs.open(staged.blob, 3)

    with_store(make, scenario)


def test_an_error_inside_removes_the_blob(make: Make) -> None:
    async def scenario(blobs: BlobStore) -> None:
        numbers = []

        async def upload() -> None:
            async with blobs.stage() as staged:
                numbers.append(staged.blob)
                await staged.write(memoryview(b"abc"))
                await staged.finish()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            await upload()
        with pytest.raises(Damaged):
            await blobs.open(numbers[0], 3)

    with_store(make, scenario)


def test_handing_over_what_is_not_finished_is_a_mistake(make: Make) -> None:
    async def scenario(blobs: BlobStore) -> None:
        async with blobs.stage() as staged:
            await staged.write(memoryview(b"abc"))
            with pytest.raises(RuntimeError):
                staged.hand_over()

    with_store(make, scenario)


def test_open_asks_for_the_right_size(make: Make) -> None:
    async def scenario(blobs: BlobStore) -> None:
        blob = await put(blobs, CONTENT[:1000])
        for size in (0, 999, 1001, BLOCK + 1):
            with pytest.raises(Damaged):
                await blobs.open(blob, size)

    with_store(make, scenario)


def test_unlinked_and_removed_blobs_are_gone(make: Make) -> None:
    async def scenario(blobs: BlobStore) -> None:
        first, second, third = [await put(blobs, bytes([n]) * 10) for n in range(3)]
        blobs.unlink([first, first + 4000])
        await blobs.remove([second, second + 4000, second + (1 << 40)])
        for blob in (first, second):
            with pytest.raises(Damaged):
                await blobs.open(blob, 10)
        assert await get(blobs, third, 10) == b"\x02" * 10

    with_store(make, scenario)
