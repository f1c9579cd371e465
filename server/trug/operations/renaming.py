"""RenameObject: of AWS's only directory buckets have it, here every bucket."""

from __future__ import annotations

import re

from trug.access import actions
from trug.domain.errors import invalid_argument
from trug.domain.frozen import frozen
from trug.domain.keys import check_key, decode_key
from trug.domain.preconditions import NO_CONDITIONS, ReadConditions, WriteConditions
from trug.engine.renaming import RENAME_SOURCE_PREFIX, RenameConditions
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.parameters import refuse_version
from trug.operations.representation import version_header
from trug.ports.rows import NULL_VERSION
from trug.wire.dates import parse_http_date
from trug.wire.headers import (
    ANYTHING,
    IF_MATCH,
    IF_MODIFIED_SINCE,
    IF_NONE_MATCH,
    IF_UNMODIFIED_SINCE,
    not_implemented,
)
from trug.wire.reply import Reply
from trug.wire.request import Headers, Incoming

family = Family()

RENAME_SOURCE = "x-amz-rename-source"
CLIENT_TOKEN = "x-amz-client-token"
TOKEN = re.compile(r"[!-~]{1,64}\Z")
DATES = (IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE)


@frozen
class RenameObject:
    """``source`` is a key of the same bucket; ``token`` is empty where the client sent none."""

    key: str
    source: str
    conditions: RenameConditions
    token: str

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> RenameObject:
        refuse_version(incoming)
        headers = incoming.headers
        return cls(
            incoming.key,
            source_asked(headers[RENAME_SOURCE], incoming.bucket),
            conditions_of(headers),
            token_of(headers),
        )


def source_asked(header: str, bucket: str) -> str:
    """The key in ``x-amz-rename-source``, percent-encoded, behind the bucket's name as in the service model's pattern,
    or alone as in the examples of the Amazon S3 User Guide."""
    path = decode_key(header).removeprefix("/")
    key = path.removeprefix(f"{bucket}/")
    if not key:
        raise invalid_argument("Invalid rename source object key", RENAME_SOURCE, header)
    check_key(key)
    return key


def conditions_of(headers: Headers) -> RenameConditions:
    """The conditions on the object and on its new name. NotImplemented for an If-None-Match other than ``*``."""
    if headers.get(IF_NONE_MATCH, ANYTHING) != ANYTHING:
        raise not_implemented(IF_NONE_MATCH)
    return RenameConditions(
        source=_conditions(headers, RENAME_SOURCE_PREFIX, (IF_MATCH, IF_NONE_MATCH, *DATES)),
        target=WriteConditions(if_match=headers.get(IF_MATCH), if_none_match=headers.get(IF_NONE_MATCH)),
        dates=_conditions(headers, "", DATES),
    )


def _conditions(headers: Headers, prefix: str, names: tuple[str, ...]) -> ReadConditions:
    asked = {name: headers[prefix + name] for name in names if prefix + name in headers}
    if not asked:
        return NO_CONDITIONS
    since, until = (_date(prefix + name, asked.get(name)) for name in DATES)
    return ReadConditions(
        if_match=asked.get(IF_MATCH),
        if_none_match=asked.get(IF_NONE_MATCH),
        if_modified_since=since,
        if_unmodified_since=until,
        is_source=True,
    )


def _date(name: str, text: str | None) -> int | None:
    """A condition on what is about to be moved is never passed over."""
    moment = None if text is None else parse_http_date(text)
    if text is not None and moment is None:
        raise invalid_argument("The value is not a date as HTTP writes it.", name, text)
    return moment


def token_of(headers: Headers) -> str:
    """``x-amz-client-token``: 1 to 64 printable characters of ASCII."""
    token = headers.get(CLIENT_TOKEN)
    if token is not None and not TOKEN.match(token):
        raise invalid_argument("The client token must have 1 to 64 characters of ASCII.", CLIENT_TOKEN, token)
    return token or ""


@family.operation(
    "RenameObject",
    "PUT /{Bucket}/{Key+}?renameObject {x-amz-rename-source}",
    action=actions.PUT_OBJECT,
    request=RenameObject,
)
async def rename_object(call: Call, request: RenameObject) -> Reply:
    await call.authorise(actions.GET_OBJECT, call.bucket, request.source)
    await call.authorise(actions.DELETE_OBJECT, call.bucket, request.source)
    version_id = await call.engine.renaming.rename(
        call.bucket, request.source, request.key, request.conditions, token=request.token
    )
    return Reply(headers={} if version_id == NULL_VERSION else version_header(version_id))
