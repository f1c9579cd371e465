"""Users, groups and roles by ARN, with all policies that have a say in what they may, each under its own name."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

from trug.access.policy import PolicyError, parse_policy
from trug.access.statements import Policy, PolicyKind
from trug.domain.identity import Account, Identity, Session
from trug.iam.api.actions import Call, Subject
from trug.iam.api.kinds import ARN
from trug.iam.api.refusals import QueryCode, QueryError, invalid, no_such
from trug.iam.api.subjects import NOBODY, told_about
from trug.iam.builtin import PREFIX as BUILT_IN
from trug.iam.entities import Group, Role, User
from trug.iam.holders import Holders

PRINCIPAL = re.compile(r"arn:aws:iam::([^:/]+):(user|group|role)(/(?:[!-~]*/)?)([\w+=,.@-]+)", re.ASCII)
ALL = 1000
"""More policies or groups than anybody may have."""

NAMELESS = "simulation"
"""Who asks in a simulation that names nobody: a user, for a root needs no policies."""

Principal = User | Group | Role


class Source(NamedTuple):
    """A policy as simulations speak of it: what it is called, and of which type it is."""

    policy: Policy
    name: str
    type: str


async def principal_given(call: Call) -> Subject[Principal]:
    """The user, group or role of ``PolicySourceArn``."""
    arn = call.parameters.text("PolicySourceArn", ARN)
    found = PRINCIPAL.fullmatch(arn)
    if found is None:
        raise invalid("PolicySourceArn", arn, "be the ARN of a user, a group or a role")
    account, kind, _, name = found.groups()
    entity: Principal | None = await holders_of(call, kind).find(call.tenant, name)
    if entity is None or account != call.tenant or entity.arn != arn:
        return Subject(arn, NOBODY, absence=no_such(kind, name))
    return Subject(arn, entity, {} if isinstance(entity, Group) else told_about(entity.tags, entity.boundary))


def holders_of(call: Call, kind: str) -> Holders[Any]:
    """Where users, groups or roles are kept."""
    people = call.people
    kept: dict[str, Holders[Any]] = {"user": people.users, "group": people.groups, "role": people.roles}
    return kept[kind]


def kind_of(principal: Principal) -> str:
    return "user" if isinstance(principal, User) else "group" if isinstance(principal, Group) else "role"


async def sources_of(call: Call, principal: Principal) -> list[Source]:
    """A principal's inline and attached policies, and those of a user's groups."""
    found = await held_by(call, principal)
    if isinstance(principal, User):
        groups = await call.people.users.groups(call.tenant, principal.name, limit=ALL)
        for group in groups.rows:
            found += await held_by(call, group)
    return found


async def held_by(call: Call, principal: Principal) -> list[Source]:
    """The policies that somebody holds himself."""
    kind = kind_of(principal)
    holders = holders_of(call, kind)
    inline = await holders.policies(call.tenant, principal.name, limit=ALL)
    attached = await holders.attached(call.tenant, principal.name, limit=ALL)
    found = [Source(stored(policy.document), f"{kind}_{principal.name}_{policy.name}", kind) for policy in inline.rows]
    return found + [await managed(call, row.arn) for row in attached.rows]


async def managed(call: Call, arn: str) -> Source:
    """A managed policy, in its version that is in force."""
    text = await call.people.policies.document(call.tenant, arn)
    return Source(stored(text), arn.rpartition("/")[2], "aws-managed" if arn.startswith(BUILT_IN) else "user-managed")


def stored(text: str) -> Policy:
    """A document that was checked when it was put."""
    return given(text, PolicyKind.IDENTITY)


def given(text: str, kind: PolicyKind) -> Policy:
    """A document of a request. InvalidInput when it is no policy of this kind."""
    try:
        return parse_policy(text, kind)
    except PolicyError as error:
        raise QueryError(QueryCode.InvalidInput, f"Invalid policy: {error}") from error


def identity_of(account: Account, principal: Principal | None) -> Identity:
    """Who asks in a simulation for a principal; for a group, or none, somebody without a name of his own."""
    if isinstance(principal, User):
        return Identity(account, user=principal.name, path=principal.path, id=principal.id)
    if isinstance(principal, Role):
        session = Session(0, 0, NAMELESS)
        return Identity(account, role=principal.name, path=principal.path, id=principal.id, session=session)
    return Identity(account, user=NAMELESS)
