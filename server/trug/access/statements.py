"""What a policy comes to once it is compiled: statements, whom they name, and which of them speak of an action."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import field
from enum import Enum

from trug.access.conditions import Condition
from trug.access.patterns import Patterns
from trug.domain.frozen import frozen

MOST_ACTIONS = 1024
"""Of how many actions a policy remembers which statements speak of them."""


class PolicyKind(Enum):
    """What a policy hangs on; the value is what AWS's messages call it."""

    BUCKET = "resource-based policy"
    IDENTITY = "identity-based policy"
    SESSION = "session policy"
    BOUNDARY = "permissions boundary"
    TRUST = "trust policy"


class Effect(Enum):
    ALLOW = "Allow"
    DENY = "Deny"
    NONE = ""


@frozen
class Principals:
    """Whom a statement names: ``names`` as ``named`` spells them; with ``is_negated`` all others (NotPrincipal)."""

    names: frozenset[str]
    is_everyone: bool = False
    is_negated: bool = False


@frozen
class Statement:
    """One statement, compiled: what each part says, and with ``excepts_…`` that all else is meant (NotAction…).

    ``principals`` is None where policies of the kind name nobody, ``resources`` where they name nothing.
    """

    index: int
    sid: str
    effect: Effect
    principals: Principals | None
    actions: Patterns
    excepts_actions: bool
    resources: Patterns | None
    excepts_resources: bool
    conditions: tuple[Condition, ...]
    needs: frozenset[str]

    def speaks_of(self, action: str) -> bool:
        """Whether it means an action, in whatever case it is given."""
        return self.actions.match(action.lower(), _no_values) is not self.excepts_actions


Ruling = tuple[tuple[Statement, ...], tuple[Statement, ...]]
"""The statements that deny and those that allow."""


@frozen
class Policy:
    """A policy, compiled: ``text`` is what was put, ``needs`` the condition keys that it asks for, lower-case and of
    those with a tag's key what stands before it (``s3:existingobjecttag``); ``has_names`` if it asks who someone is."""

    kind: PolicyKind
    version: str
    id: str
    statements: tuple[Statement, ...]
    text: str
    needs: frozenset[str]
    name: str = ""
    has_names: bool = False
    rulings: dict[str, Ruling] = field(default_factory=dict, repr=False)

    def ruling(self, action: str) -> Ruling:
        """The statements that speak of an action; found once."""
        found = self.rulings.get(action)
        if found is None:
            if len(self.rulings) >= MOST_ACTIONS:
                self.rulings.clear()
            found = self.rulings[action] = _ruling(self.statements, action)
        return found


def _ruling(statements: Sequence[Statement], action: str) -> Ruling:
    speaking = [statement for statement in statements if statement.speaks_of(action)]
    return (
        tuple(statement for statement in speaking if statement.effect is Effect.DENY),
        tuple(statement for statement in speaking if statement.effect is Effect.ALLOW),
    )


def _no_values(_: str) -> None:
    return None


def root_arn(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


def named(kind: str, name: str) -> str:
    """How ``Principals.names`` spells a principal that is no ARN: ``Service s3.amazonaws.com``."""
    return f"{kind} {name}"
