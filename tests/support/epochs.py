"""A ledger of epochs in memory, for blob stores under test."""

from __future__ import annotations

from collections.abc import Callable


class EpochLedger:
    """Opens epochs in order from ``first`` and remembers which are sealed."""

    def __init__(self, first: int = 1) -> None:
        self.next = first
        self.opened: list[int] = []
        self.sealed: list[int] = []

    async def open(self, make: Callable[[int], None]) -> int:
        number = self.next
        make(number)
        self.next += 1
        self.opened.append(number)
        return number

    async def seal(self, epoch: int) -> None:
        self.sealed.append(epoch)
