"""The feed, over every store."""

from __future__ import annotations

from tests.support.changes import apply
from tests.support.scenes import on_every_store

from trug.ports.effects import Advance, Announce, PutBucket, RemoveBucket
from trug.ports.reads import BucketOnce, Events, FeedStart
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore

NOTHING = 0
ONE = Bucket(5, "one", "acc", "us-east-1", 1)


async def told(store: MetadataStore, after: int = NOTHING, limit: int = 100) -> list[tuple[int, str, str]]:
    return [(event.sequence, event.kind, event.key) for event in await store.fetch(Events(after, limit))]


@on_every_store
async def test_events_come_in_order_after_a_sequence(store: MetadataStore) -> None:
    began = store.sequence
    for key in "abc":
        await store.commit(apply(Announce("put", 1, key)))
        await store.commit(apply())
    found = await told(store, began)
    assert [(kind, key) for _, kind, key in found] == [("put", "a"), ("put", "b"), ("put", "c")]
    assert [sequence - began for sequence, _, _ in found] == [1, 3, 5]
    assert await told(store, found[0][0]) == found[1:]
    assert await told(store, began, 2) == found[:2]
    assert await told(store, began, 0) == await told(store, found[-1][0]) == []


@on_every_store
async def test_an_event_tells_what_was_announced_and_when(store: MetadataStore) -> None:
    moment = await store.commit(apply(Announce("put", 7, "a", "v1", 5, "etag", "one")))
    (event,) = await store.fetch(Events(moment.sequence - 1, 9))
    assert event[:8] == (moment.sequence, "put", 7, "a", "v1", 5, "etag", "one")
    assert event.time == moment.time // 1_000_000 * 1_000_000


@on_every_store
async def test_a_change_with_two_events_takes_two_sequences(store: MetadataStore) -> None:
    began = store.sequence
    await store.commit(apply(Announce("renamed", 1, "to"), Advance(), Announce("removed", 1, "from")))
    await store.commit(apply(Announce("put", 1, "next")))
    assert await told(store, began) == [
        (began + 1, "renamed", "to"),
        (began + 2, "removed", "from"),
        (began + 3, "put", "next"),
    ]


@on_every_store
async def test_a_removed_bucket_is_known_by_its_last_event(store: MetadataStore) -> None:
    await store.commit(apply(PutBucket(ONE)))
    assert await store.fetch(BucketOnce(5)) == ONE
    await store.commit(apply(RemoveBucket(5), Announce("BucketRemoved", 5, "one", account="acc")))
    assert await store.fetch(BucketOnce(5)) == Bucket(5, "one", "acc", "", 0)
    assert await store.fetch(BucketOnce(6)) is None


@on_every_store
async def test_a_young_feed_begins_at_the_beginning(store: MetadataStore) -> None:
    await store.commit(apply())
    assert await store.fetch(FeedStart()) == 0
    await store.commit(apply(Announce("put", 1)))
    assert await store.fetch(FeedStart()) == 0
