"""Ranges of bytes, as GET and UploadPartCopy ask for them."""

from __future__ import annotations

import re

from trug.domain.errors import ErrorCode, S3Error, invalid_argument

RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)\Z", re.IGNORECASE)
COPY_RANGE = re.compile(r"bytes=([0-9]+)-([0-9]+)\Z")
COPY_RANGE_HEADER = "x-amz-copy-source-range"
BEYOND_ANY_SIZE = 1 << 63
MOST_DIGITS = 18


def parse_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The half-open range of an object of ``size`` bytes that a Range header asks for; None for the whole object.

    As RFC 9110, section 14.2 allows and S3 does, what is no single range of bytes is ignored. InvalidRange when the
    range holds none of the object's bytes.
    """
    if header is None:
        return None
    found = RANGE.match(header.strip())
    if found is None:
        return None
    first, last = found.groups()
    if not first:
        return _suffix(last, header, size) if last else None
    start = _offset(first)
    if last and _offset(last) < start:
        return None
    if start >= size:
        raise _unsatisfiable(header, size)
    return start, min(_offset(last) + 1, size) if last else size


def parse_copy_range(header: str | None, size: int) -> tuple[int, int] | None:
    """The half-open range in ``x-amz-copy-source-range``, of a source of ``size`` bytes; None for the whole source.

    InvalidArgument for anything but ``bytes=first-last`` inside the source (UploadPartCopy in the Amazon S3 API
    reference).
    """
    if header is None:
        return None
    found = COPY_RANGE.match(header.strip())
    if found is None or _offset(found[1]) > _offset(found[2]):
        raise invalid_argument(
            "The x-amz-copy-source-range value must be of the form bytes=first-last where first and last are the "
            "zero-based offsets of the first and last bytes to copy",
            COPY_RANGE_HEADER,
            header,
        )
    start, end = _offset(found[1]), _offset(found[2]) + 1
    if end > size:
        raise invalid_argument(
            f"Range specified is not valid for source object of size: {size}", COPY_RANGE_HEADER, header
        )
    return start, end


def _suffix(digits: str, header: str, size: int) -> tuple[int, int]:
    length = min(_offset(digits), size)
    if length == 0:
        raise _unsatisfiable(header, size)
    return size - length, size


def _offset(digits: str) -> int:
    significant = digits.lstrip("0")
    return int(significant or "0") if len(significant) <= MOST_DIGITS else BEYOND_ANY_SIZE


def _unsatisfiable(header: str, size: int) -> S3Error:
    return S3Error(
        ErrorCode.InvalidRange,
        fields={"RangeRequested": header, "ActualObjectSize": str(size)},
        headers={"content-range": f"bytes */{size}"},
    )
