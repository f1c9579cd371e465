"""A blob that is encrypted on its way into a file: sealed on threads, beside what hashes it."""

from __future__ import annotations

from collections.abc import Callable

from trug.engine.ciphers import BlobCipher, Sealer
from trug.ports.stores import Staged


class SealedStage:
    """Takes plaintext, and stages its ciphertext.

    What is sealed of one chunk is written while the next is hashed and sealed.
    """

    def __init__(self, staged: Staged, cipher: BlobCipher) -> None:
        self._staged = staged
        self._sealer = Sealer(cipher)
        self._ready = memoryview(b"")

    @property
    def blob(self) -> int:
        return self._staged.blob

    async def write(self, chunk: memoryview, *beside: Callable[[memoryview], None]) -> None:
        """Append, and show the plaintext to ``beside``; as ``Staged.write``."""
        sealed: list[memoryview] = []

        def seal(_: memoryview) -> None:
            sealed.append(self._sealer.update(chunk))

        await self._staged.write(self._ready, *[_shown(chunk, look) for look in beside], seal)
        (self._ready,) = sealed

    async def finish(
        self, last: bytes | bytearray | memoryview = b"", check: Callable[[], object] | None = None
    ) -> None:
        """Append ``last``, which ends the blob; as ``Staged.finish``."""
        if self._ready:
            await self._staged.write(self._ready)
        target = bytearray(self._sealer.room_for(len(last)))

        def seal() -> None:
            if check is not None:
                check()
            self._sealer.finish(last, memoryview(target))

        await self._staged.finish(target, seal)

    def hand_over(self) -> None:
        """From here on the blob belongs to the change that names it."""
        self._staged.hand_over()


def _shown(chunk: memoryview, look: Callable[[memoryview], None]) -> Callable[[memoryview], None]:
    """Shows the plaintext to who expects what is written."""
    return lambda _: look(chunk)
