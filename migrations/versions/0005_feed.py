"""The change feed can be read: whose an event is that no bucket owns, what became of a bucket, and when it was."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

NAME = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
DOCUMENTS = sa.table("documents", sa.column("kind"))


def upgrade() -> None:
    op.add_column("feed", sa.Column("account", NAME, server_default="", nullable=False))
    op.create_index(
        "ix_feed_removed",
        "feed",
        ["bucket"],
        unique=False,
        sqlite_where=sa.text("kind = 'BucketRemoved'"),
        postgresql_where=sa.text("kind = 'BucketRemoved'"),
    )
    op.create_index(op.f("ix_moments_sequence"), "moments", ["sequence"], unique=False)


def downgrade() -> None:
    op.execute(DOCUMENTS.delete().where(DOCUMENTS.c.kind == "feed-place"))
    op.drop_index(op.f("ix_moments_sequence"), "moments")
    op.drop_index("ix_feed_removed", "feed")
    op.drop_column("feed", "account")
