"""How the lists of access of buckets and versions change; who owns objects where lists count."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trug.domain.acl import Acl, Ownership, pack_acl
from trug.domain.configurations import ACL, HAS_OWNERSHIP, OWNERSHIP
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.objects import Judged, judged_of
from trug.engine.configurations import announced, configured
from trug.engine.named import Named
from trug.engine.refusals import no_such_bucket
from trug.ports.access_lists import unpack_ownership
from trug.ports.changes import Decided, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce
from trug.ports.reads import BucketWithId, Configuration
from trug.ports.rows import Bucket, Version
from trug.ports.stores import MetadataStore


def not_supported() -> S3Error:
    """To be raised where the bucket's owner owns all that is in it, for a list that would say otherwise."""
    return S3Error(ErrorCode.AccessControlListNotSupported)


@frozen
class ListBucket:
    """Store a bucket's list of access (None: it is private). AccessControlListNotSupported where lists do not count."""

    bucket: Bucket
    acl: Acl | None
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.bucket.id), Configuration(self.bucket.id, OWNERSHIP))

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket.id))
        if bucket is None:
            return Rejected(no_such_bucket(self.bucket.name))
        if ownership_in(rows, bucket) is Ownership.ENFORCED:
            return Rejected(not_supported())
        document = None if self.acl is None else pack_acl(self.acl).encode()
        return Decided(None, (*configured(bucket, ACL, document), announced(bucket, ACL)))


def ownership_in(rows: Rows, bucket: Bucket) -> Ownership:
    """Who owns what is written, as the commit finds it."""
    document = rows.of(Configuration(bucket.id, OWNERSHIP)) if bucket.configured & HAS_OWNERSHIP else None
    return Ownership.ENFORCED if document is None else unpack_ownership(document)


@frozen
class ListVersion:
    """Store the list of access of a version (None: it is private); ``version_id`` None is the newest. ``owner`` is who
    was found to own it (Record.owner), ``judged`` what of it had a say in whether this may be done: if that is another
    by now, the change is rejected with OperationAborted. Answers the version as it is then."""

    bucket: int
    key: str
    version_id: str | None
    owner: str
    acl: Acl | None
    judged: Judged | None = None
    blobs: tuple[int, ...] = ()

    @property
    def _named(self) -> Named:
        return Named(self.bucket, self.key, self.version_id)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else self._named.reads()

    def decide(self, rows: Rows, moment: Moment) -> Decided[Version] | Rejected:
        try:
            found = self._named.find(rows)
        except S3Error as refusal:
            return Rejected(refusal)
        record, listing = found.version.record, found.version.listing
        if record.owner != self.owner or self.judged not in (None, judged_of(record)):
            return Rejected(S3Error(ErrorCode.OperationAborted))
        version = found.version._replace(record=replace(record, acl=self.acl))
        event = Announce("ObjectAcl:Put", self.bucket, self.key, version.version_id, listing.size, listing.etag)
        return Decided(version, (found.put(version), event))


class Acls:
    """Lists of access over the rows."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def set_bucket(self, bucket: Bucket, acl: Acl | None) -> None:
        """Set a bucket's list; None makes it private. AccessControlListNotSupported."""
        await self._metadata.commit(ListBucket(bucket, acl))

    async def set_object(
        self,
        bucket: Bucket,
        key: str,
        version_id: str | None,
        owner: str,
        acl: Acl | None,
        judged: Judged | None = None,
    ) -> Version:
        """Set the list of a version that ``owner`` was found to own; None makes it private. Errors of
        ``Objects.find``."""
        return await self._metadata.commit(ListVersion(bucket.id, key, version_id, owner, acl, judged))
