"""Encryption at rest: how a bucket's new objects are encrypted, and another KMS key for an object that is."""

from __future__ import annotations

from trug.access import actions
from trug.domain.encryption import BucketEncryption, Managed
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.operations.call import Call
from trug.operations.context import encryption_told
from trug.operations.operation import Family
from trug.operations.parameters import Nothing, version_asked
from trug.operations.representation import document, shown_version
from trug.wire.documents.encryption import (
    LIMIT,
    bucket_encryption_content,
    parse_bucket_encryption,
    parse_object_encryption,
)
from trug.wire.reply import Reply
from trug.wire.request import Incoming

family = Family()


@frozen
class PutBucketEncryption:
    configuration: BucketEncryption

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketEncryption:
        return cls(parse_bucket_encryption(await incoming.body.read(LIMIT)))


@family.operation(
    "PutBucketEncryption",
    "PUT /{Bucket}?encryption",
    action=actions.PUT_ENCRYPTION_CONFIGURATION,
    request=PutBucketEncryption,
)
async def put_bucket_encryption(call: Call, request: PutBucketEncryption) -> Reply:
    configuration = request.configuration
    if configuration.blocked is None:  # what was blocked stays so, until a request says otherwise
        before = await call.engine.protections.find(call.bucket)
        configuration = replace(configuration, blocked=None if before is None else before.blocked)
    await call.engine.protections.store(call.bucket, configuration)
    return Reply()


@family.operation(
    "GetBucketEncryption", "GET /{Bucket}?encryption", action=actions.GET_ENCRYPTION_CONFIGURATION, request=Nothing
)
async def get_bucket_encryption(call: Call, _: Nothing) -> Reply:
    configuration = await call.engine.protections.find(call.bucket)
    if configuration is None:
        raise S3Error(ErrorCode.ServerSideEncryptionConfigurationNotFoundError, fields={"BucketName": call.bucket.name})
    return document("ServerSideEncryptionConfiguration", bucket_encryption_content(configuration))


@family.operation(
    "DeleteBucketEncryption",
    "DELETE /{Bucket}?encryption",
    action=actions.PUT_ENCRYPTION_CONFIGURATION,
    request=Nothing,
)
async def delete_bucket_encryption(call: Call, _: Nothing) -> Reply:
    """Resets the default encryption ("DeleteBucketEncryption"); only PutBucketEncryption lifts a block."""
    before = await call.engine.protections.find(call.bucket)
    kept = BucketEncryption(blocked=before.blocked) if before is not None and before.blocked else None
    await call.engine.protections.store(call.bucket, kept)
    return Reply(204)


@frozen
class UpdateObjectEncryption:
    key: str
    version_id: str | None
    asked: Managed

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> UpdateObjectEncryption:
        asked = parse_object_encryption(await incoming.body.read(LIMIT))
        return cls(incoming.key, version_asked(incoming), asked)


@family.operation(
    "UpdateObjectEncryption",
    "PUT /{Bucket}/{Key+}?encryption",
    action=actions.UPDATE_OBJECT_ENCRYPTION,
    request=UpdateObjectEncryption,
    tells=lambda request: encryption_told(request.asked.kind, request.asked.key),
)
async def update_object_encryption(call: Call, request: UpdateObjectEncryption) -> Reply:
    version = await call.engine.objects.find(call.bucket, request.key, request.version_id)
    await call.engine.rekeying.update(call.bucket, version, request.asked)
    return Reply(headers=shown_version(call.bucket, version))
