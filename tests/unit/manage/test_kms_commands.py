"""Keys of encryption: made, rotated, listed, and what is under them wrapped anew."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.bodies import request
from tests.support.managed import keyed_store, managed_in_memory

from trug.domain.encryption import Managed
from trug.domain.frozen import replace
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.versioning import Versioning
from trug.engine.drafts import Draft
from trug.iam.refusals import IamError
from trug.manage.commands import COMMANDS
from trug.wire.body import verified_body
from trug.wire.payload import Payload


def test_keys_are_made_rotated_and_listed() -> None:
    async def play() -> None:
        store = managed_in_memory()
        assert await COMMANDS["kms/list"](store, {}) == {"keys": []}
        made = await COMMANDS["kms/create"](store, {"name": "k"})
        assert made == {"key": {"name": "k", "versions": 1}}
        rotated = await COMMANDS["kms/rotate"](store, {"name": "k"})
        assert rotated == {"key": {"name": "k", "versions": 2, "rewrapped": 0}}
        (key,) = (await COMMANDS["kms/list"](store, {}))["keys"]
        assert (key["name"], key["versions"]) == ("k", 2)

    asyncio.run(play())


@pytest.mark.parametrize(
    ("command", "name", "text"),
    [
        ("kms/create", "k", "already"),
        ("kms/create", "a b", "letters"),
        ("kms/create", "sse-s3", "uses itself"),
        ("kms/rotate", "absent", "no key absent"),
    ],
)
def test_refuses(command: str, name: str, text: str) -> None:
    async def play() -> None:
        store = managed_in_memory()
        await COMMANDS["kms/create"](store, {"name": "k"})
        with pytest.raises(IamError, match=text):
            await COMMANDS[command](store, {"name": name})

    asyncio.run(play())


def test_where_a_service_keeps_the_keys_none_is_made_here() -> None:
    async def play() -> None:
        with pytest.raises(IamError, match="key service"):
            await COMMANDS["kms/create"](replace(managed_in_memory(), kms=None), {"name": "k"})

    asyncio.run(play())


def test_all_that_is_under_a_key_is_wrapped_anew() -> None:
    """Current versions, noncurrent ones, uploads under way and completed; other keys and plain objects stay."""

    async def play() -> None:
        store, engine = keyed_store()
        await COMMANDS["kms/create"](store, {"name": "k"})
        bucket = await engine.buckets.create("bucket", account="1", region="us-east-1", tags={})
        await engine.buckets.set_versioning(bucket, Versioning.ENABLED)
        found = await engine.buckets.find("bucket")
        assert found is not None
        kinds = [Managed("aws:kms", "alias/k"), Managed("aws:kms", "k", bucket_key=True), Managed("AES256"), None]
        for kind in kinds:
            draft = Draft(protection=kind)
            for content in (b"old", b"new"):
                await engine.objects.put(
                    found,
                    f"key {kind}",
                    verified_body(request(content), Payload(), streams=True),
                    draft,
                    NO_WRITE_CONDITIONS,
                )
            await engine.multipart.create(found, "upload", draft, initiator="", checksum_algorithm="", checksum_type="")
        for name, count in (("k", 6), ("sse-s3", 3), ("k", 6)):
            rotated = await COMMANDS["kms/rotate"](store, {"name": name})
            assert rotated["key"]["rewrapped"] == count
            again = await COMMANDS["kms/rewrap"](store, {"name": name})
            assert again["key"]["rewrapped"] == 0
        for kind in kinds:
            reading = await engine.objects.open(found, f"key {kind}", None)
            assert reading.content(0, 3) == b"new"

    asyncio.run(play())
