"""The ledger of blob epochs: opened before they are written, sealed when recovery need not look at them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from trug.domain.frozen import frozen
from trug.ports.changes import Decided, Moment, Read, Rows
from trug.ports.effects import OpenEpoch, SealEpoch
from trug.ports.reads import LastEpoch
from trug.ports.stores import MetadataStore


@frozen
class RecordEpoch:
    """The row of an epoch whose place exists already."""

    number: int
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return ()

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        return Decided(None, (OpenEpoch(self.number),))


@frozen
class CloseEpoch:
    """Recovery need not look at this epoch."""

    number: int
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return ()

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        return Decided(None, (SealEpoch(self.number),))


class EpochLedger:
    """Epochs in the metadata; implements ``ports.stores.Epochs``.

    Blobs and metadata need each other: ``metadata`` is asked for when it is needed.
    """

    def __init__(self, metadata: Callable[[], MetadataStore]) -> None:
        self._metadata = metadata

    async def open(self, make: Callable[[int], None]) -> int:
        """Make the place of the next epoch, then its row."""
        number = await self._metadata().fetch(LastEpoch()) + 1
        await asyncio.to_thread(make, number)
        await self._metadata().commit(RecordEpoch(number))
        return number

    async def seal(self, epoch: int) -> None:
        """Record that every blob of the epoch is referenced or unlinked."""
        await self._metadata().commit(CloseEpoch(epoch))
