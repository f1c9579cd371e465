"""What a client claims with a Signature Version 4, and whether its signature bears that out."""

from __future__ import annotations

from hashlib import sha256
from hmac import compare_digest

from trug.auth import refusals
from trug.auth.canonical import canonical_headers, canonical_path
from trug.auth.payloads import CONTENT_SHA256
from trug.auth.scope import Place, Scope, read_scope, read_signed_headers
from trug.auth.signing import SigningKey
from trug.domain.frozen import frozen
from trug.wire.request import WireRequest

ALGORITHM = "AWS4-HMAC-SHA256"
ASYMMETRIC_ALGORITHM = "AWS4-ECDSA-P256-SHA256"


@frozen
class Claim:
    """Whose key, for which scope, over which headers; ``covered`` are those that the signature binds."""

    scope: Scope
    signed: tuple[str, ...]
    signed_text: str
    covered: frozenset[str]


def read_claim(credential: str, signed_headers: str, service: str, regions: tuple[str, ...], place: Place) -> Claim:
    """``x-amz-content-sha256`` is covered, listed or not: it is the canonical request's last line."""
    scope = read_scope(credential, service, regions, place)
    signed = read_signed_headers(signed_headers, place)
    return Claim(scope, signed, signed_headers, frozenset({*signed, CONTENT_SHA256}))


def canonical_request(wire: WireRequest, query: str, claim: Claim, payload: str, signature: str) -> str:
    """SignatureDoesNotMatch when a header that was signed did not arrive."""
    try:
        lines = canonical_headers(wire.headers, claim.signed)
    except KeyError as error:
        raise refusals.header_absent(error.args[0], claim.scope.access_key, signature) from None
    return f"{wire.method}\n{canonical_path(wire.target.path)}\n{query}\n{lines}\n{claim.signed_text}\n{payload}"


def string_to_sign(canonical: str, requested: str, scope: Scope) -> str:
    return f"{ALGORITHM}\n{requested}\n{scope.text}\n{sha256(canonical.encode('latin-1', 'replace')).hexdigest()}"


def is_signed_by(key: SigningKey, text: str, signature: str) -> bool:
    """In constant time; ``compare_digest`` takes no text that is not ASCII, which is no signature either."""
    return signature.isascii() and compare_digest(key.sign(text), signature)
