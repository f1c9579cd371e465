"""PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy and GetBucketPolicyStatus."""

from __future__ import annotations

from trug.access import actions
from trug.access.binding import ids_of, pack_ids, shown
from trug.access.policy import Policy, PolicyError, PolicyKind, parse_policy
from trug.access.publicity import is_public
from trug.access.statements import Effect
from trug.domain.configurations import POLICY, PRINCIPALS
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.operations.call import Call
from trug.operations.operation import Family
from trug.operations.parameters import Nothing
from trug.operations.representation import document
from trug.wire.reply import Reply
from trug.wire.request import Incoming

family = Family()

LIMIT = 64 * 1024
"""Of what is read at all; a policy has 20 KiB at most."""
JSON = {"content-type": "application/json"}


@frozen
class PutBucketPolicy:
    """``x-amz-confirm-remove-self-bucket-access`` is taken and asks for nothing: S3 never refuses a policy that locks
    out who sends it, and the root of the bucket's account can always take it back."""

    text: bytes
    bucket: str

    @classmethod
    async def from_wire(cls, incoming: Incoming) -> PutBucketPolicy:
        return cls(await incoming.body.read(LIMIT), incoming.bucket)


@family.operation("PutBucketPolicy", "PUT /{Bucket}?policy", action=actions.PUT_BUCKET_POLICY, request=PutBucketPolicy)
async def put_bucket_policy(call: Call, request: PutBucketPolicy) -> Reply:
    policy = _policy(request.text, call)
    await _check_principals(policy, call)
    principals = pack_ids(await call.authority.ids_of(policy.names))
    await call.engine.guards.store_policy(call.bucket, request.text, is_public=is_public(policy), principals=principals)
    return Reply(204)


def _policy(text: bytes, call: Call) -> Policy:
    """MalformedPolicy for what is none."""
    bucket = call.bucket
    try:
        return parse_policy(text, PolicyKind.BUCKET, bucket=bucket.name, account=bucket.account)
    except PolicyError as error:
        raise S3Error(ErrorCode.MalformedPolicy, str(error)) from error


async def _check_principals(policy: Policy, call: Call) -> None:
    """MalformedPolicy for one that names somebody who is not there, and for one that allows all others ("AWS JSON
    policy elements: NotPrincipal")."""
    for statement in policy.statements:
        if statement.effect is Effect.ALLOW and statement.principals is not None and statement.principals.is_negated:
            raise S3Error(ErrorCode.MalformedPolicy, "Allow with NotPrincipal is not supported.")
    if await call.authority.find_stranger(policy):
        raise S3Error(ErrorCode.MalformedPolicy, "Invalid principal in policy")


@family.operation("GetBucketPolicy", "GET /{Bucket}?policy", action=actions.GET_BUCKET_POLICY, request=Nothing)
async def get_bucket_policy(call: Call, _: Nothing) -> Reply:
    stored = await _stored(call)
    ids = ids_of(await call.engine.configurations.find(call.bucket, PRINCIPALS))
    there = await call.authority.ids_of(ids) if ids else {}
    lost = {name: unique_id for name, unique_id in ids.items() if there.get(name) != unique_id}
    return Reply(headers=JSON, body=shown(stored.decode(), lost).encode() if lost else stored)


async def _stored(call: Call) -> bytes:
    """The policy as it was sent. NoSuchBucketPolicy."""
    stored = await call.engine.configurations.find(call.bucket, POLICY)
    if stored is None:
        raise S3Error(ErrorCode.NoSuchBucketPolicy, fields={"BucketName": call.bucket.name})
    return stored


@family.operation("DeleteBucketPolicy", "DELETE /{Bucket}?policy", action=actions.DELETE_BUCKET_POLICY, request=Nothing)
async def delete_bucket_policy(call: Call, _: Nothing) -> Reply:
    await call.engine.guards.store_policy(call.bucket, None)
    return Reply(204)


@family.operation(
    "GetBucketPolicyStatus",
    "GET /{Bucket}?policyStatus",
    action=actions.GET_BUCKET_POLICY_STATUS,
    request=Nothing,
)
async def get_bucket_policy_status(call: Call, _: Nothing) -> Reply:
    shown = str(is_public(_policy(await _stored(call), call))).lower()
    return document("PolicyStatus", f"<IsPublic>{shown}</IsPublic>")
