"""Rows written as files of a list: the short way and the one by fields tell the same."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.console import PUBLIC, compose

from trug.domain.keys import extension_of
from trug.domain.lines import line_of
from trug.domain.objects import Listing
from trug.engine.searching import Found
from trug.manage.storage.lists import FileWriter, fields_of
from trug.ports.rows import Bucket

BUCKET = Bucket(1, "b", "1", "us-east-1", 0)
WRITER = FileWriter(compose().surroundings, BUCKET)
ETAG, MODIFIED = "d41d8cd98f00b204e9800998ecf8427e", 1_700_000_000_000_000
LISTING = Listing(ETAG, 7, MODIFIED, "STANDARD")

keys = st.text(st.sampled_from('aZ9._-/~* "\\é%?#\u202e\1\2\3\4\n\x0b'), min_size=1, max_size=30)


def row_of(key: str, listing: Listing) -> bytes:
    return key.encode() + line_of(key, listing)


@given(
    st.lists(
        st.tuples(keys, st.integers(0, 2**43), st.sampled_from(["STANDARD", "GLACIER", "STANDARD_IA"])), max_size=5
    )
)
def test_both_ways_tell_the_same(files: list[tuple[str, int, str]]) -> None:
    listings = [(key, Listing(ETAG, size, MODIFIED, storage_class)) for key, size, storage_class in files]
    page = fields_of([row_of(key, listing) for key, listing in listings])
    assert [extension.lower().decode() for _, extension, *_ in page] == [extension_of(key) for key, *_ in files]
    for fields, (key, listing) in zip(page, listings, strict=True):
        by_fields = json.loads(WRITER.found(Found(key, listing)))
        assert json.loads(WRITER.written(fields)) == by_fields
        assert json.loads(WRITER.careful(fields)) == by_fields


@pytest.mark.parametrize("key", ["a", "photos/a.JPG", "01a20034-659e-7c4c-95ca-e1940a0424e4.png", ".hid", "a//b.c_d"])
def test_a_file_is_told(key: str) -> None:
    (fields,) = fields_of([row_of(key, Listing("", 1536, MODIFIED, "STANDARD"))])
    assert json.loads(WRITER.written(fields)) == {
        "key": key,
        "url": f"{PUBLIC}/b/{key}",
        "size_bytes": 1536,
        "size_formatted": "1.5 KB",
        "extension": extension_of(key),
        "storage_class": "STANDARD",
        "last_modified": "2023-11-14T22:13:20Z",
    }


@pytest.mark.parametrize("odd", ["plain", "with space", "a\1b\2c\3d\4e", "a\nb.jpg", "*", "é\x0b\x1f.p"])
@pytest.mark.parametrize("storage_class", ["STANDARD", "GLACIER"])
def test_a_row_that_is_otherwise_leaves_its_neighbours_as_they_are(odd: str, storage_class: str) -> None:
    listings = [("a.jpg", LISTING), (odd, LISTING._replace(storage_class=storage_class)), ("z.tar.gz", LISTING)]
    page = fields_of([row_of(key, listing) for key, listing in listings])
    told = [json.loads(WRITER.written(fields)) for fields in page]
    assert [(file["key"], file["storage_class"], file["extension"]) for file in told] == [
        (key, listing.storage_class, extension_of(key)) for key, listing in listings
    ]
