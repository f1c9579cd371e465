"""Buckets: made, found, configured, removed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from trug.domain.acl import Acl, Ownership, pack_acl
from trug.domain.configurations import (
    ACCOUNT_QUOTA,
    ACL,
    ANALYTICS,
    HAS_LIFECYCLE,
    HAS_OBJECT_LOCK,
    INVENTORY,
    LIFECYCLE,
    OBJECT_LOCK,
    OWNERSHIP,
    PUBLIC_ACCESS_BLOCK,
    QUOTA,
    TAGGING,
)
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.public_access import ALL_BLOCKED, pack_block
from trug.domain.retention import LockConfiguration, pack_configuration
from trug.domain.versioning import Versioning
from trug.engine.configurations import Configure, marked, progress_name
from trug.engine.emptying import EMPTYING
from trug.engine.guarding import ownership_document
from trug.engine.ids import Ids
from trug.engine.locking import VERSIONING_STAYS
from trug.engine.refusals import no_such_bucket
from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce, Drop, KeepDocument, PutBucket, RemoveBucket, SetConfiguration, Tally
from trug.ports.reads import (
    BucketHolds,
    BucketNamed,
    BucketsOf,
    BucketWithId,
    Configuration,
    Configurations,
    CountersOf,
    Document,
)
from trug.ports.remembered import Remembered
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore


@frozen
class NewBuckets:
    """How buckets are made where nobody says otherwise."""

    ownership: Ownership = Ownership.ENFORCED
    blocks_public_access: bool = False


PLAIN = NewBuckets()


@frozen
class CreateBucket:
    """A new bucket under a name nobody has, with Object Lock on where ``locks``, and with ``documents`` by their kinds.
    Answers its row."""

    bucket: Bucket
    tags: dict[str, str]
    locks: bool = False
    documents: tuple[tuple[str, bytes], ...] = ()
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketNamed(self.bucket.name), Document(QUOTA, self.bucket.account))

    def decide(self, rows: Rows, moment: Moment) -> Decided[Bucket] | Rejected:
        holder = rows.of(BucketNamed(self.bucket.name))
        if holder is not None:
            return Rejected(_taken(holder, self.bucket))
        bucket = self.bucket._replace(created=moment.time)
        if self.tags:
            bucket = marked(bucket, TAGGING, is_set=True)
        if rows.of(Document(QUOTA, bucket.account)) is not None:
            bucket = marked(bucket, ACCOUNT_QUOTA, is_set=True)
        if self.locks:
            bucket = marked(bucket, OBJECT_LOCK, is_set=True)._replace(versioning=Versioning.ENABLED)
        for kind, _ in self.documents:
            bucket = marked(bucket, kind, is_set=True)
        effects: list[Effect] = [PutBucket(bucket), Announce("BucketCreated", bucket.id)]
        if self.locks:
            effects.append(SetConfiguration(bucket.id, OBJECT_LOCK, pack_configuration(LockConfiguration())))
        if self.tags:
            effects.append(SetConfiguration(bucket.id, TAGGING, msgspec.msgpack.encode(self.tags)))
        effects += [SetConfiguration(bucket.id, kind, document) for kind, document in self.documents]
        return Decided(bucket, effects)


def _taken(holder: Bucket, wanted: Bucket) -> S3Error:
    is_own = holder.account == wanted.account
    code = ErrorCode.BucketAlreadyOwnedByYou if is_own else ErrorCode.BucketAlreadyExists
    return S3Error(code, fields={"BucketName": wanted.name})


@frozen
class DeleteBucket:
    """Remove a bucket without versions; its open uploads go with it."""

    bucket: Bucket
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        number = self.bucket.id
        if rows:
            return ()
        return BucketWithId(number), BucketHolds(number), CountersOf(number), *self._progressing

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket.id))
        if bucket is None:
            return Rejected(no_such_bucket(self.bucket.name))
        if rows.of(BucketHolds(self.bucket.id)):
            return Rejected(S3Error(ErrorCode.BucketNotEmpty, fields={"BucketName": self.bucket.name}))
        number = self.bucket.id
        tally = Tally(number, self.bucket.account, uploads=-rows.of(CountersOf(number)).uploads)
        indexed = (KeepDocument(LIFECYCLE, str(number), None),) if bucket.configured & HAS_LIFECYCLE else ()
        removed = (tally, RemoveBucket(number), Drop("bucket", number), self._event())
        progress = [
            KeepDocument(each.kind, progress_name(number, name), None)
            for each in self._progressing
            for name, _ in rows.of(each)
        ]
        return Decided(None, (*removed, *indexed, *progress, KeepDocument(EMPTYING, str(number), None)))

    @property
    def _progressing(self) -> tuple[Configurations, ...]:
        """Configurations with which jobs have come some way."""
        return tuple(Configurations(self.bucket.id, kind) for kind in (ANALYTICS, INVENTORY))

    def _event(self) -> Announce:
        return Announce("BucketRemoved", self.bucket.id, self.bucket.name, account=self.bucket.account)


@frozen
class SetVersioning:
    """Switch a bucket's versioning on or to suspended; a bucket with Object Lock keeps it on."""

    bucket: Bucket
    versioning: Versioning
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.bucket.id),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket.id))
        if bucket is None:
            return Rejected(no_such_bucket(self.bucket.name))
        if bucket.configured & HAS_OBJECT_LOCK and self.versioning is not Versioning.ENABLED:
            return Rejected(S3Error(ErrorCode.InvalidBucketState, VERSIONING_STAYS))
        event = Announce("BucketVersioning", bucket.id)
        return Decided(None, (PutBucket(bucket._replace(versioning=self.versioning)), event))


class Buckets:
    """The buckets of all accounts: one name space.

    ``find(name)`` answers the bucket of this name, ``known(name)`` only if it is at hand.
    """

    def __init__(self, metadata: MetadataStore, ids: Ids, new: NewBuckets = PLAIN) -> None:
        self._metadata = metadata
        self._ids = ids
        self.new = new
        self._found: Remembered[str, Bucket] = Remembered(metadata, self._named)
        self.known = self._found.known
        self.find = self._found.find

    async def _named(self, name: str) -> Bucket | None:
        return await self._metadata.fetch(BucketNamed(name))

    async def create(
        self,
        name: str,
        *,
        account: str,
        region: str,
        tags: dict[str, str],
        locks: bool = False,
        ownership: Ownership | None = None,
        acl: Acl | None = None,
    ) -> Bucket:
        """Make a bucket, with Object Lock (and so versioning) on where ``locks``, and with ``ownership`` in place of
        what is usual; ``acl`` is None where its list is private. BucketAlreadyOwnedByYou or BucketAlreadyExists when
        the name is taken."""
        change = await self.creation(
            name, account=account, region=region, tags=tags, locks=locks, ownership=ownership, acl=acl
        )
        return await self._metadata.commit(change)

    async def creation(
        self,
        name: str,
        *,
        account: str,
        region: str,
        tags: dict[str, str],
        versioning: Versioning = Versioning.OFF,
        locks: bool = False,
        ownership: Ownership | None = None,
        acl: Acl | None = None,
    ) -> CreateBucket:
        """The change that makes a bucket, for who has more to do in the same commit."""
        row = Bucket(await self._ids.take(), name, account, region, 0, versioning)
        return CreateBucket(row, tags, locks, self._documents(ownership or self.new.ownership, acl))

    def _documents(self, ownership: Ownership, acl: Acl | None) -> tuple[tuple[str, bytes], ...]:
        """What a bucket has from the beginning."""
        controls = ownership_document(ownership)
        block = pack_block(ALL_BLOCKED) if self.new.blocks_public_access else None
        listed = None if acl is None else pack_acl(acl).encode()
        all_of_them = ((OWNERSHIP, controls), (PUBLIC_ACCESS_BLOCK, block), (ACL, listed))
        return tuple((kind, document) for kind, document in all_of_them if document is not None)

    async def delete(self, bucket: Bucket) -> None:
        """Remove an empty bucket. BucketNotEmpty when it holds versions or delete markers."""
        await self._metadata.commit(DeleteBucket(bucket))

    async def page(
        self, account: str, *, prefix: str, after: str, limit: int, region: str
    ) -> tuple[list[Bucket], str | None]:
        """An account's buckets by name, and the name after which the next page begins, None on the last."""
        found = await self._metadata.fetch(BucketsOf(account, after, prefix, limit + 1, region))
        page = found[:limit]
        return page, page[-1].name if page and len(found) > limit else None

    async def set_versioning(self, bucket: Bucket, versioning: Versioning) -> None:
        """ENABLED or SUSPENDED; a bucket never goes back to OFF. InvalidBucketState where Object Lock is on."""
        await self._metadata.commit(SetVersioning(bucket, versioning))

    async def tags(self, bucket: Bucket) -> dict[str, str] | None:
        """The bucket's tags, None when it never got a tag set."""
        document = await self._metadata.fetch(Configuration(bucket.id, TAGGING))
        return None if document is None else msgspec.msgpack.decode(document, type=dict[str, str])

    async def set_tags(self, bucket: Bucket, tags: dict[str, str] | None) -> None:
        """Replace the bucket's tag set; None removes it."""
        await self._metadata.commit(Configure(bucket, TAGGING, None if tags is None else msgspec.msgpack.encode(tags)))
