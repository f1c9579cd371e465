"""What a handler is given besides what was asked."""

from __future__ import annotations

from starlette.requests import Request

from trug.access.actions import Action
from trug.access.authority import Authority
from trug.auth.credentials import credential_of, token_of
from trug.auth.presigning import presigned_url
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.identity import Account, Identity
from trug.engine.content import Content
from trug.engine.engine import Engine
from trug.iam.sts.sessions import Sessions
from trug.jobs.emptying import Emptyings
from trug.manage.api.bodies import Inlet
from trug.manage.api.problems import bad_request, unauthenticated
from trug.observe import Trace
from trug.operations.call import Call
from trug.ports.keys import Clock, Credential, CredentialStore
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore
from trug.wire.request import WireRequest

NO_CONTENT = Content(b"")
SECURITY_TOKEN = "X-Amz-Security-Token"


@frozen
class Surroundings:
    """What the services stand on, and how the server is set up.

    ``public_url`` is the S3 port as clients reach it, without a slash at its end; ``env`` what ``/health`` calls this
    installation; an upload may take ``upload_seconds`` and have one of ``upload_types``; ``scratch`` is a directory for
    files without a name, None for the system's. ``sessions`` makes temporary keys,
    where there are any.
    """

    engine: Engine
    authority: Authority
    metadata: MetadataStore
    clock: Clock
    credentials: CredentialStore
    emptyings: Emptyings
    region: str
    public_url: str
    version: str = ""
    env: str = "development"
    upload_seconds: float = 60
    upload_types: frozenset[str] = frozenset()
    scratch: str | None = None
    sessions: Sessions | None = None


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

    async def authorise(self, action: Action, bucket: Bucket | None, key: str | None = None, *, name: str = "") -> None:
        """As S3 asks; ``name`` is that of a bucket that is to be made. AccessDenied."""
        await self.call(bucket).authorise(action, bucket, key, name=name)

    def call(self, bucket: Bucket | None) -> Call:
        """The visit as operations of S3 see it, for the rules that they share with this port."""
        around = self.surroundings
        return Call(
            engine=around.engine,
            identity=self.identity,
            wire=self.wire,
            body=NO_CONTENT,
            regions=(around.region,),
            authority=around.authority,
            found=bucket,
        )

    async def presigned(self, method: str, url: str, seconds: int) -> str:
        """``url`` (no query) signed for the caller, good for ``seconds``, or until the caller's session ends. Problem
        400 for who can have nothing signed."""
        around, now = self.surroundings, self.surroundings.clock.now()
        credential, token = await self._signer()
        session = credential.identity.session
        left = seconds if session is None else (session.expires - now) // 1_000_000
        parameters = {SECURITY_TOKEN: token} if token else None
        return presigned_url(
            credential,
            method,
            url,
            region=around.region,
            moment=now,
            seconds=max(1, min(seconds, left)),
            parameters=parameters,
        )

    async def _signer(self) -> tuple[Credential, str]:
        """The key to sign for the caller with, and its session token: the caller's own, or for who came with a token of
        somebody else's, temporary ones of the same session."""
        around, identity = self.surroundings, self.identity
        if identity.access_key:
            token = token_of(self.wire)
            return await credential_of(around.credentials, around.clock, identity.access_key, token), token or ""
        if identity.session is None or around.sessions is None:
            raise bad_request("only who has an access key or a token can have URLs signed")
        issued = around.sessions.issue(identity)
        return Credential(issued.access_key, issued.secret, identity), issued.token
