"""What policies say of a request: one policy, all of them together, and statement by statement."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum
from itertools import compress
from typing import NamedTuple

from trug.access.callers import Caller, caller_of, standing_of
from trug.access.conditions import Condition
from trug.access.patterns import Values
from trug.access.statements import (
    ALLOW,
    BOUNDED,
    DENY,
    DIRECT,
    NOT_NAMED,
    Effect,
    Policy,
    PolicyKind,
    Row,
    Ruling,
    Standing,
    Statement,
    Verdict,
)
from trug.domain.frozen import frozen
from trug.domain.identity import Identity

__all__ = [
    "Considered",
    "Decision",
    "Effect",
    "Mismatch",
    "Question",
    "Sources",
    "Values",
    "Verdict",
    "considered",
    "decide",
    "judge",
    "reason_of",
]


@frozen
class Question:
    """May ``identity`` do ``action`` (``s3:GetObject``) to ``resource`` (an ARN)? ``values`` are the condition keys'.

    ``acting`` is a principal that is no identity of ours, as ``named`` spells it: a service, or whom an identity
    provider vouches for (``Federated arn:aws:iam::…:oidc-provider/…``).
    """

    identity: Identity
    action: str
    resource: str
    values: Values
    acting: str = ""


NOTHING_SAID = Verdict(Effect.NONE)


@frozen
class Sources:
    """The policies that have a say. ``policies`` are the identity's own; of these and of the session's it is enough
    that one allows. ``resource`` is the bucket's, or the trust policy of a role."""

    policies: tuple[Policy, ...] = ()
    boundary: Policy | None = None
    session: tuple[Policy, ...] = ()
    resource: Policy | None = None
    is_same_account: bool = True


@frozen
class Decision:
    """Whether it is allowed, and by which kind of policy it was decided: of a refusal without a statement, the kind of
    which none allowed it. None where the account's root needs no policy."""

    allowed: bool
    by: PolicyKind | None
    verdict: Verdict = NOTHING_SAID


# --- one policy -----------------------------------------------------------------------------------------------------

MOST_RULINGS = 16_384
"""How many pairs of actions and callers a policy remembers, 200 bytes each."""


def judge(policy: Policy, question: Question) -> Verdict:
    """What one policy says: a statement that denies goes before all that allow."""
    row = _decisive(policy, question, caller_of(question.identity, question.acting))
    return NOTHING_SAID if row is None else row.verdict


def _decisive(policy: Policy, question: Question, caller: Caller) -> Row | None:
    """The row that decides; None where nothing is said."""
    ruling, resource = ruling_of(policy, question.action, caller), question.resource
    return first_fitting(compress(ruling.rows, map(resource.startswith, ruling.heads)), resource, question.values)


def first_fitting(rows: Iterable[Row], resource: str, values: Values) -> Row | None:
    """The first row that means a resource, and whose conditions are met."""
    for row in rows:
        texts, prefixes, reaches, test, _, _ = row
        if reaches is None:
            if not (resource.startswith(prefixes) or resource in texts):
                continue
        elif not reaches(resource, values):
            continue
        if test is None or test(values):
            return row
    return None


def ruling_of(policy: Policy, action: str, caller: Caller) -> Ruling:
    """What a policy comes to for an action of somebody."""
    known = policy.memory.by_caller.get((action, caller.name if policy.names else ""))
    return _ruling(policy, action, caller) if known is None else known


def _ruling(policy: Policy, action: str, caller: Caller) -> Ruling:
    """Found, and remembered."""
    memory = policy.memory
    if len(memory.by_caller) >= MOST_RULINGS:
        memory.forget()
    speaking = memory.by_action.get(action)
    if speaking is None:
        speaking = memory.by_action[action] = tuple(each for each in policy.statements if each.speaks_of(action))
    standings = tuple(standing_of(statement, caller) for statement in speaking)
    ruling = memory.by_standing.get((action, standings))
    if ruling is None:
        ruling = memory.by_standing[action, standings] = _ruled(policy, speaking, standings)
    memory.by_caller[action, caller.name if policy.names else ""] = ruling
    return ruling


def _ruled(policy: Policy, speaking: Sequence[Statement], standings: Sequence[Standing]) -> Ruling:
    each = zip(speaking, standings, strict=True)
    rows = [_row(policy, statement, standing) for statement, standing in each if standing]
    rows.sort(key=lambda row: (row.verdict.effect is not DENY, -row.standing))
    return Ruling(tuple(rows), tuple(map(_heads, rows)))


def _row(policy: Policy, statement: Statement, standing: Standing) -> Row:
    conditions, resources = statement.conditions, statement.resources
    test = None if not conditions else conditions[0].test if len(conditions) == 1 else statement.holds
    verdict = Verdict(statement.effect, policy, statement)
    if resources is None:
        return Row(frozenset(), ANY, None, test, standing, verdict)
    reaches = None if resources.is_plain and not statement.excepts_resources else statement.reaches
    return Row(resources.texts, resources.prefixes, reaches, test, standing, verdict)


ANY = ("",)


def _heads(row: Row) -> tuple[str, ...]:
    statement = row.verdict.statement
    if statement is None or statement.resources is None or statement.excepts_resources:
        return ANY
    return statement.resources.heads


def _any_of(policies: Sequence[Policy], question: Question, caller: Caller) -> Verdict:
    """What policies of one kind say together."""
    allowed = NOTHING_SAID
    for policy in policies:
        row = _decisive(policy, question, caller)
        if row is None:
            continue
        if row.verdict.effect is DENY:
            return row.verdict
        allowed = row.verdict
    return allowed


# --- all of them ----------------------------------------------------------------------------------------------------

KEPT_BY_ROOT = frozenset({"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"})
"""What no policy takes from the root of a bucket's account, so that nobody locks himself out."""


BY_RIGHT = Decision(True, None)
NO_LIMITS: Mapping[PolicyKind, Verdict] = {}


def decide(question: Question, sources: Sources) -> Decision:
    """What all policies come to ("Policy evaluation logic", for one account and across accounts).

    A statement that denies decides, whichever policy it is in. In one account either side may allow, the resource's
    policy or the identity's own, which boundary and session policies limit; they do not limit what a resource's policy
    gives to a user or session by name. Across accounts both sides must allow, and a role's trust policy always must.
    """
    caller = caller_of(question.identity, question.acting)
    is_at_home = sources.is_same_account
    if caller.is_root and is_at_home and question.action in KEPT_BY_ROOT:
        return BY_RIGHT
    granted, standing = NOTHING_SAID, NOT_NAMED
    if sources.resource is not None and (row := _decisive(sources.resource, question, caller)) is not None:
        granted, standing = row.verdict, row.standing
    own = _any_of(sources.policies, question, caller)
    limits = _limits(sources, question, caller) if sources.boundary is not None or sources.session else NO_LIMITS
    for said in (granted, own, *limits.values()):
        if said.effect is DENY and said.policy is not None:
            return Decision(False, said.policy.kind, said)
    if is_at_home and standing is DIRECT:
        return Decision(True, _kind_of(sources.resource), granted)
    for kind, said in limits.items():
        if said.effect is not ALLOW:
            return Decision(False, kind)
    if standing >= BOUNDED and (is_at_home or not caller.is_known):
        return Decision(True, _kind_of(sources.resource), granted)
    if not standing and (not is_at_home or _kind_of(sources.resource) is PolicyKind.TRUST):
        return Decision(False, _kind_of(sources.resource))
    return BY_RIGHT if caller.is_root else Decision(own.effect is ALLOW, PolicyKind.IDENTITY, own)


def _limits(sources: Sources, question: Question, caller: Caller) -> Mapping[PolicyKind, Verdict]:
    """What the policies say that allow nothing by themselves."""
    limits: dict[PolicyKind, Verdict] = {}
    if sources.boundary is not None:
        limits[PolicyKind.BOUNDARY] = _any_of((sources.boundary,), question, caller)
    if sources.session:
        limits[PolicyKind.SESSION] = _any_of(sources.session, question, caller)
    return limits


def _kind_of(resource: Policy | None) -> PolicyKind:
    return PolicyKind.BUCKET if resource is None else resource.kind


ARTICLES = {PolicyKind.IDENTITY: "an", PolicyKind.TRUST: "the"}


def reason_of(decision: Decision, action: str) -> str:
    """Why not, as AWS's messages of AccessDenied end ("Troubleshoot access denied error messages")."""
    kind = decision.by or PolicyKind.IDENTITY
    if decision.verdict.effect is Effect.DENY:
        return f"with an explicit deny in {ARTICLES.get(kind, 'a')} {kind.value}"
    return f"because no {kind.value} allows the {action} action"


# --- statement by statement -----------------------------------------------------------------------------------------


class Mismatch(Enum):
    """The first thing about a statement that did not fit."""

    PRINCIPAL = "Principal"
    ACTION = "Action"
    RESOURCE = "Resource"
    CONDITION = "Condition"


class Considered(NamedTuple):
    """A statement that was looked at: it fits where ``mismatch`` is None; ``condition`` is the one that did not."""

    policy: Policy
    statement: Statement
    mismatch: Mismatch | None
    condition: Condition | None = None


def considered(question: Question, sources: Sources) -> tuple[Considered, ...]:
    """Every statement of every policy that has a say, and why it fits or not."""
    return tuple(
        _considered(policy, statement, question) for policy in _policies(sources) for statement in policy.statements
    )


def _policies(sources: Sources) -> Iterator[Policy]:
    yield from sources.policies
    yield from (policy for policy in (sources.boundary, *sources.session, sources.resource) if policy is not None)


def _considered(policy: Policy, statement: Statement, question: Question) -> Considered:
    if not standing_of(statement, caller_of(question.identity, question.acting)):
        return Considered(policy, statement, Mismatch.PRINCIPAL)
    if not statement.speaks_of(question.action):
        return Considered(policy, statement, Mismatch.ACTION)
    if not statement.reaches(question.resource, question.values):
        return Considered(policy, statement, Mismatch.RESOURCE)
    failed = next((each for each in statement.conditions if not each.test(question.values)), None)
    return Considered(policy, statement, None if failed is None else Mismatch.CONDITION, failed)
