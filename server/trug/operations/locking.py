"""Object Lock: of buckets, and retention and legal hold of versions."""

from __future__ import annotations

from trug.access import actions
from trug.domain.configurations import HAS_OBJECT_LOCK
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.retention import LockConfiguration
from trug.engine.locking import has_no_lock
from trug.operations.call import Call
from trug.operations.context import retention_told
from trug.operations.operation import Family
from trug.operations.parameters import Nothing, may_bypass, version_asked
from trug.operations.representation import document, shown_version
from trug.ports.rows import Version
from trug.wire.documents import object_lock as documents
from trug.wire.locking import asks_to_bypass
from trug.wire.reply import Reply
from trug.wire.request import Incoming

family = Family()


# --- the bucket's configuration -------------------------------------------------------------------------------------


@frozen
class PutObjectLockConfiguration:
    configuration: LockConfiguration

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutObjectLockConfiguration:
        return cls(documents.parse_configuration(await incoming.body.read(documents.LIMIT)))


@family.operation(
    "PutObjectLockConfiguration",
    "PUT /{Bucket}?object-lock",
    action=actions.PUT_BUCKET_OBJECT_LOCK_CONFIGURATION,
    request=PutObjectLockConfiguration,
)
async def put_object_lock_configuration(call: Call, request: PutObjectLockConfiguration) -> Reply:
    await call.engine.locks.configure(call.bucket, request.configuration)
    return Reply()


@family.operation(
    "GetObjectLockConfiguration",
    "GET /{Bucket}?object-lock",
    action=actions.GET_BUCKET_OBJECT_LOCK_CONFIGURATION,
    request=Nothing,
)
async def get_object_lock_configuration(call: Call, _: Nothing) -> Reply:
    configuration = await call.engine.locks.find(call.bucket)
    if configuration is None:
        raise S3Error(ErrorCode.ObjectLockConfigurationNotFoundError, fields={"BucketName": call.bucket.name})
    return document("ObjectLockConfiguration", documents.configuration_content(configuration))


# --- retention ------------------------------------------------------------------------------------------------------


@frozen
class PutObjectRetention:
    key: str
    version_id: str | None
    mode: str
    until: int
    bypass: bool

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutObjectRetention:
        mode, until = documents.parse_retention(await incoming.body.read(documents.LIMIT))
        return cls(incoming.key, version_asked(incoming), mode, until, asks_to_bypass(incoming.headers))


@family.operation(
    "PutObjectRetention",
    "PUT /{Bucket}/{Key+}?retention",
    action=actions.PUT_OBJECT_RETENTION,
    request=PutObjectRetention,
    tells=lambda request: retention_told(request.mode, request.until),
)
async def put_object_retention(call: Call, request: PutObjectRetention) -> Reply:
    if not call.bucket.configured & HAS_OBJECT_LOCK:
        raise has_no_lock(call.bucket)
    bypass = request.bypass and await may_bypass(
        call, request.key, request.version_id, told=retention_told(request.mode, request.until)
    )
    version = await call.engine.locks.retain(
        call.bucket, request.key, request.version_id, request.mode, request.until, bypass=bypass
    )
    return Reply(headers=shown_version(call.bucket, version))


@frozen
class OfVersion:
    """What is asked of one version."""

    key: str
    version_id: str | None

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> OfVersion:
        return cls(incoming.key, version_asked(incoming))


@family.operation(
    "GetObjectRetention", "GET /{Bucket}/{Key+}?retention", action=actions.GET_OBJECT_RETENTION, request=OfVersion
)
async def get_object_retention(call: Call, request: OfVersion) -> Reply:
    version = await _found(call, request)
    lock = version.record.lock
    if lock is None or not lock.mode:
        raise _not_locked(request.key)
    return document("Retention", documents.retention_content(lock), headers=shown_version(call.bucket, version))


async def _found(call: Call, request: OfVersion) -> Version:
    """The version; InvalidRequest in a bucket that has no Object Lock."""
    if not call.bucket.configured & HAS_OBJECT_LOCK:
        raise has_no_lock(call.bucket)
    return await call.engine.objects.find(call.bucket, request.key, request.version_id)


def _not_locked(key: str) -> S3Error:
    return S3Error(ErrorCode.NoSuchObjectLockConfiguration, fields={"Key": key})


# --- legal hold -----------------------------------------------------------------------------------------------------


@frozen
class PutObjectLegalHold:
    key: str
    version_id: str | None
    status: str

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutObjectLegalHold:
        status = documents.parse_legal_hold(await incoming.body.read(documents.LIMIT))
        return cls(incoming.key, version_asked(incoming), status)


@family.operation(
    "PutObjectLegalHold",
    "PUT /{Bucket}/{Key+}?legal-hold",
    action=actions.PUT_OBJECT_LEGAL_HOLD,
    request=PutObjectLegalHold,
    tells=lambda request: {"s3:object-lock-legal-hold": (request.status,)},
)
async def put_object_legal_hold(call: Call, request: PutObjectLegalHold) -> Reply:
    version = await call.engine.locks.hold(call.bucket, request.key, request.version_id, request.status)
    return Reply(headers=shown_version(call.bucket, version))


@family.operation(
    "GetObjectLegalHold", "GET /{Bucket}/{Key+}?legal-hold", action=actions.GET_OBJECT_LEGAL_HOLD, request=OfVersion
)
async def get_object_legal_hold(call: Call, request: OfVersion) -> Reply:
    version = await _found(call, request)
    lock = version.record.lock
    if lock is None or not lock.hold:
        raise _not_locked(request.key)
    return document("LegalHold", documents.legal_hold_content(lock), headers=shown_version(call.bucket, version))
