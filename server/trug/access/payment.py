"""Who pays for a request to a bucket whose requesters pay."""

from __future__ import annotations

from collections.abc import Mapping

from trug.domain.errors import ErrorCode, S3Error
from trug.domain.identity import Identity
from trug.ports.rows import Bucket

PAYER = "x-amz-request-payer"
CHARGED = {"x-amz-request-charged": "requester"}


def is_charged(identity: Identity, bucket: Bucket, headers: Mapping[str, str]) -> bool:
    """Whether the requester is charged, and not the bucket's owner, for a bucket whose requesters pay.

    AccessDenied for who is not its owner and has not agreed to pay, and for who is nobody ("Using Requester Pays
    buckets"): nobody can pay.
    """
    account = identity.account
    if account is not None and account.id == bucket.account:
        return False
    if account is None or headers.get(PAYER, "").lower() != "requester":
        raise S3Error(ErrorCode.AccessDenied)
    return True
