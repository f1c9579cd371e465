"""Access keys. Their secrets are in the answer of CreateAccessKey, and never anywhere else."""

from __future__ import annotations

from trug.iam.api.actions import Call, Family, Subject
from trug.iam.api.answers import Structure, moment
from trug.iam.api.kinds import KEY_ID, STATUSES
from trug.iam.api.paging import paged, sliced
from trug.iam.api.refusals import QueryCode, QueryError, invalid
from trug.iam.api.services import IAM
from trug.iam.api.subjects import NOBODY, account_arn, find_user, owner
from trug.ports.rows import AccessKey

family = Family(IAM)

ROOT = "root"
"""How keys of an account's root name their user."""


def key_listed(key: AccessKey) -> Structure:
    """A key as lists show it, without its secret."""
    return {
        "UserName": key.user or ROOT,
        "AccessKeyId": key.access_key,
        "Status": "Active" if key.active else "Inactive",
        "CreateDate": moment(key.created),
    }


@family.action("CreateAccessKey", owner)
async def create_access_key(call: Call, user: str) -> Structure:
    key, secret = await call.people.keys.create(call.tenant, user)
    return {"AccessKey": {**key_listed(key), "SecretAccessKey": secret}}


@family.action("ListAccessKeys", owner)
async def list_access_keys(call: Call, user: str) -> Structure:
    keys = await call.people.keys.of(call.tenant, user)
    return paged("AccessKeyMetadata", sliced(keys, call.parameters), key_listed)


@family.action("UpdateAccessKey", owner)
async def update_access_key(call: Call, user: str) -> None:
    access_key = call.parameters.text("AccessKeyId", KEY_ID)
    status = call.parameters.choice("Status", STATUSES)
    if status is None:
        raise invalid("Status", None, "not be null")
    await call.people.keys.set_active(call.tenant, user, access_key, active=status == "Active")


@family.action("DeleteAccessKey", owner)
async def delete_access_key(call: Call, user: str) -> None:
    await call.people.keys.remove(call.tenant, user, call.parameters.text("AccessKeyId", KEY_ID))


async def key_given(call: Call) -> Subject[AccessKey]:
    """The key of ``AccessKeyId``, which is authorised on its user; other accounts' keys are nobody's."""
    access_key = call.parameters.text("AccessKeyId", KEY_ID)
    key = await call.people.keys.find(access_key)
    if key is None or key.account != call.tenant:
        absence = QueryError(QueryCode.NoSuchEntity, f"The Access Key with id {access_key} cannot be found.")
        return Subject(account_arn(call, "user/*"), NOBODY, absence=absence)
    if not key.user:
        return Subject(account_arn(call, ROOT), key)
    user = await find_user(call, key.user)
    return Subject(user.arn, key, user.values)


@family.action("GetAccessKeyLastUsed", key_given)
async def get_access_key_last_used(call: Call, key: AccessKey) -> Structure:
    used = await call.people.keys.last_used(key.access_key)
    shown: Structure = {"ServiceName": "N/A", "Region": "N/A"}
    if used is not None:
        shown = {"LastUsedDate": moment(used.time), "ServiceName": used.service, "Region": used.region}
    return {"UserName": key.user or ROOT, "AccessKeyLastUsed": shown}
