"""Requests that come by the host of Transfer Acceleration: served where the bucket's owner has it enabled."""

from __future__ import annotations

from trug.domain.configurations import ACCELERATE
from trug.domain.errors import ErrorCode, S3Error
from trug.engine.engine import Engine
from trug.ports.rows import Bucket


def not_there(operation: str) -> S3Error:
    """InvalidRequest, to be raised, for what can be done by the usual endpoint alone: ListBuckets, CreateBucket and
    DeleteBucket ("Getting started with Amazon S3 Transfer Acceleration", which does not say what is answered)."""
    return S3Error(ErrorCode.InvalidRequest, f"S3 Transfer Acceleration does not support {operation}")


async def check_acceleration(engine: Engine, bucket: Bucket, operation: str) -> None:
    """InvalidRequest unless this can be done to the bucket this way ("Error responses")."""
    if operation == "DeleteBucket":
        raise not_there(operation)
    state = await engine.configurations.find(bucket, ACCELERATE)
    if state is None:
        raise S3Error(ErrorCode.InvalidRequest, "S3 Transfer Acceleration is not configured on this bucket")
    if state != b"Enabled":
        raise S3Error(ErrorCode.InvalidRequest, "S3 Transfer Acceleration is disabled on this bucket")
