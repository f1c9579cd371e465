"""What each action is allowed on, and which condition keys may speak of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from trug.access import actions as a
from trug.access.actions import Action
from trug.domain.frozen import frozen

# After "Actions, resources, and condition keys for Amazon S3" in AWS's Service Authorization Reference. What only
# access points, Access Grants, Object Lambda and replication rules have is left out: it is never there to be asked for.

ANYTHING = "*"
ARN = "arn:aws:s3:::"


class Level(Enum):
    """What a policy names as the resource of an action."""

    ACCOUNT = "*"
    BUCKET = "bucket"
    OBJECT = "object"


@frozen
class Entry:
    """An action's resource, and its condition keys, lower case; one that ends with ``/`` begins many."""

    level: Level
    keys: frozenset[str]

    def has(self, key: str) -> bool:
        """Whether a policy may ask for the key of this action. Global keys (``aws:``, ``jwt:`` …) all are."""
        if not key.startswith("s3:"):
            return True
        name, slash, _ = key.partition("/")
        return name + slash in self.keys


TAGS_THERE = "s3:existingobjecttag/"

COMMON = frozenset(
    {
        "s3:authtype",
        "s3:resourceaccount",
        "s3:signatureage",
        "s3:signatureversion",
        "s3:tlsversion",
        "s3:x-amz-content-sha256",
    }
)
LISTING = frozenset({"s3:delimiter", "s3:max-keys", "s3:prefix"})
VERSION = frozenset({"s3:versionid"})
THERE = frozenset({TAGS_THERE})
TAGS = frozenset({"s3:requestobjecttag/", "s3:requestobjecttagkeys"})
GRANTS = frozenset(
    {
        "s3:x-amz-acl",
        "s3:x-amz-grant-full-control",
        "s3:x-amz-grant-read",
        "s3:x-amz-grant-read-acp",
        "s3:x-amz-grant-write",
        "s3:x-amz-grant-write-acp",
    }
)
RETENTION = frozenset(
    {"s3:object-lock-mode", "s3:object-lock-remaining-retention-days", "s3:object-lock-retain-until-date"}
)
HOLD = frozenset({"s3:object-lock-legal-hold"})
WRITING = (
    GRANTS
    | TAGS
    | RETENTION
    | HOLD
    | {
        "s3:if-match",
        "s3:if-none-match",
        "s3:objectcreationoperation",
        "s3:x-amz-copy-source",
        "s3:x-amz-metadata-directive",
        "s3:x-amz-server-side-encryption",
        "s3:x-amz-server-side-encryption-aws-kms-key-id",
        "s3:x-amz-server-side-encryption-customer-algorithm",
        "s3:x-amz-storage-class",
        "s3:x-amz-website-redirect-location",
    }
)
MAKING = GRANTS | {"s3:locationconstraint", "s3:x-amz-object-ownership"}

ACCOUNT_WIDE = (
    a.LIST_ALL_MY_BUCKETS,
    a.GET_ACCOUNT_PUBLIC_ACCESS_BLOCK,
    a.PUT_ACCOUNT_PUBLIC_ACCESS_BLOCK,
)

ON_BUCKETS: dict[Action, frozenset[str]] = {
    a.CREATE_BUCKET: MAKING,
    a.DELETE_BUCKET: frozenset(),
    a.LIST_BUCKET: LISTING,
    a.LIST_BUCKET_VERSIONS: LISTING,
    a.LIST_BUCKET_MULTIPART_UPLOADS: LISTING,
    a.PUT_BUCKET_ACL: GRANTS,
    a.PUT_INVENTORY_CONFIGURATION: frozenset({"s3:inventoryaccessibleoptionalfields"}),
} | dict.fromkeys(
    (
        a.GET_BUCKET_LOCATION,
        a.GET_BUCKET_VERSIONING,
        a.PUT_BUCKET_VERSIONING,
        a.GET_BUCKET_TAGGING,
        a.PUT_BUCKET_TAGGING,
        a.CREATE_SESSION,
        a.TAG_RESOURCE,
        a.GET_ACCELERATE_CONFIGURATION,
        a.PUT_ACCELERATE_CONFIGURATION,
        a.GET_ANALYTICS_CONFIGURATION,
        a.PUT_ANALYTICS_CONFIGURATION,
        a.GET_BUCKET_ABAC,
        a.PUT_BUCKET_ABAC,
        a.GET_BUCKET_ACL,
        a.GET_BUCKET_CORS,
        a.PUT_BUCKET_CORS,
        a.GET_BUCKET_LOGGING,
        a.PUT_BUCKET_LOGGING,
        a.CREATE_BUCKET_METADATA_TABLE_CONFIGURATION,
        a.DELETE_BUCKET_METADATA_TABLE_CONFIGURATION,
        a.GET_BUCKET_METADATA_TABLE_CONFIGURATION,
        a.UPDATE_BUCKET_METADATA_ANNOTATION_TABLE_CONFIGURATION,
        a.UPDATE_BUCKET_METADATA_INVENTORY_TABLE_CONFIGURATION,
        a.UPDATE_BUCKET_METADATA_JOURNAL_TABLE_CONFIGURATION,
        a.GET_BUCKET_NOTIFICATION,
        a.PUT_BUCKET_NOTIFICATION,
        a.GET_BUCKET_OBJECT_LOCK_CONFIGURATION,
        a.PUT_BUCKET_OBJECT_LOCK_CONFIGURATION,
        a.GET_BUCKET_OWNERSHIP_CONTROLS,
        a.PUT_BUCKET_OWNERSHIP_CONTROLS,
        a.DELETE_BUCKET_POLICY,
        a.GET_BUCKET_POLICY,
        a.PUT_BUCKET_POLICY,
        a.GET_BUCKET_POLICY_STATUS,
        a.GET_BUCKET_PUBLIC_ACCESS_BLOCK,
        a.PUT_BUCKET_PUBLIC_ACCESS_BLOCK,
        a.GET_BUCKET_REQUEST_PAYMENT,
        a.PUT_BUCKET_REQUEST_PAYMENT,
        a.DELETE_BUCKET_WEBSITE,
        a.GET_BUCKET_WEBSITE,
        a.PUT_BUCKET_WEBSITE,
        a.GET_ENCRYPTION_CONFIGURATION,
        a.PUT_ENCRYPTION_CONFIGURATION,
        a.GET_INTELLIGENT_TIERING_CONFIGURATION,
        a.PUT_INTELLIGENT_TIERING_CONFIGURATION,
        a.GET_INVENTORY_CONFIGURATION,
        a.GET_LIFECYCLE_CONFIGURATION,
        a.PUT_LIFECYCLE_CONFIGURATION,
        a.GET_METRICS_CONFIGURATION,
        a.PUT_METRICS_CONFIGURATION,
        a.GET_REPLICATION_CONFIGURATION,
        a.PUT_REPLICATION_CONFIGURATION,
    ),
    frozenset(),
)

ON_OBJECTS: dict[Action, frozenset[str]] = {
    a.GET_OBJECT: THERE,
    a.GET_OBJECT_VERSION: THERE | VERSION,
    a.GET_OBJECT_ATTRIBUTES: THERE,
    a.GET_OBJECT_VERSION_ATTRIBUTES: THERE | VERSION,
    a.PUT_OBJECT: WRITING,
    a.DELETE_OBJECT: frozenset({"s3:if-match"}),
    a.DELETE_OBJECT_VERSION: frozenset({"s3:if-match"}) | VERSION,
    a.GET_OBJECT_TAGGING: THERE,
    a.GET_OBJECT_VERSION_TAGGING: THERE | VERSION,
    a.PUT_OBJECT_TAGGING: THERE | TAGS,
    a.PUT_OBJECT_VERSION_TAGGING: THERE | TAGS | VERSION,
    a.DELETE_OBJECT_TAGGING: THERE,
    a.DELETE_OBJECT_VERSION_TAGGING: THERE | VERSION,
    a.ABORT_MULTIPART_UPLOAD: frozenset(),
    a.LIST_MULTIPART_UPLOAD_PARTS: frozenset(),
    a.GET_OBJECT_ACL: THERE,
    a.GET_OBJECT_VERSION_ACL: THERE | VERSION,
    a.PUT_OBJECT_ACL: THERE | GRANTS | {"s3:x-amz-storage-class"},
    a.PUT_OBJECT_VERSION_ACL: THERE | GRANTS | VERSION | {"s3:x-amz-storage-class"},
    a.DELETE_OBJECT_ANNOTATION: THERE,
    a.GET_OBJECT_ANNOTATION: THERE,
    a.LIST_OBJECT_ANNOTATIONS: THERE,
    a.PUT_OBJECT_ANNOTATION: THERE,
    a.DELETE_OBJECT_VERSION_ANNOTATION: THERE | VERSION,
    a.GET_OBJECT_VERSION_ANNOTATION: THERE | VERSION,
    a.LIST_OBJECT_VERSION_ANNOTATIONS: THERE | VERSION,
    a.PUT_OBJECT_VERSION_ANNOTATION: THERE | VERSION,
    a.UPDATE_OBJECT_ENCRYPTION: frozenset(
        {"s3:x-amz-server-side-encryption", "s3:x-amz-server-side-encryption-aws-kms-key-id"}
    ),
    a.GET_OBJECT_LEGAL_HOLD: VERSION,
    a.PUT_OBJECT_LEGAL_HOLD: HOLD | VERSION,
    a.BYPASS_GOVERNANCE_RETENTION: WRITING | VERSION,
    a.GET_OBJECT_RETENTION: VERSION,
    a.PUT_OBJECT_RETENTION: RETENTION | VERSION,
    a.GET_OBJECT_TORRENT: frozenset(),
    a.GET_OBJECT_VERSION_TORRENT: VERSION,
    a.RESTORE_OBJECT: frozenset(),
}

RESOURCES: Mapping[Action, Entry] = (
    {action: Entry(Level.ACCOUNT, COMMON) for action in ACCOUNT_WIDE}
    | {action: Entry(Level.BUCKET, COMMON | keys) for action, keys in ON_BUCKETS.items()}
    | {action: Entry(Level.OBJECT, COMMON | keys) for action, keys in ON_OBJECTS.items()}
)


def arn_of(action: Action, bucket: str, key: str | None) -> str:
    """The resource of an action as policies name it: ``*``, a bucket's ARN, or an object's."""
    level = RESOURCES[action].level
    if level is Level.OBJECT:
        return f"{ARN}{bucket}/{key or ''}"
    return ARN + bucket if level is Level.BUCKET else ANYTHING
