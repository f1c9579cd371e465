"""The kinds of configuration that a bucket may have, and the flags that say which of them are set."""

from __future__ import annotations

# A flag is the kind's bit in ``Bucket.configured``. The store keeps the sum, so this list is only ever appended to.

TAGGING = "tagging"
REQUEST_PAYMENT = "request-payment"
ACCELERATE = "accelerate"
LOGGING = "logging"
METRICS = "metrics"
ANALYTICS = "analytics"
INTELLIGENT_TIERING = "intelligent-tiering"
INVENTORY = "inventory"
QUOTA = "quota"
ACCOUNT_QUOTA = "account-quota"
CORS = "cors"
WEBSITE = "website"
LIFECYCLE = "lifecycle"
ENCRYPTION = "encryption"
OBJECT_LOCK = "object-lock"
OWNERSHIP = "ownership"
PUBLIC_ACCESS_BLOCK = "public-access-block"
POLICY = "policy"
ACL = "acl"
NOTIFICATION = "notification"
REPLICATION = "replication"
ABAC = "abac"
METADATA = "metadata"
UPLOAD_TYPES = "upload-types"
SEARCH = "search"
SEARCH_FILTER = "search-filter"

KINDS = (
    TAGGING,
    REQUEST_PAYMENT,
    ACCELERATE,
    LOGGING,
    METRICS,
    ANALYTICS,
    INTELLIGENT_TIERING,
    INVENTORY,
    QUOTA,
    ACCOUNT_QUOTA,
    CORS,
    WEBSITE,
    LIFECYCLE,
    ENCRYPTION,
    OBJECT_LOCK,
    OWNERSHIP,
    PUBLIC_ACCESS_BLOCK,
    POLICY,
    ACL,
    NOTIFICATION,
    REPLICATION,
    ABAC,
    METADATA,
    UPLOAD_TYPES,
    SEARCH,
    SEARCH_FILTER,
)
FLAGS = {kind: 1 << place for place, kind in enumerate(KINDS)}

HAS_REQUEST_PAYMENT = FLAGS[REQUEST_PAYMENT]
HAS_LOGGING = FLAGS[LOGGING]
HAS_METRICS = FLAGS[METRICS]
HAS_ANALYTICS = FLAGS[ANALYTICS]
HAS_INVENTORY = FLAGS[INVENTORY]
HAS_QUOTA = FLAGS[QUOTA] | FLAGS[ACCOUNT_QUOTA]
HAS_CORS = FLAGS[CORS]
HAS_WEBSITE = FLAGS[WEBSITE]
HAS_LIFECYCLE = FLAGS[LIFECYCLE]
HAS_ENCRYPTION = FLAGS[ENCRYPTION]
HAS_OBJECT_LOCK = FLAGS[OBJECT_LOCK]
HAS_PUBLIC_ACCESS_BLOCK = FLAGS[PUBLIC_ACCESS_BLOCK]
HAS_POLICY = FLAGS[POLICY]
HAS_OWNERSHIP = FLAGS[OWNERSHIP]
HAS_ACL = FLAGS[ACL]
HAS_SEARCH = FLAGS[SEARCH]
HAS_SEARCH_FILTER = FLAGS[SEARCH_FILTER]

MOST = 1000
"""How many configurations a bucket may have of each kind whose configurations have ids."""


def flag_of(kind: str) -> int:
    """The bit of a kind, given by itself or as that of one of several (``inventory/ID``). KeyError for no such kind."""
    return FLAGS[kind.partition("/")[0]]


def with_id(kind: str, name: str) -> str:
    """What one of several configurations of a kind is stored under."""
    return f"{kind}/{name}"


PRINCIPALS = with_id(POLICY, "principals")
"""Beside a bucket's policy: whose the ARNs in it were when it was put."""
