"""Who acts by a request, as the audit trail is told."""

from __future__ import annotations

from trug.domain.audit import Actor
from trug.domain.identity import Identity
from trug.wire.request import WireRequest


def actor_of(wire: WireRequest, identity: Identity, action: str) -> Actor:
    """``action`` as its service and it are called: ``s3:PutBucketPolicy``."""
    return Actor(action, identity.arn, identity.access_key, wire.client, wire.request_id)
