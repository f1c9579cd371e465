"""The bodies of PutObjectLockConfiguration, PutObjectRetention and PutObjectLegalHold, and of what shows them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.retention import MODES, OFF, ON, DefaultRetention, Lock, LockConfiguration, check_period
from trug.wire import xml
from trug.wire.locking import precise_date, retain_until
from trug.wire.xml import element

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 64 * 1024
NUMBER = re.compile(r"-?[0-9]{1,9}\Z")
EVENT_HOLDS = frozenset({"DefaultEventHold", "EventHold", "EventHoldDuration"})


def parse_configuration(body: bytes) -> LockConfiguration:
    """What an ``ObjectLockConfiguration`` sets. MalformedXML; InvalidArgument for a period (``check_period``)."""
    root = xml.parse(body, "ObjectLockConfiguration", limit=LIMIT)
    xml.check_children(root, ("ObjectLockEnabled", "Rule"))
    if xml.text_of(root, "ObjectLockEnabled") != "Enabled":
        raise xml.malformed()
    rule = xml.only(root, "Rule")
    if rule is None:
        return LockConfiguration()
    xml.check_children(rule, ("DefaultRetention",))
    default = xml.only(rule, "DefaultRetention")
    if default is None:
        raise xml.malformed()
    return LockConfiguration(_default(default))


def _default(found: Element) -> DefaultRetention:
    _refuse_event_holds(found)
    fields = xml.texts(found, ("Mode", "Days", "Years"))
    if fields.get("Mode") not in MODES or ("Days" in fields) == ("Years" in fields):
        raise xml.malformed()
    days, years = _number(fields.get("Days", "0")), _number(fields.get("Years", "0"))
    check_period(days, years)
    return DefaultRetention(fields["Mode"], days, years)


def _number(text: str) -> int:
    if not NUMBER.match(text.strip()):
        raise xml.malformed()
    return int(text)


def _refuse_event_holds(found: Element) -> None:
    if any(xml.name_of(child) in EVENT_HOLDS for child in found):
        raise S3Error(ErrorCode.NotImplemented, "Event holds of Object Lock are not implemented.")


def configuration_content(configuration: LockConfiguration) -> str:
    default, rule = configuration.default, ""
    if default is not None:
        period = element("Years", str(default.years)) if default.years else element("Days", str(default.days))
        rule = f"<Rule><DefaultRetention>{element('Mode', default.mode)}{period}</DefaultRetention></Rule>"
    return f"<ObjectLockEnabled>Enabled</ObjectLockEnabled>{rule}"


def parse_retention(body: bytes) -> tuple[str, int]:
    """Mode and end (µs since 1970) that a ``Retention`` sets; an empty one takes the retention away: ("", 0)."""
    root = xml.parse(body, "Retention", limit=LIMIT)
    _refuse_event_holds(root)
    fields = xml.texts(root, ("Mode", "RetainUntilDate"))
    if not fields:
        return "", 0
    if fields.get("Mode") not in MODES or not fields.get("RetainUntilDate"):
        raise xml.malformed()
    return fields["Mode"], retain_until(fields["RetainUntilDate"].strip(), "RetainUntilDate")


def retention_content(lock: Lock) -> str:
    return element("Mode", lock.mode) + element("RetainUntilDate", precise_date(lock.until))


def parse_legal_hold(body: bytes) -> str:
    """ON or OFF, as a ``LegalHold`` sets it."""
    status = xml.texts(xml.parse(body, "LegalHold", limit=LIMIT), ("Status",)).get("Status")
    if status not in (ON, OFF):
        raise xml.malformed()
    return status


def legal_hold_content(lock: Lock) -> str:
    return element("Status", lock.hold)
