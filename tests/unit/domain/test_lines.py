"""Lines of lists: what goes in comes out, and no mark stands where another could be meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as some

from trug.domain import lines
from trug.domain.lines import STYLES, Shown, line_of, listing_of, rolled_up, shown
from trug.domain.objects import COMPOSITE, FULL_OBJECT, Listing

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
NOW = 1_700_000_000_000_000
DATE = "2023-11-14T22:13:20"

USUAL = [
    Listing(MD5, 0, 0),
    Listing(MD5, 2**63, NOW + 5, "STANDARD", "CRC64NVME", FULL_OBJECT),
    Listing(MD5 + "-7", 5, NOW, "STANDARD", "SHA256", COMPOSITE),
    Listing("", 0, NOW),
]
UNUSUAL = [
    Listing(MD5, 5, NOW, "GLACIER", "SHA256", COMPOSITE),
    Listing(MD5, 5, NOW, "STANDARD", "A_NEW_ONE", FULL_OBJECT),
    Listing("d4 1d8cd98f00b204e9800998ecf8427", 5, NOW),
    Listing("ünï-\x00", 0, NOW),
    Listing("&<\x01\x02", 0, NOW),
    Listing(MD5, 5, -1),
    Listing(MD5, 5, 300_000 * 10**12),
]


@pytest.mark.parametrize("listing", USUAL + UNUSUAL, ids=repr)
def test_a_listing_comes_back(listing: Listing) -> None:
    assert listing_of(line_of("key", listing), listing.modified) == listing


def test_lines_on_disk_never_change() -> None:
    assert line_of("a/b", USUAL[1]) == f"\0{DATE}\1{MD5}\2{2**63}\x0c".encode()
    assert line_of("a b", USUAL[1]) == f"\0\4{DATE}\1{MD5}\2{2**63}\x0c".encode()
    assert line_of("a", UNUSUAL[0]) == (f'\0\3["{MD5}", 5, {NOW}, "GLACIER", "SHA256", "COMPOSITE"]'.encode())


@pytest.mark.parametrize("listing", USUAL + UNUSUAL, ids=repr)
def test_another_owner_is_shown(listing: Listing) -> None:
    line = line_of("key", listing, "222222222222")
    assert listing_of(line, listing.modified) == listing
    if 0 <= listing.modified < 253_402_300_800 * 10**6:
        assert shown(line[1:]).owner == "222222222222"
        assert shown(line_of("key", listing)[1:]).owner == ""


def test_styles_only_ever_grow() -> None:
    """Rows on disk hold the numbers."""
    assert STYLES[:3] == (
        ("STANDARD", "", ""),
        ("STANDARD", "CRC64NVME", "FULL_OBJECT"),
        ("STANDARD", "CRC32", "FULL_OBJECT"),
    )
    assert STYLES[20] == ("STANDARD", "XXHASH128", "COMPOSITE")
    assert len(set(STYLES)) == len(STYLES)
    assert max(lines.STYLE_MARKS.values()) < b" "


@pytest.mark.parametrize("key", ["a", "a b"])
def test_what_is_shown(key: str) -> None:
    def of(listing: Listing) -> Shown:
        return shown(line_of(key, listing)[1:])

    assert of(USUAL[1]) == (DATE, MD5, str(2**63), ("STANDARD", "CRC64NVME", "FULL_OBJECT"), "")
    assert of(USUAL[3]) == (DATE, "", "0", ("STANDARD", "", ""), "")
    assert of(UNUSUAL[0]) == (DATE, MD5, "5", ("GLACIER", "SHA256", "COMPOSITE"), "")
    assert of(UNUSUAL[4]) == (DATE, "&<\x01\x02", "0", ("STANDARD", "", ""), "")


ANY_KEY = some.text(some.characters(exclude_characters="\0", codec="utf-8"), min_size=1)


def test_what_is_shown_as_a_listing() -> None:
    """Whole seconds alone."""
    assert lines.listing_shown(line_of("a b", USUAL[1])[1:]) == USUAL[1]._replace(modified=NOW)
    assert lines.listing_shown(line_of("a", UNUSUAL[0])[1:]) == UNUSUAL[0]


@given(ANY_KEY, some.sampled_from(USUAL + UNUSUAL))
def test_a_row_has_marks_only_where_they_mean_something(key: str, listing: Listing) -> None:
    row = key.encode() + line_of(key, listing)
    assert row.count(b"\0") == 1
    assert lines.key_of(row) == key
    line = row.partition(b"\0")[2]
    is_plain = line[:1] not in (lines.UNUSUAL, lines.CAREFUL)
    marks = [code for code in row if code < ord(" ")]
    if is_plain:
        assert marks[:-1] == [0, 1, 2]
        assert marks[-1] >= lines.FIRST_STYLE
    elif listing in UNUSUAL:
        assert [code for code in line if code < ord(" ")] == [3]


@given(some.lists(ANY_KEY))
def test_rows_sort_as_their_keys(keys: list[str]) -> None:
    rows = [key.encode() + line_of(key, USUAL[0]) for key in keys]
    assert [lines.key_of(row) for row in sorted(rows)] == sorted(keys)


@pytest.mark.parametrize(
    ("key", "prefix", "delimiter", "expected"),
    [
        ("a/b/c", "", "/", "a/"),
        ("a/b/c", "a/", "/", "a/b/"),
        ("a/b/c", "a/b/", "/", None),
        ("a/b/c", "b", "/", None),
        ("a/b/c", "", "", None),
        ("a", "", "-", None),
        ("a", "", "T", None),
        ("aTb", "", "T", "aT"),
        ("é—ü", "é", "—", "é—"),
    ],
)
def test_rolled_up(key: str, prefix: str, delimiter: str, expected: str | None) -> None:
    """The line behind the key has delimiters too."""
    found = rolled_up(key.encode() + line_of(key, USUAL[0]), prefix.encode(), delimiter.encode())
    assert found == (None if expected is None else expected.encode())
