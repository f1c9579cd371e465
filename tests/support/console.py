"""The management port in this process, over memory adapters, on a loopback port; asked by httpx."""

from __future__ import annotations

import asyncio
import itertools
import socket
import threading
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from tests.support.grants import Document, MemoryGrants
from tests.support.server import CREDENTIALS, KMS_KEY, REGION, ROOT, SECONDS, Server, everyday_grants

from trug.access.authority import Authority
from trug.adapters.clock import SystemClock
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.keys import MemoryKeyRing
from trug.adapters.memory.metadata import MemoryMetadata
from trug.auth.authenticate import Authenticator
from trug.engine.engine import Engine, Keys
from trug.jobs.emptying import Emptyings
from trug.manage.api.application import application
from trug.manage.api.callers import Callers
from trug.manage.api.endpoint import Family
from trug.manage.api.rates import Rates
from trug.manage.api.visit import Surroundings
from trug.manage.listening import listening
from trug.manage.services import House, services
from trug.observe import Observer
from trug.ports.rows import Bucket
from trug.settings import Settings

PUBLIC = "http://s3.example.com"


@dataclass
class Console(Server):
    """A server whose management port listens; ``endpoint`` is that port's."""

    house: House | None = None

    def bucket(self, name: str) -> Bucket:
        found = self.run(self.engine.buckets.find(name))
        assert found is not None
        return found

    def let(self, name: str, *documents: Document) -> None:
        """Give a user these policies, and no others."""
        assert self.house is not None
        grants = self.house.surroundings.authority._grants
        assert isinstance(grants, MemoryGrants)
        grants.let(name, *documents)

    def http(self, keys: tuple[str, str] | None = ROOT, path: str = "") -> httpx.Client:
        """A client that says who it is by an access key (None: nobody), and asks below ``path``."""
        return httpx.Client(base_url=self.endpoint + path, auth=keys, timeout=SECONDS, verify=False)


def compose(*, rate: float = 0, upload_seconds: float = 60, feed_kept: int = 1_000_000) -> House:
    """All that the services stand on, in memory."""
    clock, blobs, ring = SystemClock(), MemoryBlobs(), MemoryKeyRing()
    metadata = MemoryMetadata(clock, blobs, feed_kept=feed_kept)
    ring.create(KMS_KEY)
    engine = Engine.over(metadata, blobs, clock, keys=Keys(own=ring, kms=ring))
    authority = Authority(metadata, everyday_grants())
    authenticator = Authenticator(CREDENTIALS, clock, (REGION,), allows_sigv2_header=False)
    return House(
        surroundings=Surroundings(
            engine=engine,
            authority=authority,
            metadata=metadata,
            clock=clock,
            credentials=CREDENTIALS,
            emptyings=Emptyings(engine, metadata, authority, clock),
            region=REGION,
            public_url=PUBLIC,
            version="0",
            upload_seconds=upload_seconds,
            upload_types=frozenset(Settings().upload_types),
        ),
        callers=Callers(authenticator, CREDENTIALS),
        observer=Observer(),
        rates=Rates(rate),
    )


@contextmanager
def consoling(*families: Family, **options: Any) -> Iterator[Console]:
    """A management port that listens until the block is left, with these families of endpoints if not all;
    ``options`` are those of ``compose``."""
    house = compose(**options)
    bound = socket.create_server(("127.0.0.1", 0))
    port = bound.getsockname()[1]
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        over = asyncio.Event()
        async with listening([bound], lambda: application(house, families) if families else services(house)):
            begun.set_result((asyncio.get_running_loop(), over))
            await over.wait()

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="console")
    thread.start()
    loop, over = begun.result(SECONDS)
    try:
        yield Console(f"http://127.0.0.1:{port}", house.surroundings.engine, loop, itertools.count(1), house=house)
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(SECONDS)
