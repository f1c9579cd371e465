"""Blobs in files: damage, foreign things in their place, full disks, syncs, epochs."""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import shutil
import stat
import subprocess
import sys
import threading
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import pytest
from tests.support.epochs import EpochLedger, unlinked

from trug.adapters.filesystem import directory, layout, recovery, syscalls
from trug.adapters.filesystem.blobs import FilesystemBlobs
from trug.adapters.filesystem.shelf import FilesystemShelf
from trug.domain import blocks
from trug.domain.blocks import BLOCK
from trug.ports.stores import BLOBS_PER_EPOCH, BlobStore, Damaged, Unavailable

CONTENT = os.urandom(2 * BLOCK + 100)


@pytest.fixture
def data(tmp_path: Path) -> str:
    path = str(tmp_path / "data")
    directory.prepare(path)
    return path


def with_store(
    data: str, scenario: Callable[[FilesystemBlobs], Awaitable[None]], ledger: EpochLedger | None = None
) -> None:
    async def run() -> None:
        blobs = FilesystemBlobs(data, epochs=ledger or EpochLedger(), durability="none")
        try:
            await scenario(blobs)
        finally:
            await blobs.close()

    asyncio.run(run())


async def put(blobs: BlobStore, content: bytes) -> int:
    async with blobs.stage() as staged:
        await staged.write(memoryview(content))
        await staged.finish()
        staged.hand_over()
    return staged.blob


async def get(blobs: BlobStore, blob: int, size: int) -> bytes:
    file = await blobs.open(blob, size)
    try:
        return bytes(await file.read(0, size))
    finally:
        file.close()


def files_below(data: str) -> list[str]:
    folders = (layout.BLOBS, layout.STAGING)
    return [name for folder in folders for _, _, names in os.walk(f"{data}/{folder}") for name in names]


# Damage


def flip(path: str, place: int, bits: int) -> None:
    with open(path, "r+b") as file:
        file.seek(place)
        byte = file.read(1)[0]
        file.seek(place)
        file.write(bytes([byte ^ bits]))


def test_r8_a_flipped_bit_at_any_byte(data: str) -> None:
    content = os.urandom(300)

    async def scenario(blobs: FilesystemBlobs) -> None:
        blob = await put(blobs, content)
        path = layout.blob_path(data, blob)
        for place in range(len(content) + blocks.footer_size(len(content))):
            flip(path, place, 1 << place % 8)
            with pytest.raises(Damaged):
                await get(blobs, blob, len(content))
            flip(path, place, 1 << place % 8)
        assert await get(blobs, blob, len(content)) == content

    with_store(data, scenario)


@pytest.mark.parametrize("place", [0, BLOCK - 1, BLOCK, 2 * BLOCK - 1, 2 * BLOCK, len(CONTENT) - 1])
def test_r8_damage_is_found_by_the_span_that_holds_it(data: str, place: int) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        blob = await put(blobs, CONTENT)
        flip(layout.blob_path(data, blob), place, 0xFF)
        opened = await blobs.open(blob, len(CONTENT))
        for start in range(0, len(CONTENT), BLOCK):
            length = min(BLOCK, len(CONTENT) - start)
            if start <= place < start + length:
                with pytest.raises(Damaged):
                    await opened.read(start, 1)
            else:
                assert bytes(await opened.read(start, length)) == CONTENT[start : start + length]
        opened.close()

    with_store(data, scenario)


@pytest.mark.parametrize(
    "damage",
    [
        lambda path, _: os.unlink(path),
        lambda path, _: os.truncate(path, os.path.getsize(path) - 1),
        lambda path, _: os.truncate(path, os.path.getsize(path) + 1),
        lambda path, _: os.truncate(path, 0),
        lambda path, _: Path(path).write_bytes(bytes(os.path.getsize(path))),
        lambda path, other: os.replace(other, path),
        lambda path, other: (os.unlink(path), os.symlink(other, path)),
        lambda path, other: (os.unlink(path), os.link(other, path)),
        lambda path, _: (os.unlink(path), os.mkfifo(path)),
        lambda path, _: (os.unlink(path), os.mkdir(path)),
        lambda path, _: shutil.rmtree(os.path.dirname(path)),
    ],
    ids=["missing", "shorter", "longer", "empty", "zeros", "swapped", "symlink", "hardlink", "fifo", "folder", "epoch"],
)
def test_k2_r9_another_thing_in_its_place(data: str, damage: Callable[[str, str], object]) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        blob, other = await put(blobs, CONTENT), await put(blobs, CONTENT)
        damage(layout.blob_path(data, blob), layout.blob_path(data, other))
        with pytest.raises(Damaged):
            await get(blobs, blob, len(CONTENT))

    with_store(data, scenario)


def test_k2_a_symlink_to_the_right_file_is_refused(data: str) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        path = layout.blob_path(data, blob := await put(blobs, CONTENT))
        os.rename(path, f"{path}.moved")
        os.symlink(f"{path}.moved", path)
        with pytest.raises(Damaged):
            await blobs.open(blob, len(CONTENT))

    with_store(data, scenario)


def test_r9_a_file_that_shrinks_while_it_is_open(data: str) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        size = 5 * BLOCK
        blob = await put(blobs, bytes(size))
        file = await blobs.open(blob, size)
        os.truncate(layout.blob_path(data, blob), BLOCK)
        with pytest.raises(Damaged):
            await file.read(0, size)
        file.close()

    with_store(data, scenario)


def test_checks_beyond_the_kept_ones_are_fetched(data: str) -> None:
    size = 1100 * BLOCK + 5

    async def scenario(blobs: FilesystemBlobs) -> None:
        async with blobs.stage() as staged:
            for block in range(1100):
                await staged.write(memoryview(block.to_bytes(8, "big") * (BLOCK // 8)))
            await staged.write(memoryview(b"last!"))
            await staged.finish()
            file = await blobs.open(staged.blob, size)
            for block in (0, 1099, 1, 500, 1098, 76, 75):
                assert bytes(await file.read(block * BLOCK, 8)) == block.to_bytes(8, "big")
            assert bytes(await file.read(size - 5, 5)) == b"last!"
            file.close()

    with_store(data, scenario)


def at_hand(blobs: FilesystemBlobs, blob: int, start: int, end: int) -> bytes | None:
    found = blobs.at_hand(blob, len(CONTENT), start, end - start)
    return None if found is None else bytes(found)


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux tells what is cached")
@pytest.mark.parametrize("place", [0, BLOCK - 1, BLOCK, 2 * BLOCK, len(CONTENT) - 1, len(CONTENT), len(CONTENT) + 11])
def test_r8_damage_is_not_at_hand(data: str, place: int) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        blob = await put(blobs, CONTENT)
        assert at_hand(blobs, blob, 0, len(CONTENT)) == CONTENT
        flip(layout.blob_path(data, blob), place, 0x01)
        assert at_hand(blobs, blob, 0, len(CONTENT)) is None
        damaged = place // BLOCK if place < len(CONTENT) else (place - len(CONTENT)) // blocks.CHECK_SIZE
        for block in range(3):
            start, end = block * BLOCK + 1, min((block + 1) * BLOCK, len(CONTENT))
            expected = None if block == damaged else CONTENT[start:end]
            assert at_hand(blobs, blob, start, end) == expected

    with_store(data, scenario)


def test_k2_r9_another_thing_in_its_place_is_not_at_hand(data: str) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        blob, other = await put(blobs, CONTENT), await put(blobs, CONTENT)
        path, others = layout.blob_path(data, blob), layout.blob_path(data, other)
        replacements: list[Callable[[], None]] = [
            lambda: os.link(others, path),
            lambda: os.symlink(others, path),
            lambda: os.mkfifo(path),
            lambda: os.mkdir(path),
        ]
        for replace in replacements:
            os.unlink(path)
            replace()
            assert at_hand(blobs, blob, 0, len(CONTENT)) is None

    with_store(data, scenario)


def test_pieces_that_are_on_their_way_stay_what_they_are(data: str) -> None:
    size = 100 * BLOCK

    async def scenario(blobs: FilesystemBlobs) -> None:
        content = os.urandom(size)
        blob = await put(blobs, content)
        file = await blobs.open(blob, size)
        assert blobs.piece == 8 * BLOCK
        pieces = [await file.read(start, BLOCK) for start in range(0, size, BLOCK)]
        assert blobs.piece == BLOCK
        assert b"".join(pieces) == content
        pieces.clear()
        await file.read(0, BLOCK)
        assert blobs.piece == 8 * BLOCK
        file.close()

    with_store(data, scenario)


@pytest.mark.skipif(not hasattr(os, "posix_fadvise"), reason="the page cache cannot be emptied")
@pytest.mark.parametrize("size", [1, BLOCK, 100 * BLOCK])
def test_a_cold_file_is_read_on_threads(data: str, size: int) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        content = os.urandom(size)
        blob = await put(blobs, content)
        forget(layout.blob_path(data, blob))
        file = await blobs.open(blob, size)
        pieces = [await file.read(start, min(8 * BLOCK, size - start)) for start in range(0, size, 8 * BLOCK)]
        assert b"".join(pieces) == content
        file.close()

    with_store(data, scenario)


def forget(path: str) -> None:
    """Drop a file from the page cache."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)


@pytest.mark.parametrize("turns", range(3))
def test_a_cancelled_opening_gives_its_descriptor_back(data: str, monkeypatch: pytest.MonkeyPatch, turns: int) -> None:
    monkeypatch.setattr("trug.adapters.filesystem.cached.open_cached", lambda _: None)

    async def scenario(blobs: FilesystemBlobs) -> None:
        blob = await put(blobs, CONTENT)
        await get(blobs, blob, len(CONTENT))
        before = len(os.listdir("/dev/fd"))
        opening = asyncio.create_task(blobs.open(blob, len(CONTENT)))
        for _ in range(turns):
            await asyncio.sleep(0)
        opening.cancel()
        with pytest.raises(asyncio.CancelledError):
            await opening
        assert len(os.listdir("/dev/fd")) == before

    with_store(data, scenario)


# Leaving


def test_files_are_private_and_nothing_is_left_in_staging(data: str) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        blob = await put(blobs, CONTENT)
        assert stat.S_IMODE(os.stat(layout.blob_path(data, blob)).st_mode) == 0o600
        assert files_below(data) == [str(blob % BLOBS_PER_EPOCH)]

    with_store(data, scenario)
    assert os.listdir(layout.staging_path(data)) == []


@pytest.mark.parametrize("turns", range(12))
def test_a_cancelled_stage_leaves_nothing(data: str, turns: int) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        async def upload() -> None:
            async with blobs.stage() as staged:
                for _ in range(3):
                    await staged.write(memoryview(CONTENT))
                await staged.finish()
                await asyncio.Event().wait()

        task = asyncio.ensure_future(upload())
        for _ in range(turns):
            await asyncio.sleep(0.0005)
        task.cancel()
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert files_below(data) == []

    with_store(data, scenario)


def test_a_file_is_not_closed_under_a_running_write(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    is_writing, go_on = threading.Event(), threading.Event()
    pwritev = os.pwritev

    def slow(descriptor: int, pieces: Sequence[memoryview], offset: int) -> int:
        is_writing.set()
        assert go_on.wait(10)
        return pwritev(descriptor, pieces, offset)

    async def scenario(blobs: FilesystemBlobs) -> None:
        async with blobs.stage() as staged:
            with monkeypatch.context() as patch:
                patch.setattr(os, "pwritev", slow)
                writing = asyncio.ensure_future(staged.write(memoryview(b"a" * 1000)))
                await asyncio.to_thread(is_writing.wait, 10)
                leaving = asyncio.ensure_future(staged.__aexit__(None, None, None))
                await asyncio.sleep(0.05)
                assert not leaving.done()
                go_on.set()
                await asyncio.gather(writing, leaving)
        assert files_below(data) == []

    with_store(data, scenario)


def test_a_stage_that_was_left_is_not_written(data: str) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        async with blobs.stage() as staged:
            pass
        for late in (staged.write(memoryview(b"late")), staged.finish(b"late")):
            with pytest.raises(RuntimeError):
                await late
        assert files_below(data) == []

    with_store(data, scenario)


def test_a_cancelled_opening_of_an_epoch_serves_the_next(data: str) -> None:
    class SlowLedger(EpochLedger):
        async def open(self, make: Callable[[int], None]) -> int:
            await asyncio.sleep(0.01)
            return await super().open(make)

    ledger = SlowLedger()

    async def scenario(blobs: FilesystemBlobs) -> None:
        first = asyncio.ensure_future(put(blobs, b"first"))
        second = asyncio.ensure_future(put(blobs, b"second"))
        await asyncio.sleep(0)
        first.cancel()
        assert await get(blobs, await second, 6) == b"second"
        assert ledger.opened == [1]

    with_store(data, scenario, ledger)


# Epochs


def test_5000_stages_roll_over_and_seal_the_first_epoch(data: str) -> None:
    ledger = EpochLedger()

    async def scenario(blobs: FilesystemBlobs) -> None:
        kept = await put(blobs, b"kept")
        blobs.sync([kept])
        rejected = await put(blobs, b"rejected")
        blobs.sync([rejected])
        blobs.unlink([rejected])
        for _ in range(4998):
            async with blobs.stage():
                pass
        last = await put(blobs, b"last")
        assert last == 2 * BLOBS_PER_EPOCH + 5000 - BLOBS_PER_EPOCH
        for _ in range(200):
            if ledger.sealed:
                break
            await asyncio.sleep(0.01)
        assert ledger.sealed == [1]
        assert ledger.opened == [1, 2]
        assert unlinked(data, 1, lambda blob: blob == kept) == 0
        assert recovery.find_abandoned(data, 2) is None

    with_store(data, scenario, ledger)


def test_an_epoch_is_not_sealed_before_its_last_blob_is_decided(data: str) -> None:
    ledger = EpochLedger()

    async def scenario(blobs: FilesystemBlobs) -> None:
        blob = await put(blobs, b"in commit")
        for _ in range(BLOBS_PER_EPOCH):
            async with blobs.stage():
                pass
        blobs.sync([blob])
        await asyncio.sleep(0.05)
        assert ledger.sealed == []
        await asyncio.to_thread(blobs.sync, [])
        for _ in range(200):
            if ledger.sealed:
                break
            await asyncio.sleep(0.01)
        assert ledger.sealed == [1]

    with_store(data, scenario, ledger)


def test_r11_an_epoch_that_has_files_already_is_not_written_into(data: str) -> None:
    with_store(data, lambda blobs: _ignore(put(blobs, b"newer")))
    forgotten = EpochLedger()

    async def scenario(blobs: FilesystemBlobs) -> None:
        with pytest.raises(Unavailable, match="older than the blobs"):
            await put(blobs, b"older")

    with_store(data, scenario, forgotten)
    assert forgotten.opened == []


def test_an_epoch_whose_folder_somebody_looks_at_is_claimed(data: str) -> None:
    os.mkdir(layout.epoch_path(data, 1), 0o700)
    looking = os.open(layout.epoch_path(data, 1), syscalls.FOLDER)
    assert syscalls.try_lock_shared(looking)

    async def scenario(blobs: FilesystemBlobs) -> None:
        writing = asyncio.ensure_future(asyncio.to_thread(blobs._numbers._make_folder, 1))
        await asyncio.sleep(0.03)
        os.close(looking)
        os.close(await writing)

    with_store(data, scenario)


def test_the_shelf_shows_what_nobody_writes(data: str) -> None:
    shelf = FilesystemShelf(data)

    async def scenario(blobs: FilesystemBlobs) -> None:
        await put(blobs, b"x")
        assert list(shelf.numbers()) == []

    with_store(data, scenario)
    assert list(shelf.numbers()) == [BLOBS_PER_EPOCH]


def test_the_folder_of_a_sealed_epoch_goes_with_its_last_blob(data: str) -> None:
    async def fill(blobs: FilesystemBlobs) -> None:
        for content in (b"one", b"two"):
            await put(blobs, content)

    with_store(data, fill)

    async def scenario(blobs: FilesystemBlobs) -> None:
        await put(blobs, b"x")
        await blobs.remove([BLOBS_PER_EPOCH])
        assert sorted(os.listdir(f"{data}/{layout.BLOBS}")) == ["1", "2"]
        await blobs.remove([BLOBS_PER_EPOCH + 1, 2 * BLOBS_PER_EPOCH])
        assert os.listdir(f"{data}/{layout.BLOBS}") == ["2"], "an epoch that is being written keeps its folder"
        await put(blobs, b"y")

    with_store(data, scenario, EpochLedger(first=2))


async def _ignore(work: Awaitable[object]) -> None:
    await work


# Syncs


@contextmanager
def syncs_seen(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    seen: list[str] = []
    fsync = os.fsync

    def watched(descriptor: int) -> None:
        seen.append(os.readlink(f"/proc/self/fd/{descriptor}"))
        fsync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", watched)
        yield seen


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_each_directory_is_synced_once(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def run() -> None:
        blobs = FilesystemBlobs(data, epochs=EpochLedger(), durability="full")
        with syncs_seen(monkeypatch) as seen:
            made = [await put(blobs, b"x") for _ in range(3)]
            assert seen[0] == f"{data}/blobs"
            assert [os.path.dirname(path) for path in seen[1:]] == [seen[1].rpartition("/")[0]] * 3
            seen.clear()
            blobs.sync(made)
            assert seen == [f"{data}/blobs/1"]
            seen.clear()
            await blobs.remove(made)
            assert seen == [f"{data}/blobs/1"]
        await blobs.close()

    asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_without_durability_nothing_is_synced(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        blob = await put(blobs, b"x")
        blobs.sync([blob])
        await blobs.remove([blob])

    with syncs_seen(monkeypatch) as seen:
        with_store(data, scenario)
    assert seen == []


def test_r5_a_failed_sync_removes_the_file(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    async def run() -> None:
        blobs = FilesystemBlobs(data, epochs=EpochLedger(), durability="full")
        await put(blobs, b"before")
        with monkeypatch.context() as patch:
            patch.setattr("trug.adapters.filesystem.syscalls.sync_descriptor", fails)
            with pytest.raises(Unavailable) as raised:
                await put(blobs, b"x")
        assert not raised.value.is_full
        assert files_below(data) == ["0"]
        await blobs.close()

    asyncio.run(run())


@contextmanager
def syncs_fail(monkeypatch: pytest.MonkeyPatch, name: str) -> Iterator[None]:
    """The first sync of the folder of this name fails, and the next succeeds, as a system does that lost a write."""
    sync = syscalls.sync_descriptor
    told = []

    def fails_once(descriptor: int) -> None:
        if os.readlink(f"/proc/self/fd/{descriptor}").endswith(name) and not told:
            told.append(descriptor)
            raise OSError(errno.EIO, "Input/output error")
        sync(descriptor)

    with monkeypatch.context() as patch:
        patch.setattr(syscalls, "sync_descriptor", fails_once)
        yield
    assert told


def durable(data: str, scenario: Callable[[FilesystemBlobs], Awaitable[None]], ledger: EpochLedger) -> None:
    async def run() -> None:
        blobs = FilesystemBlobs(data, epochs=ledger, durability="full")
        try:
            await scenario(blobs)
        finally:
            await blobs.close()

    asyncio.run(run())


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_folder_that_could_not_be_synced_is_never_trusted_again(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    ledger = EpochLedger()

    async def scenario(blobs: FilesystemBlobs) -> None:
        named = await put(blobs, b"named")
        blobs.sync([named])
        late, lost = await put(blobs, b"late"), await put(blobs, b"lost")
        async with blobs.stage() as staged:
            with syncs_fail(monkeypatch, "/blobs/1"), pytest.raises(Unavailable):
                blobs.sync([lost])
            with pytest.raises(Unavailable):
                blobs.sync([late])
            with pytest.raises(Unavailable):
                await staged.finish(b"begun before")
        new = await put(blobs, b"new")
        assert new // BLOBS_PER_EPOCH == 2
        blobs.sync([new])
        assert await get(blobs, named, 5) == b"named"
        await blobs.remove([named])
        assert ledger.sealed == []

    durable(data, scenario, ledger)
    assert unlinked(data, 1, lambda _: False) == 2


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_a_removal_that_could_not_be_synced_takes_the_trust_too(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        waiting, dropped = await put(blobs, b"waiting"), await put(blobs, b"dropped")
        with syncs_fail(monkeypatch, "/blobs/1"), pytest.raises(Unavailable):
            await blobs.remove([dropped])
        with pytest.raises(Unavailable):
            blobs.sync([waiting])
        await blobs.remove([dropped])

    durable(data, scenario, EpochLedger())


@pytest.mark.skipif(sys.platform != "linux", reason="needs /proc")
def test_an_epoch_whose_name_could_not_be_synced_is_made_anew(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        with syncs_fail(monkeypatch, "/blobs"), pytest.raises(Unavailable):
            await put(blobs, b"x")
        assert os.listdir(f"{data}/{layout.BLOBS}") == []
        blobs.sync([await put(blobs, b"x")])

    durable(data, scenario, EpochLedger())


def test_r6_short_writes_are_continued(data: str, monkeypatch: pytest.MonkeyPatch) -> None:
    pwritev = os.pwritev

    async def scenario(blobs: FilesystemBlobs) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(os, "pwritev", lambda fd, pieces, offset: pwritev(fd, [pieces[0][:777]], offset))
            blob = await put(blobs, CONTENT)
            async with blobs.stage() as staged:
                await staged.finish(CONTENT)
                staged.hand_over()
        assert await get(blobs, staged.blob, len(CONTENT)) == CONTENT
        assert await get(blobs, blob, len(CONTENT)) == CONTENT

    with_store(data, scenario)


# Full disks and other shortages


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[str]:
    mount = tmp_path / "tiny"
    mount.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=1m,mode=700", "none", str(mount)]
    if shutil.which("mount") is None or subprocess.run(command, capture_output=True, check=False).returncode:
        pytest.skip("may not mount a tmpfs")
    try:
        directory.prepare(str(mount / "data"))
        yield str(mount / "data")
    finally:
        subprocess.run(["umount", str(mount)], check=True)


def test_r1_a_full_disk(tiny: str) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        kept = await put(blobs, CONTENT)
        with pytest.raises(Unavailable) as raised:
            await put(blobs, CONTENT * 10)
        assert raised.value.is_full
        assert files_below(tiny) == ["0"]
        assert await get(blobs, kept, len(CONTENT)) == CONTENT
        await blobs.remove([kept])
        assert await get(blobs, await put(blobs, CONTENT), len(CONTENT)) == CONTENT

    with_store(tiny, scenario)


def test_r1_no_half_reserve_is_kept(tiny: str) -> None:
    Path(tiny, "filler").write_bytes(bytes(100_000))
    assert not directory.keep_reserve(tiny)
    assert os.path.getsize(layout.reserve_path(tiny)) == 0


def test_a_file_size_limit_is_not_a_full_disk(data: str) -> None:
    program = f"""
import asyncio, resource, signal
from tests.unit.adapters.filesystem.test_blobs import *
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1000, resource.RLIM_INFINITY))
async def scenario(blobs):
    try:
        await put(blobs, CONTENT)
    except Unavailable as error:
        print(error.is_full, files_below({data!r}))
with_store({data!r}, scenario)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=False)
    assert (ran.stdout, ran.returncode) == ("False []\n", 0), ran.stderr


def test_r7_no_descriptor_left(data: str) -> None:
    async def scenario(blobs: FilesystemBlobs) -> None:
        blob = await put(blobs, CONTENT)
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, hard))
        try:
            with pytest.raises(Unavailable) as read:
                await blobs.open(blob, len(CONTENT))
            with pytest.raises(Unavailable) as written:
                await put(blobs, b"x")
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        assert not read.value.is_full
        assert not written.value.is_full
        assert await get(blobs, blob, len(CONTENT)) == CONTENT

    with_store(data, scenario)


def test_descriptors_and_threads_are_given_back(data: str) -> None:
    def used() -> int:
        return len(os.listdir("/dev/fd"))

    before, threads = used(), threading.active_count()

    async def scenario(blobs: FilesystemBlobs) -> None:
        for _ in range(20):
            await get(blobs, await put(blobs, CONTENT), len(CONTENT))
            async with blobs.stage() as staged:
                await staged.write(memoryview(CONTENT))

    with_store(data, scenario)
    assert used() == before
    assert threading.active_count() == threads
