"""What a query request says of itself to policies."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trug.access.actions import Action
from trug.auth.scope import GLOBAL_REGION
from trug.domain.identity import Identity
from trug.operations.context import Context
from trug.wire.request import WireRequest

Values = Callable[[str], tuple[str, ...] | None]
"""The values of a condition key, whose name is in lower case; None when it is absent."""


def values_of(wire: WireRequest, identity: Identity, told: Mapping[str, tuple[str, ...]]) -> Values:
    """The values of condition keys: the global ones that any request has, and those that an action's own things and
    parameters tell."""
    return Context(wire, identity, OF_NO_BUCKET, told={**REGION, **told})


OF_NO_BUCKET = Action("")
"""Which of the actions it is makes no difference to global condition keys."""
REGION: dict[str, tuple[str, ...]] = {"aws:requestedregion": (GLOBAL_REGION,)}
"""Where IAM and STS are asked, whichever region signed for."""
