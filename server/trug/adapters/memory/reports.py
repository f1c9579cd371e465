"""Reports over the tables in memory."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

from trug.adapters.memory.table import Table
from trug.domain.frozen import frozen
from trug.domain.identity import DEFAULT_ACCOUNT, Account, canonical_id_of
from trug.ports.reports import AccountSummary, BucketSummary
from trug.ports.rows import Bucket, Counters


@frozen
class MemoryReports:
    """Reports (ports.reports): each page at once, without awaiting."""

    buckets: Table[Bucket]
    bucket_names: Table[int]
    counters: Table[Counters]
    accounts: Table[Account]
    account_counters: Table[Counters]

    async def bucket_page(self, after: str, limit: int, *, account: str = "") -> list[BucketSummary]:
        wanted = (bucket for bucket in self._buckets_after(after) if account in ("", bucket.account))
        return [BucketSummary(row, self.counters.find(row.id) or Counters()) for row in islice(wanted, limit)]

    async def account_page(self, after: str, limit: int) -> list[AccountSummary]:
        rows = self._accounts_after(after)
        return [AccountSummary(row, self.account_counters.find(row.id) or Counters()) for row in rows[:limit]]

    def _buckets_after(self, name: str) -> Iterator[Bucket]:
        found = (self.buckets.find(bucket) for bucket in self.bucket_names.after(name))
        return (bucket for bucket in found if bucket is not None)

    def _accounts_after(self, id: str) -> list[Account]:  # noqa: A002 - what AWS calls it
        rows = list(self.accounts.after(id))
        if id < DEFAULT_ACCOUNT and self.accounts.find(DEFAULT_ACCOUNT) is None:
            rows.append(Account(DEFAULT_ACCOUNT, canonical_id_of(DEFAULT_ACCOUNT)))
        return sorted(rows, key=lambda account: account.id)
