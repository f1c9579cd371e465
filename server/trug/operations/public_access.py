"""PutPublicAccessBlock, GetPublicAccessBlock and DeletePublicAccessBlock of a bucket."""

from __future__ import annotations

from trug.access import actions
from trug.domain.configurations import PUBLIC_ACCESS_BLOCK
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.public_access import PublicAccessBlock, block_of, pack_block
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.parameters import Nothing
from trug.operations.representation import document
from trug.wire.documents.guarding import LIMIT, block_content, parse_block
from trug.wire.reply import Reply
from trug.wire.request import Incoming

family = Family()


@frozen
class PutPublicAccessBlock:
    block: PublicAccessBlock

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutPublicAccessBlock:
        return cls(parse_block(await incoming.body.read(LIMIT)))


@family.operation(
    "PutPublicAccessBlock",
    "PUT /{Bucket}?publicAccessBlock",
    action=actions.PUT_BUCKET_PUBLIC_ACCESS_BLOCK,
    request=PutPublicAccessBlock,
)
async def put_public_access_block(call: Call, request: PutPublicAccessBlock) -> Reply:
    await call.engine.configurations.store(call.bucket, PUBLIC_ACCESS_BLOCK, pack_block(request.block))
    return Reply()


@family.operation(
    "GetPublicAccessBlock",
    "GET /{Bucket}?publicAccessBlock",
    action=actions.GET_BUCKET_PUBLIC_ACCESS_BLOCK,
    request=Nothing,
)
async def get_public_access_block(call: Call, _: Nothing) -> Reply:
    stored = await call.engine.configurations.find(call.bucket, PUBLIC_ACCESS_BLOCK)
    if stored is None:
        raise S3Error(ErrorCode.NoSuchPublicAccessBlockConfiguration, fields={"BucketName": call.bucket.name})
    return document("PublicAccessBlockConfiguration", block_content(block_of(stored)))


@family.operation(
    "DeletePublicAccessBlock",
    "DELETE /{Bucket}?publicAccessBlock",
    action=actions.PUT_BUCKET_PUBLIC_ACCESS_BLOCK,
    request=Nothing,
)
async def delete_public_access_block(call: Call, _: Nothing) -> Reply:
    await call.engine.configurations.store(call.bucket, PUBLIC_ACCESS_BLOCK, None)
    return Reply(204)
