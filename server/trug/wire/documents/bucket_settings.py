"""The bodies of PutBucketRequestPayment, PutBucketAccelerateConfiguration and PutBucketLogging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trug.domain.access_log import DELIVERY_TIME, EVENT_TIME, LONGEST_PREFIX, SIMPLE, LogTarget
from trug.domain.acl import MOST_GRANTS, Permission
from trug.domain.errors import invalid_argument
from trug.wire import xml
from trug.wire.documents.acl import grants_content, parse_grants
from trug.wire.xml import element

if TYPE_CHECKING:
    from lxml.etree import _Element as Element

LIMIT = 64 * 1024


def _choice(body: bytes, root: str, name: str, choices: tuple[str, ...]) -> str:
    found = xml.texts(xml.parse(body, root, limit=LIMIT), (name,))
    if found.get(name) not in choices:
        raise xml.malformed()
    return found[name]


def parse_request_payment(body: bytes) -> str:
    """Who pays: ``Requester`` or ``BucketOwner``."""
    return _choice(body, "RequestPaymentConfiguration", "Payer", ("Requester", "BucketOwner"))


def parse_accelerate(body: bytes) -> str:
    """``Enabled`` or ``Suspended``."""
    return _choice(body, "AccelerateConfiguration", "Status", ("Enabled", "Suspended"))


# --- logging --------------------------------------------------------------------------------------------------------


def parse_logging(body: bytes) -> LogTarget | None:
    """Where logs go, its grantees not looked up; None turns logging off. MalformedXML for what may not be granted on
    logs ("PutBucketLogging")."""
    root = xml.parse(body, "BucketLoggingStatus", limit=LIMIT)
    xml.check_children(root, ("LoggingEnabled",))
    enabled = xml.only(root, "LoggingEnabled")
    if enabled is None:
        return None
    xml.check_children(enabled, ("TargetBucket", "TargetGrants", "TargetPrefix", "TargetObjectKeyFormat"))
    bucket, prefix = xml.text_of(enabled, "TargetBucket"), xml.text_of(enabled, "TargetPrefix")
    if not bucket or prefix is None:
        raise xml.malformed()
    if len(prefix.encode()) > LONGEST_PREFIX:
        raise invalid_argument("The target prefix is too long.", "TargetPrefix", prefix)
    listed = xml.only(enabled, "TargetGrants")
    grants = () if listed is None else parse_grants(listed)
    if len(grants) > MOST_GRANTS or any(grant.permission not in ON_LOGS for grant in grants):
        raise xml.malformed()
    return LogTarget(bucket, prefix, _key_format(xml.only(enabled, "TargetObjectKeyFormat")), grants)


ON_LOGS = (Permission.FULL_CONTROL, Permission.READ, Permission.WRITE)


def _key_format(asked: Element | None) -> str:
    if asked is None:
        return ""
    xml.check_children(asked, ("SimplePrefix", "PartitionedPrefix"))
    if len(asked) != 1:
        raise xml.malformed()
    partitioned = xml.only(asked, "PartitionedPrefix")
    if partitioned is None:
        return SIMPLE
    xml.check_children(partitioned, ("PartitionDateSource",))
    source = xml.text_of(partitioned, "PartitionDateSource")
    if source not in (None, EVENT_TIME, DELIVERY_TIME):
        raise xml.malformed()
    return source or EVENT_TIME


def logging_content(target: LogTarget | None) -> str:
    if target is None:
        return ""
    return (
        f"<LoggingEnabled>{element('TargetBucket', target.bucket)}{element('TargetPrefix', target.prefix)}"
        f"{_target_grants(target)}{_key_format_element(target)}</LoggingEnabled>"
    )


def _target_grants(target: LogTarget) -> str:
    return f"<TargetGrants>{grants_content(target.grants, {})}</TargetGrants>" if target.grants else ""


def _key_format_element(target: LogTarget) -> str:
    if not target.key_format:
        return ""
    inside = "<SimplePrefix/>"
    if target.is_partitioned:
        source = element("PartitionDateSource", target.key_format)
        inside = f"<PartitionedPrefix>{source}</PartitionedPrefix>"
    return f"<TargetObjectKeyFormat>{inside}</TargetObjectKeyFormat>"
