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
            path = layout.epoch_path(self._directory, epoch)
            if not _is_held(path):
                yield from (epoch * BLOBS_PER_EPOCH + int(name) for name in os.listdir(path) if name.isdigit())


def _is_held(path: str) -> bool:
    descriptor = os.open(path, syscalls.FOLDER)
    try:
        return not syscalls.try_lock(descriptor)
    finally:
        os.close(descriptor)
