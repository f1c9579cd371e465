"""Object Lock over both stores: lock time, what cannot be read, and everything that makes a version."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
from tests.support.changes import apply
from tests.support.clock import HandClock
from tests.support.sql import play
from tests.support.stores import Stand, play_on

from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.sql.store import SqlMetadata
from trug.domain.configurations import OBJECT_LOCK
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import replace
from trug.domain.objects import Record
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.retention import COMPLIANCE, DAY, GOVERNANCE, DefaultRetention, Lock, LockConfiguration
from trug.domain.versioning import Versioning
from trug.engine.configurations import Configure
from trug.engine.content import Content
from trug.engine.drafts import CopyDirectives, CopySource, Draft
from trug.engine.engine import Engine
from trug.ports.effects import PutCurrent
from trug.ports.rows import Bucket, Version

STORES = ("memory", "sql")


async def make(stand: Stand, default: DefaultRetention | None = None) -> Bucket:
    bucket = await stand.engine.buckets.create("locked", account="1", region="us-east-1", tags={}, locks=True)
    if default is not None:
        await stand.engine.locks.configure(bucket, LockConfiguration(default))
    return bucket


async def put(stand: Stand, bucket: Bucket, lock: Lock | None = None) -> str:
    draft = Draft(lock=lock)
    stored = await stand.engine.objects.put(bucket, "key", Content(b"content"), draft, NO_WRITE_CONDITIONS)
    return stored.version_id or "null"


async def refusal(work: Awaitable[object]) -> ErrorCode:
    with pytest.raises(S3Error) as refused:
        await work
    return refused.value.code


async def is_kept(stand: Stand, bucket: Bucket, version_id: str, *, bypass: bool = False) -> bool:
    """Whether a deletion of this version is refused; when not, it is gone."""
    delete = stand.engine.objects.delete(bucket, "key", version_id, NO_WRITE_CONDITIONS, bypass=bypass)
    try:
        await delete
    except S3Error as error:
        assert error.code is ErrorCode.AccessDenied
        return True
    return False


@pytest.mark.parametrize("kind", STORES)
def test_a_default_is_of_the_moment_of_the_commit(tmp_path: Path, kind: str) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await make(stand, DefaultRetention(COMPLIANCE, days=1))
        version_id = await put(stand, bucket)
        version = await stand.engine.objects.find(bucket, "key", version_id)
        lock = version.record.lock
        assert lock is not None
        assert lock.mode == COMPLIANCE
        assert lock.until == stand.clock.now() + DAY
        assert await is_kept(stand, bucket, version_id, bypass=True)

    play_on(kind, tmp_path, scene)


@pytest.mark.parametrize("kind", STORES)
def test_a_default_that_came_since_the_bucket_was_looked_up(tmp_path: Path, kind: str) -> None:
    """What decides is read in the commit, not what the request began with."""

    async def scene(stand: Stand) -> None:
        before = await stand.bucket("bucket", Versioning.ENABLED)
        await stand.engine.locks.configure(before, LockConfiguration(DefaultRetention(GOVERNANCE, days=1)))
        assert await is_kept(stand, before, await put(stand, before))

    play_on(kind, tmp_path, scene)


@pytest.mark.parametrize("kind", STORES)
def test_a_lock_where_there_is_none(tmp_path: Path, kind: str) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("bucket", Versioning.ENABLED)
        lock = Lock(GOVERNANCE, stand.clock.now() + DAY)
        assert await refusal(put(stand, bucket, lock)) is ErrorCode.InvalidRequest
        await stand.put("bucket", "key")
        source = CopySource(bucket, "key")
        copy = stand.engine.copies.copy(
            source, bucket, "copy", directives=CopyDirectives(lock=lock), conditions=NO_WRITE_CONDITIONS
        )
        assert await refusal(copy) is ErrorCode.InvalidRequest
        assert await stand.keys("bucket") == ["key"]

    play_on(kind, tmp_path, scene)


def on_sql(tmp_path: Path, clock: HandClock, scene: Callable[[Stand], Awaitable[None]]) -> None:
    """Open the store once more, and play."""

    async def opened(store: SqlMetadata) -> None:
        await scene(Stand(Engine.over(store, MemoryBlobs(), clock), store, clock))

    play(tmp_path, opened, clock=clock)


LEAPS = {"forward": 3650 * DAY, "a little": 2 * DAY, "back": -3650 * DAY}


@pytest.mark.parametrize("leap", LEAPS.values(), ids=LEAPS)
@pytest.mark.parametrize("mode", [GOVERNANCE, COMPLIANCE])
def test_no_clock_that_leaps_frees_a_version(tmp_path: Path, leap: int, mode: str) -> None:
    """While the server runs, and when the clock is set right again."""
    clock = HandClock()

    async def scene(stand: Stand) -> None:
        bucket = await make(stand, DefaultRetention(mode, days=1))
        begin = stand.clock.now()
        version_id = await put(stand, bucket)
        for time in (begin + leap, begin, begin + leap):
            clock.time = time
            assert await is_kept(stand, bucket, version_id)
        await stand.metadata.commit(apply())
        assert await is_kept(stand, bucket, await put(stand, bucket))

    on_sql(tmp_path, clock, scene)


def test_a_start_with_a_clock_that_was_set_back_frees_nothing_and_takes_no_time_back(tmp_path: Path) -> None:
    clock = HandClock()
    made: list[Any] = []

    async def before(stand: Stand) -> None:
        bucket = await make(stand, DefaultRetention(COMPLIANCE, days=10))
        made.extend((bucket, await put(stand, bucket)))

    async def later(stand: Stand) -> None:
        assert await is_kept(stand, *made)

    on_sql(tmp_path, clock, before)
    for days in (-20, 9):
        clock.time += days * DAY if days < 0 else (20 + days) * DAY
        on_sql(tmp_path, clock, later)

    async def at_last(stand: Stand) -> None:
        assert not await is_kept(stand, *made)

    clock.time += 2 * DAY
    on_sql(tmp_path, clock, at_last)


def test_a_store_that_is_told_the_time_was_not_away(tmp_path: Path) -> None:
    """A server that is only read marks the time, so that its next start believes the clock."""
    clock = HandClock()
    times: list[int] = []

    async def scene(stand: Stand) -> None:
        times.append(await stand.engine.locks.mark_time())

    for _ in range(3):
        on_sql(tmp_path, clock, scene)
        clock.time += 20 * DAY
    assert times == [clock.time - days * DAY for days in (60, 40, 20)]


@pytest.mark.parametrize("kind", STORES)
def test_a_configuration_that_cannot_be_read_lets_nothing_be_written(tmp_path: Path, kind: str) -> None:
    """Rather than unlocked."""

    async def scene(stand: Stand) -> None:
        bucket = await make(stand)
        await stand.metadata.commit(Configure(bucket, OBJECT_LOCK, b"\xc1"))
        with pytest.raises(msgspec.DecodeError):
            await put(stand, bucket)
        assert await stand.keys("locked") == []

    play_on(kind, tmp_path, scene)


@pytest.mark.parametrize("kind", STORES)
def test_a_lock_that_nobody_knows_is_a_lock(tmp_path: Path, kind: str) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await make(stand)
        version_id = await put(stand, bucket)
        version = await stand.engine.objects.find(bucket, "key", version_id)
        strange: Version = version._replace(record=replace(version.record, lock=Lock("FOREVER", 0)))
        await stand.metadata.commit(apply(PutCurrent(strange)))
        assert await is_kept(stand, bucket, version_id, bypass=True)
        retain = stand.engine.locks.retain(bucket, "key", version_id, "", 0, bypass=True)
        assert await refusal(retain) is ErrorCode.AccessDenied

    play_on(kind, tmp_path, scene)


@pytest.mark.parametrize("kind", STORES)
def test_what_stays_beside_a_lock(tmp_path: Path, kind: str) -> None:
    """A lock that is changed leaves the rest of a version, wherever it stands, and all else leaves the lock."""

    async def scene(stand: Stand) -> None:
        bucket = await make(stand)
        old = await put(stand, bucket)
        new = await put(stand, bucket)
        until = stand.clock.now() + DAY
        for version_id in (old, new):
            await stand.engine.locks.retain(bucket, "key", version_id, COMPLIANCE, until, bypass=False)
            await stand.engine.locks.hold(bucket, "key", version_id, "ON")
            await stand.engine.objects.retag(bucket, "key", version_id, {"a": "b"})
            found = await stand.engine.objects.find(bucket, "key", version_id)
            expected = Record(found.record.headers, {}, {"a": "b"}, found.record.checksum, lock=found.record.lock)
            assert found.record == expected
            assert found.record.lock == Lock(COMPLIANCE, until, "ON")
        await stand.engine.objects.delete(bucket, "key", None, NO_WRITE_CONDITIONS)
        for version_id in (old, new):
            assert await is_kept(stand, bucket, version_id)

    play_on(kind, tmp_path, scene)
