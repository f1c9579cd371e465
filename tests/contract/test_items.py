"""What items and labels mean, on every adapter."""

from __future__ import annotations

from functools import reduce

import pytest
from tests.support.changes import DeliberateError, apply, fail_after
from tests.support.scenes import on_every_store

from trug.domain.configurations import HAS_SEARCH
from trug.domain.filters import Among, Compared, Condition, Every, Matches, Not, Some
from trug.domain.objects import Listing, Record
from trug.ports.effects import Label, PutBucket, PutCurrent, PutItem, RemoveCurrent, RemoveItem
from trug.ports.reads import ItemAt, Labelled, LabelledBetween, LabelledKeys, RowsOf
from trug.ports.reports import ItemQuestion
from trug.ports.rows import Bucket, Item, Version
from trug.ports.stores import MetadataStore

NOTE = Item("acc", "item", "1", "arn:ana", "note", 5, 6, 0, 7, '{"attributes":{"a":1}}')
OTHER = NOTE._replace(id="2", type="offer", created=4, document='{"attributes":{"a":"x"}}')
BUCKET = Bucket(1, "b", "acc", "us-east-1", 5, configured=HAS_SEARCH)
PLAIN = Bucket(2, "plain", "acc", "us-east-1", 5)


def question(**asked: object) -> ItemQuestion:
    return ItemQuestion("acc", "item", **({"condition": Every(())} | asked))  # type: ignore[arg-type]


async def ids(store: MetadataStore, asked: ItemQuestion) -> list[str]:
    return [item.id for item in await (await store.reports()).item_page(asked)]


@on_every_store
async def test_items_are_put_found_and_removed(store: MetadataStore) -> None:
    assert await store.fetch(ItemAt("acc", "item", "1")) is None
    await store.commit(apply(PutItem(NOTE, "sea boat"), PutItem(OTHER, "sea")))
    await store.commit(apply(PutItem(NOTE._replace(account="other")), PutItem(NOTE._replace(kind="user"))))
    assert await store.fetch(ItemAt("acc", "item", "1")) == NOTE
    assert await ids(store, question()) == ["1", "2"]
    assert await ids(store, question(sort="created")) == ["2", "1"]
    assert await ids(store, question(sort="type", descending=True, limit=1)) == ["2"]
    assert await ids(store, question(after=("1", "1"))) == ["2"]
    assert await ids(store, question(condition=Compared("attributes.a", "=", 1))) == ["1"]
    assert await ids(store, question(condition=Matches(("sea",)))) == ["1", "2"]
    changed = NOTE._replace(type="memo", revision=9)
    await store.commit(apply(PutItem(changed, "hill")))
    assert await store.fetch(ItemAt("acc", "item", "1")) == changed
    assert await ids(store, question(condition=Matches(("sea",)))) == ["2"]
    await store.commit(apply(RemoveItem("acc", "item", "2"), RemoveItem("acc", "item", "9")))
    assert await ids(store, question()) == ["1"]
    assert len(await store.fetch(RowsOf("items", None, 10))) == 3


NUMBER = Compared("attributes.a", "=", 1)


@on_every_store
async def test_lists_of_values(store: MetadataStore) -> None:
    await store.commit(apply(PutItem(NOTE), PutItem(OTHER)))
    flag = NOTE._replace(id="3", document='{"attributes":{"a":true}}', expires=9)
    await store.commit(apply(PutItem(flag)))
    for values, wanted in [
        ((1, "y"), ["1"]),
        (("x", 1.0), ["1", "2"]),
        ((True, False), ["3"]),
        (("1", "true"), []),
        ((0.5, "x", True), ["2", "3"]),
    ]:
        assert await ids(store, question(condition=Among("attributes.a", values))) == wanted
    assert await ids(store, question(condition=Among("type", ("note", "memo")))) == ["1", "3"]
    assert await ids(store, question(condition=Among("expires", (0, 9)))) == ["3"]
    assert await ids(store, question(condition=Not(Among("id", ("1", "2"))))) == ["3"]


NOBODYS = Compared("type", "=", "x")
LARGEST: dict[str, Condition] = {
    "wide": Every((NUMBER,) * 1023),
    "long lists": Some((*(Among("attributes.a", ("y",) * 256),) * 30, NUMBER)),
    "both": Every((Some((Every((NUMBER,) * 30),) * 30), NUMBER)),
    "deep": reduce(lambda inner, _: Not(Some((NOBODYS, Not(inner)))), range(10), NUMBER),
    "all of it": reduce(lambda inner, _: Not(Some((NOBODYS, Not(inner)))), range(10), Every((NUMBER,) * 900)),
}


@on_every_store
async def test_the_largest_filters_are_answered(store: MetadataStore) -> None:
    await store.commit(apply(PutItem(NOTE), PutItem(OTHER)))
    for name, condition in LARGEST.items():
        assert await ids(store, question(condition=condition)) == ["1"], name


@on_every_store
async def test_an_item_of_a_failed_change_is_not_there(store: MetadataStore) -> None:
    await store.commit(apply(PutItem(NOTE, "sea")))
    with pytest.raises(DeliberateError):
        await store.commit(fail_after(PutItem(OTHER, "sea"), RemoveItem("acc", "item", "1")))
    assert await store.fetch(ItemAt("acc", "item", "1")) == NOTE
    assert await ids(store, question(condition=Matches(("sea",)))) == ["1"]


def version(bucket: int, key: str, size: int, **tags: str) -> Version:
    return Version(bucket, key, 1, size, "null", Listing("e" * 32, size, 5_000_000), Record(tags=tags))


@on_every_store
async def test_labels_go_with_current_versions(store: MetadataStore) -> None:
    await store.commit(apply(PutBucket(BUCKET), PutBucket(PLAIN)))
    await store.commit(apply(PutCurrent(version(1, "a.jpg", 3, x="1")), PutCurrent(version(1, "b.jpg", 4, x="1"))))
    await store.commit(apply(PutCurrent(version(2, "a.jpg", 3, x="1"))))
    assert await store.fetch(LabelledKeys(2, 9)) == []
    tagged = Labelled(1, "tag.x", "1", "", "", 9)
    assert await store.fetch(tagged) == ["a.jpg", "b.jpg"]
    assert await store.fetch(Labelled(1, "tag.x", "1", "a.jpg", "", 9)) == ["b.jpg"]
    assert await store.fetch(Labelled(1, "tag.x", "1", "", "b.jpg", 9)) == ["a.jpg"]
    assert await store.fetch(Labelled(1, "extension", ".jpg", "", "", 1)) == ["a.jpg"]
    assert await store.fetch(LabelledBetween(1, "size", f"{4:016}", f"{9:016}", 9)) == ["b.jpg"]
    await store.commit(apply(PutCurrent(version(1, "a.jpg", 5, x="2"))))
    assert await store.fetch(tagged) == ["b.jpg"]
    await store.commit(apply(RemoveCurrent(1, "b.jpg")))
    assert await store.fetch(tagged) == []
    assert await store.fetch(LabelledKeys(1, 9)) == ["a.jpg"]
    await store.commit(apply(Label(1, ("a.jpg",), False), Label(2, ("a.jpg", "none"), True)))
    assert await store.fetch(LabelledKeys(1, 9)) == []
    assert await store.fetch(LabelledKeys(2, 9)) == ["a.jpg"]
