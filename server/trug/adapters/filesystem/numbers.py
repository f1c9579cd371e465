"""The numbers that new blobs get: epochs opened, used up and sealed."""

from __future__ import annotations

import asyncio
import logging
import os
import threading
from collections.abc import Iterable
from contextlib import suppress

from trug.adapters.filesystem import layout, syscalls
from trug.ports.stores import BLOBS_PER_EPOCH, Epochs, Unavailable

logger = logging.getLogger(__name__)


class Numbers:
    """The blob numbers one process writes.

    A number is settled when its file is unlinked or a row names it for good. An epoch whose numbers are all taken and
    settled is sealed. While it is not, its folder is locked, so that recovery leaves it alone.

    An epoch whose folder could not be synced is not trusted again: the system reports a lost name once, and a later
    sync would succeed without it. It gets no new blobs, and it stays unsealed, so that the next start looks at it.
    """

    def __init__(self, directory: str, epochs: Epochs, *, is_durable: bool) -> None:
        self._directory = directory
        self._epochs = epochs
        self._is_durable = is_durable
        self._writing: _Epoch | None = None
        self._unsealed: dict[int, _Epoch] = {}
        self._opening: asyncio.Task[None] | None = None
        self._sealing: set[asyncio.Task[None]] = set()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def take(self) -> int:
        """The next number; Unavailable when its epoch cannot be opened."""
        self._loop = asyncio.get_running_loop()
        while self._writing is None or self._writing.is_used_up:
            await self._another_epoch()
        return self._writing.take()

    def settle(self, blobs: Iterable[int]) -> None:
        """These are unlinked, or named by a committed row. From any thread."""
        for blob in blobs:
            epoch = self._unsealed.get(blob // BLOBS_PER_EPOCH)
            if epoch is not None and epoch.settle(blob):
                self._seal_soon(epoch)

    def sync(self, number: int) -> None:
        """Make the names in an epoch's folder durable; Unavailable when that fails, or has failed before. From any
        thread."""
        epoch = self._unsealed.get(number)
        with syscalls.unavailable(f"cannot sync the folder of epoch {number}"):
            if epoch is None or not epoch.sync():
                syscalls.sync_folder(layout.epoch_path(self._directory, number))

    def note_names(self, blobs: Iterable[int]) -> None:
        """The files of these have their names, which are durable. From any thread."""
        for blob in blobs:
            epoch = self._unsealed.get(blob // BLOBS_PER_EPOCH)
            if epoch is not None:
                epoch.named.add(blob)

    def is_named(self, blob: int) -> bool:
        """Whether the name of an unsettled blob was noted as durable. From any thread."""
        epoch = self._unsealed.get(blob // BLOBS_PER_EPOCH)
        return epoch is not None and blob in epoch.named

    def check_trusted(self, blob: int) -> None:
        """Unavailable when a name given to this blob now could be lost. From any thread."""
        epoch = self._unsealed.get(blob // BLOBS_PER_EPOCH)
        if epoch is not None:
            epoch.check_trusted()

    def is_left_to_recovery(self, number: int) -> bool:
        """Whether the next start looks at every number of this epoch, whatever can be made durable now."""
        epoch = self._unsealed.get(number)
        return epoch is not None and not epoch.is_trusted

    async def close(self) -> None:
        """Let go of all epochs, after what is under way has ended; those not sealed are left to recovery."""
        self._writing = None
        under_way = [task for task in (self._opening, *self._sealing) if task is not None]
        await asyncio.gather(*under_way, return_exceptions=True)
        for epoch in self._unsealed.values():
            epoch.close()
        self._unsealed.clear()

    async def _another_epoch(self) -> None:
        if self._opening is None or self._opening.done():
            self._opening = asyncio.ensure_future(self._open())
        await asyncio.shield(self._opening)

    async def _open(self) -> None:
        """One process at a time: two that look for the next number at once would find the same."""
        with syscalls.unavailable("cannot wait for the turn to open an epoch"):
            turn = await asyncio.to_thread(self._wait_for_turn)
        try:
            await self._open_next()
        finally:
            os.close(turn)

    def _wait_for_turn(self) -> int:
        turn = syscalls.open_lock(layout.epoch_lock_path(self._directory))
        syscalls.wait_for_lock(turn)
        return turn

    async def _open_next(self) -> None:
        made: dict[int, _Epoch] = {}

        def make(number: int) -> None:
            if number not in made:
                made[number] = _Epoch(number, self._make_folder(number))

        try:
            number = await self._epochs.open(make)
            self._writing = self._unsealed[number] = made.pop(number)
        finally:
            for unused in made.values():
                unused.close()

    def _make_folder(self, number: int) -> int:
        path = layout.epoch_path(self._directory, number)
        with syscalls.unavailable(f"cannot make the folder of epoch {number}"):
            with suppress(FileExistsError):  # an opening that never committed has left it
                os.mkdir(path, syscalls.PRIVATE_FOLDER)
            lock = os.open(path, syscalls.FOLDER)
            try:
                _claim(lock, number)
                if self._is_durable:
                    _sync_name(path)
            except BaseException:
                os.close(lock)
                raise
        return lock

    def _seal_soon(self, epoch: _Epoch) -> None:
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed: recovery will seal
                self._loop.call_soon_threadsafe(self._start_sealing, epoch)

    def _start_sealing(self, epoch: _Epoch) -> None:
        if epoch.is_sealing:
            return
        epoch.is_sealing = True
        task = asyncio.ensure_future(self._seal(epoch))
        self._sealing.add(task)
        task.add_done_callback(self._sealing.discard)

    async def _seal(self, epoch: _Epoch) -> None:
        try:
            if self._is_durable:
                await asyncio.to_thread(self.sync, epoch.number)
            await self._epochs.seal(epoch.number)
        except Unavailable as error:
            logger.warning("epoch %d stays unsealed until the next start: %s", epoch.number, error)
            return
        self._unsealed.pop(epoch.number, None)
        await asyncio.to_thread(epoch.close)


class _Epoch:
    """An epoch this process writes: what is taken, and what is taken but not settled."""

    __slots__ = ("_lock", "_next", "_syncing", "_unsettled", "is_sealing", "is_trusted", "named", "number")

    def __init__(self, number: int, lock: int) -> None:
        self.number = number
        self._lock: int | None = lock
        self.is_trusted = True
        self._syncing = threading.Lock()
        self.is_sealing = False
        self._next = 0
        self._unsettled: set[int] = set()
        self.named: set[int] = set()

    @property
    def is_used_up(self) -> bool:
        return self._next == BLOBS_PER_EPOCH or not self.is_trusted

    def take(self) -> int:
        blob = self.number * BLOBS_PER_EPOCH + self._next
        self._unsettled.add(blob)
        self._next += 1
        return blob

    def settle(self, blob: int) -> bool:
        """Whether the epoch is ready to be sealed now that ``blob`` is settled."""
        if blob not in self._unsettled:
            return False
        self._unsettled.discard(blob)
        self.named.discard(blob)
        return self.is_used_up and self.is_trusted and not self._unsettled

    def sync(self) -> bool:
        """Make the names in the folder durable; false when the epoch is closed.

        One at a time: who syncs beside a sync that fails may be told of a success.
        """
        with self._syncing:
            self.check_trusted()
            if self._lock is None:
                return False
            try:
                syscalls.sync_descriptor(self._lock)
            except OSError:
                self.is_trusted = False
                raise
            return True

    def check_trusted(self) -> None:
        if not self.is_trusted:
            raise Unavailable(f"the folder of epoch {self.number} could not be synced: it takes no new blobs")

    def close(self) -> None:
        with self._syncing:
            lock, self._lock = self._lock, None
            if lock is not None:
                os.close(lock)


def _sync_name(path: str) -> None:
    """Make the name of an empty folder durable. Where that fails the folder goes: made anew, its name is written anew,
    and not left to a second sync, which would succeed without it."""
    try:
        syscalls.sync_folder(os.path.dirname(path))
    except OSError:
        os.rmdir(path)
        raise


def _claim(folder: int, number: int) -> None:
    """Lock a new epoch's folder, which must be empty: files in it would be replaced by those written now."""
    if not syscalls.lock_soon(folder):
        raise Unavailable(f"epoch {number} is being written by another process")
    if os.listdir(folder):
        raise Unavailable(f"epoch {number} has files already: the metadata is older than the blobs")
