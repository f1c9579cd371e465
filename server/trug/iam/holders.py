"""What users, groups and roles have in common: they are found and paged by name, and hold policies."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Generic, NamedTuple, TypeVar

from trug.access.policy import PolicyKind
from trug.iam.documents import check_document
from trug.iam.entities import INLINE, Group, InlinePolicy, Kind, Page, Role, User, attached, bounded, holder, put
from trug.iam.limits import (
    INLINE_CHARACTERS,
    LONG_NAME,
    POLICIES_PER_HOLDER,
    check_name,
    check_tags,
    too_heavy,
    weight,
    with_tags,
    without_tags,
)
from trug.iam.managed import attachable, named, policy_name
from trug.iam.refusals import IamCode, IamError, in_use, missing, over_quota
from trug.iam.scripts import Asking, Script, Scripted, ask
from trug.ports.changes import Effect, Moment
from trug.ports.effects import Announce, PutLink, RemoveLink
from trug.ports.reads import Entities, EntityAt, EntityCount, LinksFrom
from trug.ports.stores import MetadataStore

E = TypeVar("E", User, Group, Role)
B = TypeVar("B", User, Role)

MOST_INLINE = 1000
"""How many inline policies one holder may have; what they may weigh together is reached long before."""


class AttachedPolicy(NamedTuple):
    """A managed policy that somebody is given."""

    name: str
    arn: str


class Holders(Generic[E]):
    """Users, groups or roles. All of it raises IamError, as NoSuchEntity where a name is nobody's."""

    def __init__(self, metadata: MetadataStore, kind: Kind[E]) -> None:
        self._metadata = metadata
        self._kind: Kind[E] = kind

    async def find(self, account: str, name: str) -> E | None:
        document = await self._metadata.fetch(EntityAt(account, self._kind.name, name.lower()))
        return None if document is None else self._kind.unpack(document)

    async def get(self, account: str, name: str) -> E:
        found = await self.find(account, name)
        if found is None:
            raise missing(self._kind.name, name)
        return found

    async def page(self, account: str, *, prefix: str = "/", after: str = "", limit: int = 100) -> Page[E]:
        """Those whose path begins with ``prefix``, by name after ``after``: it may be fewer than ``limit``, or none,
        where ``next`` says that there are more."""
        rows = await self._metadata.fetch(Entities(account, self._kind.name, after, limit=limit))
        found = [self._kind.unpack(row.document) for row in rows]
        last = rows[-1].place if len(rows) == limit else ""
        return Page([entity for entity in found if entity.path.startswith(prefix)], last)

    async def count(self, account: str) -> int:
        return await self._metadata.fetch(EntityCount(account, self._kind.name))

    # Inline policies

    async def put_policy(self, account: str, name: str, policy: str, document: str) -> None:
        """Give an inline policy, in place of the one of this name."""
        check_name("policyName", policy, LONG_NAME)
        check_document(document, PolicyKind.IDENTITY, account)
        wanted = InlinePolicy(account, holder(self._kind.name, name), policy, document)
        await self._metadata.commit(Scripted(partial(_put_inline, self._kind, name, wanted)))

    async def policy(self, account: str, name: str, policy: str) -> InlinePolicy:
        """An inline policy."""
        await self.get(account, name)
        sought = InlinePolicy(account, holder(self._kind.name, name), policy, "")
        document = await self._metadata.fetch(EntityAt(account, INLINE.name, sought.place))
        if document is None:
            raise missing(f"{self._kind.name} policy", policy)
        return INLINE.unpack(document)

    async def policies(self, account: str, name: str, *, after: str = "", limit: int = 100) -> Page[InlinePolicy]:
        """Inline policies by name."""
        await self.get(account, name)
        within = f"{holder(self._kind.name, name)}/"
        rows = await self._metadata.fetch(
            Entities(account, INLINE.name, f"{within}{after}" if after else "", within, limit)
        )
        found = [INLINE.unpack(row.document) for row in rows]
        return Page(found, found[-1].name if len(found) == limit else "")

    async def remove_policy(self, account: str, name: str, policy: str) -> None:
        """Take an inline policy away."""
        await self._metadata.commit(Scripted(partial(_remove_inline, self._kind, account, name, policy)))

    # Managed policies

    async def attach(self, account: str, name: str, arn: str) -> None:
        """Give a managed policy, by its ARN (or its name); who has it already keeps it."""
        await self._metadata.commit(attachment(self._kind, account, name, arn))

    async def detach(self, account: str, name: str, arn: str) -> None:
        """Take a managed policy away, by its ARN (or its name)."""
        await self._metadata.commit(Scripted(partial(_detach, self._kind, account, name, arn)))

    async def attached(
        self, account: str, name: str, *, prefix: str = "/", after: str = "", limit: int = 100
    ) -> Page[AttachedPolicy]:
        """Managed policies that are given, by ARN (``after`` is one) whose path begins with ``prefix``."""
        await self.get(account, name)
        arns = await self._metadata.fetch(LinksFrom(account, "attached", holder(self._kind.name, name), after, limit))
        rows = [AttachedPolicy(policy_name(arn), arn) for arn in arns if path_of(arn).startswith(prefix)]
        return Page(rows, arns[-1] if len(arns) == limit else "")


class Bounded(Holders[B]):
    """Users or roles, which have tags and a boundary as well."""

    async def tag(self, account: str, name: str, tags: Iterable[tuple[str, str]]) -> None:
        """Add tags, in place of those of the same keys."""
        more = check_tags(tags)
        await self._metadata.commit(Scripted(partial(_tag, self._kind, account, name, more, ())))

    async def untag(self, account: str, name: str, keys: Iterable[str]) -> None:
        """Remove tags by their keys."""
        await self._metadata.commit(Scripted(partial(_tag, self._kind, account, name, (), tuple(keys))))

    async def set_boundary(self, account: str, name: str, arn: str) -> None:
        """Bound what the policies can give by a managed policy; no longer when ``arn`` is empty."""
        await self._metadata.commit(Scripted(partial(_bound, self._kind, account, name, arn)))


def path_of(arn: str) -> str:
    """The path in an ARN: ``/`` or ``/…/``."""
    return "/" + arn.partition("/")[2].rpartition("/")[0] + "/" if arn.count("/") > 1 else "/"


# Scripts


def _put_inline(kind: Kind[E], name: str, wanted: InlinePolicy, _: Moment) -> Script[None]:
    entity = yield from kind.named(wanted.account, name)
    most = INLINE_CHARACTERS[kind.name]
    held = yield from inline_policies(wanted.account, wanted.holder)
    others = sum(weight(policy.document) for policy in held if policy.name != wanted.name)
    if others + weight(wanted.document) > most:
        raise too_heavy(most, kind.name, entity.name)
    return None, (put(wanted), Announce("InlinePolicyPut", 0, wanted.place, account=wanted.account))


def inline_policies(account: str, who: str) -> Asking[list[InlinePolicy]]:
    """In a script: all inline policies of a holder."""
    rows = yield from ask(Entities(account, INLINE.name, within=f"{who}/", limit=MOST_INLINE))
    return [INLINE.unpack(row.document) for row in rows]


def _remove_inline(kind: Kind[E], account: str, name: str, policy: str, _: Moment) -> Script[None]:
    yield from kind.named(account, name)
    found = yield from INLINE.at(account, InlinePolicy(account, holder(kind.name, name), policy, "").place)
    if found is None:
        raise missing(f"{kind.name} policy", policy)
    return None, (INLINE.removal(found), Announce("InlinePolicyRemoved", 0, found.place, account=account))


def attachment(kind: Kind[E], account: str, name: str, policy: str) -> Scripted[None]:
    """The change that gives a managed policy, by its name or ARN."""
    return Scripted(partial(_attach, kind, account, name, policy))


def _attach(kind: Kind[E], account: str, name: str, wanted: str, _: Moment) -> Script[None]:
    yield from kind.named(account, name)
    policy = yield from (attachable(account, wanted) if wanted.startswith("arn:") else named(account, wanted))
    who = holder(kind.name, name)
    held = yield from ask(LinksFrom(account, "attached", who))
    if policy.arn in held:
        return None, ()
    if len(held) >= POLICIES_PER_HOLDER:
        raise over_quota(f"PoliciesPer{kind.name.capitalize()}", POLICIES_PER_HOLDER)
    return None, (PutLink(attached(account, who, policy.arn)), Announce("PolicyAttached", 0, who, account=account))


def _detach(kind: Kind[E], account: str, name: str, wanted: str, _: Moment) -> Script[None]:
    yield from kind.named(account, name)
    policy = yield from named(account, wanted)
    who = holder(kind.name, name)
    held = yield from ask(LinksFrom(account, "attached", who))
    if policy.arn not in held:
        raise IamError(f"Policy {wanted} was not found.", IamCode.NoSuchEntity)
    return None, (RemoveLink(attached(account, who, policy.arn)), Announce("PolicyDetached", 0, who, account=account))


def _tag(
    kind: Kind[B], account: str, name: str, more: tuple[tuple[str, str], ...], gone: tuple[str, ...], _: Moment
) -> Script[None]:
    entity = yield from kind.named(account, name)
    tags = with_tags(without_tags(entity.tags, gone), more)
    return None, (put(entity._replace(tags=tags)), Announce("Tagged", 0, holder(kind.name, name), account=account))


def _bound(kind: Kind[B], account: str, name: str, arn: str, _: Moment) -> Script[None]:
    entity = yield from kind.named(account, name)
    if not arn and not entity.boundary:
        raise IamError(f"The {kind.name} {name} has no permissions boundary.", IamCode.NoSuchEntity)
    wanted = ""
    if arn:
        policy = yield from attachable(account, arn)
        wanted = policy.arn
    effects: list[Effect] = rebound(kind, entity, wanted)
    effects.append(Announce("Bounded", 0, holder(kind.name, name), account=account))
    return None, effects


def rebound(kind: Kind[B], entity: B, arn: str) -> list[Effect]:
    """The entity with another boundary."""
    who = holder(kind.name, entity.name)
    effects: list[Effect] = [put(entity._replace(boundary=arn))]
    if entity.boundary:
        effects.append(RemoveLink(bounded(entity.account, who, entity.boundary)))
    if arn:
        effects.append(PutLink(bounded(entity.account, who, arn)))
    return effects


def holdings(kind: Kind[E], entity: E, *, cascade: bool) -> Asking[list[Effect]]:
    """In a script: what takes away all policies of an entity, which is to be removed. IamError (DeleteConflict) where
    it has any and they are not to go with it."""
    account, who = entity.account, holder(kind.name, entity.name)
    arns = yield from ask(LinksFrom(account, "attached", who))
    held = yield from inline_policies(account, who)
    if arns and not cascade:
        raise in_use("detach all policies")
    if held and not cascade:
        raise in_use("delete policies")
    effects: list[Effect] = [RemoveLink(attached(account, who, arn)) for arn in arns]
    effects += [INLINE.removal(policy) for policy in held]
    return effects


def renamed(kind: Kind[E], entity: E, name: str) -> Asking[list[Effect]]:
    """In a script: what moves all policies of an entity to its new name."""
    account = entity.account
    old, new = holder(kind.name, entity.name), holder(kind.name, name)
    arns = yield from ask(LinksFrom(account, "attached", old))
    held = yield from inline_policies(account, old)
    effects: list[Effect] = [RemoveLink(attached(account, old, arn)) for arn in arns]
    effects += [PutLink(attached(account, new, arn)) for arn in arns]
    effects += [INLINE.removal(policy) for policy in held]
    effects += [put(policy._replace(holder=new)) for policy in held]
    return effects
