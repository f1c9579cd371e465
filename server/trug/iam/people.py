"""Accounts, their users and their access keys, as the command line and the initial declarations handle them."""

from __future__ import annotations

import re
import secrets
import string
from collections.abc import Sequence

from trug.domain.identity import DEFAULT_ACCOUNT, Account, canonical_id_of
from trug.iam.changes import CreateAccount, CreateKey, CreateUser, DeleteKey, DeleteUser
from trug.iam.refusals import IamError
from trug.ports.keys import Keyring
from trug.ports.reads import AccountWithId, KeysOf, KeyWithId, UserNamed, UsersOf
from trug.ports.rows import AccessKey, User
from trug.ports.stores import MetadataStore

ACCOUNT_ID = re.compile(r"[A-Za-z0-9_$-]{1,128}\Z")
USER_NAME = re.compile(r"[\w+=,.@-]{1,64}\Z")
ACCESS_KEY = re.compile(r"[!-~]{3,128}\Z")
LETTERS = string.ascii_uppercase + "234567"


def new_access_key() -> str:
    """An id as AWS makes them: ``AKIA`` and 16 characters of base32."""
    return "AKIA" + "".join(secrets.choice(LETTERS) for _ in range(16))


def new_secret() -> str:
    """A secret of 40 characters, 240 random bits."""
    return secrets.token_urlsafe(30)


def account_creation(account: Account) -> CreateAccount:
    """The change that makes an account. IamError for an id that cannot be one."""
    if not ACCOUNT_ID.match(account.id):
        raise IamError(f"{account.id!r} cannot be an account's id")
    return CreateAccount(account)


def user_creation(account: str, name: str, policies: Sequence[str] = ()) -> CreateUser:
    """The change that makes a user. IamError for a name that cannot be one."""
    if not USER_NAME.match(name):
        raise IamError(f"{name!r} cannot be a user's name")
    return CreateUser(User(account, name, 0, tuple(policies)))


class People:
    """Who there is."""

    def __init__(self, metadata: MetadataStore, keyring: Keyring) -> None:
        self._metadata = metadata
        self._keyring = keyring

    async def find_account(self, id: str) -> Account | None:  # noqa: A002 - what AWS calls it
        """The account with this id; the default account is always there."""
        account = await self._metadata.fetch(AccountWithId(id))
        if account is None and id == DEFAULT_ACCOUNT:
            return Account(DEFAULT_ACCOUNT, canonical_id_of(DEFAULT_ACCOUNT))
        return account

    async def add_account(self, account: Account) -> Account:
        """Make an account. IamError for an id that cannot be one or is taken."""
        return await self._metadata.commit(account_creation(account))

    async def add_user(self, account: str, name: str, policies: Sequence[str] = ()) -> User:
        """Make a user. IamError for a name that cannot be one or is taken, or an account that is not there."""
        return await self._metadata.commit(user_creation(account, name, policies))

    async def find_user(self, account: str, name: str) -> User | None:
        return await self._metadata.fetch(UserNamed(account, name))

    async def users(self, account: str, after: str = "") -> list[User]:
        """An account's users by name, at most 1,000 after ``after``."""
        return await self._metadata.fetch(UsersOf(account, after))

    async def remove_user(self, account: str, name: str) -> None:
        """Remove a user with all its keys. IamError when there is none."""
        await self._metadata.commit(DeleteUser(account, name))

    async def add_key(self, account: str, user: str, access_key: str, secret: str) -> AccessKey:
        """Give a user (an account's root when ``user`` is empty) an access key. IamError when it is taken or cannot be
        one, or its owner is not there."""
        return await self._metadata.commit(self.key_creation(account, user, access_key, secret))

    def key_creation(self, account: str, user: str, access_key: str, secret: str) -> CreateKey:
        """The change that makes a key, its secret sealed. IamError for what cannot be one."""
        if not ACCESS_KEY.match(access_key):
            raise IamError(f"{access_key!r} cannot be an access key")
        if not secret:
            raise IamError(f"the secret of {access_key} is empty")
        sealed = self._keyring.seal(secret, access_key)
        return CreateKey(AccessKey(access_key, account, user, sealed, 0))

    async def find_key(self, access_key: str) -> AccessKey | None:
        return await self._metadata.fetch(KeyWithId(access_key))

    def secret_of(self, key: AccessKey) -> str:
        return self._keyring.unseal(key.secret, key.access_key)

    async def keys(self, account: str, user: str) -> list[AccessKey]:
        """The keys of a user, or of an account's root."""
        return await self._metadata.fetch(KeysOf(account, user))

    async def remove_key(self, access_key: str) -> None:
        """Remove a key: from then on nothing it signs is accepted. IamError when there is none."""
        await self._metadata.commit(DeleteKey(access_key))
