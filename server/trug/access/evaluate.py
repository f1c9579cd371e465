"""What policies say of a request: one policy, all of them together, and statement by statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from enum import Enum, IntEnum
from typing import NamedTuple

from trug.access.conditions import Condition
from trug.access.patterns import Values
from trug.access.statements import Effect, Policy, PolicyKind, Principals, Statement, named, root_arn
from trug.domain.frozen import frozen
from trug.domain.identity import Account, Identity

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


class Verdict(NamedTuple):
    """What was said, and the statement that said so: none where the effect is NONE."""

    effect: Effect
    policy: Policy | None = None
    statement: Statement | None = None


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


class Decision(NamedTuple):
    """Whether it is allowed, and by which kind of policy it was decided: of a refusal without a statement, the kind of
    which none allowed it. None where the account's root needs no policy."""

    allowed: bool
    by: PolicyKind | None
    verdict: Verdict = NOTHING_SAID


# --- who someone is -------------------------------------------------------------------------------------------------


class Standing(IntEnum):
    """How a resource's policy names someone: not, by the account (which may then grant it on), by role or as anybody
    (within boundary and session policy), or as the user or session itself ("Policy evaluation logic")."""

    NOT_NAMED = 0
    DELEGATED = 1
    BOUNDED = 2
    DIRECT = 3


class Link(NamedTuple):
    names: frozenset[str]
    standing: Standing


Chain = tuple[Link, ...]
NOBODY: Chain = (Link(frozenset(("",)), Standing.NOT_NAMED),)


def chain_of(question: Question) -> Chain:
    """What someone may be named by, from the account down to the session."""
    if question.acting:
        return (Link(frozenset((question.acting,)), Standing.DIRECT),)
    identity = question.identity
    account = identity.account
    if account is None:
        return NOBODY
    if identity.is_root:
        return (Link(_account_names(account), Standing.DIRECT),)
    links = [Link(_account_names(account), Standing.DELEGATED)]
    if identity.role:
        role = f"arn:aws:iam::{account.id}:role{identity.path}{identity.role}"
        links.append(Link(frozenset((role,)), Standing.BOUNDED))
    links.append(Link(frozenset((identity.arn,)), Standing.DIRECT))
    return tuple(links)


def _account_names(account: Account) -> frozenset[str]:
    return frozenset((root_arn(account.id), named("CanonicalUser", account.canonical_id)))


def _standing(statement: Statement, chain: Chain) -> Standing:
    principals = statement.principals
    if principals is None:
        return Standing.DIRECT
    if principals.is_negated:
        return _standing_outside(principals, chain, statement.effect)
    best = Standing.BOUNDED if principals.is_everyone else Standing.NOT_NAMED
    for link in chain:
        if link.standing > best and not principals.names.isdisjoint(link.names):
            best = link.standing
    return best


def _standing_outside(principals: Principals, chain: Chain, effect: Effect) -> Standing:
    """Of NotPrincipal. A Deny spares only those whom it names by all they are: the user and the account, for a session
    the role too; an Allow passes over those whom it names by any ("AWS JSON policy elements: NotPrincipal")."""
    spares = all if effect is Effect.DENY else any
    is_spared = principals.is_everyone or spares(not principals.names.isdisjoint(link.names) for link in chain)
    return Standing.NOT_NAMED if is_spared else Standing.BOUNDED


# --- one policy -----------------------------------------------------------------------------------------------------


def judge(policy: Policy, question: Question) -> Verdict:
    """What one policy says: a statement that denies goes before all that allow."""
    return _judged(policy, question)[0]


def _judged(policy: Policy, question: Question) -> tuple[Verdict, Standing]:
    denies, allows = policy.ruling(question.action)
    chain = chain_of(question) if policy.has_names else NOBODY
    for statement in denies:
        if _standing(statement, chain) and _applies(statement, question):
            return Verdict(Effect.DENY, policy, statement), Standing.NOT_NAMED
    best, decisive = Standing.NOT_NAMED, None
    for statement in allows:
        standing = _standing(statement, chain)
        if standing > best and _applies(statement, question):
            best, decisive = standing, statement
            if best is Standing.DIRECT:
                break
    if decisive is None:
        return NOTHING_SAID, Standing.NOT_NAMED
    return Verdict(Effect.ALLOW, policy, decisive), best


def _applies(statement: Statement, question: Question) -> bool:
    """Whether resource and conditions fit."""
    values = question.values
    resources = statement.resources
    if resources is not None and resources.match(question.resource, values) is statement.excepts_resources:
        return False
    for condition in statement.conditions:  # noqa: SIM110 - a generator costs as much as the tests
        if not condition.test(values):
            return False
    return True


def _any_of(policies: Sequence[Policy], question: Question) -> Verdict:
    """What policies of one kind say together."""
    allowed = NOTHING_SAID
    for policy in policies:
        verdict = judge(policy, question)
        if verdict.effect is Effect.DENY:
            return verdict
        if verdict.effect is Effect.ALLOW:
            allowed = verdict
    return allowed


# --- all of them ----------------------------------------------------------------------------------------------------

KEPT_BY_ROOT = frozenset({"s3:GetBucketPolicy", "s3:PutBucketPolicy", "s3:DeleteBucketPolicy"})
"""What no policy takes from the root of a bucket's account, so that nobody locks himself out."""


def decide(question: Question, sources: Sources) -> Decision:
    """What all policies come to ("Policy evaluation logic", for one account and across accounts).

    A statement that denies decides, whichever policy it is in. In one account either side may allow, the resource's
    policy or the identity's own, which boundary and session policies limit; they do not limit what a resource's policy
    gives to a user or session by name. Across accounts both sides must allow.
    """
    identity = question.identity
    is_root = identity.is_root
    if is_root and sources.is_same_account and question.action in KEPT_BY_ROOT:
        return Decision(allowed=True, by=None)
    granted, standing = NOTHING_SAID, Standing.NOT_NAMED
    if sources.resource is not None:
        granted, standing = _judged(sources.resource, question)
    own = _any_of(sources.policies, question)
    limits = _limits(question, sources)
    for said in (granted, own, *limits.values()):
        if said.effect is Effect.DENY and said.policy is not None:
            return Decision(allowed=False, by=said.policy.kind, verdict=said)
    by_resource = Decision(allowed=True, by=_kind_of(sources.resource), verdict=granted)
    if sources.is_same_account and standing is Standing.DIRECT:
        return by_resource
    for kind, said in limits.items():
        if said.effect is not Effect.ALLOW:
            return Decision(allowed=False, by=kind)
    if sources.is_same_account and standing is Standing.BOUNDED:
        return by_resource
    if not sources.is_same_account and not standing:
        return Decision(allowed=False, by=_kind_of(sources.resource))
    if identity.account is None and standing:
        return by_resource
    if is_root:
        return Decision(allowed=True, by=None)
    return Decision(allowed=own.effect is Effect.ALLOW, by=PolicyKind.IDENTITY, verdict=own)


def _limits(question: Question, sources: Sources) -> dict[PolicyKind, Verdict]:
    """What the policies say that allow nothing by themselves."""
    limits: dict[PolicyKind, Verdict] = {}
    if sources.boundary is not None:
        limits[PolicyKind.BOUNDARY] = judge(sources.boundary, question)
    if sources.session:
        limits[PolicyKind.SESSION] = _any_of(sources.session, question)
    return limits


def _kind_of(resource: Policy | None) -> PolicyKind:
    return PolicyKind.BUCKET if resource is None else resource.kind


ARTICLES = {kind: "an" if kind.value.startswith("i") else "a" for kind in PolicyKind}


def reason_of(decision: Decision, action: str) -> str:
    """Why not, as AWS's messages of AccessDenied end ("Troubleshoot access denied error messages")."""
    kind = decision.by or PolicyKind.IDENTITY
    if decision.verdict.effect is Effect.DENY:
        return f"with an explicit deny in {ARTICLES[kind]} {kind.value}"
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
    values, resources = question.values, statement.resources
    if not _standing(statement, chain_of(question)):
        return Considered(policy, statement, Mismatch.PRINCIPAL)
    if not statement.speaks_of(question.action):
        return Considered(policy, statement, Mismatch.ACTION)
    if resources is not None and resources.match(question.resource, values) is statement.excepts_resources:
        return Considered(policy, statement, Mismatch.RESOURCE)
    failed = next((each for each in statement.conditions if not each.test(values)), None)
    return Considered(policy, statement, None if failed is None else Mismatch.CONDITION, failed)
