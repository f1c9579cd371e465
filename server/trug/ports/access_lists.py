"""Who owns the objects of buckets, and the lists of access of buckets: remembered until a configuration changes."""

from __future__ import annotations

from trug.domain.acl import Acl, Ownership, unpack_acl
from trug.domain.configurations import ACL, HAS_ACL, HAS_OWNERSHIP, OWNERSHIP
from trug.ports.reads import Configuration
from trug.ports.remembered import Remembered
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore


class AccessLists:
    """What buckets say of access beside their policies; no read where the bucket's row says that they say nothing."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata
        self._ownerships: Remembered[int, Ownership] = Remembered(metadata, self._ownership)
        self._acls: Remembered[int, Acl] = Remembered(metadata, self._acl)

    async def ownership_of(self, bucket: Bucket) -> Ownership:
        """Who owns what is written. ENFORCED where nothing was said; WRITER where the controls were deleted."""
        if not bucket.configured & HAS_OWNERSHIP:
            return Ownership.ENFORCED
        return await self._ownerships.find(bucket.id) or Ownership.ENFORCED

    async def acl_of(self, bucket: Bucket) -> Acl | None:
        """The bucket's own list, None where it is private, and where lists count for nothing."""
        if not bucket.configured & HAS_ACL or await self.ownership_of(bucket) is Ownership.ENFORCED:
            return None
        return await self._acls.find(bucket.id)

    async def _ownership(self, bucket: int) -> Ownership | None:
        document = await self._metadata.fetch(Configuration(bucket, OWNERSHIP))
        return None if document is None else unpack_ownership(document)

    async def _acl(self, bucket: int) -> Acl | None:
        document = await self._metadata.fetch(Configuration(bucket, ACL))
        return None if document is None else unpack_acl(document.decode())


def pack_ownership(ownership: Ownership | None) -> bytes:
    """As the configuration of the kind OWNERSHIP is stored; None stands for controls that were deleted."""
    return b"" if ownership is None else ownership.value.encode()


def unpack_ownership(document: bytes) -> Ownership:
    """What it comes to: WRITER where the controls were deleted."""
    return Ownership(document.decode()) if document else Ownership.WRITER
