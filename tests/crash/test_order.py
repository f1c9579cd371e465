"""The judge of orders sees what is wrong, and only that."""

from __future__ import annotations

import pytest
from tests.crash.order import Trace, mistakes

STAGED, FINAL, FOLDER, LOG = "/staging/aa/4097", "/blobs/1/1", "/blobs/1", "/trug.db-wal"
RIGHT: Trace = [
    ("open", STAGED),
    ("pwrite64", STAGED),
    ("fsync", STAGED),
    ("rename", FINAL),
    ("fsync", FOLDER),
    ("pwrite64", LOG),
    ("fdatasync", LOG),
]

AHEAD: Trace = [
    ("open", FINAL),
    ("fsync", FOLDER),
    ("pwrite64", FINAL),
    ("fsync", FINAL),
    ("pwrite64", LOG),
    ("fdatasync", LOG),
]
"""A file that was made ahead of its bytes, under its final name."""


@pytest.mark.parametrize("trace", [RIGHT, AHEAD], ids=["renamed", "made ahead"])
def test_the_right_order_has_no_mistake(trace: Trace) -> None:
    assert mistakes(trace) == []


@pytest.mark.parametrize("place", [1, 3, 5])
def test_a_sync_left_out_of_a_file_made_ahead_is_a_mistake(place: int) -> None:
    assert mistakes([*AHEAD[:place], *AHEAD[place + 1 :]])


@pytest.mark.parametrize(("first", "second"), [(1, 2), (3, 4)])
def test_a_sync_that_comes_too_late_for_a_file_made_ahead_is_a_mistake(first: int, second: int) -> None:
    swapped = list(AHEAD)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    assert mistakes(swapped)


@pytest.mark.parametrize("place", [2, 4, 6])
def test_a_sync_left_out_is_a_mistake(place: int) -> None:
    assert mistakes([*RIGHT[:place], *RIGHT[place + 1 :]])


@pytest.mark.parametrize(("first", "second"), [(2, 3), (4, 5)])
def test_a_sync_that_comes_too_late_is_a_mistake(first: int, second: int) -> None:
    swapped = list(RIGHT)
    swapped[first], swapped[second] = swapped[second], swapped[first]
    assert mistakes(swapped)


def test_a_folder_that_is_made_is_synced_before_the_log_names_it() -> None:
    assert mistakes([("mkdir", "/blobs/2"), ("pwrite64", LOG), ("fdatasync", LOG), ("fsync", "/blobs")])
    assert mistakes([("mkdir", "/blobs/2"), ("fsync", "/blobs"), ("pwrite64", LOG), ("fdatasync", LOG)]) == []
