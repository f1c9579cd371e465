"""How often somebody may ask: a bucket of tokens for each."""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic

from trug.domain.bounded import Bounded
from trug.manage.api.problems import Problem

MOST_CALLERS = 10_000


class Rates:
    """``per_second`` requests for each caller in the long run, ``burst`` at once; 0 per second: no limit."""

    def __init__(self, per_second: float, burst: int = 0, now: Callable[[], float] = monotonic) -> None:
        self._per_second = per_second
        self._burst = float(burst or max(1, math.ceil(2 * per_second)))
        self._now = now
        self._left: Bounded[str, tuple[float, float]] = Bounded(MOST_CALLERS)

    def take(self, caller: str) -> None:
        """Count one request. Problem 429, saying after how many seconds to come again."""
        if not self._per_second:
            return
        now = self._now()
        left, since = self._left.get(caller) or (self._burst, now)
        left = min(self._burst, left + (now - since) * self._per_second)
        if left < 1:
            self._left.keep(caller, (left, now))
            wait = math.ceil((1 - left) / self._per_second)
            raise Problem(429, "too many requests", headers={"retry-after": str(wait)})
        self._left.keep(caller, (left - 1, now))
