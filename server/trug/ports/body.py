"""Bodies in: bytes that are verified before anybody may rely on them."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Protocol


class Source(Protocol):
    """An opened body, read through buffers: what it takes to hash and verify them is the reader's to place."""

    @property
    def lanes(self) -> Sequence[Callable[[memoryview], None]]:
        """What must see each filled buffer, in their order: on any thread, the lanes beside each other."""
        ...

    async def readinto(self, buffer: memoryview) -> int:
        """Fill ``buffer`` as far as the body goes; fewer bytes than it holds only at the end, 0 after it.

        The call that reaches the end has verified length and framing, or raises S3Error (IncompleteBody,
        MalformedTrailerError …).
        """
        ...

    def verified(self) -> Mapping[str, bytes]:
        """After the end, and once the lanes have seen all: raw digests by algorithm name (``MD5``, ``CRC64NVME`` …).

        S3Error when they, or signatures, are not what was claimed (BadDigest, XAmzContentSHA256Mismatch,
        SignatureDoesNotMatch …).
        """
        ...


class Gathered(Protocol):
    """A body in memory, with verified length and framing."""

    @property
    def content(self) -> bytes | bytearray: ...

    def verified(self) -> Mapping[str, bytes]:
        """Its digests, as ``Source.verified``; computed here, on whatever thread this runs."""
        ...


class Body(Protocol):
    """A request's body, not yet read. It can be read once."""

    @property
    def length(self) -> int | None:
        """The payload's length in bytes as the client declared it; None when it did not."""
        ...

    @property
    def checksum_algorithm(self) -> str | None:
        """The algorithm of the ``x-amz-checksum-*`` header or trailer the client sends, None when it sends none."""
        ...

    def open(self, algorithms: Collection[str]) -> Source:
        """Begin to read, to compute these digests (and those that verification needs)."""
        ...

    async def gather(self, algorithms: Collection[str], limit: int) -> Gathered:
        """All of it, not yet hashed; without a copy and without waiting when it has arrived in one piece.

        MaxMessageLengthExceeded when it is longer than ``limit`` bytes, before the rest is read.
        """
        ...

    async def read(self, limit: int) -> bytes:
        """The whole verified body; MaxMessageLengthExceeded when it is longer than ``limit`` bytes."""
        ...
