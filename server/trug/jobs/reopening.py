"""After a failed sync the store is opened anew: only the rows that are there then say what was written."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

logger = logging.getLogger(__name__)

LOOK = 0.25
LONGEST_WAIT = 30.0


class Doubtful(Protocol):
    """A store that may have lost its trust in what it last wrote."""

    @property
    def is_in_doubt(self) -> bool: ...

    async def reopen(self) -> None: ...


async def keep_trusted(store: Doubtful) -> None:
    """Reopen the store whenever it is in doubt, until cancelled; reads go on meanwhile, writes answer 503."""
    wait = LOOK
    while True:
        await asyncio.sleep(wait)
        if not store.is_in_doubt:
            continue
        try:
            await store.reopen()
        except Exception:
            wait = min(4 * wait, LONGEST_WAIT)
            logger.exception("the store could not be opened anew, trying again in %.0f s", wait)
        else:
            wait = LOOK
            logger.warning("a sync had failed: the store was opened anew and takes writes again")
