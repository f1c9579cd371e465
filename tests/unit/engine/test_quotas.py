"""Quotas of buckets and accounts: refused early, decided exactly."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.stores import Scene, Stand, play_on

from trug.domain.configurations import ACCOUNT_QUOTA, FLAGS, QUOTA
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning
from trug.engine.configurations import Configure
from trug.engine.content import Content
from trug.engine.drafts import CopyDirectives, CopySource, Draft, RequestedPart
from trug.engine.quotas import PAGE, Quota, SetAccountQuota, expect_room, packed
from trug.ports.reads import CountersOf, CountersOfAccount


@pytest.fixture(params=["memory", "sql"])
def on(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scene], None]:
    """Plays a scene on an engine over a new store."""
    return lambda scene: play_on(request.param, tmp_path, scene)


async def limit(stand: Stand, name: str, **quota: int) -> None:
    await stand.metadata.commit(Configure(await stand.bucket(name), QUOTA, packed(Quota(**quota))))


async def refused(work: Awaitable[Any]) -> bool:
    """Whether it was refused because of a quota; any other error is raised."""
    try:
        await work
    except S3Error as error:
        assert error.code is ErrorCode.QuotaExceeded, error
        return True
    return False


def test_bytes_of_a_bucket(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data")
        await limit(stand, "data", bytes=10)
        await stand.put("data", "a", b"12345")
        assert await refused(stand.put("data", "b", b"123456"))
        await stand.put("data", "b", b"12345")
        assert await refused(stand.put("data", "c", b"1"))
        await stand.put("data", "c", b"")
        await stand.put("data", "a", b"54321")  # in place of as much
        assert await refused(stand.put("data", "a", b"123456"))
        await stand.engine.objects.delete(await stand.bucket("data"), "b", None, NO_WRITE_CONDITIONS)
        await stand.put("data", "a", b"1234567890")
        await stand.metadata.commit(Configure(await stand.bucket("data"), QUOTA, None))
        await stand.put("data", "d", b"more")
        assert not (await stand.bucket("data")).configured

    on(scene)


def test_versions_count(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data", Versioning.ENABLED)
        await limit(stand, "data", objects=2, bytes=100)
        first = await stand.put("data", "a", b"1")
        await stand.put("data", "a", b"2")
        assert await refused(stand.put("data", "a", b"3"))
        bucket = await stand.bucket("data")
        await stand.engine.objects.delete(bucket, "a", None, NO_WRITE_CONDITIONS)  # a marker is never refused
        assert (await stand.metadata.fetch(CountersOf(bucket.id))).versions == 3
        for version_id in (first.version_id,):
            await stand.engine.objects.delete(bucket, "a", version_id, NO_WRITE_CONDITIONS)
        assert await refused(stand.put("data", "a", b"3"))

    on(scene)


def test_accounts(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        for name in ("one", "two"):
            await stand.bucket(name)
        await stand.bucket("foreign", account="2")
        await stand.metadata.commit(SetAccountQuota("1", Quota(bytes=10)))
        await stand.bucket("three")
        await stand.put("foreign", "a", b"x" * 100)
        assert (await stand.bucket("foreign")).configured == 0
        for name in ("one", "two", "three"):
            assert (await stand.bucket(name)).configured == FLAGS[ACCOUNT_QUOTA]
        await stand.put("one", "a", b"12345")
        await stand.put("two", "a", b"12345")
        assert await refused(stand.put("three", "a", b"1"))
        await limit(stand, "three", bytes=100)
        assert await refused(stand.put("three", "a", b"1"))
        await stand.metadata.commit(SetAccountQuota("1", None))
        await stand.put("three", "a", b"1")
        assert (await stand.bucket("three")).configured == FLAGS[QUOTA]
        assert (await stand.bucket("four")).configured == 0
        assert (await stand.metadata.fetch(CountersOfAccount("1"))).bytes == 11

    on(scene)


def test_an_account_of_many_buckets() -> None:
    async def scene(stand: Stand) -> None:
        for number in range(PAGE + 1):
            await stand.bucket(f"bucket-{number:04}")
        await stand.metadata.commit(SetAccountQuota("1", Quota(objects=1)))
        await stand.put(f"bucket-{PAGE:04}", "a")
        assert await refused(stand.put("bucket-0000", "a"))

    play_on("memory", Path(), scene)


def test_copies_and_completed_uploads(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        source, bucket = await stand.bucket("source"), await stand.bucket("data")
        await stand.put("source", "a", b"12345")
        await limit(stand, "data", bytes=8)
        bucket = await stand.bucket("data")

        async def copy(key: str) -> None:
            await stand.engine.copies.copy(
                CopySource(source, "a"), bucket, key, directives=CopyDirectives(), conditions=NO_WRITE_CONDITIONS
            )

        await copy("a")
        assert await refused(copy("b"))
        upload = await stand.engine.multipart.create(
            bucket, "c", Draft(), initiator="", checksum_algorithm="", checksum_type=""
        )
        assert await refused(stand.engine.multipart.put_part(bucket, "c", upload.upload_id, 1, Content(b"1234")))
        stored = await stand.engine.multipart.put_part(bucket, "c", upload.upload_id, 1, Content(b"123"))
        await stand.put("data", "d", b"1")

        async def complete() -> None:
            await stand.engine.multipart.complete(
                bucket,
                "c",
                upload.upload_id,
                [RequestedPart(1, stored.part.etag, {})],
                conditions=NO_WRITE_CONDITIONS,
                checksum=None,
                size=None,
            )

        assert await refused(complete())
        await stand.engine.objects.delete(bucket, "d", None, NO_WRITE_CONDITIONS)
        await complete()

    on(scene)


def test_many_at_once_are_exact(on: Callable[[Scene], None]) -> None:
    """None of them knows of the others when it begins; their commits do."""

    async def scene(stand: Stand) -> None:
        await stand.bucket("data")
        await limit(stand, "data", bytes=100, objects=7)
        outcomes = await asyncio.gather(*(refused(stand.put("data", f"key-{n}", b"x" * 20)) for n in range(30)))
        assert outcomes.count(False) == 5
        assert (await stand.metadata.fetch(CountersOf((await stand.bucket("data")).id))).bytes == 100
        await limit(stand, "data", objects=7)
        outcomes = await asyncio.gather(*(refused(stand.put("data", f"small-{n}", b"")) for n in range(30)))
        assert outcomes.count(False) == 2

    on(scene)


class Unread(Content):
    """A body that nobody may read."""

    async def gather(self, *_: Any) -> Content:
        raise AssertionError

    def open(self, *_: Any) -> Content:
        raise AssertionError


def test_the_body_is_not_read(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data")
        await limit(stand, "data", bytes=10)
        bucket = await stand.bucket("data")
        body = Unread(b"x" * 11)
        assert await refused(stand.engine.objects.put(bucket, "a", body, Draft(), NO_WRITE_CONDITIONS))
        await expect_room(stand.metadata, bucket, "a", 10)
        await expect_room(stand.metadata, bucket, "a", None)

    on(scene)
