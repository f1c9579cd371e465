"""What the system has in memory: names and pages of files, had without ever waiting for a disk."""

from __future__ import annotations

import ctypes
import errno
import os
import sys
from collections.abc import Callable, Sequence
from functools import cache

TO_READ = os.O_RDONLY | os.O_CLOEXEC | os.O_NOFOLLOW | os.O_NONBLOCK  # a FIFO put there must not stop the loop

_NOW: int | None = getattr(os, "RWF_NOWAIT", None)
_NOT_NOW = {errno.EAGAIN, errno.EOPNOTSUPP}

# The arguments of openat2(2), made once: to convert them at each call would take longer than the call.
_OPENAT2 = ctypes.c_long(437)
_FROM_HERE = ctypes.c_int(-100)
_HOW = (ctypes.c_uint64 * 3)(TO_READ, 0, 0x20)
"""struct open_how: flags, mode, and RESOLVE_CACHED."""
_HOW_AT, _HOW_SIZE = ctypes.byref(_HOW), ctypes.c_size_t(ctypes.sizeof(_HOW))
_NOT_HERE = {errno.ENOSYS, errno.EPERM, errno.EINVAL}


def open_cached(path: str) -> int | None:
    """A descriptor to read from; None when finding the file would take a look at the disk. OSError.

    A name that is not cached costs a read of a directory and one of an inode: 10 ms each on a spinning disk, in which
    the loop would stand still. To know costs 1 µs. Systems that cannot tell (Linux before 5.12) just open.
    """
    syscall = _syscall()
    if syscall is None:
        return os.open(path, TO_READ)
    descriptor: int = syscall(_OPENAT2, _FROM_HERE, os.fsencode(path), _HOW_AT, _HOW_SIZE)
    if descriptor >= 0:
        return descriptor
    code = ctypes.get_errno()
    if code == errno.EAGAIN:
        return None
    raise OSError(code, os.strerror(code), path)


def read_cached(descriptor: int, buffers: Sequence[bytearray | memoryview], offset: int) -> int:
    """How many bytes could be read into ``buffers`` from the page cache; 0 where the system cannot tell. OSError."""
    if _NOW is None:
        return 0
    try:
        return os.preadv(descriptor, buffers, offset, _NOW)
    except OSError as error:
        if error.errno in _NOT_NOW:
            return 0
        raise


def fetch_ahead(descriptor: int, offset: int, length: int) -> None:
    """Ask the system to read these bytes into the page cache. It may wait for a place in the disk's queue."""
    if hasattr(os, "posix_fadvise"):
        os.posix_fadvise(descriptor, offset, length, os.POSIX_FADV_WILLNEED)


@cache
def _syscall() -> Callable[..., int] | None:
    """syscall(2), since Python lacks openat2; None where the kernel, or a filter of calls, lacks it too."""
    if sys.platform != "linux":
        return None
    syscall = ctypes.CDLL(None, use_errno=True).syscall
    syscall.restype = ctypes.c_long
    descriptor: int = syscall(_OPENAT2, _FROM_HERE, b"/", _HOW_AT, _HOW_SIZE)
    if descriptor >= 0:
        os.close(descriptor)
    return None if descriptor < 0 and ctypes.get_errno() in _NOT_HERE else syscall
