"""Tables of inventory as Parquet, where pyarrow is installed (the extra ``parquet``)."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from typing import Any


def is_available() -> bool:
    """Whether Parquet can be written here."""
    return find_spec("pyarrow") is not None


def encoded(columns: Mapping[str, str], rows: Sequence[Sequence[Any]]) -> bytes:
    """A file compressed with Snappy, as AWS's inventory lists are.

    ``columns`` has each column's type by its name: ``text``, ``boolean``, ``integer``, ``time`` (µs since 1970), each
    behind ``required `` where no row may lack it.
    """
    import pyarrow as pa
    from pyarrow import parquet

    types = {
        "text": pa.string(),
        "boolean": pa.bool_(),
        "integer": pa.int64(),
        "time": pa.timestamp("ms", tz="UTC"),
    }
    fields = [
        pa.field(name, types[kind.removeprefix("required ")], nullable=not kind.startswith("required "))
        for name, kind in columns.items()
    ]
    values = [list(column) for column in zip(*rows, strict=True)] or [[] for _ in fields]
    arrays = [
        pa.array([v and v // 1000 for v in column] if field.type == types["time"] else column, type=field.type)
        for field, column in zip(fields, values, strict=True)
    ]
    sink = io.BytesIO()
    parquet.write_table(pa.Table.from_arrays(arrays, schema=pa.schema(fields)), sink, compression="snappy")
    return sink.getvalue()
