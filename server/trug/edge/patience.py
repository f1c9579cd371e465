"""How long a client is waited for, and how slow it may be."""

from __future__ import annotations

import math

from trug.domain.frozen import frozen

FOREVER = math.inf


@frozen
class Patience:
    """Seconds for the first byte on a new connection, for a header once begun, and between two requests.

    A client that sends or reads a body has to move ``least`` bytes in each ``window`` of seconds.
    """

    first_byte: float = 10
    head: float = 20
    keep_alive: float = 75
    window: float = 30
    least: int = 30 << 10
