"""Which past states of the store readers still depend on, so that the sweep leaves their bytes alone."""

from __future__ import annotations

import itertools
import time
from collections import deque
from collections.abc import Callable

LONGEST = 3600.0
"""How many seconds a reading may take before it is cut, so that the sweep goes on."""
GRACE = 60.0
"""For how many more seconds its bytes stay, so that the piece it is at can end."""


class Pins:
    """The sequences that reads in progress began at, each for ``longest`` seconds of ``now`` at most."""

    def __init__(self, *, longest: float = LONGEST, now: Callable[[], float] = time.monotonic) -> None:
        self._longest = longest
        self._now = now
        self._tickets = itertools.count()
        self._held: dict[int, tuple[float, int]] = {}
        self._let_go: deque[int] = deque()

    def hold(self, sequence: int) -> Pin:
        """Keep what was live at ``sequence`` until the pin is garbage: a reading ends in too many places to count on
        a call."""
        self._release()
        ticket, until = next(self._tickets), self._now() + self._longest
        self._held[ticket] = until, sequence
        return Pin(ticket, until, self._let_go, self._now)

    def oldest(self, newest: int) -> int:
        """The oldest sequence held; ``newest`` when none is."""
        self._release()
        ended = self._now() - GRACE
        return min((sequence for until, sequence in self._held.values() if until > ended), default=newest)

    def _release(self) -> None:
        while self._let_go:
            del self._held[self._let_go.popleft()]


class Pin:
    """A hold on one sequence."""

    __slots__ = ("_let_go", "_now", "_ticket", "_until")

    def __init__(self, ticket: int, until: float, let_go: deque[int], now: Callable[[], float]) -> None:
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
