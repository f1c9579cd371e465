"""Files that are waited for, and totals of what current objects hold."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from alembic import op

from trug.adapters.sql.formats import seal, size_in

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")

BUCKETS = sa.table(
    "buckets",
    *map(sa.column, ("id", "name", "account", "region", "created", "versioning", "configured", "checksum")),
)
CURRENT = sa.table("current", *map(sa.column, ("bucket", "key", "listing")))
OF_BUCKETS = sa.table("bucket_counters", sa.column("bucket"), sa.column("current"))
OF_ACCOUNTS = sa.table("account_counters", sa.column("account"), sa.column("current"))
CONFIGURATIONS = sa.table("configurations", sa.column("kind"))
DOCUMENTS = sa.table("documents", sa.column("kind"))

TYPES_BIT = 0x800000


def upgrade() -> None:
    op.create_table(
        "expected_files",
        sa.Column("id", NAME, autoincrement=False, nullable=False),
        sa.Column("owner", NAME, nullable=False),
        sa.Column("bucket", NUMBER, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("state", NAME, nullable=False),
        sa.Column("status", NAME, nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("updated", NUMBER, nullable=False),
        sa.Column("expires", NUMBER, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_expected_files")),
        sqlite_with_rowid=False,
    )
    for columns in (["bucket", "key"], ["state", "expires", "id"], ["owner", "id"]):
        op.create_index(op.f(f"ix_expected_files_{'_'.join(columns)}"), "expected_files", columns, unique=False)
    for table in ("bucket_counters", "account_counters"):
        op.add_column(table, sa.Column("current", NUMBER, server_default=sa.text("0"), nullable=False))
    count_current(op.get_bind())


def downgrade() -> None:
    connection = op.get_bind()
    for row in connection.execute(sa.select(BUCKETS).where(BUCKETS.c.configured.op("&")(TYPES_BIT) != 0)).fetchall():
        configured = row.configured & ~TYPES_BIT
        changed = seal((*row[:6], configured))
        statement = BUCKETS.update().where(BUCKETS.c.id == row.id)
        connection.execute(statement.values(configured=configured, checksum=changed))
    op.execute(CONFIGURATIONS.delete().where(CONFIGURATIONS.c.kind == "upload-types"))
    op.execute(DOCUMENTS.delete().where(DOCUMENTS.c.kind == "emptying"))
    for table in ("account_counters", "bucket_counters"):
        op.drop_column(table, "current")
    op.drop_table("expected_files")


def count_current(connection: sa.Connection) -> None:
    """Sum up what the lists say. A row that cannot be read counts nothing; ``trug fsck`` finds it."""
    sums: Counter[int] = Counter()
    for bucket, listing in connection.execute(sa.select(CURRENT.c.bucket, CURRENT.c.listing)):
        try:
            sums[bucket] += size_in(listing[:-8])
        except (IndexError, TypeError, ValueError):
            continue
    owners = {row.id: row.account for row in connection.execute(sa.select(BUCKETS.c.id, BUCKETS.c.account))}
    accounts: Counter[str] = Counter()
    for bucket, size in sums.items():
        connection.execute(OF_BUCKETS.update().where(OF_BUCKETS.c.bucket == bucket).values(current=size))
        if bucket in owners:
            accounts[owners[bucket]] += size
    for account, size in accounts.items():
        connection.execute(OF_ACCOUNTS.update().where(OF_ACCOUNTS.c.account == account).values(current=size))
