"""Users of an account."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial

from trug.domain.identity import DEFAULT_ACCOUNT
from trug.iam.entities import (
    GROUP,
    MEMBER,
    USER,
    Group,
    Page,
    User,
    attached,
    bounded,
    holder,
    place_of,
    put,
)
from trug.iam.holders import Bounded, holdings, renamed
from trug.iam.limits import check_name, check_path, check_tags, new_id
from trug.iam.managed import attachable, named
from trug.iam.refusals import IamCode, IamError, in_use, taken
from trug.iam.scripts import Asking, Script, Scripted, ask
from trug.ports.changes import Effect, Moment
from trug.ports.effects import Announce, PutKey, PutLink, RemoveKey, RemoveLink
from trug.ports.reads import AccountWithId, EntityAt, KeysOf, LinksFrom
from trug.ports.rows import Link
from trug.ports.stores import MetadataStore, Reader


class Users(Bounded[User]):
    """The users of accounts. What takes a name raises IamError, as NoSuchEntity where it is nobody's."""

    def __init__(self, metadata: MetadataStore) -> None:
        super().__init__(metadata, USER)

    async def create(
        self, account: str, name: str, *, path: str = "/", tags: Iterable[tuple[str, str]] = (), boundary: str = ""
    ) -> User:
        """A new user; ``boundary`` is a policy's ARN."""
        return await self._metadata.commit(user_creation(account, name, path=path, tags=tags, boundary=boundary))

    async def update(self, account: str, name: str, *, new_name: str = "", new_path: str = "") -> User:
        """Rename or move a user, with all that is its own."""
        if new_name:
            check_name("newUserName", new_name)
        if new_path:
            check_path(new_path)
        return await self._metadata.commit(Scripted(partial(_update, account, name, new_name, new_path)))

    async def remove(self, account: str, name: str, *, cascade: bool = False) -> None:
        """Remove a user, as DeleteUser does: IamError (DeleteConflict) while it has keys, policies or groups, unless
        they are to go with it."""
        await self._metadata.commit(Scripted(partial(_remove, account, name, cascade=cascade)))

    async def groups(self, account: str, name: str, *, after: str = "", limit: int = 100) -> Page[Group]:
        """The groups it belongs to, by name."""
        user = await self.get(account, name)

        def read(reader: Reader) -> Page[Group]:
            places = reader.fetch(LinksFrom(account, MEMBER, user.place, place_of(after), limit))
            documents = [reader.fetch(EntityAt(account, GROUP.name, place)) for place in places]
            groups = [GROUP.unpack(document) for document in documents if document is not None]
            return Page(groups, places[-1] if len(places) == limit else "")

        return await self._metadata.view(read)


def user_creation(
    account: str,
    name: str,
    *,
    path: str = "/",
    tags: Iterable[tuple[str, str]] = (),
    boundary: str = "",
    policies: Iterable[str] = (),
) -> Scripted[User]:
    """The change that makes a user, with managed policies by name or ARN. IamError for what cannot be one."""
    check_name("userName", name)
    user = User(account, name, new_id("AIDA"), check_path(path), 0, check_tags(tags), boundary)
    return Scripted(partial(_create, user, tuple(policies)))


def account_there(account: str) -> Asking[None]:
    """In a script: IamError when there is no such account."""
    if account != DEFAULT_ACCOUNT and (yield from ask(AccountWithId(account))) is None:
        raise IamError(f"there is no account {account}", IamCode.NoSuchEntity)


def _create(user: User, policies: tuple[str, ...], moment: Moment) -> Script[User]:
    yield from account_there(user.account)
    if (yield from USER.at(user.account, user.place)) is not None:
        raise taken("user", user.name)
    who = holder("user", user.name)
    links: list[Effect] = []
    for policy in policies:
        known = yield from named(user.account, policy)
        links.append(PutLink(attached(user.account, who, known.arn)))
    if user.boundary:
        bound = yield from attachable(user.account, user.boundary)
        links.append(PutLink(bounded(user.account, who, bound.arn)))
    made = user._replace(created=moment.time)
    return made, (put(made), *links, Announce("UserCreated", 0, user.name, account=user.account))


def _update(account: str, name: str, new_name: str, new_path: str, _: Moment) -> Script[User]:
    user = yield from USER.named(account, name)
    changed = user._replace(name=new_name or user.name, path=new_path or user.path)
    if changed.place == user.place:
        keys = yield from ask(KeysOf(account, user.name))
        moved = [PutKey(key._replace(user=changed.name)) for key in keys]
        return changed, (put(changed), *moved, Announce("UserUpdated", 0, user.name, account=account))
    if (yield from USER.at(account, changed.place)) is not None:
        raise taken("user", new_name)
    effects = yield from renamed(USER, user, changed.name)
    keys = yield from ask(KeysOf(account, user.name))
    groups = yield from ask(LinksFrom(account, MEMBER, user.place))
    effects += [PutKey(key._replace(user=changed.name)) for key in keys]
    effects += [RemoveLink(Link(account, MEMBER, user.place, group)) for group in groups]
    effects += [PutLink(Link(account, MEMBER, changed.place, group)) for group in groups]
    if user.boundary:
        effects.append(RemoveLink(bounded(account, holder("user", user.name), user.boundary)))
        effects.append(PutLink(bounded(account, holder("user", changed.name), user.boundary)))
    return changed, (USER.removal(user), put(changed), *effects, Announce("UserUpdated", 0, user.name, account=account))


def _remove(account: str, name: str, _: Moment, *, cascade: bool) -> Script[None]:
    user = yield from USER.named(account, name)
    keys = yield from ask(KeysOf(account, user.name))
    groups = yield from ask(LinksFrom(account, MEMBER, user.place))
    if keys and not cascade:
        raise in_use("delete access keys")
    if groups and not cascade:
        raise in_use("remove users from group")
    effects = yield from holdings(USER, user, cascade=cascade)
    effects += [RemoveKey(key.access_key) for key in keys]
    effects += [RemoveLink(Link(account, MEMBER, user.place, group)) for group in groups]
    if user.boundary:
        effects.append(RemoveLink(bounded(account, holder("user", user.name), user.boundary)))
    return None, (*effects, USER.removal(user), Announce("UserRemoved", 0, user.name, account=account))
