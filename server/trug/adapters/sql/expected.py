"""Expected files in SQL: their reads and effects."""

from __future__ import annotations

from collections.abc import Callable
from sqlite3 import Cursor
from typing import Any

import msgspec

from trug.adapters.sql import packing
from trug.adapters.sql import statements as sql
from trug.ports import expected as port
from trug.ports.changes import Effect, Read

DETAILS = msgspec.msgpack.Decoder(port.Details)


def row_of(file: port.ExpectedFile) -> packing.Row:
    return packing.named_row(*file[:-1], msgspec.msgpack.encode(file.details))


def file_of(row: packing.Row) -> port.ExpectedFile:
    *columns, document = packing.checked("expected_files", row)
    return port.ExpectedFile._make((*columns, DETAILS.decode(document)))


def files(cursor: Cursor, statement: str, *parameters: int | str) -> list[port.ExpectedFile]:
    return [file_of(row) for row in cursor.execute(statement, parameters).fetchall()]


def with_id(cursor: Cursor, read: port.ExpectedWithId) -> port.ExpectedFile | None:
    return next(iter(files(cursor, sql.EXPECTED_WITH_ID, read.id)), None)


def at(cursor: Cursor, read: port.ExpectedAt) -> list[port.ExpectedFile]:
    return files(cursor, sql.EXPECTED_AT, read.bucket, read.key)


def of(cursor: Cursor, read: port.ExpectedOf) -> list[port.ExpectedFile]:
    return files(cursor, sql.EXPECTED_OF, read.owner, read.after, read.status, read.status, read.limit)


def due(cursor: Cursor, read: port.ExpectedDue) -> list[port.ExpectedFile]:
    return files(cursor, sql.EXPECTED_DUE, read.state, read.time, *read.after, read.limit)


def is_any(cursor: Cursor, read: port.IsAnyExpected) -> bool:
    (found,) = cursor.execute(sql.ANY_EXPECTED, (read.time,) * len(port.SETTLED)).fetchone()
    return bool(found)


def put(cursor: Cursor, effect: port.PutExpected, _: int) -> int:
    row = row_of(effect.file)
    cursor.execute(sql.PUT_EXPECTED, row)
    return len(row[-2])


def remove(cursor: Cursor, effect: port.RemoveExpected, _: int) -> None:
    cursor.execute(sql.REMOVE_EXPECTED, (effect.id,))


READS: dict[type[Read[Any]], Callable[[Cursor, Any], Any]] = {
    port.ExpectedWithId: with_id,
    port.ExpectedAt: at,
    port.ExpectedOf: of,
    port.ExpectedDue: due,
    port.IsAnyExpected: is_any,
}

EFFECTS: dict[type[Effect], Callable[[Cursor, Any, int], int | None]] = {
    port.PutExpected: put,
    port.RemoveExpected: remove,
}
