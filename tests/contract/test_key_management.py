"""What whoever keeps keys must do: in memory, in a file, in Vault's transit engine, in AWS KMS."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import pytest
from tests.support.key_services import PAIR, REGION, TOKEN, Kms, Vault, listening

from trug.adapters.clock import SystemClock
from trug.adapters.keyring import FileKeyring
from trug.adapters.kms.aws import AwsKms
from trug.adapters.kms.ring import FileKeyRing
from trug.adapters.kms.vault import VaultTransit
from trug.adapters.memory.keys import MemoryKeyRing
from trug.ports.key_management import DisabledKey, KeyManagement, RefusedKey, UnknownKey
from trug.ports.stores import Damaged, Unavailable

SECRET = os.urandom(32)
CONTEXT = {"aws:s3:arn": "arn:aws:s3:::bucket/ä", "b": "1"}


class Kept(NamedTuple):
    """Keys, and how somebody makes and rotates one."""

    keys: KeyManagement
    create: Callable[[str], object]
    rotate: Callable[[str], object]


@contextmanager
def in_memory(_: Path) -> Iterator[Kept]:
    ring = MemoryKeyRing()
    yield Kept(ring, ring.create, ring.rotate)


@contextmanager
def in_a_file(directory: Path) -> Iterator[Kept]:
    ring = FileKeyRing(
        str(directory / "ring"), str(directory / "lock"), keyring=FileKeyring(os.urandom(32)), clock=SystemClock()
    )
    yield Kept(ring, ring.create, ring.rotate)


@contextmanager
def in_vault(_: Path) -> Iterator[Kept]:
    vault = Vault()
    with listening(vault) as url:
        yield Kept(VaultTransit(f"{url}/v1/transit", TOKEN), vault.create, vault.rotate)


@contextmanager
def in_aws(_: Path) -> Iterator[Kept]:
    kms = Kms()
    with listening(kms) as url:
        yield Kept(AwsKms(url, PAIR, region=REGION, clock=SystemClock()), kms.create, kms.rotate)


@pytest.fixture(params=[in_memory, in_a_file, in_vault, in_aws])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Kept]:
    with request.param(tmp_path) as made:
        made.create("k")
        yield made


def test_a_secret_comes_back(kept: Kept) -> None:
    async def play() -> None:
        wrapped = await kept.keys.wrap("k", SECRET, CONTEXT)
        assert SECRET not in wrapped
        assert await kept.keys.unwrap("k", wrapped, dict(reversed(CONTEXT.items()))) == SECRET
        assert await kept.keys.unwrap("k", await kept.keys.wrap("k", SECRET, {}), {}) == SECRET

    asyncio.run(play())


def test_only_with_its_context(kept: Kept) -> None:
    async def play() -> None:
        wrapped = await kept.keys.wrap("k", SECRET, CONTEXT)
        for content, context in ((wrapped, {}), (wrapped, {"b": "1"}), (wrapped[:-4], CONTEXT), (b"", CONTEXT)):
            with pytest.raises(Damaged):
                await kept.keys.unwrap("k", content, context)

    asyncio.run(play())


def test_what_was_wrapped_before_a_rotation(kept: Kept) -> None:
    async def play() -> None:
        old = await kept.keys.wrap("k", SECRET, CONTEXT)
        kept.rotate("k")
        new = await kept.keys.wrap("k", SECRET, CONTEXT)
        assert await kept.keys.unwrap("k", old, CONTEXT) == SECRET
        assert await kept.keys.unwrap("k", new, CONTEXT) == SECRET
        assert not kept.keys.is_newest("k", old)

    asyncio.run(play())


def test_a_key_that_is_not_there(kept: Kept) -> None:
    async def play() -> None:
        wrapped = await kept.keys.wrap("k", SECRET, {})
        with pytest.raises(UnknownKey):
            await kept.keys.wrap("absent", SECRET, {})
        with pytest.raises(UnknownKey):
            await kept.keys.unwrap("absent", wrapped, {})

    asyncio.run(play())


# What only services answer


def asked(keys: KeyManagement, name: str = "k") -> None:
    asyncio.run(_wrapped(keys, name))


async def _wrapped(keys: KeyManagement, name: str) -> bytes:
    return await keys.wrap(name, SECRET, {})


def test_a_service_that_refuses_us() -> None:
    for service, keys in (
        (Vault(), lambda url: VaultTransit(f"{url}/v1/transit", "s.other")),
        (Kms(), lambda url: AwsKms(url, "AKIAKMS:other", region=REGION, clock=SystemClock())),
    ):
        with listening(service) as url, pytest.raises(RefusedKey):
            asked(keys(url))


def test_a_key_that_is_disabled() -> None:
    with listening(Kms()) as url, pytest.raises(DisabledKey):
        asked(AwsKms(url, PAIR, region=REGION, clock=SystemClock()), "disabled")


@pytest.mark.parametrize("status", [500, 503, 429])
def test_a_service_that_cannot_answer(status: int) -> None:
    vault = Vault()
    vault.status = status
    with listening(vault) as url, pytest.raises(Unavailable):
        asked(VaultTransit(f"{url}/v1/transit", TOKEN))


def test_a_service_that_is_not_there() -> None:
    with socket.create_server(("127.0.0.1", 0)) as nobody:
        port = nobody.getsockname()[1]
    with pytest.raises(Unavailable):
        asked(VaultTransit(f"http://127.0.0.1:{port}/v1/transit", TOKEN))


@pytest.mark.parametrize("url", ["ftp://host/", "https:///v1", "https://user@host/", "host"])
def test_urls_that_name_no_service(url: str) -> None:
    with pytest.raises(ValueError, match="http"):
        VaultTransit(url, TOKEN)
    with pytest.raises(ValueError, match="ACCESS_KEY"):
        AwsKms("https://kms.us-east-1.amazonaws.com", "no pair", region=REGION, clock=SystemClock())


def test_no_secret_is_shown() -> None:
    assert TOKEN not in repr(VaultTransit("https://vault/v1/transit", TOKEN))
    kms = AwsKms("https://kms.eu-central-1.amazonaws.com", PAIR, region=REGION, clock=SystemClock())
    assert "kms-secret" not in repr(kms)
