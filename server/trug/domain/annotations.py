"""Annotations of objects: what they may be called, and how much there may be of them.

Follows "Annotating your objects" in the Amazon S3 User Guide.
"""

from __future__ import annotations

import re

from trug.domain.errors import ErrorCode, S3Error

MOST = 1000
LARGEST = 1 << 20
"""Bytes of a payload."""
LONGEST_NAME = 512
"""Bytes of a name."""
RESERVED = ("aws", "s3")
CONTROL = re.compile("[\x00-\x1f\x7f]")


def check_name(name: str) -> None:
    """InvalidAnnotationName, AnnotationNameTooLong."""
    if not name or name.lower().startswith(RESERVED) or CONTROL.search(name):
        raise S3Error(ErrorCode.InvalidAnnotationName)
    if len(name.encode()) > LONGEST_NAME:
        raise S3Error(ErrorCode.AnnotationNameTooLong)


def check_payload(payload: bytes) -> None:
    """InvalidRequest for none, UnsupportedMediaType for what is not UTF-8."""
    if not payload:
        raise S3Error(ErrorCode.InvalidRequest, "The annotation payload must have at least 1 byte.")
    try:
        payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise S3Error(ErrorCode.UnsupportedMediaType) from error
