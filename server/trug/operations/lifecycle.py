"""PutBucketLifecycleConfiguration, GetBucketLifecycleConfiguration and DeleteBucketLifecycle."""

from __future__ import annotations

from trug.access import actions
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.lifecycle import ALL_128K, Lifecycle, check_lifecycle, named
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.parameters import Nothing
from trug.operations.representation import document
from trug.wire.documents.lifecycle import LIMIT, lifecycle_content, parse_lifecycle
from trug.wire.reply import Reply
from trug.wire.request import Incoming

family = Family()

MINIMUM = "x-amz-transition-default-minimum-object-size"


@frozen
class PutBucketLifecycleConfiguration:
    lifecycle: Lifecycle

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketLifecycleConfiguration:
        lifecycle = parse_lifecycle(await incoming.body.read(LIMIT), incoming.headers.get(MINIMUM) or ALL_128K)
        check_lifecycle(lifecycle)
        return cls(named(lifecycle))


@family.operation(
    "PutBucketLifecycleConfiguration",
    "PUT /{Bucket}?lifecycle",
    action=actions.PUT_LIFECYCLE_CONFIGURATION,
    request=PutBucketLifecycleConfiguration,
)
async def put_bucket_lifecycle_configuration(call: Call, request: PutBucketLifecycleConfiguration) -> Reply:
    await call.engine.lifecycles.store(call.bucket, request.lifecycle)
    return Reply(headers={MINIMUM: request.lifecycle.minimum})


@family.operation(
    "GetBucketLifecycleConfiguration",
    "GET /{Bucket}?lifecycle",
    action=actions.GET_LIFECYCLE_CONFIGURATION,
    request=Nothing,
)
async def get_bucket_lifecycle_configuration(call: Call, _: Nothing) -> Reply:
    lifecycle = await call.engine.lifecycles.find(call.bucket)
    if lifecycle is None:
        raise S3Error(ErrorCode.NoSuchLifecycleConfiguration, fields={"BucketName": call.bucket.name})
    headers = {MINIMUM: lifecycle.minimum}
    return document("LifecycleConfiguration", lifecycle_content(lifecycle), headers=headers)


@family.operation(
    "DeleteBucketLifecycle", "DELETE /{Bucket}?lifecycle", action=actions.PUT_LIFECYCLE_CONFIGURATION, request=Nothing
)
async def delete_bucket_lifecycle(call: Call, _: Nothing) -> Reply:
    await call.engine.lifecycles.store(call.bucket, None)
    return Reply(204)
