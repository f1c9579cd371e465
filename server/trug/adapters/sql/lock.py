"""The store's write lock: one process, and in it one thread, commits or checkpoints at a time."""

from __future__ import annotations

import fcntl
import os
import time


class WriteLock:
    """A ``flock`` on a file of its own; ``waited`` is how long it was waited for so far, in ns."""

    def __init__(self, path: str) -> None:
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        self.waited = 0

    def __enter__(self) -> None:
        try:
            fcntl.flock(self._descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            began = time.monotonic_ns()
            fcntl.flock(self._descriptor, fcntl.LOCK_EX)
            self.waited += time.monotonic_ns() - began

    def __exit__(self, *_: object) -> None:
        fcntl.flock(self._descriptor, fcntl.LOCK_UN)

    def close(self) -> None:
        """Again is no error: the number may long be somebody else's descriptor."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)
