"""Storage class analysis: age groups, ratios, when something is infrequently accessed, and the rows of the export."""

from __future__ import annotations

import pytest

from trug.domain.objects import STANDARD
from trug.domain.reports import Analytics, Filter
from trug.domain.storage_class_analysis import (
    AGES,
    ALL,
    HEADER,
    MB,
    Observed,
    Stock,
    Use,
    add_uses,
    export_rows,
    filter_shown,
    observed,
    place_of,
    ratio,
    recommended,
    sorted_rows,
    transition_age,
)

LARGE = 1 << 20
WHOLE = Analytics("whole")


def stock(**sizes: int) -> Stock:
    """``d45=…`` bytes of one object that is 45 days old."""
    made = Stock()
    for age, size in sizes.items():
        made.hold(place_of(int(age[1:]), LARGE), size)
    return made


def use(**sizes: int) -> Use:
    made = Use()
    for age, size in sizes.items():
        made.retrieve(place_of(int(age[1:]), LARGE), size)
    return made


def days_of(count: int, used: Use, held: Stock, *, first: int = 100) -> list[Observed]:
    days: list[Observed] = []
    for day in range(first, first + count):
        days.append(observed(days, day, {STANDARD: used}, {STANDARD: held}))
    return days


@pytest.mark.parametrize(
    ("age", "size", "name"),
    [
        (0, LARGE, "000-014"),
        (-1, LARGE, "000-014"),
        (14, LARGE, "000-014"),
        (15, LARGE, "015-029"),
        (89, LARGE, "075-089"),
        (90, LARGE, "090-119"),
        (364, LARGE, "180-364"),
        (365, LARGE, "365-729"),
        (5000, LARGE, "730+"),
        (5000, 128 << 10, "730+"),
    ],
)
def test_groups(age: int, size: int, name: str) -> None:
    assert AGES[place_of(age, size)][1] == name


def test_small_objects_are_in_no_group() -> None:
    assert place_of(50, (128 << 10) - 1) == ALL


def test_all_groups_together() -> None:
    held, used = Stock(), Use()
    held.hold(place_of(50, LARGE), LARGE)
    held.hold(place_of(50, 5), 5)
    assert (held.objects, held.bytes[3], held.bytes[ALL]) == (2, LARGE, LARGE + 5)
    used.retrieve(place_of(50, LARGE), 10)
    used.retrieve(ALL, 5)
    assert (used.retrieved[3], used.retrieved[ALL], used.requests[3], used.requests[ALL]) == (10, 15, 1, 2)


def test_uses_are_added() -> None:
    uses = {STANDARD: use(d1=5)}
    add_uses(uses, {STANDARD: use(d1=7, d50=1), "GLACIER": Use(3)})
    assert uses[STANDARD].retrieved[0] == 12
    assert uses[STANDARD].requests[ALL] == 3
    assert uses["GLACIER"].uploaded == 3


def test_a_ratio_is_of_a_group_and_all_that_are_older() -> None:
    days = days_of(2, use(d0=50, d50=10, d800=20), stock(d0=100, d50=100, d800=100))
    assert ratio(days, STANDARD, 0) == pytest.approx(160 / 300)
    assert ratio(days, STANDARD, 3) == pytest.approx(60 / 200)
    assert ratio(days, STANDARD, 11) == pytest.approx(40 / 100)
    assert ratio(days, STANDARD, ALL) == pytest.approx(160 / 300)
    assert ratio(days, "GLACIER", 0) is None


def test_an_age_is_told_after_thirty_days() -> None:
    held = stock(d0=100, d40=100, d70=100)
    days = days_of(29, use(d40=20), held)
    assert transition_age(days) is None
    days = days_of(30, use(d40=20), held)
    assert transition_age(days) == 45, "600 bytes of 200 in a month are read of what is older than 29 days"
    assert transition_age(days_of(30, use(d0=1000), held)) == 30, "no objects go to STANDARD_IA sooner"
    assert transition_age(days_of(30, use(d70=20), held)) is None
    assert transition_age(days_of(30, use(), Stock())) is None


def test_an_age_is_recommended_when_it_stays() -> None:
    held = stock(d40=100, d70=100)
    days = days_of(35, use(), held)
    assert [each.age for each in days[28:32]] == [None, 30, 30, 30]
    assert recommended(days) is None
    days = days_of(36, use(), held)
    assert recommended(days) == 30
    days.append(Observed(999, {}, {}, 45))
    assert recommended(days) is None


def test_rows() -> None:
    uses = {STANDARD: use(d50=MB // 2), "GLACIER": Use(uploaded=MB)}
    uses[STANDARD].uploaded = 3 * MB
    stocks = {STANDARD: stock(d0=MB, d50=2 * MB)}
    day = observed([], 19_676, uses, stocks)
    rows = [dict(zip(HEADER, row, strict=True)) for row in export_rows(WHOLE, [day])]
    assert [(row["StorageClass"], row["ObjectAge"]) for row in rows] == [
        ("GLACIER", "ALL"),
        ("STANDARD", "000-014"),
        ("STANDARD", "045-059"),
        ("STANDARD", "ALL"),
    ]
    assert all((row["Date"], row["ConfigId"], row["Filter"]) == ("11-15-2023", "whole", "") for row in rows)
    assert list(rows[0].values())[5:] == ["0", "1", "0", "0", "0", "", "", ""]
    assert list(rows[1].values())[5:] == ["", "", "1", "0", "0", "0.166667", "", ""]
    assert list(rows[2].values())[5:] == ["", "", "2", "0.5", "1", "0.25", "", ""]
    assert list(rows[3].values())[5:] == ["2", "3", "3", "0.5", "1", "0.166667", "", ""]


def test_rows_of_what_is_infrequently_accessed() -> None:
    rows = [dict(zip(HEADER, row, strict=True)) for row in export_rows(WHOLE, days_of(40, use(), stock(d50=MB)))]
    told = [(row["ObjectAgeForSIATransition"], row["RecommendedObjectAgeForSIATransition"]) for row in rows]
    assert told == [("", ""), ("30", "30")]


def test_rows_are_sorted_by_date_within_age() -> None:
    rows = [
        [date, "1", "", STANDARD, age]
        for age in ("ALL", "730+", "000-014")
        for date in ("01-02-2025", "12-31-2024", "01-01-2025")
    ]
    shown = [(row[4], row[0]) for row in sorted_rows(rows)]
    dates = ["12-31-2024", "01-01-2025", "01-02-2025"]
    assert shown == [(age, date) for age in ("000-014", "730+", "ALL") for date in dates]


@pytest.mark.parametrize(
    ("chosen", "shown"),
    [
        (None, ""),
        (Filter(""), "prefix="),
        (Filter("docs/"), "prefix=docs/"),
        (Filter(None, (("a", "1"),)), "tag:a=1"),
        (Filter("docs/", (("a", "1"), ("b", "")), is_joined=True), "prefix=docs/&tag:a=1&tag:b="),
    ],
)
def test_filters(chosen: Filter | None, shown: str) -> None:
    assert filter_shown(Analytics("1", chosen)) == shown
