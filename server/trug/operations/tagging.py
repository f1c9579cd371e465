"""GetObjectTagging, PutObjectTagging and DeleteObjectTagging."""

from __future__ import annotations

from trug.access import actions
from trug.domain.frozen import frozen
from trug.domain.tags import OBJECT_TAGS, check_tags
from trug.operations.call import Call
from trug.operations.context import object_tags_told
from trug.operations.operation import Family
from trug.operations.parameters import version_asked
from trug.operations.representation import document, shown_version
from trug.wire.documents.tagging import LIMIT, parse_tagging
from trug.wire.reply import Reply
from trug.wire.request import Incoming
from trug.wire.xml import element

family = Family()


@frozen
class GetObjectTagging:
    key: str
    version_id: str | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> GetObjectTagging:
        return cls(incoming.key, version_asked(incoming))


@family.operation(
    "GetObjectTagging",
    "GET /{Bucket}/{Key+}?tagging",
    action=actions.GET_OBJECT_TAGGING,
    versioned_action=actions.GET_OBJECT_VERSION_TAGGING,
    request=GetObjectTagging,
)
async def get_object_tagging(call: Call, request: GetObjectTagging) -> Reply:
    version = await call.engine.objects.find(call.bucket, request.key, request.version_id)
    tags = "".join(
        f"<Tag>{element('Key', key)}{element('Value', value)}</Tag>" for key, value in version.record.tags.items()
    )
    return document("Tagging", f"<TagSet>{tags}</TagSet>", headers=shown_version(call.bucket, version))


@frozen
class PutObjectTagging:
    key: str
    version_id: str | None
    tags: dict[str, str]

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutObjectTagging:
        pairs = parse_tagging(await incoming.body.read(LIMIT))
        return cls(incoming.key, version_asked(incoming), check_tags(pairs, limit=OBJECT_TAGS))


@family.operation(
    "PutObjectTagging",
    "PUT /{Bucket}/{Key+}?tagging",
    action=actions.PUT_OBJECT_TAGGING,
    versioned_action=actions.PUT_OBJECT_VERSION_TAGGING,
    request=PutObjectTagging,
    tells=lambda request: object_tags_told(request.tags),
)
async def put_object_tagging(call: Call, request: PutObjectTagging) -> Reply:
    asked = (actions.PUT_OBJECT_TAGGING, actions.PUT_OBJECT_VERSION_TAGGING)
    judged = await call.judged(asked, request.key, request.version_id, told=object_tags_told(request.tags))
    version = await call.engine.objects.retag(call.bucket, request.key, request.version_id, request.tags, judged)
    return Reply(headers=shown_version(call.bucket, version))


@frozen
class DeleteObjectTagging:
    key: str
    version_id: str | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> DeleteObjectTagging:
        return cls(incoming.key, version_asked(incoming))


@family.operation(
    "DeleteObjectTagging",
    "DELETE /{Bucket}/{Key+}?tagging",
    action=actions.DELETE_OBJECT_TAGGING,
    versioned_action=actions.DELETE_OBJECT_VERSION_TAGGING,
    request=DeleteObjectTagging,
)
async def delete_object_tagging(call: Call, request: DeleteObjectTagging) -> Reply:
    asked = (actions.DELETE_OBJECT_TAGGING, actions.DELETE_OBJECT_VERSION_TAGGING)
    judged = await call.judged(asked, request.key, request.version_id)
    version = await call.engine.objects.retag(call.bucket, request.key, request.version_id, {}, judged)
    return Reply(204, headers=shown_version(call.bucket, version))
