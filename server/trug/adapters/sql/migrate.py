"""Bringing a store to this program's format; Alembic is imported only where there is something to migrate."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from typing import TYPE_CHECKING

from trug.adapters.sql import statements as sql
from trug.adapters.sql.connection import Durability, StoreRefused, open_writer
from trug.adapters.sql.packing import checksum
from trug.ports.stores import Damaged

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine

FORMAT = 7
"""The format this program reads and writes: the number of the newest script in ``migrations/versions``."""

# Sequence, time, lock time, generation and next id.
NEW_STATE = (0, 0, 0, 0, 1)

log = logging.getLogger(__name__)


def open_current(path: str, durability: Durability) -> sqlite3.Connection:
    """The writing connection of a store in this program's format, made or migrated if need be.

    The caller holds the write lock and no other process has the store open. StoreRefused when the store is newer.
    """
    connection = open_writer(path, durability)
    try:
        found = format_of(connection)
    except BaseException:
        connection.close()
        raise
    if found == FORMAT:
        return connection
    if found == 0:
        create(connection)
        return connection
    connection.close()
    refuse_newer(path, found)
    migrate(path, found, FORMAT)
    return open_writer(path, durability)


def format_of(connection: sqlite3.Connection) -> int:
    """The store's format number, 0 when it has no tables yet. Whoever reads the rest of its row verifies it."""
    tables = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = 'state'").fetchone()
    if tables is None:
        return 0
    (number,) = connection.execute(sql.FORMAT).fetchone() or (None,)
    if not isinstance(number, int) or number < 1:
        raise Damaged("the store does not say which format it has")
    return number


def create(connection: sqlite3.Connection) -> None:
    """Make the tables of a new store, whole or not at all."""
    connection.execute("BEGIN IMMEDIATE")
    with connection:
        for statement in sql.CREATE:
            connection.execute(statement)
        connection.execute(sql.FIRST_STATE, (FORMAT, checksum((FORMAT, *NEW_STATE))))
        connection.execute(sql.STAMP, (f"{FORMAT:04}",))


def migrate(path: str, found: int, wanted: int) -> None:
    """Run the scripts between two formats, each in a transaction of its own: what is killed goes on from where it was.

    StoreRefused when one fails; the store then has the last format that was reached, with all that it held.
    """
    from alembic import command
    from sqlalchemy.exc import DBAPIError

    logging.getLogger("alembic.runtime.plugins").setLevel(logging.WARNING)
    log.warning("migrating %s from format %d to format %d", path, found, wanted)
    engine = engine_over(partial(open_writer, path, "full"))
    try:
        with engine.connect() as connection:
            config = configuration()
            config.attributes["connection"] = connection
            run = command.upgrade if wanted > found else command.downgrade
            run(config, f"{wanted:04}")
    except (DBAPIError, Damaged) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise StoreRefused(f"{path} cannot be brought from format {found} to format {wanted}: {reason}") from error
    finally:
        engine.dispose()
    log.warning("migrated %s", path)


def bring_to(path: str, wanted: int) -> int:
    """Bring a closed store to this format, up or down; the format that it had.

    Down, what the older format has no place for is lost. The caller holds the store's directory. StoreRefused when the
    store is newer than this program, or the format is none that this program knows.
    """
    if not 1 <= wanted <= FORMAT:
        raise StoreRefused(f"there is no format {wanted}: this version of trug knows formats 1 to {FORMAT}")
    found = find_format(path)
    if found == 0:
        raise StoreRefused(f"{path} is no store yet")
    refuse_newer(path, found)
    if found != wanted:
        migrate(path, found, wanted)
    return found


def find_format(path: str) -> int:
    """The format of a closed store, 0 where there is none yet."""
    if not os.path.exists(path):
        return 0
    with closing(open_writer(path, "full")) as connection:
        return format_of(connection)


def refuse_newer(path: str, found: int) -> None:
    if found > FORMAT:
        raise StoreRefused(
            f"{path} has format {found}, but this version of trug knows only formats up to {FORMAT}: "
            "use the version that wrote it, or a newer one"
        )


def engine_over(connect: Callable[[], sqlite3.Connection]) -> Engine:
    """SQLAlchemy over one connection, whose transactions begin as ours do."""
    from sqlalchemy import Connection, StaticPool, create_engine, event

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    engine = create_engine("sqlite://", creator=connect, poolclass=StaticPool)
    event.listen(engine, "begin", begin)
    return engine


def configuration() -> Config:
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", scripts())
    config.set_main_option("path_separator", "os")
    return config


def scripts() -> str:
    """Where the migration scripts lie: inside the package when installed, beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
    installed = os.path.join(package, "migrations")
    if os.path.isdir(installed):
        return installed
    return os.path.join(os.path.dirname(os.path.dirname(package)), "migrations")
