"""Block Public Access: what a bucket's or an account's configuration forbids the public."""

from __future__ import annotations

from trug.domain.frozen import frozen

ACCOUNT_KIND = "account-public-access-block"
"""What an account's block is kept under among the store's documents, by the account's id."""


SETTINGS = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
"""As AWS calls the four of them, in the order of the fields."""


@frozen
class PublicAccessBlock:
    """The four settings ("Blocking public access to your Amazon S3 storage")."""

    block_acls: bool = False
    ignore_acls: bool = False
    block_policy: bool = False
    restrict_buckets: bool = False

    def joined(self, other: PublicAccessBlock) -> PublicAccessBlock:
        """What holds where both do: the bucket's block and its account's, the stricter of each setting."""
        pairs = zip(settings_of(self), settings_of(other), strict=True)
        return PublicAccessBlock(*(mine or theirs for mine, theirs in pairs))


NOTHING_BLOCKED = PublicAccessBlock()
ALL_BLOCKED = PublicAccessBlock(block_acls=True, ignore_acls=True, block_policy=True, restrict_buckets=True)


def settings_of(block: PublicAccessBlock) -> tuple[bool, bool, bool, bool]:
    return block.block_acls, block.ignore_acls, block.block_policy, block.restrict_buckets


def pack_block(block: PublicAccessBlock) -> bytes:
    """One byte, a bit for each setting."""
    return bytes([sum(is_set << place for place, is_set in enumerate(settings_of(block)))])


def block_of(document: bytes | None) -> PublicAccessBlock:
    """What a stored block forbids: nothing where there is none, everything where it cannot be read."""
    if document is None:
        return NOTHING_BLOCKED
    if len(document) != 1:
        return ALL_BLOCKED
    return PublicAccessBlock(*(bool(document[0] >> place & 1) for place in range(4)))
