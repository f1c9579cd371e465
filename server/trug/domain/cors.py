"""Cross-origin resource sharing: a bucket's rules, and what they allow a page of another origin."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

import msgspec

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen

MOST_RULES = 100
LONGEST_ID = 255
METHODS = ("GET", "PUT", "POST", "DELETE", "HEAD")
ANY = "*"
HEADER_NAME = re.compile(r"[!#$%&'+\-.^_`|~0-9A-Za-z]+\Z")


@frozen
class CorsRule:
    """One rule: origins and headers may each hold one ``*`` that stands for any text; ``max_age`` in seconds."""

    methods: tuple[str, ...]
    origins: tuple[str, ...]
    headers: tuple[str, ...] = ()
    exposed: tuple[str, ...] = ()
    max_age: int | None = None
    id: str = ""


Rules = tuple[CorsRule, ...]


@frozen
class Grant:
    """What a rule allows a page: ``origin`` is the page's own, or ``*`` where the rule says so itself.

    ``headers`` are those that the page asked for in its preflight, lower case.
    """

    rule: CorsRule
    origin: str
    headers: tuple[str, ...] = ()

    @property
    def allows_credentials(self) -> bool:
        """Whether the page may send credentials; never together with ``*``, which browsers refuse as well."""
        return self.origin != ANY


def check_rules(rules: Sequence[CorsRule]) -> None:
    """InvalidRequest for rules that S3 does not store ("Elements of a CORS configuration" in its user guide)."""
    if len(rules) > MOST_RULES:
        raise _invalid(f"The number of CORS rules should not exceed allowed limit of {MOST_RULES} rules.")
    ids = [rule.id for rule in rules if rule.id]
    if len(ids) > len(set(ids)):
        raise _invalid("Rule ID must be unique. Found same ID for more than one rule.")
    for rule in rules:
        _check_rule(rule)


def _check_rule(rule: CorsRule) -> None:
    if len(rule.id) > LONGEST_ID:
        raise _invalid(f"ID length should not exceed allowed limit of {LONGEST_ID}")
    for method in rule.methods:
        if method not in METHODS:
            raise _invalid(f"Found unsupported HTTP method in CORS config. Unsupported method is {method}")
    for name, patterns in (("AllowedOrigin", rule.origins), ("AllowedHeader", rule.headers)):
        for pattern in patterns:
            if pattern.count(ANY) > 1:
                raise _invalid(f'{name} "{pattern}" can not have more than one wildcard.')
    for header in rule.exposed:
        if ANY in header:
            raise _invalid(
                f'ExposeHeader "{header}" contains wildcard. We currently do not support wildcard for ExposeHeader.'
            )
        if not HEADER_NAME.match(header):
            raise _invalid(f'ExposeHeader "{header}" contains invalid character.')


def find_grant(rules: Iterable[CorsRule], origin: str, method: str, headers: Sequence[str] = ()) -> Grant | None:
    """What the first rule that fits allows: its origins, methods and headers must have all of these. None for none.

    ``headers`` are names, lower case, that a preflight asks for.
    """
    for rule in rules:
        if method not in rule.methods:
            continue
        pattern = next((pattern for pattern in rule.origins if _fits(pattern, origin)), None)
        if pattern is not None and all(_is_allowed(rule, header) for header in headers):
            return Grant(rule, ANY if pattern == ANY else origin, tuple(headers))
    return None


def _is_allowed(rule: CorsRule, header: str) -> bool:
    return any(_fits(pattern.lower(), header) for pattern in rule.headers)


def _fits(pattern: str, text: str) -> bool:
    before, wildcard, after = pattern.partition(ANY)
    if not wildcard:
        return text == pattern
    return len(text) >= len(before) + len(after) and text.startswith(before) and text.endswith(after)


def _invalid(message: str) -> S3Error:
    return S3Error(ErrorCode.InvalidRequest, message)


# As stored

_DECODER = msgspec.msgpack.Decoder(Rules)


def pack_rules(rules: Rules) -> bytes:
    """The rules as one document of a bucket."""
    return msgspec.msgpack.encode(rules)


@lru_cache(256)
def unpack_rules(document: bytes) -> Rules:
    """The rules in what ``pack_rules`` made."""
    return _DECODER.decode(document)
