"""The one door of authentication: finds how a request was signed and has that verified."""

from __future__ import annotations

from collections.abc import Awaitable, Mapping

from trug.auth import refusals
from trug.auth.authentication import Authentication
from trug.auth.claim import ALGORITHM, ASYMMETRIC_ALGORITHM
from trug.auth.credentials import TOKEN, token_of
from trug.auth.diagnosis import Diagnosing
from trug.auth.payloads import CONTENT_SHA256, UNSIGNED, unchained_payload
from trug.auth.postpolicy import Permit, PostPolicies
from trug.auth.presigned import PresignedUrls
from trug.auth.signing import SigningKeys
from trug.auth.sigv2 import SCHEME as SIGV2
from trug.auth.sigv2 import SignaturesV2
from trug.auth.sigv4 import HeaderSignatures
from trug.domain.identity import ANONYMOUS
from trug.ports.keys import Clock, CredentialStore
from trug.wire.request import Headers, Rule, WireRequest

__all__ = ["Authentication", "Authenticator"]

IN_QUERY_V4 = frozenset({"X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Signature"})
IN_QUERY_V2 = frozenset({"AWSAccessKeyId", "Signature"})


SIGV4 = ALGORITHM + " "
IS_PLAIN = Rule(lambda names: names.count("authorization") == 1 and TOKEN not in names)
"""Of nearly all requests: one signature in the header, and no token that has a say."""


class Authenticator:
    """Tells who sent a request.

    ``regions`` are those that a scope may name, the default first; ``public_hosts`` (``host`` or ``host:port``) those
    that presigned URLs may have been made for, besides the host a request arrives with.
    """

    def __init__(
        self,
        credentials: CredentialStore,
        clock: Clock,
        regions: tuple[str, ...],
        *,
        allows_sigv2_header: bool,
        public_hosts: tuple[str, ...] = (),
    ) -> None:
        keys = SigningKeys()
        diagnosing = Diagnosing(clock, public_hosts)
        self._headers = HeaderSignatures(credentials, keys, clock, regions, diagnosing)
        self._presigned = PresignedUrls(credentials, keys, clock, regions, public_hosts, diagnosing)
        self._sigv2 = SignaturesV2(credentials, clock)
        self._forms = PostPolicies(credentials, keys, clock, regions)
        self._allows_sigv2_header = allows_sigv2_header

    def recognise(self, method: str, path: str, query: str, headers: Headers, received: int) -> Authentication | None:
        """What ``authenticate`` answers, for S3, to a request signed in its header like one that was right before,
        found without waiting; None says nothing. ``query`` is canonical, ``received`` in µs since 1970."""
        if not headers.shape.facts[IS_PLAIN]:
            return None
        return self._headers.recognise(method, path, query, headers, "s3", received)

    async def authenticate(self, wire: WireRequest, service: str = "s3", digest: str | None = None) -> Authentication:
        """Verify the request's signature, if it has one. S3Error when it has one that does not hold.

        ``service`` is what a scope must name. Services other than S3 sign the body itself, whatever the request
        declares of it, and in Version 4 alone: they give the lower-case hex SHA-256 of the body that came as
        ``digest``.
        """
        headers, parameters = wire.headers, wire.parameters
        authorization = headers.get("authorization")
        if authorization is not None and not parameters and IS_PLAIN(headers) and authorization.startswith(SIGV4):
            return await self._headers.verify(wire, authorization, service, digest)
        is_v4 = is_v2 = False
        if wire.raw_query:
            is_v4 = not IN_QUERY_V4.isdisjoint(parameters)
            is_v2 = not IN_QUERY_V2.isdisjoint(parameters)
        if authorization is None and not is_v4 and not is_v2:
            return Authentication(ANONYMOUS, unchained_payload(headers.get(CONTENT_SHA256) or UNSIGNED))
        if is_v4 + is_v2 + headers.count("authorization") > 1:
            raise refusals.one_mechanism_only(shown_scheme(authorization or ""))
        if is_v4:
            return await self._presigned.verify(wire, service, digest)
        if is_v2 and digest is None:
            return await self._sigv2.verify_query(wire)
        caller = await self._by_scheme(wire, authorization or "", service, digest)
        if caller.identity.session is None and token_of(wire) is not None:
            raise refusals.bad_token()
        return caller

    async def authenticate_form(self, fields: Mapping[str, str], bucket: str) -> Permit:
        """Who signed the policy of a form that was sent to ``bucket``, and what it permits. Errors as
        ``PostPolicies.verify``."""
        return await self._forms.verify(fields, bucket)

    def _by_scheme(
        self, wire: WireRequest, authorization: str, service: str, digest: str | None
    ) -> Awaitable[Authentication]:
        scheme = authorization.partition(" ")[0]
        if scheme == ALGORITHM:
            return self._headers.verify(wire, authorization, service, digest)
        if scheme == ASYMMETRIC_ALGORITHM:
            raise refusals.asymmetric_is_not_built()
        if scheme != SIGV2:
            raise refusals.unsupported_scheme(shown_scheme(authorization))
        if not self._allows_sigv2_header or digest is not None:
            raise refusals.sigv2_is_off()
        return self._sigv2.verify_header(wire, authorization)


def shown_scheme(authorization: str) -> str:
    """The scheme of the header, to be told. What has no scheme before it may be the secret itself."""
    scheme, space, _ = authorization.partition(" ")
    return scheme if space or not scheme else "***"
