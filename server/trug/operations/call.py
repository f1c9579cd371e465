"""What a handler is given besides its request model."""

from __future__ import annotations

from trug.domain.frozen import frozen
from trug.domain.identity import Account, Identity
from trug.engine.engine import Engine
from trug.operations.noting import Notebook
from trug.ports.body import Body
from trug.ports.rows import Bucket
from trug.wire.request import WireRequest


@frozen
class Call:
    """One authenticated, authorised call: who, on which bucket, with which body.

    ``bucket`` is the existing bucket that the path names; rows whose operation has none in its path, and CreateBucket,
    must not ask for it. ``notebook`` keeps what access logs are to tell beside the request itself.
    """

    engine: Engine
    identity: Identity
    wire: WireRequest
    body: Body
    regions: tuple[str, ...]
    found: Bucket | None = None
    notebook: Notebook | None = None

    @property
    def bucket(self) -> Bucket:
        assert self.found is not None  # noqa: S101 - the gateway answers NoSuchBucket before any handler runs
        return self.found

    @property
    def account(self) -> Account:
        assert self.identity.account is not None  # noqa: S101 - the gateway refuses anonymous calls
        return self.identity.account
