"""The canonical request of Signature Version 4: the spelling that client and server must agree on.

Follows "Signature Calculations for the Authorization Header" of the Amazon S3 API reference. All text stands for bytes,
one character each (Latin-1), as headers and target come off the wire.
"""

from __future__ import annotations

import re
from urllib.parse import quote_from_bytes, unquote_to_bytes

from trug.domain.errors import ErrorCode, S3Error
from trug.wire.request import Headers

# Runs are possessive (3.11): no input makes them backtrack.
PLAIN = r"[A-Za-z0-9._~-]"
ESCAPE = r"%(?:[0189A-F][0-9A-F]|2[0-9A-C]|3[A-F]|[46]0|5[B-E]|7[BCDF])"
TEXT = rf"(?:{PLAIN}++|{ESCAPE}|%2F)*+"
PLAIN_PATH = re.compile(r"[A-Za-z0-9._~/-]+")
CANONICAL_PATH = re.compile(rf"/(?:[A-Za-z0-9._~/-]++|{ESCAPE})*+")
CANONICAL_QUERY = re.compile(rf"{TEXT}(?:={TEXT})?+(?:&{TEXT}(?:={TEXT})?+)*+")
BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
BLANKS = re.compile(r"[ \t]+")

Pairs = list[tuple[str, str]]


def canonical_path(path: str) -> str:
    """The path as received, decoded and encoded once; S3 does not normalise it. InvalidURI for a broken escape."""
    if PLAIN_PATH.fullmatch(path) or CANONICAL_PATH.fullmatch(path):
        return path
    return quote_from_bytes(decoded(path), safe="/") or "/"


def canonical_pairs(query: str) -> Pairs:
    """Names and values of the query as received, encoded, in its order; ``+`` is a space. InvalidURI as above."""
    parts = [piece.partition("=") for piece in query.split("&") if piece]
    if CANONICAL_QUERY.fullmatch(query):
        return [(name, value) for name, _, value in parts]
    return [(encoded(name), encoded(value)) for name, _, value in parts]


def canonical_query(pairs: Pairs) -> str:
    """Sorted by name, then by value."""
    return "&".join([f"{name}={value}" for name, value in sorted(pairs)])


def single_spaced(lines: str) -> str:
    """Runs of blanks as one space."""
    return BLANKS.sub(" ", lines) if "  " in lines or "\t" in lines else lines


def unsigned(headers: Headers, covered: frozenset[str]) -> list[str]:
    """The headers that S3 wants signed and that ``covered`` lacks."""
    missed = [name for name in headers if name[:6] == "x-amz-" and name not in covered]
    if "content-md5" in headers and "content-md5" not in covered:
        missed.append("content-md5")
    return missed


def encoded(text: str) -> str:
    return quote_from_bytes(decoded(text.replace("+", " ")), safe="")


def decoded(text: str) -> bytes:
    if BAD_ESCAPE.search(text):
        raise S3Error(ErrorCode.InvalidURI)
    return unquote_to_bytes(text.encode("latin-1", "replace"))
