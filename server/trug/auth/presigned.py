"""Signature Version 4 in the query: presigned URLs."""

from __future__ import annotations

from collections.abc import Iterator

from trug.auth import refusals
from trug.auth.authentication import Authentication
from trug.auth.canonical import Pairs, canonical_pairs, canonical_query, unsigned
from trug.auth.claim import (
    ALGORITHM,
    ASYMMETRIC_ALGORITHM,
    Claim,
    canonical_request,
    is_signed_by,
    read_claim,
    string_to_sign,
)
from trug.auth.credentials import credential_of, token_of
from trug.auth.diagnosis import Diagnosing, Mismatched
from trug.auth.payloads import CONTENT_SHA256, UNSIGNED, mode_of
from trug.auth.scope import IN_QUERY
from trug.auth.signing import SigningKeys, chained
from trug.auth.times import stamped
from trug.domain.bounded import Bounded
from trug.ports.keys import Clock, CredentialStore
from trug.wire.request import WireRequest

SIGNATURE = "X-Amz-Signature"
REQUIRED = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-SignedHeaders", "X-Amz-Date", "X-Amz-Expires", SIGNATURE)
WEEK = 604_800
REMEMBERED = 1024
LONGEST_REMEMBERED = 1024


class PresignedUrls:
    """Verifies requests signed in the query ("Authenticating Requests: Using Query Parameters").

    The host that was signed is the one the client saw, which a proxy may have replaced: the received one is tried
    first, then each of ``public_hosts``, under the bucket's name when the request came in virtual-hosted style.
    """

    def __init__(
        self,
        credentials: CredentialStore,
        keys: SigningKeys,
        clock: Clock,
        regions: tuple[str, ...],
        public_hosts: tuple[str, ...],
        diagnosing: Diagnosing,
    ) -> None:
        self._credentials = credentials
        self._keys = keys
        self._clock = clock
        self._regions = regions
        self._public_hosts = public_hosts
        self._diagnosing = diagnosing
        self._claims: Bounded[tuple[str, ...], Claim] = Bounded(REMEMBERED)

    async def verify(self, wire: WireRequest, service: str, digest: str | None = None) -> Authentication:
        parameters = wire.parameters
        algorithm, credential_text, names, requested, seconds, signature = required(parameters)
        said = (algorithm, credential_text, names)
        known = self._claims.get(said)
        if known is None or known.scope.service != service:
            check_algorithm(algorithm)
            claim = read_claim(credential_text, names, service, self._regions, IN_QUERY)
        else:
            claim = known
        declared = digest or declared_payload(wire)
        mode = mode_of(declared)
        self._check_lifetime(requested, seconds, claim)
        if missed := unsigned(wire.headers, claim.covered):
            raise refusals.headers_not_signed(missed)

        access_key, token = claim.scope.access_key, token_of(wire)
        credential = self._credentials.known(access_key) if token is None else None
        if credential is None:
            credential = await credential_of(self._credentials, self._clock, access_key, token)
        key = self._keys.of(credential, claim.scope)
        query = canonical_query(without_signature(canonical_pairs(wire.raw_query)))
        received = canonical_request(wire, query, claim, declared, signature)
        text = string_to_sign(received, requested, claim.scope)
        if not is_signed_by(key, text, signature) and not any(
            is_signed_by(key, string_to_sign(seen, requested, claim.scope), signature)
            for seen in self._as_clients_saw_it(wire, received)
        ):
            mismatched = Mismatched(wire, claim.scope, credential, key, received, requested, signature)
            found = self._diagnosing.find(mismatched)
            raise refusals.mismatch(access_key, text, signature, received, found)

        if known is None and sum(map(len, said)) <= LONGEST_REMEMBERED:
            self._claims.keep(said, claim)
        return key.settled.get(declared) or chained(key, mode, declared, requested, claim.scope, signature)

    def _as_clients_saw_it(self, wire: WireRequest, received: str) -> Iterator[str]:
        """The canonical request for each public host."""
        line = f"\nhost:{wire.headers.get('host', '')}\n"
        bucket = f"{wire.target.bucket}." if wire.target.is_virtual else ""
        for host in self._public_hosts:
            yield received.replace(line, f"\nhost:{bucket}{host}\n", 1)

    def _check_lifetime(self, requested: str, seconds: str, claim: Claim) -> None:
        """AccessDenied outside the time the URL is good for, which begins with the allowed skew."""
        try:
            begin = stamped(requested)
        except ValueError as error:
            text = "X-Amz-Date must be in the ISO8601 Long Format \"yyyyMMdd'T'HHmmss'Z'\""
            raise IN_QUERY.refusal(text) from error
        if not requested.startswith(claim.scope.day):
            raise IN_QUERY.refusal(
                f'Invalid credential date "{claim.scope.day}". This date is not the same as X-Amz-Date: "{requested}".'
            )
        end = begin + lifetime(seconds) * 1_000_000
        now = self._clock.now()
        if begin - now > refusals.SKEW:
            raise refusals.not_yet_valid(requested, begin, now)
        if now > end:
            raise refusals.expired(end, now, seconds=seconds)


def required(parameters: dict[str, str]) -> list[str]:
    """The values of REQUIRED. AuthorizationQueryParametersError when one is missing."""
    try:
        return [parameters[name] for name in REQUIRED]
    except KeyError:
        raise IN_QUERY.refusal(
            "Query-string authentication version 4 requires the X-Amz-Algorithm, X-Amz-Credential, X-Amz-Signature, "
            "X-Amz-Date, X-Amz-SignedHeaders, and X-Amz-Expires parameters."
        ) from None


def check_algorithm(algorithm: str) -> None:
    if algorithm == ASYMMETRIC_ALGORITHM:
        raise refusals.asymmetric_is_not_built()
    if algorithm != ALGORITHM:
        raise IN_QUERY.refusal(f'X-Amz-Algorithm only supports "{ALGORITHM}"')


def lifetime(text: str) -> int:
    """``X-Amz-Expires`` in seconds, 1 to 604,800."""
    if not (text.isascii() and text.removeprefix("-").isdigit()):
        raise IN_QUERY.refusal("X-Amz-Expires should be a number")
    if text.startswith("-"):
        raise IN_QUERY.refusal("X-Amz-Expires must be non-negative")
    digits = text.lstrip("0")
    if not digits:
        raise IN_QUERY.refusal("X-Amz-Expires must be at least 1 second")
    if len(digits) > len(str(WEEK)) or int(digits) > WEEK:
        raise IN_QUERY.refusal(
            f"X-Amz-Expires must be less than a week (in seconds); that is, the given X-Amz-Expires must be less than "
            f"{WEEK} seconds"
        )
    return int(digits)


def declared_payload(wire: WireRequest) -> str:
    """The canonical request's last line: what the URL or else the header declares, usually neither."""
    return wire.parameters.get("X-Amz-Content-Sha256") or wire.headers.get(CONTENT_SHA256) or UNSIGNED


def without_signature(pairs: Pairs) -> Pairs:
    """All but the first signature: a second one is a parameter that nobody signed."""
    first = next((index for index, (name, _) in enumerate(pairs) if name == SIGNATURE), len(pairs))
    return pairs[:first] + pairs[first + 1 :]
