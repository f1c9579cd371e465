"""Condition keys whose values hang on nothing but who asks and whose the bucket is, whatever else a request says."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from trug.access.resources import RESOURCES
from trug.domain.identity import Identity
from trug.domain.tags import as_policies_see
from trug.ports.rows import Bucket


def _principal_arn(identity: Identity, _: Bucket | None) -> str | None:
    account = identity.account
    if account is None:
        return None
    return f"arn:aws:iam::{account.id}:role{identity.path}{identity.role}" if identity.role else identity.arn


def _principal_type(identity: Identity, _: Bucket | None) -> str:
    if identity.account is None:
        return "Anonymous"
    if identity.role:
        return "AssumedRole"
    if identity.user:
        return "User"
    return "Account" if identity.is_root else "FederatedUser"


def _user_id(identity: Identity, _: Bucket | None) -> str:
    return identity.user_id or "anonymous"


def _account_id(identity: Identity, _: Bucket | None) -> str | None:
    return None if identity.account is None else identity.account.id


def _owner_id(identity: Identity, bucket: Bucket | None) -> str | None:
    return _account_id(identity, bucket) if bucket is None else bucket.account


def _provider(identity: Identity, _: Bucket | None) -> str | None:
    return identity.session.provider or None if identity.session else None


def _source_identity(identity: Identity, _: Bucket | None) -> str | None:
    return identity.session.source_identity or None if identity.session else None


def _has_second_factor(identity: Identity, _: Bucket | None) -> str | None:
    """Only temporary credentials say so at all, and here they never had one."""
    return None if identity.session is None else "false"


def _region(_: Identity, bucket: Bucket | None) -> str | None:
    return None if bucket is None else bucket.region


SETTLED: Mapping[str, Callable[[Identity, Bucket | None], str | None]] = {
    "aws:federatedprovider": _provider,
    "aws:multifactorauthpresent": _has_second_factor,
    "aws:principalaccount": _account_id,
    "aws:principalarn": _principal_arn,
    "aws:principalisawsservice": lambda *_: "false",
    "aws:principaltype": _principal_type,
    "aws:requestedregion": _region,
    "aws:resourceaccount": _owner_id,
    "aws:sourceidentity": _source_identity,
    "aws:userid": _user_id,
    "aws:username": lambda identity, _: identity.user or None,
    "aws:viaawsservice": lambda *_: "false",
    "s3:resourceaccount": _owner_id,
}
"""By lower-case key, after "AWS global condition context keys" (IAM User Guide)."""

PRINCIPAL_TAG = "aws:principaltag/"


def principal_tag(identity: Identity, name: str) -> tuple[str, ...] | None:
    """``aws:PrincipalTag/name``: of the session, else the user's or role's own."""
    value = as_policies_see(dict(identity.session.tags)).get(name) if identity.session else None
    value = as_policies_see(dict(identity.tags)).get(name) if value is None else value
    return None if value is None else (value,)


def is_settled(key: str, action: str) -> bool:
    """Whether a key says the same in all requests for an action by one caller on one bucket: also what the action does
    not have."""
    if key in SETTLED or key.startswith(PRINCIPAL_TAG):
        return True
    entry = RESOURCES.get(action)  # type: ignore[call-overload]
    return entry is not None and not entry.has(key)


def settled_value(key: str, identity: Identity, bucket: Bucket | None) -> tuple[str, ...] | None:
    """The value of a key that is settled, None where there is none."""
    read = SETTLED.get(key)
    if read is None:
        return principal_tag(identity, key.removeprefix(PRINCIPAL_TAG)) if key.startswith(PRINCIPAL_TAG) else None
    value = read(identity, bucket)
    return None if value is None else (value,)
