"""Media types, and lists of those that are allowed."""

from __future__ import annotations

from collections.abc import Collection

PATTERN = r"^(\*/\*|[a-z0-9][a-z0-9!#$&^_.+-]{0,62}/(\*|[a-z0-9][a-z0-9!#$&^_.+-]{0,62}))$"
"""A media type in lower case, all of a kind (``image/*``), or all."""


def is_allowed(media: str, allowed: Collection[str]) -> bool:
    """Whether a list allows a type; what has no known type (empty) is allowed only where everything is."""
    return "*/*" in allowed or media in allowed or f"{media.partition('/')[0]}/*" in allowed
