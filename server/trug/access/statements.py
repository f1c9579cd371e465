"""What a policy comes to once it is compiled: statements, whom they name, and which of them speak of an action."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import field
from enum import Enum, IntEnum
from typing import NamedTuple

from trug.access.conditions import Condition, Test
from trug.access.patterns import Patterns, Values
from trug.domain.frozen import frozen


class PolicyKind(Enum):
    """What a policy hangs on; the value is what AWS's messages call it."""

    BUCKET = "resource-based policy"
    IDENTITY = "identity-based policy"
    SESSION = "session policy"
    BOUNDARY = "permissions boundary"
    TRUST = "role trust policy"


class Effect(Enum):
    ALLOW = "Allow"
    DENY = "Deny"
    NONE = ""


ALLOW, DENY = Effect.ALLOW, Effect.DENY
"""Looking one up in its Enum costs a call in Python 3.11."""


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

    def reaches(self, resource: str, values: Values) -> bool:
        """Whether it means a resource."""
        return self.resources is None or self.resources.match(resource, values) is not self.excepts_resources

    def holds(self, values: Values) -> bool:
        """Whether its conditions are met."""
        for condition in self.conditions:  # noqa: SIM110 - a generator costs as much as the tests
            if not condition.test(values):
                return False
        return True


class Standing(IntEnum):
    """How a resource's policy names someone: not, by the account (which may then grant it on), by role or as anybody
    (within boundary and session policy), or as the user or session itself ("Policy evaluation logic")."""

    NOT_NAMED = 0
    DELEGATED = 1
    BOUNDED = 2
    DIRECT = 3


NOT_NAMED, DELEGATED, BOUNDED, DIRECT = Standing


@frozen
class Verdict:
    """What was said, and the statement that said so: none where the effect is NONE."""

    effect: Effect
    policy: Policy | None = None
    statement: Statement | None = None


class Row(NamedTuple):
    """A statement that speaks of an action and names the caller, made ready for many requests.

    Its resources are texts and prefixes, or where that is not all, ``reaches`` says; ``test`` is None without
    conditions.
    """

    texts: frozenset[str]
    prefixes: tuple[str, ...]
    reaches: Callable[[str, Values], bool] | None
    test: Test | None
    standing: Standing
    verdict: Verdict


class Ruling(NamedTuple):
    """First what denies, then what allows, of that first what names the caller best: the first that fits decides.

    Of each what its resources begin with, by which C passes over the statements on other resources: of 20 that leaves
    one or two to look at.
    """

    rows: tuple[Row, ...]
    heads: tuple[tuple[str, ...], ...]


@frozen
class Memory:
    """What is remembered of a policy: the statements that speak of an action, and what they come to by how they name
    somebody and by who he is. The last are many, and small."""

    by_action: dict[str, tuple[Statement, ...]] = field(default_factory=dict)
    by_standing: dict[tuple[str, tuple[int, ...]], Ruling] = field(default_factory=dict)
    by_caller: dict[tuple[str, str], Ruling] = field(default_factory=dict)

    def forget(self) -> None:
        for known in (self.by_action, self.by_standing, self.by_caller):
            known.clear()


@frozen
class Policy:
    """A policy, compiled: ``text`` is what was put, ``needs`` the condition keys that it asks for, lower-case and of
    those with a tag's key what stands before it (``s3:existingobjecttag``)."""

    kind: PolicyKind
    version: str
    id: str
    statements: tuple[Statement, ...]
    text: str
    needs: frozenset[str]
    name: str = ""
    names: frozenset[str] = frozenset()
    """Everybody whom a statement names but for ``*``; empty: it says the same to all."""
    memory: Memory = field(default_factory=Memory, repr=False)


def _no_values(_: str) -> None:
    return None


def root_arn(account: str) -> str:
    return f"arn:aws:iam::{account}:root"


def named(kind: str, name: str) -> str:
    """How ``Principals.names`` spells a principal that is no ARN: ``Service s3.amazonaws.com``."""
    return f"{kind} {name}"
