"""Secrets: the keys that requests are signed with, and the ring that seals them."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from trug.domain.identity import Identity


class Credential(NamedTuple):
    """An active access key with its plain secret, and who signs with it."""

    access_key: str
    secret: str
    identity: Identity


class CredentialStore(Protocol):
    """Where access keys are looked up."""

    def known(self, access_key: str) -> Credential | None:
        """The active key of this id, if it is at hand: it is asked for at every request."""
        ...

    async def find(self, access_key: str) -> Credential | None:
        """The active key of this id, None when there is none."""
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
