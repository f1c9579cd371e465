"""The questions one may put to the metadata: text sorts by its UTF-8 bytes, a page of at most 0 rows is empty."""

from __future__ import annotations

from typing import Any

from trug.domain.audit import AuditRecord
from trug.domain.frozen import frozen
from trug.domain.identity import Account
from trug.ports.changes import Read
from trug.ports.rows import (
    AccessKey,
    Annotation,
    Bucket,
    Counters,
    Dropped,
    Entity,
    Epoch,
    Event,
    Fetched,
    Item,
    Listed,
    Part,
    Reminder,
    Upload,
    Version,
)

# Buckets


@frozen
class BucketNamed(Read[Bucket | None]):
    """The bucket of this name."""

    name: str


@frozen
class BucketWithId(Read[Bucket | None]):
    """The bucket with this id; None when it was deleted."""

    id: int


@frozen
class BucketOnce(Read[Bucket | None]):
    """The bucket with this id; when it was removed, its id, name and account as long as the feed tells of that."""

    id: int


@frozen
class BucketsOf(Read[list[Bucket]]):
    """An account's buckets by name: those after ``after`` that start with ``prefix``, at most ``limit``.

    ``region`` empty means any."""

    account: str
    after: str = ""
    prefix: str = ""
    limit: int = 1000
    region: str = ""


@frozen
class BucketHolds(Read[bool]):
    """Whether the bucket has any version or delete marker."""

    bucket: int


@frozen
class CountersOf(Read[Counters]):
    """A bucket's totals; all 0 when nothing was tallied or the bucket was removed."""

    bucket: int


@frozen
class CountersOfAccount(Read[Counters]):
    """An account's totals over its buckets."""

    account: str


@frozen
class Configuration(Read[bytes | None]):
    """The bucket's stored configuration of this kind (``tagging`` …), as it was stored."""

    bucket: int
    kind: str


@frozen
class Configurations(Read[list[tuple[str, bytes]]]):
    """The bucket's configurations of a kind that has ids: (id, document) by id after ``after``, at most ``limit``."""

    bucket: int
    kind: str
    after: str = ""
    limit: int = 1000


# Versions


@frozen
class Current(Read[Version | None]):
    """The key's newest version, when it is an object (a delete marker is never in ``current``)."""

    bucket: int
    key: str


@frozen
class CurrentContent(Read[Fetched | None]):
    """As Current, with the inline bytes in the same statement (checked against their checksum).

    Damaged when the version names inline bytes that are not there."""

    bucket: int
    key: str


@frozen
class WithVersionId(Read[Version | None]):
    """The key's version with this id, current or not, object or marker; the newest such if several."""

    bucket: int
    key: str
    version_id: str


@frozen
class WithVersionIdContent(Read[Fetched | None]):
    """As WithVersionId, with the inline bytes as in CurrentContent."""

    bucket: int
    key: str
    version_id: str


@frozen
class NewestHistory(Read[Version | None]):
    """The key's newest version in ``history`` whose sequence is below ``before``."""

    bucket: int
    key: str
    before: int = 2**63 - 1


@frozen
class NullHistory(Read[Version | None]):
    """The key's null version in ``history``, the newest such if several."""

    bucket: int
    key: str


@frozen
class CurrentRange(Read[list[bytes]]):
    """Current objects in byte order of their keys: from ``start`` (``after`` it, when so), below ``stop`` when that is
    not empty, at most ``limit``. Rows of key and line, as domain.lines has them."""

    bucket: int
    start: str
    after: bool
    stop: str
    limit: int


@frozen
class CommonPrefixes(Read[list[str]]):
    """What current keys from ``start`` on are rolled up into, in byte order, up to the first key that is not.

    Of a key that begins with ``prefix``, that is all up to the first ``delimiter`` behind it. ``start`` and all keys
    below ``stop``, when that is not empty, begin with ``prefix``; at most ``limit``. The delimiter has a text behind it
    (domain.keys.after_prefix).
    """

    bucket: int
    prefix: str
    delimiter: str
    start: str
    stop: str
    limit: int


@frozen
class VersionRange(Read[list[Listed]]):
    """Versions by (key, newest first), current or not, objects and markers: from (``start``, versions with sequence
    below ``before``), keys below ``stop`` when that is not empty, at most ``limit``. ``before`` 0 starts after all of
    ``start``'s versions."""

    bucket: int
    start: str
    before: int
    stop: str
    limit: int


# Search


@frozen
class Labelled(Read[list[str]]):
    """Keys of a bucket that have this label, after ``after`` and below ``stop`` when that is not empty, ascending, at
    most ``limit``. Some may be gone, or have it no longer."""

    bucket: int
    name: str
    value: str
    after: str
    stop: str
    limit: int


@frozen
class LabelledBetween(Read[list[str]]):
    """Keys of a bucket with a label of this name and a value from ``low`` to ``high``, in any order, at most
    ``limit``."""

    bucket: int
    name: str
    low: str
    high: str
    limit: int


@frozen
class LabelledKeys(Read[list[str]]):
    """Keys of a bucket that have labels, ascending, at most ``limit``."""

    bucket: int
    limit: int


# Bytes


@frozen
class References(Read[int]):
    """How many rows refer to these bytes; ``kind`` is ``inline``, ``blob`` or ``body``. 1 when nothing is counted."""

    kind: str
    id: int


@frozen
class InlineContent(Read[bytes | None]):
    """Inline bytes by id, checked against their checksum."""

    id: int


@frozen
class BlobNamed(Read[bool]):
    """Whether a row of ``files`` stands for this blob."""

    blob: int


@frozen
class BlobsBetween(Read[list[int]]):
    """Blobs named in ``files`` from ``start`` on and below ``stop``, ascending, at most ``limit``."""

    start: int
    stop: int
    limit: int


@frozen
class UnsealedEpochs(Read[list[Epoch]]):
    """Epochs that were opened and not sealed, ascending."""


@frozen
class LastEpoch(Read[int]):
    """The highest epoch number ever opened, 0 when none was."""


@frozen
class DroppedBefore(Read[list[Dropped]]):
    """What was dropped by commits below ``sequence``, by (sequence, id), at most ``limit``."""

    sequence: int
    limit: int


# Multipart


@frozen
class UploadWithId(Read[Upload | None]):
    """The upload, open or completed, that clients call ``upload_id``."""

    upload_id: str


@frozen
class BodyWithId(Read[Upload | None]):
    """The upload row that is the body ``id``."""

    id: int


@frozen
class OpenUploads(Read[list[Upload]]):
    """A bucket's open uploads by (key, upload id), after (``key``, ``upload_id``) (``upload_id`` empty: from ``key``'s
    first on; ``beyond`` true: after all of ``key``'s, whatever ``upload_id``), keys below ``stop`` when not empty, at
    most ``limit``. The pair need not exist."""

    bucket: int
    key: str
    upload_id: str
    beyond: bool
    stop: str
    limit: int


@frozen
class PartNumbered(Read[Part | None]):
    """One part."""

    upload: int
    number: int


@frozen
class Parts(Read[list[Part]]):
    """Parts in ascending number, after ``after``, at most ``limit``."""

    upload: int
    after: int = 0
    limit: int = 10_000


@frozen
class AnnotationNamed(Read[Annotation | None]):
    """An annotation of the version with this id."""

    version: int
    name: str


@frozen
class Annotations(Read[list[Annotation]]):
    """Annotations of a version by name after ``after``, at most ``limit``."""

    version: int
    after: str = ""
    limit: int = 1000


# Who may


@frozen
class AccountWithId(Read[Account | None]):
    """The account with this id."""

    id: str


@frozen
class AccountWithCanonicalId(Read[Account | None]):
    """The account with this canonical id, the first by id if several."""

    canonical_id: str


@frozen
class AccountWithEmail(Read[Account | None]):
    """The account with this e-mail address, the first by id if several."""

    email: str


@frozen
class Accounts(Read[list[Account]]):
    """Accounts by id after ``after``, at most ``limit``."""

    after: str = ""
    limit: int = 1000


@frozen
class EntityAt(Read[bytes | None]):
    """The document of the account's thing of this kind at this place."""

    account: str
    kind: str
    place: str


@frozen
class Entities(Read[list[Entity]]):
    """An account's things of a kind by place: those after ``after`` that begin with ``within``, at most ``limit``."""

    account: str
    kind: str
    after: str = ""
    within: str = ""
    limit: int = 1000


@frozen
class EntityCount(Read[int]):
    """How many things of a kind an account has."""

    account: str
    kind: str


@frozen
class LinksFrom(Read[list[str]]):
    """What ``left`` is linked to by links of a kind: the right sides after ``after``, ascending, at most ``limit``."""

    account: str
    kind: str
    left: str
    after: str = ""
    limit: int = 1000


@frozen
class LinksTo(Read[list[str]]):
    """What is linked to ``right`` by links of a kind: the left sides after ``after``, that begin with ``within``,
    ascending, at most ``limit``."""

    account: str
    kind: str
    right: str
    after: str = ""
    within: str = ""
    limit: int = 1000


@frozen
class LinkCount(Read[int]):
    """How many are linked to ``right`` by links of a kind."""

    account: str
    kind: str
    right: str


@frozen
class KeyWithId(Read[AccessKey | None]):
    """The access key of this id."""

    access_key: str


@frozen
class KeysOf(Read[list[AccessKey]]):
    """The keys of a user (of the account's root when ``user`` is empty), by access key."""

    account: str
    user: str


@frozen
class Declared(Read[bytes | None]):
    """What ``--init`` once declared under (kind, name): its document; kept when the thing itself is deleted."""

    kind: str
    name: str


# The feed


@frozen
class Events(Read[list[Event]]):
    """What was announced after the sequence ``after``, in order, at most ``limit``."""

    after: int
    limit: int


@frozen
class FeedStart(Read[int]):
    """The first sequence after which nothing has left the feed yet: who has read so far can go on."""


# Items


@frozen
class ItemAt(Read[Item | None]):
    """The account's item of this kind and id."""

    account: str
    kind: str
    id: str


# The store itself


@frozen
class Document(Read[bytes | None]):
    """What is kept of the store's own under (kind, name): how far a job has come, an account's quota."""

    kind: str
    name: str


@frozen
class AuditRecords(Read[list[AuditRecord]]):
    """Audit records with a sequence above ``after``, in their order, at most ``limit``."""

    after: int
    limit: int


@frozen
class Reminders(Read[list[Reminder]]):
    """Reminders that are due at ``time`` (µs), by (at, bucket, key), at most ``limit``."""

    time: int
    limit: int


@frozen
class NextId(Read[int]):
    """The first id nobody has reserved; 1 in a new store."""


@frozen
class RowsOf(Read[list[Any]]):
    """For fsck: a page of a table's rows after ``after``, the place that ended the page before (None at first).

    A list of (place, row), the row None where it is damaged: its checksum does not match, or its text is not UTF-8. A
    page has about ``limit`` rows; only an empty one is the last. Damaged places may not be true, nor in order, and may
    come twice. Each place is the primary key, and each row as the reads of one give it:

    ``current`` and ``history`` Version, ``inline`` the length in bytes (verified), ``files`` the blob, ``epochs``
    Epoch, ``items`` Item, ``reference_counts`` the count, ``dropped`` Dropped, ``uploads`` Upload, ``parts`` Part,
    ``annotations`` Annotation, ``buckets`` Bucket, ``configurations`` the document, ``accounts`` Account, ``entities``
    and ``links`` their last column, ``access_keys`` AccessKey, ``declared`` and ``documents`` the document,
    ``audit`` AuditRecord, ``expected_files`` ExpectedFile.
    """

    table: str
    after: Any
    limit: int
