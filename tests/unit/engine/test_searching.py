"""What a search finds by the index is what it finds by looking at every key."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from tests.support.clock import HandClock
from tests.support.sql import play

from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.configurations import HAS_SEARCH
from trug.domain.filters import bound, parse_filter
from trug.domain.object_fields import OF_OBJECTS
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning
from trug.engine import searching
from trug.engine.candidates import FEW, leads_in
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.engine.engine import Engine
from trug.engine.indexing import CLEARING, OFF, READY, Indexes
from trug.engine.searching import PAGE, Searches, just_before, span_of
from trug.jobs.indexing import Indexing
from trug.ports.reads import BucketWithId, LabelledKeys
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore

FILTERS = [
    "",
    "extension = 'jpg'",
    "extension in ('jpg', 'png') and size > 1",
    "tag.album = 'a1'",
    "tag.album = 'a1' and not metadata.camera = 'c0'",
    "tag.album = 'a1' or size = 0",
    "tag.album = 'nobody'",
    "metadata.Camera in ('c0', 'c2') and prefix = 'photos/1'",
    "content_type = 'image/jpeg' and key >= 'photos/2'",
    "size >= 3 and size < 5",
    "size = 4",
    "size > 100000",
    "matches 'photos a1 c1'",
    "matches 'nothing'",
    "modified > '2001-01-01' and modified < '2030-01-01'",
    "not has tag.album",
    "prefix = 'photos/' and has metadata.camera",
]


class Scene:
    """A bucket in a store, with an index or without."""

    def __init__(self, metadata: MetadataStore) -> None:
        self.metadata = metadata
        self.engine = Engine.over(metadata, MemoryBlobs(), HandClock())
        self.searches = Searches(metadata)
        self.indexes = Indexes(metadata)

    async def make(self) -> Bucket:
        return await self.engine.buckets.create("b", account="acc", region="us-east-1", tags={})

    async def put(self, bucket: Bucket, key: str, number: int) -> None:
        draft = Draft(
            headers={"content-type": "image/jpeg"} if number % 2 else {},
            metadata={"camera": f"c{number % 3}"} if number % 4 else {},
            tags={"album": f"a{number % 2}"} if number % 5 else {},
        )
        await self.engine.objects.put(bucket, key, Content(b"x" * (number % 7)), draft, NO_WRITE_CONDITIONS)

    async def found(self, bucket: Bucket, text: str, limit: int = 3) -> list[str]:
        condition = bound(parse_filter(text or "not key = ''", OF_OBJECTS), {"now": 0})
        keys: list[str] = []
        after: str | None = ""
        for _ in range(100):
            page = await self.searches.page(bucket, condition, after=after or "", limit=limit)
            assert len(page.found) <= limit
            keys += [row.key for row in page.found]
            after = page.next
            if after is None:
                return keys
        raise AssertionError("the pages have no end")

    async def now(self, bucket: Bucket) -> Bucket:
        row = await self.metadata.fetch(BucketWithId(bucket.id))
        assert row is not None
        return row


async def compare(metadata: MetadataStore) -> None:
    scene = Scene(metadata)
    bucket = await scene.make()
    for number in range(20):
        await scene.put(bucket, f"photos/{number}.{'jpg' if number % 3 else 'PNG'}", number)
    scanned = {text: await scene.found(bucket, text) for text in FILTERS}
    await scene.indexes.switch(bucket, is_on=True)
    indexed = await scene.now(bucket)
    assert indexed.configured & HAS_SEARCH
    await scene.put(indexed, "photos/20.jpg", 1)  # before its build
    await Indexing(metadata).run()
    assert await scene.indexes.state(bucket.id) == READY
    await scene.engine.objects.delete(indexed, "photos/20.jpg", None, NO_WRITE_CONDITIONS)
    for text in FILTERS:
        assert await scene.found(indexed, text) == scanned[text], text

    await scene.put(indexed, "photos/1.jpg", 5)
    assert "photos/1.jpg" not in await scene.found(indexed, "tag.album = 'a1'")
    await scene.engine.objects.retag(indexed, "photos/1.jpg", None, {"album": "a1"})
    for text in FILTERS:
        assert await scene.found(indexed, text) == await scene.found(bucket, text), text

    await scene.indexes.switch(indexed, is_on=False)
    assert await scene.indexes.state(bucket.id) == CLEARING
    await Indexing(metadata).run()
    assert await scene.indexes.state(bucket.id) == OFF
    assert await metadata.fetch(LabelledKeys(bucket.id, 10)) == []


def test_in_memory() -> None:
    asyncio.run(compare(MemoryMetadata(HandClock())))


def test_in_sql(tmp_path: Path) -> None:
    play(tmp_path, compare)


def test_others_have_their_turn_after_each_key(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []

    class Counted(MemoryMetadata):
        async def view(self, question: Any) -> Any:
            asked.append(1)
            return await super().view(question)

    monkeypatch.setattr(searching, "SLICE", -1.0)
    asyncio.run(compare(Counted(HandClock())))
    assert len(asked) > 20 * len(FILTERS)


def test_versions_and_markers(tmp_path: Path) -> None:
    async def scene(metadata: MetadataStore) -> None:
        place = Scene(metadata)
        bucket = await place.make()
        await place.engine.buckets.set_versioning(bucket, Versioning.ENABLED)
        await place.indexes.switch(await place.now(bucket), is_on=True)
        await Indexing(metadata).run()
        bucket = await place.now(bucket)
        await place.put(bucket, "k", 1)
        assert await place.found(bucket, "tag.album = 'a1'") == ["k"]
        gone = await place.engine.objects.delete(bucket, "k", None, NO_WRITE_CONDITIONS)
        assert await place.found(bucket, "tag.album = 'a1'") == []
        await place.engine.objects.delete(bucket, "k", gone.version_id, NO_WRITE_CONDITIONS)
        assert await place.found(bucket, "tag.album = 'a1'") == ["k"]

    play(tmp_path, scene)
    asyncio.run(scene(MemoryMetadata(HandClock())))


def test_more_than_a_page_has_one_label() -> None:
    async def scene() -> None:
        place = Scene(MemoryMetadata(HandClock()))
        bucket = await place.make()
        await place.indexes.switch(bucket, is_on=True)
        bucket = await place.now(bucket)
        keys = [f"{number:05}" for number in range(FEW + PAGE // 2)]
        for key in keys:
            await place.engine.objects.put(bucket, key, Content(b""), Draft(), NO_WRITE_CONDITIONS)
        await Indexing(place.metadata).run()
        assert await place.found(bucket, "storage_class = 'STANDARD' and size = 0", limit=400) == keys

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("text", "span"),
    [
        ("key = 'a'", ("a", "a\0")),
        ("prefix = 'a/' and key >= 'a/b'", ("a/b", "a0")),
        ("prefix = 'a/' or key = 'b'", ("", "")),
        ("key < 'c' and key > 'a'", ("a", "c")),
        ("not key = 'a'", ("", "")),
        ("key <= 'c'", ("", "c\0")),
    ],
)
def test_keys_to_look_among(text: str, span: tuple[str, str]) -> None:
    assert span_of(parse_filter(text, OF_OBJECTS)) == span


@pytest.mark.parametrize(
    ("text", "leads"),
    [
        ("tag.a = 'x'", ["tag.a = 'x'"]),
        ("tag.a != 'x'", []),
        ("not tag.a = 'x'", []),
        ("tag.a = 'x' or size = 1", []),
        ("size > 5 and metadata.A in ('y', 'x')", ["size from 5 to 9999999999999999", "metadata.a in ('x', 'y')"]),
        ("matches 'b a'", ["word = 'b'", "word = 'a'"]),
        ("key = 'a'", []),
    ],
)
def test_labels_to_look_for(text: str, leads: list[str]) -> None:
    assert [str(lead) for lead in leads_in(parse_filter(text, OF_OBJECTS))] == leads


@pytest.mark.parametrize("start", ["a", "a/", "\ue000", "a\0", "é"])
def test_just_before(start: str) -> None:
    assert just_before(start) < start
    assert just_before(start) > start[:-1] or start.endswith("\0")
