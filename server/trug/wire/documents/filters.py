"""The ``Filter`` of metrics, analytics and Intelligent-Tiering configurations, in and out."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.reports import Filter
from trug.domain.tags import check_tags
from trug.wire import xml
from trug.wire.xml import element

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

PREDICATES = frozenset({"Prefix", "Tag", "And", "AccessPointArn"})
MOST_TAGS = 10


def filter_of(parent: Element) -> Filter | None:
    """The filter in a configuration, None where there is none.

    MalformedXML unless it has exactly one predicate, an ``And`` at least two; InvalidTag; NotImplemented where access
    points are named, of which there are none.
    """
    found = xml.only(parent, "Filter")
    if found is None:
        return None
    xml.check_children(found, PREDICATES)
    if len(found) != 1:
        raise xml.malformed()
    joined = xml.only(found, "And")
    if joined is None:
        return _predicates(found, is_joined=False)
    xml.check_children(joined, PREDICATES - {"And"})
    if len(joined) < 2:
        raise xml.malformed()
    return _predicates(joined, is_joined=True)


def _predicates(parent: Element, *, is_joined: bool) -> Filter:
    if xml.only(parent, "AccessPointArn") is not None:
        raise S3Error(ErrorCode.NotImplemented, "There are no access points.")
    pairs = [_pair(tag) for tag in xml.every(parent, "Tag")]
    return Filter(xml.text_of(parent, "Prefix"), tuple(check_tags(pairs, limit=MOST_TAGS).items()), is_joined)


def _pair(tag: Element) -> tuple[str, str]:
    found = xml.texts(tag, ("Key", "Value"))
    if len(found) < 2:
        raise xml.malformed()
    return found["Key"], found["Value"]


def filter_element(asked: Filter | None) -> str:
    """``<Filter>`` as it was sent; "" where there was none."""
    if asked is None:
        return ""
    tags = "".join([f"<Tag>{element('Key', key)}{element('Value', value)}</Tag>" for key, value in asked.tags])
    inside = element("Prefix", asked.prefix) + tags
    return f"<Filter>{f'<And>{inside}</And>' if asked.is_joined else inside}</Filter>"
