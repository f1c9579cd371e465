"""The keys that other keys are wrapped under: they never leave whoever keeps them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

Context = Mapping[str, str]
"""An encryption context: bound to what is wrapped, and needed to unwrap it."""


class UnknownKey(Exception):
    """There is no key of this name."""


class DisabledKey(Exception):
    """The key exists, but may not be used now."""


class RefusedKey(Exception):
    """Whoever keeps the key does not let us use it."""


class KeyManagement(Protocol):
    """Wraps and unwraps secrets of 32 bytes under keys with names.

    A name is a key id, an alias or an ARN, as a client may write it. UnknownKey, DisabledKey, RefusedKey; Unavailable
    (ports.stores) when the service does not answer.
    """

    async def wrap(self, name: str, secret: bytes, context: Context) -> bytes:
        """``secret`` under the newest version of the key."""
        ...

    async def unwrap(self, name: str, wrapped: bytes, context: Context) -> bytes:
        """What was wrapped, under whichever version of the key. Damaged (ports.stores) when it does not open with this
        key and context."""
        ...

    def is_newest(self, name: str, wrapped: bytes) -> bool:
        """Whether wrapping it again would change nothing; false where only the service could tell."""
        ...


class KeyRing(KeyManagement, Protocol):
    """Keys that we keep ourselves."""

    def create(self, name: str) -> None:
        """Make a key. ValueError for a name that is none, or that a key has already."""
        ...

    def rotate(self, name: str) -> int:
        """Give a key a new version, which wraps from now on; its number. UnknownKey."""
        ...

    def entries(self) -> list[tuple[str, int, int]]:
        """(name, how many versions, when the newest was made in µs since 1970), by name."""
        ...
