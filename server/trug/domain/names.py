"""What a bucket may be called."""

from __future__ import annotations

import re

from trug.domain.errors import ErrorCode, S3Error

SHAPE = re.compile(r"(?=.{3,63}\Z)[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)*\Z")
"""Labels as DNS has them, so that every bucket can be a host's name."""
ADDRESS = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}\Z", re.ASCII)
RESERVED_PREFIXES = ("xn--", "sthree-", "amzn-s3-demo-")
RESERVED_SUFFIXES = ("-s3alias", "--ol-s3", ".mrap", "--x-s3", "--table-s3")
RESERVED_NAMES = frozenset({"minio"})
"""``/minio/health/…`` are paths that health probes ask for."""


def is_bucket_name(name: str) -> bool:
    """Whether a bucket may have this name ("General purpose bucket naming rules" in the Amazon S3 User Guide)."""
    return (
        SHAPE.match(name) is not None
        and not ADDRESS.match(name)
        and not name.startswith(RESERVED_PREFIXES)
        and not name.endswith(RESERVED_SUFFIXES)
        and name not in RESERVED_NAMES
    )


def check_bucket_name(name: str) -> None:
    """InvalidBucketName unless a bucket may have this name."""
    if not is_bucket_name(name):
        raise S3Error(ErrorCode.InvalidBucketName, fields={"BucketName": name})
