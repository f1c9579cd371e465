"""The body of PutBucketCors, and the answer of GetBucketCors."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import TYPE_CHECKING

from trug.domain.cors import CorsRule, Rules
from trug.wire import xml
from trug.wire.xml import element

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 64 * 1024
"""Bytes of a configuration ("PutBucketCors")."""
DENSEST = 4 * LIMIT
"""Where the parser counts tags: 100 rules are mostly tags."""
SECONDS = re.compile(r"[0-9]{1,9}\Z")
FIELDS = frozenset({"ID", "AllowedMethod", "AllowedOrigin", "AllowedHeader", "ExposeHeader", "MaxAgeSeconds"})


def parse_cors(body: bytes) -> Rules:
    """The rules of a ``CORSConfiguration`` as sent, one at least: not yet checked. MalformedXML and its kin."""
    root = xml.parse(body, "CORSConfiguration", limit=DENSEST)
    xml.check_children(root, ("CORSRule",))
    if not len(root):
        raise xml.malformed()
    return tuple(map(_rule, root))


def cors_content(rules: Iterable[CorsRule]) -> str:
    """What stands inside ``CORSConfiguration``."""
    return "".join(f"<CORSRule>{_rule_content(rule)}</CORSRule>" for rule in rules)


def _rule(parent: Element) -> CorsRule:
    xml.check_children(parent, FIELDS)
    methods, origins = _all(parent, "AllowedMethod"), _all(parent, "AllowedOrigin")
    if not methods or not origins or "" in origins:
        raise xml.malformed()
    return CorsRule(
        methods=methods,
        origins=origins,
        headers=_all(parent, "AllowedHeader"),
        exposed=_all(parent, "ExposeHeader"),
        max_age=_seconds(xml.text_of(parent, "MaxAgeSeconds")),
        id=xml.text_of(parent, "ID") or "",
    )


def _all(parent: Element, name: str) -> tuple[str, ...]:
    return tuple(xml.leaf_text(child) for child in xml.every(parent, name))


def _seconds(text: str | None) -> int | None:
    if text is None:
        return None
    if not SECONDS.match(text.strip()):
        raise xml.malformed()
    return int(text)


def _rule_content(rule: CorsRule) -> str:
    lists = (
        ("AllowedMethod", rule.methods),
        ("AllowedOrigin", rule.origins),
        ("AllowedHeader", rule.headers),
        ("ExposeHeader", rule.exposed),
    )
    texts = "".join(element(name, text) for name, found in lists for text in found)
    age = "" if rule.max_age is None else f"<MaxAgeSeconds>{rule.max_age}</MaxAgeSeconds>"
    return f"{element('ID', rule.id or None)}{texts}{age}"
