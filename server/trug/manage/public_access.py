"""Commands on an account's public access block, which counts for all its buckets."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from trug.domain.public_access import (
    ACCOUNT_KIND,
    ALL_BLOCKED,
    SETTINGS,
    PublicAccessBlock,
    block_of,
    settings_of,
)
from trug.engine.guarding import BlockAccount
from trug.iam.refusals import IamError
from trug.ports.reads import Document
from trug.ports.stores import MetadataStore


async def block_account(metadata: MetadataStore, given: Mapping[str, str]) -> dict[str, Any]:
    """Block all, or the settings that ``only`` names, with commas between them. IamError, ValueError."""
    names = [name.strip() for name in (given.get("only") or "").split(",") if name.strip()]
    unknown = sorted(set(names) - set(SETTINGS))
    if unknown:
        raise ValueError(f"{unknown[0]} is none of {', '.join(SETTINGS)}")
    block = PublicAccessBlock(*(name in names for name in SETTINGS)) if names else ALL_BLOCKED
    return await _change(metadata, given["id"], block)


async def unblock_account(metadata: MetadataStore, given: Mapping[str, str]) -> dict[str, Any]:
    """Take the block away. IamError."""
    return await _change(metadata, given["id"], None)


async def _change(metadata: MetadataStore, account: str, block: PublicAccessBlock | None) -> dict[str, Any]:
    if not await metadata.commit(BlockAccount(account, block)):
        raise IamError(f"there is no account {account}")
    kept = block_of(await metadata.fetch(Document(ACCOUNT_KIND, account)))
    return {"public_access_block": {"account": account, **dict(zip(SETTINGS, settings_of(kept), strict=True))}}
