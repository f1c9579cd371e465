"""What AWS has and trug answers with 501, and why."""

from __future__ import annotations

from typing import NamedTuple

from trug.access import actions
from trug.access.actions import Action
from trug.domain.frozen import frozen
from trug.operations.call import Call
from trug.operations.operation import Family, Handler, Operation, not_built
from trug.wire.reply import Reply
from trug.wire.request import Incoming


class Declined(NamedTuple):
    """A row: an operation, and what has to be built before it can act."""

    name: str
    route: str
    action: Action
    reason: str
    versioned_action: Action | None = None


class Unrouted(NamedTuple):
    """An operation of AWS's model that has no route of its own."""

    name: str
    reason: str


ACCESS = "no policy goes by the tags of buckets yet"
DIRECTORY = "directory buckets (S3 Express One Zone) only"
EVENTS = "events are not built yet"
METADATA = "S3 Metadata tables are not built"
SESSIONS = "it is of directory buckets (S3 Express One Zone) alone; STS hands out temporary credentials for all others"
TORRENTS = "AWS no longer offers it either"
SELECT = "SQL over objects is not built; AWS no longer offers it to new customers"

DECLINED = [
    Declined("CreateSession", "GET /{Bucket}?session", actions.CREATE_SESSION, SESSIONS),
    Declined(
        "CreateBucketMetadataConfiguration",
        "POST /{Bucket}?metadataConfiguration",
        actions.CREATE_BUCKET_METADATA_TABLE_CONFIGURATION,
        METADATA,
    ),
    Declined(
        "CreateBucketMetadataTableConfiguration",
        "POST /{Bucket}?metadataTable",
        actions.CREATE_BUCKET_METADATA_TABLE_CONFIGURATION,
        METADATA,
    ),
    Declined(
        "UpdateBucketMetadataAnnotationTableConfiguration",
        "PUT /{Bucket}?metadataAnnotationTable",
        actions.UPDATE_BUCKET_METADATA_ANNOTATION_TABLE_CONFIGURATION,
        METADATA,
    ),
    Declined(
        "UpdateBucketMetadataInventoryTableConfiguration",
        "PUT /{Bucket}?metadataInventoryTable",
        actions.UPDATE_BUCKET_METADATA_INVENTORY_TABLE_CONFIGURATION,
        METADATA,
    ),
    Declined(
        "UpdateBucketMetadataJournalTableConfiguration",
        "PUT /{Bucket}?metadataJournalTable",
        actions.UPDATE_BUCKET_METADATA_JOURNAL_TABLE_CONFIGURATION,
        METADATA,
    ),
    Declined("PutBucketAbac", "PUT /{Bucket}?abac", actions.PUT_BUCKET_ABAC, ACCESS),
    Declined(
        "PutBucketNotificationConfiguration", "PUT /{Bucket}?notification", actions.PUT_BUCKET_NOTIFICATION, EVENTS
    ),
    Declined(
        "PutBucketReplication",
        "PUT /{Bucket}?replication",
        actions.PUT_REPLICATION_CONFIGURATION,
        "replication is not built yet",
    ),
    Declined(
        "GetObjectTorrent",
        "GET /{Bucket}/{Key+}?torrent",
        actions.GET_OBJECT_TORRENT,
        TORRENTS,
        actions.GET_OBJECT_VERSION_TORRENT,
    ),
    Declined("SelectObjectContent", "POST /{Bucket}/{Key+}?select&select-type=2", actions.GET_OBJECT, SELECT),
]

UNROUTED = [
    Unrouted("GetBucketLifecycle", "deprecated; its requests are GetBucketLifecycleConfiguration's"),
    Unrouted("GetBucketNotification", "deprecated; its requests are GetBucketNotificationConfiguration's"),
    Unrouted("PutBucketLifecycle", "deprecated; its requests are PutBucketLifecycleConfiguration's"),
    Unrouted("PutBucketNotification", "deprecated; its requests are PutBucketNotificationConfiguration's"),
    Unrouted("ListDirectoryBuckets", f"{DIRECTORY}; its requests are ListBuckets' at another endpoint"),
    Unrouted("WriteGetObjectResponse", "S3 Object Lambda only; it has an endpoint of its own"),
]


@frozen
class Anything:
    """The input of what is not built: nobody looks at it."""

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> Anything:  # noqa: ARG003
        return cls()


def _refusing(name: str) -> Handler:
    async def refuse(_: Call, __: Anything) -> Reply:
        raise not_built(name)

    return refuse


def _operation(declined: Declined) -> Operation[Anything]:
    return Operation(
        name=declined.name,
        route=declined.route,
        action=declined.action,
        request=Anything,
        handler=_refusing(declined.name),
        versioned_action=declined.versioned_action,
        kind="declined",
        note=declined.reason,
    )


family = Family()
family.rows += map(_operation, DECLINED)
