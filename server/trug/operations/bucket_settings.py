"""Request payment, transfer acceleration and access logging of a bucket."""

from __future__ import annotations

from trug.access import actions
from trug.domain.access_log import LogTarget
from trug.domain.acl import Acl, Ownership
from trug.domain.configurations import ACCELERATE, LOGGING, REQUEST_PAYMENT
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.engine.access_logs import check_target, check_target_lock, packed, unpacked
from trug.engine.acls import not_supported
from trug.operations.call import Call
from trug.operations.granting import refuse_public, resolved
from trug.operations.operation import Family
from trug.operations.parameters import Nothing
from trug.operations.representation import document
from trug.wire.documents import bucket_settings as documents
from trug.wire.reply import Reply
from trug.wire.request import Incoming
from trug.wire.xml import element

family = Family()


# --- request payment ------------------------------------------------------------------------------------------------


@frozen
class PutBucketRequestPayment:
    payer: str

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketRequestPayment:
        return cls(documents.parse_request_payment(await incoming.body.read(documents.LIMIT)))


@family.operation(
    "PutBucketRequestPayment",
    "PUT /{Bucket}?requestPayment",
    action=actions.PUT_BUCKET_REQUEST_PAYMENT,
    request=PutBucketRequestPayment,
)
async def put_bucket_request_payment(call: Call, request: PutBucketRequestPayment) -> Reply:
    stored = b"" if request.payer == "Requester" else None
    await call.engine.configurations.store(call.bucket, REQUEST_PAYMENT, stored)
    return Reply()


@family.operation(
    "GetBucketRequestPayment",
    "GET /{Bucket}?requestPayment",
    action=actions.GET_BUCKET_REQUEST_PAYMENT,
    request=Nothing,
)
async def get_bucket_request_payment(call: Call, _: Nothing) -> Reply:
    stored = await call.engine.configurations.find(call.bucket, REQUEST_PAYMENT)
    payer = "BucketOwner" if stored is None else "Requester"
    return document("RequestPaymentConfiguration", element("Payer", payer))


# --- acceleration ---------------------------------------------------------------------------------------------------


@frozen
class PutBucketAccelerateConfiguration:
    status: str

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketAccelerateConfiguration:
        return cls(documents.parse_accelerate(await incoming.body.read(documents.LIMIT)))


@family.operation(
    "PutBucketAccelerateConfiguration",
    "PUT /{Bucket}?accelerate",
    action=actions.PUT_ACCELERATE_CONFIGURATION,
    request=PutBucketAccelerateConfiguration,
)
async def put_bucket_accelerate_configuration(call: Call, request: PutBucketAccelerateConfiguration) -> Reply:
    if "." in call.bucket.name:
        text = "S3 Transfer Acceleration is not supported for buckets with periods (.) in their names"
        raise S3Error(ErrorCode.InvalidRequest, text)
    await call.engine.configurations.store(call.bucket, ACCELERATE, request.status.encode())
    return Reply()


@family.operation(
    "GetBucketAccelerateConfiguration",
    "GET /{Bucket}?accelerate",
    action=actions.GET_ACCELERATE_CONFIGURATION,
    request=Nothing,
)
async def get_bucket_accelerate_configuration(call: Call, _: Nothing) -> Reply:
    stored = await call.engine.configurations.find(call.bucket, ACCELERATE)
    return document("AccelerateConfiguration", element("Status", None if stored is None else stored.decode()))


# --- logging --------------------------------------------------------------------------------------------------------


@frozen
class PutBucketLogging:
    target: LogTarget | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketLogging:
        return cls(documents.parse_logging(await incoming.body.read(documents.LIMIT)))


@family.operation(
    "PutBucketLogging", "PUT /{Bucket}?logging", action=actions.PUT_BUCKET_LOGGING, request=PutBucketLogging
)
async def put_bucket_logging(call: Call, request: PutBucketLogging) -> Reply:
    """Logs go where the caller may write himself: that they come from the server lends him nothing."""
    if request.target is not None:
        target = check_target(call.bucket, await call.engine.buckets.find(request.target.bucket))
        await call.authorise(actions.PUT_OBJECT, target, request.target.prefix)
        check_target_lock(await call.engine.locks.find(target))
    await call.engine.configurations.store(call.bucket, LOGGING, packed(await _granting(call, request.target)))
    return Reply()


async def _granting(call: Call, asked: LogTarget | None) -> LogTarget | None:
    """With who is meant by each grant on the logs. AccessControlListNotSupported where lists do not count in the bucket
    they go to, AccessDenied where the caller may set none there; errors of ``resolved`` and ``refuse_public``."""
    if asked is None or not asked.grants:
        return asked
    target = await call.engine.buckets.find(asked.bucket)
    if target is None or await call.engine.access_lists.ownership_of(target) is Ownership.ENFORCED:
        raise not_supported()
    await call.authorise(actions.PUT_OBJECT_ACL, target, asked.prefix)
    grants = await resolved(call, asked.grants)
    await refuse_public(call, Acl("", grants), target)
    return replace(asked, grants=grants)


@family.operation("GetBucketLogging", "GET /{Bucket}?logging", action=actions.GET_BUCKET_LOGGING, request=Nothing)
async def get_bucket_logging(call: Call, _: Nothing) -> Reply:
    target = unpacked(await call.engine.configurations.find(call.bucket, LOGGING))
    return document("BucketLoggingStatus", documents.logging_content(target))
