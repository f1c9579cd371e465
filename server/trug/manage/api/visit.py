"""What a handler is given besides what was asked."""

from __future__ import annotations

from starlette.requests import Request

from trug.access.actions import Action
from trug.access.authority import Ask, Authority
from trug.auth.presigning import presigned_url
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.identity import Account, Identity
from trug.engine.engine import Engine
from trug.manage.api.bodies import Inlet
from trug.manage.api.problems import bad_request, unauthenticated
from trug.observe import Trace
from trug.operations.context import Context
from trug.ports.keys import Clock, CredentialStore
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore
from trug.wire.request import WireRequest


@frozen
class Surroundings:
    """What the services stand on, and how the server is set up.

    ``public_url`` is the S3 port as clients reach it, without a slash at its end; ``env`` what ``/health`` calls this
    installation; an upload may take ``upload_seconds``.
    """

    engine: Engine
    authority: Authority
    metadata: MetadataStore
    clock: Clock
    credentials: CredentialStore
    region: str
    public_url: str
    version: str = ""
    env: str = "development"
    upload_seconds: float = 60
    user_types: tuple[str, ...] = ("renter", "rentee")


@frozen
class Visit:
    """One request to an endpoint, by somebody who is known (or by nobody, where the endpoint is open)."""

    surroundings: Surroundings
    identity: Identity
    request: Request
    wire: WireRequest
    body: Inlet
    trace: Trace

    @property
    def account(self) -> Account:
        """The caller's account. Problem 401 for nobody."""
        if self.identity.account is None:
            raise unauthenticated()
        return self.identity.account

    async def bucket(self, name: str) -> Bucket:
        """The bucket of this name. NoSuchBucket."""
        buckets = self.surroundings.engine.buckets
        bucket = buckets.known(name) or await buckets.find(name)
        if bucket is None:
            raise S3Error(ErrorCode.NoSuchBucket)
        return bucket

    async def authorise(self, action: Action, bucket: Bucket | None, key: str | None = None) -> None:
        """As S3 asks. AccessDenied."""
        context = Context(self.wire, self.identity, action, bucket)
        await self.surroundings.authority.authorise(Ask(self.identity, action, context, bucket, key))

    async def authorise_on(self, action: str, resource: str, *, is_own: bool = False) -> None:
        """For an action of this port's own (``trug:GetItem``) on ``item/ID`` and the like of the caller's account;
        with what is his own he may do it unless something denies it. AccessDenied."""
        arn = f"arn:trug:api::{self.account.id}:{resource}"
        values = Context(self.wire, self.identity, Action(action), None)
        await self.surroundings.authority.authorise_on(self.identity, action, arn, values, is_own=is_own)

    async def may_on(self, action: str, resource: str) -> bool:
        """Whether ``authorise_on`` lets this pass."""
        try:
            await self.authorise_on(action, resource)
        except S3Error:
            return False
        return True

    async def presigned(self, method: str, url: str, seconds: int) -> str:
        """``url`` (no query) with the caller's own signature, good for ``seconds``. Problem 400 for who has no access
        key to sign with."""
        around = self.surroundings
        credential = await around.credentials.find(self.identity.access_key) if self.identity.access_key else None
        if credential is None:
            raise bad_request("only who has an access key can have URLs signed")
        return presigned_url(credential, method, url, region=around.region, moment=around.clock.now(), seconds=seconds)
