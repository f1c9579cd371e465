"""Quotas of buckets and accounts: how many bytes and versions there may be.

What a write adds is held against the totals inside its commit, so that a quota is exact; before its body is read, what
it will add at least is held against the totals of that moment. Removing is never refused, nor what replaces as much as
it adds.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from trug.domain.configurations import ACCOUNT_QUOTA, FLAGS, QUOTA
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.versioning import Versioning
from trug.engine.configurations import marked
from trug.ports.changes import Decided, Effect, Moment, Read, Rows
from trug.ports.effects import Announce, KeepDocument, PutBucket
from trug.ports.reads import BucketsOf, Configuration, CountersOf, CountersOfAccount, Current, Document
from trug.ports.rows import NULL_VERSION, Bucket, Counters
from trug.ports.stores import MetadataStore

OF_BUCKET, OF_ACCOUNT = FLAGS[QUOTA], FLAGS[ACCOUNT_QUOTA]
PAGE = 1000


@frozen
class Quota:
    """At most so many bytes, and so many versions (delete markers and noncurrent ones are counted); None: any."""

    bytes: int | None = None
    objects: int | None = None


def packed(quota: Quota) -> bytes:
    """As it is stored."""
    return msgspec.msgpack.encode(quota)


def unpacked(document: bytes | None) -> Quota:
    """What ``packed`` was given; no limits where nothing is stored."""
    return Quota() if document is None else msgspec.msgpack.decode(document, type=Quota)


class Limit(NamedTuple):
    """Where a quota stands, and the totals that it is held against."""

    quota: Read[bytes | None]
    totals: Read[Counters]
    whose: str


def limits_of(bucket: Bucket) -> list[Limit]:
    """The quotas that a write into this bucket must keep."""
    limits = []
    if bucket.configured & OF_BUCKET:
        limits.append(Limit(Configuration(bucket.id, QUOTA), CountersOf(bucket.id), "bucket"))
    if bucket.configured & OF_ACCOUNT:
        totals = CountersOfAccount(bucket.account)
        limits.append(Limit(Document(QUOTA, bucket.account), totals, "account"))
    return limits


def quota_reads(rows: Rows, bucket: Bucket) -> Sequence[Read[Any]]:
    """The next reads before ``refusal_by_quota`` can say anything."""
    wanted = [read for limit in limits_of(bucket) for read in (limit.quota, limit.totals)]
    return [read for read in wanted if read not in rows]


def refusal_by_quota(rows: Rows, bucket: Bucket, *, versions: int, size: int) -> S3Error | None:
    """QuotaExceeded, when a change that adds so many versions and bytes to the bucket goes beyond a quota."""
    for limit in limits_of(bucket):
        refusal = _refusal(limit, unpacked(rows.of(limit.quota)), rows.of(limit.totals), versions, size)
        if refusal is not None:
            return refusal
    return None


def _refusal(limit: Limit, quota: Quota, totals: Counters, versions: int, size: int) -> S3Error | None:
    checks = ((quota.bytes, totals.bytes, size, "bytes"), (quota.objects, totals.versions, versions, "objects"))
    for most, there, more, unit in checks:
        if most is not None and more > 0 and there + more > most:
            text = f"The {limit.whose}'s quota is {most} {unit}; there are {there}, and this would add {more}."
            return S3Error(ErrorCode.QuotaExceeded, text)
    return None


async def expect_room(metadata: MetadataStore, bucket: Bucket, key: str, length: int | None) -> None:
    """QuotaExceeded when an object of at least ``length`` bytes under ``key`` cannot be taken whatever happens to the
    rest of it: asked before its body is read. To be called where the bucket's row has a quota."""
    versions, size = 1, length or 0
    if bucket.versioning is not Versioning.ENABLED:
        replaced = await metadata.fetch(Current(bucket.id, key))
        if replaced is not None and replaced.version_id == NULL_VERSION:
            versions, size = 0, size - replaced.listing.size
    for limit in limits_of(bucket):
        quota, totals = await metadata.fetch(limit.quota), await metadata.fetch(limit.totals)
        refusal = _refusal(limit, unpacked(quota), totals, versions, size)
        if refusal is not None:
            raise refusal


@frozen
class SetAccountQuota:
    """Limit what an account's buckets hold together; None lifts the limit. All of them are marked by this change."""

    account: str
    quota: Quota | None
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        page = BucketsOf(self.account, limit=PAGE)
        while page in rows:
            found = rows.of(page)
            if len(found) < PAGE:
                return ()
            page = BucketsOf(self.account, found[-1].name, limit=PAGE)
        return (page,)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        is_set = self.quota is not None
        effects: list[Effect] = [KeepDocument(QUOTA, self.account, packed(self.quota) if self.quota else None)]
        for buckets in rows.values():
            effects += [PutBucket(marked(bucket, ACCOUNT_QUOTA, is_set=is_set)) for bucket in buckets]
        effects.append(Announce("AccountQuota", 0, self.account, account=self.account))
        return Decided(None, effects)
