"""What the MetadataStore port means, on every adapter."""

from __future__ import annotations

import asyncio
import random
import threading
from typing import Any, cast

import pytest
from tests.support.changes import (
    Ask,
    DeliberateError,
    Fail,
    Follow,
    apply,
    fail_after,
    fail_in_decide,
    increment,
    refuse,
)
from tests.support.clock import HandClock
from tests.support.ledger import Ledger
from tests.support.scenes import Play, on_every_store

from trug.domain import lines
from trug.domain.acl import canned
from trug.domain.ends import pack
from trug.domain.identity import Account
from trug.domain.objects import COMPOSITE, Checksum, Listing, Record
from trug.domain.versioning import Versioning
from trug.ports.changes import Change, Decided, Effect, Rejected
from trug.ports.effects import (
    Announce,
    Declare,
    Drop,
    ForgetBlobs,
    ForgetDropped,
    ForgetReminders,
    KeepDocument,
    NameBlob,
    OpenEpoch,
    PutAccount,
    PutAnnotation,
    PutBucket,
    PutCurrent,
    PutEntity,
    PutHistory,
    PutInline,
    PutKey,
    PutLink,
    PutPart,
    PutUpload,
    Remind,
    RemoveAccount,
    RemoveAnnotations,
    RemoveBucket,
    RemoveCurrent,
    RemoveEntity,
    RemoveHistory,
    RemoveInline,
    RemoveKey,
    RemoveLink,
    RemoveParts,
    RemoveUpload,
    ReserveIds,
    SealEpoch,
    SetConfiguration,
    SetReferences,
    Tally,
    TouchUpload,
)
from trug.ports.reads import (
    Accounts,
    AccountWithCanonicalId,
    AccountWithEmail,
    AccountWithId,
    AnnotationNamed,
    Annotations,
    BlobNamed,
    BlobsBetween,
    BodyWithId,
    BucketHolds,
    BucketNamed,
    BucketsOf,
    BucketWithId,
    CommonPrefixes,
    Configuration,
    Configurations,
    CountersOf,
    CountersOfAccount,
    Current,
    CurrentContent,
    CurrentRange,
    Declared,
    Document,
    DroppedBefore,
    Entities,
    EntityAt,
    EntityCount,
    InlineContent,
    KeysOf,
    KeyWithId,
    LastEpoch,
    LinkCount,
    LinksFrom,
    LinksTo,
    NewestHistory,
    NextId,
    NullHistory,
    OpenUploads,
    PartNumbered,
    Parts,
    References,
    Reminders,
    RowsOf,
    UnsealedEpochs,
    UploadWithId,
    VersionRange,
    WithVersionId,
    WithVersionIdContent,
)
from trug.ports.rows import (
    AccessKey,
    Annotation,
    Bucket,
    Completed,
    Counters,
    Dropped,
    Entity,
    Epoch,
    Extent,
    Fetched,
    Link,
    Listed,
    Part,
    Reminder,
    Upload,
    Version,
)
from trug.ports.stores import Damaged, MetadataStore, Reader

NOW = 1_700_000_000_000_000
LAST = 2**63 - 1

BEFORE_ASTRAL = "\uffee"
ASTRAL = "\U00010000"
"""In UTF-16 it would sort before BEFORE_ASTRAL; in UTF-8 it sorts after it."""

ODD_KEYS = [
    "a",
    "a/b",
    "a//b",
    "/",
    "//",
    ".",
    "..",
    "../..",
    " ",
    "  leading and trailing  ",
    "\x01",
    "\t\r\n",
    "\x7f",
    "\x85\u2028",
    "'; DROP TABLE current; --",
    '"quoted"',
    "back\\slash",
    "%",
    "_%_",
    "[a-z]*?",
    "+plus&amp;",
    "é",
    "e\u0301",
    "ß",
    "İi",
    "日本語",
    "\u200b",
    "\ufeffbom",
    "\ufffd",
    "\uffff",
    BEFORE_ASTRAL,
    ASTRAL,
    "👩‍👩‍👧",
    "\U0010ffff",
    "k" * 1024,
    "é" * 512,
    ASTRAL * 256,
]


def utf8(text: str) -> bytes:
    return text.encode()


def bucket(number: int, name: str, account: str = "one", **more: Any) -> Bucket:
    return Bucket(number, name, account, more.pop("region", "us-east-1"), NOW, **more)


def listing(**more: Any) -> Listing:
    return Listing(more.pop("etag", "d41d8cd98f00b204e9800998ecf8427e"), more.pop("size", 0), NOW, **more)


def version(key: str, sequence: int = 1, version_id: str = "null", bucket: int = 1, **more: Any) -> Version:
    return Version(bucket, key, sequence, 10_000 + sequence, version_id, more.pop("listing", listing()), **more)


def shown(version: Version) -> bytes:
    return version.key.encode() + lines.line_of(version.key, version.listing, version.record.owner)


def listed(version: Version) -> Listed:
    return Listed(shown(version), version.version_id, version.sequence, version.marker)


def upload(number: int, key: str, upload_id: str, bucket: int = 1, **more: Any) -> Upload:
    return Upload(number, upload_id, bucket, key, NOW, 0, "arn:aws:iam::one:root", "STANDARD", "", "", Record(), **more)


def part(upload: int, number: int, **more: Any) -> Part:
    extents = more.pop("extents", (Extent(inline=False, id=4096 + number, offset=0, length=5, size=5),))
    return Part(upload, number, "5d41402abc4b2a76b9719d911017c592", 5, NOW, extents, **more)


async def keys_between(
    store: MetadataStore, start: str = "", stop: str = "", *, after: bool = False, limit: int = 1000
) -> list[str]:
    return [lines.key_of(row) for row in await store.fetch(CurrentRange(1, start, after, stop, limit))]


async def versions_between(
    store: MetadataStore, start: str = "", before: int = LAST, stop: str = "", limit: int = 1000
) -> list[tuple[str, int]]:
    found = await store.fetch(VersionRange(1, start, before, stop, limit))
    return [(lines.key_of(version.row), version.sequence) for version in found]


# How changes are decided


@on_every_store
async def test_a_commit_answers_what_was_decided(store: MetadataStore) -> None:
    assert await store.commit(Ask((), lambda rows, moment: Decided("yes"))) == "yes"


@on_every_store
async def test_a_change_reads_what_earlier_ones_wrote(store: MetadataStore) -> None:
    await store.commit(apply(PutBucket(bucket(1, "one")), SetConfiguration(1, "tagging", b"blue")))
    questions = (BucketNamed("one"), BucketNamed("two"))
    answer = await store.commit(Ask(questions, lambda rows, moment: Decided([rows.of(read) for read in questions])))
    assert answer == [bucket(1, "one"), None]


@on_every_store
async def test_configurations_with_ids(store: MetadataStore) -> None:
    kinds = ("metrics", "metrics/b", "metrics/a", "metrics/a.b", "metrics0", "inventory/a", "metricsx/a")
    await store.commit(apply(*(SetConfiguration(n, kind, kind.encode()) for n in (1, 2, 3) for kind in kinds)))
    everything = [("a", b"metrics/a"), ("a.b", b"metrics/a.b"), ("b", b"metrics/b")]
    assert await store.fetch(Configurations(2, "metrics")) == everything
    assert await store.fetch(Configurations(2, "metrics", "a", 1)) == everything[1:2]
    assert await store.fetch(Configurations(2, "metrics", "b")) == []
    assert await store.fetch(Configurations(2, "metrics", limit=0)) == []
    assert await store.fetch(Configurations(4, "metrics")) == []


@on_every_store
async def test_documents_of_the_store(store: MetadataStore) -> None:
    assert await store.fetch(Document("key-used", "a")) is None
    await store.commit(
        apply(
            KeepDocument("key-used", "a", b"1"),
            KeepDocument("key-used", "b", b""),
            KeepDocument("role-used", "a", b"3"),
        )
    )
    await store.commit(apply(KeepDocument("key-used", "a", b"2")))
    names = (("key-used", "a"), ("key-used", "b"), ("role-used", "a"))
    assert [await store.fetch(Document(*name)) for name in names] == [b"2", b"", b"3"]
    assert await store.fetch(RowsOf("documents", None, 10)) == [
        (name, content) for name, content in zip(names, (b"2", b"", b"3"), strict=True)
    ]
    await store.commit(apply(KeepDocument("key-used", "a", None), KeepDocument("key-used", "never", None)))
    assert await store.fetch(Document("key-used", "a")) is None


@on_every_store
async def test_reminders(store: MetadataStore) -> None:
    assert await store.fetch(Reminders(100, 10)) == []
    await store.commit(apply(Remind(2, ("b", "a"), 5), Remind(1, ("z",), 9), Remind(1, ("ö",))))
    first = store.sequence
    assert await store.fetch(Reminders(5, 10)) == [
        Reminder(0, 1, "ö", first),
        Reminder(5, 2, "a", first),
        Reminder(5, 2, "b", first),
    ]
    assert await store.fetch(Reminders(9, 1)) == [Reminder(0, 1, "ö", first)]
    await store.commit(apply(Remind(2, ("a",), 5)))
    await store.commit(apply(ForgetReminders(tuple(await store.fetch(Reminders(0, 10))))))
    await store.commit(apply(ForgetReminders((Reminder(5, 2, "a", first), Reminder(5, 2, "b", first)))))
    assert await store.fetch(Reminders(100, 10)) == [Reminder(5, 2, "a", first + 1), Reminder(9, 1, "z", first)]


@on_every_store
async def test_what_is_configured_stands_in_the_row(store: MetadataStore) -> None:
    row = bucket(1, "one")._replace(configured=5)
    await store.commit(apply(PutBucket(row)))
    assert await store.fetch(BucketNamed("one")) == await store.fetch(BucketWithId(1)) == row


@on_every_store
async def test_later_reads_may_rest_on_earlier_ones(store: MetadataStore) -> None:
    await store.commit(apply(PutBucket(bucket(7, "one")), SetConfiguration(7, "tagging", b"blue")))
    follow = Follow(BucketNamed("one"), lambda found: Configuration(found.id, "tagging"))
    assert await store.commit(follow) == b"blue"


@on_every_store
async def test_each_decided_change_takes_the_next_sequence(store: MetadataStore) -> None:
    first = store.sequence
    moments = [await store.commit(apply(SetConfiguration(1, "count", b"%d" % n))) for n in range(5)]
    assert [moment.sequence for moment in moments] == [first + n for n in range(1, 6)]
    assert store.sequence == first + 5


@on_every_store
async def test_a_decided_change_without_effects_takes_a_sequence_too(store: MetadataStore) -> None:
    moments = [await store.commit(apply()) for _ in range(2)]
    assert moments[1].sequence == moments[0].sequence + 1


def test_commit_times_are_the_clocks_and_never_go_back(play: Play) -> None:
    clock = HandClock(NOW)

    async def scene(store: MetadataStore) -> None:
        times = []
        for clock.time in (NOW, NOW + 5, NOW - 3_600_000_000, NOW + 4, NOW + 7):
            times.append((await store.commit(apply(Announce("put", 1)))).time)
        assert times == [NOW, NOW + 5, NOW + 5, NOW + 5, NOW + 7]

    play(scene, clock=clock)


def test_lock_time_never_goes_back(play: Play) -> None:
    clock = HandClock(NOW)

    async def scene(store: MetadataStore) -> None:
        times = []
        for clock.time in (NOW, NOW - 3_600_000_000, NOW + 7):
            times.append((await store.commit(apply(Announce("put", 1)))).lock_time)
        assert times == sorted(times)

    play(scene, clock=clock)


@on_every_store
async def test_a_rejection_raises_its_reason_and_leaves_nothing(store: MetadataStore) -> None:
    await store.commit(apply(SetConfiguration(1, "count", b"0")))
    before = (store.sequence, store.generation)
    reason = DeliberateError("no")
    with pytest.raises(DeliberateError) as raised:
        await store.commit(refuse(reason))
    assert raised.value is reason
    assert (store.sequence, store.generation) == before
    assert (await store.commit(apply())).sequence == before[0] + 1


@on_every_store
async def test_a_rejection_may_rest_on_what_was_read(store: MetadataStore) -> None:
    name = BucketNamed("one")

    def create(number: int) -> Ask[int]:
        return Ask(
            (name,),
            lambda rows, moment: (
                Rejected(DeliberateError()) if rows.of(name) else Decided(number, [PutBucket(bucket(number, "one"))])
            ),
        )

    answers = await asyncio.gather(*(store.commit(create(number)) for number in range(1, 65)), return_exceptions=True)
    winners = [answer for answer in answers if isinstance(answer, int)]
    assert len(winners) == 1
    assert sum(isinstance(answer, DeliberateError) for answer in answers) == 63
    assert await store.fetch(name) == bucket(winners[0], "one")


FAILURES: dict[str, Change[None]] = {
    "reads": Fail(),
    "decide": fail_in_decide(),
    "effects": fail_after(
        PutBucket(bucket(9, "new")),
        PutBucket(bucket(1, "renamed")),
        RemoveBucket(2),
        PutCurrent(version("new")),
        PutCurrent(version("old", 7)),
        RemoveCurrent(1, "gone"),
        PutInline(6, b"new"),
        Tally(1, "one", objects=1),
        Drop("blob", 1),
        ReserveIds(99),
    ),
}


@pytest.mark.parametrize("place", FAILURES)
def test_an_exception_leaves_nothing_of_its_change(play: Play, place: str) -> None:
    async def scene(store: MetadataStore) -> None:
        await store.commit(
            apply(
                PutBucket(bucket(1, "kept")),
                PutBucket(bucket(2, "other")),
                SetConfiguration(2, "tagging", b"blue"),
                PutCurrent(version("old")),
                PutCurrent(version("gone")),
                Tally(1, "one", objects=2),
                ReserveIds(50),
            )
        )
        before = await store.view(whole)
        sequence = store.sequence
        with pytest.raises(DeliberateError):
            await store.commit(FAILURES[place])
        assert await store.view(whole) == before
        assert (store.sequence, store.generation % 2) == (sequence, 0)
        assert (await store.commit(increment())) == 1

    play(scene)


def whole(reader: Reader) -> list[object]:
    """What FAILURES would have changed."""
    return [
        reader.fetch(read)
        for read in (
            BucketsOf("one"),
            BucketNamed("kept"),
            BucketNamed("renamed"),
            BucketWithId(2),
            Configuration(2, "tagging"),
            CurrentRange(1, "", False, "", 100),
            InlineContent(6),
            CountersOf(1),
            CountersOfAccount("one"),
            DroppedBefore(LAST, 100),
            NextId(),
        )
    ]


@on_every_store
async def test_an_exception_does_not_touch_its_siblings(store: MetadataStore) -> None:
    failing: list[Change[Any]] = [Fail(), fail_in_decide(), fail_after(PutBucket(bucket(9, "new")))]
    changes: list[Change[Any]] = [increment() for _ in range(30)]
    for place, change in zip((3, 15, 27), failing, strict=True):
        changes.insert(place, change)
    answers = await asyncio.gather(*map(store.commit, changes), return_exceptions=True)
    assert sorted(answer for answer in answers if isinstance(answer, int)) == list(range(1, 31))
    assert sum(isinstance(answer, DeliberateError) for answer in answers) == 3
    assert await store.fetch(Configuration(1, "count")) == b"30"
    assert await store.fetch(BucketNamed("new")) is None


@on_every_store
async def test_concurrent_commits_each_see_the_ones_before(store: MetadataStore) -> None:
    counts = await asyncio.gather(*(store.commit(increment()) for _ in range(200)))
    assert sorted(counts) == list(range(1, 201))
    assert await store.fetch(Configuration(1, "count")) == b"200"


@on_every_store
async def test_concurrent_commits_see_each_others_totals(store: MetadataStore) -> None:
    totals = CountersOf(1)

    def grow(step: int) -> Ask[int]:
        return Ask((totals,), lambda rows, moment: Decided(rows.of(totals).bytes, [Tally(1, "one", bytes=step)]))

    seen = await asyncio.gather(*(store.commit(grow(10)) for _ in range(100)))
    assert sorted(seen) == [10 * n for n in range(100)]
    assert (await store.fetch(totals)).bytes == 1000


@on_every_store
async def test_cancelling_the_caller_does_not_undo(store: MetadataStore) -> None:
    task = asyncio.create_task(cast("Any", store.commit(increment())))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.wait([task])
    for _ in range(200):
        if await store.fetch(Configuration(1, "count")) is not None:
            break
        await asyncio.sleep(0.01)
    assert await store.commit(increment()) == 2


@on_every_store
async def test_effects_apply_in_order(store: MetadataStore) -> None:
    await store.commit(
        apply(
            PutCurrent(version("a", 1)),
            RemoveCurrent(1, "a"),
            PutCurrent(version("a", 2)),
            SetConfiguration(1, "tagging", b"old"),
            SetConfiguration(1, "tagging", b"new"),
            PutCurrent(version("b", 3)),
            RemoveCurrent(1, "b"),
        )
    )
    assert await store.fetch(Current(1, "a")) == version("a", 2)
    assert await store.fetch(Current(1, "b")) is None
    assert await store.fetch(Configuration(1, "tagging")) == b"new"


KEY = AccessKey("AK", "one", "", b"sealed", NOW)
REFRESHING: list[Effect] = [
    PutBucket(bucket(1, "one")),
    RemoveBucket(1),
    SetConfiguration(1, "tagging", b"blue"),
    PutAccount(Account("one", "1")),
    RemoveAccount("one"),
    PutEntity(Entity("one", "user", "ann", b"1")),
    RemoveEntity("one", "user", "ann"),
    PutLink(Link("one", "member", "ann", "devs")),
    RemoveLink(Link("one", "member", "ann", "devs")),
    PutKey(KEY),
    RemoveKey("AK"),
]


@pytest.mark.parametrize("effect", REFRESHING, ids=lambda effect: type(effect).__name__)
def test_a_refreshing_effect_moves_the_generation(play: Play, effect: Effect) -> None:
    async def scene(store: MetadataStore) -> None:
        before = store.generation
        await store.commit(apply(effect))
        assert store.generation > before
        assert store.generation % 2 == 0

    play(scene)


@on_every_store
async def test_other_effects_leave_the_generation(store: MetadataStore) -> None:
    before = store.generation
    await store.commit(apply(PutCurrent(version("a")), Tally(1, "one", objects=1), Announce("put", 1, "a")))
    assert store.generation == before


@on_every_store
async def test_a_view_sees_one_state(store: MetadataStore) -> None:
    await store.commit(increment(1))
    changed = threading.Event()

    def twice(reader: Reader) -> tuple[bytes | None, bytes | None]:
        first = reader.fetch(Configuration(1, "count"))
        changed.wait(0.2)
        return first, reader.fetch(Configuration(1, "count"))

    async def change() -> None:
        for _ in range(3):
            await store.commit(increment(1))
        changed.set()

    (first, second), _ = await asyncio.gather(store.view(twice), change())
    assert first == second
    assert await store.fetch(Configuration(1, "count")) == b"4"


@on_every_store
async def test_a_view_sees_what_was_committed_before_it(store: MetadataStore) -> None:
    for count in range(1, 20):
        await store.commit(increment())
        assert await store.view(lambda reader: reader.fetch(Configuration(1, "count"))) == b"%d" % count


@on_every_store
async def test_a_view_raises_what_its_question_raises(store: MetadataStore) -> None:
    def question(reader: Reader) -> None:
        raise DeliberateError

    with pytest.raises(DeliberateError):
        await store.view(question)
    assert await store.view(lambda reader: reader.fetch(NextId())) == 1


def test_blobs_of_a_decided_change_are_synced_and_kept(play: Play) -> None:
    ledger = Ledger()

    async def scene(store: MetadataStore) -> None:
        seen = await store.commit(Ask((), lambda rows, moment: Decided(list(ledger.lines)), blobs=(4096, 4097)))
        assert sorted(seen) == [("sync", 4096), ("sync", 4097)]

    play(scene, blobs=ledger)
    assert sorted(ledger.lines) == [("sync", 4096), ("sync", 4097)]


@pytest.mark.parametrize(
    "change",
    [
        refuse(DeliberateError(), blobs=(4097,)),
        Fail(blobs=(4097,)),
        fail_in_decide(blobs=(4097,)),
        fail_after(NameBlob(4097), blobs=(4097,)),
    ],
    ids=["rejected", "reads", "decide", "effects"],
)
def test_blobs_of_a_change_that_was_not_applied_are_unlinked(play: Play, change: Change[None]) -> None:
    ledger = Ledger()

    async def scene(store: MetadataStore) -> None:
        with pytest.raises(DeliberateError):
            await store.commit(change)
        await store.commit(apply(NameBlob(4098), blobs=(4098,)))
        assert not await store.fetch(BlobNamed(4097))

    play(scene, blobs=ledger)
    assert [blob for deed, blob in ledger.lines if deed == "unlink"] == [4097]


# Buckets


@on_every_store
async def test_a_bucket_is_found_by_name_and_id(store: MetadataStore) -> None:
    one = bucket(5, "one", region="eu-west-1", versioning=Versioning.ENABLED)
    await store.commit(apply(PutBucket(one)))
    assert await store.fetch(BucketNamed("one")) == one
    assert await store.fetch(BucketWithId(5)) == one
    assert await store.fetch(BucketNamed("ONE")) is None
    assert await store.fetch(BucketWithId(6)) is None


@on_every_store
async def test_put_bucket_replaces(store: MetadataStore) -> None:
    await store.commit(apply(PutBucket(bucket(5, "one"))))
    suspended = bucket(5, "one", versioning=Versioning.SUSPENDED)
    await store.commit(apply(PutBucket(suspended)))
    assert await store.fetch(BucketNamed("one")) == suspended
    assert await store.fetch(BucketsOf("one")) == [suspended]
    renamed = bucket(5, "two")
    await store.commit(apply(PutBucket(renamed)))
    assert await store.fetch(BucketNamed("one")) is None
    assert await store.fetch(BucketsOf("one")) == [renamed]


@on_every_store
async def test_remove_bucket_takes_configurations_and_counters_with_it(store: MetadataStore) -> None:
    await store.commit(
        apply(
            PutBucket(bucket(1, "one")),
            PutBucket(bucket(2, "two")),
            *(SetConfiguration(number, kind, b"x") for number in (1, 2) for kind in ("tagging", "versioning")),
            *(Tally(number, "one", uploads=1) for number in (1, 2)),
        )
    )
    await store.commit(apply(Tally(1, "one", uploads=-1, objects=3), RemoveBucket(1)))
    assert await store.fetch(BucketNamed("one")) is None
    assert await store.fetch(BucketWithId(1)) is None
    assert await store.fetch(Configuration(1, "tagging")) is None
    assert await store.fetch(Configuration(1, "versioning")) is None
    assert await store.fetch(CountersOf(1)) == Counters()
    assert await store.fetch(CountersOf(2)) == Counters(uploads=1)
    assert await store.fetch(CountersOfAccount("one")) == Counters(objects=3, uploads=1)
    assert await store.fetch(Configuration(2, "tagging")) == b"x"
    assert await store.fetch(BucketNamed("two")) == bucket(2, "two")


@on_every_store
async def test_a_name_can_be_taken_again_by_another_bucket(store: MetadataStore) -> None:
    await store.commit(apply(PutBucket(bucket(1, "one"))))
    await store.commit(apply(RemoveBucket(1), PutBucket(bucket(2, "one"))))
    assert await store.fetch(BucketNamed("one")) == bucket(2, "one")
    assert await store.fetch(BucketWithId(1)) is None


NAMES = ["apple", "apple-pie", "applf", "apply", "banana", "b.c", "zoo"]


@pytest.mark.parametrize(
    ("read", "names"),
    [
        (BucketsOf("one"), ["apple", "apple-pie", "applf", "apply", "b.c", "banana", "zoo"]),
        (BucketsOf("one", prefix="apple"), ["apple", "apple-pie"]),
        (BucketsOf("one", after="apple"), ["apple-pie", "applf", "apply", "b.c", "banana", "zoo"]),
        (BucketsOf("one", after="apple-p"), ["apple-pie", "applf", "apply", "b.c", "banana", "zoo"]),
        (BucketsOf("one", after="apple", prefix="appl", limit=2), ["apple-pie", "applf"]),
        (BucketsOf("one", after="b", prefix="a"), []),
        (BucketsOf("one", limit=3), ["apple", "apple-pie", "applf"]),
        (BucketsOf("one", limit=0), []),
        (BucketsOf("one", after="zoo"), []),
        (BucketsOf("one", region="eu-west-1"), ["banana"]),
        (BucketsOf("one", prefix="a", region="eu-west-1"), []),
        (BucketsOf("one", prefix="a_"), []),
        (BucketsOf("one", prefix="%"), []),
        (BucketsOf("one", prefix="A"), []),
        (BucketsOf("two"), ["other"]),
        (BucketsOf("three"), []),
    ],
    ids=repr,
)
def test_buckets_of_an_account(play: Play, read: BucketsOf, names: list[str]) -> None:
    async def scene(store: MetadataStore) -> None:
        regions = {"banana": "eu-west-1"}
        rows = [bucket(n, name, region=regions.get(name, "us-east-1")) for n, name in enumerate(NAMES, 1)]
        await store.commit(apply(*map(PutBucket, rows), PutBucket(bucket(99, "other", "two"))))
        assert [found.name for found in await store.fetch(read)] == names

    play(scene)


@on_every_store
async def test_a_bucket_holds_versions_and_markers(store: MetadataStore) -> None:
    async def holds() -> list[bool]:
        return [await store.fetch(BucketHolds(number)) for number in (1, 2, 3)]

    assert await holds() == [False, False, False]
    await store.commit(apply(PutCurrent(version("a", bucket=1)), PutHistory(version("m", 2, bucket=3, marker=True))))
    assert await holds() == [True, False, True]
    await store.commit(apply(RemoveCurrent(1, "a"), RemoveHistory(3, "m", 2)))
    assert await holds() == [False, False, False]


@on_every_store
async def test_configurations_are_kept_as_stored_until_removed(store: MetadataStore) -> None:
    document = bytes(range(256))
    await store.commit(apply(SetConfiguration(1, "tagging", document), SetConfiguration(1, "empty", b"")))
    assert await store.fetch(Configuration(1, "tagging")) == document
    assert await store.fetch(Configuration(1, "empty")) == b""
    assert await store.fetch(Configuration(2, "tagging")) is None
    await store.commit(apply(SetConfiguration(1, "tagging", None), SetConfiguration(1, "never", None)))
    assert await store.fetch(Configuration(1, "tagging")) is None
    assert await store.fetch(Configuration(1, "empty")) == b""


@on_every_store
async def test_tallies_add_up_for_bucket_and_account(store: MetadataStore) -> None:
    assert await store.fetch(CountersOf(1)) == Counters()
    assert await store.fetch(CountersOfAccount("one")) == Counters()
    await store.commit(apply(Tally(1, "one", 1, 2, 2**40, 3, 9), Tally(1, "one", objects=1)))
    await store.commit(apply(Tally(2, "one", versions=5), Tally(3, "two", bytes=7)))
    await store.commit(apply(Tally(1, "one", bytes=-(2**40), uploads=-1)))
    assert await store.fetch(CountersOf(1)) == Counters(2, 2, 0, 2, 9)
    assert await store.fetch(CountersOf(2)) == Counters(versions=5)
    assert await store.fetch(CountersOfAccount("one")) == Counters(2, 7, 0, 2, 9)
    assert await store.fetch(CountersOfAccount("two")) == Counters(bytes=7)


# Versions

FULL = version(
    "full",
    2**40,
    "v" * 1024,
    listing=Listing("0123-7", 5 * 2**40, NOW + 1, "GLACIER", "SHA256", COMPOSITE),
    record=Record(
        headers={"content-type": "text/plain; charset=utf-8", "cache-control": ""},
        metadata={"name": "Zoë 👩‍👩‍👧", "empty": ""},
        tags={"k=&": "v+ /", "": "x"},
        checksum=Checksum("SHA256", "abc=-7", COMPOSITE),
        parts=7,
    ),
    body=2**53 + 1,
    noncurrent_since=NOW + 2,
)
FOREIGN = version("foreign", record=Record(owner="222222222222"))
LISTED = version("listed", record=Record(acl=canned("public-read", "f" * 64, "f" * 64)))
WRITTEN = version("written", record=Record(tags={"a": "b"}, owner="two", acl=canned("bucket-owner-read", "two", "one")))


@pytest.mark.parametrize(
    "row",
    [
        FULL,
        version("blob", blob=2**52 + 5),
        version("inline", inline=2**53 + 7),
        version("none"),
        version("m", marker=True),
        FOREIGN,
        LISTED,
        WRITTEN,
    ],
    ids=lambda row: row.key,
)
def test_versions_come_back_as_they_went_in(play: Play, row: Version) -> None:
    async def scene(store: MetadataStore) -> None:
        put, get = (PutHistory, NewestHistory) if row.marker else (PutCurrent, Current)
        await store.commit(apply(put(row)))
        assert await store.fetch(get(1, row.key)) == row
        assert await store.fetch(WithVersionId(1, row.key, row.version_id)) == row
        assert [found for _, found in await store.fetch(RowsOf("history" if row.marker else "current", None, 9))] == [
            row
        ]

    play(scene)


@on_every_store
async def test_put_current_replaces(store: MetadataStore) -> None:
    await store.commit(apply(PutCurrent(version("a", 1)), PutCurrent(version("b", 2))))
    await store.commit(apply(PutCurrent(version("a", 3, "id"))))
    assert await store.fetch(Current(1, "a")) == version("a", 3, "id")
    assert await store.fetch(WithVersionId(1, "a", "null")) is None
    assert await keys_between(store) == ["a", "b"]


@on_every_store
async def test_put_history_replaces_the_same_sequence(store: MetadataStore) -> None:
    await store.commit(apply(PutHistory(version("a", 1)), PutHistory(version("a", 2))))
    demoted = version("a", 1, noncurrent_since=NOW)
    await store.commit(apply(PutHistory(demoted)))
    assert await store.fetch(NewestHistory(1, "a", before=2)) == demoted
    assert await versions_between(store) == [("a", 2), ("a", 1)]


@on_every_store
async def test_current_and_history_are_apart(store: MetadataStore) -> None:
    await store.commit(apply(PutCurrent(version("a", 2)), PutHistory(version("b", 1, marker=True))))
    assert await store.fetch(Current(1, "b")) is None
    assert await store.fetch(NewestHistory(1, "a")) is None
    assert await keys_between(store) == ["a"]
    assert await versions_between(store) == [("a", 2), ("b", 1)]


@on_every_store
async def test_buckets_do_not_mix(store: MetadataStore) -> None:
    await store.commit(apply(*(put(version("a", n, bucket=n)) for n in (1, 2, 3) for put in (PutCurrent, PutHistory))))
    assert await store.fetch(Current(2, "a")) == version("a", 2, bucket=2)
    assert await store.fetch(CurrentRange(2, "", False, "", 9)) == [shown(version("a", 2, bucket=2))]
    assert [row.sequence for row in await store.fetch(VersionRange(2, "", LAST, "", 9))] == [2, 2]
    await store.commit(apply(RemoveCurrent(2, "a"), RemoveHistory(2, "a", 2)))
    assert await store.fetch(Current(3, "a")) == version("a", 3, bucket=3)
    assert not await store.fetch(BucketHolds(2))


@on_every_store
async def test_content_comes_with_its_version(store: MetadataStore) -> None:
    now, then, far = version("a", 3, "now", inline=7), version("a", 2, "then", inline=8), version("f", 1, "far", blob=9)
    await store.commit(
        apply(
            PutCurrent(now),
            PutHistory(then),
            PutCurrent(far),
            PutInline(7, b"now\0" * 999),
            PutInline(8, b""),
        )
    )
    assert await store.fetch(CurrentContent(1, "a")) == Fetched(now, b"now\0" * 999)
    assert await store.fetch(WithVersionIdContent(1, "a", "now")) == Fetched(now, b"now\0" * 999)
    assert await store.fetch(WithVersionIdContent(1, "a", "then")) == Fetched(then, b"")
    assert await store.fetch(CurrentContent(1, "f")) == Fetched(far, None)
    assert await store.fetch(WithVersionIdContent(1, "f", "far")) == Fetched(far, None)
    assert await store.fetch(CurrentContent(1, "x")) is None
    assert await store.fetch(WithVersionIdContent(1, "a", "far")) is None


@on_every_store
async def test_what_is_at_hand_is_what_is_there(store: MetadataStore) -> None:
    assert store.at_hand(1, "a", content=True) is None
    for number, content in ((7, b"now"), (8, b"then")):
        newest = version("a", number, f"{number}", inline=number)
        await store.commit(apply(PutCurrent(newest), PutInline(number, content)))
        row = store.at_hand(1, "a", content=False)
        assert row is not None
        assert row.version == newest
        assert store.at_hand(1, "a", content=True) == Fetched(newest, content)
    await store.commit(apply(RemoveCurrent(1, "a")))
    assert store.at_hand(1, "a", content=True) is store.at_hand(1, "a", content=False) is None
    await store.commit(apply(PutCurrent(version("a", 9, inline=9))))
    assert store.at_hand(1, "a", content=True) is None  # it is damaged, as the next test says
    await store.close()
    assert store.at_hand(1, "b", content=False) is None


@on_every_store
async def test_missing_content_is_damage(store: MetadataStore) -> None:
    await store.commit(apply(PutCurrent(version("a", inline=7))))
    with pytest.raises(Damaged):
        await store.fetch(CurrentContent(1, "a"))
    with pytest.raises(Damaged):
        await store.fetch(WithVersionIdContent(1, "a", "null"))
    assert await store.fetch(Current(1, "a")) == version("a", inline=7)


@on_every_store
async def test_a_version_is_found_by_id_in_either_table(store: MetadataStore) -> None:
    now, then, marker = version("a", 9, "now"), version("a", 4, "then"), version("a", 6, "mark", marker=True)
    await store.commit(apply(PutCurrent(now), PutHistory(then), PutHistory(marker), PutCurrent(version("ab", 1, "b"))))
    assert await store.fetch(WithVersionId(1, "a", "now")) == now
    assert await store.fetch(WithVersionId(1, "a", "then")) == then
    assert await store.fetch(WithVersionId(1, "a", "mark")) == marker
    assert await store.fetch(WithVersionId(1, "a", "NOW")) is None
    assert await store.fetch(WithVersionId(1, "a", "b")) is None
    assert await store.fetch(WithVersionId(2, "a", "now")) is None


@on_every_store
async def test_the_newest_of_several_versions_with_one_id_is_found(store: MetadataStore) -> None:
    await store.commit(apply(*(PutHistory(version("a", n, "twin")) for n in (1, 3, 2))))
    assert await store.fetch(WithVersionId(1, "a", "twin")) == version("a", 3, "twin")
    await store.commit(apply(PutCurrent(version("a", 4, "twin"))))
    assert await store.fetch(WithVersionId(1, "a", "twin")) == version("a", 4, "twin")


@on_every_store
async def test_newest_history_below_a_sequence(store: MetadataStore) -> None:
    await store.commit(apply(*(PutHistory(version(key, n)) for key in ("a", "a\x01", "b") for n in (2, 5, 8))))
    found = {before: await store.fetch(NewestHistory(1, "a", before)) for before in (LAST, 9, 8, 6, 5, 3, 2, 1, 0)}
    sequences = {before: row and row.sequence for before, row in found.items()}
    assert sequences == {LAST: 8, 9: 8, 8: 5, 6: 5, 5: 2, 3: 2, 2: None, 1: None, 0: None}
    assert await store.fetch(NewestHistory(1, "")) is None


@on_every_store
async def test_null_history_is_the_null_version(store: MetadataStore) -> None:
    null = version("a", 3, "null", marker=True)
    await store.commit(apply(PutHistory(version("a", 5, "x")), PutHistory(version("b", 1, "null"))))
    assert await store.fetch(NullHistory(1, "a")) is None
    await store.commit(apply(PutHistory(null), PutCurrent(version("a", 9, "null"))))
    assert await store.fetch(NullHistory(1, "a")) == null
    await store.commit(apply(RemoveHistory(1, "a", 3)))
    assert await store.fetch(NullHistory(1, "a")) is None


# Ranges of versions


@pytest.mark.parametrize(
    ("asked", "keys"),
    [
        ({}, ["a", "a/b", "a/c", "b", "c"]),
        ({"start": "a/b"}, ["a/b", "a/c", "b", "c"]),
        ({"start": "a/b", "after": True}, ["a/c", "b", "c"]),
        ({"start": "a/bb"}, ["a/c", "b", "c"]),
        ({"start": "a/bb", "after": True}, ["a/c", "b", "c"]),
        ({"start": "", "after": True}, ["a", "a/b", "a/c", "b", "c"]),
        ({"stop": "b"}, ["a", "a/b", "a/c"]),
        ({"start": "a/", "stop": "a0"}, ["a/b", "a/c"]),
        ({"start": "b", "stop": "b"}, []),
        ({"start": "c", "stop": "a"}, []),
        ({"start": "c", "after": True}, []),
        ({"limit": 2}, ["a", "a/b"]),
        ({"start": "a", "after": True, "stop": "c", "limit": 2}, ["a/b", "a/c"]),
        ({"limit": 0}, []),
    ],
    ids=str,
)
def test_current_range(play: Play, asked: dict[str, Any], keys: list[str]) -> None:
    async def scene(store: MetadataStore) -> None:
        await store.commit(apply(*(PutCurrent(version(key)) for key in ("c", "a/b", "a", "b", "a/c"))))
        await store.commit(apply(*(PutCurrent(version(key, bucket=n)) for n in (0, 2) for key in ("\x01", "a", "z"))))
        assert await keys_between(store, **asked) == keys

    play(scene)


@pytest.mark.parametrize(
    ("asked", "rows"),
    [
        ({}, ["a9", "a5", "a2", "b4", "c8", "c1"]),
        ({"start": "a", "before": LAST}, ["a9", "a5", "a2", "b4", "c8", "c1"]),
        ({"start": "a", "before": 9}, ["a5", "a2", "b4", "c8", "c1"]),
        ({"start": "a", "before": 7}, ["a5", "a2", "b4", "c8", "c1"]),
        ({"start": "a", "before": 2}, ["b4", "c8", "c1"]),
        ({"start": "a", "before": 0}, ["b4", "c8", "c1"]),
        ({"start": "aa", "before": 0}, ["b4", "c8", "c1"]),
        ({"start": "b", "before": LAST}, ["b4", "c8", "c1"]),
        ({"start": "c", "before": 8}, ["c1"]),
        ({"start": "c", "before": 0}, []),
        ({"stop": "c"}, ["a9", "a5", "a2", "b4"]),
        ({"start": "a", "before": 6, "stop": "b"}, ["a5", "a2"]),
        ({"start": "a", "before": 6, "limit": 3}, ["a5", "a2", "b4"]),
        ({"start": "b", "stop": "a"}, []),
        ({"limit": 0}, []),
    ],
    ids=str,
)
def test_version_range(play: Play, asked: dict[str, Any], rows: list[str]) -> None:
    async def scene(store: MetadataStore) -> None:
        there = [("c", 1), ("a", 2), ("b", 4), ("a", 5)]
        await store.commit(apply(*(PutHistory(version(key, n)) for key, n in there)))
        await store.commit(apply(PutCurrent(version("a", 9)), PutCurrent(version("c", 8))))
        await store.commit(apply(*(PutHistory(version("a", 5, bucket=n)) for n in (0, 2))))
        assert [f"{key}{n}" for key, n in await versions_between(store, **asked)] == rows

    play(scene)


FOLDERS = ["a", "b/1", "b/2", "b/2/3", "c/1", "d-4/", "d-4/5", "e", "f/1", "g😀/1", "g😀/2", "h"]


@pytest.mark.parametrize(
    ("asked", "prefixes"),
    [
        ({}, []),
        ({"start": "b"}, ["b/", "c/", "d-4/"]),
        ({"start": "b/2"}, ["b/", "c/", "d-4/"]),
        ({"start": "b0"}, ["c/", "d-4/"]),
        ({"start": "b", "limit": 2}, ["b/", "c/"]),
        ({"start": "b", "limit": 0}, []),
        ({"start": "b", "stop": "c"}, ["b/"]),
        ({"start": "e"}, []),
        ({"start": "f"}, ["f/", "g😀/"]),
        ({"start": "g"}, ["g😀/"]),
        ({"start": "h0"}, []),
        ({"start": "b/", "stop": "b0", "prefix": "b/"}, []),
        ({"start": "b/2/", "stop": "b0", "prefix": "b/"}, ["b/2/"]),
        ({"start": "g😀", "stop": "h", "prefix": "g😀"}, ["g😀/"]),
        ({"start": "d", "stop": "e", "delimiter": "-"}, ["d-"]),
        ({"start": "c", "delimiter": "-"}, []),
        ({"start": "c", "delimiter": "4/"}, []),
        ({"start": "d", "delimiter": "4/"}, ["d-4/"]),
        ({"start": "g", "delimiter": "😀/"}, ["g😀/"]),
    ],
    ids=str,
)
def test_common_prefixes(play: Play, asked: dict[str, Any], prefixes: list[str]) -> None:
    """What ends a line may be a delimiter too: keys alone count."""

    async def scene(store: MetadataStore) -> None:
        await store.commit(apply(*(PutCurrent(version(key, bucket=n)) for n in (1, 2) for key in (*FOLDERS, f"{n}/"))))
        read = {"bucket": 1, "prefix": "", "delimiter": "/", "start": "a", "stop": "", "limit": 9} | asked
        assert await store.fetch(CommonPrefixes(**read)) == prefixes

    play(scene)


@pytest.mark.parametrize("odd", ["\5\5\5\5\5\5\5\5\6", "a\5\5\5\5\5\5\5\5\6b", "\1\2\3\4\x0b", "\5\6\5", "\x1f" * 9])
def test_keys_may_have_what_rows_are_made_with(play: Play, odd: str) -> None:
    async def scene(store: MetadataStore) -> None:
        stored = [version(key) for key in sorted((odd, odd + odd, odd + "/", "a", "b"), key=utf8)]
        await store.commit(apply(*map(PutCurrent, stored)))
        assert await store.fetch(CurrentRange(1, "", False, "", 9)) == list(map(shown, stored))
        for row in stored:
            assert await store.fetch(CurrentRange(1, row.key, False, "", 1)) == [shown(row)]
        assert await store.fetch(VersionRange(1, "", LAST, "", 9)) == list(map(listed, stored))

    play(scene)


@on_every_store
async def test_ranges_show_lines(store: MetadataStore) -> None:
    newest = version("a", 3, "id", listing=listing(size=9, etag="e-2", checksum_algorithm="CRC32"), body=5)
    marker = version("a", 2, "mark", marker=True)
    await store.commit(apply(PutCurrent(newest), PutHistory(marker)))
    assert await store.fetch(CurrentRange(1, "", False, "", 9)) == [shown(newest)]
    assert await store.fetch(VersionRange(1, "", LAST, "", 9)) == [listed(newest), listed(marker)]


@on_every_store
async def test_odd_keys_keep_their_text_and_order(store: MetadataStore) -> None:
    await store.commit(
        apply(*(put(version(key, n)) for n, key in enumerate(ODD_KEYS, 1) for put in (PutCurrent, PutHistory)))
    )
    for n, key in enumerate(ODD_KEYS, 1):
        assert await store.fetch(Current(1, key)) == version(key, n)
        assert await store.fetch(WithVersionId(1, key, "null")) == version(key, n)
    assert await keys_between(store) == sorted(ODD_KEYS, key=utf8)
    assert [key for key, _ in await versions_between(store)] == sorted(ODD_KEYS * 2, key=utf8)


@on_every_store
async def test_astral_characters_come_after_all_others(store: MetadataStore) -> None:
    await store.commit(apply(*(PutCurrent(version(key)) for key in (ASTRAL, BEFORE_ASTRAL, "\ud7ff", "\U0010ffff"))))
    assert await keys_between(store) == ["\ud7ff", BEFORE_ASTRAL, ASTRAL, "\U0010ffff"]
    assert await keys_between(store, BEFORE_ASTRAL, after=True) == [ASTRAL, "\U0010ffff"]
    assert await keys_between(store, stop=ASTRAL) == ["\ud7ff", BEFORE_ASTRAL]


@on_every_store
async def test_ranges_agree_with_a_sorted_list(store: MetadataStore) -> None:
    chance = random.Random(7)
    alphabet = ["a", "b", "/", "\x01", "\x7f", "é", BEFORE_ASTRAL, ASTRAL]
    words = ["".join(chance.choices(alphabet, k=chance.randrange(1, 6))) for _ in range(400)]
    there = sorted(set(words[:250]), key=utf8)
    await store.commit(apply(*(PutCurrent(version(key)) for key in chance.sample(there, len(there)))))
    for _ in range(60):
        start, stop = chance.choice(words), chance.choice(["", *words])
        after, limit = chance.random() < 0.5, chance.randrange(1, 60)
        from_start = [key for key in there if utf8(key) > utf8(start) or (key == start and not after)]
        expected = [key for key in from_start if not stop or utf8(key) < utf8(stop)]
        assert await keys_between(store, start, stop, after=after, limit=limit) == expected[:limit]


# Bytes


@on_every_store
async def test_references_are_one_unless_counted(store: MetadataStore) -> None:
    assert await store.fetch(References("blob", 5)) == 1
    await store.commit(apply(SetReferences("blob", 5, 2), SetReferences("inline", 5, 9)))
    await store.commit(apply(SetReferences("blob", 5, 3)))
    assert await store.fetch(References("blob", 5)) == 3
    assert await store.fetch(References("inline", 5)) == 9
    assert await store.fetch(References("body", 5)) == 1
    await store.commit(apply(SetReferences("blob", 5, 1), SetReferences("inline", 5, 0)))
    assert await store.fetch(References("blob", 5)) == 1
    assert await store.fetch(References("inline", 5)) == 1


@on_every_store
async def test_inline_bytes_are_kept_until_removed(store: MetadataStore) -> None:
    content = random.Random(1).randbytes(200_000)
    await store.commit(apply(PutInline(5, content), PutInline(6, b"")))
    assert await store.fetch(InlineContent(5)) == content
    assert await store.fetch(InlineContent(6)) == b""
    assert await store.fetch(InlineContent(7)) is None
    await store.commit(apply(RemoveInline(5)))
    assert await store.fetch(InlineContent(5)) is None
    assert await store.fetch(InlineContent(6)) == b""


@on_every_store
async def test_blobs_are_named_until_forgotten(store: MetadataStore) -> None:
    await store.commit(apply(*(NameBlob(blob) for blob in (4096, 4099, 8191, 8192, 2**52))))
    assert await store.fetch(BlobNamed(4099))
    assert not await store.fetch(BlobNamed(4098))
    assert await store.fetch(BlobsBetween(4096, 8192, 100)) == [4096, 4099, 8191]
    assert await store.fetch(BlobsBetween(4097, 2**52, 2)) == [4099, 8191]
    assert await store.fetch(BlobsBetween(8192, 2**53, 100)) == [8192, 2**52]
    assert await store.fetch(BlobsBetween(4096, 4096, 100)) == []
    await store.commit(apply(ForgetBlobs((4099, 8192, 7777))))
    assert await store.fetch(BlobsBetween(0, LAST, 100)) == [4096, 8191, 2**52]


@on_every_store
async def test_epochs_open_and_seal(store: MetadataStore) -> None:
    assert await store.fetch(LastEpoch()) == 0
    assert await store.fetch(UnsealedEpochs()) == []
    await store.commit(apply(OpenEpoch(1), OpenEpoch(3), OpenEpoch(2)))
    await store.commit(apply(SealEpoch(3)))
    assert await store.fetch(LastEpoch()) == 3
    assert await store.fetch(UnsealedEpochs()) == [Epoch(1, sealed=False), Epoch(2, sealed=False)]


@on_every_store
async def test_what_is_dropped_bears_its_commit(store: MetadataStore) -> None:
    first = (await store.commit(apply(Drop("blob", 5), Drop("inline", 2**50)))).sequence
    second = (await store.commit(apply(Drop("body", 7)))).sequence
    everything = await store.fetch(DroppedBefore(LAST, 100))
    assert [(row.sequence, row.kind, row.target) for row in everything] == [
        (first, "blob", 5),
        (first, "inline", 2**50),
        (second, "body", 7),
    ]
    assert await store.fetch(DroppedBefore(first, 100)) == []
    assert await store.fetch(DroppedBefore(second, 100)) == everything[:2]
    assert await store.fetch(DroppedBefore(second + 1, 100)) == everything
    assert await store.fetch(DroppedBefore(LAST, 1)) == everything[:1]
    await store.commit(apply(ForgetDropped((everything[0].id, everything[2].id))))
    assert await store.fetch(DroppedBefore(LAST, 100)) == everything[1:2]


# Multipart


@on_every_store
async def test_an_upload_is_found_by_its_ids(store: MetadataStore) -> None:
    row = upload(5, "k", "up")._replace(
        changed=3, checksum_algorithm="SHA256", checksum_type=COMPOSITE, record=FULL.record
    )
    await store.commit(apply(PutUpload(row)))
    assert await store.fetch(UploadWithId("up")) == row
    assert await store.fetch(BodyWithId(5)) == row
    assert await store.fetch(UploadWithId("UP")) is None
    assert await store.fetch(BodyWithId(6)) is None
    await store.commit(apply(RemoveUpload(5)))
    assert await store.fetch(UploadWithId("up")) is None
    assert await store.fetch(BodyWithId(5)) is None
    assert await store.fetch(OpenUploads(1, "", "", False, "", 9)) == []


@on_every_store
async def test_touching_an_upload_stamps_the_commit(store: MetadataStore) -> None:
    await store.commit(apply(PutUpload(upload(5, "k", "up")), PutUpload(upload(6, "k", "uq"))))
    moment = await store.commit(apply(TouchUpload(5)))
    touched = upload(5, "k", "up")._replace(changed=moment.sequence)
    assert await store.fetch(UploadWithId("up")) == touched
    assert await store.fetch(BodyWithId(5)) == touched
    assert await store.fetch(OpenUploads(1, "", "", False, "", 9)) == [touched, upload(6, "k", "uq")]


@on_every_store
async def test_a_completed_upload_is_no_longer_listed(store: MetadataStore) -> None:
    completed = Completed(
        "null",
        "etag-2",
        Checksum("CRC64NVME", "AAAA"),
        pack([(1, 5 * 2**20), (7, 5 * 2**40)]),
        b"r" * 32,
    )
    done = upload(5, "k", "up", completed=completed)
    await store.commit(apply(PutUpload(upload(5, "k", "up")), PutUpload(upload(6, "k", "uq"))))
    await store.commit(apply(PutUpload(done)))
    assert await store.fetch(UploadWithId("up")) == done
    assert await store.fetch(BodyWithId(5)) == done
    assert await store.fetch(OpenUploads(1, "", "", False, "", 9)) == [upload(6, "k", "uq")]
    assert [row for _, row in await store.fetch(RowsOf("uploads", None, 9))] == [done, upload(6, "k", "uq")]


UPLOADS = [("a", "1"), ("a", "2"), ("a", "3"), ("a/b", "4"), ("b", "0"), (BEFORE_ASTRAL, "5"), (ASTRAL, "6")]


@pytest.mark.parametrize(
    ("read", "ids"),
    [
        (OpenUploads(1, "", "", False, "", 99), "1234056"),
        (OpenUploads(1, "a", "", False, "", 99), "1234056"),
        (OpenUploads(1, "a", "", True, "", 99), "4056"),
        (OpenUploads(1, "a", "1", False, "", 99), "234056"),
        (OpenUploads(1, "a", "1", True, "", 99), "4056"),
        (OpenUploads(1, "a", "11", False, "", 99), "234056"),
        (OpenUploads(1, "a", "3", False, "", 99), "4056"),
        (OpenUploads(1, "a", "9", False, "", 99), "4056"),
        (OpenUploads(1, "a/", "", False, "", 99), "4056"),
        (OpenUploads(1, "a/b", "9", False, "", 99), "056"),
        (OpenUploads(1, "aa", "9", False, "", 99), "056"),
        (OpenUploads(1, "", "", False, "b", 99), "1234"),
        (OpenUploads(1, "a", "1", False, "a/", 99), "23"),
        (OpenUploads(1, "a", "1", False, "", 3), "234"),
        (OpenUploads(1, "b", "", True, "", 99), "56"),
        (OpenUploads(1, BEFORE_ASTRAL, "", True, "", 99), "6"),
        (OpenUploads(1, ASTRAL, "6", False, "", 99), ""),
        (OpenUploads(1, "", "", False, "", 0), ""),
        (OpenUploads(3, "", "", False, "", 99), ""),
    ],
    ids=ascii,
)
def test_open_uploads(play: Play, read: OpenUploads, ids: str) -> None:
    async def scene(store: MetadataStore) -> None:
        rows = [upload(n, key, upload_id) for n, (key, upload_id) in enumerate(UPLOADS, 1)]
        random.Random(3).shuffle(rows)
        await store.commit(apply(*map(PutUpload, rows), PutUpload(upload(90, "a", "x", bucket=2))))
        assert "".join(row.upload_id for row in await store.fetch(read)) == ids

    play(scene)


def annotation(version: int, name: str) -> Annotation:
    return Annotation(version, name, "etag", 2**20, NOW, 2**50, Checksum("CRC32", "q="))


@on_every_store
async def test_parts_come_by_number(store: MetadataStore) -> None:
    rows = [part(5, number) for number in (10_000, 2, 1, 9, 10)]
    await store.commit(apply(*map(PutPart, rows), PutPart(part(4, 3)), PutPart(part(6, 1))))

    async def numbers(read: Parts) -> list[int]:
        return [row.number for row in await store.fetch(read)]

    assert await numbers(Parts(5)) == [1, 2, 9, 10, 10_000]
    assert await numbers(Parts(5, after=2)) == [9, 10, 10_000]
    assert await numbers(Parts(5, after=3, limit=2)) == [9, 10]
    assert await numbers(Parts(5, after=10_000)) == []
    assert await numbers(Parts(5, limit=0)) == []
    assert await numbers(Parts(7)) == []
    await store.commit(apply(RemoveParts(5, (2, 10, 77))))
    assert await numbers(Parts(5)) == [1, 9, 10_000]
    assert await numbers(Parts(6)) == [1]


@on_every_store
async def test_put_part_replaces(store: MetadataStore) -> None:
    extents = (Extent(inline=True, id=2**50, offset=0, length=5, size=9), Extent(False, 2**40, 7, 2**33, 2**34))
    again = part(5, 1, extents=extents, checksum=Checksum("SHA1", "q="))
    await store.commit(apply(PutPart(part(5, 1)), PutPart(again)))
    assert await store.fetch(PartNumbered(5, 1)) == again
    assert await store.fetch(Parts(5)) == [again]
    assert await store.fetch(PartNumbered(5, 2)) is None


@on_every_store
async def test_annotations_come_by_name(store: MetadataStore) -> None:
    rows = [annotation(5, name) for name in ("a", "a/b", "\uffee", ASTRAL)]
    await store.commit(apply(*map(PutAnnotation, reversed(rows)), PutAnnotation(annotation(6, "a"))))
    assert await store.fetch(Annotations(5)) == rows
    assert await store.fetch(Annotations(5, after="a", limit=2)) == rows[1:3]
    assert await store.fetch(Annotations(7)) == []
    again = rows[0]._replace(etag="e2", checksum=Checksum("SHA1", "q="))
    await store.commit(apply(PutAnnotation(again), RemoveAnnotations(5, (ASTRAL, "a/b", "none"))))
    assert await store.fetch(Annotations(5)) == [again, rows[2]]
    assert await store.fetch(AnnotationNamed(5, "a")) == again
    assert await store.fetch(AnnotationNamed(5, "a/b")) is None
    assert await store.fetch(AnnotationNamed(6, "a")) == annotation(6, "a")


# Who may


@on_every_store
async def test_accounts(store: MetadataStore) -> None:
    rows = [Account(f"{n:012d}", f"canonical {n}", f"Ünï {n}", f"{n}@example.org") for n in range(5)]
    await store.commit(apply(*(PutAccount(row) for row in reversed(rows))))
    assert await store.fetch(AccountWithId(rows[3].id)) == rows[3]
    assert await store.fetch(AccountWithId("none")) is None
    assert await store.fetch(AccountWithCanonicalId("canonical 2")) == rows[2]
    assert await store.fetch(AccountWithEmail("4@example.org")) == rows[4]
    assert await store.fetch(AccountWithCanonicalId("4@example.org")) is None
    assert await store.fetch(AccountWithEmail("canonical 2")) is None
    assert await store.fetch(Accounts()) == rows
    assert await store.fetch(Accounts(after=rows[1].id, limit=2)) == rows[2:4]
    renamed = Account(rows[0].id, rows[0].canonical_id, "new")
    await store.commit(apply(PutAccount(renamed)))
    assert await store.fetch(Accounts(limit=1)) == [renamed]
    await store.commit(apply(RemoveAccount(renamed.id), RemoveAccount("nobody's")))
    assert await store.fetch(AccountWithId(renamed.id)) is None


@on_every_store
async def test_entities(store: MetadataStore) -> None:
    rows = [Entity("one", "user", name, name.encode() * 3) for name in ("ann", "bob", "bob/a", "bob/b", "bobby", "eve")]
    beside = [Entity("one", "group", "ann", b"g"), Entity("two", "user", "bob", b"")]
    await store.commit(apply(*map(PutEntity, reversed(rows)), *map(PutEntity, beside)))
    assert await store.fetch(EntityAt("one", "user", "ann")) == rows[0].document
    assert await store.fetch(EntityAt("one", "group", "ann")) == b"g"
    assert await store.fetch(EntityAt("two", "user", "bob")) == b""
    assert await store.fetch(EntityAt("two", "user", "ann")) is None
    assert await store.fetch(EntityAt("one", "user", "Ann")) is None
    assert await store.fetch(Entities("one", "user")) == rows
    assert await store.fetch(Entities("one", "user", after="bob", limit=2)) == rows[2:4]
    assert await store.fetch(Entities("one", "user", after="bob/", limit=2)) == rows[2:4]
    assert await store.fetch(Entities("one", "user", within="bob/")) == rows[2:4]
    assert await store.fetch(Entities("one", "user", after="bob/a", within="bob/")) == rows[3:4]
    assert await store.fetch(Entities("one", "user", after="c", within="bob/")) == []
    assert await store.fetch(Entities("one", "user", limit=0)) == []
    assert await store.fetch(Entities("one", "use")) == []
    assert await store.fetch(EntityCount("one", "user")) == 6
    assert await store.fetch(EntityCount("two", "group")) == 0
    changed = rows[0]._replace(document=b"new")
    await store.commit(
        apply(PutEntity(changed), RemoveEntity("one", "user", "bob"), RemoveEntity("one", "role", "eve"))
    )
    assert await store.fetch(Entities("one", "user")) == [changed, *rows[2:]]
    assert await store.fetch(Entities("two", "user")) == beside[1:]


@on_every_store
async def test_links(store: MetadataStore) -> None:
    pairs = [("user/ann", "p"), ("user/ann", "q"), ("user/bob", "p"), ("group/x", "p")]
    links = [Link("one", "attached", left, right) for left, right in pairs]
    beside = [Link("one", "boundary", "user/eve", "p"), Link("two", "attached", "user/eve", "p")]
    await store.commit(apply(*map(PutLink, [*links, *beside, links[0]])))
    assert await store.fetch(LinksFrom("one", "attached", "user/ann")) == ["p", "q"]
    assert await store.fetch(LinksFrom("one", "attached", "user/ann", after="p")) == ["q"]
    assert await store.fetch(LinksFrom("one", "attached", "user/ann", limit=1)) == ["p"]
    assert await store.fetch(LinksFrom("one", "attached", "user/an")) == []
    assert await store.fetch(LinksTo("one", "attached", "p")) == ["group/x", "user/ann", "user/bob"]
    assert await store.fetch(LinksTo("one", "attached", "p", within="user/")) == ["user/ann", "user/bob"]
    assert await store.fetch(LinksTo("one", "attached", "p", after="group/x", limit=1)) == ["user/ann"]
    assert await store.fetch(LinksTo("one", "attached", "p", after="user/ann", within="user/")) == ["user/bob"]
    assert await store.fetch(LinkCount("one", "attached", "p")) == 3
    assert await store.fetch(LinkCount("one", "boundary", "p")) == 1
    await store.commit(apply(RemoveLink(links[0]), RemoveLink(links[0])))
    assert await store.fetch(LinksFrom("one", "attached", "user/ann")) == ["q"]
    assert await store.fetch(LinksTo("one", "attached", "p")) == ["group/x", "user/bob"]
    assert await store.fetch(LinksTo("two", "attached", "p")) == ["user/eve"]


@on_every_store
async def test_access_keys(store: MetadataStore) -> None:
    rows = [
        AccessKey("AKA", "one", "", bytes(range(256)), NOW),
        AccessKey("AKB", "one", "", b"", NOW, active=False),
        AccessKey("AKC", "one", "ann", b"c", NOW),
        AccessKey("AKD", "two", "", b"d", NOW),
    ]
    await store.commit(apply(*(PutKey(row) for row in reversed(rows))))
    assert [await store.fetch(KeyWithId(row.access_key)) for row in rows] == rows
    assert await store.fetch(KeyWithId("aka")) is None
    assert await store.fetch(KeysOf("one", "")) == rows[:2]
    assert await store.fetch(KeysOf("one", "ann")) == rows[2:3]
    assert await store.fetch(KeysOf("one", "bob")) == []
    disabled = rows[0]._replace(active=False)
    await store.commit(apply(PutKey(disabled), RemoveKey("AKB")))
    assert await store.fetch(KeysOf("one", "")) == [disabled]
    moved = rows[2]._replace(user="eve")
    await store.commit(apply(PutKey(moved)))
    assert await store.fetch(KeysOf("one", "ann")) == []
    assert await store.fetch(KeysOf("one", "eve")) == [moved]


@on_every_store
async def test_what_was_declared_stays(store: MetadataStore) -> None:
    await store.commit(
        apply(PutBucket(bucket(1, "one")), Declare("bucket", "one", b"{1}"), Declare("user", "one", b"{2}"))
    )
    await store.commit(apply(RemoveBucket(1)))
    assert await store.fetch(Declared("bucket", "one")) == b"{1}"
    assert await store.fetch(Declared("user", "one")) == b"{2}"
    assert await store.fetch(Declared("bucket", "two")) is None
    await store.commit(apply(Declare("bucket", "one", b"{3}")))
    assert await store.fetch(Declared("bucket", "one")) == b"{3}"


# The store itself


@on_every_store
async def test_ids_are_reserved(store: MetadataStore) -> None:
    assert await store.fetch(NextId()) == 1
    next_id = NextId()

    def reserve(count: int) -> Ask[int]:
        return Ask((next_id,), lambda rows, moment: Decided(rows.of(next_id), [ReserveIds(rows.of(next_id) + count)]))

    firsts = await asyncio.gather(*(store.commit(reserve(100)) for _ in range(10)))
    assert sorted(firsts) == [1 + 100 * n for n in range(10)]
    assert await store.fetch(next_id) == 1001


@on_every_store
async def test_removing_what_is_not_there_does_nothing(store: MetadataStore) -> None:
    await store.commit(
        apply(
            RemoveBucket(1),
            RemoveCurrent(1, "a"),
            RemoveHistory(1, "a", 1),
            RemoveInline(1),
            ForgetBlobs((1,)),
            ForgetBlobs(()),
            SetReferences("blob", 1, 1),
            ForgetDropped((1,)),
            ForgetDropped(()),
            SealEpoch(1),
            TouchUpload(1),
            RemoveUpload(1),
            RemoveParts(1, (1,)),
            RemoveEntity("one", "user", "ann"),
            RemoveLink(Link("one", "member", "ann", "devs")),
            RemoveKey("AK"),
        )
    )
    assert await store.fetch(BodyWithId(1)) is None
    assert await store.fetch(LastEpoch()) == 0


ROWS: dict[str, tuple[list[Effect], list[tuple[tuple[Any, ...], Any]]]] = {
    table: (effects, rows)
    for table, effects, rows in (
        (
            "current",
            [PutCurrent(version(key, bucket=n)) for n in (2, 1) for key in (ASTRAL, "b", "a")],
            [((n, key), version(key, bucket=n)) for n in (1, 2) for key in ("a", "b", ASTRAL)],
        ),
        (
            "history",
            [PutHistory(version(key, n)) for key in ("b", "a") for n in (1, 2, 3)],
            [((1, key, -n), version(key, n)) for key in ("a", "b") for n in (3, 2, 1)],
        ),
        ("inline", [PutInline(n, bytes(n)) for n in (70_000, 9, 0)], [((n,), n) for n in (0, 9, 70_000)]),
        ("files", [NameBlob(n) for n in (4097, 2**52, 4096)], [((n,), n) for n in (4096, 4097, 2**52)]),
        (
            "epochs",
            [OpenEpoch(1), OpenEpoch(2), OpenEpoch(3), SealEpoch(2)],
            [((n,), Epoch(n, n == 2)) for n in (1, 2, 3)],
        ),
        (
            "reference_counts",
            [SetReferences(kind, n, n + 2) for kind in ("inline", "blob") for n in (7, 1)],
            [((kind, n), n + 2) for kind in ("blob", "inline") for n in (1, 7)],
        ),
        (
            "dropped",
            [Drop("blob", 7), Drop("inline", 5), Drop("body", 3)],
            [((n,), Dropped(n, 1, kind, 9 - 2 * n)) for n, kind in enumerate(("blob", "inline", "body"), 1)],
        ),
        (
            "uploads",
            [PutUpload(upload(n, "k", f"up{n}")) for n in (7, 2, 5)],
            [((n,), upload(n, "k", f"up{n}")) for n in (2, 5, 7)],
        ),
        (
            "parts",
            [PutPart(part(upload, n)) for upload in (2, 1) for n in (10_000, 1)],
            [((upload, n), part(upload, n)) for upload in (1, 2) for n in (1, 10_000)],
        ),
        (
            "annotations",
            [PutAnnotation(annotation(version, name)) for version in (2, 1) for name in ("b", "a")],
            [((version, name), annotation(version, name)) for version in (1, 2) for name in ("a", "b")],
        ),
        (
            "buckets",
            [PutBucket(bucket(n, f"b{9 - n}")) for n in (3, 1, 2)],
            [((n,), bucket(n, f"b{9 - n}")) for n in (1, 2, 3)],
        ),
        (
            "configurations",
            [SetConfiguration(n, kind, kind.encode()) for n in (2, 1) for kind in ("tagging", "policy")],
            [((n, kind), kind.encode()) for n in (1, 2) for kind in ("policy", "tagging")],
        ),
        (
            "accounts",
            [PutAccount(Account(name, "c")) for name in ("two", "one", ASTRAL)],
            [((name,), Account(name, "c")) for name in ("one", "two", ASTRAL)],
        ),
        (
            "entities",
            [PutEntity(Entity(account, "user", name, b"u")) for account in ("two", "one") for name in ("bob", "ann")],
            [((account, "user", name), b"u") for account in ("one", "two") for name in ("ann", "bob")],
        ),
        (
            "links",
            [PutLink(Link("one", "member", user, group)) for user in ("bob", "ann") for group in ("ops", "devs")],
            [(("one", "member", user, group), group) for user in ("ann", "bob") for group in ("devs", "ops")],
        ),
        (
            "access_keys",
            [PutKey(AccessKey(key, "one", "", b"s", NOW)) for key in ("AKC", "AKA", "AKB")],
            [((key,), AccessKey(key, "one", "", b"s", NOW)) for key in ("AKA", "AKB", "AKC")],
        ),
        (
            "declared",
            [Declare(kind, name, b"{}") for kind in ("user", "bucket") for name in ("two", "one")],
            [((kind, name), b"{}") for kind in ("bucket", "user") for name in ("one", "two")],
        ),
    )
}


@pytest.mark.parametrize("table", ROWS)
def test_all_rows_of_a_table_come_in_pages(play: Play, table: str) -> None:
    effects, rows = ROWS[table]

    async def scene(store: MetadataStore) -> None:
        assert await store.fetch(RowsOf(table, None, 2)) == []
        await store.commit(apply(*effects))
        found: list[Any] = []
        after = None
        for _ in rows:
            page = await store.fetch(RowsOf(table, after, 2))
            if not page:
                break
            assert len(page) <= 2
            after = page[-1][0]
            found += page
        assert found == rows
        assert await store.fetch(RowsOf(table, after, 2)) == []

    play(scene)
