"""Search indexes, built and taken down page by page; what was interrupted goes on."""

from __future__ import annotations

import asyncio
import logging

from trug.domain.configurations import SEARCH
from trug.engine.indexing import Indexes
from trug.ports.reads import RowsOf
from trug.ports.stores import MetadataStore

logger = logging.getLogger(__name__)

PERIOD = 1.0
"""Seconds between two looks at whether there is anything to do."""
PAUSE = 0.01
"""Seconds between two pages, so that requests come first."""
PAGE = 1000


class Indexing:
    """Looks after the indexes of all buckets."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata
        self._indexes = Indexes(metadata)
        self._generation = -1

    async def keep_built(self, period: float = PERIOD) -> None:
        """Do what there is to do, every ``period`` seconds, until cancelled. A failure is logged."""
        while True:
            await asyncio.sleep(period)
            try:
                await self.run()
            except Exception:
                logger.exception("search indexes could not be looked after")

    async def run(self) -> None:
        """All there is to do now. Nothing is looked for while nothing was configured anywhere."""
        generation = self._metadata.generation
        if generation == self._generation:
            return
        for bucket in await self._begun():
            has_more = True
            while has_more:
                has_more = await self._indexes.step(bucket)
                await asyncio.sleep(PAUSE)
        self._generation = generation

    async def _begun(self) -> list[int]:
        """The buckets whose indexes have a state."""
        found: list[int] = []
        after: tuple[str, str] | None = (SEARCH, "")
        while page := await self._metadata.fetch(RowsOf("documents", after, PAGE)):
            found += [int(place[1]) for place, _ in page if place[0] == SEARCH]
            after = page[-1][0]
            if after is None or after[0] > SEARCH:
                break
        return found
