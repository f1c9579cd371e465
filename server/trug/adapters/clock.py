"""The machine's clock."""

from __future__ import annotations

import time


class SystemClock:
    """Wall clock of the machine."""

    def now(self) -> int:
        """Wall clock in µs since 1970."""
        return time.time_ns() // 1000
