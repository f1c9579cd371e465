"""How Alembic reaches a store: over the connection it is given, or over a scratch one that is brought up to date."""

from __future__ import annotations

import sqlite3
from functools import partial
from typing import Any

from alembic import context
from alembic.migration import MigrationContext
from alembic.operations import Operations
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, select, update

from trug.adapters.sql.migrate import engine_over
from trug.adapters.sql.packing import checksum
from trug.adapters.sql.schema import metadata, state


def run(connection: Connection) -> None:
    context.configure(
        connection=connection,
        target_metadata=metadata,
        transactional_ddl=True,
        transaction_per_migration=True,
        compare_server_default=True,
        include_name=is_a_table_of_ours,
        on_version_apply=seal_format,
    )
    with context.begin_transaction():
        context.run_migrations()


def is_a_table_of_ours(name: str | None, kind: str, _: Any) -> bool:
    """All but the full text's tables, which SQLite makes itself."""
    return kind != "table" or not str(name).startswith("item_words")


def seal_format(*, step: Any, **_: Any) -> None:
    """Write the number of the format that a script has made, in its transaction, under the checksum of its row."""
    connection = context.get_bind()
    (made,) = step.destination_revision_ids
    connection.execute(update(state).values(format=int(made)))
    columns = [column for column in state.c if column.name not in ("id", "checksum")]
    (row,) = connection.execute(select(*columns)).fetchall()
    connection.execute(update(state).values(checksum=checksum(tuple(row))))


def run_on_a_scratch_store() -> None:
    """For ``alembic revision --autogenerate`` and ``alembic check``, which compare the schema with a migrated store."""
    engine = engine_over(partial(sqlite3.connect, ":memory:", isolation_level=None))
    with engine.connect() as connection:
        migrate(connection)
        run(connection)
    engine.dispose()


def migrate(connection: Connection) -> None:
    scripts = ScriptDirectory.from_config(context.config)
    migration = MigrationContext.configure(connection)
    with Operations.context(migration):
        for script in reversed(list(scripts.walk_revisions())):
            script.module.upgrade()
    migration.stamp(scripts, "heads")
    connection.commit()


given = context.config.attributes.get("connection")
if given is None:
    run_on_a_scratch_store()
else:
    run(given)
