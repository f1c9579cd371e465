"""Sizes as people write them."""

from __future__ import annotations

import pytest

from trug.domain.sizes import parse_size


@pytest.mark.parametrize(
    ("text", "size"),
    [
        ("0", 0),
        ("1048576", 1 << 20),
        ("10GiB", 10 << 30),
        ("10 gib", 10 << 30),
        ("10G", 10 << 30),
        ("10GB", 10**10),
        ("5B", 5),
        ("1.5 MiB", 3 << 19),
        (" 2TiB ", 2 << 40),
    ],
)
def test_sizes(text: str, size: int) -> None:
    assert parse_size(text) == size


@pytest.mark.parametrize("text", ["", "-1", "ten", "1e3", "1 XB", "GiB", "1.GiB", "9" * 30])
def test_what_is_no_size(text: str) -> None:
    with pytest.raises(ValueError, match="is no size"):
        parse_size(text)
