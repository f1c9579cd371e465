"""PutBucketCors, GetBucketCors and DeleteBucketCors."""

from __future__ import annotations

from trug.access import actions
from trug.domain.configurations import CORS
from trug.domain.cors import Rules, check_rules, pack_rules, unpack_rules
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.parameters import Nothing
from trug.operations.representation import document
from trug.wire.documents.cors import LIMIT, cors_content, parse_cors
from trug.wire.reply import Reply
from trug.wire.request import Incoming

family = Family()


@frozen
class PutBucketCors:
    rules: Rules

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketCors:
        rules = parse_cors(await incoming.body.read(LIMIT))
        check_rules(rules)
        return cls(rules)


@family.operation("PutBucketCors", "PUT /{Bucket}?cors", action=actions.PUT_BUCKET_CORS, request=PutBucketCors)
async def put_bucket_cors(call: Call, request: PutBucketCors) -> Reply:
    await call.engine.configurations.store(call.bucket, CORS, pack_rules(request.rules))
    return Reply()


@family.operation("GetBucketCors", "GET /{Bucket}?cors", action=actions.GET_BUCKET_CORS, request=Nothing)
async def get_bucket_cors(call: Call, _: Nothing) -> Reply:
    stored = await call.engine.configurations.find(call.bucket, CORS)
    if stored is None:
        raise S3Error(ErrorCode.NoSuchCORSConfiguration, fields={"BucketName": call.bucket.name})
    return document("CORSConfiguration", cors_content(unpack_rules(stored)))


@family.operation("DeleteBucketCors", "DELETE /{Bucket}?cors", action=actions.PUT_BUCKET_CORS, request=Nothing)
async def delete_bucket_cors(call: Call, _: Nothing) -> Reply:
    await call.engine.configurations.store(call.bucket, CORS, None)
    return Reply(204)
