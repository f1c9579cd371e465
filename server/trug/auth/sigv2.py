"""Signature Version 2, in the query (boto3 still makes such URLs) and in the Authorization header.

Follows "Signing and authenticating REST requests" of the Amazon S3 user guide.
"""

from __future__ import annotations

import hmac
from base64 import b64encode
from hashlib import sha1

from trug.auth import refusals
from trug.auth.authentication import Authentication
from trug.auth.canonical import decoded
from trug.auth.credentials import credential_of, token_of
from trug.auth.payloads import CONTENT_SHA256, UNSIGNED, unchained_payload
from trug.auth.times import dated
from trug.domain.errors import ErrorCode, S3Error
from trug.ports.keys import Clock, Credential, CredentialStore
from trug.wire.request import Headers, WireRequest

SCHEME = "AWS"
REQUIRED = ("AWSAccessKeyId", "Signature", "Expires")
LONGEST_EXPIRES = 15

DOCUMENTED = """
    acl cors delete lifecycle location logging notification partNumber policy requestPayment restore tagging torrent
    uploadId uploads versionId versioning versions website
    response-cache-control response-content-disposition response-content-encoding response-content-language
    response-content-type response-expires
"""
SIGNED_BY_BOTOCORE_TOO = """
    accelerate analytics defaultObjectAcl inventory metrics object-lock replication select select-type storageClass
"""
# No list of signed names has these. They count as signed all the same: otherwise the holder of a URL to read or write
# an object could make it one that reads or sets the object's retention.
ADDED_TO_S3_SINCE = """
    abac annotation attributes encryption intelligent-tiering legal-hold metadataAnnotationTable metadataConfiguration
    metadataInventoryTable metadataJournalTable metadataTable ownershipControls policyStatus publicAccessBlock
    renameObject retention session
"""
SUB_RESOURCES = frozenset((DOCUMENTED + SIGNED_BY_BOTOCORE_TOO + ADDED_TO_S3_SINCE).split())


class SignaturesV2:
    """Verifies both places of a Signature Version 2. Bodies are not part of what it signs."""

    def __init__(self, credentials: CredentialStore, clock: Clock) -> None:
        self._credentials = credentials
        self._clock = clock

    async def verify_header(self, wire: WireRequest, authorization: str) -> Authentication:
        access_key, _, signature = authorization.removeprefix(SCHEME).strip().rpartition(":")
        if not access_key or not signature:
            raise S3Error(ErrorCode.AuthorizationHeaderMalformed)
        date = self._checked_date(wire.headers)
        return await self._verify(wire, access_key, signature, string_to_sign(wire, date, amz_headers(wire.headers)))

    async def verify_query(self, wire: WireRequest) -> Authentication:
        parameters = wire.parameters
        if not all(parameters.get(name) for name in REQUIRED):
            raise S3Error(
                ErrorCode.AccessDenied,
                "Query-string authentication requires the Signature, Expires and AWSAccessKeyId parameters",
            )
        access_key, signature, expires = (parameters[name] for name in REQUIRED)
        self._check_expiry(expires)
        # Signers move x-amz-* headers into the URL; one that was sent as a header too counts as sent.
        signed = {**amz_parameters(wire.raw_query), **amz_headers(wire.headers)}
        return await self._verify(wire, access_key, signature, string_to_sign(wire, expires, signed))

    async def _verify(self, wire: WireRequest, access_key: str, signature: str, text: str) -> Authentication:
        payload = unchained_payload(wire.headers.get(CONTENT_SHA256) or UNSIGNED)
        if not access_key.isprintable():
            raise refusals.unknown_key(access_key)
        credential = await credential_of(self._credentials, self._clock, access_key, token_of(wire))
        if not hmac.compare_digest(signed_by(credential, text), signature.encode("utf-8", "replace")):
            raise refusals.mismatch(access_key, text, signature)
        return Authentication(credential.identity, payload)

    def _checked_date(self, headers: Headers) -> str:
        """The Date line, which is empty when ``x-amz-date`` stands among the signed headers instead."""
        own = headers.get("x-amz-date")
        date = headers.get("date") or "" if own is None else own
        try:
            moment = dated(date)
        except ValueError as error:
            raise refusals.no_valid_date() from error
        now = self._clock.now()
        if abs(moment - now) > refusals.SKEW:
            raise refusals.too_skewed(date, moment, now)
        return date if own is None else ""

    def _check_expiry(self, expires: str) -> None:
        if not (expires.isascii() and expires.isdigit() and len(expires) <= LONGEST_EXPIRES):
            raise S3Error(ErrorCode.AccessDenied, f"Invalid date (should be seconds since epoch): {expires}")
        end, now = int(expires) * 1_000_000, self._clock.now()
        if now > end:
            raise refusals.expired(end, now)


def string_to_sign(wire: WireRequest, date: str, amz: dict[str, str]) -> str:
    """One character per byte, as canonical requests are."""
    headers = wire.headers
    lines = "".join(f"{name}:{amz[name]}\n" for name in sorted(amz))
    md5, kind = headers.get("content-md5") or "", headers.get("content-type") or ""
    return f"{wire.method}\n{md5}\n{kind}\n{date}\n{lines}{canonical_resource(wire)}"


def canonical_resource(wire: WireRequest) -> str:
    """The path as received, under its bucket in virtual-hosted style, and the sub-resources, decoded.

    A bucket's own path ends with a slash, whether or not the request's does (botocore signs it so: S3 demands it).
    """
    target = wire.target
    path = f"/{target.bucket}{target.path}" if target.is_virtual else target.path
    if path == f"/{target.bucket}":
        path += "/"
    parts = [
        (name, f"{name}{equals}{value}")
        for name, equals, value in decoded_query(wire.raw_query)
        if name in SUB_RESOURCES
    ]
    if not parts:
        return path
    return f"{path}?{'&'.join(text for _, text in sorted(parts, key=lambda part: part[0]))}"


def amz_headers(headers: Headers) -> dict[str, str]:
    return {name: headers[name] for name in headers if name.startswith("x-amz-")}


def amz_parameters(query: str) -> dict[str, str]:
    """By lower-case name. Values of one name are joined, as those of a header are: so that nobody puts another before
    that which was signed."""
    found: dict[str, list[str]] = {}
    for name, _, value in decoded_query(query):
        if name.lower().startswith("x-amz-"):
            found.setdefault(name.lower(), []).append(value)
    return {name: ",".join(values) for name, values in found.items()}


def decoded_query(query: str) -> list[tuple[str, str, str]]:
    """Name, ``=`` or nothing, and value of each parameter, in their order."""
    return [
        (plain(name), equals, plain(value))
        for name, equals, value in (piece.partition("=") for piece in query.split("&") if piece)
    ]


def plain(text: str) -> str:
    return decoded(text.replace("+", " ")).decode("latin-1") if "%" in text or "+" in text else text


def signed_by(credential: Credential, text: str) -> bytes:
    return b64encode(hmac.digest(credential.secret.encode(), text.encode("latin-1", "replace"), sha1))
