"""CreateBucket in other regions than the first, which the servers of tests/operations do not have."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.clock import HandClock
from tests.support.requests import wire_request

from trug.access.authority import Authority
from trug.access.grants import NobodyGranted
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.metadata import MemoryMetadata
from trug.domain.errors import S3Error
from trug.domain.identity import Account, Identity
from trug.engine.engine import Engine
from trug.operations.buckets import (
    CreateBucket,
    Nothing,
    create_bucket,
    get_bucket_location,
    head_bucket,
)
from trug.operations.call import Call
from trug.ports.rows import Bucket
from trug.wire.body import verified_body
from trug.wire.payload import Payload
from trug.wire.reply import Reply

ACCOUNT = Account("111111111111", "c1")


class House:
    """An engine with its regions."""

    def __init__(self, *regions: str) -> None:
        blobs, clock = MemoryBlobs(), HandClock()
        metadata = MemoryMetadata(clock, blobs)
        self.engine = Engine.over(metadata, blobs, clock)
        self.authority = Authority(metadata, NobodyGranted())
        self.regions = regions

    def call(self, found: Bucket | None = None) -> Call:
        wire = wire_request("PUT", "/bucket")
        body = verified_body(wire, Payload(), streams=False)
        return Call(self.engine, Identity(ACCOUNT), wire, body, self.regions, self.authority, found)

    async def create(self, location: str = "") -> Reply:
        return await create_bucket(self.call(), CreateBucket("bucket", location, {}))

    async def region(self) -> str:
        bucket = await self.engine.buckets.find("bucket")
        assert bucket is not None
        reply = await head_bucket(self.call(bucket), Nothing())
        assert reply.headers["x-amz-bucket-region"] == bucket.region
        return bucket.region

    async def location(self) -> bytes:
        reply = await get_bucket_location(self.call(await self.engine.buckets.find("bucket")), Nothing())
        assert isinstance(reply.body, bytes)
        return reply.body


@pytest.mark.parametrize(
    ("regions", "location", "region"),
    [
        (("eu-north-1",), "", "eu-north-1"),
        (("eu-north-1", "us-east-1"), "", "eu-north-1"),
        (("eu-north-1", "us-east-1"), "us-east-1", "us-east-1"),
        (("us-east-1", "eu-north-1"), "eu-north-1", "eu-north-1"),
        (("home",), "home", "home"),
    ],
)
def test_where_a_bucket_is_made(regions: tuple[str, ...], location: str, region: str) -> None:
    async def scene() -> None:
        house = House(*regions)
        await house.create(location)
        assert await house.region() == region

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("location", "code"),
    [
        ("us-east-1", "IllegalLocationConstraintException"),
        ("us-gov-west-1", "IllegalLocationConstraintException"),
        ("EU", "InvalidLocationConstraint"),
        ("eu-north-1x", "InvalidLocationConstraint"),
        ("\n", "InvalidLocationConstraint"),
    ],
)
def test_where_none_is_made(location: str, code: str) -> None:
    with pytest.raises(S3Error) as caught:
        asyncio.run(House("eu-north-1").create(location))
    assert caught.value.code.name == code
    assert caught.value.fields == {"LocationConstraint": location}


@pytest.mark.parametrize(
    ("first", "again", "is_made"),
    [
        ("us-east-1", "us-east-1", True),
        ("us-east-1", "", True),
        ("us-east-1", "eu-north-1", False),
        ("eu-north-1", "us-east-1", False),
        ("eu-north-1", "eu-north-1", False),
    ],
)
def test_trap_44_made_again_by_its_owner(first: str, again: str, is_made: bool) -> None:
    async def scene() -> None:
        house = House("us-east-1", "eu-north-1")
        await house.create(first)
        if is_made:
            assert (await house.create(again)).status == 200
        else:
            with pytest.raises(S3Error, match="BucketAlreadyOwnedByYou"):
                await house.create(again)
        assert await house.region() == first

    asyncio.run(scene())


@pytest.mark.parametrize(
    ("region", "text"), [("us-east-1", b"></LocationConstraint>"), ("eu-north-1", b">eu-north-1</")]
)
def test_trap_45_the_name_of_a_location(region: str, text: bytes) -> None:
    async def scene() -> None:
        house = House(region)
        await house.create()
        assert text in await house.location()

    asyncio.run(scene())
