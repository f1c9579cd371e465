"""Which requests fall under which metrics configuration, and what is counted of them."""

from __future__ import annotations

import pytest

from trug.domain.reports import Filter, Metrics
from trug.domain.request_metrics import (
    ALL,
    CLIENT_ERRORS,
    COUNTERS,
    DELETE,
    DOWNLOADED,
    GET,
    HEAD,
    LIST,
    POST,
    PUT,
    SERVER_ERRORS,
    UPLOADED,
    Filters,
    Measures,
    add_all,
    counter_of,
)

A1, B2 = ("a", "1"), ("b", "2")
FILTERS = Filters(
    [
        Metrics("whole"),
        Metrics("all-keys", Filter("")),
        Metrics("docs", Filter("docs/")),
        Metrics("deep", Filter("docs/deep/")),
        Metrics("tag", Filter(None, (A1,))),
        Metrics("both-tags", Filter(None, (A1, B2), is_joined=True)),
        Metrics("docs-tag", Filter("docs/", (A1,), is_joined=True)),
    ]
)


@pytest.mark.parametrize(
    ("key", "tags", "ids"),
    [
        (None, {}, "whole"),
        ("", {}, "whole all-keys"),
        ("x", {}, "whole all-keys"),
        ("docs", {}, "whole all-keys"),
        ("docs/", {}, "whole all-keys docs"),
        ("docs/a", {}, "whole all-keys docs"),
        ("docs/deep/a", {}, "whole all-keys docs deep"),
        ("x", dict([A1]), "whole all-keys tag"),
        ("x", {"a": "2"}, "whole all-keys"),
        ("x", dict([A1, B2]), "whole all-keys tag both-tags"),
        ("x", {"A": "1"}, "whole all-keys"),
        ("docs/a", dict([A1]), "whole all-keys tag docs docs-tag"),
    ],
)
def test_falls_under(key: str | None, tags: dict[str, str], ids: str) -> None:
    assert sorted(FILTERS.matching(key, tags)) == sorted(ids.split())


def test_tags_are_asked_for_where_they_matter() -> None:
    filters = Filters([Metrics("1"), Metrics("2", Filter("a/")), Metrics("3", Filter("a/b/", (A1,)))])
    assert [filters.heeds_tags(key) for key in ("", "a/", "a/b", "a/b/", "a/b/c", "b/b/")] == [
        False,
        False,
        False,
        True,
        True,
        False,
    ]
    assert filters.ids == {"1", "2", "3"}


def test_many_prefixes_cost_as_many_looks_as_they_have_lengths() -> None:
    filters = Filters([Metrics(str(n), Filter(f"{n:03}/")) for n in range(1000)])
    assert filters.matching("512/x", {}) == ["512"]
    assert filters.matching("51", {}) == []


@pytest.mark.parametrize(
    ("operation", "method", "has_key", "counter"),
    [
        ("GetObject", "GET", True, GET),
        ("GetObjectTagging", "GET", True, GET),
        ("HeadObject", "HEAD", True, HEAD),
        ("PutObject", "PUT", True, PUT),
        ("CopyObject", "PUT", True, PUT),
        ("UploadPart", "PUT", True, PUT),
        ("DeleteObject", "DELETE", True, DELETE),
        ("AbortMultipartUpload", "DELETE", True, DELETE),
        ("DeleteObjects", "POST", False, DELETE),
        ("CreateMultipartUpload", "POST", True, POST),
        ("CompleteMultipartUpload", "POST", True, POST),
        ("PostObject", "POST", False, POST),
        ("PostObject", "POST", True, POST),
        ("SelectObjectContent", "POST", True, ALL),
        ("ListObjects", "GET", False, LIST),
        ("ListObjectsV2", "GET", False, LIST),
        ("ListObjectVersions", "GET", False, LIST),
        ("ListMultipartUploads", "GET", False, LIST),
        ("ListParts", "GET", True, ALL),
        ("Preflight", "OPTIONS", True, ALL),
        ("Preflight", "OPTIONS", False, None),
        ("HeadBucket", "HEAD", False, None),
        ("GetBucketPolicy", "GET", False, None),
        ("PutBucketMetricsConfiguration", "PUT", False, None),
        ("Unresolved", "GET", True, GET),
        ("Unresolved", "PATCH", True, ALL),
        ("Unresolved", "GET", False, None),
    ],
)
def test_counts_as(operation: str, method: str, has_key: bool, counter: int | None) -> None:
    assert counter_of(operation, method, has_key=has_key) == counter


@pytest.mark.parametrize(
    ("status", "errors"), [(200, None), (304, None), (404, CLIENT_ERRORS), (499, CLIENT_ERRORS), (503, SERVER_ERRORS)]
)
def test_measures_an_answer(status: int, errors: int | None) -> None:
    measures = Measures()
    measures.count_answer(GET, status=status, received=3, sent=7, first_byte=0.25, seconds=0.5)
    counts = [0] * len(COUNTERS)
    counts[ALL] = counts[GET] = 1
    counts[UPLOADED], counts[DOWNLOADED] = 3, 7
    if errors is not None:
        counts[errors] = 1
    assert measures == Measures(counts, 1, 0.25, 1, 0.5)


def test_an_answer_whose_beginning_nobody_timed() -> None:
    measures = Measures()
    measures.count_answer(ALL, status=200, received=0, sent=0, first_byte=None, seconds=0.5)
    assert (measures.counts[ALL], measures.first_bytes, measures.answered) == (1, 0, 1)


def test_what_others_counted_is_added_and_not_shared() -> None:
    mine, others = {1: {"a": Measures()}}, {1: {"a": Measures(), "b": Measures()}, 2: {"a": Measures()}}
    mine[1]["a"].count(PUT)
    for by_name in others.values():
        for measures in by_name.values():
            measures.count(GET)
    add_all(mine, others)
    assert mine[1]["a"].counts[:3] == [2, 1, 1]
    mine[2]["a"].count(GET)
    assert others[2]["a"].counts[ALL] == 1
    assert mine[1].keys() == {"a", "b"}
