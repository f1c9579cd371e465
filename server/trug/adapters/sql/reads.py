"""How each read of the port is answered: one statement, checked rows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from sqlite3 import Cursor
from struct import error as StructError  # noqa: N812 - a class
from typing import Any, TypeVar

from trug.adapters.sql import expected, packing
from trug.adapters.sql import statements as sql
from trug.domain import lines
from trug.domain.audit import AuditRecord
from trug.domain.identity import Account
from trug.domain.keys import after_prefix
from trug.ports import reads as ask
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
from trug.ports.stores import Damaged

R = TypeVar("R")
Row = packing.Row
Answer = Callable[[Cursor, Any], Any]

FEED_KEPT = 1_000_000
"""How many sequences the feed goes back."""

SECOND = 1_000_000

# Text sorts before this in UTF-8 whatever it holds, as far as it starts with the same prefix.
LAST = "\U0010ffff"


def one(cursor: Cursor, statement: str, parameters: Row, make: Callable[[Row], R]) -> R | None:
    row = cursor.execute(statement, parameters).fetchone()
    return None if row is None else make(row)


def some(cursor: Cursor, statement: str, parameters: Row, make: Callable[[Row], R]) -> list[R]:
    return [make(row) for row in cursor.execute(statement, parameters).fetchall()]


# Buckets


def bucket_named(cursor: Cursor, read: ask.BucketNamed) -> Bucket | None:
    return one(cursor, sql.BUCKET_NAMED, (read.name,), packing.bucket_of)


def bucket_with_id(cursor: Cursor, read: ask.BucketWithId) -> Bucket | None:
    return one(cursor, sql.BUCKET_WITH_ID, (read.id,), packing.bucket_of)


def bucket_once(cursor: Cursor, read: ask.BucketOnce) -> Bucket | None:
    return one(cursor, sql.BUCKET_WITH_ID, (read.id,), packing.bucket_of) or one(
        cursor, sql.REMOVED_BUCKET, (read.id,), removed_bucket_of
    )


def removed_bucket_of(row: Row) -> Bucket:
    number, name, account = row
    return Bucket(number, name, account, "", 0)


def buckets_of(cursor: Cursor, read: ask.BucketsOf) -> list[Bucket]:
    parameters = (read.account, read.after, read.prefix, read.prefix + LAST)
    if read.region:
        return some(cursor, sql.BUCKETS_OF_IN_REGION, (*parameters, read.region, read.limit), packing.bucket_of)
    return some(cursor, sql.BUCKETS_OF, (*parameters, read.limit), packing.bucket_of)


def bucket_holds(cursor: Cursor, read: ask.BucketHolds) -> bool:
    (holds,) = cursor.execute(sql.BUCKET_HOLDS, (read.bucket, read.bucket)).fetchone()
    return bool(holds)


def counters_of(cursor: Cursor, read: ask.CountersOf) -> Counters:
    return one(cursor, sql.COUNTERS_OF, (read.bucket,), Counters._make) or Counters()


def counters_of_account(cursor: Cursor, read: ask.CountersOfAccount) -> Counters:
    return one(cursor, sql.COUNTERS_OF_ACCOUNT, (read.account,), Counters._make) or Counters()


def configuration(cursor: Cursor, read: ask.Configuration) -> bytes | None:
    return one(cursor, sql.CONFIGURATION, (read.bucket, read.kind), document_of_configuration)


def document_of_configuration(row: Row) -> bytes:
    document: bytes = packing.named_of("configurations", row)
    return document


def configurations(cursor: Cursor, read: ask.Configurations) -> list[tuple[str, bytes]]:
    within = (read.bucket, f"{read.kind}/{read.after}", f"{read.kind}0", read.limit)
    return some(cursor, sql.CONFIGURATIONS, within, configuration_with_id)


def configuration_with_id(row: Row) -> tuple[str, bytes]:
    return row[1].partition("/")[2], document_of_configuration(row)


# Versions


def version(cursor: Cursor, statement: str, bucket: int, parameters: Row) -> Version | None:
    row = cursor.execute(statement, parameters).fetchone()
    return None if row is None else packing.version_of(bucket, row)


def fetched(cursor: Cursor, statement: str, bucket: int, parameters: Row) -> Fetched | None:
    row = cursor.execute(statement, parameters).fetchone()
    if row is None:
        return None
    found = packing.version_of(bucket, row)
    if found.inline is None:
        return Fetched(found, None)
    if row[-1] is None:
        raise Damaged(f"the inline bytes {found.inline} are missing")
    return Fetched(found, packing.checked_content(found.inline, row[-2], row[-1]))


def current(cursor: Cursor, read: ask.Current) -> Version | None:
    return version(cursor, sql.CURRENT, read.bucket, (read.bucket, read.key))


def current_content(cursor: Cursor, read: ask.CurrentContent) -> Fetched | None:
    return fetched(cursor, sql.CURRENT_CONTENT, read.bucket, (read.bucket, read.key))


def with_version_id(cursor: Cursor, read: ask.WithVersionId) -> Version | None:
    place = (read.bucket, read.key, read.version_id)
    return version(cursor, sql.WITH_VERSION_ID, read.bucket, place + place)


def with_version_id_content(cursor: Cursor, read: ask.WithVersionIdContent) -> Fetched | None:
    place = (read.bucket, read.key, read.version_id)
    return fetched(cursor, sql.WITH_VERSION_ID_CONTENT, read.bucket, place + place)


def newest_history(cursor: Cursor, read: ask.NewestHistory) -> Version | None:
    return version(cursor, sql.NEWEST_HISTORY, read.bucket, (read.bucket, read.key, -read.before))


def null_history(cursor: Cursor, read: ask.NullHistory) -> Version | None:
    return version(cursor, sql.NULL_HISTORY, read.bucket, (read.bucket, read.key))


CURRENT_RANGES = {
    (False, False): sql.CURRENT_FROM,
    (False, True): sql.CURRENT_FROM_BELOW,
    (True, False): sql.CURRENT_AFTER,
    (True, True): sql.CURRENT_AFTER_BELOW,
}


def current_range(cursor: Cursor, read: ask.CurrentRange) -> list[bytes]:
    statement = CURRENT_RANGES[read.after, read.stop != ""]
    place = (read.bucket, read.start)
    bounds = (read.stop, read.limit, read.stop) if read.stop else (read.limit,)
    return packing.rows_of(read.bucket, *cursor.execute(statement, (*place, *place, *bounds)).fetchone())


def common_prefixes(cursor: Cursor, read: ask.CommonPrefixes) -> list[str]:
    stop = (read.stop,) if read.stop else ()
    skipped, following = len(read.prefix), after_prefix(read.delimiter)
    seek = (skipped, skipped, read.delimiter, following, *stop, skipped, read.delimiter, max(read.limit, 0))
    statement = sql.SEEKS_BELOW if read.stop else sql.SEEKS
    found = cursor.execute(statement, (read.bucket, read.start, *stop, read.bucket, *seek)).fetchone()
    prefix, delimiter = read.prefix.encode(), read.delimiter.encode()
    rolled = (lines.rolled_up(row, prefix, delimiter) for row in packing.rows_of(read.bucket, *found))
    return [common.decode() for common in iter(partial(next, rolled, None), None)]


def version_range(cursor: Cursor, read: ask.VersionRange) -> list[Listed]:
    statement = sql.VERSIONS_AFTER_BELOW if read.stop else sql.VERSIONS_AFTER
    place = (read.bucket, read.start, -read.before, *((read.stop,) if read.stop else ()))
    rows = cursor.execute(statement, (*place, *place, read.limit)).fetchall()
    return packing.listed_of(read.bucket, rows)


# Search


def labelled(cursor: Cursor, read: ask.Labelled) -> list[str]:
    place = (read.bucket, read.name, read.value, read.after)
    if read.stop:
        return some(cursor, sql.LABELLED_BELOW, (*place, read.stop, read.limit), only)
    return some(cursor, sql.LABELLED, (*place, read.limit), only)


def labelled_between(cursor: Cursor, read: ask.LabelledBetween) -> list[str]:
    return some(cursor, sql.LABELLED_BETWEEN, (read.bucket, read.name, read.low, read.high, read.limit), only)


def labelled_keys(cursor: Cursor, read: ask.LabelledKeys) -> list[str]:
    return some(cursor, sql.LABELLED_KEYS, (read.bucket, read.limit), only)


def only(row: Row) -> str:
    text: str = row[0]
    return text


# Bytes


def references(cursor: Cursor, read: ask.References) -> int:
    return one(cursor, sql.REFERENCES, (read.kind, read.id), count_of) or 1


def count_of(row: Row) -> int:
    count: int = packing.named_of("reference_counts", row)
    return count


def inline_content(cursor: Cursor, read: ask.InlineContent) -> bytes | None:
    row = cursor.execute(sql.INLINE, (read.id,)).fetchone()
    return None if row is None else packing.checked_content(*row)


def blob_named(cursor: Cursor, read: ask.BlobNamed) -> bool:
    """Absence is believed only where the rows on both sides are whole: bytes are removed on the strength of it."""
    if one(cursor, sql.BLOB_NAMED, (read.blob,), packing.blob_of) is not None:
        return True
    verify_beside(cursor, read.blob, read.blob)
    return False


def blobs_between(cursor: Cursor, read: ask.BlobsBetween) -> list[int]:
    found = some(cursor, sql.BLOBS_BETWEEN, (read.start, read.stop, read.limit), packing.blob_of)
    verify_beside(cursor, read.start, found[-1] + 1 if found else read.start)
    return found


def verify_beside(cursor: Cursor, start: int, stop: int) -> None:
    """Damaged when the row of ``files`` below ``start`` or the one from ``stop`` on is: it may belong in between."""
    one(cursor, sql.BLOB_BEFORE, (start,), packing.blob_of)
    one(cursor, sql.NEXT_BLOB, (stop,), packing.blob_of)


def unsealed_epochs(cursor: Cursor, _: ask.UnsealedEpochs) -> list[Epoch]:
    return some(cursor, sql.UNSEALED_EPOCHS, (), packing.epoch_of)


def last_epoch(cursor: Cursor, _: ask.LastEpoch) -> int:
    last = one(cursor, sql.LAST_EPOCH, (), packing.epoch_of)
    return 0 if last is None else last.number


def dropped_before(cursor: Cursor, read: ask.DroppedBefore) -> list[Dropped]:
    """Rows lie in the order of their sequence, so the first that is too young ends the page."""
    dropped = some(cursor, sql.DROPPED, (read.limit,), packing.dropped_of)
    return [row for row in dropped if row.sequence < read.sequence]


# Multipart


def upload_with_id(cursor: Cursor, read: ask.UploadWithId) -> Upload | None:
    return one(cursor, sql.UPLOAD_WITH_ID, (read.upload_id,), packing.upload_of)


def body_with_id(cursor: Cursor, read: ask.BodyWithId) -> Upload | None:
    return one(cursor, sql.BODY_WITH_ID, (read.id,), packing.upload_of)


OPEN_UPLOADS = {
    (False, False): sql.OPEN_UPLOADS_AFTER,
    (False, True): sql.OPEN_UPLOADS_AFTER_BELOW,
    (True, False): sql.OPEN_UPLOADS_BEYOND,
    (True, True): sql.OPEN_UPLOADS_BEYOND_BELOW,
}


def open_uploads(cursor: Cursor, read: ask.OpenUploads) -> list[Upload]:
    statement = OPEN_UPLOADS[read.beyond, read.stop != ""]
    start = (read.key,) if read.beyond else (read.key, read.upload_id)
    stop = (read.stop,) if read.stop else ()
    return some(cursor, statement, (read.bucket, *start, *stop, read.limit), packing.upload_of)


def part_numbered(cursor: Cursor, read: ask.PartNumbered) -> Part | None:
    return one(cursor, sql.PART_NUMBERED, (read.upload, read.number), packing.part_of)


def parts(cursor: Cursor, read: ask.Parts) -> list[Part]:
    return some(cursor, sql.PARTS, (read.upload, read.after, read.limit), packing.part_of)


def annotation_named(cursor: Cursor, read: ask.AnnotationNamed) -> Annotation | None:
    return one(cursor, sql.ANNOTATION_NAMED, (read.version, read.name), packing.annotation_of)


def annotations_of(cursor: Cursor, read: ask.Annotations) -> list[Annotation]:
    return some(cursor, sql.ANNOTATIONS, (read.version, read.after, read.limit), packing.annotation_of)


# Who may


def account_with_id(cursor: Cursor, read: ask.AccountWithId) -> Account | None:
    return one(cursor, sql.ACCOUNT_WITH_ID, (read.id,), packing.account_of)


def account_with_canonical_id(cursor: Cursor, read: ask.AccountWithCanonicalId) -> Account | None:
    return one(cursor, sql.ACCOUNT_WITH_CANONICAL_ID, (read.canonical_id,), packing.account_of)


def account_with_email(cursor: Cursor, read: ask.AccountWithEmail) -> Account | None:
    return one(cursor, sql.ACCOUNT_WITH_EMAIL, (read.email,), packing.account_of)


def accounts(cursor: Cursor, read: ask.Accounts) -> list[Account]:
    return some(cursor, sql.ACCOUNTS, (read.after, read.limit), packing.account_of)


def entity_at(cursor: Cursor, read: ask.EntityAt) -> bytes | None:
    return one(cursor, sql.ENTITY_AT, (read.account, read.kind, read.place), document_of_entity)


def document_of_entity(row: Row) -> bytes:
    document: bytes = packing.named_of("entities", row)
    return document


def entities(cursor: Cursor, read: ask.Entities) -> list[Entity]:
    within = (read.account, read.kind, *between(read.after, read.within), max(read.limit, 0))
    return some(cursor, sql.ENTITIES, within, entity_of)


def between(after: str, within: str) -> tuple[str, str]:
    """The least text above ``after`` that can begin with ``within``, and one above all that do."""
    return max(f"{after}\0", within) if after else within, within + LAST


def entity_of(row: Row) -> Entity:
    return Entity(*packing.checked("entities", row))


def entity_count(cursor: Cursor, read: ask.EntityCount) -> int:
    return number_of(cursor, sql.ENTITY_COUNT, (read.account, read.kind))


def number_of(cursor: Cursor, statement: str, parameters: Row) -> int:
    count: int = cursor.execute(statement, parameters).fetchone()[0]
    return count


def links_from(cursor: Cursor, read: ask.LinksFrom) -> list[str]:
    within = (read.account, read.kind, read.left, *between(read.after, ""), max(read.limit, 0))
    return [link[3] for link in some(cursor, sql.LINKS_FROM, within, link_of)]


def links_to(cursor: Cursor, read: ask.LinksTo) -> list[str]:
    within = (read.account, read.kind, read.right, *between(read.after, read.within), max(read.limit, 0))
    return [link[2] for link in some(cursor, sql.LINKS_TO, within, link_of)]


def link_of(row: Row) -> Row:
    return packing.checked("links", row)


def link_count(cursor: Cursor, read: ask.LinkCount) -> int:
    return number_of(cursor, sql.LINK_COUNT, (read.account, read.kind, read.right))


def key_with_id(cursor: Cursor, read: ask.KeyWithId) -> AccessKey | None:
    return one(cursor, sql.KEY_WITH_ID, (read.access_key,), packing.key_of)


def keys_of(cursor: Cursor, read: ask.KeysOf) -> list[AccessKey]:
    return some(cursor, sql.KEYS_OF, (read.account, read.user), packing.key_of)


def declared(cursor: Cursor, read: ask.Declared) -> bytes | None:
    return one(cursor, sql.DECLARED, (read.kind, read.name), document_of_declared)


def document_of_declared(row: Row) -> bytes:
    document: bytes = packing.named_of("declared", row)
    return document


def document(cursor: Cursor, read: ask.Document) -> bytes | None:
    return one(cursor, sql.DOCUMENT, (read.kind, read.name), document_of_documents)


def audit_records(cursor: Cursor, read: ask.AuditRecords) -> list[AuditRecord]:
    rows = cursor.execute(sql.SCAN_AUDIT, (read.after, max(read.limit, 0)))
    return [audit_record(row) for row in rows]


def audit_record(row: Row) -> AuditRecord:
    """What a row says is for its hash to vouch for. One whose columns are not even of their kinds has none."""
    if tuple(map(type, row)) != (int, int, bytes, bytes):
        return AuditRecord(row[0], 0, b"", b"")
    return AuditRecord(*row)


def document_of_documents(row: Row) -> bytes:
    document: bytes = packing.named_of("documents", row)
    return document


def item_at(cursor: Cursor, read: ask.ItemAt) -> Item | None:
    return one(cursor, sql.ITEM_AT, (read.account, read.kind, read.id), packing.item_of)


def reminders(cursor: Cursor, read: ask.Reminders) -> list[Reminder]:
    return some(cursor, sql.REMINDERS, (read.time, read.limit), Reminder._make)


# The feed


def events(cursor: Cursor, read: ask.Events) -> list[Event]:
    return some(cursor, sql.EVENTS, (read.after, max(read.limit, 0)), event_of)


def event_of(row: Row) -> Event:
    return Event._make((*row[:-1], (row[-1] or 0) * SECOND))


def feed_start(cursor: Cursor, _: ask.FeedStart) -> int:
    sequence: int = packing.checked("state", cursor.execute(sql.STATE).fetchone())[1]
    oldest = cursor.execute(sql.OLDEST_ANNOUNCED).fetchone()
    return max(0, min(sequence - FEED_KEPT, sequence if oldest is None else oldest[0] - 1))


# The store itself


def next_id(cursor: Cursor, _: ask.NextId) -> int:
    value: int = packing.checked("state", cursor.execute(sql.STATE).fetchone())[5]
    return value


# Every row, for fsck


def scanned_version(row: Row) -> Version:
    return packing.whole_version_of(row[-1], row)


def current_place(row: Row) -> Row:
    return (row[-1], row[1])


def history_place(row: Row) -> Row:
    return (row[-1], row[1], row[-2])


def first_column(row: Row) -> Row:
    return row[:1]


def first_two_columns(row: Row) -> Row:
    return row[:2]


def first_three_columns(row: Row) -> Row:
    return row[:3]


def first_four_columns(row: Row) -> Row:
    return row[:4]


def right_of_link(row: Row) -> str:
    right: str = packing.named_of("links", row)
    return right


def length_of_content(row: Row) -> int:
    return len(packing.checked_content(*row))


LEAST = -(2**63)

SCANS: dict[str, tuple[str, Row, Callable[[Row], Row], Callable[[Row], Any]]] = {
    "current": (sql.SCAN_CURRENT, (LEAST, ""), current_place, scanned_version),
    "history": (sql.SCAN_HISTORY, (LEAST, "", LEAST), history_place, scanned_version),
    "inline": (sql.SCAN_INLINE, (LEAST,), first_column, length_of_content),
    "files": (sql.SCAN_FILES, (LEAST,), first_column, packing.blob_of),
    "epochs": (sql.SCAN_EPOCHS, (LEAST,), first_column, packing.epoch_of),
    "reference_counts": (sql.SCAN_REFERENCE_COUNTS, ("", LEAST), first_two_columns, count_of),
    "dropped": (sql.SCAN_DROPPED, (LEAST,), first_column, packing.dropped_of),
    "uploads": (sql.SCAN_UPLOADS, (LEAST,), first_column, packing.upload_of),
    "parts": (sql.SCAN_PARTS, (LEAST, LEAST), first_two_columns, packing.part_of),
    "annotations": (sql.SCAN_ANNOTATIONS, (LEAST, ""), first_two_columns, packing.annotation_of),
    "buckets": (sql.SCAN_BUCKETS, (LEAST,), first_column, packing.bucket_of),
    "configurations": (sql.SCAN_CONFIGURATIONS, (LEAST, ""), first_two_columns, document_of_configuration),
    "accounts": (sql.SCAN_ACCOUNTS, ("",), first_column, packing.account_of),
    "entities": (sql.SCAN_ENTITIES, ("", "", ""), first_three_columns, document_of_entity),
    "links": (sql.SCAN_LINKS, ("", "", "", ""), first_four_columns, right_of_link),
    "access_keys": (sql.SCAN_ACCESS_KEYS, ("",), first_column, packing.key_of),
    "declared": (sql.SCAN_DECLARED, ("", ""), first_two_columns, document_of_declared),
    "expected_files": (sql.SCAN_EXPECTED_FILES, ("",), first_column, expected.file_of),
    "items": (sql.SCAN_ITEMS, (LEAST,), first_column, packing.item_of),
    "documents": (sql.SCAN_DOCUMENTS, ("", ""), first_two_columns, document_of_documents),
    "audit": (sql.SCAN_AUDIT, (LEAST,), first_column, audit_record),
}

MOST_MORE = 1000
"""How many damaged rows a page takes beyond its limit to end with one that is whole."""

UNFIT = (Damaged, TypeError, ValueError, StructError)
"""What a row gives that is not what was written: a column may even be of another type."""


def rows_of(cursor: Cursor, read: ask.RowsOf) -> list[tuple[Row, Any]]:
    statement, first, place_of, make = SCANS[read.table]
    mark = order_of(read.after or ())
    page: list[tuple[Row, Any]] = []
    with any_text(cursor), closing(cursor.connection.cursor()) as rows:
        for row in rows.execute(statement, (*(read.after or first), read.limit and read.limit + MOST_MORE)):
            found = (place_of(row), unless_damaged(make, row))
            if found[1] is not None and order_of(found[0]) <= mark:
                continue  # a damaged place has led the search astray: this one has been told
            page.append(found)
            if len(page) >= read.limit and found[1] is not None:
                break
    return ending_well(page, read.after)


def unless_damaged(make: Callable[[Row], R], row: Row) -> R | None:
    try:
        return make(row)
    except UNFIT:
        return None


def ending_well(page: list[tuple[Row, Any]], after: Row | None) -> list[tuple[Row, Any]]:
    """The page, its last place one to go on from: where a damaged row says that it lies may be wrong too."""
    whole = next((index for index in reversed(range(len(page))) if page[index][1] is not None), -1)
    begun, rest = page[: whole + 1], page[whole + 1 :]
    mark = order_of(begun[-1][0] if begun else after or ())
    rest.sort(key=lambda found: order_of(found[0]))
    later = [found for found in rest if order_of(found[0]) > mark]
    return [*rest[: len(rest) - len(later)], *begun, *later] if begun else later


def order_of(place: Row) -> tuple[tuple[int, Any], ...]:
    """As SQLite sorts: nothing, numbers, text."""
    return tuple(map(rank, place))


def rank(column: Any) -> tuple[int, Any]:
    if column is None:
        return (0, 0)
    if isinstance(column, str):
        return (2, column.encode())
    return (2, column) if isinstance(column, bytes) else (1, column)


@contextmanager
def any_text(cursor: Cursor) -> Iterator[None]:
    """Text that is not UTF-8 comes as bytes, which no checksum of text fits, where it would end the whole page."""
    connection = cursor.connection
    connection.text_factory = text_or_bytes
    try:
        yield
    finally:
        connection.text_factory = str


def text_or_bytes(value: bytes) -> str | bytes:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value


READS: dict[type[Read[Any]], Answer] = {
    ask.BucketNamed: bucket_named,
    ask.BucketWithId: bucket_with_id,
    ask.BucketOnce: bucket_once,
    ask.BucketsOf: buckets_of,
    ask.BucketHolds: bucket_holds,
    ask.CountersOf: counters_of,
    ask.CountersOfAccount: counters_of_account,
    ask.Configuration: configuration,
    ask.Configurations: configurations,
    ask.Current: current,
    ask.CurrentContent: current_content,
    ask.WithVersionId: with_version_id,
    ask.WithVersionIdContent: with_version_id_content,
    ask.NewestHistory: newest_history,
    ask.NullHistory: null_history,
    ask.CurrentRange: current_range,
    ask.CommonPrefixes: common_prefixes,
    ask.VersionRange: version_range,
    ask.Labelled: labelled,
    ask.LabelledBetween: labelled_between,
    ask.LabelledKeys: labelled_keys,
    ask.References: references,
    ask.InlineContent: inline_content,
    ask.BlobNamed: blob_named,
    ask.BlobsBetween: blobs_between,
    ask.UnsealedEpochs: unsealed_epochs,
    ask.LastEpoch: last_epoch,
    ask.DroppedBefore: dropped_before,
    ask.UploadWithId: upload_with_id,
    ask.BodyWithId: body_with_id,
    ask.OpenUploads: open_uploads,
    ask.PartNumbered: part_numbered,
    ask.Parts: parts,
    ask.AnnotationNamed: annotation_named,
    ask.Annotations: annotations_of,
    ask.AccountWithId: account_with_id,
    ask.AccountWithCanonicalId: account_with_canonical_id,
    ask.AccountWithEmail: account_with_email,
    ask.Accounts: accounts,
    ask.EntityAt: entity_at,
    ask.Entities: entities,
    ask.EntityCount: entity_count,
    ask.LinksFrom: links_from,
    ask.LinksTo: links_to,
    ask.LinkCount: link_count,
    ask.KeyWithId: key_with_id,
    ask.KeysOf: keys_of,
    ask.Declared: declared,
    ask.Document: document,
    ask.AuditRecords: audit_records,
    ask.ItemAt: item_at,
    ask.Reminders: reminders,
    ask.Events: events,
    ask.FeedStart: feed_start,
    **expected.READS,
    ask.NextId: next_id,
    ask.RowsOf: rows_of,
}
