"""What the processes of one server show each other is brought up to date."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Sequence

logger = logging.getLogger(__name__)

PERIOD = 0.25


async def keep_published(publishers: Sequence[Callable[[], None]]) -> None:
    """Call all of these four times a second, until cancelled. A failure is logged."""
    while True:
        for publish in publishers:
            try:
                publish()
            except Exception:
                logger.exception("what other workers see of this one is out of date")
        await asyncio.sleep(PERIOD)
