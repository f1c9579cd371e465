"""The bodies of PutBucketRequestPayment, PutBucketAccelerateConfiguration and PutBucketLogging."""

from __future__ import annotations

from typing import TYPE_CHECKING

from trug.domain.access_log import DELIVERY_TIME, EVENT_TIME, LONGEST_PREFIX, SIMPLE, LogTarget
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.wire import xml
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
    """Where logs go; None turns logging off.

    AccessControlListNotSupported for grants: where the bucket's owner owns all that is in it, as in every bucket here,
    AWS takes none ("PutBucketLogging").
    """
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
    grants = xml.only(enabled, "TargetGrants")
    if grants is not None and len(grants):
        raise S3Error(ErrorCode.AccessControlListNotSupported)
    return LogTarget(bucket, prefix, _key_format(xml.only(enabled, "TargetObjectKeyFormat")))


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
        f"{_key_format_element(target)}</LoggingEnabled>"
    )


def _key_format_element(target: LogTarget) -> str:
    if not target.key_format:
        return ""
    inside = "<SimplePrefix/>"
    if target.is_partitioned:
        source = element("PartitionDateSource", target.key_format)
        inside = f"<PartitionedPrefix>{source}</PartitionedPrefix>"
    return f"<TargetObjectKeyFormat>{inside}</TargetObjectKeyFormat>"
