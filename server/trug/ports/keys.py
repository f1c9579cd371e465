"""Secrets: the keys that requests are signed with, the tokens of sessions, and the ring that seals secrets."""

from __future__ import annotations

from enum import Enum
from typing import NamedTuple, Protocol

from trug.domain.frozen import frozen
from trug.domain.identity import Identity, Session


class Credential(NamedTuple):
    """An active access key with its plain secret, and who signs with it."""

    access_key: str
    secret: str
    identity: Identity


class Lapse(Enum):
    """Why a session token opens nothing."""

    UNREADABLE = "not a token of ours, or another key's"
    GONE = "made for somebody who is not there any more"
    REVOKED = "taken back"


class CredentialStore(Protocol):
    """Where access keys are looked up: lasting ones by their id, those of sessions by the token that comes along.

    Whether a session is over (``Session.expires``) is for the caller to see.
    """

    def known(self, access_key: str) -> Credential | None:
        """The active key of this id, if it is at hand: it is asked for at every request."""
        ...

    async def find(self, access_key: str) -> Credential | None:
        """The active key of this id, None when there is none."""
        ...

    def known_session(self, access_key: str, token: str) -> Credential | None:
        """The key of a session, if its token was found good and nothing has changed since."""
        ...

    async def find_session(self, access_key: str, token: str) -> Credential | Lapse:
        """The key of a session, out of its token."""
        ...


@frozen
class Ticket:
    """What a session token says: a temporary key, whose it is, and its session.

    ``account`` is an id; ``user``, ``role``, ``path`` and ``id`` as those of an Identity. ``parent`` is the lasting
    access key that a session of a user, of a root or of a federated user was asked for with: it ends with that key.
    """

    access_key: str
    secret: str
    account: str
    session: Session
    user: str = ""
    role: str = ""
    path: str = "/"
    id: str = ""
    parent: str = ""


class SessionTokens(Protocol):
    """Seals what sessions are into tokens that clients carry, and that nobody else can read or make."""

    def seal(self, ticket: Ticket) -> str:
        """The token, text that stands in headers and queries as it is."""
        ...

    def open(self, token: str) -> Ticket | None:
        """What was sealed; None for what nobody sealed here, or not any more."""
        ...

    def weight(self, session: Session) -> int:
        """How many bytes a session's policies and tags take in a token."""
        ...


class Keyring(Protocol):
    """Seals secrets under the master key."""

    def seal(self, secret: str, context: str) -> bytes:
        """Encrypt; ``context`` (the access key's id) is bound to the result."""
        ...

    def unseal(self, sealed: bytes, context: str) -> str:
        """Decrypt; Damaged (ports.stores) when it does not fit the master key or the context."""
        ...


class Clock(Protocol):
    """The time."""

    def now(self) -> int:
        """Wall clock in µs since 1970."""
        ...
