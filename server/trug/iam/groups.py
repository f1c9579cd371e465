"""Groups of users, who have the policies of their groups."""

from __future__ import annotations

from functools import partial

from trug.iam.entities import GROUP, MEMBER, USER, Group, Page, User, place_of, put
from trug.iam.holders import Holders, holdings, renamed
from trug.iam.limits import GROUPS_PER_USER, LONG_NAME, check_name, check_path, new_id
from trug.iam.refusals import IamCode, IamError, in_use, over_quota, taken
from trug.iam.scripts import Script, Scripted, ask
from trug.iam.users import account_there
from trug.ports.changes import Moment
from trug.ports.effects import Announce, PutLink, RemoveLink
from trug.ports.reads import EntityAt, LinksFrom, LinksTo
from trug.ports.rows import Link
from trug.ports.stores import MetadataStore, Reader

MOST_MOVED = 5000
"""A group with more members keeps its name, and its members until they are taken out: all is one commit."""


class Groups(Holders[Group]):
    """The groups of accounts. What takes a name raises IamError, as NoSuchEntity where it is nobody's."""

    def __init__(self, metadata: MetadataStore) -> None:
        super().__init__(metadata, GROUP)

    async def create(self, account: str, name: str, *, path: str = "/") -> Group:
        """A new group."""
        return await self._metadata.commit(group_creation(account, name, path=path))

    async def update(self, account: str, name: str, *, new_name: str = "", new_path: str = "") -> Group:
        """Rename or move a group, with its members and policies. IamError (LimitExceeded) for more than 5,000."""
        if new_name:
            check_name("newGroupName", new_name, LONG_NAME)
        if new_path:
            check_path(new_path)
        return await self._metadata.commit(Scripted(partial(_update, account, name, new_name, new_path)))

    async def remove(self, account: str, name: str, *, cascade: bool = False) -> None:
        """Remove a group, as DeleteGroup does: IamError (DeleteConflict) while it has members or policies, unless their
        part in it is to go with it."""
        await self._metadata.commit(Scripted(partial(_remove, account, name, cascade=cascade)))

    async def add(self, account: str, name: str, user: str) -> None:
        """Make a user a member; a member stays one."""
        await self._metadata.commit(Scripted(partial(_add, account, name, user)))

    async def take_out(self, account: str, name: str, user: str) -> None:
        """Make a user a member no longer."""
        await self._metadata.commit(Scripted(partial(_take_out, account, name, user)))

    async def members(self, account: str, name: str, *, after: str = "", limit: int = 100) -> Page[User]:
        """Its users by name."""
        group = await self.get(account, name)

        def read(reader: Reader) -> Page[User]:
            places = reader.fetch(LinksTo(account, MEMBER, group.place, place_of(after), limit=limit))
            documents = [reader.fetch(EntityAt(account, USER.name, place)) for place in places]
            users = [USER.unpack(document) for document in documents if document is not None]
            return Page(users, places[-1] if len(places) == limit else "")

        return await self._metadata.view(read)


def group_creation(account: str, name: str, *, path: str = "/") -> Scripted[Group]:
    """The change that makes a group. IamError for what cannot be one."""
    check_name("groupName", name, LONG_NAME)
    return Scripted(partial(_create, Group(account, name, new_id("AGPA"), check_path(path))))


def _create(group: Group, moment: Moment) -> Script[Group]:
    yield from account_there(group.account)
    if (yield from GROUP.at(group.account, group.place)) is not None:
        raise taken("group", group.name)
    made = group._replace(created=moment.time)
    return made, (put(made), Announce("GroupCreated", 0, group.name, account=group.account))


def _update(account: str, name: str, new_name: str, new_path: str, _: Moment) -> Script[Group]:
    group = yield from GROUP.named(account, name)
    changed = group._replace(name=new_name or group.name, path=new_path or group.path)
    if changed.place == group.place:
        return changed, (put(changed), Announce("GroupUpdated", 0, group.name, account=account))
    if (yield from GROUP.at(account, changed.place)) is not None:
        raise taken("group", new_name)
    effects = yield from renamed(GROUP, group, changed.name)
    members = yield from ask(LinksTo(account, MEMBER, group.place, limit=MOST_MOVED + 1))
    if len(members) > MOST_MOVED:
        raise over_quota("UsersPerRenamedGroup", MOST_MOVED)
    effects += [RemoveLink(Link(account, MEMBER, user, group.place)) for user in members]
    effects += [PutLink(Link(account, MEMBER, user, changed.place)) for user in members]
    return changed, (
        GROUP.removal(group),
        put(changed),
        *effects,
        Announce("GroupUpdated", 0, group.name, account=account),
    )


def _remove(account: str, name: str, _: Moment, *, cascade: bool) -> Script[None]:
    group = yield from GROUP.named(account, name)
    members = yield from ask(LinksTo(account, MEMBER, group.place, limit=MOST_MOVED + 1 if cascade else 1))
    if members and (not cascade or len(members) > MOST_MOVED):
        raise in_use("remove users from group")
    effects = yield from holdings(GROUP, group, cascade=cascade)
    effects += [RemoveLink(Link(account, MEMBER, user, group.place)) for user in members]
    return None, (*effects, GROUP.removal(group), Announce("GroupRemoved", 0, group.name, account=account))


def _add(account: str, name: str, user_name: str, _: Moment) -> Script[None]:
    group = yield from GROUP.named(account, name)
    user = yield from USER.named(account, user_name)
    groups = yield from ask(LinksFrom(account, MEMBER, user.place))
    if group.place in groups:
        return None, ()
    if len(groups) >= GROUPS_PER_USER:
        raise over_quota("GroupsPerUser", GROUPS_PER_USER)
    link = Link(account, MEMBER, user.place, group.place)
    return None, (PutLink(link), Announce("UserAddedToGroup", 0, group.name, account=account))


def _take_out(account: str, name: str, user_name: str, _: Moment) -> Script[None]:
    group = yield from GROUP.named(account, name)
    user = yield from USER.named(account, user_name)
    if group.place not in (yield from ask(LinksFrom(account, MEMBER, user.place))):
        raise IamError(f"User {user.name} is not in group {group.name}.", IamCode.NoSuchEntity)
    link = Link(account, MEMBER, user.place, group.place)
    return None, (RemoveLink(link), Announce("UserRemovedFromGroup", 0, group.name, account=account))
