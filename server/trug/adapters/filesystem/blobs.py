"""Blobs in files: one immutable file each, staged, synced, renamed."""

from __future__ import annotations

import asyncio
import logging
import os
from collections.abc import Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from functools import partial
from typing import Literal

from trug.adapters.filesystem import layout, reading, syscalls
from trug.adapters.filesystem.numbers import Numbers
from trug.adapters.filesystem.popular import Popular, Span
from trug.adapters.filesystem.staging import StagedFile, Workplace
from trug.adapters.filesystem.threads import Crew
from trug.domain.blocks import BLOCK
from trug.ports.stores import BLOBS_PER_EPOCH, Epochs

logger = logging.getLogger(__name__)

Durability = Literal["full", "none"]

_WRITERS = 32
"""Threads that hash, write and sync: so many syncs may wait for the disk together."""
_READERS = 8


class FilesystemBlobs:
    """The blob store of a data directory, whose folders must exist (``directory.prepare``).

    ``durability`` "none" leaves out every sync: for tests. Unavailable when no staging folder can be made.
    """

    def __init__(self, directory: str, *, epochs: Epochs, durability: Durability) -> None:
        is_durable = durability == "full"
        self._directory = directory
        self._is_durable = is_durable
        self._writers = Crew(_WRITERS, "blob-writer")
        self._readers = ThreadPoolExecutor(_READERS, thread_name_prefix="blob-reader")
        self._buffers = reading.buffers()
        self._popular = Popular()
        self._numbers = Numbers(directory, epochs, is_durable=is_durable)
        self._workplace = Workplace(directory, self._numbers, self._writers, is_durable=is_durable)
        self._in_commit: tuple[int, ...] = ()

    def stage(self) -> StagedFile:
        """A new blob to write. Leaving the context removes it unless it was handed over."""
        return StagedFile(self._workplace)

    async def open(self, blob: int, size: int) -> reading.OpenFile:
        """Open for reading a blob of ``size`` bytes. Damaged when it is missing or not what was written; Unavailable
        when the process has no descriptor left."""
        return await reading.open_blob(self._directory, blob, size, pool=self._buffers, executor=self._readers)

    def at_hand(self, blob: int, size: int, offset: int, length: int) -> memoryview | None:
        """A span of a blob of ``size`` bytes, verified, when all of it is in the page cache, or was read often. None
        when it is not, or not what was written: ``open`` and ``read`` wait, or say what is wrong."""
        span = Span(blob, offset, length)
        found = self._popular.find(span)
        if found is None:
            path = layout.blob_path(self._directory, blob)
            found = reading.at_hand(path, blob, size, offset, length, self._buffers)
            if found is not None:
                self._popular.note(span, found)
        return found

    @property
    def piece(self) -> int:
        """How many bytes a reader should ask for at a time: 512 KiB, or 64 while slow readers hold all buffers."""
        return BLOCK if self._buffers.are_short else reading.PIECE

    def sync(self, blobs: Iterable[int]) -> None:
        """Make the names of these blobs durable, one sync for each distinct directory, none for files that were made
        ahead. Called by the commit thread.

        The blobs of the call before are then settled: their commit succeeded, or they were unlinked. Unavailable when
        a directory cannot be synced, and ever after for its blobs: a later sync would succeed without their names.
        """
        decided, self._in_commit = self._in_commit, ()
        self._numbers.settle(decided)
        blobs = tuple(blobs)
        if self._is_durable:
            for epoch in {blob // BLOBS_PER_EPOCH for blob in blobs if not self._numbers.is_named(blob)}:
                self._numbers.sync(epoch)
        self._in_commit = blobs

    def unlink(self, blobs: Iterable[int]) -> None:
        """Remove blobs that no row names; missing ones are no error. Called by the commit thread.

        One that cannot be removed is logged and left to recovery.
        """
        failed = {blob for blob in blobs if not self._is_unlinked(blob)}
        self._in_commit = tuple(blob for blob in self._in_commit if blob not in failed)

    async def remove(self, blobs: Sequence[int]) -> None:
        """Remove blobs durably (unlink, then sync their directories); missing ones are no error. Unavailable when one
        cannot be removed."""
        await self._writers.run(partial(self._remove, tuple(blobs)))

    async def close(self) -> None:
        """Let go of all that is held. Nothing may be staged or read any more."""
        await self._workplace.ahead.close()
        await self._numbers.close()
        await asyncio.to_thread(self._stop_threads)
        self._workplace.close()

    def _is_unlinked(self, blob: int) -> bool:
        try:
            syscalls.unlink_if_there(layout.blob_path(self._directory, blob))
        except OSError as error:
            logger.warning("blob %d cannot be unlinked: %s", blob, error.strerror)
            return False
        self._numbers.settle((blob,))
        return True

    def _remove(self, blobs: tuple[int, ...]) -> None:
        with syscalls.unavailable("cannot remove blobs"):
            for blob in blobs:
                syscalls.unlink_if_there(layout.blob_path(self._directory, blob))
        for epoch in {blob // BLOBS_PER_EPOCH for blob in blobs}:
            self._tidy(epoch)
        self._numbers.settle(blobs)

    def _tidy(self, epoch: int) -> None:
        """Make removals durable, and remove the folder too when nobody writes it and nothing is left in it."""
        path = layout.epoch_path(self._directory, epoch)
        if not os.path.isdir(path) or self._numbers.is_left_to_recovery(epoch):
            return
        if self._is_durable:
            self._numbers.sync(epoch)
        with suppress(OSError):
            _remove_empty(path)

    def _stop_threads(self) -> None:
        self._writers.close()
        self._readers.shutdown()


def _remove_empty(path: str) -> None:
    """Remove an epoch's folder if it is empty and nobody's. No epoch is opened twice: one that had blobs and has no
    writer gets no more. OSError when it is not empty."""
    folder = os.open(path, syscalls.FOLDER)
    try:
        if syscalls.try_lock_shared(folder):
            os.rmdir(path)
    finally:
        os.close(folder)
