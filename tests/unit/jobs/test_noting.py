"""When keys were last used, as it is written down."""

from __future__ import annotations

import asyncio

from trug.adapters.clock import SystemClock
from trug.adapters.keyring import FileKeyring
from trug.adapters.memory.metadata import MemoryMetadata
from trug.adapters.session_tokens import SealedTokens
from trug.domain.identity import DEFAULT_ACCOUNT
from trug.iam.credentials import Credentials
from trug.iam.people import People
from trug.iam.uses import Uses
from trug.jobs import noting
from trug.jobs.noting import keep_noted


def test_uses_are_written_and_keys_looked_up_anew() -> None:
    async def scene() -> None:
        metadata, clock = MemoryMetadata(SystemClock()), SystemClock()
        people = People(metadata, FileKeyring(bytes(32)))
        uses = Uses(people.keys, clock, "us-east-1")
        credentials = Credentials(metadata, people, {}, SealedTokens(bytes(32), clock), uses)
        await people.users.create(DEFAULT_ACCOUNT, "ann")
        key, _ = await people.keys.create(DEFAULT_ACCOUNT, "ann")
        assert await credentials.find(key.access_key) is not None
        job = asyncio.create_task(keep_noted(credentials, 0.001))
        for _ in range(1000):
            if credentials.known(key.access_key) is None:
                break
            await asyncio.sleep(0.005)
        job.cancel()
        await asyncio.wait([job])
        assert credentials.known(key.access_key) is None, f"after {noting.PASSES_AT_HAND} passes"
        used = await people.keys.last_used(key.access_key)
        assert used is not None
        assert used.service == "s3"

    asyncio.run(scene())
