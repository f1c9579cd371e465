"""What S3 answers about configuration that nobody set."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from trug.access import actions
from trug.access.actions import Action
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.operations.call import Call
from trug.operations.operation import Family, Operation
from trug.operations.parameters import version_asked
from trug.operations.representation import document, shown_version
from trug.wire.reply import Reply
from trug.wire.request import Incoming


class Default(NamedTuple):
    """An answer: an error, a document, or, with neither, 204."""

    code: ErrorCode | None = None
    message: str | None = None
    root: str = ""
    content: str = ""

    @property
    def note(self) -> str:
        if self.code is not None:
            return f"{self.code.status} {self.code.name}"
        return f"200, default `{self.root}`" if self.root else "204, nothing to remove"


class Unset(NamedTuple):
    """A row: an operation, and what it answers as long as nobody can configure anything."""

    name: str
    route: str
    action: Action
    default: Default
    versioned_action: Action | None = None


REMOVED = Default()
ABAC = Default(root="AbacStatus", content="<Status>Disabled</Status>")
NOTIFIES_NOBODY = Default(root="NotificationConfiguration")
NO_REPLICATION = Default(ErrorCode.ReplicationConfigurationNotFoundError)
NO_METADATA = Default(ErrorCode.MetadataConfigurationNotFound)


UNSET = [
    Unset("GetBucketAbac", "GET /{Bucket}?abac", actions.GET_BUCKET_ABAC, ABAC),
    Unset(
        "GetBucketMetadataConfiguration",
        "GET /{Bucket}?metadataConfiguration",
        actions.GET_BUCKET_METADATA_TABLE_CONFIGURATION,
        NO_METADATA,
    ),
    Unset(
        "DeleteBucketMetadataConfiguration",
        "DELETE /{Bucket}?metadataConfiguration",
        actions.DELETE_BUCKET_METADATA_TABLE_CONFIGURATION,
        NO_METADATA,
    ),
    Unset(
        "GetBucketMetadataTableConfiguration",
        "GET /{Bucket}?metadataTable",
        actions.GET_BUCKET_METADATA_TABLE_CONFIGURATION,
        NO_METADATA,
    ),
    Unset(
        "DeleteBucketMetadataTableConfiguration",
        "DELETE /{Bucket}?metadataTable",
        actions.DELETE_BUCKET_METADATA_TABLE_CONFIGURATION,
        NO_METADATA,
    ),
    Unset(
        "GetBucketNotificationConfiguration",
        "GET /{Bucket}?notification",
        actions.GET_BUCKET_NOTIFICATION,
        NOTIFIES_NOBODY,
    ),
    Unset("GetBucketReplication", "GET /{Bucket}?replication", actions.GET_REPLICATION_CONFIGURATION, NO_REPLICATION),
    Unset("DeleteBucketReplication", "DELETE /{Bucket}?replication", actions.PUT_REPLICATION_CONFIGURATION, REMOVED),
]


@frozen
class Asked:
    """Of what the configuration is asked: a bucket's where ``key`` is None, else that of an existing object."""

    key: str | None
    version_id: str | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> Asked:
        key = incoming.wire.target.key
        return cls(key, None if key is None else version_asked(incoming))


def _answering(default: Default) -> Callable[[Call, Asked], Awaitable[Reply]]:
    async def answer(call: Call, asked: Asked) -> Reply:
        headers = await _version_headers(call, asked)
        if default.code is not None:
            raise S3Error(default.code, default.message, fields={"BucketName": call.bucket.name})
        if not default.root:
            return Reply(204, headers)
        return document(default.root, default.content, headers=headers)

    return answer


async def _version_headers(call: Call, asked: Asked) -> dict[str, str]:
    if asked.key is None:
        return {}
    version = await call.engine.objects.find(call.bucket, asked.key, asked.version_id)
    return shown_version(call.bucket, version)


def _operation(unset: Unset) -> Operation[Asked]:
    return Operation(
        name=unset.name,
        route=unset.route,
        action=unset.action,
        request=Asked,
        handler=_answering(unset.default),
        versioned_action=unset.versioned_action,
        kind="default",
        note=unset.default.note,
    )


family = Family()
family.rows += map(_operation, UNSET)
