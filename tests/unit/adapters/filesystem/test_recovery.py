"""After a crash: files without rows go, the rest stays, and what a living process holds is left alone."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.epochs import EpochLedger, unlinked

from trug.adapters.filesystem import directory, layout, recovery
from trug.adapters.filesystem.blobs import FilesystemBlobs

CRASH = """
import asyncio, os, signal, sys
from tests.support.epochs import EpochLedger
from trug.adapters.filesystem.blobs import FilesystemBlobs

async def main():
    blobs = FilesystemBlobs(sys.argv[1], epochs=EpochLedger(), durability="none")
    for _ in range(3):
        async with blobs.stage() as staged:
            await staged.write(memoryview(b"abc"))
            await staged.finish()
            staged.hand_over()
    async with blobs.stage() as staged:
        await staged.write(memoryview(b"unfinished"))
        os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


@pytest.fixture
def crashed(tmp_path: Path) -> str:
    data = str(tmp_path / "data")
    directory.prepare(data)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    subprocess.run([sys.executable, "-c", CRASH, data], env=environment, check=False)
    return data


def test_what_no_row_names_is_unlinked(crashed: str) -> None:
    asked: list[int] = []

    def is_named(blob: int) -> bool:
        asked.append(blob)
        return blob == 4097

    assert sorted(os.listdir(layout.epoch_path(crashed, 1))) == ["0", "1", "2"]
    assert unlinked(crashed, 1, is_named) == 2
    assert os.listdir(layout.epoch_path(crashed, 1)) == ["1"]
    assert asked == [4096, 4097, 4098]
    assert unlinked(crashed, 1, is_named) == 0


def test_an_epoch_without_a_folder_has_nothing(crashed: str) -> None:
    assert unlinked(crashed, 99, lambda _: False) == 0


def test_staging_folders_of_the_dead_are_swept(crashed: str) -> None:
    async def run() -> None:
        blobs = FilesystemBlobs(crashed, epochs=EpochLedger(first=2), durability="none")
        async with blobs.stage() as staged:
            await staged.write(memoryview(b"alive"))
            assert len(os.listdir(layout.staging_path(crashed))) == 2
            assert recovery.sweep_staging(crashed) == 1
            assert len(os.listdir(layout.staging_path(crashed))) == 1
            await staged.finish()
        await blobs.close()

    asyncio.run(run())
    assert os.listdir(layout.staging_path(crashed)) == []


def test_k2_foreign_things_in_staging_are_left_alone(crashed: str, tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "precious").touch()
    os.symlink(tmp_path / "elsewhere", f"{crashed}/staging/link")
    recovery.sweep_staging(crashed)
    assert os.listdir(tmp_path / "elsewhere") == ["precious"]
