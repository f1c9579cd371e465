"""The data directory: made private, refused when unfit, held once."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from trug.adapters.filesystem import directory, layout
from trug.adapters.filesystem.directory import DirectoryInUse, DirectoryRefused


def mode_of(path: str | Path) -> int:
    return stat.S_IMODE(os.stat(path).st_mode)


def test_it_is_made_private_with_its_folders(tmp_path: Path) -> None:
    data = tmp_path / "a" / "b"
    directory.prepare(str(data))
    directory.prepare(str(data))
    assert sorted(os.listdir(data)) == sorted(layout.FOLDERS)
    assert {mode_of(data), *(mode_of(data / name) for name in layout.FOLDERS)} == {0o700}


def test_a_folder_without_a_store_is_tightened(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    (tmp_path / ".gitkeep").touch()
    directory.prepare(str(tmp_path))
    assert mode_of(tmp_path) == 0o700


@pytest.mark.parametrize("name", ["", *layout.FOLDERS])
@pytest.mark.parametrize("mode", [0o770, 0o702])
def test_r21_a_store_that_others_may_write_is_refused(tmp_path: Path, name: str, mode: int) -> None:
    directory.prepare(str(tmp_path))
    (tmp_path / name).chmod(mode)
    with pytest.raises(DirectoryRefused, match="can be written by others"):
        directory.prepare(str(tmp_path))


@pytest.mark.skipif(os.geteuid() != 0, reason="only root may give a folder away")
def test_r21_a_foreign_directory_is_refused(tmp_path: Path) -> None:
    os.chown(tmp_path, 12345, -1)
    with pytest.raises(DirectoryRefused, match="belongs to user 12345"):
        directory.prepare(str(tmp_path))


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "staging").touch(0o600)
    with pytest.raises(DirectoryRefused, match="not a directory"):
        directory.prepare(str(tmp_path / "data"))


def test_r20_staging_on_another_device_is_refused(tmp_path: Path) -> None:
    other = Path("/dev/shm") / f"trug-{os.getpid()}"
    if not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == os.stat(tmp_path).st_dev:
        pytest.skip("no second device")
    other.mkdir(0o700)
    try:
        (tmp_path / "staging").symlink_to(other)
        with pytest.raises(DirectoryRefused, match="different file systems"):
            directory.prepare(str(tmp_path))
    finally:
        other.rmdir()


def test_r14_a_second_holder_is_told_who_has_it(tmp_path: Path) -> None:
    directory.prepare(str(tmp_path))
    held = directory.lock(str(tmp_path))
    program = f"""
from trug.adapters.filesystem import directory
try:
    directory.lock({str(tmp_path)!r})
except directory.DirectoryInUse as error:
    print(error)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    ran = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True)
    assert f"is in use by process {os.getpid()}" in ran.stdout
    with pytest.raises(DirectoryInUse):
        directory.lock(str(tmp_path))
    held.release()
    directory.lock(str(tmp_path)).release()


def test_r14_the_lock_ends_with_its_process(tmp_path: Path) -> None:
    directory.prepare(str(tmp_path))
    program = f"""
import os, signal
from trug.adapters.filesystem import directory
held = directory.lock({str(tmp_path)!r})
os.kill(os.getpid(), signal.SIGKILL)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    subprocess.run([sys.executable, "-c", program], env=environment, check=False)
    directory.lock(str(tmp_path)).release()


def test_workers_that_outlive_their_server_keep_the_directory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "WORKERS_END_IN", 0.05)
    directory.prepare(str(tmp_path))
    workers = [directory.join(str(tmp_path)) for _ in range(2)]
    with pytest.raises(DirectoryInUse, match="workers"):
        directory.lock(str(tmp_path))
    for worker in workers:
        worker.release()
    directory.lock(str(tmp_path)).release()


def test_r1_the_reserve_is_kept_and_given_up(tmp_path: Path) -> None:
    directory.give_up_reserve(str(tmp_path))
    assert directory.keep_reserve(str(tmp_path))
    assert os.path.getsize(layout.reserve_path(str(tmp_path))) == directory.RESERVE_SIZE
    directory.give_up_reserve(str(tmp_path))
    assert os.path.getsize(layout.reserve_path(str(tmp_path))) == 0
    assert directory.keep_reserve(str(tmp_path))
    assert os.path.getsize(layout.reserve_path(str(tmp_path))) == directory.RESERVE_SIZE
