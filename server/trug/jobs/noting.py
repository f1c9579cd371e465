"""Writes down, beside the requests, when access keys were last used."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from trug.iam.uses import Uses
from trug.ports.stores import Unavailable

logger = logging.getLogger(__name__)

MINUTE = 60.0
"""In seconds."""
MINUTES_AT_HAND = 60


async def keep_noted(uses: Uses, renew: Callable[[], None], period: float = MINUTE) -> None:
    """Write what was used every ``period`` seconds, and every hour of these have keys looked up anew, until
    cancelled."""
    passes = 0
    while True:
        await asyncio.sleep(period)
        passes += 1
        if passes % MINUTES_AT_HAND == 0:
            renew()
        try:
            await uses.write()
        except Unavailable:
            continue
        except Exception:
            logger.exception("it could not be written when keys were last used")
