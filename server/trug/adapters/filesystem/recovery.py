"""What a crash leaves behind: files that no row names, and staging folders that nobody holds."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import NamedTuple

from trug.adapters.filesystem import layout, staging, syscalls
from trug.ports.stores import BLOBS_PER_EPOCH


class Recovered(NamedTuple):
    """How many files were unlinked; ``is_held``: another process writes the epoch, nothing was done, do not seal it."""

    unlinked: int
    is_held: bool = False


def recover(directory: str, epoch: int, is_named: Callable[[int], bool]) -> Recovered:
    """Unlink every blob of an unsealed epoch that ``is_named`` (given the blob's id) denies, and sync the folder.

    Tests each number and never lists. When it returns, the epoch may be sealed. OSError when the system refuses.
    """
    path = layout.epoch_path(directory, epoch)
    try:
        folder = os.open(path, syscalls.FOLDER)
    except FileNotFoundError:
        return Recovered(unlinked=0)
    try:
        if not syscalls.try_lock(folder):
            return Recovered(unlinked=0, is_held=True)
        unlinked = sum(_unlink_unnamed(path, number, epoch, is_named) for number in range(BLOBS_PER_EPOCH))
        syscalls.sync_descriptor(folder)
    finally:
        os.close(folder)
    return Recovered(unlinked)


def sweep_staging(directory: str) -> int:
    """Remove the staging folders that nobody holds; how many files they had."""
    return staging.sweep(directory)


def _unlink_unnamed(path: str, number: int, epoch: int, is_named: Callable[[int], bool]) -> bool:
    name = f"{path}/{number}"
    if not os.path.lexists(name) or is_named(epoch * BLOBS_PER_EPOCH + number):
        return False
    os.unlink(name)
    return True
