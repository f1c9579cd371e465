"""What people and jobs ask of the metadata: pages of all there is, with totals. Never on the way of a request to S3."""

from __future__ import annotations

from typing import NamedTuple, Protocol

from trug.domain.filters import Condition
from trug.domain.frozen import frozen
from trug.domain.identity import Account
from trug.ports.rows import Bucket, Counters, Item


class BucketSummary(NamedTuple):
    """A bucket and its totals."""

    bucket: Bucket
    counters: Counters


class AccountSummary(NamedTuple):
    """An account and the totals over its buckets."""

    account: Account
    counters: Counters


SORTABLE = ("id", "type", "owner", "created", "modified")
"""What items are sorted by."""


@frozen
class ItemQuestion:
    """Items of an account and a kind that a condition, bound and without names, holds of: by one of ``SORTABLE`` and,
    where that is the same, by id; downwards if so; after (value, id) where that is given; at most ``limit``."""

    account: str
    kind: str
    condition: Condition
    sort: str = "id"
    descending: bool = False
    after: tuple[str | int, str] | None = None
    limit: int = 100


class Reports(Protocol):
    """Each page is one consistent state. Damaged when a row does not match its checksum; Unavailable once the store is
    closed or opened anew."""

    async def bucket_page(self, after: str, limit: int, *, account: str = "") -> list[BucketSummary]:
        """Buckets by name after ``after``, at most ``limit``: of one account, or of all when it is empty."""
        ...

    async def account_page(self, after: str, limit: int) -> list[AccountSummary]:
        """Accounts by id after ``after``, at most ``limit``; the default account is always among them."""
        ...

    async def item_page(self, question: ItemQuestion) -> list[Item]:
        """The items that are asked for."""
        ...
