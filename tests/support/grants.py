"""Policies of identities in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from trug.access.grants import NO_GRANTS, Grants
from trug.access.policy import Policy, PolicyKind, parse_policy
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.identity import Identity

Document = Mapping[str, Any]
ANYTHING: Document = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}],
}


def compiled(document: Document, kind: PolicyKind = PolicyKind.IDENTITY) -> Policy:
    return parse_policy(json.dumps(document), kind)


def statement(effect: str, action: str | Sequence[str], resource: str | Sequence[str], **more: Any) -> dict[str, Any]:
    """One statement; ``more`` are its other elements."""
    return {"Effect": effect, "Action": action, "Resource": resource, **more}


def policy(*statements: Document) -> dict[str, Any]:
    return {"Version": "2012-10-17", "Statement": list(statements)}


class MemoryGrants:
    """A GrantSource over a dictionary by the name of the user or role, which tests may change.

    ``metadata`` is the store on whose generation hangs what is kept of it: as of grants that are stored, a change moves
    that."""

    def __init__(self, **granted: Grants) -> None:
        self.granted = dict(granted)
        self.metadata: MemoryMetadata | None = None

    def let(self, name: str, *documents: Document, boundary: Document | None = None) -> None:
        """Give a user or role these policies, and no others."""
        limit = None if boundary is None else compiled(boundary, PolicyKind.BOUNDARY)
        self.granted[name] = Grants(tuple(map(compiled, documents)), limit)
        if self.metadata is not None:
            self.metadata._generation += 2

    def known(self, identity: Identity) -> Grants | None:
        return self.granted.get(identity.user or identity.role, NO_GRANTS)

    async def find(self, identity: Identity) -> Grants:
        return self.granted.get(identity.user or identity.role, NO_GRANTS)

    async def find_stranger(self, policy: Policy) -> str:
        """Nobody is one."""
        return ""

    async def ids_of(self, names: Iterable[str]) -> dict[str, str]:
        """Nobody has one."""
        return {}
