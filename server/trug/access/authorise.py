"""May they: the one place that allows or refuses a request."""

from __future__ import annotations

from trug.access.actions import Action
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.identity import Identity
from trug.ports.rows import Bucket


def authorise(
    identity: Identity,
    action: Action,  # noqa: ARG001 - policies will ask for it
    bucket: Bucket | None,
    key: str | None = None,  # noqa: ARG001 - policies will ask for it
) -> None:
    """Let ``identity`` do ``action`` on ``bucket`` (None: on none that exists) and ``key``, or raise AccessDenied.

    A bucket is private to its account, whose root and users may do anything there; nobody acts unsigned. Whatever
    comes to decide is asked here and nowhere else, in AWS's order: an explicit Deny of any policy, the session's
    policy, the identity's own policies, the bucket's policy under its public access block, at last the ACL.
    """
    account = identity.account
    if account is None:
        raise S3Error(ErrorCode.AccessDenied)
    if bucket is not None and bucket.account != account.id:
        raise S3Error(ErrorCode.AccessDenied)
