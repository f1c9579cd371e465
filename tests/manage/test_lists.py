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
from trug.manage.storage.lists import PLAIN_ROW, FileWriter
from trug.ports.rows import Bucket

BUCKET = Bucket(1, "b", "1", "us-east-1", 0)
AROUND = compose().surroundings

keys = st.text(st.sampled_from('aZ9._-/~* "\\é%?#\u202e'), min_size=1, max_size=30)


@given(key=keys, size=st.integers(0, 2**43), storage_class=st.sampled_from(["STANDARD", "GLACIER", "STANDARD_IA"]))
def test_both_ways_tell_the_same(key: str, size: int, storage_class: str) -> None:
    listing = Listing("d41d8cd98f00b204e9800998ecf8427e", size, 1_700_000_000_000_000, storage_class)
    row = key.encode() + line_of(key, listing)
    for extension in ("", extension_of(key), ".png"):
        writer = FileWriter(AROUND, BUCKET, extension)
        written, by_fields = writer.written(row), writer.written_by_fields(row)
        assert (written is None) == (by_fields is None)
        if written is not None and by_fields is not None:
            assert json.loads(written) == json.loads(by_fields)


@pytest.mark.parametrize("key", ["a", "photos/a.JPG", "01a20034-659e-7c4c-95ca-e1940a0424e4.png", ".hid", "a//b.c_d"])
def test_ordinary_keys_take_the_short_way(key: str) -> None:
    row = key.encode() + line_of(key, Listing("", 1536, 1_700_000_000_000_000, "STANDARD"))
    assert PLAIN_ROW.fullmatch(row)
    written = FileWriter(AROUND, BUCKET, "").written(row)
    assert json.loads(written or b"") == {
        "key": key,
        "url": f"{PUBLIC}/b/{key}",
        "size_bytes": 1536,
        "size_formatted": "1.5 KB",
        "extension": extension_of(key),
        "storage_class": "STANDARD",
        "last_modified": "2023-11-14T22:13:20Z",
    }
