"""What the change feed tells of: a closed list of types, by the names that AWS gives its events where it has such."""

from __future__ import annotations

OF_AWS = (
    "ObjectCreated:Put",
    "ObjectCreated:Post",
    "ObjectCreated:Copy",
    "ObjectCreated:CompleteMultipartUpload",
    "ObjectRemoved:Delete",
    "ObjectRemoved:DeleteMarkerCreated",
    "ObjectRestore:Post",
    "ObjectTagging:Put",
    "ObjectTagging:Delete",
    "ObjectAcl:Put",
    "LifecycleExpiration:Delete",
    "LifecycleExpiration:DeleteMarkerCreated",
    "LifecycleTransition",
)
"""Event types of "Supported event types for SQS, SNS, and Lambda"."""

OF_OBJECTS = (
    "ObjectRenamed",
    "ObjectRetention:Put",
    "ObjectLegalHold:Put",
    "ObjectEncryption",
    "ObjectAnnotation:Put",
    "ObjectAnnotation:Delete",
    "UploadCreated",
    "UploadPart",
    "UploadAborted",
    "FileStatus",
)
"""What else happens to keys."""

OF_BUCKETS = ("BucketCreated", "BucketRemoved", "BucketVersioning", "BucketConfiguration")

OF_ACCOUNTS = (
    "AccountCreated",
    "AccountRemoved",
    "AccountQuota",
    "AliasCreated",
    "AliasRemoved",
    "Bounded",
    "GroupCreated",
    "GroupUpdated",
    "GroupRemoved",
    "InlinePolicyPut",
    "InlinePolicyRemoved",
    "KeyCreated",
    "KeyUpdated",
    "KeyRemoved",
    "PolicyAttached",
    "PolicyDetached",
    "PolicyCreated",
    "PolicyRemoved",
    "PolicyVersionCreated",
    "PolicyVersionSet",
    "PolicyVersionRemoved",
    "ProviderCreated",
    "ProviderUpdated",
    "ProviderRemoved",
    "RoleCreated",
    "RoleUpdated",
    "RoleRemoved",
    "SessionsRevoked",
    "Tagged",
    "UserCreated",
    "UserUpdated",
    "UserRemoved",
    "UserAddedToGroup",
    "UserRemovedFromGroup",
)
"""What happens to accounts and to who acts in them."""

OF_ITEMS = tuple(
    f"{what}{change}" for what in ("Item", "Profile", "Filter") for change in ("Created", "Changed", "Removed")
)
"""What happens to items, users' profiles and an account's named filters."""

TYPES = {
    **{kind: f"s3:{kind}" for kind in OF_AWS},
    **{kind: f"trug:{kind}" for kind in (*OF_OBJECTS, *OF_BUCKETS, *OF_ACCOUNTS, *OF_ITEMS)},
}
"""The type of each kind of event that changes announce."""


def type_of(kind: str) -> str:
    """What an event of this kind is told as."""
    return TYPES.get(kind) or f"trug:{kind}"


def kinds_of(pattern: str) -> frozenset[str]:
    """The kinds whose type this is; with ``*`` at its end, whose type begins so. Empty where there are none."""
    if pattern.endswith("*"):
        return frozenset(kind for kind, name in TYPES.items() if name.startswith(pattern[:-1]))
    return frozenset(kind for kind, name in TYPES.items() if name == pattern)
