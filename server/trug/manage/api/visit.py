"""What a handler is given besides what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from types import MappingProxyType
from urllib.parse import quote

from starlette.requests import Request

from trug.access.actions import Action
from trug.access.authority import Ask, Authority
from trug.auth.presigning import presigned_url, signed_form
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.identity import Account, Identity
from trug.engine.engine import Engine
from trug.iam.sts.sessions import Issued
from trug.manage.api.bodies import Inlet
from trug.manage.api.problems import bad_request, unauthenticated
from trug.observe import Trace
from trug.operations.context import Context
from trug.ports.keys import Clock, Credential, CredentialStore, Lapse
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore
from trug.settings import UploadProfile, upload_profiles
from trug.wire.request import WireRequest

PROFILES = MappingProxyType(upload_profiles("{}"))
TOKEN = "x-amz-security-token"
ENDING = "trug.ending"
"""Under which name the scope of a request has the event that says that the server is to stop."""


@frozen
class Surroundings:
    """What the services stand on, and how the server is set up.

    ``public_url`` is the S3 port as clients reach it, without a slash at its end; ``env`` what ``/health`` calls this
    installation; an upload may take ``upload_seconds``. ``issue`` makes temporary credentials for who has a session.
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
    profiles: Mapping[str, UploadProfile] = PROFILES
    issue: Callable[[Identity], Issued] | None = None

    def url_of(self, bucket: str, key: str) -> str:
        """Where S3 has the object."""
        return f"{self.public_url}/{bucket}/{quote(key, safe='/-_.~')}"


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

    @property
    def ending(self) -> asyncio.Event:
        """Set when the server is to stop: an answer that would go on for ever ends then."""
        ending: asyncio.Event | None = self.request.scope.get(ENDING)
        return ending or asyncio.Event()

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

    async def presigned(self, method: str, url: str, seconds: int) -> str:
        """``url`` (no query) with the caller's own signature, good for ``seconds``. Problem 400 for who has no access
        key to sign with."""
        return (await self.signer()).url(method, url, seconds)

    async def signer(self) -> Signer:
        """Who signs URLs in the caller's name: his access key, or temporary credentials for who came with a token.
        Problem 400 for who has neither."""
        around, identity = self.surroundings, self.identity
        token = self.wire.headers.get(TOKEN) or self.wire.parameters.get("X-Amz-Security-Token") or ""
        found: Credential | Lapse | None = None
        if identity.access_key and identity.session is not None:
            found = await around.credentials.find_session(identity.access_key, token)
        elif identity.access_key:
            found = await around.credentials.find(identity.access_key)
        elif around.issue is not None and identity.session is not None:
            issued = around.issue(identity)
            found, token = Credential(issued.access_key, issued.secret, identity), issued.token
        if not isinstance(found, Credential):
            raise bad_request("only who has an access key can have URLs signed")
        return Signer(found, token, around.region, around.clock.now())


@frozen
class Signer:
    """Signs URLs and forms with an access key, as of ``moment`` (µs); ``token`` is that of temporary ones."""

    credential: Credential
    token: str
    region: str
    moment: int

    def seconds(self, wanted: int) -> int:
        """How long what is signed is good, when it is wanted for so long: not longer than the credentials."""
        session = self.credential.identity.session
        return wanted if session is None else max(1, min(wanted, (session.expires - self.moment) // 1_000_000))

    def url(self, method: str, url: str, seconds: int, parameters: dict[str, str] | None = None) -> str:
        """``url`` (no query) signed, with these parameters."""
        return presigned_url(
            self.credential,
            method,
            url,
            region=self.region,
            moment=self.moment,
            seconds=self.seconds(seconds),
            parameters={**(parameters or {}), **({"X-Amz-Security-Token": self.token} if self.token else {})},
        )

    def form(self, fields: dict[str, str], seconds: int, *, bucket: str, size: int) -> dict[str, str]:
        """The fields of a form for one file of ``size`` bytes."""
        return signed_form(
            self.credential,
            {**fields, **({TOKEN: self.token} if self.token else {})},
            region=self.region,
            moment=self.moment,
            seconds=self.seconds(seconds),
            bucket=bucket,
            size=size,
        )
