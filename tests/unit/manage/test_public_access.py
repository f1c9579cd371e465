"""``trug account block`` and ``unblock``."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.changes import apply
from tests.support.clock import HandClock

from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.identity import Account
from trug.iam.refusals import IamError
from trug.manage.public_access import block_account, unblock_account
from trug.ports.effects import PutAccount

ALL = {"BlockPublicAcls": True, "IgnorePublicAcls": True, "BlockPublicPolicy": True, "RestrictPublicBuckets": True}
NOTHING = dict.fromkeys(ALL, False)


def test_an_account_is_blocked_and_unblocked() -> None:
    async def story() -> None:
        metadata = MemoryMetadata(HandClock(), MemoryBlobs())
        await metadata.commit(apply(PutAccount(Account("1", "c"))))
        generation = metadata.generation
        assert await block_account(metadata, {"id": "1"}) == {"public_access_block": {"account": "1", **ALL}}
        assert metadata.generation > generation
        some = await block_account(metadata, {"id": "1", "only": "IgnorePublicAcls, BlockPublicAcls"})
        assert some["public_access_block"] == {
            "account": "1",
            **NOTHING,
            "BlockPublicAcls": True,
            "IgnorePublicAcls": True,
        }
        assert await unblock_account(metadata, {"id": "1"}) == {"public_access_block": {"account": "1", **NOTHING}}
        with pytest.raises(IamError, match="no account 2"):
            await block_account(metadata, {"id": "2"})
        with pytest.raises(ValueError, match="Everything"):
            await block_account(metadata, {"id": "1", "only": "Everything"})

    asyncio.run(story())
