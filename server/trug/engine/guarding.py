"""What buckets and accounts say about who may, stored by changes that read in the commit what they depend on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trug.domain.acl import Ownership, is_private, unpack_acl
from trug.domain.configurations import ACL, OWNERSHIP, POLICY, PRINCIPALS, PUBLIC_ACCESS_BLOCK
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen
from trug.domain.public_access import ACCOUNT_KIND, PublicAccessBlock, block_of, pack_block
from trug.engine.accounts import account_without_row
from trug.engine.configurations import announced, configured
from trug.engine.refusals import no_such_bucket
from trug.ports.access_lists import pack_ownership
from trug.ports.changes import Decided, Moment, Read, Rejected, Rows
from trug.ports.effects import KeepDocument, PutAccount, SetConfiguration
from trug.ports.reads import AccountWithId, BucketWithId, Configuration, Document
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore


def ownership_document(ownership: Ownership) -> bytes | None:
    """How a bucket's ownership controls are stored: not at all where its owner owns everything and lists of access do
    not count, as it is where nobody ever said a word."""
    return None if ownership is Ownership.ENFORCED else pack_ownership(ownership)


@frozen
class StorePolicy:
    """Store a bucket's policy (None: remove it), beside it ``principals``, who the ARNs in it are; AccessDenied for a
    public one that a public access block forbids."""

    bucket: Bucket
    document: bytes | None
    is_public: bool = False
    principals: bytes | None = None
    blobs: tuple[int, ...] = ()

    @property
    def _blocks(self) -> tuple[Read[bytes | None], Read[bytes | None]]:
        return Configuration(self.bucket.id, PUBLIC_ACCESS_BLOCK), Document(ACCOUNT_KIND, self.bucket.account)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        if rows:
            return ()
        return BucketWithId(self.bucket.id), self._named, *(self._blocks if self.is_public else ())

    @property
    def _named(self) -> Read[bytes | None]:
        return Configuration(self.bucket.id, PRINCIPALS)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket.id))
        if bucket is None:
            return Rejected(no_such_bucket(self.bucket.name))
        if self.is_public and any(block_of(rows.of(read)).block_policy for read in self._blocks):
            return Rejected(S3Error(ErrorCode.AccessDenied, BLOCKED))
        is_named = self.principals is not None or rows.of(self._named) is not None
        named = (SetConfiguration(bucket.id, PRINCIPALS, self.principals),) if is_named else ()
        return Decided(None, (*configured(bucket, POLICY, self.document), *named, announced(bucket, POLICY)))


BLOCKED = "Access Denied: public policies are prevented by the BlockPublicPolicy setting in S3 Block Public Access."


@frozen
class StoreOwnership:
    """Store a bucket's ownership controls; InvalidBucketAclWithObjectOwnership where its ACL grants others anything and
    is to count no more."""

    bucket: Bucket
    document: bytes | None
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.bucket.id), Configuration(self.bucket.id, ACL))

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket.id))
        if bucket is None:
            return Rejected(no_such_bucket(self.bucket.name))
        acl = rows.of(Configuration(self.bucket.id, ACL))
        if self.document is None and acl is not None and not is_private(unpack_acl(acl.decode())):
            return Rejected(S3Error(ErrorCode.InvalidBucketAclWithObjectOwnership))
        return Decided(None, (*configured(bucket, OWNERSHIP, self.document), announced(bucket, OWNERSHIP)))


@frozen
class BlockAccount:
    """Keep an account's public access block (None: remove it). Answers whether there is such an account.

    The account's row is written again, so that every process learns of it."""

    account: str
    block: PublicAccessBlock | None
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (AccountWithId(self.account),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[bool] | Rejected:
        account = rows.of(AccountWithId(self.account)) or account_without_row(self.account)
        if account is None:
            return Decided(False)
        document = None if self.block is None else pack_block(self.block)
        return Decided(True, (KeepDocument(ACCOUNT_KIND, self.account, document), PutAccount(account)))


class Guards:
    """Policies, ownership controls and public access blocks, as they are stored."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def store_policy(
        self, bucket: Bucket, document: bytes | None, *, is_public: bool = False, principals: bytes | None = None
    ) -> None:
        """Set a bucket's policy, None removes it. AccessDenied for a public one where such are blocked."""
        await self._metadata.commit(StorePolicy(bucket, document, is_public, principals))

    async def store_ownership(self, bucket: Bucket, ownership: Ownership | None) -> None:
        """Set a bucket's ownership controls; None deletes them, and then whoever writes an object owns it.
        InvalidBucketAclWithObjectOwnership."""
        document = pack_ownership(None) if ownership is None else ownership_document(ownership)
        await self._metadata.commit(StoreOwnership(bucket, document))

    async def block_account(self, account: str, block: PublicAccessBlock | None) -> bool:
        """Set an account's block, None removes it; whether there is such an account."""
        return await self._metadata.commit(BlockAccount(account, block))

    async def account_block(self, account: str) -> PublicAccessBlock | None:
        """An account's block, None where it has none."""
        document = await self._metadata.fetch(Document(ACCOUNT_KIND, account))
        return None if document is None else block_of(document)
