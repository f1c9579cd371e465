"""What the processes that serve one store show each other."""

from __future__ import annotations

from typing import Protocol


class PinBoard(Protocol):
    """Where each process shows the oldest state of the store that its readers depend on."""

    def show(self, sequence: int, until: float) -> None:
        """Show it, in place of what was shown before; nobody heeds it after ``until``, a time of ``time.monotonic``."""
        ...

    def clear(self) -> None:
        """No reader of this process depends on anything."""
        ...

    def oldest(self) -> int | None:
        """The oldest sequence that another process shows, None when none does."""
        ...
