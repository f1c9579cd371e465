"""Access keys in memory."""

from __future__ import annotations

from trug.domain.frozen import replace
from trug.domain.identity import Account, Identity, Session, canonical_id_of
from trug.ports.keys import Credential, Lapse

ACCOUNT = Account("000000000000", canonical_id_of("000000000000"), "tests")


class MemoryCredentials:
    """A CredentialStore over a dictionary that tests may change."""

    def __init__(self, *credentials: Credential) -> None:
        self.keys = {credential.access_key: credential for credential in credentials}
        self.sessions: dict[tuple[str, str], Credential | Lapse] = {}

    def known(self, access_key: str) -> Credential | None:
        return self.keys.get(access_key)

    async def find(self, access_key: str) -> Credential | None:
        return self.known(access_key)

    def known_session(self, access_key: str, token: str) -> Credential | None:
        found = self.sessions.get((access_key, token))
        return found if isinstance(found, Credential) else None

    async def find_session(self, access_key: str, token: str) -> Credential | Lapse:
        return self.sessions.get((access_key, token), Lapse.UNREADABLE)


def credential(access_key: str, secret: str, *, user: str = "", account: Account = ACCOUNT) -> Credential:
    return Credential(access_key, secret, Identity(account, user, access_key))


def temporary(parent: Credential, access_key: str, secret: str, session: Session) -> Credential:
    """A key of a session of the parent's holder."""
    return Credential(access_key, secret, replace(parent.identity, access_key=access_key, session=session))
