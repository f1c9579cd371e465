"""RestoreObject."""

from __future__ import annotations

from trug.access import actions
from trug.domain.frozen import frozen
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.parameters import version_asked
from trug.wire.documents.restore import LIMIT, RestoreAsked, parse_restore
from trug.wire.reply import Reply
from trug.wire.request import Incoming

family = Family()


@frozen
class RestoreObject:
    key: str
    version_id: str | None
    asked: RestoreAsked

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> RestoreObject:
        asked = parse_restore(await incoming.body.read(LIMIT))
        return cls(incoming.key, version_asked(incoming), asked)


@family.operation(
    "RestoreObject", "POST /{Bucket}/{Key+}?restore", action=actions.RESTORE_OBJECT, request=RestoreObject
)
async def restore_object(call: Call, request: RestoreObject) -> Reply:
    days, tier = request.asked
    was_there = await call.engine.restoring.restore(
        call.bucket, request.key, request.version_id, days=days, tier=tier, now=call.wire.received
    )
    return Reply(200 if was_there else 202)
