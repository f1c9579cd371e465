"""Buckets emptied: what was there goes, what is locked, refused or new stays, and a job that broke off goes on."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.support.server import everyday_grants
from tests.support.stores import Stand, play_on

from trug.access.authority import Authority
from trug.domain.identity import Account, Identity
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.retention import COMPLIANCE, Lock
from trug.domain.versioning import Versioning
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.engine.emptying import Asker, BeginEmptying, Emptying
from trug.jobs import emptying as job
from trug.jobs.emptying import Emptyings, rest_after
from trug.ports.reads import CountersOf, Document
from trug.ports.rows import Counters

OWNER = Asker(Identity(Account("1", "1")), "127.0.0.1", "http")
STRANGER = Asker(Identity(Account("2", "2"), user="eve"), "127.0.0.1", "http")

kinds = pytest.mark.parametrize("kind", ["memory", "sql"])


def emptyings(stand: Stand) -> Emptyings:
    return Emptyings(stand.engine, stand.metadata, Authority(stand.metadata, everyday_grants()), stand.clock, share=1)


async def emptied(stand: Stand, asker: Asker = OWNER) -> Emptying:
    jobs, bucket = emptyings(stand), await stand.bucket("b")
    await jobs.begin(bucket, asker)
    state = await jobs.settled(bucket, 30)
    assert state is not None
    assert state.is_over
    return state


async def fill(stand: Stand, versioning: Versioning = Versioning.ENABLED) -> None:
    bucket = await stand.bucket("b", versioning)
    for key in ("a", "b", "c"):
        for content in (b"1", b"22"):
            await stand.put("b", key, content)
    await stand.engine.objects.delete(bucket, "b", None, NO_WRITE_CONDITIONS)
    await stand.engine.multipart.create(bucket, "u", Draft(), initiator="", checksum_algorithm="", checksum_type="")


@kinds
@pytest.mark.parametrize("versioning", list(Versioning))
@pytest.mark.parametrize("page", [1, 2, 1000])
def test_all_versions_markers_and_uploads_go(
    tmp_path: Path, kind: str, versioning: Versioning, page: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(job, "PAGE", page)

    async def scene(stand: Stand) -> None:
        await fill(stand, versioning)
        bucket = await stand.bucket("b")
        before = await stand.metadata.fetch(CountersOf(bucket.id))
        state = await emptied(stand)
        assert (state.removed, state.aborted) == (before.versions, before.uploads)
        assert await stand.metadata.fetch(CountersOf(bucket.id)) == Counters()
        await stand.engine.buckets.delete(bucket)
        assert await stand.metadata.fetch(Document("emptying", str(bucket.id))) is None

    play_on(kind, tmp_path, scene)


@pytest.mark.parametrize(
    ("share", "is_alone", "rest"), [(0.25, False, 3), (0.25, True, 1), (0.75, True, 1 / 3), (1, False, 0), (1, True, 0)]
)
def test_who_else_writes_has_the_store_for_most_of_the_time(share: float, is_alone: bool, rest: float) -> None:
    assert rest_after(share, is_alone=is_alone) == pytest.approx(rest)


@kinds
def test_a_job_that_rests_goes_on(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "AT_ONCE", 2)

    async def scene(stand: Stand) -> None:
        await fill(stand)
        bucket = await stand.bucket("b")
        jobs = Emptyings(stand.engine, stand.metadata, Authority(stand.metadata, everyday_grants()), stand.clock)
        await jobs.begin(bucket, OWNER)
        await stand.put("b", "z")
        state = await jobs.settled(bucket, 30)
        assert state is not None
        assert state.is_over
        assert await stand.keys("b") in (["z"], [])

    play_on(kind, tmp_path, scene)


@kinds
def test_what_is_locked_stays(tmp_path: Path, kind: str) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.engine.buckets.create("b", account="1", region="us-east-1", tags={}, locks=True)
        lock = Lock(COMPLIANCE, stand.clock.now() + 10**12)
        await stand.engine.objects.put(bucket, "kept", Content(b"x"), Draft(lock=lock), NO_WRITE_CONDITIONS)
        await stand.put("b", "gone")
        state = await emptied(stand)
        assert (state.removed, state.locked, state.left) == (1, 1, ("kept",))
        assert await stand.keys("b") == ["kept"]

    play_on(kind, tmp_path, scene)


def test_nobody_removes_more_than_they_may(tmp_path: Path) -> None:
    async def scene(stand: Stand) -> None:
        await fill(stand)
        state = await emptied(stand, STRANGER)
        assert (state.removed, state.aborted, state.refused) == (0, 0, 8)
        assert await stand.keys("b") == ["a", "c"]

    play_on("memory", tmp_path, scene)


def test_what_comes_later_stays(tmp_path: Path) -> None:
    async def scene(stand: Stand) -> None:
        await fill(stand)
        bucket = await stand.bucket("b")
        await stand.metadata.commit(BeginEmptying(bucket.id, OWNER))
        stand.clock.time += 60_000_000
        await stand.put("b", "a", b"new")
        await stand.put("b", "z", b"new")
        await emptyings(stand).go_on()
        assert await stand.keys("b") == ["a", "z"]
        totals = await stand.metadata.fetch(CountersOf(bucket.id))
        assert totals == Counters(objects=2, versions=2, bytes=6, current=6)

    play_on("memory", tmp_path, scene)


@kinds
def test_a_job_that_broke_off_goes_on(tmp_path: Path, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(job, "PAGE", 2)

    async def scene(stand: Stand) -> None:
        await fill(stand)
        bucket = await stand.bucket("b")
        first = emptyings(stand)
        state = await first.begin(bucket, OWNER)
        while state.removed == 0:
            await asyncio.sleep(0)
            state = await first.find(bucket) or state
        await first.stop()
        second = emptyings(stand)
        await second.go_on()
        assert (await second.find(bucket) or state).is_over is False, "somebody may still be at it"
        stand.clock.time += 60_000_000
        await second.go_on()
        found = await second.find(bucket)
        assert found is not None
        assert found.is_over
        assert await stand.metadata.fetch(CountersOf(bucket.id)) == Counters()

    play_on(kind, tmp_path, scene)


def test_two_who_empty_one_bucket_do_it_once(tmp_path: Path) -> None:
    async def scene(stand: Stand) -> None:
        await fill(stand)
        bucket = await stand.bucket("b")
        jobs: list[Any] = [emptyings(stand), emptyings(stand)]
        for each in jobs:
            await each.begin(bucket, OWNER)
        for each in jobs:
            await each.settled(bucket, 30)
        state = await jobs[0].find(bucket)
        assert state.is_over
        assert await stand.metadata.fetch(CountersOf(bucket.id)) == Counters()

    play_on("memory", tmp_path, scene)


def test_a_bucket_that_goes_meanwhile_ends_the_job(tmp_path: Path) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("b")
        jobs = emptyings(stand)
        await jobs.begin(bucket, OWNER)
        await stand.engine.buckets.delete(bucket)
        assert await jobs.settled(bucket, 30) is None

    play_on("memory", tmp_path, scene)
