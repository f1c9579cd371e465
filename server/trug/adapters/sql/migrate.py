"""Bringing a store to this program's format; Alembic is imported only where there is something to migrate."""

from __future__ import annotations

import logging
import os
import sqlite3
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from trug.adapters.sql import statements as sql
from trug.adapters.sql.connection import Durability, StoreRefused, open_writer
from trug.adapters.sql.packing import checksum
from trug.ports.stores import Damaged

if TYPE_CHECKING:
    from alembic.config import Config
    from sqlalchemy import Engine

FORMAT = 1
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
    if found > FORMAT:
        raise StoreRefused(f"{path} has format {found}, but this version of trug knows only formats up to {FORMAT}")
    migrate(path, found)
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


def migrate(path: str, found: int) -> None:
    """Run the scripts that are missing, each in a transaction of its own."""
    from alembic import command

    log.warning("migrating %s from format %d to format %d", path, found, FORMAT)
    engine = engine_over(partial(open_writer, path, "full"))
    try:
        with engine.connect() as connection:
            config = configuration()
            config.attributes["connection"] = connection
            command.upgrade(config, f"{FORMAT:04}")
    finally:
        engine.dispose()
    log.warning("migrated %s", path)


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
