"""What records say beyond the first format: owner, name of the file and list of access; redirects without a code.

There is nothing to do on the way up: the new fields stand behind the old ones, and an old row reads with their
defaults. On the way down they are cut off, for the program before refuses rows that say more than it knows.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from alembic import op

from trug.adapters.sql.formats import DOCUMENT, VersionRow, decode, encode, is_sealed, seal, without_owner

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

PLAIN = ("inline", "blob", "body", "noncurrent_since", "listing", "record")
CURRENT = sa.table("current", *map(sa.column, ("bucket", "key", "sequence", "id", "version_id", *PLAIN)))
HISTORY = sa.table("history", *map(sa.column, ("bucket", "key", "age", "id", "version_id", "kind", *PLAIN)))
PLACE = ("id", "upload_id", "bucket", "key", "is_open", "initiated")
UPLOADS = sa.table("uploads", *map(sa.column, (*PLACE, "document", "completed", "checksum")))
CONFIGURATIONS = sa.table("configurations", *map(sa.column, ("bucket", "kind", "document", "checksum")))

OF_VERSIONS, OF_UPLOADS = 10, 9
"""How many fields a record of the formats before may have; that of a version begins with a time."""

PAGE = 500


def upgrade() -> None:
    """Old rows read as they are."""


def downgrade() -> None:
    connection = op.get_bind()
    for page in pages(connection, CURRENT, "bucket", "key"):
        cut_versions(connection, CURRENT, [VersionRow(*row[:5], 0, *row[5:]) for row in page])
    for page in pages(connection, HISTORY, "bucket", "key", "age"):
        cut_versions(connection, HISTORY, [VersionRow(*row[:2], -row[2], *row[3:]) for row in page])
    for page in pages(connection, UPLOADS, "id"):
        cut_uploads(connection, page)
    name_codes(connection)


def pages(connection: sa.Connection, table: sa.TableClause, *order: str) -> Iterator[list[Any]]:
    """All rows by their place, some at a time, so that they can be written meanwhile."""
    places = [table.c[name] for name in order]
    statement = sa.select(table).order_by(*places).limit(PAGE)
    page = connection.execute(statement).fetchall()
    while page:
        yield list(page)
        last = [getattr(page[-1], name) for name in order]
        beyond = sa.tuple_(*places) > sa.tuple_(*map(sa.literal, last))
        page = connection.execute(statement.where(beyond)).fetchall()


def cut_versions(connection: sa.Connection, table: sa.TableClause, rows: list[VersionRow]) -> None:
    """A damaged row stays as it is: it is to be found as such."""
    for row in rows:
        if not row.is_whole or len(row.fields) <= OF_VERSIONS:
            continue
        cut = row.telling(without_owner(row.key, row.line), row.fields[:OF_VERSIONS])
        place = (table.c.bucket == row.bucket) & (table.c.key == row.key)
        if table is HISTORY:
            place &= table.c.age == -row.sequence
        connection.execute(table.update().where(place).values(listing=cut.listing, record=cut.record))


def cut_uploads(connection: sa.Connection, rows: list[Any]) -> None:
    for row in rows:
        if not is_sealed(row):
            continue
        *rest, record = decode(row.document[1:])
        fields = decode(record[1:])
        if len(fields) <= OF_UPLOADS:
            continue
        fields = fields[:OF_UPLOADS]
        while fields and not fields[-1]:
            fields.pop()
        document = DOCUMENT + encode((*rest, DOCUMENT + encode(fields)))
        changed = seal((*row[:6], document, row.completed))
        statement = UPLOADS.update().where(UPLOADS.c.id == row.id)
        connection.execute(statement.values(document=document, checksum=changed))


def name_codes(connection: sa.Connection) -> None:
    """Say 301 where a website's redirect leaves its code open."""
    sites = sa.select(CONFIGURATIONS).where(CONFIGURATIONS.c.kind == "website")
    for row in connection.execute(sites).fetchall():
        if not is_sealed(row):
            continue
        document = encode(with_codes(decode(row.document)))
        place = (CONFIGURATIONS.c.bucket == row.bucket) & (CONFIGURATIONS.c.kind == row.kind)
        changed = seal((row.bucket, row.kind, document))
        connection.execute(CONFIGURATIONS.update().where(place).values(document=document, checksum=changed))


def with_codes(value: Any) -> Any:
    if isinstance(value, list):
        return [with_codes(inner) for inner in value]
    if not isinstance(value, dict):
        return value
    return {name: 301 if name == "code" and inner is None else with_codes(inner) for name, inner in value.items()}
