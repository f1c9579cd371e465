"""What reports mean, on every adapter."""

from __future__ import annotations

from tests.support.changes import apply
from tests.support.scenes import on_every_store

from trug.domain.identity import DEFAULT_ACCOUNT, Account, canonical_id_of
from trug.domain.versioning import Versioning
from trug.ports.effects import PutAccount, PutBucket, RemoveBucket, Tally
from trug.ports.reports import AccountSummary, BucketSummary
from trug.ports.rows import Bucket, Counters
from trug.ports.stores import MetadataStore

ANA = Account("111111111111", "ana's", "Ana", "ana@example.com")
BEN = Account("222222222222", "ben's")
DEFAULT = Account(DEFAULT_ACCOUNT, canonical_id_of(DEFAULT_ACCOUNT))
# UTF-8 puts the second after the first; UTF-16 would not.
BUCKETS = [
    Bucket(1, "b", ANA.id, "us-east-1", 5),
    Bucket(2, "a", BEN.id, "eu-west-1", 6, Versioning.SUSPENDED),
    Bucket(3, "\uffee", ANA.id, "us-east-1", 7, Versioning.ENABLED),
    Bucket(4, "\U00010000", ANA.id, "us-east-1", 8),
]
B, A, FULL_WIDTH, ASTRAL = BUCKETS
HELD = Counters(objects=1, versions=3, bytes=5_000_000_000_000, uploads=2, current=7)
NONE = Counters()


async def fill(store: MetadataStore) -> None:
    await store.commit(apply(*map(PutBucket, BUCKETS), PutAccount(BEN), PutAccount(ANA)))
    await store.commit(apply(Tally(B.id, ANA.id, *HELD)))


@on_every_store
async def test_buckets_come_by_name_with_their_totals(store: MetadataStore) -> None:
    await fill(store)
    page = await (await store.reports()).bucket_page("", 9)
    assert page == [
        BucketSummary(A, NONE),
        BucketSummary(B, HELD),
        BucketSummary(FULL_WIDTH, NONE),
        BucketSummary(ASTRAL, NONE),
    ]


@on_every_store
async def test_buckets_come_in_pages(store: MetadataStore) -> None:
    await fill(store)
    reports = await store.reports()
    pages = [await reports.bucket_page(after, 2) for after in ("", "b", ASTRAL.name, "aa")]
    assert [[row.bucket for row in page] for page in pages] == [[A, B], [FULL_WIDTH, ASTRAL], [], [B, FULL_WIDTH]]
    assert await reports.bucket_page("", 0) == []


@on_every_store
async def test_buckets_of_one_account(store: MetadataStore) -> None:
    await fill(store)
    reports = await store.reports()
    pages = [await reports.bucket_page(after, 2, account=ANA.id) for after in ("", FULL_WIDTH.name)]
    assert [[row.bucket for row in page] for page in pages] == [[B, FULL_WIDTH], [ASTRAL]]
    assert await reports.bucket_page("", 9, account="nobody") == []


@on_every_store
async def test_each_page_is_the_latest_state(store: MetadataStore) -> None:
    await fill(store)
    reports = await store.reports()
    await store.commit(apply(Tally(B.id, ANA.id, *HELD), RemoveBucket(A.id)))
    (first, *_) = await reports.bucket_page("", 1)
    assert first == BucketSummary(B, Counters._make(2 * count for count in HELD))


@on_every_store
async def test_accounts_come_by_id_with_their_totals(store: MetadataStore) -> None:
    await fill(store)
    reports = await store.reports()
    everybody = [AccountSummary(DEFAULT, NONE), AccountSummary(ANA, HELD), AccountSummary(BEN, NONE)]
    assert await reports.account_page("", 9) == everybody
    assert await reports.account_page("", 2) == everybody[:2]
    assert await reports.account_page(DEFAULT.id, 9) == everybody[1:]
    assert await reports.account_page(ANA.id, 9) == everybody[2:]
    assert await reports.account_page("", 0) == []


@on_every_store
async def test_the_default_account_is_there_once(store: MetadataStore) -> None:
    await store.commit(apply(Tally(7, DEFAULT_ACCOUNT, *HELD)))
    reports = await store.reports()
    assert await reports.account_page("", 9) == [AccountSummary(DEFAULT, HELD)]
    named = Account(DEFAULT.id, DEFAULT.canonical_id, "ours")
    await store.commit(apply(PutAccount(named)))
    assert await reports.account_page("", 9) == [AccountSummary(named, HELD)]
