"""Roles: who is trusted to assume one has its policies for a session."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from trug.iam.documents import check_trust
from trug.iam.entities import ROLE, Role, bounded, holder, put
from trug.iam.holders import Bounded, holdings
from trug.iam.limits import check_description, check_name, check_path, check_session, check_tags, new_id
from trug.iam.managed import attachable
from trug.iam.principals import trusted_by
from trug.iam.refusals import taken
from trug.iam.scripts import Script, Scripted
from trug.iam.users import account_there
from trug.ports.changes import Effect, Moment
from trug.ports.effects import Announce, PutLink, RemoveLink
from trug.ports.stores import MetadataStore


class Roles(Bounded[Role]):
    """The roles of accounts. What takes a name raises IamError, as NoSuchEntity where it is nobody's."""

    def __init__(self, metadata: MetadataStore) -> None:
        super().__init__(metadata, ROLE)

    async def create(
        self,
        account: str,
        name: str,
        trust: str,
        *,
        path: str = "/",
        description: str = "",
        longest: int = 3600,
        tags: Iterable[tuple[str, str]] = (),
        boundary: str = "",
    ) -> Role:
        """A new role, with its trust policy as JSON and its longest session in seconds."""
        change = role_creation(
            account, name, trust, path=path, description=description, longest=longest, tags=tags, boundary=boundary
        )
        return await self._metadata.commit(change)

    async def update(
        self, account: str, name: str, *, description: str | None = None, longest: int | None = None
    ) -> Role:
        """Change its description or its longest session."""
        if description is not None:
            check_description(description)
        if longest is not None:
            check_session(longest)
        return await self._metadata.commit(Scripted(partial(_update, account, name, description, longest)))

    async def set_trust(self, account: str, name: str, trust: str) -> None:
        """Change its trust policy."""
        check_trust(trust, account)
        await self._metadata.commit(Scripted(partial(_trust, account, name, trust)))

    async def remove(self, account: str, name: str, *, cascade: bool = False) -> None:
        """Remove a role, as DeleteRole does: IamError (DeleteConflict) while it has policies, unless these go too."""
        await self._metadata.commit(Scripted(partial(_remove, account, name, cascade=cascade)))


def role_creation(
    account: str,
    name: str,
    trust: str,
    *,
    path: str = "/",
    description: str = "",
    longest: int = 3600,
    tags: Iterable[tuple[str, str]] = (),
    boundary: str = "",
) -> Scripted[Role]:
    """The change that makes a role. IamError for what cannot be one."""
    check_name("roleName", name)
    role = Role(
        account,
        name,
        new_id("AROA"),
        check_trust(trust, account),
        check_path(path),
        0,
        check_description(description),
        check_session(longest),
        check_tags(tags),
        boundary,
    )
    return Scripted(partial(_create, role))


def _create(role: Role, moment: Moment) -> Script[Role]:
    yield from account_there(role.account)
    if (yield from ROLE.at(role.account, role.place)) is not None:
        raise taken("role", role.name)
    links: list[Effect] = []
    if role.boundary:
        bound = yield from attachable(role.account, role.boundary)
        links.append(PutLink(bounded(role.account, holder("role", role.name), bound.arn)))
    made = role._replace(created=moment.time, trusted=(yield from trusted_by(role.trust, role.account)))
    return made, (put(made), *links, Announce("RoleCreated", 0, role.name, account=role.account))


def _update(account: str, name: str, description: str | None, longest: int | None, _: Moment) -> Script[Role]:
    role = yield from ROLE.named(account, name)
    changed = role._replace(
        description=role.description if description is None else description,
        longest=role.longest if longest is None else longest,
    )
    return changed, (put(changed), Announce("RoleUpdated", 0, role.name, account=account))


def _trust(account: str, name: str, trust: str, _: Moment) -> Script[None]:
    role = yield from ROLE.named(account, name)
    trusted = yield from trusted_by(trust, account)
    return None, (
        put(role._replace(trust=trust, trusted=trusted)),
        Announce("RoleUpdated", 0, role.name, account=account),
    )


def _remove(account: str, name: str, _: Moment, *, cascade: bool) -> Script[None]:
    role = yield from ROLE.named(account, name)
    effects = yield from holdings(ROLE, role, cascade=cascade)
    if role.boundary:
        effects.append(RemoveLink(bounded(account, holder("role", role.name), role.boundary)))
    return None, (*effects, ROLE.removal(role), Announce("RoleRemoved", 0, role.name, account=account))
