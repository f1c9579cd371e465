"""What a caller may see of the change feed."""

from __future__ import annotations

import asyncio

from trug.access import actions
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.events import OF_ACCOUNTS, OF_BUCKETS, OF_ITEMS, kinds_of, type_of
from trug.domain.frozen import frozen
from trug.manage.api.problems import Mistake, Problem, bad_request
from trug.manage.api.reading import NOT_VALID
from trug.manage.api.visit import Visit
from trug.manage.events import schemas
from trug.ports.reads import BucketOnce, Events, FeedStart
from trug.ports.rows import Bucket, Event
from trug.wire.dates import iso_date

AT_ONCE = 500
MOST_READ = 20 * AT_ONCE
"""How many events are looked through for one page."""
GONE = "events after this sequence are no longer kept"
NOT_OF_KEYS = frozenset((*OF_BUCKETS, *OF_ACCOUNTS, *OF_ITEMS))
CONFIGURED = "BucketConfiguration"
OF_FILE = "FileStatus"
ASKED = {
    "Item": ("trug:GetItem", "item/{}"),
    "Profile": ("trug:ListUsers", "user/*"),
    "Filter": ("trug:GetFilter", "filter/{}"),
}
"""What one must be allowed to hear of those that are not one's own."""


@frozen
class Wanted:
    """Which events; no kinds mean all of them, no ``bucket`` (its id) those of all buckets and of none."""

    kinds: frozenset[str] = frozenset()
    bucket: int = 0
    prefix: str = ""

    def has(self, event: Event) -> bool:
        return (
            (not self.kinds or event.kind in self.kinds)
            and (not self.bucket or event.bucket == self.bucket)
            and (not self.prefix or (event.kind not in NOT_OF_KEYS and event.key.startswith(self.prefix)))
        )


async def wanted_of(visit: Visit, asked: schemas.ListEvents) -> Wanted:
    """Problem 400 for a type that there is not, NoSuchBucket."""
    kinds: frozenset[str] = frozenset()
    for pattern in filter(None, map(str.strip, asked.type.split(","))):
        found = kinds_of(pattern)
        if not found:
            raise bad_request(NOT_VALID, Mistake("type", f"{pattern} is no type of event"))
        kinds |= found
    bucket = await visit.bucket(asked.bucket) if asked.bucket else None
    return Wanted(kinds, 0 if bucket is None else bucket.id, asked.prefix)


async def check_kept(visit: Visit, since: int) -> None:
    """Problem 410, with the oldest sequence one can go on from, where events after ``since`` may be gone."""
    oldest = await visit.surroundings.metadata.fetch(FeedStart())
    if since < oldest:
        raise Problem(410, GONE, more={"oldest": oldest})


class Feed:
    """The feed as one caller may read it: who may list a bucket sees all that happens in it, others only what happens
    to keys whose objects they may get; what happens to an account is for its root, to an item for who may get it."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._metadata = visit.surroundings.metadata
        self._generation = -1
        self._buckets: dict[int, tuple[Bucket | None, bool]] = {}

    async def page(self, wanted: Wanted, since: int, limit: int) -> schemas.EventPage:
        """At most ``limit`` events after ``since``; Problem 410."""
        await check_kept(self._visit, since)
        found: list[schemas.Event] = []
        for _ in range(MOST_READ // AT_ONCE):
            last = self._metadata.sequence
            rows = await self._metadata.fetch(Events(since, AT_ONCE))
            for row in rows:
                event = await self._shown(row) if wanted.has(row) else None
                since = row.sequence
                if event is not None:
                    found.append(event)
                if len(found) == limit:
                    return schemas.EventPage(found, since, more=True)
            await asyncio.sleep(0)
            if len(rows) < AT_ONCE:
                return schemas.EventPage(found, max(since, last), more=False)
        return schemas.EventPage(found, since, more=True)

    async def _shown(self, event: Event) -> schemas.Event | None:
        """The event as it is told; None of what the caller may not know of."""
        if not event.bucket:
            return await self._of_account(event)
        bucket, may_list = await self._bucket(event.bucket)
        if bucket is None:
            return None
        is_of_key = event.kind not in NOT_OF_KEYS
        if not may_list and not (is_of_key and await self._may_get(bucket, event.key)):
            return None
        shown = _shown(event)
        shown.bucket = bucket.name
        if event.kind == OF_FILE:
            shown.key, shown.file, shown.status = event.key, event.version_id, event.etag
        elif is_of_key:
            shown.key, shown.version_id, shown.etag, shown.size = event.key, event.version_id, event.etag, event.size
        elif event.kind == CONFIGURED:
            shown.configuration = event.key
        return shown

    async def _of_account(self, event: Event) -> schemas.Event | None:
        identity = self._visit.identity
        if identity.account is None or identity.account.id != event.account:
            return None
        if not (identity.is_root or await self._may_know_item(event)):
            return None
        shown = _shown(event)
        shown.account, shown.name = event.account, event.key
        return shown

    async def _may_know_item(self, event: Event) -> bool:
        if event.kind not in OF_ITEMS:
            return False
        is_own = event.version_id == self._visit.identity.arn
        action, resource = ASKED[event.kind.removesuffix("Created").removesuffix("Changed").removesuffix("Removed")]
        try:
            await self._visit.authorise_on(action, resource.format(event.key), is_own=is_own)
        except S3Error as refusal:
            if refusal.code is not ErrorCode.AccessDenied:
                raise
            return False
        return True

    async def _bucket(self, number: int) -> tuple[Bucket | None, bool]:
        """The bucket, and whether the caller may list it; asked again when anything about it may have changed."""
        if self._metadata.generation != self._generation:
            self._generation = self._metadata.generation
            self._buckets.clear()
        known = self._buckets.get(number)
        if known is None:
            bucket = await self._metadata.fetch(BucketOnce(number))
            known = self._buckets[number] = bucket, bucket is not None and await self._may_list(bucket)
        return known

    async def _may_list(self, bucket: Bucket) -> bool:
        return await self._may(actions.LIST_BUCKET, bucket, None)

    async def _may_get(self, bucket: Bucket, key: str) -> bool:
        return await self._may(actions.GET_OBJECT, bucket, key)

    async def _may(self, action: actions.Action, bucket: Bucket, key: str | None) -> bool:
        try:
            await self._visit.authorise(action, bucket, key)
        except S3Error as refusal:
            if refusal.code is not ErrorCode.AccessDenied:
                raise
            return False
        return True


def _shown(event: Event) -> schemas.Event:
    time = iso_date(event.time) if event.time else ""
    return schemas.Event(str(event.sequence), event.sequence, type_of(event.kind), time)
