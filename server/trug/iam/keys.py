"""Access keys of users and of accounts' roots, and when they were last used."""

from __future__ import annotations

import re
import secrets
from functools import partial
from typing import NamedTuple

from msgspec.msgpack import Decoder, Encoder

from trug.iam.entities import USER, User, place_of
from trug.iam.limits import KEYS_PER_USER, new_id
from trug.iam.refusals import IamCode, IamError, over_quota
from trug.iam.scripts import Asking, Script, Scripted, ask, look
from trug.iam.users import account_there
from trug.ports.changes import Moment
from trug.ports.effects import Announce, KeepDocument, PutKey, RemoveKey
from trug.ports.keys import Keyring
from trug.ports.reads import Document, KeysOf, KeyWithId
from trug.ports.rows import AccessKey
from trug.ports.stores import MetadataStore, Reader

ACCESS_KEY = re.compile(r"[!-~]{3,128}\Z")

USED = "key-used"
ROLE_USED = "role-used"
"""Documents of the store: they are written beside all else, and no cache hangs on them."""


class LastUsed(NamedTuple):
    """When a key (or role) was last used, in µs and by some minutes, for which service and in which region."""

    time: int
    service: str
    region: str


encode = Encoder().encode
decode = Decoder(LastUsed).decode


class Keys:
    """The access keys of users (of an account's root where ``user`` is empty). All of it raises IamError."""

    def __init__(self, metadata: MetadataStore, keyring: Keyring) -> None:
        self._metadata = metadata
        self._keyring = keyring

    async def create(
        self, account: str, user: str, *, access_key: str = "", secret: str = "", limited: bool = True
    ) -> tuple[AccessKey, str]:
        """A new key and its secret, both random where they are not given; a user's third is refused (LimitExceeded)
        unless the number is not ``limited``."""
        secret = secret or new_secret()
        change = self.creation(account, user, access_key or new_access_key(), secret, limited=limited)
        return await self._metadata.commit(change), secret

    def creation(
        self, account: str, user: str, access_key: str, secret: str, *, limited: bool = False
    ) -> Scripted[AccessKey]:
        """The change that makes a key, its secret sealed. IamError for what cannot be one."""
        if not ACCESS_KEY.match(access_key):
            raise IamError(f"{access_key!r} cannot be an access key")
        if not secret:
            raise IamError(f"the secret of {access_key} is empty")
        key = AccessKey(access_key, account, user, self._keyring.seal(secret, access_key), 0)
        return Scripted(partial(_create, key, limited=limited))

    async def find(self, access_key: str) -> AccessKey | None:
        """The key of this id, active or not."""
        return await self._metadata.fetch(KeyWithId(access_key))

    def secret_of(self, key: AccessKey) -> str:
        return self._keyring.unseal(key.secret, key.access_key)

    async def of(self, account: str, user: str) -> list[AccessKey]:
        """The keys of a user, by id; none of one who is not there."""

        def read(reader: Reader) -> list[AccessKey]:
            found = look(USER.at(account, place_of(user)), reader) if user else None
            return reader.fetch(KeysOf(account, user if found is None else found.name))

        return await self._metadata.view(read)

    async def set_active(self, account: str, user: str, access_key: str, *, active: bool) -> None:
        """Activate or deactivate a key of this user."""
        await self._metadata.commit(Scripted(partial(_set_active, account, user, access_key, active=active)))

    async def remove(self, account: str, user: str, access_key: str) -> None:
        """Remove a key of this user: from then on nothing it signs is accepted."""
        await self._metadata.commit(Scripted(partial(_remove, account, user, access_key)))

    async def remove_any(self, access_key: str) -> None:
        """Remove a key, whoever has it."""
        await self._metadata.commit(Scripted(partial(_remove_any, access_key)))

    async def last_used(self, access_key: str) -> LastUsed | None:
        """When a key was last used, None where that is not known."""
        return _used(await self._metadata.fetch(Document(USED, access_key)))

    async def role_last_used(self, account: str, role: str) -> LastUsed | None:
        """When a role's session last did something, None where that is not known."""
        return _used(await self._metadata.fetch(Document(ROLE_USED, f"{account}/{role.lower()}")))

    async def note_use(self, access_key: str, used: LastUsed) -> None:
        """Remember a use, where the key is there."""
        await self._metadata.commit(Scripted(partial(_note_use, access_key, used)))

    async def note_role_use(self, account: str, role: str, used: LastUsed) -> None:
        """Remember a use of a role."""
        await self._metadata.commit(Scripted(partial(_note_role_use, f"{account}/{role.lower()}", used)))


def new_access_key() -> str:
    """An id as AWS makes them: ``AKIA`` and 16 characters of base32."""
    return new_id("AKIA")


def new_secret() -> str:
    """A secret of 40 characters, 240 random bits."""
    return secrets.token_urlsafe(30)


def _used(document: bytes | None) -> LastUsed | None:
    return None if document is None else decode(document)


# Scripts


def _owner(account: str, user: str) -> Asking[User | None]:
    """Who is to have the key: None for the account's root."""
    if not user:
        yield from account_there(account)
        return None
    found = yield from USER.named(account, user)
    return found


def _create(key: AccessKey, moment: Moment, *, limited: bool) -> Script[AccessKey]:
    owner = yield from _owner(key.account, key.user)
    if (yield from ask(KeyWithId(key.access_key))) is not None:
        raise IamError(f"access key {key.access_key} exists already", IamCode.EntityAlreadyExists)
    made = key._replace(created=moment.time, user="" if owner is None else owner.name)
    if limited and len((yield from ask(KeysOf(made.account, made.user)))) >= KEYS_PER_USER:
        raise over_quota("AccessKeysPerUser", KEYS_PER_USER)
    return made, (PutKey(made), Announce("KeyCreated", 0, key.access_key, account=key.account))


def _theirs(account: str, user: str, access_key: str) -> Asking[AccessKey]:
    """The key, if it is this user's. IamError."""
    owner = yield from _owner(account, user)
    key = yield from ask(KeyWithId(access_key))
    if key is None or (key.account, key.user) != (account, "" if owner is None else owner.name):
        raise IamError(f"The Access Key with id {access_key} cannot be found.", IamCode.NoSuchEntity)
    return key


def _set_active(account: str, user: str, access_key: str, _: Moment, *, active: bool) -> Script[None]:
    key = yield from _theirs(account, user, access_key)
    return None, (PutKey(key._replace(active=active)), Announce("KeyUpdated", 0, access_key, account=account))


def _remove(account: str, user: str, access_key: str, _: Moment) -> Script[None]:
    key = yield from _theirs(account, user, access_key)
    return None, _removal(key)


def _remove_any(access_key: str, _: Moment) -> Script[None]:
    key = yield from ask(KeyWithId(access_key))
    if key is None:
        raise IamError(f"there is no access key {access_key}", IamCode.NoSuchEntity)
    return None, _removal(key)


def _removal(key: AccessKey) -> tuple[RemoveKey, KeepDocument, Announce]:
    access_key = key.access_key
    return (
        RemoveKey(access_key),
        KeepDocument(USED, access_key, None),
        Announce("KeyRemoved", 0, access_key, account=key.account),
    )


def _note_use(access_key: str, used: LastUsed, _: Moment) -> Script[None]:
    if (yield from ask(KeyWithId(access_key))) is None:
        return None, ()
    return None, (KeepDocument(USED, access_key, encode(used)),)


def _note_role_use(place: str, used: LastUsed, _: Moment) -> Script[None]:
    so_far = _used((yield from ask(Document(ROLE_USED, place))))
    if so_far is not None and so_far.time >= used.time:
        return None, ()
    return None, (KeepDocument(ROLE_USED, place, encode(used)),)
