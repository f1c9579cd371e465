"""The body of PutBucketLifecycleConfiguration and its older form, and the answer of GetBucketLifecycleConfiguration."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trug.domain.lifecycle import Filter, Lifecycle, NoncurrentTransition, Rule, Transition
from trug.domain.tags import check_tags
from trug.wire import xml
from trug.wire.dates import iso_date, parse_iso
from trug.wire.xml import element

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 1 << 20
"""Bytes of a configuration."""
DENSEST = 8 * LIMIT
"""Where the parser counts tags: 1,000 rules are mostly tags."""
MOST_TAGS = 10
WHOLE = re.compile(r"-?[0-9]{1,18}\Z")
LARGEST = 2**31 - 1
STATES = {"Enabled": True, "Disabled": False}
TRUTHS = {"true": True, "false": False}
PREDICATES = frozenset({"Prefix", "Tag", "ObjectSizeGreaterThan", "ObjectSizeLessThan"})
FIELDS = frozenset(
    {
        "ID",
        "Prefix",
        "Filter",
        "Status",
        "Expiration",
        "Transition",
        "NoncurrentVersionExpiration",
        "NoncurrentVersionTransition",
        "AbortIncompleteMultipartUpload",
    }
)


# --- in -------------------------------------------------------------------------------------------------------------


def parse_lifecycle(body: bytes, minimum: str) -> Lifecycle:
    """The configuration as sent, not yet checked. MalformedXML and its kin, InvalidTag."""
    root = xml.parse(body, "LifecycleConfiguration", limit=DENSEST)
    xml.check_children(root, ("Rule",))
    return Lifecycle(tuple(map(_rule, root)), minimum)


def _rule(parent: Element) -> Rule:
    xml.check_children(parent, FIELDS)
    status = STATES.get(xml.text_of(parent, "Status") or "")
    if status is None:
        raise xml.malformed()
    days, date, expires_markers = _expiration(xml.only(parent, "Expiration"))
    noncurrent_days, newer = _noncurrent(xml.only(parent, "NoncurrentVersionExpiration"))
    return Rule(
        id=xml.text_of(parent, "ID") or "",
        is_enabled=status,
        prefix=xml.text_of(parent, "Prefix"),
        filter=_filter(xml.only(parent, "Filter")),
        days=days,
        date=date,
        expires_markers=expires_markers,
        noncurrent_days=noncurrent_days,
        newer=newer,
        abort_days=_abortion(xml.only(parent, "AbortIncompleteMultipartUpload")),
        transitions=tuple(map(_transition, xml.every(parent, "Transition"))),
        noncurrent_transitions=tuple(map(_noncurrent_transition, xml.every(parent, "NoncurrentVersionTransition"))),
    )


def _filter(parent: Element | None) -> Filter | None:
    if parent is None:
        return None
    joined = xml.only(parent, "And")
    if joined is None:
        if len(parent) > 1:
            raise xml.malformed()
        return _predicates(parent, is_joined=False)
    if len(parent) > 1 or len(joined) < 2:
        raise xml.malformed()
    return _predicates(joined, is_joined=True)


def _predicates(parent: Element, *, is_joined: bool) -> Filter:
    xml.check_children(parent, PREDICATES)
    pairs = [_pair(tag) for tag in xml.every(parent, "Tag")]
    return Filter(
        prefix=xml.text_of(parent, "Prefix"),
        tags=tuple(check_tags(pairs, limit=MOST_TAGS).items()),
        larger=_whole_or_none(xml.text_of(parent, "ObjectSizeGreaterThan"), largest=2**63 - 1),
        smaller=_whole_or_none(xml.text_of(parent, "ObjectSizeLessThan"), largest=2**63 - 1),
        is_joined=is_joined,
    )


def _pair(tag: Element) -> tuple[str, str]:
    found = xml.texts(tag, ("Key", "Value"))
    if len(found) < 2:
        raise xml.malformed()
    return found["Key"], found["Value"]


def _expiration(parent: Element | None) -> tuple[int | None, int | None, bool | None]:
    if parent is None:
        return None, None, None
    found = xml.texts(parent, ("Days", "Date", "ExpiredObjectDeleteMarker"))
    if len(found) != 1:
        raise xml.malformed()
    marker = found.get("ExpiredObjectDeleteMarker")
    if marker is not None and marker.strip().lower() not in TRUTHS:
        raise xml.malformed()
    truth = None if marker is None else TRUTHS[marker.strip().lower()]
    return _whole_or_none(found.get("Days")), _date(found.get("Date")), truth


def _noncurrent(parent: Element | None) -> tuple[int | None, int | None]:
    if parent is None:
        return None, None
    found = xml.texts(parent, ("NoncurrentDays", "NewerNoncurrentVersions"))
    if not found:
        raise xml.malformed()
    return _whole_or_none(found.get("NoncurrentDays")), _whole_or_none(found.get("NewerNoncurrentVersions"))


def _abortion(parent: Element | None) -> int | None:
    if parent is None:
        return None
    return _whole(xml.texts(parent, ("DaysAfterInitiation",)).get("DaysAfterInitiation"))


def _transition(parent: Element) -> Transition:
    found = xml.texts(parent, ("Days", "Date", "StorageClass"))
    days, date = _whole_or_none(found.get("Days")), _date(found.get("Date"))
    if (days is None) == (date is None):
        raise xml.malformed()
    return Transition(found.get("StorageClass", ""), days, date)


def _noncurrent_transition(parent: Element) -> NoncurrentTransition:
    found = xml.texts(parent, ("NoncurrentDays", "NewerNoncurrentVersions", "StorageClass"))
    newer = _whole_or_none(found.get("NewerNoncurrentVersions"))
    return NoncurrentTransition(found.get("StorageClass", ""), _whole(found.get("NoncurrentDays")), newer)


def _whole(text: str | None, *, largest: int = LARGEST) -> int:
    if text is None or not WHOLE.match(text.strip()) or abs(int(text)) > largest:
        raise xml.malformed()
    return int(text)


def _whole_or_none(text: str | None, *, largest: int = LARGEST) -> int | None:
    return None if text is None else _whole(text, largest=largest)


def _date(text: str | None) -> int | None:
    if text is None:
        return None
    date = parse_iso(text.strip())
    if date is None:
        raise xml.malformed()
    return date


# --- out ------------------------------------------------------------------------------------------------------------


def lifecycle_content(lifecycle: Lifecycle) -> str:
    """What stands inside ``LifecycleConfiguration``."""
    return "".join(f"<Rule>{_rule_content(rule)}</Rule>" for rule in lifecycle.rules)


def _rule_content(rule: Rule) -> str:
    status = "Enabled" if rule.is_enabled else "Disabled"
    expiration = _group(
        "Expiration",
        ("Days", rule.days),
        ("Date", None if rule.date is None else iso_date(rule.date)),
        ("ExpiredObjectDeleteMarker", None if rule.expires_markers is None else str(rule.expires_markers).lower()),
    )
    transitions = "".join(
        _group(
            "Transition",
            ("Days", each.days),
            ("Date", None if each.date is None else iso_date(each.date)),
            ("StorageClass", each.storage_class),
        )
        for each in rule.transitions
    )
    noncurrent = "".join(
        _group(
            "NoncurrentVersionTransition",
            ("NewerNoncurrentVersions", each.newer),
            ("NoncurrentDays", each.days),
            ("StorageClass", each.storage_class),
        )
        for each in rule.noncurrent_transitions
    )
    removal = _group(
        "NoncurrentVersionExpiration",
        ("NewerNoncurrentVersions", rule.newer),
        ("NoncurrentDays", rule.noncurrent_days),
    )
    abortion = _group("AbortIncompleteMultipartUpload", ("DaysAfterInitiation", rule.abort_days))
    return (
        f"{element('ID', rule.id)}{element('Prefix', rule.prefix)}{_filter_element(rule.filter)}"
        f"<Status>{status}</Status>{expiration}{transitions}{noncurrent}{removal}{abortion}"
    )


def _group(name: str, *leaves: tuple[str, object]) -> str:
    inside = "".join(element(leaf, str(value)) for leaf, value in leaves if value is not None)
    return f"<{name}>{inside}</{name}>" if inside else ""


def _filter_element(chosen: Filter | None) -> str:
    if chosen is None:
        return ""
    tags = "".join(f"<Tag>{element('Key', key)}{element('Value', value)}</Tag>" for key, value in chosen.tags)
    sizes = (("ObjectSizeGreaterThan", chosen.larger), ("ObjectSizeLessThan", chosen.smaller))
    inside = element("Prefix", chosen.prefix) + tags
    inside += "".join(element(name, str(size)) for name, size in sizes if size is not None)
    return f"<Filter>{f'<And>{inside}</And>' if chosen.is_joined else inside}</Filter>"
