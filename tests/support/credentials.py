"""Access keys in memory."""

from __future__ import annotations

from trug.domain.identity import Account, Identity, canonical_id_of
from trug.ports.keys import Credential

ACCOUNT = Account("000000000000", canonical_id_of("000000000000"), "tests")


class MemoryCredentials:
    """A CredentialStore over a dictionary that tests may change."""

    def __init__(self, *credentials: Credential) -> None:
        self.keys = {credential.access_key: credential for credential in credentials}

    def known(self, access_key: str) -> Credential | None:
        return self.keys.get(access_key)

    async def find(self, access_key: str) -> Credential | None:
        return self.known(access_key)


def credential(access_key: str, secret: str, *, user: str = "", account: Account = ACCOUNT) -> Credential:
    return Credential(access_key, secret, Identity(account, user, access_key))
