"""What each read answers, said over rows in memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice, takewhile
from typing import Any, Protocol, TypeVar

from trug.adapters.memory.table import Place, Table
from trug.adapters.memory.tables import Tables
from trug.domain import lines
from trug.domain.audit import AuditRecord
from trug.domain.identity import Account
from trug.ports.changes import Read
from trug.ports.expected import (
    OPEN,
    ExpectedAt,
    ExpectedDue,
    ExpectedFile,
    ExpectedOf,
    ExpectedWithId,
    IsAnyExpected,
)
from trug.ports.reads import (
    Accounts,
    AccountWithCanonicalId,
    AccountWithEmail,
    AccountWithId,
    AnnotationNamed,
    Annotations,
    AuditRecords,
    BlobNamed,
    BlobsBetween,
    BodyWithId,
    BucketHolds,
    BucketNamed,
    BucketOnce,
    BucketsOf,
    BucketWithId,
    CommonPrefixes,
    Configuration,
    Configurations,
    CountersOf,
    CountersOfAccount,
    Current,
    CurrentContent,
    CurrentRange,
    Declared,
    Document,
    DroppedBefore,
    Entities,
    EntityAt,
    EntityCount,
    Events,
    FeedStart,
    InlineContent,
    ItemAt,
    KeysOf,
    KeyWithId,
    Labelled,
    LabelledBetween,
    LabelledKeys,
    LastEpoch,
    LinkCount,
    LinksFrom,
    LinksTo,
    NewestHistory,
    NextId,
    NullHistory,
    OpenUploads,
    PartNumbered,
    Parts,
    References,
    Reminders,
    RowsOf,
    UnsealedEpochs,
    UploadWithId,
    VersionRange,
    WithVersionId,
    WithVersionIdContent,
)
from trug.ports.rows import (
    NULL_VERSION,
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
from trug.ports.stores import Damaged


class Keyed(Protocol):
    """A row that lies in a bucket under a key."""

    @property
    def bucket(self) -> int: ...

    @property
    def key(self) -> str: ...


K = TypeVar("K", bound=Keyed)


def within(rows: Iterator[K], bucket: int, stop: str) -> Iterator[K]:
    """Rows as long as they are of this bucket and below ``stop``, when it is not empty."""
    return takewhile(lambda row: row.bucket == bucket and (not stop or row.key < stop), rows)


def versions_of(rows: Iterator[Version], bucket: int, key: str) -> Iterator[Version]:
    return takewhile(lambda version: (version.bucket, version.key) == (bucket, key), rows)


def history_of(tables: Tables, bucket: int, key: str, before: int = 2**63 - 1) -> Iterator[Version]:
    """The key's rows of ``history`` with a sequence below ``before``, newest first."""
    return versions_of(tables.history.after(bucket, key, -before), bucket, key)


def fetched(tables: Tables, version: Version | None) -> Fetched | None:
    if version is None or version.inline is None:
        return version and Fetched(version, None)
    content = tables.inline.find(version.inline)
    if content is None:
        raise Damaged(f"inline bytes {version.inline} are missing")
    return Fetched(version, content)


def row_of(version: Version) -> bytes:
    return version.key.encode() + lines.line_of(version.key, version.listing, version.record.owner)


def bucket_named(tables: Tables, read: BucketNamed) -> Bucket | None:
    bucket = tables.bucket_names.find(read.name)
    return None if bucket is None else tables.buckets.find(bucket)


def bucket_with_id(tables: Tables, read: BucketWithId) -> Bucket | None:
    return tables.buckets.find(read.id)


def bucket_once(tables: Tables, read: BucketOnce) -> Bucket | None:
    removed = (event for event in tables.feed.since() if (event.kind, event.bucket) == ("BucketRemoved", read.id))
    once = (Bucket(event.bucket, event.key, event.account, "", 0) for event in removed)
    return tables.buckets.find(read.id) or next(once, None)


def buckets_of(tables: Tables, read: BucketsOf) -> list[Bucket]:
    by_name = (tables.buckets.find(bucket) for bucket in tables.bucket_names.after(read.after))
    wanted = (
        bucket
        for bucket in by_name
        if bucket is not None
        and bucket.account == read.account
        and bucket.name.startswith(read.prefix)
        and read.region in ("", bucket.region)
    )
    return list(islice(wanted, read.limit))


def bucket_holds(tables: Tables, read: BucketHolds) -> bool:
    return any(
        next(within(table.since(read.bucket), read.bucket, ""), None) for table in (tables.current, tables.history)
    )


def counters_of(tables: Tables, read: CountersOf) -> Counters:
    return tables.counters.find(read.bucket) or Counters()


def counters_of_account(tables: Tables, read: CountersOfAccount) -> Counters:
    return tables.account_counters.find(read.account) or Counters()


def configuration(tables: Tables, read: Configuration) -> bytes | None:
    return tables.configurations.find(read.bucket, read.kind)


def configurations(tables: Tables, read: Configurations) -> list[tuple[str, bytes]]:
    beginning = f"{read.kind}/"
    places = tables.configurations.places_after((read.bucket, beginning + read.after))
    of_kind = takewhile(lambda place: place[0] == read.bucket and str(place[1]).startswith(beginning), places)
    page = list(islice(of_kind, read.limit))
    return [
        (str(kind).removeprefix(beginning), tables.configurations.find(bucket, kind) or b"") for bucket, kind in page
    ]


def current(tables: Tables, read: Current | CurrentContent) -> Version | None:
    return tables.current.find(read.bucket, read.key)


def current_content(tables: Tables, read: CurrentContent) -> Fetched | None:
    return fetched(tables, current(tables, read))


def with_version_id(tables: Tables, read: WithVersionId | WithVersionIdContent) -> Version | None:
    newest = tables.current.find(read.bucket, read.key)
    if newest is not None and newest.version_id == read.version_id:
        return newest
    older = history_of(tables, read.bucket, read.key)
    return next((version for version in older if version.version_id == read.version_id), None)


def with_version_id_content(tables: Tables, read: WithVersionIdContent) -> Fetched | None:
    return fetched(tables, with_version_id(tables, read))


def newest_history(tables: Tables, read: NewestHistory) -> Version | None:
    return next(history_of(tables, read.bucket, read.key, read.before), None)


def null_history(tables: Tables, read: NullHistory) -> Version | None:
    rows = history_of(tables, read.bucket, read.key)
    return next((version for version in rows if version.version_id == NULL_VERSION), None)


def current_range(tables: Tables, read: CurrentRange) -> list[bytes]:
    seek = tables.current.after if read.after else tables.current.since
    rows = within(seek(read.bucket, read.start), read.bucket, read.stop)
    return [row_of(version) for version in islice(rows, max(read.limit, 0))]


def common_prefixes(tables: Tables, read: CommonPrefixes) -> list[str]:
    found: dict[str, None] = {}
    for version in within(tables.current.since(read.bucket, read.start), read.bucket, read.stop):
        rolled = lines.rolled_up(row_of(version), read.prefix.encode(), read.delimiter.encode())
        if rolled is None:
            break
        found[rolled.decode()] = None
    return list(islice(found, max(read.limit, 0)))


def version_range(tables: Tables, read: VersionRange) -> list[Listed]:
    versions = (
        version
        for table in (tables.current, tables.history)
        for version in within(table.since(read.bucket, read.start), read.bucket, read.stop)
        if version.key != read.start or version.sequence < read.before
    )
    newest_first = sorted(versions, key=lambda version: (version.key, -version.sequence))
    return [
        Listed(row_of(version), version.version_id, version.sequence, version.marker)
        for version in newest_first[: max(read.limit, 0)]
    ]


def labelled(tables: Tables, read: Labelled) -> list[str]:
    rows = tables.labels.places_after((read.bucket, read.name, read.value, read.after))
    place = (read.bucket, read.name, read.value)
    keys = (str(row[3]) for row in takewhile(lambda row: row[:3] == place, rows))
    return list(islice(takewhile(lambda key: not read.stop or key < read.stop, keys), read.limit))


def labelled_between(tables: Tables, read: LabelledBetween) -> list[str]:
    rows = tables.labels.places_since((read.bucket, read.name, read.low))
    within_range = takewhile(lambda row: row[:2] == (read.bucket, read.name) and str(row[2]) <= read.high, rows)
    return [str(row[3]) for row in islice(within_range, read.limit)]


def labelled_keys(tables: Tables, read: LabelledKeys) -> list[str]:
    return [str(place[1]) for place in tables.labelled.places_under(read.bucket)[: read.limit]]


def references(tables: Tables, read: References) -> int:
    return tables.references.find(read.kind, read.id) or 1


def inline_content(tables: Tables, read: InlineContent) -> bytes | None:
    return tables.inline.find(read.id)


def blob_named(tables: Tables, read: BlobNamed) -> bool:
    return tables.files.find(read.blob) is not None


def blobs_between(tables: Tables, read: BlobsBetween) -> list[int]:
    return list(islice(takewhile(lambda blob: blob < read.stop, tables.files.since(read.start)), read.limit))


def unsealed_epochs(tables: Tables, _: UnsealedEpochs) -> list[Epoch]:
    return [epoch for epoch in tables.epochs.since() if not epoch.sealed]


def last_epoch(tables: Tables, _: LastEpoch) -> int:
    return max((epoch.number for epoch in tables.epochs.since()), default=0)


def dropped_before(tables: Tables, read: DroppedBefore) -> list[Dropped]:
    old = takewhile(lambda dropped: dropped.sequence < read.sequence, tables.dropped.since())
    return list(islice(old, read.limit))


def upload_with_id(tables: Tables, read: UploadWithId) -> Upload | None:
    upload = tables.upload_ids.find(read.upload_id)
    return None if upload is None else tables.uploads.find(upload)


def body_with_id(tables: Tables, read: BodyWithId) -> Upload | None:
    return tables.uploads.find(read.id)


def open_uploads(tables: Tables, read: OpenUploads) -> list[Upload]:
    rows = within(tables.open_uploads.since(read.bucket, read.key), read.bucket, read.stop)
    wanted = (upload for upload in rows if upload.key != read.key or is_listed_after(upload, read))
    return list(islice(wanted, read.limit))


def is_listed_after(upload: Upload, read: OpenUploads) -> bool:
    return not read.beyond and upload.upload_id > read.upload_id


def part_numbered(tables: Tables, read: PartNumbered) -> Part | None:
    return tables.parts.find(read.upload, read.number)


def parts(tables: Tables, read: Parts) -> list[Part]:
    rows = takewhile(lambda part: part.upload == read.upload, tables.parts.after(read.upload, read.after))
    return list(islice(rows, read.limit))


def annotation_named(tables: Tables, read: AnnotationNamed) -> Annotation | None:
    return tables.annotations.find(read.version, read.name)


def annotations_of(tables: Tables, read: Annotations) -> list[Annotation]:
    rows = takewhile(lambda row: row.version == read.version, tables.annotations.after(read.version, read.after))
    return list(islice(rows, read.limit))


def account_with_id(tables: Tables, read: AccountWithId) -> Account | None:
    return tables.accounts.find(read.id)


def account_with_canonical_id(tables: Tables, read: AccountWithCanonicalId) -> Account | None:
    return next((row for row in tables.accounts.since() if row.canonical_id == read.canonical_id), None)


def account_with_email(tables: Tables, read: AccountWithEmail) -> Account | None:
    return next((row for row in tables.accounts.since() if row.email == read.email), None)


def accounts(tables: Tables, read: Accounts) -> list[Account]:
    return list(islice(tables.accounts.after(read.after), read.limit))


def entity_at(tables: Tables, read: EntityAt) -> bytes | None:
    return tables.entities.find(read.account, read.kind, read.place)


def entities(tables: Tables, read: Entities) -> list[Entity]:
    of_kind = (read.account, read.kind)
    places = tables.entities.places_since((*of_kind, first_of(read.after, read.within)))
    wanted = takewhile(lambda place: place[:2] == of_kind and str(place[2]).startswith(read.within), places)
    return [
        Entity(read.account, read.kind, str(place[2]), tables.entities.find(*place) or b"")
        for place in islice(wanted, max(read.limit, 0))
    ]


def entity_count(tables: Tables, read: EntityCount) -> int:
    return len(tables.entities.places_under(read.account, read.kind))


def links_from(tables: Tables, read: LinksFrom) -> list[str]:
    return others(tables.links, (read.account, read.kind, read.left), read.after, "", read.limit)


def links_to(tables: Tables, read: LinksTo) -> list[str]:
    return others(tables.links_back, (read.account, read.kind, read.right), read.after, read.within, read.limit)


def others(table: Table[str], side: Place, after: str, within: str, limit: int) -> list[str]:
    places = table.places_since((*side, first_of(after, within)))
    wanted = takewhile(lambda place: place[:3] == side and str(place[3]).startswith(within), places)
    return [str(place[3]) for place in islice(wanted, max(limit, 0))]


def first_of(after: str, within: str) -> str:
    """The least text that is above ``after`` and can begin with ``within``."""
    return max(f"{after}\0", within) if after else within


def link_count(tables: Tables, read: LinkCount) -> int:
    return len(tables.links_back.places_under(read.account, read.kind, read.right))


def key_with_id(tables: Tables, read: KeyWithId) -> AccessKey | None:
    return tables.keys.find(read.access_key)


def keys_of(tables: Tables, read: KeysOf) -> list[AccessKey]:
    places = tables.keys_of.places_under(read.account, read.user)
    return [key for place in places if (key := tables.keys.find(place[2])) is not None]


def declared(tables: Tables, read: Declared) -> bytes | None:
    return tables.declared.find(read.kind, read.name)


def document(tables: Tables, read: Document) -> bytes | None:
    return tables.documents.find(read.kind, read.name)


def audit_records(tables: Tables, read: AuditRecords) -> list[AuditRecord]:
    return list(islice(tables.audit.after(read.after), max(read.limit, 0)))


def item_at(tables: Tables, read: ItemAt) -> Item | None:
    found = tables.items.find(read.account, read.kind, read.id)
    return None if found is None else found[0]


def reminders(tables: Tables, read: Reminders) -> list[Reminder]:
    return list(islice(takewhile(lambda reminder: reminder.at <= read.time, tables.reminders.since()), read.limit))


def events(tables: Tables, read: Events) -> list[Event]:
    return list(islice(tables.feed.after(read.after), max(read.limit, 0)))


def feed_start(tables: Tables, _: FeedStart) -> int:
    oldest = next((event.sequence for event in tables.feed.since()), tables.sequence + 1)
    return max(0, min(tables.sequence - tables.feed_kept, oldest - 1))


def expected_of(tables: Tables, read: ExpectedOf) -> list[ExpectedFile]:
    owned = (file for file in tables.expected.after(read.after) if file.owner == read.owner)
    return list(islice((file for file in owned if read.status in ("", file.status)), read.limit))


def expected_due(tables: Tables, read: ExpectedDue) -> list[ExpectedFile]:
    due = [file for file in tables.expected.since() if file.state == read.state and file.expires < read.time]
    later = [file for file in due if (file.expires, file.id) > read.after]
    return sorted(later, key=lambda file: (file.expires, file.id))[: read.limit]


def is_any_expected(tables: Tables, read: IsAnyExpected) -> bool:
    return any(file.state in OPEN or file.expires > read.time for file in tables.expected.since())


def next_id(tables: Tables, _: NextId) -> int:
    return tables.reserved.find() or 1


def rows_of(tables: Tables, read: RowsOf) -> list[tuple[Place, Any]]:
    named: dict[str, Table[Any]] = {
        "current": tables.current,
        "history": tables.history,
        "inline": tables.inline,
        "files": tables.files,
        "epochs": tables.epochs,
        "reference_counts": tables.references,
        "dropped": tables.dropped,
        "uploads": tables.uploads,
        "parts": tables.parts,
        "annotations": tables.annotations,
        "buckets": tables.buckets,
        "configurations": tables.configurations,
        "accounts": tables.accounts,
        "entities": tables.entities,
        "links": tables.links,
        "access_keys": tables.keys,
        "declared": tables.declared,
        "documents": tables.documents,
        "audit": tables.audit,
        "expected_files": tables.expected,
        "items": tables.items,
    }
    table = named[read.table]
    places = islice(table.places_after(read.after or ()), read.limit)
    rows: list[tuple[Place, Any]] = [(place, table.find(*place)) for place in places]
    if read.table == "items":
        return [(place, item) for place, (item, _) in rows]
    return [(place, len(content)) for place, content in rows] if read.table == "inline" else rows


ANSWERS: dict[type[Read[Any]], Callable[[Tables, Any], Any]] = {
    BucketNamed: bucket_named,
    BucketWithId: bucket_with_id,
    BucketOnce: bucket_once,
    BucketsOf: buckets_of,
    BucketHolds: bucket_holds,
    CountersOf: counters_of,
    CountersOfAccount: counters_of_account,
    Configuration: configuration,
    Configurations: configurations,
    Current: current,
    CurrentContent: current_content,
    WithVersionId: with_version_id,
    WithVersionIdContent: with_version_id_content,
    NewestHistory: newest_history,
    NullHistory: null_history,
    CurrentRange: current_range,
    CommonPrefixes: common_prefixes,
    VersionRange: version_range,
    Labelled: labelled,
    LabelledBetween: labelled_between,
    LabelledKeys: labelled_keys,
    References: references,
    InlineContent: inline_content,
    BlobNamed: blob_named,
    BlobsBetween: blobs_between,
    UnsealedEpochs: unsealed_epochs,
    LastEpoch: last_epoch,
    DroppedBefore: dropped_before,
    UploadWithId: upload_with_id,
    BodyWithId: body_with_id,
    OpenUploads: open_uploads,
    PartNumbered: part_numbered,
    AnnotationNamed: annotation_named,
    Annotations: annotations_of,
    Parts: parts,
    AccountWithId: account_with_id,
    AccountWithCanonicalId: account_with_canonical_id,
    AccountWithEmail: account_with_email,
    Accounts: accounts,
    EntityAt: entity_at,
    Entities: entities,
    EntityCount: entity_count,
    LinksFrom: links_from,
    LinksTo: links_to,
    LinkCount: link_count,
    KeyWithId: key_with_id,
    KeysOf: keys_of,
    Declared: declared,
    Document: document,
    AuditRecords: audit_records,
    ItemAt: item_at,
    Reminders: reminders,
    ExpectedWithId: lambda tables, read: tables.expected.find(read.id),
    ExpectedAt: lambda tables, read: [file for file in tables.expected.since() if file[2:4] == (read.bucket, read.key)],
    ExpectedOf: expected_of,
    ExpectedDue: expected_due,
    IsAnyExpected: is_any_expected,
    Events: events,
    FeedStart: feed_start,
    NextId: next_id,
    RowsOf: rows_of,
}
