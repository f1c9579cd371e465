"""What a crash leaves behind: files that no row names, and staging folders that nobody holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from types import TracebackType
from typing import Self

from trug.adapters.filesystem import layout, staging, syscalls
from trug.ports.stores import BLOBS_PER_EPOCH


class Abandoned:
    """An unsealed epoch that nobody writes, held until the context is left.

    The rows that name its blobs are read while it is held: before, its writer may have been alive and adding to them.
    """

    def __init__(self, directory: str, epoch: int, folder: int | None) -> None:
        self._path = layout.epoch_path(directory, epoch)
        self._epoch = epoch
        self._folder = folder

    def unlink(self, is_named: Callable[[int], bool]) -> int:
        """Unlink every blob that ``is_named`` (given the blob's id) denies, and sync the folder; how many there were.

        Tests each number and never lists. When it returns, the epoch may be sealed. OSError when the system refuses.
        """
        if self._folder is None:
            return 0
        unlinked = sum(self._unlink_unnamed(number, is_named) for number in range(BLOBS_PER_EPOCH))
        syscalls.sync_descriptor(self._folder)
        return unlinked

    def _unlink_unnamed(self, number: int, is_named: Callable[[int], bool]) -> bool:
        name = f"{self._path}/{number}"
        if not os.path.lexists(name) or is_named(self._epoch * BLOBS_PER_EPOCH + number):
            return False
        os.unlink(name)
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._folder is not None:
            os.close(self._folder)


def find_abandoned(directory: str, epoch: int) -> Abandoned | None:
    """An unsealed epoch, None when another process writes it: it is to be left alone, and not sealed."""
    try:
        folder = os.open(layout.epoch_path(directory, epoch), syscalls.FOLDER)
    except FileNotFoundError:
        return Abandoned(directory, epoch, None)
    if syscalls.try_lock(folder):
        return Abandoned(directory, epoch, folder)
    os.close(folder)
    return None


def sweep_staging(directory: str) -> int:
    """Remove the staging folders that nobody holds; how many files they had."""
    return staging.sweep(directory)
