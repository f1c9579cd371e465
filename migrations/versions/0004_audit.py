"""The audit trail: a row for each change of management, chained by hashes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
DOCUMENTS = sa.table("documents", sa.column("kind"))


def upgrade() -> None:
    op.create_table(
        "audit",
        sa.Column("sequence", NUMBER, autoincrement=False, nullable=False),
        sa.Column("time", NUMBER, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_audit")),
    )


def downgrade() -> None:
    op.execute(DOCUMENTS.delete().where(DOCUMENTS.c.kind == "audit"))
    op.drop_table("audit")
