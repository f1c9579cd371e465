"""System calls as a store needs them: whole writes, syncs that reach the disk, locks, errors in storage language."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from trug.ports.stores import Unavailable

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FULL_SYNC: int | None = getattr(fcntl, "F_FULLFSYNC", None)

PRIVATE_FILE = 0o600
PRIVATE_FOLDER = 0o700
FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


def create(path: str) -> int:
    """A descriptor of a new file, which only its owner may read; FileExistsError when the name is taken."""
    return os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, PRIVATE_FILE)


def write_at(descriptor: int, content: bytes | memoryview, offset: int) -> None:
    """Write all of ``content`` at ``offset``, however little the system takes at a time."""
    view = memoryview(content)
    while view:
        written = os.pwrite(descriptor, view, offset)
        if written == 0:
            raise OSError(errno.EIO, "the system took no byte of a write")
        offset += written
        view = view[written:]


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


def unlink_if_there(path: str) -> bool:
    """Remove a name; false when nothing has it."""
    with suppress(FileNotFoundError):
        os.unlink(path)
        return True
    return False


def try_lock(descriptor: int) -> bool:
    """Take the lock of an open file or folder, until its descriptor is closed; false when another holds it."""
    return _try_flock(descriptor, fcntl.LOCK_EX)


def try_lock_shared(descriptor: int) -> bool:
    """Take a lock beside others who hold it so; false when another has it for itself."""
    return _try_flock(descriptor, fcntl.LOCK_SH)


def lock_soon(descriptor: int) -> bool:
    """As ``try_lock``, but patient for 0.2 s: somebody may just be looking whether the lock is held."""
    for _ in range(20):
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


@contextmanager
def unavailable(doing: str) -> Iterator[None]:
    """OSError of a write as Unavailable, which is full when there was no space or quota left."""
    try:
        yield
    except OSError as error:
        raise Unavailable(f"{doing}: {error.strerror}", is_full=error.errno in _FULL) from error
