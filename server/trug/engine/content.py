"""Bodies that the server itself writes: log files, reports."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from trug.domain.checksums import Hasher, new_digest


class Content:
    """Bytes at hand as a ``Body``, and, gathered or opened, as what a body is then."""

    checksum_algorithm: str | None = None

    def __init__(self, content: bytes) -> None:
        self.content = content
        self.length = len(content)
        self._at = 0
        self._hashers: dict[str, Hasher] = {}

    def open(self, algorithms: Collection[str]) -> Content:
        self._hashers = {name: new_digest(name) for name in algorithms}
        return self

    async def gather(self, algorithms: Collection[str], limit: int) -> Content:
        opened = self.open(algorithms)
        for hasher in self._hashers.values():
            hasher.update(self.content)
        return opened

    async def read(self, limit: int) -> bytes:
        return self.content

    @property
    def lanes(self) -> Sequence[Callable[[memoryview], None]]:
        return [hasher.update for hasher in self._hashers.values()]

    async def readinto(self, buffer: memoryview) -> int:
        piece = self.content[self._at : self._at + len(buffer)]
        buffer[: len(piece)] = piece
        self._at += len(piece)
        return len(piece)

    def verified(self) -> Mapping[str, bytes]:
        return {name: hasher.digest() for name, hasher in self._hashers.items()}
