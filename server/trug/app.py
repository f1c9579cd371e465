"""The composition root: the only file that knows which adapters stand behind the ports."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any

from trug.adapters.clock import SystemClock
from trug.adapters.filesystem import directory as data_directory
from trug.adapters.filesystem import layout
from trug.adapters.filesystem.blobs import FilesystemBlobs
from trug.adapters.filesystem.recovery import recover, sweep_staging
from trug.adapters.filesystem.shelf import FilesystemShelf
from trug.adapters.keyring import FileKeyring, MasterKeyError, make_master_key, parse_master_key
from trug.adapters.root_pair import RootPair, path_of, read_or_make
from trug.adapters.sql.connection import StoreRefused
from trug.adapters.sql.store import SqlMetadata
from trug.auth.authenticate import Authenticator
from trug.domain.frozen import frozen
from trug.edge.gateway import Gateway
from trug.edge.health import Readiness
from trug.edge.incoming import EdgeSettings
from trug.engine.engine import Engine
from trug.engine.epochs import EpochLedger
from trug.engine.fsck import Fsck
from trug.iam.credentials import Credentials
from trug.iam.declarations import InitError, parse_declarations
from trug.iam.init import Initialiser
from trug.iam.people import People, new_access_key, new_secret
from trug.jobs.reopening import keep_trusted
from trug.jobs.sweeping import keep_sweeping
from trug.manage.commands import Managed
from trug.observe import AccessLog, Observer, standard_error
from trug.operations.catalogue import TABLE
from trug.ports.reads import BlobsBetween, UnsealedEpochs
from trug.ports.stores import BLOBS_PER_EPOCH, Damaged
from trug.settings import Settings, read_settings

if TYPE_CHECKING:
    from starlette.applications import Starlette

logger = logging.getLogger(__name__)

LOCKED_BY: tuple[type[Exception], ...] = (data_directory.DirectoryInUse, StoreRefused)
"""What ``Store.open`` raises for a store that another process holds, or that this program cannot read."""

REFUSED_BY: tuple[type[Exception], ...] = (data_directory.DirectoryRefused, InitError, MasterKeyError, ValueError)
"""What it raises for a configuration that cannot be served."""

DEV_PAIR = RootPair("minioadmin", "minioadmin")


@frozen
class Root:
    """The default account's root key and where its secret is kept, in words."""

    pair: RootPair
    kept: str

    @property
    def keys(self) -> dict[str, str]:
        """The secret by access key; empty where a store is opened without a root."""
        return {self.pair.access_key: self.pair.secret_key} if self.pair.access_key else {}


NO_ROOT = Root(RootPair("", ""), "none")


@frozen
class Store:
    """An open data directory: the engine over it and all that goes with it."""

    settings: Settings
    engine: Engine
    metadata: SqlMetadata
    blobs: FilesystemBlobs
    people: People
    credentials: Credentials
    fsck: Fsck
    root: Root
    held: data_directory.Held

    @classmethod
    async def open(cls, settings: Settings, *, serves: bool = True) -> Store:
        """Hold the directory, recover what a crash left, migrate, open.

        A store that is opened for a command alone, not to serve requests, needs no root key and gets none made.
        DirectoryInUse, DirectoryRefused, OSError, ValueError, and what the adapters raise for a store they cannot open.
        """
        directory = settings.directory
        await asyncio.to_thread(data_directory.prepare, directory)
        held = data_directory.lock(directory)
        try:
            await asyncio.to_thread(data_directory.keep_reserve, directory)
            return await cls._open_held(settings, held, root_of(settings) if serves else NO_ROOT)
        except BaseException:
            held.release()
            raise

    @classmethod
    async def _open_held(cls, settings: Settings, held: data_directory.Held, root: Root) -> Store:
        directory, clock = settings.directory, SystemClock()
        keyring = FileKeyring(_master_key(settings))
        await asyncio.to_thread(sweep_staging, directory)
        ledger = EpochLedger(lambda: metadata)
        async with AsyncExitStack() as undo:
            blobs = FilesystemBlobs(directory, epochs=ledger, durability=settings.durability)
            undo.push_async_callback(blobs.close)
            metadata = await asyncio.to_thread(
                SqlMetadata.open,
                directory,
                clock=clock,
                durability=settings.durability,
                blobs=blobs,
                on_full=partial(data_directory.give_up_reserve, directory),
            )
            undo.push_async_callback(metadata.close)
            await _recover(directory, metadata, ledger)
            undo.pop_all()
        people = People(metadata, keyring)
        return cls(
            settings=settings,
            engine=Engine.over(metadata, blobs, clock, inline_max=settings.inline_max),
            metadata=metadata,
            blobs=blobs,
            people=people,
            credentials=Credentials(metadata, people, root.keys),
            fsck=Fsck(metadata, blobs, FilesystemShelf(directory)),
            root=root,
            held=held,
        )

    @property
    def managed(self) -> Managed:
        return Managed(self.people, self.fsck, self.metadata)

    async def initialise(self) -> list[str]:
        """Apply ``--init``, if given; answers what has no effect yet. InitError."""
        if not self.settings.init:
            return []
        text = await _read_text(self.settings.init)
        initialiser = Initialiser(self.metadata, self.people, self.engine.buckets, self.settings.region[0])
        return await initialiser.apply(parse_declarations(text))

    async def close(self) -> None:
        """Finish what is under way and let the directory go."""
        await self.blobs.close()
        await self.metadata.close()
        self.held.release()


def _master_key(settings: Settings) -> bytes:
    if settings.master_key:
        return parse_master_key(settings.master_key)
    return make_master_key(layout.master_key_path(settings.directory))


def root_of(settings: Settings) -> Root:
    """The root key in force: the one given, the well-known one of ``--dev``, or one made at the first start."""
    if settings.root_access_key:
        pair = RootPair(settings.root_access_key, settings.root_secret_key)
        return Root(pair, settings.origins.get("root_secret_key", "settings"))
    if settings.dev:
        return Root(DEV_PAIR, "--dev: the well-known one")
    made = RootPair(new_access_key(), new_secret())
    return Root(read_or_make(settings.directory, made), path_of(settings.directory))


async def _recover(directory: str, metadata: SqlMetadata, ledger: EpochLedger) -> None:
    """Remove the blobs that no row names, in the epochs that were open when the last process ended."""
    for epoch in await metadata.fetch(UnsealedEpochs()):
        first = epoch.number * BLOBS_PER_EPOCH
        try:
            named = set(await metadata.fetch(BlobsBetween(first, first + BLOBS_PER_EPOCH, BLOBS_PER_EPOCH)))
        except Damaged:
            logger.exception("the blobs of epoch %d are left as they are: run trug fsck", epoch.number)
            continue
        recovered = await asyncio.to_thread(recover, directory, epoch.number, named.__contains__)
        if recovered.is_held:
            continue
        await ledger.seal(epoch.number)
        if recovered.unlinked:
            logger.info("recovery removed %d unfinished blobs of epoch %d", recovered.unlinked, epoch.number)


async def _read_text(path: str) -> str:
    import aiofiles

    async with aiofiles.open(path, encoding="utf-8") as file:
        return await file.read()


def build_gateway(store: Store, observer: Observer) -> Gateway:
    """The S3 port over an open store."""
    settings = store.settings
    clock = SystemClock()
    authenticator = Authenticator(
        store.credentials,
        clock,
        settings.region,
        allows_sigv2_header=settings.sigv2,
        public_hosts=tuple(url.partition("://")[2].rstrip("/") for url in settings.public_url),
    )
    return Gateway(
        table=TABLE,
        authenticator=authenticator,
        engine=store.engine,
        settings=EdgeSettings(
            regions=settings.region,
            domains=settings.domain,
            max_header_bytes=settings.max_header_bytes,
            trusted_proxies=settings.trusted_proxy,
            metrics_token=settings.metrics_token,
        ),
        observer=observer,
        clock=clock,
        readiness=lambda: readiness_of(store),
    )


def readiness_of(store: Store) -> Readiness:
    """Whether writes are taken: not while the store waits to be opened anew after a failed sync."""
    is_ready = not store.metadata.is_in_doubt
    return Readiness(is_ready=is_ready, durability=store.settings.durability, store="ok" if is_ready else "reopening")


def build_observer(settings: Settings, *, is_terminal: bool) -> Observer:
    """The access log on standard error, for people on a terminal, in JSON otherwise."""
    is_human = settings.log_format == "human" or (settings.log_format == "auto" and is_terminal)
    return Observer(log=AccessLog(standard_error, is_human=is_human))


class Service:
    """The S3 port as an ASGI application that opens its store itself: at lifespan start, or at the first request."""

    def __init__(self, settings: Settings, observer: Observer) -> None:
        self._settings = settings
        self._observer = observer
        self._opening = asyncio.Lock()
        self._gateway: Gateway | None = None
        self._store: Store | None = None
        self._jobs: list[asyncio.Task[None]] = []

    @property
    def store(self) -> Store:
        """The open store; AssertionError before it is."""
        assert self._store is not None  # noqa: S101 - asked only of a started service
        return self._store

    async def start(self) -> Gateway:
        """Open the store, once."""
        async with self._opening:
            if self._gateway is None:
                store = await Store.open(self._settings)
                try:
                    _warn_of(await store.initialise())
                except BaseException:
                    await store.close()
                    raise
                self._jobs = [
                    asyncio.create_task(keep_sweeping(store.engine.sweep)),
                    asyncio.create_task(keep_trusted(store.metadata)),
                ]
                self._store, self._gateway = store, build_gateway(store, self._observer)
            return self._gateway

    async def stop(self) -> None:
        """Close the store, if it is open."""
        if self._store is None:
            return
        for job in self._jobs:
            job.cancel()
        await asyncio.wait(self._jobs)
        await self._store.close()
        self._observer.close()
        self._store = self._gateway = None

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        gateway = self._gateway or await self.start()
        await gateway(scope, receive, send)


def _warn_of(unbuilt: list[str]) -> None:
    if unbuilt:
        logger.warning("--init: stored, but without effect yet: %s", "; ".join(unbuilt))


def create_app(settings: Settings | None = None) -> Starlette:
    """An ASGI application to mount or to call in process; without settings they are read from the environment.

    SettingsError, and at lifespan start or the first request what ``Store.open`` raises.
    """
    from starlette.applications import Starlette
    from starlette.routing import Mount

    settings = settings or read_settings()
    service = Service(settings, build_observer(settings, is_terminal=False))

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        await service.start()
        yield
        await service.stop()

    return Starlette(routes=[Mount("/", app=service)], lifespan=lifespan)
