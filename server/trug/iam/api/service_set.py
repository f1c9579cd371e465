"""What the handlers of query actions work with."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from trug.domain.frozen import frozen
from trug.domain.identity import Identity
from trug.iam.api.context import Values
from trug.iam.people import People
from trug.iam.sts.service import TokenService

Authorise = Callable[[Identity, str, str, Values], Awaitable[None]]
"""Lets an identity do an action (``iam:CreateUser``) on an ARN, or raises AccessDenied."""


@frozen
class ServiceSet:
    """The services of IAM, and who decides about calls of them."""

    people: People
    tokens: TokenService
    authorise: Authorise
