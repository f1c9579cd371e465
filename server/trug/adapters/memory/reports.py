"""Reports over the tables in memory."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice, takewhile
from operator import attrgetter

import msgspec

from trug.adapters.memory.table import Table
from trug.domain.filters import Scalar, holds
from trug.domain.frozen import frozen
from trug.domain.identity import DEFAULT_ACCOUNT, Account, canonical_id_of
from trug.domain.item_fields import path_of, scalar_at
from trug.ports.reports import AccountSummary, BucketSummary, ItemQuestion
from trug.ports.rows import Bucket, Counters, Item


@frozen
class MemoryReports:
    """Reports (ports.reports): each page at once, without awaiting."""

    buckets: Table[Bucket]
    bucket_names: Table[int]
    counters: Table[Counters]
    accounts: Table[Account]
    account_counters: Table[Counters]
    items: Table[tuple[Item, str]]

    async def bucket_page(self, after: str, limit: int, *, account: str = "") -> list[BucketSummary]:
        wanted = (bucket for bucket in self._buckets_after(after) if account in ("", bucket.account))
        return [BucketSummary(row, self.counters.find(row.id) or Counters()) for row in islice(wanted, limit)]

    async def account_page(self, after: str, limit: int) -> list[AccountSummary]:
        rows = self._accounts_after(after)
        return [AccountSummary(row, self.account_counters.find(row.id) or Counters()) for row in rows[:limit]]

    async def item_page(self, question: ItemQuestion) -> list[Item]:
        place = (question.account, question.kind)
        rows = takewhile(lambda row: row[0][:2] == place, self.items.since(*place))
        found = [item for item, words in rows if is_found(item, words, question)]
        order = attrgetter(question.sort, "id")
        found.sort(key=order, reverse=question.descending)
        if (mark := question.after) is not None:
            found = [item for item in found if (order(item) < mark if question.descending else order(item) > mark)]
        return found[: question.limit]

    def _buckets_after(self, name: str) -> Iterator[Bucket]:
        found = (self.buckets.find(bucket) for bucket in self.bucket_names.after(name))
        return (bucket for bucket in found if bucket is not None)

    def _accounts_after(self, id: str) -> list[Account]:  # noqa: A002 - what AWS calls it
        rows = list(self.accounts.after(id))
        if id < DEFAULT_ACCOUNT and self.accounts.find(DEFAULT_ACCOUNT) is None:
            rows.append(Account(DEFAULT_ACCOUNT, canonical_id_of(DEFAULT_ACCOUNT)))
        return sorted(rows, key=lambda account: account.id)


def is_found(item: Item, words: str, question: ItemQuestion) -> bool:
    return holds(question.condition, partial(field_of, item), lambda: frozenset(words.split(" ")))


def field_of(item: Item, field: str) -> Scalar | None:
    if field in Item._fields:
        value: Scalar = getattr(item, field)
        return None if field == "expires" and value == 0 else value
    return scalar_at(msgspec.json.decode(item.document), path_of(field))
