"""The labels of current versions, kept in the transaction of what they describe."""

from __future__ import annotations

from collections.abc import Mapping
from sqlite3 import Cursor

import msgspec

from trug.adapters.sql import statements as sql
from trug.domain.object_fields import labels_of
from trug.ports.rows import Version

Labels = frozenset[tuple[str, str]]

NONE: Labels = frozenset()
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(Labels).decode


def relabel(cursor: Cursor, bucket: int, versions: Mapping[str, Version | None]) -> None:
    """Have the labels of keys be those of their versions: only what differs is written, in the order it lies in."""
    gone: list[tuple[int, str, str, str]] = []
    new: list[tuple[int, str, str, str]] = []
    for key, version in versions.items():
        row = cursor.execute(sql.LABELS_OF, (bucket, key)).fetchone()
        before = NONE if row is None else unpack(row[-1])
        after = NONE if version is None else labels_of(key, version.listing, version.record)
        if before == after:
            continue
        gone += [(bucket, *label, key) for label in before - after]
        new += [(bucket, *label, key) for label in after - before]
        if after:
            cursor.execute(sql.PUT_LABELS, (bucket, key, pack(after)))
        else:
            cursor.execute(sql.REMOVE_LABELS, (bucket, key))
    cursor.executemany(sql.REMOVE_LABEL, sorted(gone))
    cursor.executemany(sql.PUT_LABEL, sorted(new))
