"""The sweep as a job: one slice after another while there is something to remove, else it rests."""

from __future__ import annotations

import asyncio
import logging

from trug.engine.sweep import Sweep

logger = logging.getLogger(__name__)

REST = 1.0
LONGEST_REST = 60.0


async def keep_sweeping(sweep: Sweep) -> None:
    """Sweep until cancelled. A failure is logged and tried again after ever longer rests."""
    rest = REST
    while True:
        try:
            taken = await sweep.run()
        except Exception:
            rest = min(2 * rest, LONGEST_REST)
            logger.warning("sweep failed, trying again in %.0f s", rest, exc_info=True)
            taken = 0
        else:
            rest = REST
        await asyncio.sleep(0 if taken else rest)
