"""What a decided change may do to the metadata; to remove or touch what is not there does nothing."""

from __future__ import annotations

from typing import ClassVar

from trug.domain.frozen import frozen
from trug.domain.identity import Account
from trug.ports.changes import Effect
from trug.ports.rows import AccessKey, Annotation, Bucket, Entity, Item, Link, Part, Reminder, Upload, Version

# Buckets


@frozen
class PutBucket(Effect):
    """Insert or replace the bucket's row."""

    bucket: Bucket
    refreshes: ClassVar[bool] = True


@frozen
class RemoveBucket(Effect):
    """Remove the bucket's row, its configurations and counters."""

    id: int
    refreshes: ClassVar[bool] = True


@frozen
class SetConfiguration(Effect):
    """Store a configuration of a bucket; None removes it."""

    bucket: int
    kind: str
    document: bytes | None
    refreshes: ClassVar[bool] = True


# Versions


@frozen
class PutCurrent(Effect):
    """Make this the key's row in ``current``, in place of any.

    In a bucket with the search bit (domain.configurations.HAS_SEARCH) its labels (domain.object_fields.labels_of) take
    the place of those the key had, and go with RemoveCurrent."""

    version: Version


@frozen
class RemoveCurrent(Effect):
    """Remove the key's row from ``current``."""

    bucket: int
    key: str


@frozen
class PutHistory(Effect):
    """Insert or replace a row of ``history`` (same key and sequence)."""

    version: Version


@frozen
class RemoveHistory(Effect):
    """Remove the row of ``history`` of this key and sequence."""

    bucket: int
    key: str
    sequence: int


# Bytes


@frozen
class PutInline(Effect):
    """Keep these bytes under a new inline id, with their block checksum."""

    id: int
    content: bytes


@frozen
class RemoveInline(Effect):
    """Forget inline bytes."""

    id: int


@frozen
class NameBlob(Effect):
    """A row in ``files``: from now on something refers to this blob."""

    blob: int


@frozen
class ForgetBlobs(Effect):
    """Remove rows of ``files``: the blobs are unlinked and their directories synced."""

    blobs: tuple[int, ...]


@frozen
class SetReferences(Effect):
    """Keep a count of references of 2 or more; 1 and 0 remove the row (no row means one)."""

    kind: str
    id: int
    count: int


@frozen
class Drop(Effect):
    """A row in ``dropped``, stamped with the commit's sequence: the sweep removes these bytes later."""

    kind: str
    target: int


@frozen
class ForgetDropped(Effect):
    """Remove rows of ``dropped`` by their ids."""

    ids: tuple[int, ...]


@frozen
class OpenEpoch(Effect):
    """A new epoch row, unsealed."""

    number: int


@frozen
class SealEpoch(Effect):
    """Every blob of the epoch is referenced or unlinked: recovery need not look at it."""

    number: int


# Multipart


@frozen
class PutUpload(Effect):
    """Insert or replace an upload's row; completed ones leave the list of open uploads."""

    upload: Upload


@frozen
class TouchUpload(Effect):
    """Set ``changed`` of an upload to the commit's sequence."""

    id: int


@frozen
class RemoveUpload(Effect):
    """Remove an upload's row."""

    id: int


@frozen
class PutPart(Effect):
    """Insert or replace a part."""

    part: Part


@frozen
class RemoveParts(Effect):
    """Remove parts of an upload by number."""

    upload: int
    numbers: tuple[int, ...]


# Annotations


@frozen
class PutAnnotation(Effect):
    """Insert or replace an annotation; its bytes are put by PutInline."""

    annotation: Annotation


@frozen
class RemoveAnnotations(Effect):
    """Remove annotations of a version by name, and not their bytes."""

    version: int
    names: tuple[str, ...]


# Totals and the feed


@frozen
class Tally(Effect):
    """Add to the totals of a bucket and of its account; a batch applies the sum once.

    Later changes of the same batch read the sum; RemoveBucket forgets the bucket's, never the account's."""

    bucket: int
    account: str
    objects: int = 0
    versions: int = 0
    bytes: int = 0
    uploads: int = 0
    current: int = 0


@frozen
class Announce(Effect):
    """The change's row in the feed, under its sequence: one for each, so that Advance stands between two.

    ``account`` is told where the bucket's row does not say it: of what is in no bucket (``bucket`` 0), and of buckets
    that are removed, whose name is the ``key``."""

    kind: str
    bucket: int
    key: str = ""
    version_id: str = ""
    size: int = 0
    etag: str = ""
    account: str = ""


@frozen
class Advance(Effect):
    """What follows belongs to the next sequence: so several changes commit as one."""


# Who may


@frozen
class PutAccount(Effect):
    """Insert or replace an account."""

    account: Account
    refreshes: ClassVar[bool] = True


@frozen
class RemoveAccount(Effect):
    """Remove an account, and nothing that is its own."""

    id: str
    refreshes: ClassVar[bool] = True


@frozen
class PutEntity(Effect):
    """Insert or replace a thing of IAM."""

    entity: Entity
    refreshes: ClassVar[bool] = True


@frozen
class RemoveEntity(Effect):
    """Remove a thing of IAM, and not its links."""

    account: str
    kind: str
    place: str
    refreshes: ClassVar[bool] = True


@frozen
class PutLink(Effect):
    """Link two things of an account; what is linked stays so."""

    link: Link
    refreshes: ClassVar[bool] = True


@frozen
class RemoveLink(Effect):
    """Take the link away."""

    link: Link
    refreshes: ClassVar[bool] = True


@frozen
class PutKey(Effect):
    """Insert or replace an access key."""

    key: AccessKey
    refreshes: ClassVar[bool] = True


@frozen
class RemoveKey(Effect):
    """Remove an access key."""

    access_key: str
    refreshes: ClassVar[bool] = True


@frozen
class Declare(Effect):
    """Remember what ``--init`` declared, in place of what it declared before; it is never forgotten."""

    kind: str
    name: str
    document: bytes


# Items


@frozen
class PutItem(Effect):
    """Insert or replace an item; ``words`` (domain.filters.words_of, with spaces between) are what it is found by."""

    item: Item
    words: str = ""


@frozen
class RemoveItem(Effect):
    """Remove an item and its words."""

    account: str
    kind: str
    id: str


# Lifecycle


@frozen
class Remind(Effect):
    """Have the lifecycle of these keys looked at from ``at`` (µs) on, 0 for soon; stamped with the commit's sequence.

    It takes the place of a reminder of the same key and time."""

    bucket: int
    keys: tuple[str, ...]
    at: int = 0


@frozen
class ForgetReminders(Effect):
    """Remove reminders that are still as they were read: with the same sequence."""

    reminders: tuple[Reminder, ...]


# Search


@frozen
class Label(Effect):
    """Have the labels of these keys be those of their current versions, or be none, whatever bits the bucket has."""

    bucket: int
    keys: tuple[str, ...]
    wanted: bool


# The store itself


@frozen
class KeepDocument(Effect):
    """Keep a document of the store's own under (kind, name), in place of the one before; None removes it."""

    kind: str
    name: str
    document: bytes | None


@frozen
class Attest(Effect):
    """Tell the audit trail of something that was done beside the metadata; of other effects it learns by itself."""

    resource: str
    after: str


@frozen
class TrimAudit(Effect):
    """Forget the audit records below this sequence."""

    bound: int


@frozen
class ReserveIds(Effect):
    """Move the first unreserved id to ``next``."""

    next: int
