"""What iam refuses."""

from __future__ import annotations


class IamError(Exception):
    """A request about accounts, users or keys that cannot be met; the text says why."""
