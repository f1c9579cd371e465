"""Configurations of buckets, and the flags in the bucket's row that tell of them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from tests.support.clock import HandClock
from tests.support.sql import play

from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.configurations import ACCELERATE, FLAGS, INVENTORY, KINDS, METRICS, TAGGING
from trug.domain.errors import ErrorCode, S3Error
from trug.engine.engine import Engine
from trug.ports.reads import Document
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore

Scene = Callable[[Engine, MetadataStore], Awaitable[None]]


@pytest.fixture(params=["memory", "sql"])
def on(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[[Scene], None]:
    """Plays a scene on an engine over a new store."""

    def run(scene: Scene) -> None:
        async def on_store(metadata: MetadataStore) -> None:
            await scene(Engine.over(metadata, MemoryBlobs(), HandClock()), metadata)

        if request.param == "sql":
            play(tmp_path, on_store)
        else:
            asyncio.run(on_store(MemoryMetadata(HandClock())))

    return run


async def bucket_of(engine: Engine) -> Bucket:
    found = await engine.buckets.find("data")
    return found or await engine.buckets.create("data", account="1", region="us-east-1", tags={})


def test_the_flags_are_those_that_stores_have() -> None:
    """The store keeps the sum: what stands here may never change."""
    assert [FLAGS[kind] for kind in KINDS] == [1 << place for place in range(len(KINDS))]
    assert KINDS[:10] == (
        "tagging", "request-payment", "accelerate", "logging", "metrics", "analytics", "intelligent-tiering",
        "inventory", "quota", "account-quota",
    )  # fmt: skip


def test_the_row_tells_what_is_set(on: Callable[[Scene], None]) -> None:
    async def scene(engine: Engine, _: MetadataStore) -> None:
        bucket = await bucket_of(engine)
        assert await engine.configurations.find(bucket, ACCELERATE) is None
        await engine.configurations.store(bucket, ACCELERATE, b"")
        await engine.buckets.set_tags(await bucket_of(engine), {"a": "b"})
        bucket = await bucket_of(engine)
        assert bucket.configured == FLAGS[ACCELERATE] | FLAGS[TAGGING]
        assert await engine.configurations.find(bucket, ACCELERATE) == b""
        await engine.configurations.store(bucket, ACCELERATE, None)
        await engine.configurations.store(bucket, ACCELERATE, None)
        assert (await bucket_of(engine)).configured == FLAGS[TAGGING]

    on(scene)


def test_tags_at_creation_are_told(on: Callable[[Scene], None]) -> None:
    async def scene(engine: Engine, _: MetadataStore) -> None:
        bucket = await engine.buckets.create("data", account="1", region="us-east-1", tags={"a": "b"})
        assert bucket.configured == (await bucket_of(engine)).configured == FLAGS[TAGGING]

    on(scene)


def test_one_of_several(on: Callable[[Scene], None]) -> None:
    async def scene(engine: Engine, _: MetadataStore) -> None:
        bucket = await bucket_of(engine)
        for name in ("b", "a", "a.b"):
            await engine.configurations.store_named(bucket, METRICS, name, name.encode())
        await engine.configurations.store_named(bucket, "inventory", "a", b"other")
        bucket = await bucket_of(engine)
        assert bucket.configured == FLAGS[METRICS] | FLAGS[INVENTORY]
        assert await engine.configurations.named(bucket, METRICS, "a.b") == b"a.b"
        page = await engine.configurations.page(bucket, METRICS, after="a")
        assert page == ([("a.b", b"a.b"), ("b", b"b")], None)
        for name in ("a", "a.b"):
            await engine.configurations.store_named(bucket, METRICS, name, None)
        assert (await bucket_of(engine)).configured & FLAGS[METRICS]
        await engine.configurations.store_named(bucket, METRICS, "b", None)
        bucket = await bucket_of(engine)
        assert bucket.configured == FLAGS[INVENTORY]
        assert await engine.configurations.page(bucket, METRICS, after="") == ([], None)
        for work in (
            engine.configurations.named(bucket, METRICS, "b"),
            engine.configurations.store_named(bucket, METRICS, "b", None),
        ):
            with pytest.raises(S3Error) as caught:
                await work
            assert caught.value.code is ErrorCode.NoSuchConfiguration

    on(scene)


def test_a_bucket_that_is_gone(on: Callable[[Scene], None]) -> None:
    async def scene(engine: Engine, _: MetadataStore) -> None:
        bucket = await bucket_of(engine)
        await engine.buckets.delete(bucket)
        for work in (
            engine.configurations.store(bucket, ACCELERATE, b""),
            engine.configurations.store_named(bucket, METRICS, "a", b""),
        ):
            with pytest.raises(S3Error) as caught:
                await work
            assert caught.value.code is ErrorCode.NoSuchBucket

    on(scene)


def test_what_jobs_keep_goes_with_the_configuration(on: Callable[[Scene], None]) -> None:
    async def scene(engine: Engine, metadata: MetadataStore) -> None:
        from trug.domain.reports import Inventory
        from trug.engine.inventory import KeepRun, Run

        bucket = await bucket_of(engine)
        inventory = Inventory("a", True, "All", "Daily", "arn:aws:s3:::data", "CSV")
        await engine.configurations.store_named(bucket, INVENTORY, "a", b"")
        await metadata.commit(KeepRun(bucket.id, Run(1, inventory)))
        assert await metadata.fetch(Document(INVENTORY, f"{bucket.id}/a")) is not None
        await engine.configurations.store_named(await bucket_of(engine), INVENTORY, "a", None)
        assert await metadata.fetch(Document(INVENTORY, f"{bucket.id}/a")) is None

    on(scene)
