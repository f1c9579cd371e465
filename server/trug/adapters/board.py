"""What the workers of a server tell each other in shared memory: their readers' oldest state, connections, figures."""

from __future__ import annotations

import mmap
import os
import time
from collections.abc import Iterator
from typing import NamedTuple

SLOT = 8 << 20
"""Bytes for each worker: room for the figures of 10,000 metrics configurations, twice. Pages that nobody writes take no
memory."""

WORDS = SLOT // 8
ALIVE, PIN, UNTIL, CONNECTIONS, EDITION = range(5)
HEADER = 64
LARGEST = (SLOT - HEADER) // 2
LENGTH = 4
TRIES = 100


class Figures(NamedTuple):
    """What a worker published last; of one that has ended, only what it counted still matters."""

    content: bytes
    is_alive: bool


class Board:
    """A slot for each worker, which that worker alone writes; the supervisor clears those of workers that ended.

    Words of eight bytes are stored whole. Figures are written beside those published before, then the edition moves.
    """

    def __init__(self, path: str, workers: int, *, is_new: bool) -> None:
        self.workers = workers
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        try:
            if is_new:
                os.truncate(descriptor, 0)
                os.truncate(descriptor, SLOT * workers)
            self._memory = mmap.mmap(descriptor, SLOT * workers)
        finally:
            os.close(descriptor)
        self._words = memoryview(self._memory).cast("Q")

    def word(self, index: int, name: int) -> int:
        return self._words[index * WORDS + name]

    def set_word(self, index: int, name: int, value: int) -> None:
        self._words[index * WORDS + name] = value

    def clear(self, index: int) -> None:
        """This worker has ended: its readers and connections with it. What it counted stays."""
        for name in (PIN, CONNECTIONS, ALIVE):
            self.set_word(index, name, 0)

    def publish(self, index: int, content: bytes) -> None:
        """ValueError when there is no room for so much."""
        if len(content) > LARGEST - LENGTH:
            raise ValueError(f"{len(content)} bytes of figures are more than fit")
        edition = self.word(index, EDITION) + 1
        begin = self._begin(index, edition)
        self._memory[begin : begin + LENGTH + len(content)] = len(content).to_bytes(LENGTH, "little") + content
        self.set_word(index, EDITION, edition)

    def published(self, index: int) -> bytes:
        """Empty when nothing is, or when its writer is too quick for us."""
        for _ in range(TRIES):
            edition = self.word(index, EDITION)
            if edition == 0:
                break
            begin = self._begin(index, edition)
            length = int.from_bytes(self._memory[begin : begin + LENGTH], "little")
            content = self._memory[begin + LENGTH : begin + LENGTH + length]
            if self.word(index, EDITION) == edition:
                return content
        return b""

    def _begin(self, index: int, edition: int) -> int:
        return index * SLOT + HEADER + LARGEST * (edition & 1)

    def close(self) -> None:
        """Again is no error."""
        self._words.release()
        self._memory.close()


class Seat:
    """A worker's place at the board; a PinBoard (ports.peers)."""

    def __init__(self, board: Board, index: int) -> None:
        self._board = board
        self._index = index
        board.set_word(index, ALIVE, 1)

    def _others(self) -> Iterator[int]:
        return (index for index in range(self._board.workers) if index != self._index)

    # Readers

    def show(self, sequence: int, until: float) -> None:
        self._board.set_word(self._index, UNTIL, int(until * 1_000_000))  # first: whoever sees the pin sees its end
        self._board.set_word(self._index, PIN, sequence + 1)

    def clear(self) -> None:
        self._board.set_word(self._index, PIN, 0)

    def oldest(self) -> int | None:
        now = int(time.monotonic() * 1_000_000)
        shown = ((self._board.word(index, PIN), self._board.word(index, UNTIL)) for index in self._others())
        return min((pin - 1 for pin, until in shown if pin and until > now), default=None)

    # Connections

    def count_connections(self, number: int) -> None:
        self._board.set_word(self._index, CONNECTIONS, number)

    def fewest_connections(self) -> int | None:
        """Of another worker that lives; None when there is none."""
        board = self._board
        alive = (index for index in self._others() if board.word(index, ALIVE))
        return min((board.word(index, CONNECTIONS) for index in alive), default=None)

    # Figures

    def publish(self, content: bytes) -> None:
        """ValueError when there is no room for so much."""
        self._board.publish(self._index, content)

    @property
    def published(self) -> bytes:
        """What was published last in this place, maybe by a worker before this one; empty when nothing was."""
        return self._board.published(self._index)

    def figures_of_others(self) -> list[Figures]:
        """What each other worker has published."""
        board = self._board
        found = (Figures(board.published(index), bool(board.word(index, ALIVE))) for index in self._others())
        return [figures for figures in found if figures.content]

    def close(self) -> None:
        self._board.close()
