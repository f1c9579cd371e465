"""The store is told once a day how far lock time has come, so that one that is only read was not away for long."""

from __future__ import annotations

import asyncio
import logging

from trug.engine.locking import Locks
from trug.ports.stores import Unavailable

logger = logging.getLogger(__name__)

DAY = 86_400.0
"""In seconds."""


async def keep_marked(locks: Locks, period: float = DAY) -> None:
    """Mark the time every ``period`` seconds, until cancelled."""
    while True:
        await asyncio.sleep(period)
        try:
            await locks.mark_time()
        except Unavailable:
            continue
        except Exception:
            logger.exception("the store could not be told how far lock time has come")
