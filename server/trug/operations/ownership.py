"""PutBucketOwnershipControls, GetBucketOwnershipControls and DeleteBucketOwnershipControls."""

from __future__ import annotations

from trug.access import actions
from trug.domain.acl import Ownership
from trug.domain.configurations import OWNERSHIP
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.parameters import Nothing
from trug.operations.representation import document
from trug.ports.access_lists import pack_ownership, unpack_ownership
from trug.wire.documents.guarding import LIMIT, ownership_content, parse_ownership
from trug.wire.reply import Reply
from trug.wire.request import Incoming

family = Family()

DELETED = pack_ownership(None)


@frozen
class PutBucketOwnershipControls:
    ownership: Ownership

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketOwnershipControls:
        return cls(parse_ownership(await incoming.body.read(LIMIT)))


@family.operation(
    "PutBucketOwnershipControls",
    "PUT /{Bucket}?ownershipControls",
    action=actions.PUT_BUCKET_OWNERSHIP_CONTROLS,
    request=PutBucketOwnershipControls,
)
async def put_bucket_ownership_controls(call: Call, request: PutBucketOwnershipControls) -> Reply:
    await call.engine.guards.store_ownership(call.bucket, request.ownership)
    return Reply()


@family.operation(
    "GetBucketOwnershipControls",
    "GET /{Bucket}?ownershipControls",
    action=actions.GET_BUCKET_OWNERSHIP_CONTROLS,
    request=Nothing,
)
async def get_bucket_ownership_controls(call: Call, _: Nothing) -> Reply:
    stored = await call.engine.configurations.find(call.bucket, OWNERSHIP)
    if stored == DELETED:
        raise S3Error(ErrorCode.OwnershipControlsNotFoundError, fields={"BucketName": call.bucket.name})
    return document("OwnershipControls", ownership_content(unpack_ownership(stored) if stored else Ownership.ENFORCED))


@family.operation(
    "DeleteBucketOwnershipControls",
    "DELETE /{Bucket}?ownershipControls",
    action=actions.PUT_BUCKET_OWNERSHIP_CONTROLS,
    request=Nothing,
)
async def delete_bucket_ownership_controls(call: Call, _: Nothing) -> Reply:
    await call.engine.guards.store_ownership(call.bucket, None)
    return Reply(204)
