"""How a request's payload was signed: what authentication learnt and the body has to prove."""

from __future__ import annotations

from enum import Enum
from typing import Protocol

from trug.domain.frozen import frozen


class Mode(Enum):
    """The value of ``x-amz-content-sha256``, by kind ("Authenticating Requests: Signature Calculations")."""

    LITERAL = "the payload's SHA-256"
    UNSIGNED = "UNSIGNED-PAYLOAD"
    SIGNED_CHUNKS = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD"
    SIGNED_CHUNKS_TRAILER = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER"
    UNSIGNED_TRAILER = "STREAMING-UNSIGNED-PAYLOAD-TRAILER"

    @property
    def is_chunked(self) -> bool:
        return self in (Mode.SIGNED_CHUNKS, Mode.SIGNED_CHUNKS_TRAILER, Mode.UNSIGNED_TRAILER)


class ChunkSigner(Protocol):
    """The chain of chunk signatures, begun from the request's own."""

    def chunk(self, sha256: str) -> str:
        """The hex signature that the next chunk, of this hex SHA-256, must carry."""
        ...

    def trailer(self, sha256: str) -> str:
        """The hex signature that the trailer, of this hex SHA-256, must carry."""
        ...


@frozen
class Payload:
    """``sha256`` is lower-case hex in LITERAL mode; ``signer`` stands in the two signed chunk modes."""

    mode: Mode = Mode.UNSIGNED
    sha256: str = ""
    signer: ChunkSigner | None = None
