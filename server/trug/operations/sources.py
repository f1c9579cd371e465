"""The source of a copy: read from its headers, looked up and authorised."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from trug.access import actions
from trug.access.payment import is_charged
from trug.domain.configurations import HAS_REQUEST_PAYMENT
from trug.domain.encryption import CustomerKey
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen
from trug.domain.keys import check_key, decode_key
from trug.domain.names import is_bucket_name
from trug.domain.preconditions import ReadConditions
from trug.engine.drafts import CopySource
from trug.operations.call import Call
from trug.operations.context import NO_LIST
from trug.operations.noting import NOTED, Note, note
from trug.wire.encryption import source_key
from trug.wire.headers import copy_source_conditions
from trug.wire.request import Incoming

COPY_SOURCE = "x-amz-copy-source"
SOURCE_OWNER = "x-amz-source-expected-bucket-owner"
VERSION = "?versionId="
ABSENT = (ErrorCode.NoSuchKey, ErrorCode.NoSuchVersion)


@frozen
class Source:
    """What ``x-amz-copy-source`` names, the conditions and the owner that it must have, and the customer's key that it
    was encrypted with, if one was sent."""

    bucket: str
    key: str
    version_id: str | None
    conditions: ReadConditions
    owner: str | None
    customer_key: CustomerKey | None

    @classmethod
    def of(cls, incoming: Incoming) -> Source:
        bucket, key, version_id = parse_copy_source(incoming.headers[COPY_SOURCE])
        return cls(
            bucket,
            key,
            version_id,
            copy_source_conditions(incoming.headers, now=incoming.wire.received),
            incoming.headers.get(SOURCE_OWNER),
            source_key(incoming),
        )


def parse_copy_source(header: str) -> tuple[str, str, str | None]:
    """Bucket, key and version id of ``[/]bucket/key[?versionId=id]``, bucket and key percent-encoded.

    The version is cut off before anything is decoded, so that a key may hold an encoded ``?``; ``+`` is a plus.
    InvalidArgument for what is no such thing, NotImplemented for the ARN of an access point.
    """
    path, mark, version_id = header.rpartition(VERSION) if VERSION in header else (header, "", "")
    if mark and not version_id:
        raise invalid_argument("Version id cannot be the empty string", "versionId", "")
    decoded = decode_key(path).removeprefix("/")
    if decoded.startswith("arn:"):
        raise S3Error(ErrorCode.NotImplemented, fields={"Header": COPY_SOURCE})
    bucket, _, key = decoded.partition("/")
    if not is_bucket_name(bucket):
        raise invalid_argument("Invalid copy source bucket name", COPY_SOURCE, header)
    if not key:
        raise invalid_argument("Invalid copy source object key", COPY_SOURCE, header)
    check_key(key)
    return bucket, key, version_id if mark else None


NOT_UNSIGNED = "Anonymous users cannot copy objects. Please authenticate."


async def source_of(call: Call, source: Source) -> CopySource:
    """The source, in a bucket that exists and that the caller may read. NoSuchBucket; AccessDenied, also for whoever
    asks unsigned ("CopyObject": all requests must be authenticated)."""
    if call.identity.is_anonymous:
        raise S3Error(ErrorCode.AccessDenied, NOT_UNSIGNED)
    bucket = await call.engine.buckets.find(source.bucket)
    if bucket is None:
        raise S3Error(ErrorCode.NoSuchBucket, fields={"BucketName": source.bucket})
    if source.owner is not None and source.owner != bucket.account:
        raise S3Error(ErrorCode.AccessDenied)
    action = actions.GET_OBJECT if source.version_id is None else actions.GET_OBJECT_VERSION
    await call.authorise(action, bucket, source.key, version_id=source.version_id)
    if bucket.configured & HAS_REQUEST_PAYMENT:
        is_charged(call.identity, bucket, call.wire.headers)
    return CopySource(bucket, source.key, source.version_id, source.conditions, source.customer_key)


def note_read(call: Call, source: CopySource, operation: str) -> None:
    """Note the reading half of a copy for the log and the metrics of the bucket that it read ("Additional logging for
    copy operations")."""
    if source.bucket.configured & NOTED:
        entry = Note(
            source.bucket,
            call.identity,
            call.wire,
            operation=operation,
            key=source.key,
            version_id=source.version_id,
            status=200,
        )
        note(call.notebook, entry)


@asynccontextmanager
async def source_refusals(call: Call, source: CopySource) -> AsyncIterator[None]:
    """A delete marker can be named as a source as little as it can be read; a copy calls that a bad request.

    That there is no source is told to those who may list its bucket.
    """
    try:
        yield
    except S3Error as refusal:
        if refusal.code in ABSENT:
            await call.authorise(actions.LIST_BUCKET, source.bucket, told=NO_LIST)
        if refusal.code is not ErrorCode.MethodNotAllowed:
            raise
        raise S3Error(
            ErrorCode.InvalidRequest,
            "The source of a copy request may not specifically refer to a delete marker by version id.",
        ) from refusal
