"""What a client claims with a Signature Version 4, and whether its signature bears that out."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from hmac import compare_digest
from operator import itemgetter

from trug.auth import refusals
from trug.auth.canonical import canonical_path, single_spaced
from trug.auth.payloads import CONTENT_SHA256
from trug.auth.scope import Place, Scope, read_scope, read_signed_headers
from trug.auth.signing import SigningKey
from trug.domain.frozen import frozen
from trug.wire.request import Headers, WireRequest

ALGORITHM = "AWS4-HMAC-SHA256"
ASYMMETRIC_ALGORITHM = "AWS4-ECDSA-P256-SHA256"


@frozen
class Claim:
    """Whose key, for which scope, over which headers; ``covered`` are those that the signature binds.

    ``lines`` is the template of their lines in the canonical request, ``values`` what picks the values for it.
    """

    scope: Scope
    signed_text: str
    covered: frozenset[str]
    lines: str
    values: Callable[[Headers], object]


def read_claim(credential: str, signed_headers: str, service: str, regions: tuple[str, ...], place: Place) -> Claim:
    """``x-amz-content-sha256`` is covered, listed or not: it is the canonical request's last line."""
    scope = read_scope(credential, service, regions, place)
    signed = read_signed_headers(signed_headers, place)
    lines = "".join([f"{name.replace('%', '%%')}:%s\n" for name in signed])
    return Claim(scope, signed_headers, frozenset({*signed, CONTENT_SHA256}), lines, itemgetter(*signed))


def canonical_request(wire: WireRequest, query: str, claim: Claim, payload: str, signature: str) -> str:
    """SignatureDoesNotMatch when a header that was signed did not arrive."""
    try:
        return canonical_text(wire.method, wire.target.path, query, wire.headers, claim, payload)
    except KeyError as error:
        raise refusals.header_absent(error.args[0], claim.scope.access_key, signature) from None


def canonical_text(method: str, path: str, query: str, headers: Headers, claim: Claim, payload: str) -> str:
    """KeyError when a header that was signed did not arrive, InvalidURI for a path with a broken escape."""
    lines = single_spaced(claim.lines % claim.values(headers))
    return f"{method}\n{canonical_path(path)}\n{query}\n{lines}\n{claim.signed_text}\n{payload}"


def string_to_sign(canonical: str, requested: str, scope: Scope) -> str:
    raw = canonical.encode() if canonical.isascii() else canonical.encode("latin-1", "replace")
    return f"{ALGORITHM}\n{requested}\n{scope.text}\n{sha256(raw).hexdigest()}"


def is_signed_by(key: SigningKey, text: str, signature: str) -> bool:
    """In constant time; ``compare_digest`` takes no text that is not ASCII, which is no signature either."""
    return signature.isascii() and compare_digest(key.sign(text), signature)
