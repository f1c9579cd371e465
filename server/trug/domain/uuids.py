"""UUIDs of version 7 (RFC 9562, section 5.7): they sort by the time they were made at."""

from __future__ import annotations

import secrets
from uuid import UUID

VERSION = 7 << 76
VARIANT = 2 << 62


def uuid7(moment: int) -> UUID:
    """A UUID made at ``moment`` (µs since 1970), random but for its time in ms."""
    high, low = secrets.randbits(12), secrets.randbits(62)
    return UUID(int=(moment // 1000 & (1 << 48) - 1) << 80 | VERSION | high << 64 | VARIANT | low)
