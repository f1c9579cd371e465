"""System calls as a store needs them: whole writes, syncs that reach the disk, locks, errors in storage language."""

from __future__ import annotations

import errno
import fcntl
import os
import resource
import struct
import sys
import time
from collections.abc import Iterable
from contextlib import suppress
from types import TracebackType

from trug.ports.stores import Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)

_LONG = struct.calcsize("l")
_GET_FLAGS, _SET_FLAGS = 0x80006601 | _LONG << 16, 0x40006602 | _LONG << 16
_TOP_OF_HIERARCHY = 0x20000
"""FS_IOC_GETFLAGS, FS_IOC_SETFLAGS and EXT4_TOPDIR_FL of linux/fs.h; other architectures refuse these numbers."""

Bytes = bytes | bytearray | memoryview

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def create(path: str) -> int:
    """A descriptor of a new file, which only its owner may read; FileExistsError when the name is taken."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)


def write_at(descriptor: int, content: Bytes, offset: int) -> None:
    """Write all of ``content`` at ``offset``, however little the system takes at a time."""
    write_pieces(descriptor, (content,), offset)


def write_pieces(descriptor: int, pieces: Iterable[Bytes], offset: int) -> None:
    """As ``write_at``, of ``pieces`` one behind the other."""
    views = [memoryview(piece) for piece in pieces if piece]
    while views:
        written = os.pwritev(descriptor, views, offset)
        if written == 0:
            raise OSError(errno.EIO, "the system took no byte of a write")
        offset += written
        views = _without(views, written)


def _without(views: list[memoryview], count: int) -> list[memoryview]:
    """What is left of ``views`` behind their first ``count`` bytes."""
    while views and count >= len(views[0]):
        count -= len(views.pop(0))
    if count:
        views[0] = views[0][count:]
    return views


def sync_descriptor(descriptor: int) -> None:
    """Make a file or folder durable; on macOS fsync alone leaves the bytes in the drive's cache."""
    if _FULL_SYNC is None:
        os.fsync(descriptor)
        return
    fcntl.fcntl(descriptor, _FULL_SYNC)


def sync_folder(path: str) -> None:
    """Make the names in a folder durable."""
    descriptor = os.open(path, FOLDER)
    try:
        sync_descriptor(descriptor)
    finally:
        os.close(descriptor)


def scatter_folders(path: str) -> None:
    """Have ext4 lay each folder that is made in this one into another part of the disk (``chattr +T``).

    A file's inode is searched beside its folder's, and each one that was freed there in the last minute or five is
    looked up and passed over: after some thousand deletions, whoever's they were, making a file took 190 to 590 µs of
    CPU, and 14 µs elsewhere. File systems that do not know the wish are left as they are.
    """
    if sys.platform != "linux":
        return
    folder = os.open(path, FOLDER)
    try:
        with suppress(OSError):
            flags = fcntl.ioctl(folder, _GET_FLAGS, bytes(_LONG))
            wanted = int.from_bytes(flags, sys.byteorder) | _TOP_OF_HIERARCHY
            fcntl.ioctl(folder, _SET_FLAGS, wanted.to_bytes(_LONG, sys.byteorder))
    finally:
        os.close(folder)


def unlink_if_there(path: str) -> bool:
    """Remove a name; false when nothing has it."""
    with suppress(FileNotFoundError):
        os.unlink(path)
        return True
    return False


def has_name(descriptor: int) -> bool:
    """Whether an open file can still be found under a name."""
    return os.fstat(descriptor).st_nlink > 0


def most_descriptors() -> int:
    """How many files and connections this process may have open."""
    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return sys.maxsize if soft == resource.RLIM_INFINITY else soft


def open_lock(path: str) -> int:
    """A descriptor of a lock's file, which is made where it is missing."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)


def wait_for_lock(descriptor: int) -> None:
    """Take the lock of an open file, whoever has it until then."""
    fcntl.flock(descriptor, fcntl.LOCK_EX)


def wait_for_lock_shared(descriptor: int) -> None:
    """Take the lock of an open file beside others, once nobody has it for himself."""
    fcntl.flock(descriptor, fcntl.LOCK_SH)


def try_lock(descriptor: int) -> bool:
    """Take the lock of an open file or folder, until its descriptor is closed; false when another holds it."""
    return _try_flock(descriptor, fcntl.LOCK_EX)


def try_lock_shared(descriptor: int) -> bool:
    """Take a lock beside others who hold it so; false when another has it for itself."""
    return _try_flock(descriptor, fcntl.LOCK_SH)


def lock_soon(descriptor: int, seconds: float = 0.2) -> bool:
    """As ``try_lock``, but patient: somebody may just be looking whether the lock is held."""
    for _ in range(max(1, round(seconds / 0.01))):
        if try_lock(descriptor):
            return True
        time.sleep(0.01)
    return False


def _try_flock(descriptor: int, kind: int) -> bool:
    try:
        fcntl.flock(descriptor, kind | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


class unavailable:  # noqa: N801 - used as a function would be
    """OSError of a write as Unavailable, which is full when there was no space or quota left.

    (A class, since a generator behind ``contextmanager`` costs four times as much, in each write.)
    """

    __slots__ = ("_doing",)

    def __init__(self, doing: str) -> None:
        self._doing = doing

    def __enter__(self) -> None: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if isinstance(error, OSError):
            raise Unavailable(f"{self._doing}: {error.strerror}", is_full=error.errno in _FULL) from error
