"""The first format: every table of the core."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
FLAG = sa.SmallInteger().with_variant(sa.Integer(), "sqlite")
NAME = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")

ONE_BODY = "(inline IS NULL OR blob IS NULL) AND (inline IS NULL OR body IS NULL) AND (blob IS NULL OR body IS NULL)"


def upgrade() -> None:
    op.create_table(
        "access_keys",
        sa.Column("access_key", NAME, autoincrement=False, nullable=False),
        sa.Column("account", NAME, nullable=False),
        sa.Column("user", NAME, server_default="", nullable=False),
        sa.Column("secret", sa.LargeBinary(), nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("active", FLAG, server_default=sa.text("1"), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.CheckConstraint("active IN (0, 1)", name=op.f("ck_access_keys_active")),
        sa.PrimaryKeyConstraint("access_key", name=op.f("pk_access_keys")),
        sqlite_with_rowid=False,
    )
    op.create_index(
        op.f("ix_access_keys_account_user_access_key"), "access_keys", ["account", "user", "access_key"], unique=False
    )
    op.create_table(
        "account_counters",
        sa.Column("account", NAME, autoincrement=False, nullable=False),
        sa.Column("objects", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("versions", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("bytes", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("uploads", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("account", name=op.f("pk_account_counters")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "accounts",
        sa.Column("id", NAME, autoincrement=False, nullable=False),
        sa.Column("canonical_id", NAME, nullable=False),
        sa.Column("display_name", NAME, server_default="", nullable=False),
        sa.Column("email", NAME, server_default="", nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "bucket_counters",
        sa.Column("bucket", NUMBER, autoincrement=False, nullable=False),
        sa.Column("objects", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("versions", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("bytes", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("uploads", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("bucket", name=op.f("pk_bucket_counters")),
    )
    op.create_table(
        "buckets",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("account", NAME, nullable=False),
        sa.Column("region", NAME, nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("versioning", NAME, server_default="", nullable=False),
        sa.Column("configured", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.CheckConstraint("versioning IN ('', 'Enabled', 'Suspended')", name=op.f("ck_buckets_versioning")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_buckets")),
        sa.UniqueConstraint("name", name=op.f("uq_buckets_name")),
    )
    op.create_index(op.f("ix_buckets_account_name"), "buckets", ["account", "name"], unique=False)
    op.create_table(
        "configurations",
        sa.Column("bucket", NUMBER, autoincrement=False, nullable=False),
        sa.Column("kind", NAME, autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("bucket", "kind", name=op.f("pk_configurations")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "current",
        sa.Column("bucket", NUMBER, autoincrement=False, nullable=False),
        sa.Column("key", NAME, autoincrement=False, nullable=False),
        sa.Column("sequence", NUMBER, nullable=False),
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("version_id", NAME, nullable=False),
        sa.Column("inline", NUMBER, nullable=True),
        sa.Column("blob", NUMBER, nullable=True),
        sa.Column("body", NUMBER, nullable=True),
        sa.Column("noncurrent_since", NUMBER, nullable=True),
        sa.Column("listing", sa.LargeBinary(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("key <> ''", name=op.f("ck_current_key")),
        sa.CheckConstraint(ONE_BODY, name=op.f("ck_current_one_body")),
        sa.PrimaryKeyConstraint("bucket", "key", name=op.f("pk_current")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "declared",
        sa.Column("kind", NAME, autoincrement=False, nullable=False),
        sa.Column("name", NAME, autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_declared")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "documents",
        sa.Column("kind", NAME, autoincrement=False, nullable=False),
        sa.Column("name", NAME, autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_documents")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "dropped",
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("sequence", NUMBER, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("target", NUMBER, nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dropped")),
    )
    op.create_table(
        "epochs",
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("sealed", FLAG, server_default=sa.text("0"), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.CheckConstraint("sealed IN (0, 1)", name=op.f("ck_epochs_sealed")),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_epochs")),
    )
    op.create_table(
        "feed",
        sa.Column("sequence", NUMBER, autoincrement=False, nullable=False),
        sa.Column("kind", NAME, nullable=False),
        sa.Column("bucket", NUMBER, nullable=False),
        sa.Column("key", NAME, server_default="", nullable=False),
        sa.Column("version_id", NAME, server_default="", nullable=False),
        sa.Column("size", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("etag", NAME, server_default="", nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("pk_feed")),
    )
    op.create_table(
        "files",
        sa.Column("blob", NUMBER, autoincrement=False, nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("blob", name=op.f("pk_files")),
    )
    op.create_table(
        "history",
        sa.Column("bucket", NUMBER, autoincrement=False, nullable=False),
        sa.Column("key", NAME, autoincrement=False, nullable=False),
        sa.Column("age", NUMBER, autoincrement=False, nullable=False),
        sa.Column("id", NUMBER, nullable=False),
        sa.Column("version_id", NAME, nullable=False),
        sa.Column("kind", FLAG, nullable=False),
        sa.Column("inline", NUMBER, nullable=True),
        sa.Column("blob", NUMBER, nullable=True),
        sa.Column("body", NUMBER, nullable=True),
        sa.Column("noncurrent_since", NUMBER, nullable=True),
        sa.Column("listing", sa.LargeBinary(), nullable=False),
        sa.Column("record", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("key <> ''", name=op.f("ck_history_key")),
        sa.CheckConstraint(ONE_BODY, name=op.f("ck_history_one_body")),
        sa.CheckConstraint("age <= 0", name=op.f("ck_history_age")),
        sa.CheckConstraint("kind IN (0, 1)", name=op.f("ck_history_kind")),
        sa.PrimaryKeyConstraint("bucket", "key", "age", name=op.f("pk_history")),
        sqlite_with_rowid=False,
    )
    op.create_index(op.f("ix_history_bucket_key_version_id"), "history", ["bucket", "key", "version_id"], unique=False)
    op.create_index(
        "ix_history_null",
        "history",
        ["bucket", "key"],
        unique=False,
        sqlite_where=sa.text("version_id = 'null'"),
        postgresql_where=sa.text("version_id = 'null'"),
    )
    op.create_table(
        "inline",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("checks", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inline")),
    )
    op.create_table(
        "moments",
        sa.Column("second", NUMBER, autoincrement=False, nullable=False),
        sa.Column("sequence", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("second", name=op.f("pk_moments")),
    )
    op.create_table(
        "annotations",
        sa.Column("version", NUMBER, autoincrement=False, nullable=False),
        sa.Column("name", NAME, autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("version", "name", name=op.f("pk_annotations")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "parts",
        sa.Column("upload", NUMBER, autoincrement=False, nullable=False),
        sa.Column("number", NUMBER, autoincrement=False, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("upload", "number", name=op.f("pk_parts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reference_counts",
        sa.Column("kind", NAME, autoincrement=False, nullable=False),
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("count", NUMBER, nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.CheckConstraint("count >= 2", name=op.f("ck_reference_counts_count")),
        sa.PrimaryKeyConstraint("kind", "id", name=op.f("pk_reference_counts")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "reminders",
        sa.Column("at", NUMBER, autoincrement=False, nullable=False),
        sa.Column("bucket", NUMBER, autoincrement=False, nullable=False),
        sa.Column("key", NAME, autoincrement=False, nullable=False),
        sa.Column("sequence", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("at", "bucket", "key", name=op.f("pk_reminders")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "state",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("format", NUMBER, nullable=False),
        sa.Column("sequence", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("time", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("lock_time", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("generation", NUMBER, server_default=sa.text("0"), nullable=False),
        sa.Column("next_id", NUMBER, server_default=sa.text("1"), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_state_one_row")),
        sa.CheckConstraint("next_id >= 1", name=op.f("ck_state_next_id")),
        sa.CheckConstraint("sequence >= 0", name=op.f("ck_state_sequence")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_state")),
    )
    op.create_table(
        "uploads",
        sa.Column("id", NUMBER, autoincrement=False, nullable=False),
        sa.Column("upload_id", NAME, nullable=False),
        sa.Column("bucket", NUMBER, nullable=False),
        sa.Column("key", NAME, nullable=False),
        sa.Column("is_open", FLAG, nullable=False),
        sa.Column("initiated", NUMBER, nullable=False),
        sa.Column("changed", NUMBER, nullable=False),
        sa.Column("changed_checksum", NUMBER, nullable=False),
        sa.Column("document", sa.LargeBinary(), nullable=False),
        sa.Column("completed", sa.LargeBinary(), nullable=True),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.CheckConstraint("is_open IN (0, 1)", name=op.f("ck_uploads_is_open")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_uploads")),
        sa.UniqueConstraint("upload_id", name=op.f("uq_uploads_upload_id")),
    )
    op.create_index(
        "ix_uploads_open",
        "uploads",
        ["bucket", "key", "upload_id"],
        unique=False,
        sqlite_where=sa.text("is_open = 1"),
        postgresql_where=sa.text("is_open = 1"),
    )
    op.create_table(
        "users",
        sa.Column("account", NAME, autoincrement=False, nullable=False),
        sa.Column("name", NAME, autoincrement=False, nullable=False),
        sa.Column("created", NUMBER, nullable=False),
        sa.Column("policies", sa.LargeBinary(), nullable=False),
        sa.Column("checksum", NUMBER, nullable=False),
        sa.PrimaryKeyConstraint("account", "name", name=op.f("pk_users")),
        sqlite_with_rowid=False,
    )
    op.execute(
        "INSERT INTO state (id, format, sequence, time, lock_time, generation, next_id, checksum)"
        " VALUES (1, 1, 0, 0, 0, 0, 1, 3132549732)"
    )
