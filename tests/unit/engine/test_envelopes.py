from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable

import pytest

from trug.adapters.memory.keys import MemoryKeyRing
from trug.domain.encryption import CustomerKey, Encryption, Managed, Protection
from trug.domain.errors import ErrorCode, S3Error
from trug.engine.envelopes import (
    BUCKET_KEY_LASTS,
    NO_KEYS,
    Envelopes,
    check_customer_key,
    check_upload_key,
    hides_digest,
)
from trug.ports.key_management import Context, DisabledKey, RefusedKey
from trug.ports.rows import Bucket
from trug.ports.stores import Damaged

BUCKET = Bucket(1, "bucket", "111111111111", "us-east-1", 0)
OTHER = Bucket(2, "other", "111111111111", "us-east-1", 0)
CUSTOMER, STRANGER = (CustomerKey(os.urandom(32), "md5") for _ in range(2))


class Stopped:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.time = 0

    def now(self) -> int:
        return self.time


class CountedRing(MemoryKeyRing):
    """A key ring that knows how often it was asked, and whose keys may be taken away."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = 0
        self.refusal: Exception | None = None

    async def wrap(self, name: str, secret: bytes, context: Context) -> bytes:
        self._look()
        return await super().wrap(name, secret, context)

    async def unwrap(self, name: str, wrapped: bytes, context: Context) -> bytes:
        self._look()
        return await super().unwrap(name, wrapped, context)

    def _look(self) -> None:
        self.asked += 1
        if self.refusal is not None:
            raise self.refusal


class House:
    def __init__(self) -> None:
        self.ring, self.clock = CountedRing(), Stopped()
        self.ring.create("k")
        self.envelopes = Envelopes(self.ring, self.ring, self.clock)


def played(scene: Callable[[House], Awaitable[None]]) -> Callable[[], None]:
    async def play() -> None:
        await scene(House())

    def test() -> None:
        asyncio.run(play())

    return test


@pytest.mark.parametrize(
    "asked",
    [
        Managed("AES256"),
        Managed("aws:kms"),
        Managed("aws:kms", "k", {"project": "x"}),
        Managed("aws:kms", "k", bucket_key=True),
        Managed("aws:kms:dsse", "alias/k"),
        CUSTOMER,
    ],
)
def test_a_body_has_its_key_again(asked: Protection) -> None:
    async def play() -> None:
        envelopes = House().envelopes
        made = await envelopes.make(BUCKET, "key", asked)
        customer = asked if isinstance(asked, CustomerKey) else None
        opened = await envelopes.open(made.encryption, customer)
        assert opened.plain == made.key.plain
        assert opened.layers == made.key.layers == (2 if asked.kind == "aws:kms:dsse" else 1)
        assert made.key.plain not in made.encryption.wrapped
        assert made.encryption.kind == asked.kind

    asyncio.run(play())


@played
async def test_a_context_is_part_of_the_key(house: House) -> None:
    made = await house.envelopes.make(BUCKET, "key", Managed("aws:kms", "k", {"project": "x"}))
    assert made.encryption.context == '{"aws:s3:arn":"arn:aws:s3:::bucket/key","project":"x"}'
    with pytest.raises(Damaged):
        await house.envelopes.open(made.encryption._replace(context='{"project":"y"}'), None)


@played
async def test_the_key_that_nobody_named(house: House) -> None:
    made = await house.envelopes.make(BUCKET, "key", Managed("aws:kms"))
    assert made.encryption.key == "arn:aws:kms:us-east-1:111111111111:alias/aws/s3"
    own = Envelopes(house.ring, house.ring, house.clock, default_key="k")
    assert (await own.make(BUCKET, "key", Managed("aws:kms"))).encryption.key == "k"


@played
async def test_a_bucket_key_spares_the_service(house: House) -> None:
    asked = Managed("aws:kms", "k", bucket_key=True)
    made = [await house.envelopes.make(BUCKET, str(number), asked) for number in range(5)]
    assert house.ring.asked == 1
    assert len({envelope.encryption.bucket_key for envelope in made}) == 1
    for envelope in made:
        assert (await house.envelopes.open(envelope.encryption, None)).plain == envelope.key.plain
    assert house.ring.asked == 2
    await house.envelopes.make(OTHER, "key", asked)
    assert house.ring.asked == 3
    house.clock.time = BUCKET_KEY_LASTS + 1
    later = await house.envelopes.make(BUCKET, "later", asked)
    assert house.ring.asked == 4
    assert later.encryption.bucket_key != made[0].encryption.bucket_key


@played
async def test_a_new_key_of_the_same_kind(house: House) -> None:
    made = await house.envelopes.make(BUCKET, "key", Managed("aws:kms", "k"))
    house.ring.create("other")
    asked = Managed("aws:kms", "other")
    renewed = await house.envelopes.rewrapped(made.key, made.around(b"blob's"), OTHER, "copy", asked)
    assert (renewed.key, renewed.blob_key) == ("other", b"blob's")
    assert "arn:aws:s3:::other/copy" in renewed.context
    assert (await house.envelopes.open(renewed, None)).plain == made.key.plain


@played
async def test_rotation_wraps_the_same_key_anew(house: House) -> None:
    for asked in (Managed("aws:kms", "k"), Managed("aws:kms", "k", bucket_key=True)):
        made = await house.envelopes.make(BUCKET, "key", asked)
        assert await house.envelopes.renewed(made.encryption) is None
        house.ring.rotate("k")
        renewed = await house.envelopes.renewed(made.encryption)
        assert renewed is not None
        assert await house.envelopes.renewed(renewed) is None
        assert (await house.envelopes.open(renewed, None)).plain == made.key.plain
        house.clock.time += BUCKET_KEY_LASTS + 1
    made = await house.envelopes.make(BUCKET, "key", CUSTOMER)
    assert await house.envelopes.renewed(made.encryption) is None


@played
async def test_keys_that_cannot_be_used(house: House) -> None:
    with pytest.raises(S3Error, match=r"KMS\.NotFoundException: Key 'absent' does not exist"):
        await house.envelopes.make(BUCKET, "key", Managed("aws:kms", "absent"))
    for refusal, code in ((DisabledKey("k"), "KMS.DisabledException"), (RefusedKey("k"), "AccessDenied")):
        house.ring.refusal = refusal
        with pytest.raises(S3Error) as refused:
            await house.envelopes.make(BUCKET, "key", Managed("aws:kms", "k"))
        assert refused.value.code is ErrorCode[code]


@played
async def test_the_key_of_sse_s3_that_was_lost(house: House) -> None:
    made = await house.envelopes.make(BUCKET, "key", Managed("AES256"))
    with pytest.raises(Damaged):
        await House().envelopes.open(made.encryption, None)
    with pytest.raises(S3Error, match="NotImplemented"):
        await Envelopes(NO_KEYS, NO_KEYS, house.clock).make(BUCKET, "key", Managed("AES256"))


@played
async def test_what_was_altered(house: House) -> None:
    made = await house.envelopes.make(BUCKET, "key", CUSTOMER)
    wrapped = made.encryption.wrapped
    bent = made.encryption._replace(wrapped=wrapped[:-1] + bytes([wrapped[-1] ^ 1]))
    with pytest.raises(Damaged):
        await house.envelopes.open(bent, CUSTOMER)
    shared = await house.envelopes.make(BUCKET, "key", Managed("aws:kms", "k", bucket_key=True))
    with pytest.raises(Damaged):
        await house.envelopes.open(shared.encryption._replace(wrapped=bytes(64)), None)


@played
async def test_the_right_customers_key(house: House) -> None:
    stored = (await house.envelopes.make(BUCKET, "key", CUSTOMER)).encryption
    managed = Encryption("AES256", b"")
    check_customer_key(None, None)
    check_customer_key(managed, None)
    check_customer_key(stored, CUSTOMER)
    for encryption, customer, code in (
        (None, CUSTOMER, ErrorCode.InvalidRequest),
        (managed, CUSTOMER, ErrorCode.InvalidRequest),
        (stored, None, ErrorCode.InvalidRequest),
        (stored, STRANGER, ErrorCode.AccessDenied),
    ):
        with pytest.raises(S3Error) as refused:
            check_customer_key(encryption, customer)
        assert refused.value.code is code
    check_upload_key(None, None)
    check_upload_key(managed, None)
    check_upload_key(stored, CUSTOMER)
    for encryption, customer in ((None, CUSTOMER), (managed, CUSTOMER), (stored, None), (stored, STRANGER)):
        with pytest.raises(S3Error, match="InvalidRequest"):
            check_upload_key(encryption, customer)


def test_whose_etag_is_no_md5() -> None:
    kinds = ("AES256", "aws:kms", "aws:kms:dsse", "SSE-C")
    assert [hides_digest(Encryption(kind, b"")) for kind in kinds] == [False, True, True, True]
    assert not hides_digest(None)
