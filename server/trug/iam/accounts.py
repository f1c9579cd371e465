"""Accounts: tenants, each with its own buckets, people and policies, and with a name beside its id if it wants one."""

from __future__ import annotations

import re
from functools import partial

from trug.domain.identity import DEFAULT_ACCOUNT, Account, canonical_id_of
from trug.iam.entities import ALIAS, GROUP, POLICY, PROVIDER, ROLE, USER, Alias, put
from trug.iam.limits import (
    ALIAS_NAME,
    GROUPS_PER_USER,
    INLINE_CHARACTERS,
    KEYS_PER_USER,
    MANAGED_CHARACTERS,
    POLICIES_PER_HOLDER,
    TRUST_CHARACTERS,
    VERSIONS_PER_POLICY,
)
from trug.iam.refusals import IamCode, IamError, in_use, malformed
from trug.iam.scripts import Script, Scripted, ask
from trug.iam.users import account_there
from trug.ports.changes import Moment
from trug.ports.effects import Announce, PutAccount, RemoveAccount
from trug.ports.reads import AccountWithId, BucketsOf, Entities, EntityCount, KeysOf
from trug.ports.stores import MetadataStore, Reader

ACCOUNT_ID = re.compile(r"[A-Za-z0-9_$-]{1,128}\Z")


class Accounts:
    """All accounts. What changes them raises IamError."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def find(self, id: str) -> Account | None:  # noqa: A002 - what AWS calls it
        """The account with this id; the default account is always there."""
        account = await self._metadata.fetch(AccountWithId(id))
        if account is None and id == DEFAULT_ACCOUNT:
            return Account(DEFAULT_ACCOUNT, canonical_id_of(DEFAULT_ACCOUNT))
        return account

    async def create(self, account: Account) -> Account:
        """Make an account. IamError for an id that cannot be one or is taken."""
        return await self._metadata.commit(account_creation(account))

    async def remove(self, account: str) -> None:
        """Remove an account. IamError (DeleteConflict) while anything is its own: buckets, people, policies, keys."""
        await self._metadata.commit(Scripted(partial(_remove, account)))

    async def alias(self, account: str) -> str:
        """The account's other name, empty if it has none."""
        rows = await self._metadata.fetch(Entities(account, ALIAS.name, limit=1))
        return ALIAS.unpack(rows[0].document).name if rows else ""

    async def set_alias(self, account: str, alias: str) -> None:
        """Give the account another name, in place of the one it had. IamError when another account has it."""
        if not ALIAS_NAME.match(alias):
            raise malformed(
                "accountAlias",
                alias,
                "Member must satisfy regular expression pattern: ^[a-z0-9]([a-z0-9]|-(?!-)){1,61}[a-z0-9]$",
            )
        await self._metadata.commit(Scripted(partial(_set_alias, account, alias)))

    async def remove_alias(self, account: str, alias: str) -> None:
        """Take the other name away."""
        await self._metadata.commit(Scripted(partial(_remove_alias, account, alias)))

    async def summary(self, account: str) -> dict[str, int]:
        """What GetAccountSummary tells: how many there are of what, and the quotas."""

        def read(reader: Reader) -> dict[str, int]:
            counts = {name: reader.fetch(EntityCount(account, kind)) for name, kind in COUNTED.items()}
            has_keys = bool(reader.fetch(KeysOf(account, "")))
            return counts | QUOTAS | {"AccountAccessKeysPresent": int(has_keys or account == DEFAULT_ACCOUNT)}

        return await self._metadata.view(read)


COUNTED = {
    "Users": USER.name,
    "Groups": GROUP.name,
    "Roles": ROLE.name,
    "Policies": POLICY.name,
    "Providers": PROVIDER.name,
}

QUOTAS = {
    "AccessKeysPerUserQuota": KEYS_PER_USER,
    "GroupsPerUserQuota": GROUPS_PER_USER,
    "AttachedPoliciesPerUserQuota": POLICIES_PER_HOLDER,
    "AttachedPoliciesPerGroupQuota": POLICIES_PER_HOLDER,
    "AttachedPoliciesPerRoleQuota": POLICIES_PER_HOLDER,
    "VersionsPerPolicyQuota": VERSIONS_PER_POLICY,
    "PolicySizeQuota": MANAGED_CHARACTERS,
    "UserPolicySizeQuota": INLINE_CHARACTERS["user"],
    "GroupPolicySizeQuota": INLINE_CHARACTERS["group"],
    "RolePolicySizeQuota": INLINE_CHARACTERS["role"],
    "AssumeRolePolicySizeQuota": TRUST_CHARACTERS,
}


def account_creation(account: Account) -> Scripted[Account]:
    """The change that makes an account. IamError for an id that cannot be one."""
    if not ACCOUNT_ID.match(account.id):
        raise IamError(f"{account.id!r} cannot be an account's id", IamCode.ValidationError)
    return Scripted(partial(_create, account))


def _create(account: Account, _: Moment) -> Script[Account]:
    if (yield from ask(AccountWithId(account.id))) is not None:
        raise IamError(f"account {account.id} exists already", IamCode.EntityAlreadyExists)
    return account, (PutAccount(account), Announce("AccountCreated", 0, account.id, account=account.id))


def _remove(account: str, _: Moment) -> Script[None]:
    if account == DEFAULT_ACCOUNT:
        raise IamError("the default account is always there", IamCode.UnmodifiableEntity)
    yield from account_there(account)
    if (yield from ask(BucketsOf(account, limit=1))):
        raise in_use("delete its buckets")
    if (yield from ask(KeysOf(account, ""))):
        raise in_use("delete its keys")
    for kind in COUNTED.values():
        if (yield from ask(Entities(account, kind, limit=1))):
            raise in_use(f"delete each {kind}")
    rows = yield from ask(Entities(account, ALIAS.name))
    names = [ALIAS.unpack(row.document) for row in rows]
    gone = [ALIAS.removal(name._replace(account=where)) for name in names for where in ("", account)]
    return None, (*gone, RemoveAccount(account), Announce("AccountRemoved", 0, account, account=account))


def _set_alias(account: str, alias: str, _: Moment) -> Script[None]:
    yield from account_there(account)
    taken = yield from ALIAS.at("", alias)
    if taken is not None and taken.of != account:
        raise IamError(f"The account alias {alias} already exists.", IamCode.EntityAlreadyExists)
    rows = yield from ask(Entities(account, ALIAS.name))
    old = [ALIAS.unpack(row.document) for row in rows]
    gone = [ALIAS.removal(name._replace(account=where)) for name in old for where in ("", account)]
    made = [put(Alias(where, alias, account)) for where in ("", account)]
    return None, (*gone, *made, Announce("AliasCreated", 0, alias, account=account))


def _remove_alias(account: str, alias: str, _: Moment) -> Script[None]:
    found = yield from ALIAS.at(account, alias)
    if found is None:
        raise IamError(f"The account alias {alias} cannot be found.", IamCode.NoSuchEntity)
    gone = [ALIAS.removal(found._replace(account=where)) for where in ("", account)]
    return None, (*gone, Announce("AliasRemoved", 0, alias, account=account))
