"""Bodies in: a stream of bytes that is verified at its end."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol


class Source(Protocol):
    """An opened body."""

    async def readinto(self, buffer: memoryview) -> int:
        """Fill ``buffer`` as far as the body goes; fewer bytes than it holds only at the end, 0 after it.

        Digests may still read the buffer when this returns: write it out, but change it only by the next call.
        The call that reaches the end has verified length, framing, signatures and digests, or raises S3Error
        (IncompleteBody, BadDigest, XAmzContentSHA256Mismatch, SignatureDoesNotMatch …).
        """
        ...

    @property
    def digests(self) -> Mapping[str, bytes]:
        """After the end: raw digests by algorithm name (``MD5``, ``CRC64NVME`` …) for all that were asked for."""
        ...


class Body(Protocol):
    """A request's body, not yet read."""

    @property
    def length(self) -> int | None:
        """The payload's length in bytes as the client declared it; None when it did not."""
        ...

    @property
    def checksum_algorithm(self) -> str | None:
        """The algorithm of the ``x-amz-checksum-*`` header or trailer the client sends, None when it sends none."""
        ...

    def open(self, algorithms: Collection[str]) -> AbstractAsyncContextManager[Source]:
        """Begin to read, computing these digests (and those that verification needs)."""
        ...

    async def whole(self, algorithms: Collection[str], limit: int) -> tuple[bytes, Mapping[str, bytes]]:
        """The short way for small bodies: all of it, verified, with the raw digests that were asked for (and others).

        MaxMessageLengthExceeded when it is longer than ``limit`` bytes, before the rest is read.
        """
        ...

    async def read(self, limit: int) -> bytes:
        """The whole verified body; MaxMessageLengthExceeded when it is longer than ``limit`` bytes."""
        ...
