"""Writes down, beside the requests, when access keys were last used."""

from __future__ import annotations

import asyncio
import logging

from trug.iam.credentials import Credentials
from trug.ports.stores import Unavailable

logger = logging.getLogger(__name__)

MINUTE = 60.0
"""In seconds."""
PASSES_AT_HAND = 60


async def keep_noted(credentials: Credentials, period: float = MINUTE) -> None:
    """Write what was used every ``period`` seconds, and after 60 of these have keys looked up anew, until cancelled."""
    passes = 0
    while True:
        await asyncio.sleep(period)
        passes += 1
        if passes % PASSES_AT_HAND == 0:
            credentials.renew()
        try:
            await credentials.write_uses()
        except Unavailable:
            continue
        except Exception:
            logger.exception("it could not be written when keys were last used")
