"""Packed values: what goes in comes out, and nothing else passes for it."""

from __future__ import annotations

import re
from typing import Any

import pytest
from awscrt.checksums import crc32c
from hypothesis import given
from hypothesis import strategies as some

from trug.adapters.sql import packing
from trug.domain import lines
from trug.domain.acl import Acl, canned
from trug.domain.objects import COMPOSITE, FULL_OBJECT, Checksum, Listing, Record
from trug.domain.retention import Lock
from trug.ports.rows import Listed, Version
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
    Record(lock=Lock()),
    Record(owner="222222222222"),
    Record(filename="été.png"),
    Record(filename="a", acl=canned("public-read", "f" * 64, "f" * 64)),
    Record(acl=canned("public-read", "f" * 64, "f" * 64)),
    Record(tags={"a": "b"}, owner="two", acl=Acl("two", ())),
    Record(tags={"a": "b"}, lock=Lock("COMPLIANCE", 1 << 60, "ON")),
    Record({"a": "b"}, {"c": "d"}, {"e": "f"}, Checksum("SHA1", "x-2", COMPOSITE), 2),
]


def version(**more: Any) -> Version:
    fields: dict[str, Any] = {"bucket": 7, "key": "k", "sequence": 9, "id": 11, "version_id": "null"}
    return Version(**{**fields, "listing": LISTINGS[1], "record": RECORDS[1], "inline": 5, **more})


def row(version: Version) -> tuple[Any, ...]:
    """As the point reads give it."""
    return (int(version.marker), *packing.version_row(version))


@pytest.mark.parametrize("record", RECORDS, ids=repr)
def test_a_record_comes_back(record: Record) -> None:
    assert packing.unpack_record(packing.pack_record(record)) == record


def test_a_record_without_anything_is_small() -> None:
    assert len(packing.pack_record(Record())) == 2


def test_records_share_no_dictionaries() -> None:
    one, two = (packing.unpack_record(packing.pack_record(RECORDS[1])) for _ in range(2))
    one.tags["k"] = "v"
    assert two.tags == {}


@pytest.mark.parametrize("unpack", [packing.unpack_record, packing.fields])
def test_an_unknown_format_is_damage(unpack: Any) -> None:
    with pytest.raises(Damaged, match="does not know"):
        unpack(b"\x63rest")


@given(some.lists(some.binary(), min_size=1), some.integers(0, 2**32 - 2))
def test_a_chain_holds_whatever_it_sealed(contents: list[bytes], mask: int) -> None:
    chain = packing.Chain.of(mask)
    sealed = [content + chain.seal(content) for content in contents]
    assert chain.holds(packing.SEPARATOR.join(sealed))
    assert not packing.Chain.of(mask ^ 1).holds(packing.SEPARATOR.join(sealed))
    assert not chain.holds(packing.SEPARATOR.join(sealed) + b"\0")
    assert not chain.holds(packing.SEPARATOR.join([*sealed[:-1], b"\1" + sealed[-1]]))


def test_a_chain_without_mask_seals_with_a_crc32c() -> None:
    chain = packing.Chain.of(0)
    assert chain.end == packing.RESIDUE
    assert chain.seal(b"content") == crc32c(packing.SEPARATOR + b"content", packing.RESIDUE).to_bytes(4, "little")


@pytest.mark.parametrize("marker", [False, True])
@pytest.mark.parametrize("body", [{}, {"blob": 4096, "inline": None}, {"body": 2**60, "inline": None}])
def test_a_version_comes_back(marker: bool, body: dict[str, Any]) -> None:
    stored = version(marker=marker, noncurrent_since=NOW, **body)
    assert packing.version_of(7, row(stored)) == stored


OTHERS = [True, "other", 10, 12, "other", 6, 4096, 4096, NOW]
SHOWN_IN_VERSIONS = {0, 1, 2, 4}


def page(*rows: tuple[Any, ...]) -> tuple[int, bytes]:
    """What the statement for a page of current rows gives."""
    return len(rows), packing.SEPARATOR.join(row[1].encode() + row[9] for row in rows)


def in_versions(row: tuple[Any, ...]) -> tuple[Any, ...]:
    """As the statement for a page of versions gives a row."""
    return row[1], -row[2], row[4], row[0], row[9]


@pytest.mark.parametrize("column", range(9))
def test_every_plain_column_is_covered(column: int) -> None:
    stored = row(version())
    changed = (*stored[:column], OTHERS[column], *stored[column + 1 :])
    assert changed != stored
    with pytest.raises(Damaged):
        packing.version_of(7, changed)
    if column in SHOWN_IN_VERSIONS:
        with pytest.raises(Damaged):
            packing.listed_of(7, [in_versions(changed)])


@pytest.mark.parametrize("key", ["", "other", "K", "k\x01"])
def test_a_page_covers_its_keys(key: str) -> None:
    stored = row(version())
    good = row(version(key="b")), stored, row(version(key="z"))
    bad = good[0], (stored[0], key, *stored[2:]), good[2]
    assert len(packing.rows_of(7, *page(*good))) == 3
    with pytest.raises(Damaged, match=re.escape(repr(key.encode()))):
        packing.rows_of(7, *page(*bad))


def test_the_bucket_is_covered() -> None:
    with pytest.raises(Damaged):
        packing.version_of(8, row(version()))
    with pytest.raises(Damaged):
        packing.rows_of(8, *page(row(version())))
    with pytest.raises(Damaged):
        packing.listed_of(8, [in_versions(row(version()))])


@pytest.mark.parametrize("column", [9, 10])
def test_every_bit_of_a_packed_value_is_covered(column: int) -> None:
    stored = row(version())
    for bit in range(len(stored[column]) * 8):
        value = bytearray(stored[column])
        value[bit // 8] ^= 1 << bit % 8
        changed = (*stored[:column], bytes(value), *stored[column + 1 :])
        with pytest.raises(Damaged):
            packing.whole_version_of(7, changed)
        if column == 9:
            with pytest.raises(Damaged):
                packing.rows_of(7, *page(changed))
            with pytest.raises(Damaged):
                packing.listed_of(7, [in_versions(changed)])


@pytest.mark.parametrize(
    "other", [{"sequence": 10}, {"version_id": "none"}, {"listing": LISTINGS[1]._replace(size=2**62)}]
)
def test_values_of_two_versions_are_not_interchangeable(other: dict[str, Any]) -> None:
    """Two listing values that are both whole differ for a checksum around them, too."""
    one, two = row(version()), row(version(**other))
    with pytest.raises(Damaged):
        packing.version_of(7, (*one[:9], two[9], one[10]))
    with pytest.raises(Damaged):
        packing.version_of(7, (*one[:10], two[10]))
    if "listing" not in other:
        with pytest.raises(Damaged):
            packing.listed_of(7, [in_versions((*one[:9], two[9]))])


def test_what_lists_would_show_otherwise_is_damage() -> None:
    """A row whose checksums all fit, but whose line says something else than the version is."""
    stored = row(version())
    assert packing.whole_version_of(7, stored) == version()
    line = stored[9][:-8].replace(b"\0", b"\0\4")
    sealed = line + stored[9][-8:-4]
    listing = sealed + packing.chain_of(7).seal(b"k" + sealed)
    covered = packing.encode((*stored[1:9], sealed, stored[10][:-4] + bytes(4)))[:-4]
    record = stored[10][:-4] + crc32c(covered, packing.seed_of(7, 0)).to_bytes(4, "little")
    other = (*stored[:9], listing, record)
    packing.version_of(7, other)
    with pytest.raises(Damaged):
        packing.whole_version_of(7, other)


@pytest.mark.parametrize("listing", LISTINGS, ids=repr)
@pytest.mark.parametrize("marker", [False, True])
def test_lists_show_the_line(listing: Listing, marker: bool) -> None:
    stored = row(version(listing=listing, marker=marker))
    shown = b"k" + lines.line_of("k", listing)
    assert packing.rows_of(7, *page(stored, stored)) == [shown, shown]
    assert packing.listed_of(7, [in_versions(stored)]) == [Listed(shown, "null", 9, marker)]
    assert packing.version_of(7, stored).listing == listing


def test_lists_show_another_owner() -> None:
    stored = row(version(record=Record(owner="222222222222")))
    (shown,) = packing.rows_of(7, *page(stored))
    assert lines.shown(shown.partition(lines.KEY_END)[2]).owner == "222222222222"
    assert packing.whole_version_of(7, stored).record.owner == "222222222222"


def test_a_public_list_takes_few_bytes() -> None:
    acl = canned("public-read", "f" * 64, "e" * 64)
    assert len(packing.pack_record(Record(acl=acl))) < 90


def test_no_rows_are_no_damage() -> None:
    assert packing.rows_of(7, 0, None) == []
    assert packing.listed_of(7, []) == []
