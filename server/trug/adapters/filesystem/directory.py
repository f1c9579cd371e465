"""The data directory: made, examined, and held by one server at a time, of one process or of several."""

from __future__ import annotations

import os
import stat
from contextlib import suppress

from trug.adapters.filesystem import layout, syscalls

RESERVE_SIZE = 1 << 20

WORKERS_END_IN = 2.0
"""For how many seconds the workers of a server that was killed may take to end."""

_OTHERS_MAY_WRITE = stat.S_IWGRP | stat.S_IWOTH


class DirectoryInUse(Exception):
    """Another process serves the data directory."""


class DirectoryRefused(Exception):
    """The data directory is not fit to be served: its owner, its mode, or how it is mounted."""


def prepare(directory: str) -> None:
    """Make the data directory and its folders where they are missing, and examine them.

    A folder of the caller's that holds no store yet is made private. DirectoryRefused when it belongs to somebody
    else, when others may write in a store, or when parts of it lie on different file systems; OSError when the system
    refuses.
    """
    _make(directory)
    if not os.path.exists(f"{directory}/{layout.BLOBS}"):
        _refuse_foreign(directory)
        os.chmod(directory, syscalls.PRIVATE_FOLDER)
    _examine(directory)
    for name in layout.FOLDERS:
        path = f"{directory}/{name}"
        with suppress(FileExistsError):
            os.mkdir(path, syscalls.PRIVATE_FOLDER)
        _examine(path)
    _refuse_other_devices(directory)
    for path in (f"{directory}/{layout.BLOBS}", layout.staging_path(directory)):
        syscalls.scatter_folders(path)
    syscalls.sync_folder(directory)


class Held:
    """The lock on a data directory, until it is released or the process ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def release(self) -> None:
        """Give the directory free."""
        os.close(self._descriptor)


def lock(directory: str) -> Held:
    """Hold a prepared data directory; DirectoryInUse when another process does.

    Where a server of several processes was killed, its workers are waited for: a thread's work.
    """
    descriptor = syscalls.open_lock(layout.serve_lock_path(directory))
    try:
        _refuse_held(descriptor, directory)
        _outlast_workers(directory)
    except BaseException:
        os.close(descriptor)
        raise
    os.truncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return Held(descriptor)


def join(directory: str) -> Held:
    """Be one of the workers of the server that holds the directory."""
    descriptor = syscalls.open_lock(layout.workers_lock_path(directory))
    syscalls.wait_for_lock_shared(descriptor)
    return Held(descriptor)


def _refuse_held(descriptor: int, directory: str) -> None:
    if syscalls.try_lock(descriptor):
        return
    holder = os.pread(descriptor, 32, 0).decode("ascii", "replace").strip()
    by = f" by process {holder}" if holder else ""
    raise DirectoryInUse(f"data directory {directory} is in use{by}: stop that server or choose another directory")


def _outlast_workers(directory: str) -> None:
    descriptor = syscalls.open_lock(layout.workers_lock_path(directory))
    try:
        if not syscalls.lock_soon(descriptor, WORKERS_END_IN):
            raise DirectoryInUse(f"data directory {directory} is in use by workers whose server is no more: end them")
    finally:
        os.close(descriptor)


def keep_reserve(directory: str) -> bool:
    """Set space aside that deletes can use when the disk is full; false when there is none to set aside."""
    path = layout.reserve_path(directory)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, syscalls.PRIVATE_FILE)
    try:
        missing = RESERVE_SIZE - os.fstat(descriptor).st_size
        if missing > 0:
            syscalls.write_at(descriptor, bytes(missing), RESERVE_SIZE - missing)
            syscalls.sync_descriptor(descriptor)
    except OSError:
        os.truncate(descriptor, 0)
        return False
    finally:
        os.close(descriptor)
    return True


def give_up_reserve(directory: str) -> None:
    """Free the space set aside; no error when there is none."""
    with suppress(FileNotFoundError):
        os.truncate(layout.reserve_path(directory), 0)


def _make(directory: str) -> None:
    if os.path.isdir(directory):
        return
    os.makedirs(directory, syscalls.PRIVATE_FOLDER)
    with suppress(PermissionError):  # a parent one may enter but not list
        syscalls.sync_folder(os.path.dirname(os.path.abspath(directory)))


def _examine(path: str) -> None:
    if not os.path.isdir(path):
        raise DirectoryRefused(f"{path} is not a directory")
    _refuse_foreign(path)
    if os.stat(path).st_mode & _OTHERS_MAY_WRITE:
        raise DirectoryRefused(f"{path} can be written by others: chmod go-w {path}")


def _refuse_foreign(path: str) -> None:
    owner = os.stat(path).st_uid
    if owner != os.geteuid():
        raise DirectoryRefused(f"{path} belongs to user {owner}, but this process runs as user {os.geteuid()}")


def _refuse_other_devices(directory: str) -> None:
    blobs = os.stat(f"{directory}/{layout.BLOBS}").st_dev
    staging = os.stat(f"{directory}/{layout.STAGING}").st_dev
    if staging != blobs:
        raise DirectoryRefused(
            f"{directory}/{layout.STAGING} and {directory}/{layout.BLOBS} are on different file systems: "
            "files could not be renamed from one to the other"
        )
