"""Access keys as requests need them: with their plain secret, cached until anything that is cached changes."""

from __future__ import annotations

from collections.abc import Mapping

from trug.domain.identity import DEFAULT_ACCOUNT, Identity
from trug.iam.people import People
from trug.iam.sts.sessions import Sessions
from trug.iam.uses import Uses
from trug.ports.keys import Credential, Lapse, SessionTokens
from trug.ports.remembered import Remembered
from trug.ports.rows import AccessKey
from trug.ports.stores import MetadataStore


class Credentials:
    """Implements ``ports.keys.CredentialStore`` over the store.

    ``roots`` maps access keys of the default account's root that stand outside the store to their secrets; ``sessions``
    makes temporary keys and finds them, by ``tokens``. ``uses`` are told when a key is looked up that is not at hand.
    """

    def __init__(
        self,
        metadata: MetadataStore,
        people: People,
        roots: Mapping[str, str],
        tokens: SessionTokens,
        uses: Uses | None = None,
    ) -> None:
        self._metadata = metadata
        self._people = people
        self._roots = roots
        self.uses = uses
        self._found: Remembered[str, Credential] = Remembered(metadata, self._read)
        self.sessions = Sessions(metadata, tokens, people.find_account, self.find)

    def known(self, access_key: str) -> Credential | None:
        return self._found.known(access_key)

    async def find(self, access_key: str) -> Credential | None:
        """The active key of this id, None when there is none. Damaged when its row or secret is."""
        return await self._found.find(access_key)

    def renew(self) -> None:
        """Look up each key anew, so that it is seen which are still used."""
        self._found = Remembered(self._metadata, self._read)

    async def write_uses(self) -> int:
        """Write what was used since, as ``Uses.write`` does."""
        return 0 if self.uses is None else await self.uses.write()

    def known_session(self, access_key: str, token: str) -> Credential | None:
        return self.sessions.known(access_key, token)

    async def find_session(self, access_key: str, token: str) -> Credential | Lapse:
        """The key of a session, out of its token."""
        found = await self.sessions.find(access_key, token)
        if self.uses is not None and isinstance(found, Credential) and found.identity.account and found.identity.role:
            self.uses.saw_role(found.identity.account.id, found.identity.role)
        return found

    async def _read(self, access_key: str) -> Credential | None:
        if access_key in self._roots:
            account = await self._people.find_account(DEFAULT_ACCOUNT)
            if account is None:
                return None
            return Credential(access_key, self._roots[access_key], Identity(account, access_key=access_key))
        key = await self._people.keys.find(access_key)
        if key is None or not key.active:
            return None
        identity = await self._owner(key)
        if identity is None:
            return None
        if self.uses is not None:
            self.uses.saw_key(access_key)
        return Credential(access_key, self._people.keys.secret_of(key), identity)

    async def _owner(self, key: AccessKey) -> Identity | None:
        """Whose key it is; None where the account or the user is no more."""
        account = await self._people.find_account(key.account)
        if account is None:
            return None
        if not key.user:
            return Identity(account, access_key=key.access_key)
        user = await self._people.users.find(key.account, key.user)
        if user is None:
            return None
        return Identity(account, user.name, key.access_key, user.path, user.id, tags=user.tags)
