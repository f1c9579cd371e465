"""The packed table of parts, held against the plain list it stands for."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from trug.domain import ends

SIZES = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 9)), max_size=12)


def plain(sizes: list[tuple[int, int]]) -> list[tuple[int, int]]:
    entries, number, end = [], 0, 0
    for step, size in sizes:
        number, end = number + step, end + size
        entries.append((number, end))
    return entries


@given(SIZES)
def test_entries_come_back(sizes: list[tuple[int, int]]) -> None:
    entries = plain(sizes)
    table = ends.pack(entries)
    assert [ends.entry(table, index) for index in range(ends.count(table))] == entries
    assert list(ends.numbers(table)) == [number for number, _ in entries]
    assert ends.size(table) == (entries[-1][1] if entries else 0)
    for number in range(40):
        index = ends.find(table, number)
        assert (index is None) == (number not in dict(entries))
        assert index is None or entries[index][0] == number


@given(SIZES, st.integers(0, 100), st.integers(1, 100))
def test_parts_of_a_span(sizes: list[tuple[int, int]], start: int, length: int) -> None:
    entries = plain(sizes)
    expected, begin = [], 0
    for number, end in entries:
        if end > start and begin < start + length:
            expected.append((number, begin))
        begin = end
    assert list(ends.parts_in(ends.pack(entries), start, start + length)) == expected
