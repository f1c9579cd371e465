"""Who is charged in a bucket whose requesters pay."""

from __future__ import annotations

import pytest

from trug.access.payment import is_charged
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.identity import ANONYMOUS, Account, Identity
from trug.ports.rows import Bucket

BUCKET = Bucket(1, "data", "owner", "us-east-1", 0)
OWNER = Identity(Account("owner", "1"), user="ana")
OTHER = Identity(Account("other", "2"))
AGREED = {"x-amz-request-payer": "requester"}


def test_the_owner_never_is() -> None:
    assert not is_charged(OWNER, BUCKET, {})
    assert not is_charged(OWNER, BUCKET, AGREED)


def test_others_are_when_they_agree() -> None:
    assert is_charged(OTHER, BUCKET, AGREED)


@pytest.mark.parametrize(
    ("identity", "headers"), [(OTHER, {}), (OTHER, {"x-amz-request-payer": "owner"}), (ANONYMOUS, AGREED)]
)
def test_who_does_not_pay_is_refused(identity: Identity, headers: dict[str, str]) -> None:
    with pytest.raises(S3Error) as caught:
        is_charged(identity, BUCKET, headers)
    assert caught.value.code is ErrorCode.AccessDenied
