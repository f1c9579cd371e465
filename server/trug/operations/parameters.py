"""What several operations read from a request in the same way."""

from __future__ import annotations

from trug.access import actions
from trug.domain.configurations import HAS_OBJECT_LOCK
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.frozen import frozen, replace
from trug.domain.retention import Lock
from trug.domain.tags import HEADER as TAGGING
from trug.domain.tags import parse_tagging_header
from trug.engine.drafts import Draft
from trug.operations.call import Call
from trug.operations.context import Told, retention_told
from trug.ports.body import Body
from trug.wire.acl import acl_asked, speaks_of_acl
from trug.wire.encryption import protection_asked, speaks_of_encryption
from trug.wire.headers import (
    CONTENT_TYPE,
    METADATA_PREFIX,
    STORED,
    WRITE_CONDITIONS,
    WRITE_OFFSET,
    asks_for_unbuilt,
    object_headers,
    refuse_unbuilt,
    storage_class_asked,
    user_metadata,
)
from trug.wire.locking import BYPASS, demand_digest, lock_asked, speaks_of_locks
from trug.wire.query import find_integer
from trug.wire.request import Headers, Incoming, Rule

LARGEST_UPLOAD = 5 << 30
"""Bytes of one PUT or one part ("Amazon S3 multipart upload limits")."""
LAST_PART = 10_000
NO_RETENTION = retention_told("", 0)

IS_PLAIN_WRITE = Rule(
    lambda names: (
        not (asks_for_unbuilt(names) or speaks_of_encryption(names) or speaks_of_locks(names) or speaks_of_acl(names))
    )
)
"""Of writes that say nothing about how, where, how long and for whom the object is kept."""

BESIDE_BYTES = STORED - {CONTENT_TYPE} | WRITE_CONDITIONS | {TAGGING, WRITE_OFFSET}
IS_BARE_WRITE = Rule(
    lambda names: (
        not (asks_for_unbuilt(names) or speaks_of_encryption(names) or speaks_of_locks(names) or speaks_of_acl(names))
        and BESIDE_BYTES.isdisjoint(names)
        and not any(name.startswith(METADATA_PREFIX) for name in names)
    )
)
"""Of plain writes that send bytes and their type, and nothing more: to find no metadata, tags and conditions there took
12,000 instructions each time."""


@frozen
class Nothing:
    """The input of operations that need only a bucket."""

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> Nothing:  # noqa: ARG003
        return cls()


def version_asked(incoming: Incoming) -> str | None:
    """``versionId``, None where the newest version is meant."""
    version_id = incoming.parameters.get("versionId")
    if version_id == "":
        raise invalid_argument("Version id cannot be the empty string", "versionId", "")
    return version_id


def refuse_version(incoming: Incoming) -> None:
    """InvalidArgument for a ``versionId`` where none can be meant: it is never ignored."""
    version_id = incoming.parameters.get("versionId")
    if version_id is not None:
        raise invalid_argument("This operation does not accept a version-id.", "versionId", version_id)


def part_asked(incoming: Incoming) -> int | None:
    """``partNumber``, 1 to 10,000; None where it is absent."""
    return find_integer(incoming.parameters, "partNumber", low=1, high=LAST_PART)


def draft_from(incoming: Incoming, *, takes: str = "") -> Draft:
    """All that an object carries beside its bytes. NotImplemented for what asks for something that is not built, save
    the header that the operation ``takes``."""
    headers = incoming.headers
    if IS_PLAIN_WRITE(headers):
        return Draft(object_headers(headers), user_metadata(headers), tags_from(headers))
    refuse_unbuilt(headers, takes=takes)
    draft = Draft(object_headers(headers), user_metadata(headers), tags_from(headers))
    return replace(
        draft,
        storage_class=storage_class_asked(headers),
        protection=protection_asked(incoming),
        lock=lock_asked(headers),
        asked=acl_asked(headers),
    )


def tags_from(headers: Headers) -> dict[str, str]:
    """The tags in ``x-amz-tagging``."""
    text = headers.get(TAGGING)
    return {} if text is None else parse_tagging_header(text)


def check_length(body: Body) -> None:
    """MissingContentLength for a body that does not say how long it is, EntityTooLarge above 5 GiB."""
    if body.length is None:
        raise S3Error(ErrorCode.MissingContentLength)
    if body.length > LARGEST_UPLOAD:
        raise S3Error(
            ErrorCode.EntityTooLarge,
            fields={"ProposedSize": str(body.length), "MaxSizeAllowed": str(LARGEST_UPLOAD)},
        )


async def may_bypass(call: Call, key: str, version_id: str | None = None, *, told: Told = NO_RETENTION) -> bool:
    """True for who may bypass governance and asked to; AccessDenied, or InvalidArgument where nothing is locked.
    ``told`` is the retention that comes instead."""
    if not call.bucket.configured & HAS_OBJECT_LOCK:
        raise nothing_to_bypass()
    await call.authorise(actions.BYPASS_GOVERNANCE_RETENTION, call.bucket, key, version_id=version_id, told=told)
    return True


def nothing_to_bypass() -> S3Error:
    """InvalidArgument, to be raised, in a bucket without Object Lock."""
    return invalid_argument(f"{BYPASS} is only applicable to Object Lock enabled buckets.", BYPASS, "true")


async def authorise_lock(call: Call, key: str, lock: Lock | None) -> None:
    """AccessDenied for who may write an object but not lock it so."""
    if lock is None:
        return
    if lock.mode:
        await call.authorise(actions.PUT_OBJECT_RETENTION, call.bucket, key)
    if lock.hold:
        await call.authorise(actions.PUT_OBJECT_LEGAL_HOLD, call.bucket, key)


async def demand_digest_of_default(call: Call, asked: str) -> None:
    """A default retention asks for a digest of the body as one in the headers does: errors of ``demand_digest``."""
    configuration = await call.engine.locks.find(call.bucket)
    if configuration is not None and configuration.default is not None:
        demand_digest(call.wire.headers, asked)


def upload_part_asked(incoming: Incoming) -> tuple[str, int]:
    """``uploadId`` and ``partNumber`` of an operation that needs both."""
    number = part_asked(incoming)
    if number is None:
        raise invalid_argument("This operation needs a partNumber.", "partNumber", "")
    return incoming.parameters["uploadId"], number
