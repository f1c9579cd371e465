"""Where the access logs of buckets go: what is stored of it, and what AWS asks of a target."""

from __future__ import annotations

import msgspec

from trug.domain.access_log import LogTarget
from trug.domain.configurations import HAS_REQUEST_PAYMENT
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.retention import LockConfiguration
from trug.ports.rows import Bucket


def packed(target: LogTarget | None) -> bytes | None:
    """As it is stored; None where nothing is logged."""
    return None if target is None else msgspec.msgpack.encode(target)


def unpacked(document: bytes | None) -> LogTarget | None:
    """What ``packed`` was given."""
    return None if document is None else msgspec.msgpack.decode(document, type=LogTarget)


def check_target(source: Bucket, target: Bucket | None) -> Bucket:
    """The target, if logs of ``source`` may be delivered into it ("Logging requests with server access logging").

    InvalidTargetBucketForLogging where it does not exist, is another account's or has its requesters pay,
    CrossLocationLoggingProhibited.
    """
    if target is None:
        raise S3Error(ErrorCode.InvalidTargetBucketForLogging)
    if target.account != source.account:
        raise S3Error(
            ErrorCode.InvalidTargetBucketForLogging,
            "The owner for the bucket to be logged and the target bucket must be the same.",
        )
    if target.region != source.region:
        raise S3Error(ErrorCode.CrossLocationLoggingProhibited)
    if target.configured & HAS_REQUEST_PAYMENT:
        raise S3Error(ErrorCode.InvalidTargetBucketForLogging, "The target bucket must not be a Requester Pays bucket.")
    return target


def check_target_lock(configuration: LockConfiguration | None) -> None:
    """InvalidTargetBucketForLogging for a target that retains whatever comes into it: "Buckets with Object Lock default
    retention can't be destinations for server access logs" ("Logging requests with server access logging")."""
    if configuration is not None and configuration.default is not None:
        text = "The target bucket must not have a default retention period of Object Lock."
        raise S3Error(ErrorCode.InvalidTargetBucketForLogging, text)
