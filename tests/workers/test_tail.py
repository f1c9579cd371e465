"""A process is killed between the last frame of its commit and the sync: that commit is gone for good, or there."""

from __future__ import annotations

import asyncio
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from tests.crash import shim
from tests.support.changes import increment
from tests.support.clock import HandClock
from tests.support.processes import ROOT, SECONDS

from trug.adapters.sql.store import SqlMetadata
from trug.ports.reads import Configuration

COUNT = Configuration(1, "count")

VICTIM = """
import asyncio, sys
from tests.crash import shim
from tests.support.changes import increment
from tests.support.clock import HandClock
from trug.adapters.sql.store import SqlMetadata

async def run():
    directory, page, trace = sys.argv[1:]
    store = SqlMetadata.open(directory, clock=HandClock(), is_first=False, is_shared=True)
    shim.attach(page, trace, directory)
    for _ in range(3):
        print(await store.commit(increment()), flush=True)
        sys.stdin.readline()

asyncio.run(run())
"""


@pytest.mark.skipif(shim.find_compiler() is None or sys.platform != "linux", reason="needs a C compiler and Linux")
def test_whoever_opens_the_store_beside_others_cuts_off_what_was_not_committed(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir()

    async def scene() -> None:
        store = SqlMetadata.open(data, clock=HandClock(), durability="full")
        try:
            assert await store.commit(increment()) == 1
            await asyncio.to_thread(kill_before_the_sync, data, tmp_path)
            assert await store.fetch(COUNT) == b"3", "it was killed before its commit"
            assert await found_in_a_copy(data, tmp_path / "before") == b"4", "its frames are whole"
            other = SqlMetadata.open(data, clock=HandClock(), is_first=False, is_shared=True)
            assert await found_in_a_copy(data, tmp_path / "after") == b"3", "a crash of all would give it back"
            assert await other.commit(increment()) == 4
            await other.close()
        finally:
            await store.close()

    asyncio.run(scene())


def kill_before_the_sync(data: Path, tmp_path: Path) -> None:
    control = shim.Control(tmp_path / "page")
    victim = subprocess.Popen(
        [sys.executable, "-c", VICTIM, str(data), str(control.path), str(control.trace_path)],
        env={"PYTHONPATH": f"{ROOT / 'server'}:{ROOT}", "LD_PRELOAD": shim.build()},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    assert victim.stdin is not None and victim.stdout is not None
    assert victim.stdout.readline() == b"2\n"
    control.disarm()
    victim.stdin.write(b"\n")
    victim.stdin.flush()
    assert victim.stdout.readline() == b"3\n"
    (sync,) = [number for number, (call, _) in enumerate(control.trace, 1) if "sync" in call]
    control.arm(sync, shim.BLOWS["kill"])
    victim.communicate(b"\n", timeout=SECONDS)
    assert victim.returncode == -9
    assert control.struck.endswith("trug.db-wal")
    control.close()


async def found_in_a_copy(data: Path, place: Path) -> bytes | None:
    """What a store counts that is opened from these files alone, as after the end of all processes."""
    shutil.copytree(data, place, ignore=shutil.ignore_patterns("*-shm"))
    store = SqlMetadata.open(place, clock=HandClock())
    try:
        return await store.fetch(COUNT)
    finally:
        await store.close()
