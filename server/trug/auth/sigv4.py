"""Signature Version 4 in the Authorization header."""

from __future__ import annotations

import re

from trug.auth import refusals
from trug.auth.authentication import Authentication
from trug.auth.canonical import canonical_pairs, canonical_query, unsigned
from trug.auth.claim import (
    ALGORITHM,
    Claim,
    canonical_request,
    canonical_text,
    is_signed_by,
    read_claim,
    string_to_sign,
)
from trug.auth.credentials import credential_of, token_of
from trug.auth.diagnosis import Diagnosing, Mismatched
from trug.auth.payloads import CONTENT_SHA256, mode_of
from trug.auth.scope import IN_HEADER, Scope
from trug.auth.signing import SigningKey, SigningKeys, chained
from trug.auth.times import dated, stamp, stamped
from trug.domain.bounded import Bounded
from trug.domain.errors import ErrorCode, S3Error
from trug.ports.keys import Clock, Credential, CredentialStore
from trug.wire.request import Headers, Shape, WireRequest

COMPONENT = re.compile(r"(?:^|,)\s*(Credential|SignedHeaders|Signature)=")
COMPONENTS = {"Credential", "SignedHeaders", "Signature"}
SIGNATURE = "Signature="
SIGNATURE_LENGTH = 64
DATE = "x-amz-date"
REMEMBERED = 4096
LONGEST_REMEMBERED = 1024


class HeaderSignatures:
    """Verifies requests signed in the header ("Authenticating Requests: Using the Authorization Header").

    Clients repeat all of that header but the signature, and the names of the headers beside it. What was read from the
    one and found in the other is kept, once a signature has been found right, so that nobody without a key fills the
    memory, and where neither is longer than what clients send, so that nobody with a key does.
    """

    def __init__(
        self,
        credentials: CredentialStore,
        keys: SigningKeys,
        clock: Clock,
        regions: tuple[str, ...],
        diagnosing: Diagnosing,
    ) -> None:
        self._credentials = credentials
        self._keys = keys
        self._clock = clock
        self._regions = regions
        self._diagnosing = diagnosing
        self._known: Bounded[tuple[str, Shape], tuple[Claim, SigningKey]] = Bounded(REMEMBERED)

    def recognise(
        self, method: str, path: str, query: str, headers: Headers, service: str, received: int
    ) -> Authentication | None:
        """What ``verify`` answers to a request whose header is like one that was found right before; None for any
        other, and for whatever may be wrong with it. ``query`` is canonical, ``received`` in µs since 1970.

        ``verify`` takes four coroutines, and looks for all that a first request has to be asked.
        """
        prefix, _, signature = headers["authorization"].rpartition(SIGNATURE)
        known = self._known.get((prefix, headers.shape))
        if known is None or len(signature) != SIGNATURE_LENGTH:
            return None
        claim, key = known
        scope, requested, declared = claim.scope, headers.get(DATE), headers.get(CONTENT_SHA256)
        if requested is None or declared is None or scope.service != service:
            return None
        if self._credentials.known(scope.access_key) is not key.credential or not requested.startswith(scope.day):
            return None
        try:
            if not -refusals.SKEW <= stamped(requested) - received <= refusals.SKEW:
                return None
            settled = key.settled.get(declared)
            mode = mode_of(declared) if settled is None else None
            canonical = canonical_text(method, path, query, headers, claim, declared)
        except (ValueError, S3Error):
            return None
        if not is_signed_by(key, string_to_sign(canonical, requested, scope), signature):
            return None
        return settled if mode is None else chained(key, mode, declared, requested, scope, signature)

    async def verify(
        self, wire: WireRequest, authorization: str, service: str, digest: str | None = None
    ) -> Authentication:
        headers = wire.headers
        prefix, _, signature = authorization.rpartition(SIGNATURE)
        known = self._known.get((prefix, headers.shape))
        if known is not None and known[0].scope.service == service and len(signature) == SIGNATURE_LENGTH:
            claim, _ = known
        else:
            known = None
            claim, signature = read_authorization(authorization, service, self._regions)
        declared = digest or headers.get(CONTENT_SHA256) or declared_payload(headers)
        mode = mode_of(declared)
        requested = self._requested(headers, claim.scope)
        if known is None and (missed := unsigned(headers, claim.covered)):
            raise refusals.headers_not_signed(missed)

        scope = claim.scope
        credential = self._credentials.known(scope.access_key) or await self._found(wire, scope.access_key)
        key = self._keys.of(credential, scope)
        query = canonical_query(canonical_pairs(wire.raw_query)) if wire.raw_query else ""
        canonical = canonical_request(wire, query, claim, declared, signature)
        text = string_to_sign(canonical, requested, scope)
        if not is_signed_by(key, text, signature):
            mismatched = Mismatched(wire, scope, credential, key, canonical, requested, signature)
            found = self._diagnosing.find(mismatched)
            raise refusals.mismatch(scope.access_key, text, signature, canonical, found)

        is_short = headers.shape.is_shared and len(prefix) <= LONGEST_REMEMBERED
        if is_short and authorization.endswith(SIGNATURE + signature):
            self._known.keep((prefix, headers.shape), (claim, key))
        return key.settled.get(declared) or chained(key, mode, declared, requested, scope, signature)

    async def _found(self, wire: WireRequest, access_key: str) -> Credential:
        return await credential_of(self._credentials, self._clock, access_key, token_of(wire))

    def _requested(self, headers: Headers, scope: Scope) -> str:
        """The request's time stamp, which must be near to now and on the scope's day."""
        requested, moment = read_time(headers)
        now = self._clock.now()
        if not -refusals.SKEW <= moment - now <= refusals.SKEW:
            raise refusals.too_skewed(requested, moment, now)
        if not requested.startswith(scope.day):
            raise refusals.other_day(scope.access_key, scope.day, requested)
        return requested


def read_authorization(authorization: str, service: str, regions: tuple[str, ...]) -> tuple[Claim, str]:
    """The claim and the signature, from components in any order. AuthorizationHeaderMalformed and its like."""
    algorithm, _, components = authorization.partition(" ")
    before, *parts = COMPONENT.split(components.strip())
    names, values = parts[::2], [value.strip() for value in parts[1::2]]
    if algorithm != ALGORITHM or before or sorted(names) != sorted(COMPONENTS) or "" in values:
        raise IN_HEADER.bad_credential(
            "the authorization header requires three components: Credential, SignedHeaders, and Signature."
        )
    found = dict(zip(names, values, strict=True))
    return read_claim(found["Credential"], found["SignedHeaders"], service, regions, IN_HEADER), found["Signature"]


def declared_payload(headers: Headers) -> str:
    """``x-amz-content-sha256``, which S3 insists on. InvalidRequest when it is missing."""
    declared = headers.get(CONTENT_SHA256)
    if declared is not None:
        return declared
    raise S3Error(ErrorCode.InvalidRequest, f"Missing required header for this request: {CONTENT_SHA256}")


def read_time(headers: Headers) -> tuple[str, int]:
    """When the request was made, as a time stamp and in µs: ``x-amz-date`` wins over ``Date``. AccessDenied if bad."""
    requested = headers.get(DATE)
    try:
        if requested is not None:
            return requested, stamped(requested)
        moment = dated(headers.get("date") or "")
    except ValueError as error:
        raise refusals.no_valid_date() from error
    return stamp(moment), moment
