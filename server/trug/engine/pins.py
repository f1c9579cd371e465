"""Which past states of the store readers still depend on, so that the sweep leaves their bytes alone."""

from __future__ import annotations

import itertools
import math
import time
from collections import deque
from collections.abc import Callable

from trug.ports.peers import PinBoard

LONGEST = 3600.0
"""How many seconds a reading may take before it is cut, so that the sweep goes on."""
GRACE = 60.0
"""For how many more seconds its bytes stay, so that the piece it is at can end."""

SHARED = 1.0

SHOWS_NOTHING = math.inf
IS_ALONE = -1


class Pins:
    """The sequences that reads in progress began at, each for ``longest`` seconds of ``now`` at most.

    Processes that serve one store see each other's oldest on ``board``. A pin is shown there before its reading begins;
    that it is let go shows at the next ``publish``, which should come about every quarter of a second.
    """

    def __init__(
        self,
        *,
        longest: float = LONGEST,
        now: Callable[[], float] = time.monotonic,
        board: PinBoard | None = None,
    ) -> None:
        self._longest = longest
        self._now = now
        self._board = board
        self._shown: float = IS_ALONE if board is None else SHOWS_NOTHING
        self._tickets = itertools.count()
        self._held: dict[int, tuple[float, int]] = {}
        self._let_go: deque[int] = deque()
        self._latest: Pin | None = None

    def hold(self, sequence: int) -> Pin:
        """Keep what was live at ``sequence`` until the pin is garbage: a reading ends in too many places to count on
        a call. What is read under it is read after it is held.

        Readings that begin at one sequence within ``SHARED`` seconds share a pin, which takes a quarter of the 8,000
        instructions of one of their own.
        """
        now, latest = self._now(), self._latest
        if latest is not None and latest.sequence == sequence and now < latest.shared_until:
            return latest
        self._release()
        ticket, until = next(self._tickets), now + self._longest
        self._held[ticket] = until, sequence
        if sequence < self._shown:
            self._show(sequence)
        self._latest = pin = Pin(ticket, sequence, until, now + SHARED, self._let_go, self._now)
        return pin

    def oldest(self, newest: int) -> int:
        """The oldest sequence held, here or elsewhere; ``newest``, which was read before, when none is."""
        elsewhere = None if self._board is None else self._board.oldest()
        held = (self._oldest_held(), elsewhere, newest)
        return min(sequence for sequence in held if sequence is not None)

    def publish(self) -> None:
        """Show what has become of the oldest."""
        if self._board is None:
            return
        oldest = self._oldest_held()
        if oldest is not None:
            self._show(oldest)
        elif self._shown != SHOWS_NOTHING:
            self._shown = SHOWS_NOTHING
            self._board.clear()

    def _show(self, sequence: int) -> None:
        assert self._board is not None  # noqa: S101 - or nothing is below what is shown
        self._shown = sequence
        self._board.show(sequence, self._now() + self._longest + GRACE)

    def _oldest_held(self) -> int | None:
        self._latest = None  # it is not to be held because the next reading may want to share it
        self._release()
        ended = self._now() - GRACE
        return min((sequence for until, sequence in self._held.values() if until > ended), default=None)

    def _release(self) -> None:
        while self._let_go:
            del self._held[self._let_go.popleft()]


class Pin:
    """A hold on one sequence, which further readings may share until ``shared_until``."""

    __slots__ = ("_let_go", "_now", "_ticket", "_until", "sequence", "shared_until")

    def __init__(
        self,
        ticket: int,
        sequence: int,
        until: float,
        shared_until: float,
        let_go: deque[int],
        now: Callable[[], float],
    ) -> None:
        self.sequence = sequence
        self.shared_until = shared_until
        self._ticket = ticket
        self._until = until
        self._let_go = let_go
        self._now = now

    @property
    def is_cut(self) -> bool:
        """Whether the reading took too long: what it has not read yet may be removed."""
        return self._now() >= self._until

    def __del__(self) -> None:
        self._let_go.append(self._ticket)  # the collector may run this on any thread, at any place
