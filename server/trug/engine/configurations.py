"""The configurations of buckets: stored and removed by one change, each kind marked in the bucket's own row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trug.domain.configurations import MOST, flag_of, with_id
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.engine.refusals import no_such_bucket
from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce, KeepDocument, PutBucket, SetConfiguration
from trug.ports.reads import BucketWithId, Configuration, Configurations
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore

PAGE = 100
"""How many configurations a list shows at once ("ListBucketInventoryConfigurations")."""


def marked(bucket: Bucket, kind: str, *, is_set: bool) -> Bucket:
    """The bucket's row when a configuration of this kind is set, or none is."""
    flag = flag_of(kind)
    return bucket._replace(configured=bucket.configured | flag if is_set else bucket.configured & ~flag)


def configured(bucket: Bucket, kind: str, document: bytes | None) -> Sequence[Effect]:
    """The effects of storing (None: removing) the one configuration of ``kind``.

    ``bucket`` is its row as read in the same commit.
    """
    row = marked(bucket, kind, is_set=document is not None)
    stored = SetConfiguration(bucket.id, kind, document)
    return (stored,) if row == bucket else (stored, PutBucket(row))


def announced(bucket: Bucket, kind: str) -> Announce:
    return Announce("BucketConfiguration", bucket.id, key=kind)


@frozen
class Configure:
    """Store or remove (None) the one configuration of a kind."""

    bucket: Bucket
    kind: str
    document: bytes | None
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.bucket.id),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket.id))
        if bucket is None:
            return Rejected(no_such_bucket(self.bucket.name))
        return Decided(None, (*configured(bucket, self.kind, self.document), announced(bucket, self.kind)))


@frozen
class ConfigureOne:
    """Store or remove (None) one of the configurations that a bucket may have of ``kind``, each under an id.

    Rejected with TooManyConfigurations above 1,000, and with NoSuchConfiguration when there is none to remove.
    """

    bucket: Bucket
    kind: str
    name: str
    document: bytes | None
    blobs: tuple[int, ...] = ()

    @property
    def _all(self) -> Configurations:
        return Configurations(self.bucket.id, self.kind, limit=MOST)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.bucket.id), self._all)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket.id))
        if bucket is None:
            return Rejected(no_such_bucket(self.bucket.name))
        names = {name for name, _ in rows.of(self._all)}
        is_new = self.name not in names
        if self.document is None and is_new:
            return Rejected(S3Error(ErrorCode.NoSuchConfiguration, fields={"BucketName": bucket.name}))
        if is_new and len(names) >= MOST:
            return Rejected(S3Error(ErrorCode.TooManyConfigurations))
        stored = SetConfiguration(bucket.id, with_id(self.kind, self.name), self.document)
        row = marked(bucket, self.kind, is_set=self.document is not None or len(names) > 1)
        effects: list[Effect] = [stored] if row == bucket else [stored, PutBucket(row)]
        if self.document is None:
            effects.append(KeepDocument(self.kind, progress_name(bucket.id, self.name), None))
        return Decided(None, (*effects, announced(bucket, self.kind)))


def progress_name(bucket: int, name: str) -> str:
    """Under which name, and the kind of its configuration, the store keeps how far a job has come with it."""
    return f"{bucket}/{name}"


class BucketConfigurations:
    """What is stored about how buckets behave: documents by kind, which only those who wrote them can read."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def find(self, bucket: Bucket, kind: str) -> bytes | None:
        """The bucket's configuration of a kind; None without a read where the bucket's row says that there is none."""
        if not bucket.configured & flag_of(kind):
            return None
        return await self._metadata.fetch(Configuration(bucket.id, kind))

    async def store(self, bucket: Bucket, kind: str, document: bytes | None) -> None:
        """Set the bucket's configuration of a kind; None removes it."""
        await self._metadata.commit(Configure(bucket, kind, document))

    async def named(self, bucket: Bucket, kind: str, name: str) -> bytes:
        """One of the bucket's configurations of a kind. NoSuchConfiguration."""
        document = await self.find(bucket, with_id(kind, name))
        if document is None:
            raise S3Error(ErrorCode.NoSuchConfiguration, fields={"BucketName": bucket.name})
        return document

    async def store_named(self, bucket: Bucket, kind: str, name: str, document: bytes | None) -> None:
        """Set one configuration of a kind; None removes it. TooManyConfigurations, NoSuchConfiguration."""
        await self._metadata.commit(ConfigureOne(bucket, kind, name, document))

    async def page(self, bucket: Bucket, kind: str, *, after: str) -> tuple[list[tuple[str, bytes]], str | None]:
        """At most 100 configurations of a kind by id after ``after``, and after which the next page begins."""
        if not bucket.configured & flag_of(kind):
            return [], None
        found = await self._metadata.fetch(Configurations(bucket.id, kind, after, PAGE + 1))
        page = found[:PAGE]
        return page, page[-1][0] if len(found) > PAGE else None
