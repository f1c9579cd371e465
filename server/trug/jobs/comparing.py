"""The words in shared memory that caches hang on are compared with the rows they stand for."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from trug.ports.stores import Unavailable

logger = logging.getLogger(__name__)

PERIOD = 1.0


class Comparable(Protocol):
    """A store that other processes have open too."""

    async def compare(self) -> None: ...


async def keep_compared(store: Comparable) -> None:
    """Compare once a second, until cancelled: so old is at most what a cache holds when the words failed."""
    while True:
        await asyncio.sleep(PERIOD)
        try:
            await store.compare()
        except Unavailable:
            continue  # it is being opened anew
        except Exception:
            logger.exception("it cannot be seen whether caches are up to date")
