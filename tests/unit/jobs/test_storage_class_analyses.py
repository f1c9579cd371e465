"""Storage class analyses: what is counted, what is looked at, and the export that grows by a day each day."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest
from tests.support.clock import HandClock
from tests.support.stores import Scene, Stand

from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.keys import MemoryKeyRing
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.configurations import ANALYTICS
from trug.domain.objects import STANDARD
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.reports import Analytics, Export, Filter
from trug.domain.storage_class_analysis import ALL, HEADER, MB, Seen
from trug.engine.configurations import progress_name
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.engine.engine import Engine, Keys
from trug.engine.storage_class_analysis import Analysis, unpacked
from trug.jobs.storage_class_analyses import Analyses, merged
from trug.ports.changes import Change
from trug.ports.reads import Document
from trug.ports.stores import Unavailable

DAY = 86_400_000_000
SIX_MINUTES = 360_000_000
EXPORT = Export("arn:aws:s3:::exports", "analyses")
WHOLE = Analytics("whole", None, EXPORT)
READ, UPLOADED = Seen(("whole",), STANDARD, 0, None), Seen(("whole",), STANDARD, 0, MB)


class FullAtFirst(MemoryMetadata):
    """A store that takes no changes while it ``is_full``."""

    is_full = False

    async def commit(self, change: Change[Any]) -> Any:
        if self.is_full:
            raise Unavailable("for a test", is_full=True)
        return await super().commit(change)


async def configure(stand: Stand, *analyses: Analytics) -> Analyses:
    await stand.bucket("exports")
    for each in analyses:
        document = msgspec.msgpack.encode(each)
        await stand.engine.configurations.store_named(await stand.bucket("data"), ANALYTICS, each.id, document)
    return Analyses(stand.engine, stand.metadata, stand.clock)


async def kept(stand: Stand, name: str = "whole", bucket: int | None = None) -> Analysis | None:
    number = (await stand.bucket("data")).id if bucket is None else bucket
    return unpacked(await stand.metadata.fetch(Document(ANALYTICS, progress_name(number, name))))


def next_day(stand: Stand, days: int = 1) -> None:
    """Some minutes after the midnight that many days on."""
    stand.clock.time = (stand.clock.time // DAY + days) * DAY + SIX_MINUTES


def today(stand: Stand, back: int = 0) -> str:
    return f"{datetime.fromtimestamp(stand.clock.time / 1e6 - back * 86_400, UTC):%m-%d-%Y}"


async def exported(stand: Stand, name: str = "whole") -> list[dict[str, str]]:
    text = (await stand.read("exports", f"analyses/data/{name}.csv")).decode()
    rows = list(csv.reader(io.StringIO(text)))
    assert tuple(rows[0]) == HEADER
    return [dict(zip(HEADER, row, strict=True)) for row in rows[1:]]


def test_a_day_is_exported_when_it_is_over(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        analyses = await configure(stand, WHOLE)
        await stand.put("data", "large", b"x" * MB)
        await stand.put("data", "small", b"x" * 1024)
        number = (await stand.bucket("data")).id
        assert await analyses.make_due() == 0
        analyses.count(number, UPLOADED, 0)
        for _ in range(2):
            analyses.count(number, READ, MB // 2)
        await analyses.store()
        stand.clock.time = (stand.clock.time // DAY + 1) * DAY + 60_000_000
        assert await analyses.make_due() == 0, "other processes may not have stored yet what they counted"
        stand.clock.time += 300_000_000
        assert await analyses.make_due() == 1
        assert await analyses.make_due() == 0
        group, total = await exported(stand)
        assert (group["Date"], group["ObjectAge"], total["ObjectAge"]) == (today(stand, 1), "000-014", "ALL")
        assert (group["ObjectCount"], group["DataUploaded_MB"], group["Storage_MB"]) == ("", "", "1")
        assert (total["ObjectCount"], total["DataUploaded_MB"], total["Storage_MB"]) == ("2", "1", "1.000977")
        assert (group["DataRetrieved_MB"], group["GetRequestCount"], group["CumulativeAccessRatio"]) == ("1", "2", "1")

    on(scene)


def test_the_export_grows(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        analyses = await configure(stand, WHOLE)
        await stand.put("data", "large", b"x" * MB)
        await analyses.make_due()
        for _ in range(16):
            next_day(stand)
            assert await analyses.make_due() == 1
        rows = await exported(stand)
        assert [row["ObjectAge"] for row in rows] == ["000-014"] * 15 + ["015-029"] + ["ALL"] * 16
        assert [row["Date"] for row in rows[16:]] == [today(stand, back) for back in range(16, 0, -1)]

    on(scene)


def test_days_on_which_nobody_looked(on: Callable[[Scene], None]) -> None:
    """What was done on them is told; of those without anything only the last is."""

    async def scene(stand: Stand) -> None:
        analyses = await configure(stand, WHOLE)
        await stand.put("data", "large", b"x" * MB)
        await analyses.make_due()
        number = (await stand.bucket("data")).id
        next_day(stand, 2)
        analyses.count(number, READ, MB)
        await analyses.store()
        next_day(stand, 8)
        assert await analyses.make_due() == 1
        totals = [row for row in await exported(stand) if row["ObjectAge"] == "ALL"]
        assert [(row["Date"], row["GetRequestCount"]) for row in totals] == [
            (today(stand, 8), "1"),
            (today(stand, 1), "0"),
        ]

    on(scene)


def test_each_analysis_has_its_own_objects(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        docs, tagged = (
            Analytics("docs", Filter("docs/"), EXPORT),
            Analytics("tagged", Filter(None, (("a", "1"),)), EXPORT),
        )
        analyses = await configure(stand, docs, tagged, Analytics("silent"))
        bucket = await stand.bucket("data")
        for key, tags in (("docs/a", {}), ("docs/b", {"a": "1"}), ("x", {"a": "1"}), ("y", {"a": "2"})):
            await stand.engine.objects.put(bucket, key, Content(b"x"), Draft(tags=tags), NO_WRITE_CONDITIONS)
        await stand.engine.objects.put(
            bucket, "docs/cold", Content(b"x"), Draft(storage_class="GLACIER"), NO_WRITE_CONDITIONS
        )
        await analyses.make_due()
        next_day(stand)
        assert await analyses.make_due() == 3
        found = {
            name: [(row["StorageClass"], row["ObjectCount"]) for row in await exported(stand, name)]
            for name in ("docs", "tagged")
        }
        assert found == {"docs": [("GLACIER", "1"), ("STANDARD", "2")], "tagged": [("STANDARD", "2")]}
        assert sorted(await stand.keys("exports")) == ["analyses/data/docs.csv", "analyses/data/tagged.csv"]

    on(scene)


def test_what_several_processes_count_is_added(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        one, other = await configure(stand, WHOLE), await configure(stand)
        number = (await stand.bucket("data")).id
        for each in (one, other, one):
            each.count(number, READ, 5)
            await each.store()
        analysis = await kept(stand)
        assert analysis is not None
        (uses,) = analysis.going.values()
        assert (uses[STANDARD].retrieved[ALL], uses[STANDARD].requests[ALL]) == (15, 3)

    on(scene)


def test_what_could_not_be_stored_is_stored_later() -> None:
    async def scene() -> None:
        clock = HandClock()
        metadata = FullAtFirst(clock)
        engine = Engine.over(metadata, MemoryBlobs(), clock, keys=Keys(own=MemoryKeyRing(), kms=MemoryKeyRing()))
        stand = Stand(engine, metadata, clock)
        analyses = await configure(stand, WHOLE)
        number = (await stand.bucket("data")).id
        analyses.count(number, READ, 5)
        metadata.is_full = True
        with pytest.raises(Unavailable):
            await analyses.store()
        analyses.count(number, READ, 5)
        metadata.is_full = False
        await analyses.store()
        analysis = await kept(stand)
        assert analysis is not None
        (uses,) = analysis.going.values()
        assert (uses[STANDARD].retrieved[ALL], uses[STANDARD].requests[ALL]) == (10, 2)

    asyncio.run(scene())


def test_nothing_is_kept_of_what_is_gone(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        analyses = await configure(stand, WHOLE)
        bucket = await stand.bucket("data")
        await analyses.make_due()
        assert await kept(stand) is not None
        analyses.count(bucket.id, READ, 5)
        await stand.engine.configurations.store_named(bucket, ANALYTICS, "whole", None)
        await analyses.store()
        assert await kept(stand) is None
        assert await analyses.filters_of(bucket.id) is None

        await configure(stand, WHOLE)
        await analyses.make_due()
        assert await kept(stand) is not None
        await stand.engine.buckets.delete(await stand.bucket("data"))
        assert await kept(stand, bucket=bucket.id) is None
        analyses.count(bucket.id, READ, 5)
        await analyses.store()
        assert await kept(stand, bucket=bucket.id) is None

    on(scene)


def test_a_configuration_that_cannot_be_read_stops_no_other(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        analyses = await configure(stand, WHOLE)
        bucket = await stand.bucket("data")
        await stand.engine.configurations.store_named(bucket, ANALYTICS, "bad", b"\x01")
        filters = await analyses.filters_of(bucket.id)
        assert filters is not None
        assert filters.ids == {"whole"}
        await analyses.make_due()
        next_day(stand)
        assert await analyses.make_due() == 1

    on(scene)


def test_an_export_that_can_go_nowhere_stops_no_analysis(on: Callable[[Scene], None]) -> None:
    async def scene(stand: Stand) -> None:
        lost = Analytics("lost", None, Export("arn:aws:s3:::nowhere"))
        analyses = await configure(stand, lost, WHOLE)
        await stand.put("data", "key", b"x")
        await analyses.make_due()
        next_day(stand)
        assert await analyses.make_due() == 2
        assert len(await exported(stand)) == 1
        analysis = await kept(stand, "lost")
        assert analysis is not None
        assert len(analysis.days) == 1

    on(scene)


def test_a_day_that_was_interrupted_is_exported_once() -> None:
    row = ["11-14-2023", "1", "", STANDARD, "ALL", *([""] * 8)]
    other = ["11-13-2023", *row[1:]]
    once = merged(merged(b"", [other]), [row])
    assert merged(once, [row]) == once
    assert once.count(b"11-1") == 2


def test_what_is_no_export_is_replaced() -> None:
    row = ["11-14-2023", "1", "", STANDARD, "ALL", *([""] * 8)]
    alone = merged(b"", [row])
    for content in (b"\xff", b"a,b\n", b'"', ",".join(HEADER).encode() + b"\nshort\n"):
        assert merged(content, [row]) == alone
