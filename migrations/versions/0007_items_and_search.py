"""Items with their words, and the labels that searches of objects go by."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from trug.adapters.sql.formats import seal

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")

BUCKETS = sa.table(
    "buckets",
    *map(sa.column, ("id", "name", "account", "region", "created", "versioning", "configured", "checksum")),
)
CONFIGURATIONS = sa.table("configurations", sa.column("kind"))
DOCUMENTS = sa.table("documents", sa.column("kind"))

SEARCH_BITS = 0x3000000


def upgrade() -> None:
    op.create_table(
        "labels",
        sa.Column("bucket", NUMBER, autoincrement=False, nullable=False),
        sa.Column("name", NAME, autoincrement=False, nullable=False),
        sa.Column("value", NAME, autoincrement=False, nullable=False),
        sa.Column("key", NAME, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("bucket", "name", "value", "key", name=op.f("pk_labels")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "labelled",
        sa.Column("bucket", NUMBER, autoincrement=False, nullable=False),
        sa.Column("key", NAME, autoincrement=False, nullable=False),
        sa.Column("labels", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "key", name=op.f("pk_labelled")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "items",
        sa.Column("number", NUMBER, nullable=False),
        *(sa.Column(name, NAME, nullable=False) for name in ("account", "kind", "id", "owner", "type")),
        *(sa.Column(name, NUMBER, nullable=False) for name in ("created", "modified", "expires", "revision")),
        sa.Column("document", NAME, nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_items")),
        sa.UniqueConstraint("account", "kind", "id", name=op.f("uq_items_account_kind_id")),
    )
    op.create_index(op.f("ix_items_account_kind_owner_id"), "items", ["account", "kind", "owner", "id"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE item_words USING fts5(words, tokenize = 'ascii')")


def downgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "sqlite":
        op.execute("DROP TABLE item_words")
    for table in ("items", "labelled", "labels"):
        op.drop_table(table)
    for row in connection.execute(sa.select(BUCKETS).where(BUCKETS.c.configured.op("&")(SEARCH_BITS) != 0)).fetchall():
        configured = row.configured & ~SEARCH_BITS
        changed = seal((*row[:6], configured))
        statement = BUCKETS.update().where(BUCKETS.c.id == row.id)
        connection.execute(statement.values(configured=configured, checksum=changed))
    of_search = (CONFIGURATIONS.c.kind == "search") | CONFIGURATIONS.c.kind.like("search-filter%")
    op.execute(CONFIGURATIONS.delete().where(of_search))
    op.execute(DOCUMENTS.delete().where(DOCUMENTS.c.kind == "search"))
