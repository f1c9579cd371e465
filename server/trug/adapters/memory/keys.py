"""A key ring in memory: what a key ring does, without a file."""

from __future__ import annotations

import secrets

from trug.adapters.kms.rings import MADE_WHEN_NEEDED, check_new, unknown, unwrapped, version_of, wrapped_under
from trug.domain.encryption import KEY_SIZE, key_name
from trug.ports.key_management import Context
from trug.ports.stores import Damaged


class MemoryKeyRing:
    """Keys that are gone when the process ends."""

    def __init__(self) -> None:
        self._keys: dict[str, list[bytes]] = {}

    async def wrap(self, name: str, secret: bytes, context: Context) -> bytes:
        """``secret`` under the newest version of the key."""
        versions = self._versions(key_name(name), makes=True)
        return wrapped_under(versions[-1], len(versions), secret, context)

    async def unwrap(self, name: str, wrapped: bytes, context: Context) -> bytes:
        """What was wrapped. UnknownKey, Damaged."""
        versions, number = self._versions(key_name(name), makes=False), version_of(wrapped)
        if not 0 < number <= len(versions):
            raise Damaged(f"the key {name} has no version {number}")
        return unwrapped(versions[number - 1], wrapped, context)

    def is_newest(self, name: str, wrapped: bytes) -> bool:
        return version_of(wrapped) == len(self._versions(key_name(name), makes=False))

    def create(self, name: str) -> None:
        """Make a key. ValueError for a name that is none, or that a key has already."""
        check_new(name, self._keys.get(name))
        self._keys[name] = [secrets.token_bytes(KEY_SIZE)]

    def rotate(self, name: str) -> int:
        """Give a key a new version; its number. UnknownKey."""
        versions = self._versions(name, makes=False)
        versions.append(secrets.token_bytes(KEY_SIZE))
        return len(versions)

    def entries(self) -> list[tuple[str, int, int]]:
        """(name, how many versions, 0), by name."""
        return [(name, len(versions), 0) for name, versions in sorted(self._keys.items())]

    def _versions(self, name: str, *, makes: bool) -> list[bytes]:
        if makes and name in MADE_WHEN_NEEDED:
            return self._keys.setdefault(name, [secrets.token_bytes(KEY_SIZE)])
        if name not in self._keys:
            raise unknown(name)
        return self._keys[name]
