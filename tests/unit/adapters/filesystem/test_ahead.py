"""Files made ahead: whose names are durable before a byte is in them, and which nobody finds afterwards."""

from __future__ import annotations

import asyncio
import errno
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.epochs import EpochLedger, unlinked

from trug.adapters.filesystem import ahead, directory, layout, syscalls
from trug.adapters.filesystem.blobs import FilesystemBlobs
from trug.ports.stores import BLOBS_PER_EPOCH, Damaged, Unavailable

COUNT = 4
TURNS = 3000

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = str(tmp_path / "data")
    directory.prepare(path)
    return path


@pytest.fixture(autouse=True)
def eager(monkeypatch: pytest.MonkeyPatch) -> None:
    """The first blob has files made for the next ones, few of them."""
    monkeypatch.setattr(ahead, "AFTER", 0)
    monkeypatch.setattr(ahead, "COUNT", COUNT)


def durable(
    data: str, scenario: Callable[[FilesystemBlobs], Awaitable[None]], ledger: EpochLedger | None = None
) -> None:
    async def run() -> None:
        blobs = FilesystemBlobs(data, epochs=ledger or EpochLedger(), durability="full")
        try:
            await scenario(blobs)
        finally:
            await blobs.close()

    asyncio.run(run())


async def put(blobs: FilesystemBlobs, content: bytes) -> int:
    async with blobs.stage() as staged:
        await staged.finish(content)
        staged.hand_over()
    return staged.blob


async def get(blobs: FilesystemBlobs, blob: int, size: int) -> bytes:
    file = await blobs.open(blob, size)
    try:
        return bytes(await file.read(0, size))
    finally:
        file.close()


async def made(blobs: FilesystemBlobs) -> None:
    """Wait until nothing is being made ahead."""
    for _ in range(TURNS):
        if blobs._workplace.ahead._making is None:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("files are being made for ever")


async def filled(blobs: FilesystemBlobs) -> int:
    """The blob of a first upload, after which files are ready."""
    first = await put(blobs, b"first")
    await made(blobs)
    return first


def watch(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Which files and folders are synced from here on."""
    sync, seen = syscalls.sync_descriptor, []

    def watched(descriptor: int) -> None:
        seen.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        sync(descriptor)

    monkeypatch.setattr(syscalls, "sync_descriptor", watched)
    return seen


def names_in(data: str, epoch: int = 1) -> list[str]:
    return sorted(os.listdir(layout.epoch_path(data, epoch)), key=int)


def test_a_blob_that_is_written_into_a_file_made_ahead_is_read_again(data: str) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        await filled(blobs)
        contents = [os.urandom(size) for size in (1, 100, 70_000, 300_000)]
        stored = [await put(blobs, content) for content in contents]
        assert stored[0] == BLOBS_PER_EPOCH + 1
        assert [
            await get(blobs, blob, len(content)) for blob, content in zip(stored, contents, strict=True)
        ] == contents

    durable(data, scenario)


@linux_only
def test_nothing_but_the_file_is_synced_for_it(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        blobs.sync([await filled(blobs)])
        seen = watch(monkeypatch)
        blob = await put(blobs, b"second")
        blobs.sync([blob])
        assert seen == [layout.blob_path(data, blob)]

    durable(data, scenario)


@linux_only
def test_the_folder_is_synced_once_for_all_that_are_made(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        seen = watch(monkeypatch)
        await filled(blobs)
        assert seen.count(layout.epoch_path(data, 1)) == 1
        assert len(names_in(data)) == 1 + COUNT

    durable(data, scenario)


@linux_only
def test_a_blob_made_the_slow_way_has_its_folder_synced_beside_them(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        first = await filled(blobs)
        second = await put(blobs, b"second")
        seen = watch(monkeypatch)
        blobs.sync([second, first])
        assert seen == [layout.epoch_path(data, 1)]

    durable(data, scenario)


def test_what_is_left_is_removed_at_the_end(data: str) -> None:
    descriptors = len(os.listdir("/dev/fd"))

    async def scenario(blobs: FilesystemBlobs) -> None:
        await filled(blobs)

    durable(data, scenario)
    assert names_in(data) == ["0"]
    assert len(os.listdir("/dev/fd")) == descriptors


def test_after_a_crash_they_are_unlinked_as_any_file_without_a_row(data: str) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        await filled(blobs)

    durable(data, scenario)
    for number in range(1, COUNT + 1):  # what a crash leaves of them: empty, or with some bytes
        Path(layout.epoch_path(data, 1), str(number)).write_bytes(b"x" * (number - 1))
    assert unlinked(data, 1, lambda blob: blob == BLOBS_PER_EPOCH) == COUNT
    assert names_in(data) == ["0"]


def test_a_file_that_was_not_written_is_the_next_ones(data: str) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        await filled(blobs)
        async with blobs.stage() as unused:
            pass
        left = [blob for blob, _ in blobs._workplace.ahead._ready]
        assert unused.blob in left
        assert len(left) == COUNT

    durable(data, scenario)


def test_a_blob_given_up_is_removed(data: str) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        await filled(blobs)
        async with blobs.stage() as staged:
            await staged.write(memoryview(b"half"))
        assert str(staged.blob % BLOBS_PER_EPOCH) not in names_in(data)

    durable(data, scenario)


@linux_only
def test_names_that_could_not_be_synced_are_not_used(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "AFTER", TURNS)

    async def scenario(blobs: FilesystemBlobs) -> None:
        first = await put(blobs, b"first")
        sync = syscalls.sync_descriptor

        def fails(descriptor: int) -> None:
            if os.readlink(f"/proc/self/fd/{descriptor}") == layout.epoch_path(data, 1):
                raise OSError(errno.EIO, "Input/output error")
            sync(descriptor)

        with monkeypatch.context() as patch:
            patch.setattr(syscalls, "sync_descriptor", fails)
            await blobs._workplace.ahead._make()
        assert not blobs._workplace.ahead._ready
        assert names_in(data) == ["0"]
        with pytest.raises(Unavailable):
            blobs.sync([first])
        assert await put(blobs, b"elsewhere") // BLOBS_PER_EPOCH == 2

    durable(data, scenario)


def test_where_none_can_be_made_uploads_go_on(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        with monkeypatch.context() as patch:
            create = syscalls.create
            patch.setattr(
                syscalls, "create", lambda path: refused() if layout.BLOBS in path.split("/") else create(path)
            )
            stored = [await filled(blobs) for _ in range(3)]
        assert [await get(blobs, blob, 5) for blob in stored] == [b"first"] * 3
        assert blobs._numbers._writing is not None
        assert blobs._numbers._writing._unsettled == set(stored)
        assert names_in(data) == [str(blob % BLOBS_PER_EPOCH) for blob in stored]

    durable(data, scenario)


def test_what_somebody_has_removed_is_not_written_into(data: str) -> None:
    """Empty files look like garbage to whoever tidies up: an upload into one would be answered, and lost."""

    async def scenario(blobs: FilesystemBlobs) -> None:
        await filled(blobs)
        for number in range(1, COUNT + 1):
            os.unlink(layout.epoch_path(data, 1) + f"/{number}")
        for _ in range(COUNT):
            with pytest.raises(Unavailable):
                await put(blobs, b"second")
        await made(blobs)
        blob = await put(blobs, b"again")
        assert await get(blobs, blob, 5) == b"again"

    durable(data, scenario)


def test_where_descriptors_are_few_none_are_held_for_later(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "LEAST_DESCRIPTORS", sys.maxsize)

    async def scenario(blobs: FilesystemBlobs) -> None:
        stored = [await filled(blobs) for _ in range(3)]
        assert names_in(data) == [str(blob % BLOBS_PER_EPOCH) for blob in stored]

    durable(data, scenario)


def test_where_the_metadata_cannot_be_read_their_numbers_are_settled(data: str) -> None:
    class Broken(EpochLedger):
        async def open(self, make: Callable[[int], None]) -> int:
            if self.opened:
                raise Damaged("epochs row 1: damaged")
            return await super().open(make)

    async def scenario(blobs: FilesystemBlobs) -> None:
        first = await blobs._numbers.take()
        writing = blobs._numbers._writing
        assert writing is not None
        writing._next = BLOBS_PER_EPOCH - 2
        await blobs._workplace.ahead._make()
        assert writing._unsettled == {first}

    durable(data, scenario, Broken())


def refused() -> int:
    raise OSError(errno.EMFILE, "Too many open files")


def test_where_only_some_can_be_made_none_is_left_behind(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        create, made_so_far = syscalls.create, []

        def creates_two(path: str) -> int:
            if layout.STAGING not in path.split("/"):
                if len(made_so_far) == 2:
                    refused()
                made_so_far.append(path)
            return create(path)

        with monkeypatch.context() as patch:
            patch.setattr(syscalls, "create", creates_two)
            first = await filled(blobs)
        assert len(made_so_far) == 2
        assert names_in(data) == [str(first % BLOBS_PER_EPOCH)]

    durable(data, scenario)


def test_an_epoch_is_sealed_once_all_its_files_are_settled(data: str) -> None:
    ledger = EpochLedger()

    async def scenario(blobs: FilesystemBlobs) -> None:
        first = await filled(blobs)
        writing = blobs._numbers._writing
        assert writing is not None
        writing._next = BLOBS_PER_EPOCH  # as if all others had been taken and settled
        stored = [first, *[await put(blobs, b"x") for _ in range(COUNT)]]
        await made(blobs)
        blobs.sync(stored)
        blobs.sync([])
        for _ in range(TURNS):
            if ledger.sealed:
                break
            await asyncio.sleep(0.01)
        assert ledger.sealed == [1]

    durable(data, scenario, ledger)


def test_who_stores_few_blobs_has_no_empty_files(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ahead, "AFTER", 3)

    async def scenario(blobs: FilesystemBlobs) -> None:
        for _ in range(3):
            await put(blobs, b"x")
        await made(blobs)
        assert len(names_in(data)) == 3
        await filled(blobs)
        assert len(names_in(data)) == 4 + COUNT

    durable(data, scenario)
