"""What a query request says of itself to policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trug.domain.identity import Identity
from trug.wire.request import WireRequest

Values = Callable[[str], tuple[str, ...] | None]
"""The values of a condition key, whose name is in lower case; None when it is absent."""


def values_of(wire: WireRequest, identity: Identity, told: Mapping[str, tuple[str, ...]]) -> Values:  # noqa: ARG001
    """The values of condition keys: those that the action's own things and parameters tell."""
    return told.get
