"""The named statements in SQLAlchemy Core, and the generator that writes them as text for the driver.

Importing SQLAlchemy takes longer than everything else at start-up together, and a store that is up to date needs only
the text. So ``python -m trug.adapters.sql.queries`` writes ``statements.py``, and a test holds the two equal.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import Any

from sqlalchemy import (
    BindParameter,
    ClauseElement,
    Column,
    ColumnElement,
    CompoundSelect,
    Dialect,
    FromClause,
    Join,
    Label,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    Select,
    String,
    Table,
    Text,
    Update,
    and_,
    bindparam,
    cast,
    delete,
    exists,
    func,
    insert,
    literal_column,
    or_,
    select,
    tuple_,
    union_all,
    update,
)
from sqlalchemy.dialects import sqlite
from sqlalchemy.dialects.sqlite.base import SQLiteCompiler
from sqlalchemy.schema import CreateIndex, CreateTable
from sqlalchemy.sql.dml import Delete, Insert

from trug.adapters.sql import schema as s
from trug.adapters.sql.packing import SEPARATOR
from trug.ports.expected import OPEN, SETTLED

HEADING = '''"""The statements as text for SQLite: written by ``python -m trug.adapters.sql.queries``, never by hand.

The comment above each names its parameters in their order.
"""

# fmt: off
# ruff: noqa: E501
'''


def given(name: str) -> BindParameter[Any]:
    return bindparam(name)


def upsert(table: Table) -> Insert:
    """Insert a row with all columns in their order, in place of the one with the same primary key."""
    statement = sqlite.insert(table)
    keys = [column.name for column in table.primary_key]
    rest = {column.name: statement.excluded[column.name] for column in table.c if not column.primary_key}
    return statement.on_conflict_do_update(index_elements=keys, set_=rest)


def row_of(table: Table) -> Select[Any]:
    """One row by its primary key, all columns in their order."""
    return by_place(select(table), table)


def first(table: Table, column: Column[Any]) -> Select[Any]:
    """The first row by its primary key that has this in a column."""
    return at_most(ONE, select(table).where(column == given(column.name)).order_by(*table.primary_key))


def removal(table: Table) -> Delete:
    """Delete one row by its primary key."""
    return delete(table).where(*(column == given(column.name) for column in table.primary_key))


def by_place(statement: Select[Any], table: Table) -> Select[Any]:
    return statement.where(*(column == given(column.name) for column in table.primary_key))


def page(statement: Select[Any], *order: ColumnElement[Any]) -> Select[Any]:
    return at_most(given("limit"), statement.order_by(*order))


def at_most(limit: ColumnElement[Any], statement: Select[Any]) -> Select[Any]:
    """``LIMIT``, with the offset spelled out: SQLAlchemy would make a parameter of it."""
    return statement.limit(limit).offset(literal_column("0"))


ONE: ColumnElement[int] = literal_column("1")


# Versions: rows of both tables in one shape


def plain_columns(table: Table) -> list[ColumnElement[Any]]:
    """What ``packing`` calls the plain columns of a version, in its order."""
    c = table.c
    sequence: Label[Any] = (-c.age if table is s.history else c.sequence).label("sequence")
    return [c.key, sequence, c.id, c.version_id, c.inline, c.blob, c.body, c.noncurrent_since]


def kind_of(table: Table) -> ColumnElement[Any]:
    kind: ColumnElement[Any] = table.c.kind if table is s.history else literal_column("0").label("kind")
    return kind


def whole(table: Table) -> Select[Any]:
    return select(kind_of(table), *plain_columns(table), table.c.listing, table.c.record)


def of_key(table: Table) -> Select[Any]:
    return whole(table).where(table.c.bucket == given("bucket"), table.c.key == given("key"))


def with_content(version: Select[Any]) -> Select[Any]:
    """The same rows with checksums and bytes of what they hold inline."""
    rows = version.subquery("version")
    return select(*rows.c, s.inline.c.checks, s.inline.c.content).select_from(
        rows.outerjoin(s.inline, s.inline.c.id == rows.c.inline)
    )


def with_version_id() -> Select[Any]:
    """In both tables at once: between two statements the version might move from one to the other."""
    current, history = (
        of_key(table).where(table.c.version_id == given("version_id")) for table in (s.current, s.history)
    )
    both = union_all(current, by_index(history, "ix_history_bucket_key_version_id")).subquery("both")
    return at_most(ONE, select(both).order_by(both.c.sequence.desc()))


def current_range(*, after: bool, below: bool) -> Select[int, bytes]:
    """A page of rows in one: their number, and keys with listing values between separators.

    SQLite puts a thousand rows together for less than what one row at a time costs in the driver (4,600 instructions
    for two columns; 2,400 here), and lets other threads run meanwhile. The page ends below the key that a first look
    finds ``limit`` rows on, which reads no values.
    """
    c = s.current.c
    beyond: ColumnElement[Any] = given("stop") if below else BEYOND_TEXT
    here = (c.bucket == given("bucket"), c.key > given("start") if after else c.key >= given("start"))
    rows = select(c.key).where(*here, *((c.key < beyond,) if below else ())).order_by(c.key)
    end = rows.limit(ONE).offset(given("limit")).scalar_subquery()
    return in_one_row(c.key.concat(c.listing)).where(*here, c.key < func.coalesce(end, beyond))


# Every BLOB sorts behind every TEXT.
BEYOND_TEXT: ColumnElement[Any] = literal_column("x''")


def version_range(*, below: bool) -> CompoundSelect[Any]:
    """Rows of both tables in one order, merged as they come."""

    def part(table: Table, age: ColumnElement[Any]) -> Select[Any]:
        c = table.c
        shown = select(c.key, age.label("age"), c.version_id, kind_of(table), c.listing)
        later = tuple_(c.key, age) > tuple_(given("start"), given("age"))
        found = shown.where(c.bucket == given("bucket"), later)
        return found.where(c.key < given("stop")) if below else found

    both = union_all(part(s.current, -s.current.c.sequence), part(s.history, s.history.c.age))
    return both.order_by(literal_column("1"), literal_column("2")).limit(given("limit")).offset(literal_column("0"))


def seeks(*, below: bool) -> Select[int, bytes]:
    """The first row from ``start`` on, and each first row behind what the one before is rolled up into, up to one that
    has no ``delimiter``; in one row as in ``current_range``.

    ``skipped`` is how many characters the prefix asked for has, ``following`` the first text behind all that begins
    with the delimiter. SQLite's ``substr`` ends at a NUL: what it cuts out of a row is of the key.
    """
    c = s.current.c

    def nearest(start: ColumnElement[Any]) -> Select[Any]:
        found = select(c.key.concat(c.listing)).where(c.bucket == given("bucket"), c.key >= start).order_by(c.key)
        first = at_most(ONE, found.where(c.key < given("stop")) if below else found)
        return select(first.scalar_subquery().label("found"))

    rows = nearest(given("start")).cte("rows", recursive=True)
    cut = func.instr(func.substr(rows.c.found, given("skipped") + ONE), given("delimiter"))
    stem = func.substr(rows.c.found, ONE, given("skipped") + cut - ONE)
    rows = rows.union_all(nearest(stem.concat(given("following"))).where(cut > literal_column("0")))
    found = at_most(given("limit"), select(rows.c.found).where(rows.c.found.is_not(None))).subquery("found")
    return in_one_row(found.c.found)


def in_one_row(row: ColumnElement[Any]) -> Select[int, bytes]:
    """How many rows there are, and all of them between separators."""
    page = func.group_concat(row, literal_column(f"'{SEPARATOR.decode()}'"))
    return select(func.count(), cast(page, LargeBinary))


def newest_history() -> Select[Any]:
    c = s.history.c
    return at_most(ONE, of_key(s.history).where(c.age > given("age")).order_by(c.age))


def null_history() -> Select[Any]:
    c = s.history.c
    null = c.version_id == literal_column("'null'")
    return at_most(ONE, by_index(of_key(s.history).where(null).order_by(c.age), "ix_history_null"))


def by_index(statement: Select[Any], index: str, table: Table = s.history) -> Select[Any]:
    """SQLite would walk all versions of a key (all links of a kind) by the primary key, however many there are."""
    return statement.with_hint(table, f"INDEXED BY {index}", "sqlite")


def current_of() -> Select[Any]:
    """The current rows of a bucket for a JSON array of keys, each with the count of references to its inline bytes."""
    asked = func.json_each(given("keys")).table_valued("value", name="asked")
    c, counts = s.current.c, s.reference_counts.c
    found = asked.join(s.current, and_(c.bucket == given("bucket"), c.key == asked.c.value))
    of_inline = and_(counts.kind == literal_column("'inline'"), counts.id == c.inline)
    return (
        whole(s.current)
        .add_columns(counts["count"], counts.checksum)
        .select_from(found.outerjoin(s.reference_counts, of_inline))
    )


def put_current_inline() -> Insert:
    """As PUT_CURRENT for what is kept inline and was never noncurrent, with a parameter only for what it has."""
    absent: dict[str, ColumnElement[Any]] = dict.fromkeys(("blob", "body", "noncurrent_since"), literal_column("NULL"))
    return upsert(s.current).values({c.name: absent.get(c.name, given(c.name)) for c in s.current.c})


# Multipart


def open_uploads(*, beyond: bool, below: bool) -> Select[Any]:
    c = s.uploads.c
    if beyond:
        later: ColumnElement[bool] = c.key > given("key")
    else:
        later = tuple_(c.key, c.upload_id) > tuple_(given("key"), given("upload_id"))
    statement = select(s.uploads).where(c.bucket == given("bucket"), c.is_open == literal_column("1"), later)
    return page(statement.where(c.key < given("stop")) if below else statement, c.key, c.upload_id)


# Buckets


def buckets_of(*, region: bool) -> Select[Any]:
    c = s.buckets.c
    statement = select(s.buckets).where(
        c.account == given("account"), c.name > given("after"), c.name >= given("prefix"), c.name < given("stop")
    )
    return page(statement.where(c.region == given("region")) if region else statement, c.name)


def bucket_holds() -> Select[Any]:
    return select(or_(*(exists().where(table.c.bucket == given("bucket")) for table in (s.current, s.history))))


def configurations() -> Select[Any]:
    c = s.configurations.c
    within = and_(c.bucket == given("bucket"), c.kind > given("after"), c.kind < given("stop"))
    return page(select(s.configurations).where(within), c.kind)


# Who may


def entities() -> Select[Any]:
    c = s.entities.c
    within = and_(c.place >= given("start"), c.place < given("stop"))
    return page(select(s.entities).where(c.account == given("account"), c.kind == given("kind"), within), c.place)


def links(known: Column[str], sought: Column[str]) -> Select[Any]:
    """Links of a kind with one side known, by the other."""
    c = s.links.c
    found = select(s.links).where(c.account == given("account"), c.kind == given("kind"), known == given("known"))
    return page(found.where(sought >= given("start"), sought < given("stop")), sought)


# Totals, ids, the store itself


def counters_of(table: Table) -> Select[Any]:
    return by_place(select(*(column for column in table.c if not column.primary_key)), table)


def tally(table: Table) -> Insert:
    """Add to the totals of one bucket or account."""
    statement = sqlite.insert(table)
    (key,) = (column.name for column in table.primary_key)
    sums = {c.name: c + statement.excluded[c.name] for c in table.c if not c.primary_key}
    return statement.on_conflict_do_update(index_elements=[key], set_=sums)


def set_state() -> Update:
    names = ("sequence", "time", "lock_time", "generation", "next_id", "checksum")
    return update(s.state).values({name: given(name) for name in names})


def state() -> Select[Any]:
    c = s.state.c
    return select(c.format, c.sequence, c.time, c.lock_time, c.generation, c.next_id, c.checksum)


def touch_upload() -> Update:
    c = s.uploads.c
    return (
        update(s.uploads)
        .values(changed=given("sequence"), changed_checksum=given("check"))
        .where(c.id == given("upload"))
    )


def seal_epoch() -> Update:
    c = s.epochs.c
    return update(s.epochs).values(sealed=ONE, checksum=given("new_checksum")).where(c.number == given("epoch"))


def blobs_between() -> Select[Any]:
    c = s.files.c
    return page(select(s.files).where(c.blob >= given("start"), c.blob < given("stop")), c.blob)


def nearest_blob(*, below: bool) -> Select[Any]:
    c = s.files.c
    if below:
        return at_most(ONE, select(s.files).where(c.blob < given("blob")).order_by(c.blob.desc()))
    return at_most(ONE, select(s.files).where(c.blob >= given("blob")).order_by(c.blob))


def oldest(column: Column[int]) -> Select[Any]:
    return at_most(ONE, select(column).order_by(column))


def trim(column: Column[int]) -> Delete:
    """Rows below a bound, which is for the caller to keep near."""
    return delete(column.table).where(column < given("bound"))


def events() -> Select[Any]:
    """A page of the feed, each row with the second of its commit."""
    m, sequence = s.moments.c, s.feed.c.sequence
    second = at_most(ONE, select(m.second).where(m.sequence <= sequence).order_by(m.sequence.desc())).scalar_subquery()
    return page(select(s.feed, second.label("second")).where(sequence > given("after")), sequence)


def removed_bucket() -> Select[Any]:
    c = s.feed.c
    removed = (c.bucket == given("bucket"), c.kind == literal_column("'BucketRemoved'"))
    return select(c.bucket, c.key, c.account).where(*removed)


def expected_of() -> Select[Any]:
    c = s.expected_files.c
    any_status = or_(given("any_status") == literal_column("''"), c.status == given("status"))
    found = select(s.expected_files).where(c.owner == given("owner"), c.id > given("after"), any_status)
    return page(found, c.id)


def expected_due() -> Select[Any]:
    c = s.expected_files.c
    after = tuple_(c.expires, c.id) > tuple_(given("expires"), given("id"))
    found = select(s.expected_files).where(c.state == given("state"), c.expires < given("time"), after)
    return page(found, c.expires, c.id)


def any_expected() -> Select[Any]:
    """One look into an index for each state."""
    c = s.expected_files.c
    is_open = [exists().where(c.state == literal_column(f"'{state}'")) for state in OPEN]
    is_young = [exists().where(c.state == literal_column(f"'{state}'"), c.expires > given("time")) for state in SETTLED]
    return select(or_(*is_open, *is_young))


def scan(table: Table, columns: Select[Any]) -> Select[Any]:
    """A page of a table's rows after a place, for fsck."""
    keys = list(table.primary_key)
    places = [place(key) for key in keys]
    later = tuple_(*keys) > tuple_(*places) if len(keys) > 1 else keys[0] > places[0]
    return page(columns.where(later), *keys)


def place(key: Column[Any]) -> ColumnElement[Any]:
    """Where a scan goes on. Text that is not UTF-8 comes and goes as bytes."""
    return cast(given(key.name), key.type) if isinstance(key.type, Text) else given(key.name)


# Search


def labelled(*, below: bool) -> Select[Any]:
    c = s.labels.c
    same = (column == given(column.name) for column in (c.bucket, c.name, c.value))
    statement = select(c.key).where(*same, c.key > given("after"))
    return page(statement.where(c.key < given("stop")) if below else statement, c.key)


def labelled_between() -> Select[Any]:
    c = s.labels.c
    same = (column == given(column.name) for column in (c.bucket, c.name))
    return at_most(given("limit"), select(c.key).where(*same, c.value >= given("low"), c.value <= given("high")))


# Items

ITEM_PLACE = ("account", "kind", "id")


def of_item() -> list[ColumnElement[bool]]:
    return [s.items.c[name] == given(name) for name in ITEM_PLACE]


def item_at() -> Select[Any]:
    return select(s.items).where(*of_item())


def put_item() -> Insert:
    columns = [column for column in s.items.c if not column.primary_key]
    statement = sqlite.insert(s.items).values({column.name: given(column.name) for column in columns})
    rest = {column.name: statement.excluded[column.name] for column in columns if column.name not in ITEM_PLACE}
    return statement.on_conflict_do_update(index_elements=ITEM_PLACE, set_=rest)


# A new store is made from this text; one that is older is migrated, and a test holds both equal. Alembic finds its own
# table as it would have made it.

VERSIONS = Table(
    "alembic_version", MetaData(), Column("version_num", String(32), nullable=False),
    PrimaryKeyConstraint("version_num", name="alembic_version_pkc"),
)  # fmt: skip


SCANNED = (
    s.expected_files,
    s.uploads, s.parts, s.annotated, s.buckets, s.configurations, s.accounts, s.entities, s.links, s.access_keys,
    s.items, s.declared, s.documents, s.audit, s.reference_counts, s.dropped, s.inline, s.files, s.epochs,
)  # fmt: skip

STATEMENTS: dict[str, ClauseElement] = {
    "STAMP": insert(VERSIONS),
    "FIRST_STATE": insert(s.state).inline().values(id=ONE, format=given("new_format"), checksum=given("new_checksum")),
    "FORMAT": select(s.state.c.format),
    "STATE": state(),
    "SET_STATE": set_state(),
    "PUT_MOMENT": insert(s.moments),
    "ANNOUNCE": insert(s.feed),
    "OLDEST_ANNOUNCED": oldest(s.feed.c.sequence),
    "TRIM_FEED": trim(s.feed.c.sequence),
    "EVENTS": events(),
    "REMOVED_BUCKET": removed_bucket(),
    # expected files
    "EXPECTED_WITH_ID": row_of(s.expected_files),
    "EXPECTED_AT": select(s.expected_files).where(
        s.expected_files.c.bucket == given("bucket"), s.expected_files.c.key == given("key")
    ),
    "EXPECTED_OF": expected_of(),
    "EXPECTED_DUE": expected_due(),
    "ANY_EXPECTED": any_expected(),
    "PUT_EXPECTED": upsert(s.expected_files),
    "REMOVE_EXPECTED": removal(s.expected_files),
    "OLDEST_MOMENT": oldest(s.moments.c.second),
    "TRIM_MOMENTS": trim(s.moments.c.second),
    # buckets
    "BUCKET_NAMED": select(s.buckets).where(s.buckets.c.name == given("name")),
    "BUCKET_WITH_ID": row_of(s.buckets),
    "BUCKETS_OF": buckets_of(region=False),
    "BUCKETS_OF_IN_REGION": buckets_of(region=True),
    "BUCKET_HOLDS": bucket_holds(),
    "COUNTERS_OF": counters_of(s.bucket_counters),
    "COUNTERS_OF_ACCOUNT": counters_of(s.account_counters),
    "CONFIGURATION": row_of(s.configurations),
    "CONFIGURATIONS": configurations(),
    "PUT_BUCKET": upsert(s.buckets),
    "REMOVE_BUCKET": removal(s.buckets),
    "REMOVE_CONFIGURATIONS": delete(s.configurations).where(s.configurations.c.bucket == given("bucket")),
    "REMOVE_COUNTERS": removal(s.bucket_counters),
    "PUT_CONFIGURATION": upsert(s.configurations),
    "REMOVE_CONFIGURATION": removal(s.configurations),
    "TALLY_BUCKET": tally(s.bucket_counters),
    "TALLY_ACCOUNT": tally(s.account_counters),
    # versions
    "CURRENT": of_key(s.current),
    "CURRENT_OF": current_of(),
    "CURRENT_CONTENT": with_content(of_key(s.current)),
    "WITH_VERSION_ID": with_version_id(),
    "WITH_VERSION_ID_CONTENT": with_content(with_version_id()),
    "NEWEST_HISTORY": newest_history(),
    "NULL_HISTORY": null_history(),
    "CURRENT_FROM": current_range(after=False, below=False),
    "CURRENT_FROM_BELOW": current_range(after=False, below=True),
    "CURRENT_AFTER": current_range(after=True, below=False),
    "CURRENT_AFTER_BELOW": current_range(after=True, below=True),
    "VERSIONS_AFTER": version_range(below=False),
    "VERSIONS_AFTER_BELOW": version_range(below=True),
    "SEEKS": seeks(below=False),
    "SEEKS_BELOW": seeks(below=True),
    "PUT_CURRENT": upsert(s.current),
    "PUT_CURRENT_INLINE": put_current_inline(),
    "REMOVE_CURRENT": removal(s.current),
    "PUT_HISTORY": upsert(s.history),
    "REMOVE_HISTORY": removal(s.history),
    # bytes
    "INLINE": row_of(s.inline),
    "PUT_INLINE": insert(s.inline),
    "REMOVE_INLINE": removal(s.inline),
    "REFERENCES": row_of(s.reference_counts),
    "PUT_REFERENCES": upsert(s.reference_counts),
    "REMOVE_REFERENCES": removal(s.reference_counts),
    "BLOB_NAMED": row_of(s.files),
    "BLOBS_BETWEEN": blobs_between(),
    "NEXT_BLOB": nearest_blob(below=False),
    "BLOB_BEFORE": nearest_blob(below=True),
    "NAME_BLOB": insert(s.files),
    "FORGET_BLOB": removal(s.files),
    "UNSEALED_EPOCHS": select(s.epochs).where(s.epochs.c.sealed == literal_column("0")).order_by(s.epochs.c.number),
    "LAST_EPOCH": at_most(ONE, select(s.epochs).order_by(s.epochs.c.number.desc())),
    "OPEN_EPOCH": insert(s.epochs),
    "SEAL_EPOCH": seal_epoch(),
    "DROPPED": page(select(s.dropped), s.dropped.c.id),
    "DROP": insert(s.dropped).values({name: given(name) for name in ("sequence", "kind", "target", "checksum")}),
    "FORGET_DROPPED": removal(s.dropped),
    # multipart
    "UPLOAD_WITH_ID": select(s.uploads).where(s.uploads.c.upload_id == given("upload_id")),
    "BODY_WITH_ID": row_of(s.uploads),
    "OPEN_UPLOADS_AFTER": open_uploads(beyond=False, below=False),
    "OPEN_UPLOADS_AFTER_BELOW": open_uploads(beyond=False, below=True),
    "OPEN_UPLOADS_BEYOND": open_uploads(beyond=True, below=False),
    "OPEN_UPLOADS_BEYOND_BELOW": open_uploads(beyond=True, below=True),
    "PART_NUMBERED": row_of(s.parts),
    "PARTS": page(
        select(s.parts).where(s.parts.c.upload == given("upload"), s.parts.c.number > given("number")), s.parts.c.number
    ),
    "PUT_UPLOAD": upsert(s.uploads),
    "TOUCH_UPLOAD": touch_upload(),
    "REMOVE_UPLOAD": removal(s.uploads),
    "PUT_PART": upsert(s.parts),
    "REMOVE_PART": removal(s.parts),
    "ANNOTATION_NAMED": row_of(s.annotated),
    "ANNOTATIONS": page(
        select(s.annotated).where(s.annotated.c.version == given("version"), s.annotated.c.name > given("after")),
        s.annotated.c.name,
    ),
    "PUT_ANNOTATION": upsert(s.annotated),
    "REMOVE_ANNOTATION": removal(s.annotated),
    # who may
    "ACCOUNT_WITH_ID": row_of(s.accounts),
    "ACCOUNT_WITH_CANONICAL_ID": first(s.accounts, s.accounts.c.canonical_id),
    "ACCOUNT_WITH_EMAIL": first(s.accounts, s.accounts.c.email),
    "ACCOUNTS": page(select(s.accounts).where(s.accounts.c.id > given("after")), s.accounts.c.id),
    "PUT_ACCOUNT": upsert(s.accounts),
    "REMOVE_ACCOUNT": removal(s.accounts),
    "ENTITY_AT": row_of(s.entities),
    "ENTITIES": entities(),
    "ENTITY_COUNT": select(func.count()).where(
        s.entities.c.account == given("account"), s.entities.c.kind == given("kind")
    ),
    "PUT_ENTITY": upsert(s.entities),
    "REMOVE_ENTITY": removal(s.entities),
    "LINKS_FROM": links(s.links.c.left, s.links.c.right),
    "LINKS_TO": by_index(links(s.links.c.right, s.links.c.left), "ix_links_account_kind_right_left", s.links),
    "LINK_COUNT": select(func.count()).where(
        s.links.c.account == given("account"), s.links.c.kind == given("kind"), s.links.c.right == given("right")
    ),
    "PUT_LINK": upsert(s.links),
    "REMOVE_LINK": removal(s.links),
    "KEY_WITH_ID": row_of(s.access_keys),
    "KEYS_OF": select(s.access_keys)
    .where(s.access_keys.c.account == given("account"), s.access_keys.c.user == given("user"))
    .order_by(s.access_keys.c.access_key),
    "PUT_KEY": upsert(s.access_keys),
    "REMOVE_KEY": removal(s.access_keys),
    "DECLARED": row_of(s.declared),
    "DECLARE": upsert(s.declared),
    "REMINDERS": page(select(s.reminders).where(s.reminders.c.at <= given("at")), *s.reminders.primary_key),
    "REMIND": upsert(s.reminders),
    "FORGET_REMINDER": removal(s.reminders).where(s.reminders.c.sequence == given("sequence")),
    "DOCUMENT": row_of(s.documents),
    "KEEP_DOCUMENT": upsert(s.documents),
    "REMOVE_DOCUMENT": removal(s.documents),
    "ATTEST": insert(s.audit),
    "TRIM_AUDIT": trim(s.audit.c.sequence),
    # search
    "LABELS_OF": row_of(s.labelled),
    "PUT_LABELS": upsert(s.labelled),
    "REMOVE_LABELS": removal(s.labelled),
    "PUT_LABEL": sqlite.insert(s.labels).on_conflict_do_nothing(),
    "REMOVE_LABEL": removal(s.labels),
    "LABELLED": labelled(below=False),
    "LABELLED_BELOW": labelled(below=True),
    "LABELLED_BETWEEN": labelled_between(),
    "LABELLED_KEYS": page(select(s.labelled.c.key).where(s.labelled.c.bucket == given("bucket")), s.labelled.c.key),
    # items
    "ITEM_AT": item_at(),
    "PUT_ITEM": put_item(),
    "ITEM_NUMBER": select(s.items.c.number).where(*of_item()),
    "REMOVE_ITEM": delete(s.items).where(*of_item()),
    "PUT_WORDS": insert(s.item_words),
    "REMOVE_WORDS": delete(s.item_words).where(s.item_words.c.rowid == given("rowid")),
    # fsck
    "SCAN_CURRENT": scan(s.current, whole(s.current).add_columns(s.current.c.bucket)),
    "SCAN_HISTORY": scan(s.history, whole(s.history).add_columns(s.history.c.age, s.history.c.bucket)),
    **{f"SCAN_{table.name.upper()}": scan(table, select(table)) for table in SCANNED},
}


def creation() -> list[str]:
    tables = [*s.metadata.sorted_tables, VERSIONS]
    indexes = [index for table in tables for index in sorted(table.indexes, key=lambda index: str(index.name))]
    made: list[CreateTable | CreateIndex] = [*map(CreateTable, tables), *map(CreateIndex, indexes)]
    return [*(" ".join(str(ddl.compile(dialect=sqlite.dialect())).split()) for ddl in made), s.CREATE_WORDS]


class HintCompiler(SQLiteCompiler):
    """SQLite's compiler, which leaves hints out, with hints, and with tables read in the order they are joined in."""

    def get_from_hint_text(self, table: FromClause, text: str | None) -> str | None:
        return text

    def visit_join(self, join: Join, *args: Any, **options: Any) -> str:
        text: str = super().visit_join(join, *args, **options)  # type: ignore[no-untyped-call]
        if join.isouter:
            return text
        left, right = text.rsplit(" JOIN ", 1)
        return f"{left} CROSS JOIN {right}"


def dialect() -> Dialect:
    chosen = sqlite.dialect(paramstyle="qmark")
    chosen.statement_compiler = HintCompiler
    return chosen


def compiled(statement: ClauseElement) -> tuple[str, list[str]]:
    """The statement as SQLite reads it, and its parameters' names in order."""
    result = statement.compile(dialect=dialect())
    return " ".join(str(result).split()), list(getattr(result, "positiontup", None) or ())


def generated() -> Iterator[str]:
    """The lines of ``statements.py``."""
    yield HEADING
    for name, statement in STATEMENTS.items():
        sql, parameters = compiled(statement)
        yield f"# {', '.join(parameters) or 'none'}"
        yield f"{name} = {quoted(sql)}\n"
    yield "# A new store, table by table"
    yield "CREATE = ("
    yield from (f"    {quoted(sql)}," for sql in creation())
    yield ")\n"


def quoted(sql: str) -> str:
    sql = "".join(mark if mark.isprintable() else f"\\x{ord(mark):02x}" for mark in sql)
    return f"'{sql}'" if '"' in sql and "'" not in sql else '"' + sql.replace('"', '\\"') + '"'


if __name__ == "__main__":
    sys.stdout.write("\n".join(generated()))
