"""Lists of buckets, accounts and users, page by page."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest
from tests.support.changes import apply
from tests.support.managed import managed_in_memory

from trug.domain.identity import DEFAULT_ACCOUNT, Account, canonical_id_of
from trug.domain.versioning import Versioning
from trug.manage.commands import COMMANDS, Managed, joined
from trug.ports.effects import PutAccount, PutBucket, Tally
from trug.ports.rows import Bucket

ANA = Account("111111111111", "ana's", "Ana", "ana@example.com")
TOTALS = {"objects": 1, "versions": 2, "bytes": 3000, "uploads": 4}
NONE = dict.fromkeys(TOTALS, 0)


async def filled() -> Managed:
    store = managed_in_memory()
    await store.metadata.commit(
        apply(
            PutAccount(ANA),
            PutBucket(Bucket(1, "one", ANA.id, "us-east-1", 1_700_000_000_000_000, Versioning.ENABLED)),
            PutBucket(Bucket(2, "two", DEFAULT_ACCOUNT, "eu-west-1", 1_700_000_000_000_000)),
            Tally(1, ANA.id, *TOTALS.values()),
        )
    )
    return store


def answer_to(command: str, **given: str) -> dict[str, Any]:
    async def run() -> dict[str, Any]:
        return await COMMANDS[command](await filled(), given)

    return asyncio.run(run())


def names(answer: Mapping[str, Any]) -> list[str]:
    return [row["name"] for row in answer["buckets"]]


def test_a_bucket_with_its_totals() -> None:
    assert answer_to("bucket/list", account=ANA.id) == {
        "buckets": [
            {
                "name": "one",
                "account": ANA.id,
                "region": "us-east-1",
                "created": "2023-11-14T22:13:20.000Z",
                "versioning": "Enabled",
                **TOTALS,
            }
        ]
    }


def test_pages_of_buckets() -> None:
    everything = answer_to("bucket/list")
    assert (names(everything), "next" in everything) == (["one", "two"], False)
    first = answer_to("bucket/list", limit="1")
    assert (names(first), first["next"]) == (["one"], "one")
    second = answer_to("bucket/list", limit="1", after="one")
    assert joined(first, second) == {"buckets": everything["buckets"], "next": "two"}
    assert joined(joined(first, second), answer_to("bucket/list", limit="1", after="two")) == everything


def test_a_refused_page_is_the_answer() -> None:
    assert joined(answer_to("bucket/list", limit="1"), {"error": "no"}) == {"error": "no"}


@pytest.mark.parametrize(("limit", "count"), [("0", 1), ("-1", 1), ("", 2), ("99999999999999999999", 2)])
def test_limits_are_kept_in_bounds(limit: str, count: int) -> None:
    assert len(answer_to("bucket/list", limit=limit)["buckets"]) == count


def test_a_limit_that_is_no_number() -> None:
    with pytest.raises(ValueError, match="many"):
        answer_to("account/list", limit="many")


def test_accounts_with_their_totals() -> None:
    ana = {"id": ANA.id, "canonical_id": "ana's", "display_name": "Ana", "email": "ana@example.com", **TOTALS}
    ours = {"id": DEFAULT_ACCOUNT, "canonical_id": canonical_id_of(DEFAULT_ACCOUNT), "display_name": "", "email": ""}
    assert answer_to("account/list") == {"accounts": [{**ours, **NONE}, ana]}
    assert answer_to("account/list", after=DEFAULT_ACCOUNT, limit="1") == {"accounts": [ana], "next": ANA.id}
