"""Lifecycle rules carried out over both stores, by a clock that is set by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from tests.support.clock import HandClock
from tests.support.sql import below, play
from tests.support.stores import Scene, Stand

from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.sql.store import SqlMetadata
from trug.domain.access_log import LogTarget
from trug.domain.configurations import LIFECYCLE, LOGGING
from trug.domain.errors import S3Error
from trug.domain.lifecycle import (
    DAY,
    Act,
    Filter,
    Lifecycle,
    NoncurrentTransition,
    Rule,
    Transition,
    midnight,
)
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning
from trug.engine.access_logs import packed
from trug.engine.content import Content
from trug.engine.drafts import Draft, Stored
from trug.engine.engine import Engine
from trug.engine.lifecycle import DEEPEST, Expire, Reschedule, Task
from trug.engine.refusals import Moved
from trug.engine.versions import DeleteVersion
from trug.jobs.access_logs import AccessLogs
from trug.jobs.lifecycle import Done, LifecycleRuns
from trug.ports.reads import Configuration, CountersOf, Current, Document, NewestHistory, Reminders, RowsOf

ALL = Filter()
FOREVER = 2**62


def rule(**given: Any) -> Rule:
    return Rule(**{"id": "rule", "is_enabled": True, "filter": ALL} | given)


def runs(stand: Stand) -> LifecycleRuns:
    return LifecycleRuns(stand.engine.lifecycles, stand.metadata, stand.clock)


async def configure(stand: Stand, *rules: Rule) -> None:
    await stand.engine.lifecycles.store(await stand.bucket("data"), Lifecycle(rules) if rules else None)


async def put(stand: Stand, key: str, content: bytes = b"x", **draft: Any) -> Stored:
    bucket = await stand.bucket("data")
    return await stand.engine.objects.put(bucket, key, Content(content), Draft(**draft), NO_WRITE_CONDITIONS)


async def versions(stand: Stand, key: str) -> list[bool]:
    """Of each version of a key, newest first, whether it is a delete marker."""
    bucket = await stand.bucket("data")
    page = await stand.engine.listings.versions(
        bucket, prefix=key, delimiter="", key_marker="", version_id_marker="", limit=1000
    )
    return [version.marker for version in page.versions]


def pass_days(stand: Stand, days: int) -> None:
    """To just after the midnight that so many days from now end at."""
    stand.clock.time = midnight(stand.clock.time + days * DAY) + 1


def test_objects_expire(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data")
        await stand.put("data", "before")
        await configure(
            stand, rule(filter=Filter(prefix="b"), days=2), rule(id="t", filter=Filter(tags=(("a", "1"),)), days=1)
        )
        await put(stand, "behind")
        await put(stand, "tagged", tags={"a": "1"})
        await put(stand, "kept", tags={"a": "2"})
        job = runs(stand)
        assert (await job.run()).tasks == 0
        assert await stand.keys("data") == ["before", "behind", "kept", "tagged"]
        pass_days(stand, 1)
        assert await job.run() == Done(1, 1, 0)  # nothing else was looked at
        assert await stand.keys("data") == ["before", "behind", "kept"]
        pass_days(stand, 1)
        assert await job.run() == Done(2, 2, 0)
        assert await stand.keys("data") == ["kept"]
        bucket = await stand.bucket("data")
        counters = await stand.metadata.fetch(CountersOf(bucket.id))
        assert (counters.objects, counters.versions, counters.bytes) == (1, 1, 1)
        assert await stand.metadata.fetch(Reminders(FOREVER, 10)) == []

    on(scene)


def test_what_is_done_is_logged(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data", Versioning.ENABLED)
        await stand.bucket("logs")
        target = packed(LogTarget("logs", "log/"))
        await stand.engine.configurations.store(await stand.bucket("data"), LOGGING, target)
        await configure(
            stand,
            rule(filter=Filter(prefix="gone"), days=1),
            rule(id="old", filter=Filter(prefix="old"), noncurrent_days=1),
            rule(id="cold", filter=Filter(prefix="cold", larger=1), transitions=(Transition("GLACIER", days=1),)),
            rule(id="open", filter=Filter(prefix="open"), abort_days=1),
        )
        gone = await put(stand, "gone ü")
        old, cold = await put(stand, "old", b"12"), await put(stand, "cold", b"123")
        await put(stand, "old")
        bucket = await stand.bucket("data")
        await stand.engine.multipart.create(
            bucket, "open", Draft(), initiator="", checksum_algorithm="", checksum_type=""
        )
        logs = AccessLogs(stand.engine, stand.clock)
        job = LifecycleRuns(stand.engine.lifecycles, stand.metadata, stand.clock, logs)
        pass_days(stand, 2)
        await job.run()
        await logs.deliver()
        (key,) = await stand.keys("logs")
        lines = [line.split(" ") for line in (await stand.read("logs", key)).decode().splitlines()]
        told = {(line[1], line[4], line[5], *line[7:11], line[13]): line[18] for line in lines}
        assert told == {
            ("data", "-", "AmazonS3", "S3.CREATE.DELETEMARKER", "gone%20%C3%BC", "-", "-", "1"): gone.version_id,
            ("data", "-", "AmazonS3", "S3.EXPIRE.OBJECT", "old", "-", "-", "2"): old.version_id,
            ("data", "-", "AmazonS3", "S3.TRANSITION.OBJECT", "cold", "-", "-", "3"): cold.version_id,
            ("data", "-", "AmazonS3", "S3.DELETE.UPLOAD", "open", "-", "-", "-"): "-",
        }

    on(scene)


def test_what_was_written_again_is_young(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data")
        await configure(stand, rule(days=2))
        await put(stand, "a")
        job = runs(stand)
        await job.run()
        pass_days(stand, 1)
        await put(stand, "a", b"new")
        pass_days(stand, 1)
        assert (await job.run()).tasks == 0
        pass_days(stand, 1)
        assert (await job.run()).tasks == 1
        assert await stand.keys("data") == []

    on(scene)


def test_rules_change_and_go(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.put("data", "a")
        await configure(stand, rule(days=9))
        job = runs(stand)
        await job.run()
        await configure(stand, rule(days=1, is_enabled=False))
        pass_days(stand, 3)
        assert (await job.run()).tasks == 0
        await configure(stand)
        pass_days(stand, 9)
        assert await job.run() == Done()
        await configure(stand, rule(days=1))
        assert (await job.run()).tasks == 1
        assert await stand.keys("data") == []
        await configure(stand)
        await put(stand, "written without rules")
        await configure(stand, rule(days=1))
        pass_days(stand, 1)
        assert (await job.run()).tasks == 1

    on(scene)


def test_versions_markers_and_what_is_left(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data", Versioning.ENABLED)
        await configure(stand, rule(days=1, noncurrent_days=2))
        await put(stand, "a")
        await put(stand, "a")
        job = runs(stand)
        await job.run()
        pass_days(stand, 1)
        assert (await job.run()).tasks == 1
        assert await versions(stand, "a") == [True, False, False]
        pass_days(stand, 1)
        assert (await job.run()).tasks == 1  # the one that was noncurrent first
        assert await versions(stand, "a") == [True, False]
        pass_days(stand, 2)
        assert (await job.run()).tasks == 2  # the other, and then the marker that is alone and of age
        assert await versions(stand, "a") == []
        assert await stand.metadata.fetch(Reminders(FOREVER, 10)) == []

    on(scene)


def test_a_marker_that_becomes_alone(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("data", Versioning.ENABLED)
        await configure(stand, rule(expires_markers=True))
        bucket = await stand.bucket("data")
        first = await put(stand, "a")
        await stand.engine.objects.delete(bucket, "a", None, NO_WRITE_CONDITIONS)
        job = runs(stand)
        pass_days(stand, 1)
        assert (await job.run()).tasks == 0
        await stand.engine.objects.delete(bucket, "a", first.version_id, NO_WRITE_CONDITIONS)
        assert (await job.run()).tasks == 1
        assert await versions(stand, "a") == []

    on(scene)


def test_suspended_versions(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("data", Versioning.ENABLED)
        await put(stand, "a")
        await stand.engine.buckets.set_versioning(bucket, Versioning.SUSPENDED)
        await put(stand, "a")
        await configure(stand, rule(days=1))
        pass_days(stand, 1)
        assert (await runs(stand).run()).tasks == 1
        assert await versions(stand, "a") == [True, False]  # the null version gave its place to the marker

    on(scene)


def test_so_many_noncurrent_versions_stay(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data", Versioning.ENABLED)
        await configure(stand, rule(noncurrent_days=1, newer=2))
        for _ in range(6):
            await put(stand, "a")
        job = runs(stand)
        pass_days(stand, 1)
        assert (await job.run()).tasks == 3
        assert await versions(stand, "a") == [False] * 3
        await put(stand, "a")
        assert (await job.run()).tasks == 1  # the oldest is of age, and one too many now
        assert await versions(stand, "a") == [False] * 3

    on(scene)


def test_a_long_history(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data", Versioning.ENABLED)
        for _ in range(0, DEEPEST + 100, 50):
            await asyncio.gather(*(put(stand, "a", b"") for _ in range(50)))
        await configure(stand, rule(noncurrent_days=1, newer=100))
        pass_days(stand, 1)
        assert (await runs(stand).run()).tasks == DEEPEST - 1
        assert len(await versions(stand, "a")) == 101

    on(scene)


def test_uploads_are_given_up(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data")

        async def begin(key: str) -> None:
            await stand.engine.multipart.create(
                await stand.bucket("data"), key, Draft(), initiator="", checksum_algorithm="", checksum_type=""
            )

        await begin("a/1")
        await configure(stand, rule(filter=Filter(prefix="a/"), abort_days=3))
        await begin("a/2")
        await begin("b/1")
        job = runs(stand)
        await job.run()
        pass_days(stand, 2)
        assert (await job.run()).tasks == 0
        pass_days(stand, 1)
        assert (await job.run()).tasks == 2
        page = await stand.engine.multipart.uploads(
            await stand.bucket("data"), prefix="", delimiter="", key_marker="", upload_id_marker="", limit=10
        )
        assert [upload.key for upload in page.uploads] == ["b/1"]

    on(scene)


def test_what_uploads_held_is_freed(on: Callable[[Scene], None]) -> None:
    """J10, with fewer uploads."""

    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("data")
        multipart = stand.engine.multipart

        async def leave(number: int) -> None:
            key = f"k{number % 7}"
            upload = await multipart.create(bucket, key, Draft(), initiator="", checksum_algorithm="", checksum_type="")
            await multipart.put_part(bucket, key, upload.upload_id, 1, Content(b"part"))

        await asyncio.gather(*(leave(number) for number in range(300)))
        await configure(stand, rule(abort_days=1))
        pass_days(stand, 1)
        assert (await runs(stand).run()).tasks == 300
        assert (await stand.metadata.fetch(CountersOf(bucket.id))).uploads == 0
        for _ in range(100):
            if not await stand.engine.sweep.run():
                break
        for table in ("uploads", "parts", "inline", "dropped"):
            assert await stand.metadata.fetch(RowsOf(table, None, 10)) == []

    on(scene)


def test_a_damaged_row_holds_nothing_up(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def played(scene: Callable[[Stand], Any]) -> None:
        async def on_store(metadata: SqlMetadata) -> None:
            clock = HandClock()
            await scene(Stand(Engine.over(metadata, MemoryBlobs(), clock), metadata, clock))

        play(tmp_path, on_store)

    async def fill(stand: Stand) -> None:
        await stand.bucket("data")
        await configure(stand, rule(days=1))
        for key in "abc":
            await put(stand, key)

    async def tend(stand: Stand) -> None:
        job = runs(stand)
        await job.run()
        pass_days(stand, 1)
        assert (await job.run()).tasks == 2
        assert "'b'" in caplog.text

    played(fill)
    with below(tmp_path) as database:
        database.execute("UPDATE current SET record = x'00' WHERE key = 'b'")
    played(tend)


def test_transitions(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("data", Versioning.ENABLED)
        steps = (Transition("STANDARD_IA", 30), Transition("GLACIER", 90))
        await configure(
            stand,
            rule(filter=Filter(larger=0), transitions=steps),
            rule(id="old", filter=Filter(larger=0), noncurrent_transitions=(NoncurrentTransition("GLACIER_IR", 1),)),
        )
        await put(stand, "a", b"old")
        await put(stand, "a", b"content")
        job = runs(stand)

        async def classes() -> list[str]:
            current = await stand.metadata.fetch(Current(bucket.id, "a"))
            older = await stand.metadata.fetch(NewestHistory(bucket.id, "a"))
            assert current is not None
            assert older is not None
            return [current.listing.storage_class, older.listing.storage_class]

        assert await classes() == ["STANDARD", "STANDARD"]
        pass_days(stand, 1)
        assert (await job.run()).tasks == 1
        assert await classes() == ["STANDARD", "GLACIER_IR"]
        pass_days(stand, 30)
        assert (await job.run()).tasks == 1
        assert await classes() == ["STANDARD_IA", "GLACIER_IR"]
        assert await stand.read("data", "a") == b"content"
        pass_days(stand, 60)
        assert (await job.run()).tasks == 1
        assert await classes() == ["GLACIER", "GLACIER_IR"]
        with pytest.raises(S3Error) as refused:
            await stand.read("data", "a")
        assert refused.value.code.name == "InvalidObjectState"

    on(scene)


def test_many_keys_in_pages(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data")
        keys = [f"k{number:04}" for number in range(1300)]
        for start in range(0, 1300, 100):
            await asyncio.gather(*(put(stand, key, b"") for key in keys[start : start + 100]))
        await configure(stand, rule(days=1))
        job = runs(stand)
        assert await job.run() == Done(1300, 0, 0)
        assert await job.run() == Done()
        pass_days(stand, 1)
        assert await runs(stand).run() == Done(1300, 1300, 0)  # another process: nothing is indexed again
        assert await stand.keys("data") == []

    on(scene)


def test_decided_again_inside_the_commit(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("data", Versioning.ENABLED)
        await configure(stand, rule(days=1))
        await put(stand, "a")
        lifecycles = stand.engine.lifecycles
        document = await stand.metadata.fetch(Configuration(bucket.id, LIFECYCLE))
        assert document is not None
        pass_days(stand, 1)
        asked = lifecycles.asked(await stand.bucket("data"), document)
        look = await stand.metadata.view(lambda reader: asked.look(reader, "a"))
        (task,) = look.tasks
        assert task.step.act is Act.EXPIRE
        await put(stand, "a", b"new")
        assert not await lifecycles.carry_out(asked.bucket, document, task)  # it is another version
        seen = await stand.metadata.fetch(Current(bucket.id, "a"))
        assert seen is not None
        assert not await lifecycles.carry_out(asked.bucket, b"other rules", Task(task.step, seen))
        transit = Task(task.step._replace(act=Act.TRANSITION, storage_class="GLACIER"), task.target)
        assert not await lifecycles.carry_out(asked.bucket, document, transit)
        assert await versions(stand, "a") == [False, False]
        await stand.engine.objects.delete(asked.bucket, "a", None, NO_WRITE_CONDITIONS)
        marker = await stand.metadata.fetch(NewestHistory(bucket.id, "a"))
        assert marker is not None
        removal = DeleteVersion(bucket.id, "a", marker.version_id, NO_WRITE_CONDITIONS)
        with pytest.raises(Moved):  # the marker has company
            await stand.metadata.commit(Expire(marker, document, removal))
        assert await versions(stand, "a") == [True, False, False]

    on(scene)


def test_a_bucket_that_is_gone(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        bucket = await stand.bucket("data")
        await configure(stand, rule(days=1))
        await put(stand, "a")
        await runs(stand).run()
        await put(stand, "a")
        await stand.engine.objects.delete(bucket, "a", None, NO_WRITE_CONDITIONS)
        await stand.engine.buckets.delete(bucket)
        pass_days(stand, 3)
        assert await runs(stand).run() == Done()
        assert await stand.metadata.fetch(Document("lifecycle", str(bucket.id))) is None
        assert await stand.metadata.fetch(Reminders(FOREVER, 10)) == []

    on(scene)


def test_a_write_while_a_key_is_looked_at(on: Callable[[Scene], None]) -> None:
    """What it reminds of is not taken back with the reminder that was looked into."""

    async def scene(stand: Stand) -> None:
        await stand.bucket("data")
        await configure(stand, rule(days=1))
        await put(stand, "a")
        page = await stand.metadata.fetch(Reminders(FOREVER, 10))
        await put(stand, "a")
        await stand.metadata.commit(Reschedule(tuple(page), ()))
        (left,) = await stand.metadata.fetch(Reminders(FOREVER, 10))
        assert left[:3] == page[0][:3]
        assert left.sequence > page[0].sequence

    on(scene)


def test_no_rules_no_reminders(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        await stand.bucket("data", Versioning.ENABLED)
        await put(stand, "a")
        await put(stand, "a")
        assert await stand.metadata.fetch(Reminders(FOREVER, 10)) == []

    on(scene)
