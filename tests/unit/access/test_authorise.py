"""Who may, until policies come: the bucket's account."""

from __future__ import annotations

import pytest
from tests.support.credentials import ACCOUNT

from trug.access.actions import CREATE_BUCKET, GET_OBJECT, LIST_ALL_MY_BUCKETS, Action
from trug.access.authorise import authorise
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.identity import ANONYMOUS, Account, Identity
from trug.ports.rows import Bucket

OURS = Bucket(1, "ours", ACCOUNT.id, "us-east-1", 0)
THEIRS = Bucket(2, "theirs", "111111111111", "us-east-1", 0)
ROOT = Identity(ACCOUNT, "", "AKIAROOT")
USER = Identity(ACCOUNT, "alice", "AKIAALICE")
STRANGER = Identity(Account("111111111111", "x"), "eve", "AKIAEVE")


@pytest.mark.parametrize("identity", [ROOT, USER])
@pytest.mark.parametrize(
    ("action", "bucket", "key"),
    [
        (GET_OBJECT, OURS, "key"),
        (GET_OBJECT, OURS, None),
        (LIST_ALL_MY_BUCKETS, None, None),
        (CREATE_BUCKET, None, None),
    ],
)
def test_an_account_may_do_anything_with_its_own(
    identity: Identity, action: Action, bucket: Bucket | None, key: str | None
) -> None:
    authorise(identity, action, bucket, key)


@pytest.mark.parametrize(
    ("identity", "bucket"),
    [(ANONYMOUS, OURS), (ANONYMOUS, None), (STRANGER, OURS), (ROOT, THEIRS), (USER, THEIRS)],
    ids=["nobody", "nobody without bucket", "stranger", "root elsewhere", "user elsewhere"],
)
def test_all_others_are_refused(identity: Identity, bucket: Bucket | None) -> None:
    with pytest.raises(S3Error) as caught:
        authorise(identity, GET_OBJECT, bucket, "key")
    assert caught.value.code is ErrorCode.AccessDenied
