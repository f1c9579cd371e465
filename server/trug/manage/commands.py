"""What the command line does to a store, running or not: each command a function from values to values."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any

from trug.domain.identity import DEFAULT_ACCOUNT
from trug.engine.fsck import Fsck
from trug.iam.people import People, new_access_key, new_secret
from trug.ports.rows import AccessKey, User
from trug.wire.dates import iso_date

Answer = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Managed:
    """The parts of an open store that commands act on."""

    people: People
    fsck: Fsck


async def add_user(store: Managed, given: Mapping[str, str]) -> Answer:
    """Make a user; with ``key`` also an access key, whose secret is shown this once."""
    account = given.get("account") or DEFAULT_ACCOUNT
    user = await store.people.add_user(account, given["name"])
    return {"user": _user(user)}


async def list_users(store: Managed, given: Mapping[str, str]) -> Answer:
    """An account's users."""
    users = await store.people.users(given.get("account") or DEFAULT_ACCOUNT, given.get("after", ""))
    return {"users": [_user(user) for user in users]}


async def remove_user(store: Managed, given: Mapping[str, str]) -> Answer:
    """Remove a user with its keys."""
    await store.people.remove_user(given.get("account") or DEFAULT_ACCOUNT, given["name"])
    return {}


async def add_key(store: Managed, given: Mapping[str, str]) -> Answer:
    """Make an access key for a user (or the account's root); what is not given is random. Shows the secret."""
    account = given.get("account") or DEFAULT_ACCOUNT
    secret = given.get("secret_key") or new_secret()
    key = await store.people.add_key(
        account, given.get("user", ""), given.get("access_key") or new_access_key(), secret
    )
    return {"key": _key(key) | {"secret_key": secret}}


async def list_keys(store: Managed, given: Mapping[str, str]) -> Answer:
    """The keys of a user (or the account's root), without secrets."""
    keys = await store.people.keys(given.get("account") or DEFAULT_ACCOUNT, given.get("user", ""))
    return {"keys": [_key(key) for key in keys]}


async def remove_key(store: Managed, given: Mapping[str, str]) -> Answer:
    """Remove an access key."""
    await store.people.remove_key(given["access_key"])
    return {}


async def check_store(store: Managed, _: Mapping[str, str]) -> Answer:
    """List what does not fit."""
    report = await store.fsck.run()
    return {"checked": report.checked, "findings": report.findings}


def _user(user: User) -> dict[str, Any]:
    return {"account": user.account, "name": user.name, "created": iso_date(user.created)}


def _key(key: AccessKey) -> dict[str, Any]:
    return {
        "access_key": key.access_key,
        "account": key.account,
        "user": key.user,
        "created": iso_date(key.created),
        "active": key.active,
    }


COMMANDS: dict[str, Callable[[Managed, Mapping[str, str]], Awaitable[Answer]]] = {
    "user/add": add_user,
    "user/list": list_users,
    "user/remove": remove_user,
    "key/add": add_key,
    "key/list": list_keys,
    "key/remove": remove_key,
    "fsck": check_store,
}
