"""Commands on users, groups, roles, policies, keys and accounts: the functions of the IAM API, by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from trug.domain.identity import DEFAULT_ACCOUNT, Account, canonical_id_of
from trug.iam.entities import ROLE, USER, Group, ManagedPolicy, Role, User, place_of
from trug.iam.holders import Holders
from trug.iam.people import People
from trug.iam.policies import Listed
from trug.iam.refusals import IamCode, IamError
from trug.iam.sts.sessions import revoke_sessions
from trug.iam.users import user_creation
from trug.ports.rows import AccessKey
from trug.wire.dates import iso_date

Answer = dict[str, Any]
Given = Mapping[str, str]
Command = Callable[[People, Given], Awaitable[Answer]]

PAGE = 1000


def _account(given: Given) -> str:
    return given.get("account") or DEFAULT_ACCOUNT


# Users


async def add_user(people: People, given: Given) -> Answer:
    """Make a user, with managed policies by name or ARN, separated by commas."""
    policies = [name.strip() for name in given.get("policy", "").split(",") if name.strip()]
    creation = user_creation(_account(given), given["name"], path=given.get("path") or "/", policies=policies)
    return {"user": _user(await people.metadata.commit(creation))}


async def list_users(people: People, given: Given) -> Answer:
    """A page of an account's users."""
    users, following = await people.users.page(_account(given), after=given.get("after", ""), limit=PAGE)
    return _page("users", [_user(user) for user in users], following)


async def show_user(people: People, given: Given) -> Answer:
    """A user with his groups, policies and keys."""
    user = await people.users.get(_account(given), given["name"])
    groups = await people.users.groups(user.account, user.name, limit=PAGE)
    keys = await people.keys.of(user.account, user.name)
    return {
        "user": _user(user)
        | {"path": user.path, "tags": _tags(user), "boundary": user.boundary}
        | await _policies_of(people.users, user)
        | {"groups": [group.name for group in groups.rows], "keys": [key.access_key for key in keys]}
    }


async def remove_user(people: People, given: Given) -> Answer:
    """Remove a user with its keys."""
    await people.users.remove(_account(given), given["name"], cascade=True)
    return {}


async def revoke_user(people: People, given: Given) -> Answer:
    """End the sessions that a user has so far, and those of whom he lent his rights to."""
    until = await revoke_sessions(people.metadata, USER, _account(given), place_of(given["name"]))
    return {"revoked": {"name": given["name"], "until": iso_date(until)}}


# Groups


async def add_group(people: People, given: Given) -> Answer:
    """Make a group."""
    return {"group": _group(await people.groups.create(_account(given), given["name"], path=given.get("path") or "/"))}


async def list_groups(people: People, given: Given) -> Answer:
    """A page of an account's groups."""
    groups, following = await people.groups.page(_account(given), after=given.get("after", ""), limit=PAGE)
    return _page("groups", [_group(group) for group in groups], following)


async def show_group(people: People, given: Given) -> Answer:
    """A group with its policies, and a page of its members."""
    group = await people.groups.get(_account(given), given["name"])
    members = await people.groups.members(group.account, group.name, limit=PAGE)
    return {
        "group": _group(group)
        | await _policies_of(people.groups, group)
        | {"members": [user.name for user in members.rows], "has_more": bool(members.next)}
    }


async def remove_group(people: People, given: Given) -> Answer:
    """Remove a group; its members stay users."""
    await people.groups.remove(_account(given), given["name"], cascade=True)
    return {}


async def join_group(people: People, given: Given) -> Answer:
    """Make a user a member."""
    await people.groups.add(_account(given), given["name"], given["user"])
    return {}


async def leave_group(people: People, given: Given) -> Answer:
    """Make a user a member no longer."""
    await people.groups.take_out(_account(given), given["name"], given["user"])
    return {}


# Roles


async def revoke_role(people: People, given: Given) -> Answer:
    """End the sessions that a role has so far."""
    until = await revoke_sessions(people.metadata, ROLE, _account(given), place_of(given["name"]))
    return {"revoked": {"name": given["name"], "until": iso_date(until)}}


async def add_role(people: People, given: Given) -> Answer:
    """Make a role, with its trust policy. ValueError for a number of seconds that is none."""
    role = await people.roles.create(
        _account(given),
        given["name"],
        given["trust"],
        path=given.get("path") or "/",
        description=given.get("description", ""),
        longest=int(given.get("longest") or 3600),
    )
    return {"role": _role(role)}


async def list_roles(people: People, given: Given) -> Answer:
    """A page of an account's roles."""
    roles, following = await people.roles.page(_account(given), after=given.get("after", ""), limit=PAGE)
    return _page("roles", [_role(role) for role in roles], following)


async def show_role(people: People, given: Given) -> Answer:
    """A role with its policies and whom it trusts."""
    role = await people.roles.get(_account(given), given["name"])
    used = await people.keys.role_last_used(role.account, role.name)
    return {
        "role": _role(role)
        | {"path": role.path, "tags": _tags(role), "boundary": role.boundary, "trust": role.trust}
        | {"last_used": iso_date(used.time) if used else ""}
        | await _policies_of(people.roles, role)
    }


async def remove_role(people: People, given: Given) -> Answer:
    """Remove a role; its sessions may nothing from then on."""
    await people.roles.remove(_account(given), given["name"], cascade=True)
    return {}


# Policies


async def add_policy(people: People, given: Given) -> Answer:
    """Make a managed policy."""
    policy = await people.policies.create(
        _account(given), given["name"], given["document"], path=given.get("path") or "/"
    )
    return {"policy": _policy(policy)}


async def set_policy(people: People, given: Given) -> Answer:
    """Put another document in force, as a new version; the oldest one that is not in force makes room for a sixth."""
    policy = await people.policies.named(_account(given), given["name"])
    versions = await people.policies.versions(_account(given), policy.arn)
    if len(versions) >= 5:
        oldest = next(version for version in reversed(versions) if version.number != policy.default)
        await people.policies.remove_version(_account(given), policy.arn, oldest.number)
    made = await people.policies.create_version(_account(given), policy.arn, given["document"], default=True)
    return {"policy": _policy(policy._replace(default=made.number))}


async def list_policies(people: People, given: Given) -> Answer:
    """A page of the policies that an account's people may be given, with to how many each is."""
    page = await people.policies.page(_account(given), after=given.get("after", ""), limit=PAGE)
    return _page("policies", [_listed(row) for row in page.rows], page.next)


async def show_policy(people: People, given: Given) -> Answer:
    """A policy, by its name or ARN, with its document."""
    policy = await people.policies.named(_account(given), given["name"])
    listed = await people.policies.get(_account(given), policy.arn)
    document = await people.policies.document(_account(given), policy.arn)
    return {"policy": _listed(listed) | {"document": document}}


async def remove_policy(people: People, given: Given) -> Answer:
    """Remove a policy, and take it from those that have it."""
    policy = await people.policies.named(_account(given), given["name"])
    await people.policies.remove(_account(given), policy.arn, cascade=True)
    return {}


# Keys


async def add_key(people: People, given: Given) -> Answer:
    """Make an access key for a user (or the account's root); what is not given is random. Shows the secret."""
    key, secret = await people.keys.create(
        _account(given),
        given.get("user", ""),
        access_key=given.get("access_key", ""),
        secret=given.get("secret_key", ""),
        limited=False,
    )
    return {"key": _key(key) | {"secret_key": secret}}


async def list_keys(people: People, given: Given) -> Answer:
    """The keys of a user (or the account's root), without secrets."""
    keys = await people.keys.of(_account(given), given.get("user", ""))
    return {"keys": [_key(key) | {"last_used": await _last_used(people, key)} for key in keys]}


async def remove_key(people: People, given: Given) -> Answer:
    """Remove an access key."""
    await people.keys.remove_any(given["access_key"])
    return {}


async def activate_key(people: People, given: Given) -> Answer:
    """Accept again what a key signs."""
    return await _set_active(people, given["access_key"], active=True)


async def deactivate_key(people: People, given: Given) -> Answer:
    """Accept what a key signs no longer."""
    return await _set_active(people, given["access_key"], active=False)


async def _set_active(people: People, access_key: str, *, active: bool) -> Answer:
    key = await people.keys.find(access_key)
    if key is None:
        raise IamError(f"there is no access key {access_key}", IamCode.NoSuchEntity)
    await people.keys.set_active(key.account, key.user, access_key, active=active)
    return {"key": _key(key._replace(active=active))}


async def _last_used(people: People, key: AccessKey) -> str:
    used = await people.keys.last_used(key.access_key)
    return iso_date(used.time) if used else ""


# Accounts


async def add_account(people: People, given: Given) -> Answer:
    """Make an account."""
    number = given["id"]
    account = Account(
        number,
        given.get("canonical_id") or canonical_id_of(number),
        given.get("display_name", ""),
        given.get("email", ""),
    )
    return {"account": _account_shown(await people.accounts.create(account), "")}


async def show_account(people: People, given: Given) -> Answer:
    """An account with its other name, and how many users, groups, roles and policies it has."""
    account = await people.find_account(given["id"])
    if account is None:
        raise IamError(f"there is no account {given['id']}", IamCode.NoSuchEntity)
    summary = await people.accounts.summary(account.id)
    counts = {name.lower(): count for name, count in summary.items() if name in COUNTS}
    return {"account": _account_shown(account, await people.accounts.alias(account.id)) | counts}


COUNTS = ("Users", "Groups", "Roles", "Policies", "Providers")


async def remove_account(people: People, given: Given) -> Answer:
    """Remove an account that nothing belongs to any more."""
    await people.accounts.remove(given["id"])
    return {}


async def name_account(people: People, given: Given) -> Answer:
    """Give an account another name beside its id, in place of the one it had."""
    await people.accounts.set_alias(given["id"], given["alias"])
    return {}


# Policies of whom


def _giving(holders: Callable[[People], Holders[Any]]) -> tuple[Command, Command]:
    async def attach(people: People, given: Given) -> Answer:
        """Give a managed policy, by its name or ARN."""
        await holders(people).attach(_account(given), given["name"], given["policy"])
        return {}

    async def detach(people: People, given: Given) -> Answer:
        """Take a managed policy away, by its name or ARN."""
        await holders(people).detach(_account(given), given["name"], given["policy"])
        return {}

    return attach, detach


async def _policies_of(holders: Holders[Any], who: User | Group | Role) -> Answer:
    attached = await holders.attached(who.account, who.name, limit=PAGE)
    inline = await holders.policies(who.account, who.name, limit=PAGE)
    return {
        "policies": [policy.arn for policy in attached.rows],
        "inline_policies": [policy.name for policy in inline.rows],
    }


# What is shown


def _page(name: str, rows: list[Answer], following: str) -> Answer:
    return {name: rows} | ({"next": following} if following else {})


def _user(user: User) -> Answer:
    return {"account": user.account, "name": user.name, "created": iso_date(user.created), "id": user.id}


def _group(group: Group) -> Answer:
    return {"account": group.account, "name": group.name, "created": iso_date(group.created), "id": group.id}


def _role(role: Role) -> Answer:
    return {
        "account": role.account,
        "name": role.name,
        "created": iso_date(role.created),
        "id": role.id,
        "longest": role.longest,
    }


def _policy(policy: ManagedPolicy) -> Answer:
    return {"name": policy.name, "arn": policy.arn, "version": f"v{policy.default}"}


def _listed(row: Listed) -> Answer:
    return _policy(row.policy) | {"attachments": row.attachments}


def _tags(who: User | Role) -> dict[str, str]:
    return dict(who.tags)


def _key(key: AccessKey) -> Answer:
    return {
        "access_key": key.access_key,
        "account": key.account,
        "user": key.user,
        "created": iso_date(key.created),
        "active": key.active,
    }


def _account_shown(account: Account, alias: str) -> Answer:
    return {
        "id": account.id,
        "canonical_id": account.canonical_id,
        "display_name": account.display_name,
        "email": account.email,
        "alias": alias,
    }


ATTACH_USER, DETACH_USER = _giving(lambda people: people.users)
ATTACH_GROUP, DETACH_GROUP = _giving(lambda people: people.groups)
ATTACH_ROLE, DETACH_ROLE = _giving(lambda people: people.roles)

PEOPLE: dict[str, Command] = {
    "user/add": add_user,
    "user/list": list_users,
    "user/show": show_user,
    "user/remove": remove_user,
    "user/attach": ATTACH_USER,
    "user/detach": DETACH_USER,
    "user/revoke-sessions": revoke_user,
    "group/add": add_group,
    "group/list": list_groups,
    "group/show": show_group,
    "group/remove": remove_group,
    "group/attach": ATTACH_GROUP,
    "group/detach": DETACH_GROUP,
    "group/join": join_group,
    "group/leave": leave_group,
    "role/add": add_role,
    "role/list": list_roles,
    "role/show": show_role,
    "role/remove": remove_role,
    "role/attach": ATTACH_ROLE,
    "role/detach": DETACH_ROLE,
    "role/revoke-sessions": revoke_role,
    "policy/add": add_policy,
    "policy/set": set_policy,
    "policy/list": list_policies,
    "policy/show": show_policy,
    "policy/remove": remove_policy,
    "key/add": add_key,
    "key/list": list_keys,
    "key/remove": remove_key,
    "key/activate": activate_key,
    "key/deactivate": deactivate_key,
    "account/add": add_account,
    "account/show": show_account,
    "account/name": name_account,
    "account/remove": remove_account,
}
