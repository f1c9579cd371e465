"""What a handler is given besides what was asked."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from starlette.requests import Request

from trug.access.actions import Action
from trug.access.authority import Authority
from trug.auth.credentials import credential_of, token_of
from trug.auth.presigning import presigned_url, signed_form
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
from trug.operations.context import Context
from trug.ports.keys import Clock, Credential, CredentialStore
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore
from trug.settings import UploadProfile, upload_profiles
from trug.wire.request import WireRequest

NO_CONTENT = Content(b"")
PROFILES = MappingProxyType(upload_profiles("{}"))
TOKEN = "x-amz-security-token"
ENDING = "trug.ending"
"""Under which name the scope of a request has the event that says that the server is to stop."""


@frozen
class Surroundings:
    """What the services stand on, and how the server is set up.

    ``public_url`` is the S3 port as clients reach it, without a slash at its end; ``env`` what ``/health`` calls this
    installation; an upload may take ``upload_seconds`` and have one of ``upload_types``; ``scratch`` is a directory for
    files without a name, None for the system's. ``sessions`` makes temporary keys, where there are any.
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
    profiles: Mapping[str, UploadProfile] = PROFILES
    sessions: Sessions | None = None
    user_types: tuple[str, ...] = ("renter", "rentee")

    def url_of(self, bucket: str, key: str) -> str:
        """Where S3 has the object."""
        return f"{self.public_url}/{bucket}/{quote(key, safe='/-_.~')}"


@frozen
class Visit:
    """One request to an endpoint, by somebody who is known (or by nobody, where the endpoint is open).

    ``wire`` is the request as policies see it (manage.api.conditions)."""

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

    async def is_over(self) -> bool:
        """Whether who asked could not ask again: the key is removed or switched off, the session has ended. For
        answers that go on for long."""
        around, identity = self.surroundings, self.identity
        if identity.session is not None and identity.session.expires <= around.clock.now():
            return True
        if not identity.access_key:
            return False
        try:
            await credential_of(around.credentials, around.clock, identity.access_key, token_of(self.wire))
        except S3Error as refusal:
            if refusal.code.status >= 500:
                raise
            return True
        return False

    async def presigned(self, method: str, url: str, seconds: int) -> str:
        """``url`` (no query) signed for the caller, good for ``seconds``, or until the caller's session ends. Problem
        400 for who can have nothing signed."""
        return (await self.signer()).url(method, url, seconds)

    async def signer(self) -> Signer:
        """Who signs for the caller: his own key, or for who came with a token of somebody else's, temporary ones of the
        same session. Problem 400 for who can have nothing signed."""
        around, identity = self.surroundings, self.identity
        if identity.access_key:
            token = token_of(self.wire)
            credential = await credential_of(around.credentials, around.clock, identity.access_key, token)
            return Signer(credential, token or "", around.region, around.clock.now())
        if identity.session is None or around.sessions is None:
            raise bad_request("only who has an access key or a token can have URLs signed")
        issued = around.sessions.issue(identity)
        credential = Credential(issued.access_key, issued.secret, identity)
        return Signer(credential, issued.token, around.region, around.clock.now())


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
