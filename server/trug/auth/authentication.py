"""The answer of authentication: who asks, and how the body that follows was signed."""

from __future__ import annotations

from trug.domain.frozen import frozen
from trug.domain.identity import Identity
from trug.wire.payload import Payload


@frozen
class Authentication:
    """A request whose signature holds, or that has none (ANONYMOUS); ``payload`` says what its body must prove."""

    identity: Identity
    payload: Payload
