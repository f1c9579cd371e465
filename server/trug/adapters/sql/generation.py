"""The generation as a word in shared memory, which says without a read whether what processes cache has changed.

The row in ``state`` is the truth and the word its fast signal: twice the row's number, or that plus one from just
before the COMMIT that moves it until just after. Whoever takes the write lock next repairs a word that was left odd.
"""

from __future__ import annotations

import mmap
import os
from struct import Struct

WORD = Struct("<Q")


class Word:
    """Eight bytes of a small mapped file; each process that opens the store sees the same."""

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, WORD.size)
            self._memory = mmap.mmap(descriptor, WORD.size)
        finally:
            os.close(descriptor)

    @property
    def value(self) -> int:
        (value,) = WORD.unpack_from(self._memory)
        return int(value)

    def show(self, generation: int, *, moving: bool = False) -> None:
        """Say that the row holds ``generation``; ``moving`` when a COMMIT is about to change it."""
        value = 2 * generation + moving
        if self.value != value:
            WORD.pack_into(self._memory, 0, value)

    def close(self) -> None:
        self._memory.close()
