"""DeleteObjects: many keys in one request, each judged alone."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Sequence

from trug.access import actions
from trug.domain.configurations import HAS_LOGGING, HAS_OBJECT_LOCK
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.keys import check_key
from trug.engine.drafts import Deleted
from trug.operations.call import Call
from trug.operations.noting import Note, note
from trug.operations.operation import Family
from trug.operations.parameters import may_bypass, nothing_to_bypass
from trug.operations.representation import document
from trug.ports.stores import Unavailable
from trug.wire.documents.delete import LIMIT, Delete, Doomed, parse_delete
from trug.wire.locking import asks_to_bypass
from trug.wire.reply import Reply
from trug.wire.request import Incoming
from trug.wire.xml import element

logger = logging.getLogger(__name__)

family = Family()

AT_ONCE = 128
"""How many deletions wait for a commit at the same time: enough to share one, few enough to leave room for others."""


@frozen
class DeleteObjects:
    document: Delete
    bypass: bool

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> DeleteObjects:
        return cls(parse_delete(await incoming.body.read(LIMIT)), asks_to_bypass(incoming.headers))


@family.operation(
    "DeleteObjects", "POST /{Bucket}?delete", action=actions.DELETE_OBJECT, request=DeleteObjects, asks_itself=True
)
async def delete_objects(call: Call, request: DeleteObjects) -> Reply:
    doomed, quiet = request.document
    if request.bypass and not call.bucket.configured & HAS_OBJECT_LOCK:
        raise nothing_to_bypass()
    elements: list[str] = []
    for start in range(0, len(doomed), AT_ONCE):
        some = doomed[start : start + AT_ONCE]
        outcomes = await asyncio.gather(*(_outcome(call, each, bypass=request.bypass) for each in some))
        elements += _elements(some, outcomes, quiet=quiet)
        if call.bucket.configured & HAS_LOGGING:
            _note(call, some, outcomes)
    return document("DeleteResult", "".join(elements))


async def _outcome(call: Call, doomed: Doomed, *, bypass: bool) -> Deleted | S3Error:
    try:
        check_key(doomed.key)
        if not call.is_plain_owner_of(call.bucket):
            await _authorise(call, doomed)
        bypass = bypass and await may_bypass(call, doomed.key, doomed.version_id)
        return await call.engine.objects.delete(
            call.bucket, doomed.key, doomed.version_id, doomed.conditions, bypass=bypass
        )
    except S3Error as error:
        return error
    except Unavailable:
        return S3Error(ErrorCode.ServiceUnavailable)
    except Exception:
        logger.exception("DeleteObjects failed for one key")
        return S3Error(ErrorCode.InternalError)


async def _authorise(call: Call, doomed: Doomed) -> None:
    action = actions.DELETE_OBJECT if doomed.version_id is None else actions.DELETE_OBJECT_VERSION
    etag = doomed.conditions.if_match
    told = {"s3:if-match": None if etag is None else (etag,)}
    await call.authorise(action, call.bucket, doomed.key, version_id=doomed.version_id, told=told)


def _note(call: Call, doomed: Sequence[Doomed], outcomes: Sequence[Deleted | S3Error]) -> None:
    """A line of the bucket's log for each key, beside that of the request."""
    for each, outcome in zip(doomed, outcomes, strict=True):
        failed = outcome if isinstance(outcome, S3Error) else None
        entry = Note(
            call.bucket,
            call.identity,
            call.wire,
            operation="BATCH.DELETE.OBJECT",
            key=each.key,
            version_id=each.version_id,
            status=failed.code.status if failed else 204,
            error=failed.code.name if failed else "",
            stands_alone=False,
        )
        note(call.notebook, entry)


def _elements(doomed: Sequence[Doomed], outcomes: Sequence[Deleted | S3Error], *, quiet: bool) -> list[str]:
    return [
        _failed(each, outcome) if isinstance(outcome, S3Error) else _deleted(each, outcome)
        for each, outcome in zip(doomed, outcomes, strict=True)
        if not quiet or isinstance(outcome, S3Error)
    ]


def _deleted(doomed: Doomed, outcome: Deleted) -> str:
    """``<Deleted>``: VersionId is what the request named, DeleteMarkerVersionId the marker that was made or removed."""
    marker = ""
    if outcome.marker:
        marker = f"<DeleteMarker>true</DeleteMarker>{element('DeleteMarkerVersionId', outcome.version_id)}"
    return f"<Deleted>{element('Key', doomed.key)}{element('VersionId', doomed.version_id)}{marker}</Deleted>"


def _failed(doomed: Doomed, error: S3Error) -> str:
    return (
        f"<Error>{element('Key', doomed.key)}{element('VersionId', doomed.version_id)}"
        f"<Code>{error.code.name}</Code>{element('Message', error.message)}</Error>"
    )
