"""The blobs that really lie in a data directory."""

from __future__ import annotations

import os
from collections.abc import Iterator

from trug.adapters.filesystem import layout, syscalls
from trug.ports.stores import BLOBS_PER_EPOCH


class FilesystemShelf:
    """Lists files for fsck; nothing else ever lists."""

    def __init__(self, directory: str) -> None:
        self._directory = directory

    def numbers(self) -> Iterator[int]:
        """Blobs by number, of the epochs that no process writes at the moment."""
        for epoch in sorted(int(name) for name in os.listdir(f"{self._directory}/{layout.BLOBS}") if name.isdigit()):
            names = _names_in(layout.epoch_path(self._directory, epoch))
            yield from (epoch * BLOBS_PER_EPOCH + int(name) for name in names if name.isdigit())


def _names_in(path: str) -> list[str]:
    """What lies in an epoch's folder; nothing when it is being written, or was removed."""
    try:
        folder = os.open(path, syscalls.FOLDER)
    except FileNotFoundError:
        return []
    try:
        return os.listdir(folder) if syscalls.try_lock_shared(folder) else []
    finally:
        os.close(folder)
