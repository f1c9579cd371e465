"""Ids for rows and inline bytes: integers, never used twice, drawn from ranges that each process reserves."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Any

from trug.domain.frozen import frozen
from trug.ports.changes import Decided, Moment, Read, Rows
from trug.ports.effects import ReserveIds
from trug.ports.reads import NextId
from trug.ports.stores import MetadataStore

SPAN = 1 << 16


@frozen
class ReserveRange:
    """Take the next ``SPAN`` ids; answers the first."""

    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (NextId(),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[int]:
        first = rows.of(NextId())
        return Decided(first, (ReserveIds(first + SPAN),))


class Ids:
    """One process's supply."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata
        self._next = self._stop = 0
        self._refill = asyncio.Lock()

    async def take(self) -> int:
        """The next id. Costs a commit once in 65,536 calls."""
        while not (taken := self.at_hand()):
            await self._reserve()
        return taken

    def at_hand(self) -> int:
        """The next id, 0 where a commit is needed first: to be asked first where waiting for nothing is too dear."""
        if self._next == self._stop:
            return 0
        self._next += 1
        return self._next - 1

    async def _reserve(self) -> None:
        async with self._refill:
            if self._next != self._stop:
                return
            self._next = await self._metadata.commit(ReserveRange())
            self._stop = self._next + SPAN
