"""Packed values: what goes in comes out, and nothing else passes for it."""

from __future__ import annotations

from typing import Any

import pytest
from awscrt.checksums import crc32c
from hypothesis import given
from hypothesis import strategies as some

from trug.adapters.sql import packing
from trug.domain.objects import COMPOSITE, FULL_OBJECT, Checksum, Listing, Record
from trug.ports.rows import Entry, Version
from trug.ports.stores import Damaged

MD5 = "d41d8cd98f00b204e9800998ecf8427e"
NOW = 1_700_000_000_000_000

LISTINGS = [
    Listing(MD5, 0, 0),
    Listing(MD5, 2**63, NOW, "STANDARD", "CRC64NVME", FULL_OBJECT),
    Listing(MD5, 5, NOW, "STANDARD", "SHA256", COMPOSITE),
    Listing(MD5, 5, NOW, "GLACIER", "SHA256", COMPOSITE),
    Listing(MD5, 5, NOW, "STANDARD", "A_NEW_ONE", FULL_OBJECT),
    Listing(MD5 + "-7", 5, NOW),
    Listing(MD5.upper(), 5, NOW),
    Listing("zz" * 16, 5, NOW),
    Listing("d4 1d8cd98f00b204e9800998ecf8427", 5, NOW),
    Listing("", 0, NOW),
    Listing("ünï-\x00", 0, NOW),
]

RECORDS = [
    Record(),
    Record(headers={"content-type": "text/plain"}),
    Record(metadata={"": ""}),
    Record(tags={"k": "v", "é": "日本"}),
    Record(checksum=Checksum("CRC32", "AAAA=", FULL_OBJECT)),
    Record(parts=10_000),
    Record({"a": "b"}, {"c": "d"}, {"e": "f"}, Checksum("SHA1", "x-2", COMPOSITE), 2),
]


def version(**more: Any) -> Version:
    fields: dict[str, Any] = {"bucket": 7, "key": "k", "sequence": 9, "id": 11, "version_id": "null"}
    return Version(**{**fields, "listing": LISTINGS[1], "record": RECORDS[1], "inline": 5, **more})


def row(version: Version) -> tuple[Any, ...]:
    """As the point reads give it."""
    return (int(version.marker), *packing.version_row(version))


@pytest.mark.parametrize("listing", LISTINGS, ids=repr)
def test_a_listing_comes_back(listing: Listing) -> None:
    assert packing.unpack_listing(packing.seal(0, (), packing.pack_listing(listing))) == listing


def test_a_usual_listing_is_small() -> None:
    assert len(packing.pack_listing(LISTINGS[1])) == 34


def test_styles_only_ever_grow() -> None:
    """Rows on disk hold the numbers."""
    assert packing.STYLES[:3] == (
        ("STANDARD", "", ""),
        ("STANDARD", "CRC64NVME", "FULL_OBJECT"),
        ("STANDARD", "CRC32", "FULL_OBJECT"),
    )
    assert packing.STYLES[20] == ("STANDARD", "XXHASH128", "COMPOSITE")
    assert len(set(packing.STYLES)) == len(packing.STYLES)


@pytest.mark.parametrize("record", RECORDS, ids=repr)
def test_a_record_comes_back(record: Record) -> None:
    assert packing.unpack_record(packing.pack_record(record)) == record


def test_a_record_without_anything_is_small() -> None:
    assert len(packing.pack_record(Record())) == 2


def test_records_share_no_dictionaries() -> None:
    one, two = (packing.unpack_record(packing.pack_record(RECORDS[1])) for _ in range(2))
    one.tags["k"] = "v"
    assert two.tags == {}


@pytest.mark.parametrize("unpack", [packing.unpack_listing, packing.unpack_record, packing.fields])
def test_an_unknown_format_is_damage(unpack: Any) -> None:
    with pytest.raises(Damaged, match="does not know"):
        unpack(b"\x63rest")


@given(some.lists(some.one_of(some.none(), some.integers(-(2**63), 2**63 - 1), some.text(), some.binary())))
def test_what_is_sealed_is_sealed(plain: list[Any]) -> None:
    columns = tuple(plain)
    for seed in (0, 1, 2**32 - 1):
        sealed = packing.seal(seed, columns, b"value")
        assert packing.is_sealed(seed, (*columns, sealed))
        assert not packing.is_sealed(seed ^ 1, (*columns, sealed))
        assert not packing.is_sealed(seed, (*columns, 0, sealed))


def test_the_seal_is_a_crc32c_behind_the_value() -> None:
    covered = packing.encode(("k", 5, b"value\0\0\0\0"))[:-4]
    assert packing.seal(3, ("k", 5), b"value") == b"value" + crc32c(covered, 3).to_bytes(4, "little")


@pytest.mark.parametrize("marker", [False, True])
@pytest.mark.parametrize("body", [{}, {"blob": 4096, "inline": None}, {"body": 2**60, "inline": None}])
def test_a_version_comes_back(marker: bool, body: dict[str, Any]) -> None:
    stored = version(marker=marker, noncurrent_since=NOW, **body)
    assert packing.version_of(7, row(stored)) == stored


OTHERS = [True, "other", 10, 12, "other", 6, 4096, 4096, NOW]


@pytest.mark.parametrize("column", range(9))
def test_every_plain_column_is_covered(column: int) -> None:
    stored = row(version())
    changed = (*stored[:column], OTHERS[column], *stored[column + 1 :])
    assert changed != stored
    with pytest.raises(Damaged):
        packing.version_of(7, changed)
    shown = (*changed[1:10],)
    if column:
        with pytest.raises(Damaged):
            packing.current_entries(7, [shown])
    with pytest.raises(Damaged):
        packing.history_entries(7, [(changed[0], *shown)])


def test_the_bucket_is_covered() -> None:
    with pytest.raises(Damaged):
        packing.version_of(8, row(version()))
    with pytest.raises(Damaged):
        packing.current_entries(8, [row(version())[1:10]])


@pytest.mark.parametrize("column", [9, 10])
def test_every_bit_of_a_packed_value_is_covered(column: int) -> None:
    stored = row(version())
    for bit in range(len(stored[column]) * 8):
        value = bytearray(stored[column])
        value[bit // 8] ^= 1 << bit % 8
        with pytest.raises(Damaged):
            packing.version_of(7, (*stored[:column], bytes(value), *stored[column + 1 :]))


def test_values_of_two_versions_are_not_interchangeable() -> None:
    one, two = row(version()), row(version(sequence=10))
    with pytest.raises(Damaged):
        packing.version_of(7, (*one[:9], two[9], one[10]))
    with pytest.raises(Damaged):
        packing.version_of(7, (*one[:10], two[10]))


@pytest.mark.parametrize("listing", LISTINGS, ids=repr)
def test_entries_show_the_listing(listing: Listing) -> None:
    stored = row(version(listing=listing))
    assert packing.current_entries(7, [stored[1:10]]) == [Entry("k", 9, "null", False, listing)]
    assert packing.history_entries(7, [stored[:10]]) == [Entry("k", 9, "null", False, listing)]
    marker = row(version(listing=listing, marker=True))
    assert packing.history_entries(7, [marker[:10]]) == [Entry("k", 9, "null", True, listing)]
