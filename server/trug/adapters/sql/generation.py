"""Words in shared memory, which say without a read what other processes have done to the store."""

from __future__ import annotations

import mmap
import os
from collections.abc import Sequence

MOVING = 1
"""What stands for the generation's word where it cannot be seen: odd, so caches are bypassed."""

GENERATION, SEQUENCE, FRAMES, UNCHECKED, LOCK_TIME, LOCK_BEGAN, COUNT = range(7)
SLOTS = 8192
SIZE = 8 * (COUNT + SLOTS)


class Words:
    """Eight bytes each of a small mapped file; each process that opens the store sees the same.

    Rows are the truth and the words their fast signal: whoever takes the write lock next repairs what a crash left
    behind, and ``jobs.comparing`` what nobody writes. A word is an aligned store of eight bytes: nobody sees half of
    it.
    """

    def __init__(self, path: str) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(descriptor, SIZE)
            self._memory = mmap.mmap(descriptor, SIZE)
        finally:
            os.close(descriptor)
        self._words = memoryview(self._memory).cast("Q")
        self.all: Sequence[int] = self._words  # for who asks at every request
        self.log = self._words[FRAMES : UNCHECKED + 1]
        """Frames in the write-ahead log, and those not checkpointed yet (adapters.sql.checkpoint)."""
        self.stamps = self._words[COUNT:]
        """When keys changed last, many keys to a slot (adapters.sql.hot)."""

    @property
    def value(self) -> int:
        """Twice the generation, or that plus one from just before the COMMIT that moves it until just after."""
        return self._words[GENERATION]

    def show(self, generation: int, *, moving: bool = False) -> None:
        """Say that the row holds ``generation``; ``moving`` when a COMMIT is about to change it."""
        value = 2 * generation + moving
        if self._words[GENERATION] != value:
            self._words[GENERATION] = value

    @property
    def sequence(self) -> int:
        """Of the last commit; after a crash of who made it, maybe of one before, never of a later one."""
        return self._words[SEQUENCE]

    @sequence.setter
    def sequence(self, sequence: int) -> None:
        self._words[SEQUENCE] = sequence

    def begin(self, lock_time: int, monotonic: int) -> None:
        """Say, before others open the store, that lock time was this (µs since 1970) at this monotonic time (ns), and
        that nothing is known of the log."""
        self.lock_base = lock_time, monotonic
        self.log[0] = self.log[1] = 0

    @property
    def lock_base(self) -> tuple[int, int]:
        """What lock time was (µs since 1970), and at which monotonic time (ns)."""
        return self._words[LOCK_TIME], self._words[LOCK_BEGAN]

    @lock_base.setter
    def lock_base(self, base: tuple[int, int]) -> None:
        self._words[LOCK_TIME], self._words[LOCK_BEGAN] = base

    def close(self) -> None:
        """Again is no error."""
        self.stamps.release()
        self.log.release()
        self._words.release()
        self._memory.close()
