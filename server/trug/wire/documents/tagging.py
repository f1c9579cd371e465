"""The body of PutObjectTagging and PutBucketTagging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trug.wire import xml

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 64 * 1024
FIELDS = frozenset({"Key", "Value"})


def parse_tagging(body: bytes) -> list[tuple[str, str]]:
    """The (key, value) pairs of a ``Tagging`` as sent: neither counted nor checked. MalformedXML and its kin."""
    root = xml.parse(body, "Tagging", limit=LIMIT)
    xml.check_children(root, ("TagSet",))
    tag_set = xml.only(root, "TagSet")
    if tag_set is None:
        raise xml.malformed()
    return tag_pairs(tag_set)


def tag_pairs(tag_set: Element) -> list[tuple[str, str]]:
    """The pairs of an element that holds ``Tag`` elements and nothing else."""
    xml.check_children(tag_set, ("Tag",))
    return [_pair(tag) for tag in tag_set]


def _pair(tag: Element) -> tuple[str, str]:
    found = xml.texts(tag, FIELDS)
    if len(found) < len(FIELDS):
        raise xml.malformed()
    return found["Key"], found["Value"]
