"""Rows of older formats, told apart from damaged ones and written anew."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.migrations.filled import load
from tests.support.sql import below

from trug.adapters.sql.formats import VersionRow, is_sealed, sealed, size_in, without_owner
from trug.adapters.sql.migrate import bring_to

PLAIN = "inline, blob, body, noncurrent_since, listing, record"


def versions_in(directory: Path) -> Iterator[VersionRow]:
    with below(directory) as connection:
        for source in (
            f"SELECT bucket, key, sequence, id, version_id, 0, {PLAIN} FROM current",
            f"SELECT bucket, key, -age, id, version_id, kind, {PLAIN} FROM history",
        ):
            yield from (VersionRow(*row) for row in connection.execute(source).fetchall())


def test_versions_that_a_program_of_the_first_format_wrote(tmp_path: Path) -> None:
    load("0001", tmp_path)
    rows = list(versions_in(tmp_path))
    assert len(rows) > 20
    assert {row.kind for row in rows} == {0, 1}
    for row in rows:
        assert row.is_whole
        assert not row._replace(sequence=row.sequence + 1).is_whole
        assert not row._replace(record=row.record[:-5] + b"?" + row.record[-4:]).is_whole
        again = row.telling(row.line, row.fields)
        assert (again.is_whole, again.listing, again.fields) == (True, row.listing, trimmed(row.fields))
        assert without_owner(row.key, row.line) == row.line
        assert size_in(row.line) >= 0
    sizes = {row.key: size_in(row.line) for row in rows}
    assert (sizes["dir/big.bin"], sizes["cold"], sizes["parts.bin"]) == (300_000, 6, (5 << 20) + 70_000)


def trimmed(fields: list[object]) -> list[object]:
    while len(fields) > 1 and not fields[-1]:
        fields = fields[:-1]
    return fields


USUAL = '["0cc1", 9, 1795306956199735, "STANDARD", "CRC32", "FULL_OBJECT"'
LINES = {
    "nobody else's": ("a", b"\0002026-11-22T00:22:36\0010cc1\0029\x0d", None),
    "another's": ("a", f'\0\3{USUAL}, "111"]', b"\0002026-11-22T00:22:36\0010cc1\0029\x0d"),
    "of a key that is written with care": ("ä", f'\0\3{USUAL}, "1"]', b"\0\0042026-11-22T00:22:36\0010cc1\0029\x0d"),
    "of a rare class": (
        "a",
        '\0\3["0cc1", 9, 1795306956199735, "GLACIER", "", "", "111"]',
        b'\0\3["0cc1", 9, 1795306956199735, "GLACIER", "", ""]',
    ),
    "without a sum": ("a", '\0\3["", 9, 0, "STANDARD", "", "", "111"]', b"\0001970-01-01T00:00:00\1\0029\x0b"),
}


@pytest.mark.parametrize("case", LINES)
def test_the_line_of_what_somebody_else_owned(case: str) -> None:
    key, line, expected = LINES[case]
    given = line if isinstance(line, bytes) else line.encode()
    assert without_owner(key, given) == (given if expected is None else expected)
    assert size_in(given) == 9


def test_rows_are_sealed_as_they_always_were() -> None:
    row = sealed("111111111111", "Ann", 1795306953896839, b"\x01\x93\xa9ReadPlans\xa8readonly\xa6broken")
    assert row[-1] == 1709265557
    assert is_sealed(row)
    assert not is_sealed((*row[:-1], row[-1] ^ 1))


def test_a_damaged_version_stays_damaged(tmp_path: Path) -> None:
    """Whatever way it goes, nothing is sealed anew that was not whole before."""
    load("0001", tmp_path)
    with below(tmp_path) as connection:
        connection.execute("UPDATE current SET listing = X'00' WHERE key = 'empty'")
        connection.execute("UPDATE current SET sequence = sequence + 1 WHERE key = 'cold'")
        connection.execute("UPDATE uploads SET initiated = 1 WHERE key = 'open'")
        rows = {row.key: row for row in versions_in(tmp_path)}
        (upload,) = connection.execute("SELECT * FROM uploads WHERE key = 'open'").fetchall()
    path = str(tmp_path / "trug.db")
    bring_to(path, 7)
    bring_to(path, 1)
    after = {row.key: row for row in versions_in(tmp_path)}
    assert (after["empty"], after["cold"]) == (rows["empty"], rows["cold"])
    assert not (after["empty"].is_whole or after["cold"].is_whole)
    with below(tmp_path) as connection:
        assert connection.execute("SELECT * FROM uploads WHERE key = 'open'").fetchall() == [upload]


def test_nothing_here_hangs_on_how_rows_are_packed_today() -> None:
    from trug.adapters.sql import formats

    imported = re.findall(r"^(?:from|import) (trug\S*)", Path(formats.__file__).read_text(), re.MULTILINE)
    assert imported == []
