"""The labels of current versions, kept in the transaction of what they describe."""

from __future__ import annotations

from sqlite3 import Cursor

import msgspec

from trug.adapters.sql import statements as sql
from trug.domain.object_fields import labels_of
from trug.ports.rows import Version

Labels = frozenset[tuple[str, str]]

NONE: Labels = frozenset()
pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(Labels).decode


def relabel(cursor: Cursor, bucket: int, key: str, version: Version | None) -> None:
    """Have the labels of a key be those of ``version``: only what differs is written."""
    row = cursor.execute(sql.LABELS_OF, (bucket, key)).fetchone()
    before = NONE if row is None else unpack(row[-1])
    after = NONE if version is None else labels_of(key, version.listing, version.record)
    if before == after:
        return
    cursor.executemany(sql.REMOVE_LABEL, [(bucket, *label, key) for label in before - after])
    cursor.executemany(sql.PUT_LABEL, [(bucket, *label, key) for label in after - before])
    if after:
        cursor.execute(sql.PUT_LABELS, (bucket, key, pack(after)))
    else:
        cursor.execute(sql.REMOVE_LABELS, (bucket, key))
