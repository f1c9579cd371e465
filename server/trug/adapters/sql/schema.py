"""The tables, as SQLAlchemy Core knows them; imported by migrations, generators, tests and the reads that are not hot.

Keys are compared byte by byte: BINARY is SQLite's default for UTF-8, PostgreSQL gets ``COLLATE "C"``. Rows that matter
end with a checksum over their other columns (``packing``), since SQLite does not notice a flipped bit.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    literal_column,
)
from sqlalchemy import text as plain
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)

# SQLite's rowid is an INTEGER of 64 bits; PostgreSQL says BIGINT for that.
Number = BigInteger().with_variant(Integer, "sqlite")
Flag = SmallInteger().with_variant(Integer, "sqlite")
Name = Text().with_variant(postgresql.TEXT(collation="C"), "postgresql")


def number(name: str, *, default: int | None = None) -> Column[int]:
    return Column(name, Number, nullable=False, server_default=None if default is None else plain(str(default)))


def text(name: str, *, default: str | None = None) -> Column[str]:
    return Column(name, Name, nullable=False, server_default=None if default is None else plain(f"'{default}'"))


def packed(name: str) -> Column[bytes]:
    return Column(name, LargeBinary, nullable=False)


def maybe(name: str, kind: TypeEngine[Any]) -> Column[Any]:
    return Column(name, kind, nullable=True)


def row_id(name: str = "id") -> Column[int]:
    return Column(name, Number, primary_key=True, autoincrement=False, nullable=False)


def place(name: str, kind: TypeEngine[Any] = Number) -> Column[Any]:
    """A column of a clustered primary key."""
    return Column(name, kind, primary_key=True, autoincrement=False, nullable=False)


def one_of(column: str, *values: int) -> CheckConstraint:
    return CheckConstraint(f"{column} IN ({', '.join(map(str, values))})", name=column)


def at_least(column: str, least: int) -> CheckConstraint:
    return CheckConstraint(f"{column} >= {least}", name=column)


def clustered(name: str, *items: Column[Any] | CheckConstraint | Index) -> Table:
    """A table whose rows lie in the tree of their primary key."""
    return Table(name, metadata, *items, sqlite_with_rowid=False)


# The store itself

state = Table(
    "state",
    metadata,
    row_id(),
    number("format"),
    number("sequence", default=0),
    number("time", default=0),
    number("lock_time", default=0),
    number("generation", default=0),
    number("next_id", default=1),
    number("checksum"),
    CheckConstraint("id = 1", name="one_row"),
    at_least("sequence", 0),
    at_least("next_id", 1),
)

# One row for each second in which something was written: the sequence of the second's first change.
moments = Table("moments", metadata, row_id("second"), number("sequence"), Index(None, "sequence"))

feed = Table(
    "feed",
    metadata,
    row_id("sequence"),
    text("kind"),
    number("bucket"),
    text("key", default=""),
    text("version_id", default=""),
    number("size", default=0),
    text("etag", default=""),
    text("account", default=""),
)

# What became of a bucket that older rows speak of.
Index(
    "ix_feed_removed",
    feed.c.bucket,
    sqlite_where=feed.c.kind == literal_column("'BucketRemoved'"),
    postgresql_where=feed.c.kind == literal_column("'BucketRemoved'"),
)

# Who may

accounts = clustered(
    "accounts",
    place("id", Name),
    text("canonical_id"),
    text("display_name", default=""),
    text("email", default=""),
    number("checksum"),
    Index(None, "canonical_id"),
    Index(None, "email"),
)

entities = clustered(
    "entities", place("account", Name), place("kind", Name), place("place", Name), packed("document"),
    number("checksum"),
)  # fmt: skip

links = clustered(
    "links",
    place("account", Name),
    place("kind", Name),
    place("left", Name),
    place("right", Name),
    number("checksum"),
    Index(None, "account", "kind", "right", "left"),
)

access_keys = clustered(
    "access_keys",
    place("access_key", Name),
    text("account"),
    text("user", default=""),
    packed("secret"),
    number("created"),
    Column("active", Flag, nullable=False, server_default=plain("1")),
    number("checksum"),
    one_of("active", 0, 1),
    Index(None, "account", "user", "access_key"),
)

declared = clustered("declared", place("kind", Name), place("name", Name), packed("document"), number("checksum"))

documents = clustered("documents", place("kind", Name), place("name", Name), packed("document"), number("checksum"))

# One row for each change of management; its hash covers it, and the row before.
audit = Table("audit", metadata, row_id("sequence"), number("time"), packed("document"), packed("hash"))
# Files that somebody was given a URL to upload

expected_files = clustered(
    "expected_files", place("id", Name), text("owner"), number("bucket"), text("key"), text("state"), text("status"),
    number("created"), number("updated"), number("expires"), packed("document"), number("checksum"),
    Index(None, "bucket", "key"), Index(None, "state", "expires", "id"), Index(None, "owner", "id"),
)  # fmt: skip
# Items. ``number`` is the rowid of their words, and nothing else goes by it: the checksum does not cover it.

items = Table(
    "items",
    metadata,
    Column("number", Number, primary_key=True, nullable=False),
    text("account"),
    text("kind"),
    text("id"),
    text("owner"),
    text("type"),
    number("created"),
    number("modified"),
    number("expires"),
    number("revision"),
    text("document"),
    number("checksum"),
    UniqueConstraint("account", "kind", "id"),
    Index(None, "account", "kind", "owner", "id"),
)

# SQLite's full text. Words come folded and with spaces between, so that this tokenizer finds the ones we mean.
item_words = Table("item_words", MetaData(), Column("rowid", Integer, primary_key=True), Column("words", Text))
CREATE_WORDS = "CREATE VIRTUAL TABLE item_words USING fts5(words, tokenize = 'ascii')"

# Buckets

buckets = Table(
    "buckets",
    metadata,
    row_id(),
    text("name"),
    text("account"),
    text("region"),
    number("created"),
    text("versioning", default=""),
    number("configured", default=0),
    number("checksum"),
    UniqueConstraint("name"),
    CheckConstraint("versioning IN ('', 'Enabled', 'Suspended')", name="versioning"),
    Index(None, "account", "name"),
)

configurations = clustered(
    "configurations", place("bucket"), place("kind", Name), packed("document"), number("checksum")
)

# Totals may drift below zero only by a mistake of ours, which must never keep anybody from deleting: no CHECK here.
bucket_counters = Table(
    "bucket_counters",
    metadata,
    row_id("bucket"),
    number("objects", default=0),
    number("versions", default=0),
    number("bytes", default=0),
    number("uploads", default=0),
    number("current", default=0),
)

account_counters = clustered(
    "account_counters",
    place("account", Name),
    number("objects", default=0),
    number("versions", default=0),
    number("bytes", default=0),
    number("uploads", default=0),
    number("current", default=0),
)

# Versions: ``record`` stands last, so that lists never read the pages it overflows to.

ONE_BODY = "(inline IS NULL OR blob IS NULL) AND (inline IS NULL OR body IS NULL) AND (blob IS NULL OR body IS NULL)"

current = clustered(
    "current",
    place("bucket"),
    place("key", Name),
    number("sequence"),
    number("id"),
    text("version_id"),
    maybe("inline", Number),
    maybe("blob", Number),
    maybe("body", Number),
    maybe("noncurrent_since", Number),
    packed("listing"),
    packed("record"),
    CheckConstraint("key <> ''", name="key"),
    CheckConstraint(ONE_BODY, name="one_body"),
)

history = clustered(
    "history",
    place("bucket"),
    place("key", Name),
    place("age"),
    number("id"),
    text("version_id"),
    Column("kind", Flag, nullable=False),
    maybe("inline", Number),
    maybe("blob", Number),
    maybe("body", Number),
    maybe("noncurrent_since", Number),
    packed("listing"),
    packed("record"),
    CheckConstraint("key <> ''", name="key"),
    CheckConstraint("age <= 0", name="age"),
    one_of("kind", 0, 1),
    CheckConstraint(ONE_BODY, name="one_body"),
    Index(None, "bucket", "key", "version_id"),
)

Index(
    "ix_history_null",
    history.c.bucket,
    history.c.key,
    sqlite_where=history.c.version_id == literal_column("'null'"),
    postgresql_where=history.c.version_id == literal_column("'null'"),
)

# What current versions are found by, of buckets that have the search bit: made again from what they describe, so
# without checksums. ``labelled`` has the labels of each key together, to know which go.

labels = clustered("labels", place("bucket"), place("name", Name), place("value", Name), place("key", Name))

labelled = clustered("labelled", place("bucket"), place("key", Name), packed("labels"))

# When the lifecycle of which key is to be looked at. A row that is lost or wrong delays what is due, and no more.

reminders = clustered("reminders", place("at"), place("bucket"), place("key", Name), number("sequence"))

# Bytes

inline = Table("inline", metadata, row_id(), packed("checks"), packed("content"))

files = Table("files", metadata, row_id("blob"), number("checksum"))

epochs = Table(
    "epochs",
    metadata,
    row_id("number"),
    Column("sealed", Flag, nullable=False, server_default=plain("0")),
    number("checksum"),
    one_of("sealed", 0, 1),
)

reference_counts = clustered(
    "reference_counts", place("kind", Name), place("id"), number("count"), number("checksum"), at_least("count", 2)
)

# Ids rise with the sequence, since commits are one after the other: the oldest rows come first by id.
dropped = Table(
    "dropped", metadata, Column("id", Number, primary_key=True, nullable=False), number("sequence"), text("kind"),
    number("target"), number("checksum"),
)  # fmt: skip

# Multipart: each UploadPart moves ``changed`` without reading the row, so it has a checksum of its own (with the id).

uploads = Table(
    "uploads",
    metadata,
    row_id(),
    text("upload_id"),
    number("bucket"),
    text("key"),
    Column("is_open", Flag, nullable=False),
    number("initiated"),
    number("changed"),
    number("changed_checksum"),
    packed("document"),
    maybe("completed", LargeBinary()),
    number("checksum"),
    UniqueConstraint("upload_id"),
    one_of("is_open", 0, 1),
)

Index(
    "ix_uploads_open",
    uploads.c.bucket,
    uploads.c.key,
    uploads.c.upload_id,
    sqlite_where=uploads.c.is_open == literal_column("1"),
    postgresql_where=uploads.c.is_open == literal_column("1"),
)

annotated = clustered("annotations", place("version"), place("name", Name), packed("document"), number("checksum"))

parts = clustered("parts", place("upload"), place("number"), packed("document"), number("checksum"))
