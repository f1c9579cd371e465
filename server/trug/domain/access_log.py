"""Server access logs: where they go, under which keys, and how a request is written into them.

Follows "Amazon S3 server access log format" and "Logging requests with server access logging" of the S3 user guide.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import NamedTuple
from urllib.parse import quote

from trug.domain.acl import Grant
from trug.domain.frozen import frozen

EVENT_TIME = "EventTime"
DELIVERY_TIME = "DeliveryTime"
SIMPLE = "simple"
LONGEST_PREFIX = 800
"""Characters of a target prefix: what follows it must fit into a key of 1,024 bytes."""


@frozen
class LogTarget:
    """Where a bucket's log is delivered. ``key_format`` is empty where none was asked for, which means simple; else
    ``simple``, or the source of the date for partitioned prefixes. ``grants`` are what others are granted on each log,
    where lists of access count in the target bucket."""

    bucket: str
    prefix: str
    key_format: str = ""
    grants: tuple[Grant, ...] = ()

    @property
    def is_partitioned(self) -> bool:
        return self.key_format in (EVENT_TIME, DELIVERY_TIME)


class Origin(NamedTuple):
    """The bucket that a log is of: its account, region and name."""

    account: str
    region: str
    bucket: str


def log_key(target: LogTarget, origin: Origin, moment: datetime, unique: str) -> str:
    """The key of a delivered log file. ``moment`` is the time of delivery, or the day of its records where logs are
    partitioned by the time of events."""
    if not target.is_partitioned:
        return f"{target.prefix}{moment:%Y-%m-%d-%H-%M-%S}-{unique}"
    if target.key_format == EVENT_TIME:
        moment = moment.replace(hour=0, minute=0, second=0)
    place = f"{origin.account}/{origin.region}/{origin.bucket}/{moment:%Y/%m/%d}"
    return f"{target.prefix}{place}/{moment:%Y-%m-%d-%H-%M-%S}-{unique}"


# --- one record -----------------------------------------------------------------------------------------------------

ABSENT = "-"
_UNSAFE = re.compile(r"[^ !#-~]")
"""What a quoted field cannot hold as it is. AWS writes quotation marks of clients as they came, and so its own parsers
misread such lines; here they are percent-encoded, so that nobody can write fields that are not his."""

_RESOURCES = {
    "AbortMultipartUpload": "UPLOAD",
    "CompleteMultipartUpload": "UPLOAD",
    "CreateBucket": "BUCKET",
    "CreateMultipartUpload": "UPLOADS",
    "DeleteBucket": "BUCKET",
    "DeleteObjects": "MULTI_OBJECT_DELETE",
    "GetBucketLocation": "LOCATION",
    "GetObjectAttributes": "OBJECT_ATTRIBUTES",
    "HeadBucket": "BUCKET",
    "ListMultipartUploads": "UPLOADS",
    "ListObjectVersions": "BUCKETVERSIONS",
    "ListObjects": "BUCKET",
    "ListObjectsV2": "BUCKET",
    "ListParts": "UPLOAD",
    "PostObject": "OBJECT",
    "Preflight": "PREFLIGHT",
    "RestoreObject": "RESTORE",
    "UploadPart": "PART",
}
_COPIES = {"CopyObject": "REST.COPY.OBJECT", "UploadPartCopy": "REST.COPY.PART"}
_SUBRESOURCES = (
    ("AccelerateConfiguration", "ACCELERATE"),
    ("Acl", "ACL"),
    ("AnalyticsConfiguration", "ANALYTICS"),
    ("Annotation", "OBJECT_ANNOTATION"),
    ("BucketTagging", "TAGGING"),
    ("Cors", "CORS"),
    ("Encryption", "ENCRYPTION"),
    ("IntelligentTieringConfiguration", "INTELLIGENT_TIERING"),
    ("InventoryConfiguration", "INVENTORY"),
    ("LegalHold", "OBJECT_LOCK_LEGALHOLD"),
    ("Lifecycle", "LIFECYCLE"),
    ("Logging", "LOGGING_STATUS"),
    ("MetricsConfiguration", "METRICS"),
    ("Notification", "NOTIFICATION"),
    ("ObjectLockConfiguration", "OBJECT_LOCK_CONFIGURATION"),
    ("ObjectTagging", "OBJECT_TAGGING"),
    ("OwnershipControls", "OWNERSHIP_CONTROLS"),
    ("PolicyStatus", "POLICY_STATUS"),
    ("BucketPolicy", "BUCKETPOLICY"),
    ("PublicAccessBlock", "PUBLIC_ACCESS_BLOCK"),
    ("Replication", "REPLICATION"),
    ("RequestPayment", "REQUEST_PAYMENT"),
    ("Retention", "OBJECT_LOCK_RETENTION"),
    ("Torrent", "TORRENT"),
    ("Versioning", "VERSIONING"),
    ("Website", "WEBSITE"),
)


def operation_name(operation: str, method: str, *, has_key: bool) -> str:
    """What an operation of S3's API is called in access logs: ``REST.PUT.OBJECT`` for PutObject."""
    if operation in _COPIES:
        return _COPIES[operation]
    if operation == "Website":
        return f"WEBSITE.{method}.OBJECT"
    if operation == "Website":
        return f"WEBSITE.{method}.OBJECT"
    resource = _RESOURCES.get(operation)
    if resource is None:
        resource = next((name for part, name in _SUBRESOURCES if part in operation), "OBJECT" if has_key else "BUCKET")
    return f"REST.{method}.{resource}"


class Record(NamedTuple):
    """One request as its line tells it; what is None, 0 bytes or "" is written as ``-``.

    ``time`` in µs since 1970; ``total`` and ``turn_around`` in ms. ``requester`` is the canonical id of an account, or
    the ARN of its user. ``key`` is not yet encoded, ``uri`` is method, path and query as sent, and the version of HTTP.
    """

    owner: str
    bucket: str
    time: int
    client: str
    requester: str
    request_id: str
    operation: str
    key: str | None
    uri: str
    status: int
    error: str
    sent: int
    size: int | None
    total: int | None
    turn_around: int | None
    referer: str
    user_agent: str
    version_id: str | None
    host_id: str
    signature: str
    cipher: str
    authentication: str
    host: str
    tls: str


def line_of(record: Record) -> str:
    """The record as a line, its fields in AWS's order, with its end."""
    moment = datetime.fromtimestamp(record.time // 1_000_000, UTC)
    fields = (
        record.owner,
        record.bucket,
        f"[{moment:%d/%b/%Y:%H:%M:%S} +0000]",
        record.client,
        record.requester,
        record.request_id,
        record.operation,
        quote(record.key, safe="/-_.~") if record.key else "",
        _quoted(record.uri) if record.uri else "",
        str(record.status or ""),
        record.error,
        str(record.sent or ""),
        _number(record.size),
        _number(record.total),
        _number(record.turn_around),
        _quoted(record.referer or ABSENT) if record.uri else "",
        _quoted(record.user_agent or ABSENT) if record.uri else "",
        _plain(record.version_id or ""),
        record.host_id,
        record.signature,
        record.cipher,
        record.authentication,
        _plain(record.host),
        record.tls,
        "",  # the access point: there are none
        "",  # whether an ACL was needed: there are none
        "",  # the region of AWS that it came from: from none
    )
    return " ".join([field or ABSENT for field in fields]) + "\n"


def _number(number: int | None) -> str:
    return "" if number is None else str(number)


def _quoted(text: str) -> str:
    return f'"{_UNSAFE.sub(_encoded, text)}"'


def _plain(text: str) -> str:
    return _UNSAFE.sub(_encoded, text).replace(" ", "%20")


def _encoded(found: re.Match[str]) -> str:
    return quote(found[0], safe="")
