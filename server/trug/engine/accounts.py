"""Accounts as owners and grantees: found by id, canonical id and e-mail address, remembered until any changes."""

from __future__ import annotations

from trug.domain.acl import EXEC_READER, NOBODY, NOBODY_ID
from trug.domain.identity import DEFAULT_ACCOUNT, Account, canonical_id_of
from trug.ports.reads import AccountWithCanonicalId, AccountWithEmail, AccountWithId
from trug.ports.remembered import Remembered
from trug.ports.stores import MetadataStore

WELL_KNOWN = {
    account.canonical_id: account
    for account in (
        Account(DEFAULT_ACCOUNT, canonical_id_of(DEFAULT_ACCOUNT)),
        Account(NOBODY, NOBODY_ID),
        Account("", EXEC_READER),
    )
}
"""Accounts that may be named though no row says so."""


def account_without_row(id: str) -> Account | None:  # noqa: A002 - what AWS calls it
    """The default account, which is there whether anything was ever told of it or not; None for any other."""
    return Account(id, canonical_id_of(id)) if id == DEFAULT_ACCOUNT else None


class Accounts:
    """The accounts of the store; an account that it does not know, or not any more, has no name."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata
        self._by_id: Remembered[str, Account] = Remembered(metadata, self._with_id)
        self._by_canonical_id: Remembered[str, Account] = Remembered(metadata, self._with_canonical_id)

    async def with_id(self, id: str) -> Account:  # noqa: A002 - what AWS calls it
        """The account of this id, whether there is one (still) or not."""
        if id == NOBODY:
            return Account(NOBODY, NOBODY_ID)
        return await self._by_id.find(id) or Account(id, canonical_id_of(id))

    async def find(self, canonical_id: str) -> Account | None:
        """The account with this canonical id."""
        return await self._by_canonical_id.find(canonical_id) or WELL_KNOWN.get(canonical_id)

    async def find_by_email(self, email: str) -> Account | None:
        """The account with this e-mail address."""
        return await self._metadata.fetch(AccountWithEmail(email)) if email else None

    async def _with_id(self, id: str) -> Account | None:  # noqa: A002
        return await self._metadata.fetch(AccountWithId(id))

    async def _with_canonical_id(self, canonical_id: str) -> Account | None:
        return await self._metadata.fetch(AccountWithCanonicalId(canonical_id))
