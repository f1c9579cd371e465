"""What requests read again and again, kept until anything that is kept so changes, in whatever process."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Generic, TypeVar

from trug.ports.stores import MetadataStore

K = TypeVar("K")
V = TypeVar("V")

MOST = 10_000


class Remembered(Generic[K, V]):
    """Values by key, at most ``most`` and all of one generation of the store. What was not found is not kept."""

    def __init__(self, metadata: MetadataStore, read: Callable[[K], Awaitable[V | None]], most: int = MOST) -> None:
        self._metadata = metadata
        self._read = read
        self._most = most
        self._kept: dict[K, V] = {}
        self._generation = -1

    def known(self, key: K) -> V | None:
        """The value, if it is at hand: to be asked first where waiting for nothing is too dear."""
        return self._kept.get(key) if self._metadata.generation == self._generation else None

    async def find(self, key: K) -> V | None:
        """The value, None when there is none. Errors as of ``read``."""
        found = self.known(key)
        if found is not None:
            return found
        generation = self._metadata.generation
        found = await self._read(key)
        if found is not None and not generation & 1:
            self._keep(generation, key, found)
        return found

    def _keep(self, generation: int, key: K, value: V) -> None:
        if generation != self._generation or len(self._kept) >= self._most:
            self._kept.clear()
            self._generation = generation
        self._kept[key] = value
