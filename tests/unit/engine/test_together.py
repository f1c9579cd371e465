"""Several writes as one change: all of them or none, each in its place of the one order, all counted by quotas."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.stores import Stand, play_on

from trug.domain.configurations import QUOTA
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.preconditions import NO_WRITE_CONDITIONS, WriteConditions
from trug.domain.versioning import Versioning
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.engine.quotas import Quota, SetAccountQuota, packed
from trug.engine.versions import PutVersion
from trug.ports.reads import CountersOf, CountersOfAccount, Current
from trug.ports.rows import Bucket, Counters

pytestmark = pytest.mark.parametrize("kind", ["memory", "sql"])

LARGE = 200_000


async def prepared(
    stand: Stand, bucket: Bucket, key: str, size: int, conditions: WriteConditions = NO_WRITE_CONDITIONS
) -> PutVersion:
    return await stand.engine.objects.prepared(bucket, key, Content(b"x" * size), Draft(), conditions)


async def several(stand: Stand, bucket: Bucket) -> list[PutVersion]:
    """Three writes: of nothing, of few bytes and of many."""
    return [await prepared(stand, bucket, f"key-{size}", size) for size in (0, 5, LARGE)]


@pytest.mark.parametrize("versioning", list(Versioning))
def test_all_become_visible(tmp_path: Path, kind: str, versioning: Versioning) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("b", versioning)
        await stand.put("b", "key-5", b"before")
        stored = await stand.engine.objects.put_all(await several(stand, bucket))
        assert [one.size for one in stored] == [0, 5, LARGE]
        assert await stand.keys("b") == ["key-0", f"key-{LARGE}", "key-5"]
        assert await stand.read("b", f"key-{LARGE}") == b"x" * LARGE
        rows = [await stand.metadata.fetch(Current(bucket.id, f"key-{size}")) for size in (0, 5, LARGE)]
        sequences = [row.sequence for row in rows if row is not None]
        assert sequences == list(range(sequences[0], sequences[0] + 3))
        after = await stand.put("b", "later")
        assert after.size == 0
        later = await stand.metadata.fetch(Current(bucket.id, "later"))
        assert later is not None
        assert later.sequence > sequences[-1]

    play_on(kind, tmp_path, scene)


def test_one_refusal_refuses_all(tmp_path: Path, kind: str) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("b")
        await stand.put("b", "there")
        taken = await prepared(stand, bucket, "there", LARGE, WriteConditions(if_none_match="*"))
        changes = [*await several(stand, bucket), taken]
        with pytest.raises(S3Error) as refusal:
            await stand.engine.objects.put_all(changes)
        assert refusal.value.code is ErrorCode.PreconditionFailed
        assert await stand.keys("b") == ["there"]
        assert await stand.metadata.fetch(CountersOf(bucket.id)) == Counters(objects=1, versions=1)

    play_on(kind, tmp_path, scene)


@pytest.mark.parametrize(
    ("quota", "fits"),
    [
        (Quota(objects=3), True),
        (Quota(objects=2), False),
        (Quota(bytes=LARGE + 5), True),
        (Quota(bytes=LARGE + 4), False),
    ],
)
@pytest.mark.parametrize("is_of_account", [True, False])
def test_quotas_count_all_of_them(tmp_path: Path, kind: str, quota: Quota, *, fits: bool, is_of_account: bool) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("b")
        if is_of_account:
            await stand.metadata.commit(SetAccountQuota(bucket.account, quota))
        else:
            await stand.engine.configurations.store(bucket, QUOTA, packed(quota))
        changes = await several(stand, await stand.bucket("b"))
        if fits:
            await stand.engine.objects.put_all(changes)
        else:
            with pytest.raises(S3Error) as refusal:
                await stand.engine.objects.put_all(changes)
            assert refusal.value.code is ErrorCode.QuotaExceeded
        whole = Counters(objects=3, versions=3, bytes=LARGE + 5, current=LARGE + 5)
        assert await stand.metadata.fetch(CountersOf(bucket.id)) == (whole if fits else Counters())
        assert await stand.metadata.fetch(CountersOfAccount(bucket.account)) == (whole if fits else Counters())

    play_on(kind, tmp_path, scene)


def test_a_bucket_that_is_gone_refuses_all(tmp_path: Path, kind: str) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("b")
        changes = await several(stand, bucket)
        await stand.engine.buckets.delete(bucket)
        with pytest.raises(S3Error) as refusal:
            await stand.engine.objects.put_all(changes)
        assert refusal.value.code is ErrorCode.NoSuchBucket

    play_on(kind, tmp_path, scene)


def test_what_is_forgotten_was_never_there(tmp_path: Path, kind: str) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("b")
        changes = await several(stand, bucket)
        blobs = [blob for change in changes for blob in change.blobs]
        assert blobs
        await stand.engine.objects.forget(changes)
        await stand.engine.objects.forget(changes)
        assert await stand.keys("b") == []

    play_on(kind, tmp_path, scene)
