"""How many of a process's descriptors connections of the management port may take, so that S3 keeps its own."""

from __future__ import annotations

MOST = 4096


def most_connections(soft: int) -> int:
    """Of ``soft`` descriptors at most a quarter."""
    return min(MOST, soft // 4)
