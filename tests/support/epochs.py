"""A ledger of epochs in memory, for blob stores under test, and the recovery of one."""

from __future__ import annotations

from collections.abc import Callable

from trug.adapters.filesystem.recovery import find_abandoned


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


def unlinked(directory: str, epoch: int, is_named: Callable[[int], bool]) -> int:
    """How many blobs recovery removes from an epoch that nobody writes."""
    abandoned = find_abandoned(directory, epoch)
    assert abandoned is not None
    with abandoned:
        return abandoned.unlink(is_named)
