"""Who is asking, by all the names that a policy may have for him, and how it names him."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

from trug.access.statements import BOUNDED, DELEGATED, DENY, DIRECT, NOT_NAMED, Standing, Statement, named, root_arn
from trug.domain.frozen import frozen
from trug.domain.identity import Identity


class Link(NamedTuple):
    names: frozenset[str]
    standing: Standing


@frozen
class Caller:
    """What somebody may be named by, from the account down to the session; ``name`` is of nobody else.

    ``is_known`` says that there is an account of ours, ``is_root`` that it is that itself.
    """

    chain: tuple[Link, ...]
    name: str
    is_root: bool = False
    is_known: bool = True


NOBODY = Caller((Link(frozenset(("",)), NOT_NAMED),), "", is_known=False)


@lru_cache(1024)
def caller_of(identity: Identity, acting: str = "") -> Caller:
    if acting:
        return Caller((Link(frozenset((acting,)), DIRECT),), acting, is_known=False)
    account = identity.account
    if account is None:
        return NOBODY
    names = frozenset((root_arn(account.id), named("CanonicalUser", account.canonical_id)))
    if identity.is_root:
        return Caller((Link(names, DIRECT),), f"{account.canonical_id} {identity.arn}", is_root=True)
    role = f"arn:aws:iam::{account.id}:role{identity.path}{identity.role}"
    roles = [Link(named_by(role, identity.id), BOUNDED)] if identity.role else []
    is_limited = is_limited_user(identity)
    own = named_by(identity.arn, identity.id if identity.user else "")
    chain = (Link(names, DELEGATED), *roles, Link(own, BOUNDED if is_limited else DIRECT))
    limited = " limited" if is_limited else ""
    return Caller(chain, f"{account.canonical_id} {role} {identity.arn} {identity.id}{limited}")


def named_by(arn: str, unique_id: str) -> frozenset[str]:
    """What a user or role is named by: a policy that is bound to ids has the id, one that is not the ARN."""
    return frozenset((arn, unique_id)) if unique_id else frozenset((arn,))


def is_limited_user(identity: Identity) -> bool:
    """Whether this is a session of a user with policies of its own. It has no other ARN than the user, so that whoever
    names the user does not mean the session, as little as who names a role."""
    session = identity.session
    return bool(identity.user and session and (session.policies or session.policy_arns))


def standing_of(statement: Statement, caller: Caller) -> Standing:
    """How a statement names somebody. NotPrincipal in a Deny spares only those whom it names by all they are: the user
    and the account, for a session the role too; in an Allow it passes over those whom it names by any ("AWS JSON policy
    elements: NotPrincipal")."""
    principals = statement.principals
    if principals is None:
        return DIRECT
    names = principals.names
    if principals.is_negated:
        spares = all if statement.effect is DENY else any
        is_spared = principals.is_everyone or spares(not names.isdisjoint(link.names) for link in caller.chain)
        return NOT_NAMED if is_spared else BOUNDED
    best = BOUNDED if principals.is_everyone else NOT_NAMED
    if names:
        for known, standing in caller.chain:
            if standing > best and not names.isdisjoint(known):
                best = standing
    return best
