"""The generation as a word in shared memory, which says without a read whether what processes cache has changed.

The row in ``state`` is the truth and the word its fast signal: twice the row's number, or that plus one from just
before the COMMIT that moves it until just after. Whoever takes the write lock next repairs a word that was left odd.
"""

from __future__ import annotations

import mmap
import os

SIZE = 8

MOVING = 1
"""What stands for the word where it cannot be seen: odd, so caches are bypassed."""


class Word:
    """Eight bytes of a small mapped file; each process that opens the store sees the same."""

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, SIZE)
            self._memory = mmap.mmap(descriptor, SIZE)
        finally:
            os.close(descriptor)
        self._word = memoryview(self._memory).cast("Q")

    @property
    def value(self) -> int:
        return self._word[0]

    def show(self, generation: int, *, moving: bool = False) -> None:
        """Say that the row holds ``generation``; ``moving`` when a COMMIT is about to change it.

        One aligned store of eight bytes: nobody sees half of it.
        """
        value = 2 * generation + moving
        if self._word[0] != value:
            self._word[0] = value

    def close(self) -> None:
        """Again is no error."""
        self._word.release()
        self._memory.close()
