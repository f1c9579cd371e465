"""Tags of objects and buckets, as documents and the tagging header carry them."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.percent import decode_percent

OBJECT_TAGS = 10
BUCKET_TAGS = 50
MAX_KEY_LENGTH = 128
MAX_VALUE_LENGTH = 256
SYSTEM_PREFIX = "aws:"
HEADER = "x-amz-tagging"

PLAIN = re.compile(r"[A-Za-z0-9 +\-=._:/@]*\Z")
PUNCTUATION = frozenset("+-=._:/@")
ALLOWED_CATEGORIES = frozenset("LZN")


def parse_tagging_header(text: str) -> dict[str, str]:
    """The tags in ``x-amz-tagging``, which is written like a URL's query (``a=1&b=two+words``).

    InvalidArgument when it is not, or names a tag twice; else as ``check_tags`` for an object.
    """
    pairs = [_pair(piece, text) for piece in text.split("&") if piece]
    if len(dict(pairs)) < len(pairs):
        raise _malformed(text)
    return check_tags(pairs, limit=OBJECT_TAGS)


def check_tags(pairs: list[tuple[str, str]], *, limit: int) -> dict[str, str]:
    """The tags in their order, at most ``limit`` (10 for an object, 50 for a bucket).

    BadRequest for more; InvalidTag for a key twice, a key of other than 1 to 128 or a value of more than 256
    characters, a character outside letters, digits, spaces and ``+ - = . _ : / @``, and keys that begin with ``aws:``
    ("Categorizing your objects using tags" in the Amazon S3 User Guide).
    """
    if len(pairs) > limit:
        owner = "Object" if limit == OBJECT_TAGS else "Bucket"
        raise S3Error(ErrorCode.BadRequest, f"{owner} tags cannot be greater than {limit}")
    tags: dict[str, str] = {}
    for key, value in pairs:
        _check(key, value)
        if key in tags:
            raise _invalid("Cannot provide multiple Tags with the same key", TagKey=key)
        tags[key] = value
    return tags


def as_policies_see(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags by lower-case key, for policies tell no case of keys apart. Of keys that differ in nothing else one counts,
    whatever their order, so that what a policy lets be written another reads in the same way."""
    return {key.lower(): value for key, value in sorted(tags.items(), reverse=True)}


def _check(key: str, value: str) -> None:
    if not key or not _is_allowed(key, MAX_KEY_LENGTH):
        raise _invalid("The TagKey you have provided is invalid", TagKey=key)
    if not _is_allowed(value, MAX_VALUE_LENGTH):
        raise _invalid("The TagValue you have provided is invalid", TagKey=key, TagValue=value)
    if key.lower().startswith(SYSTEM_PREFIX):
        raise _invalid("System tags cannot be added/updated by requester", TagKey=key)


def _is_allowed(text: str, limit: int) -> bool:
    if PLAIN.match(text):
        return len(text) <= limit
    return _length(text) <= limit and all(
        character in PUNCTUATION or unicodedata.category(character)[0] in ALLOWED_CATEGORIES for character in text
    )


def _length(text: str) -> int:
    """S3 counts UTF-16 code units: characters beyond the basic plane count twice."""
    return len(text) + sum(character > "\uffff" for character in text)


def _pair(piece: str, header: str) -> tuple[str, str]:
    key, _, value = piece.partition("=")
    if not key:
        raise _malformed(header)
    return _decoded(key, header), _decoded(value, header)


def _decoded(text: str, header: str) -> str:
    try:
        return decode_percent(text.replace("+", " "))
    except ValueError as error:
        raise _malformed(header) from error


def _malformed(header: str) -> S3Error:
    return invalid_argument(
        "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name "
        "duplicates.",
        HEADER,
        header,
    )


def _invalid(message: str, **fields: str) -> S3Error:
    return S3Error(ErrorCode.InvalidTag, message, fields=fields)
