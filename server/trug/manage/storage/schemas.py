"""What the storage manager is asked and answers."""

from __future__ import annotations

from msgspec import Struct


class Health(Struct):
    """``timestamp`` is in RFC 3339."""

    status: str
    env: str
    timestamp: str
