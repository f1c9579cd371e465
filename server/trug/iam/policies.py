"""Managed policies: documents with versions, given to users, groups and roles by ARN."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, NamedTuple

from trug.iam.builtin import BUILT_IN, BY_ARN
from trug.iam.documents import check_managed, is_empty
from trug.iam.entities import (
    ATTACHED,
    BOUNDARY,
    GROUP,
    POLICY,
    ROLE,
    USER,
    VERSION,
    Group,
    Kind,
    ManagedPolicy,
    Page,
    PolicyVersion,
    Role,
    Tags,
    User,
    attached,
    place_of,
    put,
)
from trug.iam.limits import (
    LONG_NAME,
    VERSIONS_PER_POLICY,
    check_description,
    check_name,
    check_path,
    check_tags,
    new_id,
    with_tags,
    without_tags,
)
from trug.iam.managed import existing, named, own
from trug.iam.refusals import IamCode, IamError
from trug.iam.scripts import Asking, Script, Scripted, ask, look
from trug.iam.users import account_there
from trug.ports.changes import Effect, Moment
from trug.ports.effects import Announce, RemoveLink
from trug.ports.reads import Entities, EntityAt, EntityCount, LinkCount, LinksTo
from trug.ports.stores import MetadataStore, Reader

LOCAL = "local/"
"""Before the names of an account's own policies, where pages of these follow those that are built in."""


class Listed(NamedTuple):
    """A managed policy, and to how many it is attached or is a boundary."""

    policy: ManagedPolicy
    attachments: int
    boundaries: int


class PolicyHolder(NamedTuple):
    """Who has a policy: ``kind`` is user, group or role."""

    kind: str
    name: str
    id: str
    path: str


class Policies:
    """The managed policies of accounts, and those that are built in. What takes an ARN raises IamError, as NoSuchEntity
    where there is no such policy."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def create(
        self,
        account: str,
        name: str,
        document: str,
        *,
        path: str = "/",
        description: str = "",
        tags: Iterable[tuple[str, str]] = (),
    ) -> ManagedPolicy:
        """A new policy, its first version in force."""
        change = policy_creation(account, name, document, path=path, description=description, tags=tags)
        return await self._metadata.commit(change)

    async def named(self, account: str, name: str) -> ManagedPolicy:
        """The policy of this ARN or name, the account's own before one that is built in."""
        return await self._metadata.view(partial(look, named(account, name)))

    async def find(self, account: str, name: str) -> ManagedPolicy | None:
        """The account's own policy of this name."""
        document = await self._metadata.fetch(EntityAt(account, POLICY.name, place_of(name)))
        return None if document is None else POLICY.unpack(document)

    async def get(self, account: str, arn: str) -> Listed:
        """The policy of this ARN."""

        def read(reader: Reader) -> Listed:
            return _listed(reader, account, look(existing(account, arn), reader))

        return await self._metadata.view(read)

    async def page(
        self,
        account: str,
        *,
        scope: str = "All",
        prefix: str = "/",
        only_attached: bool = False,
        usage: str = "",
        after: str = "",
        limit: int = 100,
    ) -> Page[Listed]:
        """Policies whose path begins with ``prefix``, those that are built in first (``scope`` AWS or Local: only
        these, only the account's own); it may be fewer than ``limit`` where ``next`` says that there are more.

        ``usage`` PermissionsPolicy or PermissionsBoundary: only those of such a use; with ``only_attached``, only those
        that somebody has.
        """

        def read(reader: Reader) -> Page[Listed]:
            policies, following = _page(reader, account, scope, after, limit)
            listed = [_listed(reader, account, policy) for policy in policies if policy.path.startswith(prefix)]
            return Page([row for row in listed if _is_wanted(row, usage, is_attached=only_attached)], following)

        return await self._metadata.view(read)

    async def count(self, account: str) -> int:
        """How many policies of its own an account has."""
        return await self._metadata.fetch(EntityCount(account, POLICY.name))

    async def remove(self, account: str, arn: str, *, cascade: bool = False) -> None:
        """Remove a policy, as DeletePolicy does: IamError (DeleteConflict) while it is attached or has versions beside
        the default, unless these go with it."""
        await self._metadata.commit(Scripted(partial(_remove, account, arn, cascade=cascade)))

    async def create_version(self, account: str, arn: str, document: str, *, default: bool) -> PolicyVersion:
        """A new version, in force at once where it is to be the ``default``. IamError (LimitExceeded) for a sixth."""
        check_managed(document, account)
        return await self._metadata.commit(Scripted(partial(_create_version, account, arn, document, default=default)))

    async def version(self, account: str, arn: str, number: int) -> PolicyVersion:
        """A version by its number."""
        return await self._metadata.view(partial(look, _version(account, arn, number)))

    async def versions(self, account: str, arn: str) -> list[PolicyVersion]:
        """All versions, the newest first."""

        def read(reader: Reader) -> list[PolicyVersion]:
            policy = look(existing(account, arn), reader)
            return look(versions_of(policy), reader)[::-1]

        return await self._metadata.view(read)

    async def document(self, account: str, arn: str) -> str:
        """The document in force."""

        def read(reader: Reader) -> str:
            policy = look(existing(account, arn), reader)
            return look(_version(account, arn, policy.default), reader).document

        return await self._metadata.view(read)

    async def set_default(self, account: str, arn: str, number: int) -> None:
        """Put a version in force."""
        await self._metadata.commit(Scripted(partial(_set_default, account, arn, number)))

    async def remove_version(self, account: str, arn: str, number: int) -> None:
        """Remove a version that is not in force."""
        await self._metadata.commit(Scripted(partial(_remove_version, account, arn, number)))

    async def tag(self, account: str, arn: str, tags: Iterable[tuple[str, str]]) -> None:
        """Add tags, in place of those of the same keys."""
        await self._metadata.commit(Scripted(partial(_tag, account, arn, check_tags(tags), ())))

    async def untag(self, account: str, arn: str, keys: Iterable[str]) -> None:
        """Remove tags by their keys."""
        await self._metadata.commit(Scripted(partial(_tag, account, arn, (), tuple(keys))))

    async def holders(
        self,
        account: str,
        arn: str,
        *,
        kind: str = "",
        prefix: str = "/",
        usage: str = "PermissionsPolicy",
        after: str = "",
        limit: int = 100,
    ) -> Page[PolicyHolder]:
        """Who has the policy (with ``usage`` PermissionsBoundary: whom it bounds): groups, roles, users, by name;
        of one ``kind`` where it is given. It may be fewer than ``limit`` where ``next`` says that there are more."""
        link = BOUNDARY if usage == "PermissionsBoundary" else ATTACHED

        def read(reader: Reader) -> Page[PolicyHolder]:
            policy = look(existing(account, arn), reader)
            within = f"{kind}/" if kind else ""
            places = reader.fetch(LinksTo(account, link, policy.arn, after, within, limit))
            rows = [row for place in places for row in _holder(reader, account, place) if row.path.startswith(prefix)]
            return Page(rows, places[-1] if len(places) == limit else "")

        return await self._metadata.view(read)


def policy_creation(
    account: str,
    name: str,
    document: str,
    *,
    path: str = "/",
    description: str = "",
    tags: Iterable[tuple[str, str]] = (),
    may_be_empty: bool = False,
) -> Scripted[ManagedPolicy]:
    """The change that makes a managed policy. IamError for what cannot be one, as one without statements, unless it
    may be empty."""
    check_name("policyName", name, LONG_NAME)
    if not (may_be_empty and is_empty(document)):
        check_managed(document, account)
    policy = ManagedPolicy(
        account, name, new_id("ANPA"), check_path(path), 0, 0, check_description(description), tags=check_tags(tags)
    )
    return Scripted(partial(_create, policy, document))


# Reading


def _listed(reader: Reader, account: str, policy: ManagedPolicy) -> Listed:
    attachments, boundaries = (reader.fetch(LinkCount(account, kind, policy.arn)) for kind in (ATTACHED, BOUNDARY))
    return Listed(policy, attachments, boundaries)


def _holder(reader: Reader, account: str, place: str) -> list[PolicyHolder]:
    """Who is meant by a place in a link, as one row."""
    kind = HOLDERS[place.partition("/")[0]]
    document = reader.fetch(EntityAt(account, kind.name, place.partition("/")[2]))
    if document is None:
        return []
    found: User | Group | Role = kind.unpack(document)
    return [PolicyHolder(kind.name, found.name, found.id, found.path)]


HOLDERS: dict[str, Kind[Any]] = {kind.name: kind for kind in (USER, GROUP, ROLE)}


def _is_wanted(row: Listed, usage: str, *, is_attached: bool) -> bool:
    if usage == "PermissionsPolicy":
        return row.attachments > 0
    if usage == "PermissionsBoundary":
        return row.boundaries > 0
    return not is_attached or row.attachments > 0


def _page(reader: Reader, account: str, scope: str, after: str, limit: int) -> tuple[list[ManagedPolicy], str]:
    """Policies after a place, and the place to go on from, empty at the end."""
    policies: list[ManagedPolicy] = []
    if scope != "Local" and not after.startswith(LOCAL):
        policies = [BUILT_IN[place].policy for place in sorted(BUILT_IN) if place > after][:limit]
    room = limit - len(policies)
    if not room:
        return policies, policies[-1].place
    if scope == "AWS":
        return policies, ""
    rows = reader.fetch(
        Entities(account, POLICY.name, after.removeprefix(LOCAL) if after.startswith(LOCAL) else "", limit=room)
    )
    policies += [POLICY.unpack(row.document) for row in rows]
    return policies, LOCAL + rows[-1].place if len(rows) == room else ""


def versions_of(policy: ManagedPolicy) -> Asking[list[PolicyVersion]]:
    """In a script: all versions, the oldest first."""
    if (built_in := BY_ARN.get(policy.arn)) is not None:
        return [PolicyVersion(policy.account, policy.name, 1, built_in.document, policy.created)]
    rows = yield from ask(Entities(policy.account, VERSION.name, within=f"{policy.place}/"))
    return [VERSION.unpack(row.document) for row in rows]


def _version(account: str, arn: str, number: int) -> Asking[PolicyVersion]:
    policy = yield from existing(account, arn)
    versions = yield from versions_of(policy)
    return _numbered(arn, versions, number)


def _numbered(arn: str, versions: list[PolicyVersion], number: int) -> PolicyVersion:
    for version in versions:
        if version.number == number:
            return version
    raise IamError(f"Policy {arn} version v{number} does not exist or is not attachable.", IamCode.NoSuchEntity)


# Scripts


def _create(policy: ManagedPolicy, document: str, moment: Moment) -> Script[ManagedPolicy]:
    yield from account_there(policy.account)
    if (yield from POLICY.at(policy.account, policy.place)) is not None:
        raise IamError(
            f"A policy called {policy.name} already exists. Duplicate names are not allowed.",
            IamCode.EntityAlreadyExists,
        )
    made = policy._replace(created=moment.time, updated=moment.time)
    version = PolicyVersion(policy.account, policy.name, 1, document, moment.time)
    return made, (put(made), put(version), Announce("PolicyCreated", 0, policy.name, account=policy.account))


def _remove(account: str, arn: str, _: Moment, *, cascade: bool) -> Script[None]:
    policy = yield from own(account, arn)
    limit = MOST_DETACHED + 1 if cascade else 1
    attachments = yield from ask(LinksTo(account, ATTACHED, policy.arn, limit=limit))
    boundaries = yield from ask(LinksTo(account, BOUNDARY, policy.arn, limit=1))
    versions = yield from versions_of(policy)
    if boundaries or (attachments and not cascade) or len(attachments) > MOST_DETACHED:
        raise IamError("Cannot delete a policy attached to entities.", IamCode.DeleteConflict)
    if len(versions) > 1 and not cascade:
        raise IamError(
            "This policy has more than one version. Before you delete a policy, you must delete the policy's "
            "versions. The default version is deleted with the policy.",
            IamCode.DeleteConflict,
        )
    effects: list[Effect] = [RemoveLink(attached(account, who, policy.arn)) for who in attachments]
    effects += [VERSION.removal(version) for version in versions]
    return None, (*effects, POLICY.removal(policy), Announce("PolicyRemoved", 0, policy.name, account=account))


MOST_DETACHED = 5000
"""A policy that more have is not taken from them all in one commit."""


def _create_version(account: str, arn: str, document: str, moment: Moment, *, default: bool) -> Script[PolicyVersion]:
    policy = yield from own(account, arn)
    versions = yield from versions_of(policy)
    if len(versions) >= VERSIONS_PER_POLICY:
        raise IamError(
            f"A managed policy can have up to {VERSIONS_PER_POLICY} versions. Before you create a new version, you "
            "must delete an existing version.",
            IamCode.LimitExceeded,
        )
    made = PolicyVersion(account, policy.name, policy.latest + 1, document, moment.time)
    in_force = made.number if default else policy.default
    changed = policy._replace(latest=made.number, default=in_force, updated=moment.time)
    return made, (put(changed), put(made), Announce("PolicyVersionCreated", 0, policy.name, account=account))


def _set_default(account: str, arn: str, number: int, moment: Moment) -> Script[None]:
    policy = yield from own(account, arn)
    versions = yield from versions_of(policy)
    _numbered(arn, versions, number)
    return None, (
        put(policy._replace(default=number, updated=moment.time)),
        Announce("PolicyVersionSet", 0, policy.name, account=account),
    )


def _remove_version(account: str, arn: str, number: int, moment: Moment) -> Script[None]:
    policy = yield from own(account, arn)
    versions = yield from versions_of(policy)
    version = _numbered(arn, versions, number)
    if number == policy.default:
        raise IamError("Cannot delete the default version of a policy.", IamCode.DeleteConflict)
    return None, (
        VERSION.removal(version),
        put(policy._replace(updated=moment.time)),
        Announce("PolicyVersionRemoved", 0, policy.name, account=account),
    )


def _tag(account: str, arn: str, more: Tags, gone: tuple[str, ...], _: Moment) -> Script[None]:
    policy = yield from own(account, arn)
    tags = with_tags(without_tags(policy.tags, gone), more)
    return None, (put(policy._replace(tags=tags)), Announce("Tagged", 0, policy.name, account=account))
