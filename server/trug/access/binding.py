"""Principals by their unique ids: who is made anew under an old name is not whom a policy named."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from trug.access.statements import Policy, Principals, Statement
from trug.domain.frozen import replace

# AWS turns the ARN of a user or role into its unique id when a policy is saved, and shows the ARN as long as there
# is somebody of this id ("AWS JSON policy elements: Principal"). Here the text stays as it was put, and beside it is
# kept of whom the ARNs were.

Ids = Mapping[str, str]
"""Unique ids of users and roles, by ARN."""


def pack_ids(ids: Ids) -> bytes | None:
    """As they are stored: not at all where there are none."""
    return json.dumps(ids, separators=(",", ":")).encode() if ids else None


def ids_of(document: bytes | None) -> dict[str, str]:
    """What is stored of a policy: nothing of one that names no users or roles, or was put before this was kept.
    ValueError for what cannot be read."""
    found = {} if document is None else json.loads(document)
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise ValueError("these are no unique ids")
    return found


def bound(policy: Policy, ids: Ids) -> Policy:
    """The policy, with the unique ids in place of the ARNs that were theirs."""
    if not ids:
        return policy
    statements = tuple(_bound(statement, ids) for statement in policy.statements)
    return replace(policy, statements=statements, names=frozenset(ids.get(name, name) for name in policy.names))


def _bound(statement: Statement, ids: Ids) -> Statement:
    principals = statement.principals
    if principals is None or principals.names.isdisjoint(ids):
        return statement
    names = frozenset(ids.get(name, name) for name in principals.names)
    return replace(statement, principals=Principals(names, principals.is_everyone, principals.is_negated))


def shown(text: str, lost: Ids) -> str:
    """A policy's text as it is shown when those of ``lost`` are not there any more: with their ids."""
    if not lost:
        return text
    document = json.loads(text)
    statements = document["Statement"]
    for statement in statements if isinstance(statements, list) else [statements]:
        for field in ("Principal", "NotPrincipal"):
            named = statement.get(field)
            if isinstance(named, dict) and "AWS" in named:
                named["AWS"] = _shown(named["AWS"], lost)
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def _shown(names: Any, lost: Ids) -> Any:
    return [lost.get(name, name) for name in names] if isinstance(names, list) else lost.get(names, names)
