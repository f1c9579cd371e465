"""Unfinished files: each process writes in a folder of its own, whose lock says that it lives."""

from __future__ import annotations

import os
import secrets
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from types import TracebackType
from typing import Self

from trug.adapters.filesystem import layout, syscalls
from trug.adapters.filesystem.ahead import Ahead, Ready
from trug.adapters.filesystem.numbers import Numbers
from trug.adapters.filesystem.threads import Crew
from trug.domain.blocks import Tally
from trug.ports.stores import Unavailable


class Workplace:
    """This process's folder under ``staging``, and what it takes to work there."""

    def __init__(self, directory: str, numbers: Numbers, crew: Crew, *, is_durable: bool) -> None:
        self.directory = directory
        self.numbers = numbers
        self.crew = crew
        self.is_durable = is_durable
        self.ahead = Ahead(directory, numbers, crew, is_durable=is_durable)
        self.path, self._lock = _make_locked_folder(layout.staging_path(directory))

    def close(self) -> None:
        """Let go of the folder; if it is not empty, the next start sweeps it."""
        with suppress(OSError):
            os.rmdir(self.path)
        os.close(self._lock)


def sweep(directory: str) -> int:
    """Remove the folders under ``staging`` that nobody holds; how many files they had."""
    staging = layout.staging_path(directory)
    return sum(_sweep_folder(f"{staging}/{name}") for name in os.listdir(staging))


class StagedFile:
    """A blob that is being written: into a file made ahead or, where there is none, first under a staging name, once
    finished under its own.

    What is done to its descriptor is done under one guard: it can never be closed under a running write, whose bytes
    would go to the file that gets the same number next.
    """

    def __init__(self, workplace: Workplace) -> None:
        self._workplace = workplace
        self._blob: int
        self._tally: Tally
        self._guard = threading.Lock()
        self._descriptor: int | None = None
        self._has_name = False
        self._is_started = False
        self._is_over = False
        self._is_finished = False
        self._is_handed_over = False

    @property
    def blob(self) -> int:
        return self._blob

    async def write(self, chunk: memoryview, *beside: Callable[[memoryview], None]) -> None:
        """Append, and show the chunk to ``beside`` on threads of their own; it may be reused when this returns.
        Unavailable when the system refuses."""
        self._is_started = True
        await self._workplace.crew.run(*[partial(look, chunk) for look in beside], partial(self._append, chunk))

    async def finish(self, last: syscalls.Bytes = b"", check: Callable[[], object] | None = None) -> None:
        """Append ``last`` and the footer, sync the file and see that it has its final name: one hop for a small blob.

        ``check`` runs before, on that thread; what it raises is raised here.
        """
        self._is_started = True
        await self._workplace.crew.run(partial(self._finish, last, check))

    def hand_over(self) -> None:
        """From here on the blob belongs to the change that names it; RuntimeError before ``finish``."""
        if not self._is_finished:
            raise RuntimeError("a blob is handed over only once it is finished")
        self._is_handed_over = True

    async def __aenter__(self) -> Self:
        ready = self._workplace.ahead.take()
        if ready is None:
            self._blob = await self._workplace.numbers.take()
        else:
            self._blob, self._descriptor = ready
            self._has_name = True
        self._tally = Tally(self._blob)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._is_handed_over:
            return
        if self._is_started:
            await self._workplace.crew.run(self._discard)
        else:
            self._leave()

    @property
    def _staging_path(self) -> str:
        return f"{self._workplace.path}/{self._blob}"

    @property
    def _final_path(self) -> str:
        return layout.blob_path(self._workplace.directory, self._blob)

    def _append(self, chunk: memoryview) -> None:
        with self._guard, syscalls.unavailable(f"cannot write blob {self._blob}"):
            descriptor = self._opened()
            syscalls.write_at(descriptor, chunk, self._tally.length)
            self._tally.update(chunk)

    def _finish(self, last: syscalls.Bytes, check: Callable[[], object] | None) -> None:
        if check is not None:
            check()
        with self._guard, syscalls.unavailable(f"cannot finish blob {self._blob}"):
            descriptor = self._opened()
            written = self._tally.length
            self._tally.update(last)
            syscalls.write_pieces(descriptor, (last, self._tally.footer()), written)
            if self._workplace.is_durable:
                syscalls.sync_descriptor(descriptor)
            if self._has_name and not syscalls.has_name(descriptor):
                # somebody tidied up empty files: the bytes would be acknowledged, and gone with the descriptor
                raise Unavailable(f"the file made for blob {self._blob} was removed")
            self._close()
            if not self._has_name:
                self._workplace.numbers.check_trusted(self._blob)
                os.rename(self._staging_path, self._final_path)
            self._is_finished = True

    def _opened(self) -> int:
        if self._is_over:
            raise RuntimeError("a blob is not written after it is finished or given up")
        if self._descriptor is None:
            # made by the first write, on its thread: a hop of its own would cost a small blob a third of its time
            self._descriptor = syscalls.create(self._staging_path)
        return self._descriptor

    def _leave(self) -> None:
        """Nothing was written."""
        descriptor, self._descriptor, self._is_over = self._descriptor, None, True
        if descriptor is None:
            self._workplace.numbers.settle((self._blob,))
        else:
            self._workplace.ahead.give_back(Ready(self._blob, descriptor))

    def _close(self) -> None:
        self._is_over = True
        descriptor, self._descriptor = self._descriptor, None
        if descriptor is not None:
            os.close(descriptor)

    def _discard(self) -> None:
        """Remove what there is. What cannot be removed stays unsettled, so that recovery looks at it."""
        with self._guard:
            with suppress(OSError):
                self._close()
            with suppress(OSError):
                if not self._has_name:
                    syscalls.unlink_if_there(self._staging_path)
                syscalls.unlink_if_there(self._final_path)
                self._workplace.numbers.settle((self._blob,))


def _make_locked_folder(staging: str) -> tuple[str, int]:
    with syscalls.unavailable("cannot make a staging folder"):
        while True:
            path = f"{staging}/{secrets.token_hex(8)}"
            os.mkdir(path, syscalls.PRIVATE_FOLDER)
            with suppress(FileNotFoundError):
                lock = os.open(path, syscalls.FOLDER)
                if syscalls.try_lock(lock) and os.path.exists(path):
                    return path, lock
                os.close(lock)  # a sweep came between: it has removed the folder or is about to


def _sweep_folder(path: str) -> int:
    try:
        folder = os.open(path, syscalls.FOLDER)
    except OSError:
        return 0  # not a folder of ours, or gone
    try:
        if not syscalls.try_lock(folder):
            return 0
        names = os.listdir(folder)
        for name in names:
            os.unlink(name, dir_fd=folder)
        os.rmdir(path)
        return len(names)
    finally:
        os.close(folder)
