"""Who asks on the management port: a signature, an access key by HTTP Basic, or a bearer token."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from hashlib import sha256
from hmac import compare_digest

from starlette.requests import Request

from trug.auth.authenticate import Authenticator
from trug.auth.payloads import CONTENT_SHA256
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.identity import ANONYMOUS, Identity
from trug.domain.percent import decode_percent
from trug.iam.oidc import TokenRefused
from trug.manage.api.problems import Problem, bad_request, unauthenticated
from trug.ports.keys import CredentialStore
from trug.wire.payload import Payload
from trug.wire.request import Headers, RawBody, Target, WireRequest

LOOPBACK = ("127.", "::ffff:127.")
ANOTHER_SITE = "requests from pages of other sites do not count with an access key and its secret"
SERVICES = ("trug", "s3")
"""What a signature's scope may name."""

Bearer = Callable[[str], Awaitable[Identity]]


@frozen
class Caller:
    """Who asks, and what the request's body must prove."""

    identity: Identity
    payload: Payload = Payload()


class Callers:
    """Finds out who sent a request. ``bearer`` verifies tokens; without it none is valid."""

    def __init__(
        self, authenticator: Authenticator, credentials: CredentialStore, bearer: Bearer | None = None
    ) -> None:
        self._authenticator = authenticator
        self._credentials = credentials
        self._bearer = bearer

    async def identify(self, request: Request, wire: WireRequest, body: bytes | None) -> Caller:
        """The caller (``body`` where it was read already); ANONYMOUS where nothing says who that is. Problem 401 for
        what says so and does not hold."""
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        match scheme.lower():
            case "basic":
                return Caller(await self._by_key(request, wire, value.strip()))
            case "bearer":
                return Caller(await self._by_token(value.strip()))
            case "" if b"x-amz-signature=" not in request.scope["query_string"].lower():
                return Caller(ANONYMOUS)
            case "" if "X-Amz-Signature" in wire.parameters:
                return await self._by_signature(request, wire, body)
            case "aws4-hmac-sha256":
                return await self._by_signature(request, wire, body)
        raise unauthenticated()

    async def _by_key(self, request: Request, wire: WireRequest, value: str) -> Identity:
        """HTTP Basic with an access key: only where nobody else hears it, and not from pages of other sites, with
        whose requests browsers send it unasked."""
        if request.scope["scheme"] != "https" and not is_loopback(client_of(request)):
            raise unauthenticated("an access key and its secret are only taken over TLS")
        if is_forged(wire):
            raise Problem(403, ANOTHER_SITE)
        try:
            name, _, secret = base64.b64decode(value, validate=True).decode().partition(":")
        except (binascii.Error, UnicodeDecodeError) as error:
            raise unauthenticated() from error
        credential = await self._credentials.find(name)
        if not compare_digest((credential.secret if credential else "").encode(), secret.encode()) or not credential:
            raise unauthenticated()
        return credential.identity

    async def _by_token(self, token: str) -> Identity:
        if self._bearer is None:
            raise unauthenticated()
        try:
            return await self._bearer(token)
        except TokenRefused as refusal:
            raise unauthenticated() from refusal

    async def _by_signature(self, request: Request, wire: WireRequest, body: bytes | None) -> Caller:
        """Without ``x-amz-content-sha256`` the body itself is what was signed."""
        is_told = body is None or CONTENT_SHA256 in wire.headers
        digest = None if is_told else sha256(body or b"").hexdigest()
        try:
            answer = await self._authenticator.authenticate(wire, service_of(request), digest)
        except S3Error as refusal:
            if refusal.code.status == ErrorCode.InternalError.status:
                raise
            raise unauthenticated() from refusal
        return Caller(answer.identity, answer.payload)


def is_loopback(client: str) -> bool:
    return client == "::1" or client.startswith(LOOPBACK)


def is_forged(wire: WireRequest) -> bool:
    """Whether a browser says that a page of another origin has it change something ("Fetch Metadata Request Headers";
    of browsers that are older, Origin). Such pages cannot read answers, CORS being off."""
    headers = wire.headers
    if wire.method in ("GET", "HEAD"):
        return False
    if "sec-fetch-site" in headers:
        return headers["sec-fetch-site"] not in ("none", "same-origin")
    return "origin" in headers and headers["origin"].partition("://")[2].lower() != headers.get("host", "").lower()


def service_of(request: Request) -> str:
    """Which of the services the scope of a signature names, in the header or in the query."""
    text = request.headers.get("authorization", "") + request.query_params.get("X-Amz-Credential", "")
    return next((service for service in SERVICES if f"/{service}/aws4_request" in text), SERVICES[0])


def wire_of(request: Request, body: RawBody, request_id: str, received: int) -> WireRequest:
    """The request as authentication reads it: the raw path and query, and no bucket. Problem 400."""
    scope = request.scope
    raw_query: bytes = scope["query_string"]
    if not raw_query.isascii() or not scope["raw_path"].isascii():
        raise bad_request("the path or the query is not valid")
    query = pairs_of(raw_query.decode())
    return WireRequest(
        method=request.method,
        target=Target(None, None, scope["raw_path"].decode()),
        query=query,
        raw_query=raw_query.decode(),
        headers=Headers(scope["headers"]),
        raw_body=body,
        scheme=scope["scheme"],
        client=client_of(request),
        received=received,
        request_id=request_id,
        parameters=dict(reversed(query)),
    )


def client_of(request: Request) -> str:
    """The address that the request comes from, empty where nobody knows."""
    client = request.scope.get("client")
    return client[0] if client else ""


def pairs_of(raw: str) -> tuple[tuple[str, str], ...]:
    """The query's decoded pairs in their order. Problem 400 for what is not UTF-8."""
    pairs = [pair.partition("=") for pair in raw.split("&") if pair]
    try:
        return tuple((_text(name), _text(value)) for name, _, value in pairs)
    except ValueError as error:
        raise bad_request("the query is not valid") from error


def _text(raw: str) -> str:
    return decode_percent(raw.replace("+", " "))
