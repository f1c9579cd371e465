"""What an identity's own policies come to."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol

from trug.access.binding import Ids
from trug.access.policy import Policy
from trug.domain.frozen import frozen
from trug.domain.identity import Identity


@frozen
class Grants:
    """An identity's own policies, compiled.

    ``policies`` are a user's or role's, inline, attached and of its groups; ``boundary`` limits them; ``session`` are
    session policies that were given by name. What a session carries as text itself is not in here.
    """

    policies: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] = ()


NO_GRANTS = Grants()


class GrantSource(Protocol):
    """Where the policies of identities are looked up. What it answers changes with the store's generation alone."""

    def known(self, identity: Identity) -> Grants | None:
        """What is at hand: it is asked for at every request."""
        ...

    async def find(self, identity: Identity) -> Grants:
        """The identity's policies; none of one that is no more, or that never had any."""
        ...

    async def find_stranger(self, policy: Policy) -> str:
        """The first whom a policy names though there is no such account, user or role; empty where all are there."""
        ...

    async def ids_of(self, names: Iterable[str]) -> Ids:
        """The unique ids of the users and roles among these ARNs that are there."""
        ...


class NobodyGranted:
    """A GrantSource without policies: roots alone may do anything."""

    def known(self, identity: Identity) -> Grants | None:
        return NO_GRANTS

    async def find(self, identity: Identity) -> Grants:
        return NO_GRANTS

    async def find_stranger(self, policy: Policy) -> str:
        return ""

    async def ids_of(self, names: Iterable[str]) -> Ids:
        return {}
