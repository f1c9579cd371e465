"""Ranges of bytes."""

from __future__ import annotations

import pytest

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.ranges import parse_copy_range, parse_range

SIZE = 10
PARTIAL = {
    "I1-all": ("bytes=0-", (0, 10)),
    "I1-first": ("bytes=0-0", (0, 1)),
    "I1-last": ("bytes=-1", (9, 10)),
    "I1-long-suffix": ("bytes=-99", (0, 10)),
    "I1-leading-zeros": ("bytes=00-01", (0, 2)),
    "middle": ("bytes=3-6", (3, 7)),
    "beyond-the-end": ("bytes=5-99", (5, 10)),
    "far-beyond-the-end": ("bytes=5-" + "9" * 5000, (5, 10)),
    "many-zeros": ("bytes=" + "0" * 5000 + "5-", (5, 10)),
    "unit-in-capitals": ("Bytes=0-0", (0, 1)),
}
WHOLE = {
    "none": None,
    "empty": "",
    "I1-reversed": "bytes=5-2",
    "I2-two": "bytes=0-0,2-3",
    "I2-overlapping": "bytes=0-0,1-2",
    "I2-many": "bytes=" + ",".join(f"{n}-{n}" for n in range(5000)),
    "I2-other-unit": "items=0-1",
    "I2-letters": "bytes=a-b",
    "I2-no-equals": "bytes 0-1",
    "no-numbers": "bytes=-",
    "no-hyphen": "bytes=5",
    "negative": "bytes=--1",
    "other-digits": "bytes=\u0661-\u0662",
    "reversed-beyond": "bytes=99-5",
}
UNSATISFIABLE = {
    "I1-no-suffix": ("bytes=-0", SIZE),
    "I1-at-the-end": ("bytes=10-", SIZE),
    "beyond": ("bytes=10-20", SIZE),
    "far-beyond": ("bytes=" + "9" * 30 + "-", SIZE),
    "I4-from-start": ("bytes=0-", 0),
    "I4-first": ("bytes=0-0", 0),
    "I4-last": ("bytes=-1", 0),
}


@pytest.mark.parametrize(("header", "expected"), PARTIAL.values(), ids=PARTIAL)
def test_a_range(header: str, expected: tuple[int, int]) -> None:
    assert parse_range(header, SIZE) == expected


@pytest.mark.parametrize("header", WHOLE.values(), ids=WHOLE)
def test_a_range_that_is_ignored(header: str | None) -> None:
    assert parse_range(header, SIZE) is None


@pytest.mark.parametrize(("header", "size"), UNSATISFIABLE.values(), ids=UNSATISFIABLE)
def test_a_range_without_bytes(header: str, size: int) -> None:
    with pytest.raises(S3Error) as refused:
        parse_range(header, size)
    assert refused.value.code is ErrorCode.InvalidRange
    assert refused.value.fields == {"RangeRequested": header, "ActualObjectSize": str(size)}
    assert refused.value.headers == {"content-range": f"bytes */{size}"}


COPIED = {
    "none": (None, None),
    "all": ("bytes=0-9", (0, 10)),
    "one": ("bytes=4-4", (4, 5)),
}
NOT_COPIED = {
    "open": "bytes=0-",
    "suffix": "bytes=-5",
    "no-unit": "0-5",
    "letters": "bytes=a-b",
    "two": "bytes=0-1,3-4",
    "reversed": "bytes=5-2",
    "empty": "",
    "beyond": "bytes=0-10",
    "far-beyond": "bytes=0-" + "9" * 5000,
}


@pytest.mark.parametrize(("header", "expected"), COPIED.values(), ids=COPIED)
def test_a_copy_range(header: str | None, expected: tuple[int, int] | None) -> None:
    assert parse_copy_range(header, SIZE) == expected


@pytest.mark.parametrize("header", NOT_COPIED.values(), ids=NOT_COPIED)
def test_a_copy_range_that_s3_refuses(header: str) -> None:
    with pytest.raises(S3Error) as refused:
        parse_copy_range(header, SIZE)
    assert refused.value.code is ErrorCode.InvalidArgument
    assert refused.value.fields == {"ArgumentName": "x-amz-copy-source-range", "ArgumentValue": header}
