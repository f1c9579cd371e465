"""The body of DeleteObjects."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from trug.domain.preconditions import NO_WRITE_CONDITIONS, WriteConditions
from trug.wire import xml
from trug.wire.dates import parse_http_date, parse_iso
from trug.wire.query import DIGITS

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 2 * 1024 * 1024
MOST_OBJECTS = 1000
FIELDS = frozenset({"Key", "VersionId", "ETag", "LastModifiedTime", "Size"})
CONDITIONAL = frozenset({"ETag", "LastModifiedTime", "Size"})
BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


class Doomed(NamedTuple):
    """One key to delete; ``version_id`` is None when the newest version is meant. The key is not checked yet."""

    key: str
    version_id: str | None = None
    conditions: WriteConditions = NO_WRITE_CONDITIONS


class Delete(NamedTuple):
    """What DeleteObjects is to delete; ``quiet`` when only failures are to be told."""

    objects: tuple[Doomed, ...]
    quiet: bool = False


def parse_delete(body: bytes) -> Delete:
    """1 to 1,000 objects of a ``Delete``; MalformedXML and its kin."""
    root = xml.parse(body, "Delete", limit=LIMIT)
    xml.check_children(root, ("Object", "Quiet"))
    objects = xml.every(root, "Object")
    if not 1 <= len(objects) <= MOST_OBJECTS:
        raise xml.malformed()
    return Delete(tuple(map(_doomed, objects)), _boolean(xml.text_of(root, "Quiet")))


def _doomed(element: Element) -> Doomed:
    found = xml.texts(element, FIELDS)
    if "Key" not in found:
        raise xml.malformed()
    conditions = NO_WRITE_CONDITIONS if CONDITIONAL.isdisjoint(found) else _conditions(found)
    return Doomed(found["Key"], found.get("VersionId") or None, conditions)


def _conditions(found: dict[str, str]) -> WriteConditions:
    return WriteConditions(
        if_match=found.get("ETag"),
        if_match_modified=_time(found["LastModifiedTime"]) if "LastModifiedTime" in found else None,
        if_match_size=_size(found["Size"]) if "Size" in found else None,
    )


def _boolean(text: str | None) -> bool:
    if text is None:
        return False
    value = BOOLEANS.get(text.strip().lower())
    if value is None:
        raise xml.malformed()
    return value


def _time(text: str) -> int:
    moment = parse_http_date(text.strip())
    if moment is None:
        moment = parse_iso(text.strip())
    if moment is None:
        raise xml.malformed()
    return moment


def _size(text: str) -> int:
    if not DIGITS.match(text.strip()):
        raise xml.malformed()
    return int(text)
