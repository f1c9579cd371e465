"""Block checks: arithmetic, seeds, and the same answer however the bytes arrive."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from trug.domain import blocks
from trug.domain.blocks import BLOCK, CHECK_SIZE, TAIL_SIZE

CONTENT = os.urandom(3 * BLOCK + 17)


@pytest.mark.parametrize(
    ("length", "count"), [(0, 0), (1, 1), (BLOCK - 1, 1), (BLOCK, 1), (BLOCK + 1, 2), (5 << 30, 81_920)]
)
def test_arithmetic(length: int, count: int) -> None:
    assert blocks.count(length) == count
    assert blocks.footer_size(length) == 4 * count + TAIL_SIZE
    assert blocks.check_offset(length, count) + TAIL_SIZE == length + blocks.footer_size(length)


@given(st.lists(st.integers(0, 2 * BLOCK), max_size=6))
def test_a_tally_does_not_depend_on_the_chunks(sizes: list[int]) -> None:
    tally = blocks.Tally(7)
    place = 0
    for size in sizes:
        tally.update(CONTENT[place : place + size])
        place = min(place + size, len(CONTENT))
    assert tally.length == place
    assert tally.footer() == blocks.checks(7, CONTENT[:place]) + blocks.tail(7, place)
    assert len(tally.footer()) == blocks.footer_size(place)


def test_blocks_can_be_checked_from_any_block_on() -> None:
    whole = blocks.checks(7, CONTENT)
    assert blocks.checks(7, CONTENT[2 * BLOCK :], first=2) == whole[2 * CHECK_SIZE :]


@pytest.mark.parametrize("size", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1, 3 * BLOCK + 17])
@pytest.mark.parametrize("first", [0, 5])
def test_bytes_fit_their_own_checks_alone(size: int, first: int) -> None:
    content = CONTENT[:size]
    packed = blocks.checks(7, content, first=first)
    assert blocks.fit(memoryview(content), packed, 7, first=first)
    assert blocks.fit(memoryview(content), memoryview(bytearray(packed)), 7, first=first)
    assert not blocks.fit(memoryview(content + CONTENT[: BLOCK + 1]), packed, 7, first=first)
    assert not blocks.fit(memoryview(content), packed + bytes(CHECK_SIZE), 7, first=first)
    for place in range(0, size, 9973):
        damaged = bytearray(content)
        damaged[place] ^= 0x10
        assert not blocks.fit(memoryview(damaged), packed, 7, first=first)
    if size:
        assert not blocks.fit(memoryview(content), packed, 8, first=first)
        assert not blocks.fit(memoryview(content), packed, 7, first=first + 1)


def test_equal_blocks_have_different_checks_in_every_place() -> None:
    same = b"x" * BLOCK * 64
    packed = b"".join(blocks.checks(blob, same) for blob in range(64))
    assert len({packed[place : place + 4] for place in range(0, len(packed), 4)}) == 64 * 64


def test_nothing_written_is_not_a_file_of_zeros() -> None:
    assert blocks.tail(0, 0) != bytes(TAIL_SIZE)
    assert blocks.checks(0, bytes(BLOCK)) != bytes(CHECK_SIZE)


def test_the_format_on_disk_stays() -> None:
    assert blocks.tail(4097, 3).hex() == "0101100000000000000300000000000000" + "1713c7c8"
    assert blocks.checks(4097, b"abc").hex() == "894c8730"
