"""The composition root: the only file that knows which adapters stand behind the ports."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator, MutableMapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from trug import __version__
from trug.access.authority import Authority
from trug.adapters import development_key
from trug.adapters.board import Board, Seat
from trug.adapters.clock import SystemClock
from trug.adapters.filesystem import directory as data_directory
from trug.adapters.filesystem import layout
from trug.adapters.filesystem.blobs import FilesystemBlobs
from trug.adapters.filesystem.recovery import Abandoned, find_abandoned, sweep_staging
from trug.adapters.filesystem.shelf import FilesystemShelf
from trug.adapters.https import HttpsFetcher
from trug.adapters.keyring import FileKeyring, MasterKeyError, make_master_key, parse_master_key, read_master_key
from trug.adapters.kms.ring import FileKeyRing
from trug.adapters.root_pair import RootPair, path_of, read_or_make
from trug.adapters.session_tokens import SealedTokens
from trug.adapters.sql.connection import StoreRefused
from trug.adapters.sql.migrate import FORMAT, bring_to, find_format
from trug.adapters.sql.store import SqlMetadata, store_path
from trug.auth.authenticate import Authenticator
from trug.domain.acl import Ownership
from trug.domain.audit import LOCAL, Actor
from trug.domain.frozen import frozen
from trug.domain.identity import DEFAULT_ACCOUNT, Account, Identity, canonical_id_of
from trug.edge.asgi import Application
from trug.edge.gateway import Gateway
from trug.edge.health import Readiness
from trug.edge.incoming import EdgeSettings
from trug.edge.metered import Meter
from trug.engine.buckets import NewBuckets
from trug.engine.engine import Engine, Keys
from trug.engine.epochs import EpochLedger
from trug.engine.fsck import Fsck
from trug.engine.pins import Pins
from trug.iam.api.dispatcher import QueryApi
from trug.iam.api.service_set import ServiceSet
from trug.iam.credentials import Credentials
from trug.iam.declarations import InitError, parse_declarations
from trug.iam.development import DevelopmentIssuer
from trug.iam.grants import StoredGrants
from trug.iam.init import Initialiser
from trug.iam.keys import new_access_key, new_secret
from trug.iam.oidc import Issuers
from trug.iam.people import People
from trug.iam.sts.federation import Federation
from trug.iam.sts.service import TokenService
from trug.iam.sts.trust import Trust
from trug.iam.uses import Uses
from trug.jobs.access_logs import AccessLogs
from trug.jobs.comparing import keep_compared
from trug.jobs.emptying import Emptyings
from trug.jobs.expected_files import ExpectedFiles
from trug.jobs.indexing import Indexing
from trug.jobs.inventories import Inventories
from trug.jobs.lifecycle import LifecycleRuns
from trug.jobs.marking import keep_marked
from trug.jobs.noting import keep_noted
from trug.jobs.publishing import keep_published
from trug.jobs.reopening import keep_trusted
from trug.jobs.request_metrics import RequestMetrics
from trug.jobs.storage_class_analyses import Analyses
from trug.jobs.sweeping import keep_sweeping
from trug.manage.commands import Managed
from trug.observe import AccessLog, Observer, shared_standard_error, standard_error
from trug.operations.catalogue import TABLE
from trug.ports.acting import acting
from trug.ports.key_management import KeyManagement
from trug.ports.keys import Clock
from trug.ports.reads import BlobsBetween, UnsealedEpochs
from trug.ports.stores import BLOBS_PER_EPOCH, Damaged, Unavailable
from trug.settings import Settings, read_settings, upload_profiles

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
class Membership:
    """A worker's place among those that serve a directory together, under a supervisor that holds it.

    The one that ``is_first`` opens the store before all others: it makes, migrates and recovers it. ``is_orphan`` says
    whether the supervisor is gone.
    """

    index: int
    workers: int
    is_first: bool
    is_orphan: Callable[[], bool]

    @property
    def leads(self) -> bool:
        """Whether what is done once for the store is done here."""
        return self.index == 0


@frozen
class Store:
    """An open data directory: the engine over it and all that goes with it. ``seat`` where several processes serve."""

    settings: Settings
    engine: Engine
    metadata: SqlMetadata
    blobs: FilesystemBlobs
    people: People
    credentials: Credentials
    fsck: Fsck
    root: Root
    pins: Pins
    ring: FileKeyRing
    seat: Seat | None
    held: data_directory.Held
    development: DevelopmentIssuer | None = None

    @classmethod
    async def open(cls, settings: Settings, *, serves: bool = True, membership: Membership | None = None) -> Store:
        """Hold the directory, recover what a crash left, migrate, open.

        A store that is opened for a command alone, not to serve requests, needs no root key and gets none made.
        DirectoryInUse, DirectoryRefused, OSError, ValueError, and what the adapters raise for a store they cannot open.
        """
        directory = settings.directory
        held = await asyncio.to_thread(_hold, directory, membership)
        try:
            if membership is None or membership.is_first:
                await asyncio.to_thread(data_directory.keep_reserve, directory)
            root = root_of(settings) if serves else NO_ROOT
            return await cls._open_held(settings, held, root, membership)
        except BaseException:
            held.release()
            raise

    @classmethod
    async def _open_held(
        cls, settings: Settings, held: data_directory.Held, root: Root, membership: Membership | None
    ) -> Store:
        directory, clock = settings.directory, SystemClock()
        is_first = membership is None or membership.is_first
        master = _master_key(settings, makes=is_first)
        keyring = FileKeyring(master)
        ring = FileKeyRing(
            layout.key_ring_path(directory), layout.key_ring_lock_path(directory), keyring=keyring, clock=clock
        )
        keys = Keys(own=ring, kms=_key_service(settings, clock) or ring, default_key=settings.kms_key)
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
                is_first=is_first,
                is_shared=membership is not None,
            )
            undo.push_async_callback(metadata.close)
            await _recover(directory, metadata, ledger)
            undo.pop_all()
        people = People(metadata, keyring)
        uses = Uses(people.keys, clock, settings.region[0])
        seat = None if membership is None else _seat(directory, membership)
        pins = Pins(board=seat)
        return cls(
            settings=settings,
            engine=Engine.over(
                metadata,
                blobs,
                clock,
                inline_max=settings.inline_max,
                pins=pins,
                keys=keys,
                lifecycle_day=settings.lifecycle_day,
                restore_delay=settings.restore_delay,
                new_buckets=NewBuckets(Ownership(settings.object_ownership), settings.block_public_access),
            ),
            metadata=metadata,
            blobs=blobs,
            people=people,
            credentials=Credentials(metadata, people, root.keys, SealedTokens(master, clock), uses),
            fsck=Fsck(metadata, blobs, FilesystemShelf(directory)),
            root=root,
            pins=pins,
            ring=ring,
            seat=seat,
            held=held,
            development=_development(settings, clock) if root.pair.access_key else None,
        )

    @property
    def managed(self) -> Managed:
        ring = None if self.settings.kms else self.ring
        return Managed(
            self.people,
            self.fsck,
            self.metadata,
            self.engine.rekeying,
            self.ring,
            ring,
            self.engine.lifecycles,
            self.development,
        )

    async def initialise(self) -> list[str]:
        """Apply ``--init``, if given; answers what has no effect yet. InitError."""
        if not self.settings.init:
            return []
        text = await _read_text(self.settings.init)
        ring = None if self.settings.kms else self.ring
        initialiser = Initialiser(self.metadata, self.people, self.engine.buckets, self.settings.region[0], ring)
        return await acting(Actor("trug:init", address=LOCAL), initialiser.apply(parse_declarations(text)))

    async def close(self) -> None:
        """Finish what is under way and let the directory go."""
        await self.blobs.close()
        await self.metadata.close()
        if self.seat is not None:
            self.seat.close()
        self.held.release()


class Moved(NamedTuple):
    """The format that a store had, 0 where there was none, and the one it was to get; ``is_refused`` says that it did
    not, because it would have lost something."""

    found: int
    wanted: int
    is_refused: bool = False


def migrate(settings: Settings, wanted: int | None, *, loses: bool) -> Moved:
    """Bring a store that nobody has open to a format, None: the newest; to an older one only if it ``loses``.

    Where there is no store yet an empty one is made. DirectoryInUse, DirectoryRefused, StoreRefused, OSError.
    """
    held = _hold(settings.directory, None)
    try:
        path = store_path(settings.directory)
        found, wanted = find_format(path), FORMAT if wanted is None else wanted
        if found and wanted < found <= FORMAT and not loses:
            return Moved(found, wanted, is_refused=True)
        if not found and wanted == FORMAT:
            asyncio.run(_make(settings))
        else:
            bring_to(path, wanted)
        return Moved(found, wanted)
    finally:
        held.release()


async def _make(settings: Settings) -> None:
    opened = SqlMetadata.open(settings.directory, clock=SystemClock(), durability=settings.durability)
    await opened.close()


def _hold(directory: str, membership: Membership | None) -> data_directory.Held:
    """The directory for this process alone, or the place of a worker; on a thread."""
    if membership is None:
        data_directory.prepare(directory)
        return data_directory.lock(directory)
    held = data_directory.join(directory)
    if membership.is_orphan():
        held.release()
        raise data_directory.DirectoryInUse(f"the server of {directory} that started this worker is no more")
    return held


def _seat(directory: str, membership: Membership) -> Seat:
    return Seat(Board(layout.board_path(directory), membership.workers, is_new=False), membership.index)


def _development(settings: Settings, clock: Clock) -> DevelopmentIssuer | None:
    """The issuer of tokens for trials, with ``--dev`` alone; its key is made when it is first needed."""
    if not settings.dev:
        return None
    return DevelopmentIssuer(partial(development_key.read_or_make, settings.directory), clock, settings.console_port)


def _master_key(settings: Settings, *, makes: bool) -> bytes:
    if settings.master_key:
        return parse_master_key(settings.master_key)
    path = layout.master_key_path(settings.directory)
    return make_master_key(path) if makes else read_master_key(path)


def _key_service(settings: Settings, clock: Clock) -> KeyManagement | None:
    """The service that keeps the keys of KMS, if there is one. ValueError for settings that name none."""
    kind, _, url = settings.kms.partition("+")
    if kind == "vault":
        from trug.adapters.kms.vault import VaultTransit

        return VaultTransit(url, settings.kms_token)
    if kind == "aws":
        from trug.adapters.kms.aws import AwsKms

        return AwsKms(url, settings.kms_token, region=settings.region[0], clock=clock)
    return None


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
    """Remove the blobs that no row names, in the epochs that were open when a process ended."""
    for epoch in await metadata.fetch(UnsealedEpochs()):
        abandoned = find_abandoned(directory, epoch.number)
        if abandoned is None:
            continue
        with abandoned:
            await _recover_epoch(epoch.number, abandoned, metadata, ledger)


async def _recover_epoch(number: int, abandoned: Abandoned, metadata: SqlMetadata, ledger: EpochLedger) -> None:
    first = number * BLOBS_PER_EPOCH
    try:
        named = set(await metadata.fetch(BlobsBetween(first, first + BLOBS_PER_EPOCH, BLOBS_PER_EPOCH)))
    except Damaged:
        logger.exception("the blobs of epoch %d are left as they are: run trug fsck", number)
        return
    unlinked = await asyncio.to_thread(abandoned.unlink, named.__contains__)
    await ledger.seal(number)
    if unlinked:
        logger.info("recovery removed %d unfinished blobs of epoch %d", unlinked, number)


async def _read_text(path: str) -> str:
    import aiofiles

    async with aiofiles.open(path, encoding="utf-8") as file:
        return await file.read()


def build_authenticator(store: Store, clock: Clock) -> Authenticator:
    """Who tells from signatures who asks."""
    settings = store.settings
    return Authenticator(
        store.credentials,
        clock,
        settings.region,
        allows_sigv2_header=settings.sigv2,
        public_hosts=tuple(url.partition("://")[2].rstrip("/") for url in settings.public_url),
    )


@frozen
class Judges:
    """Who may do what, and what the tokens of others are worth: once for a process, whatever comes to it on which port,
    so that each policy is compiled once and each issuer asked once for its keys."""

    grants: StoredGrants
    authority: Authority
    federation: Federation

    @classmethod
    def of(cls, store: Store) -> Judges:
        clock, grants = SystemClock(), StoredGrants(store.metadata)
        federation = Federation(store.people.providers, Issuers(HttpsFetcher(), clock), clock)
        return cls(grants, Authority(store.metadata, grants), federation)


def build_gateway(
    store: Store,
    observer: Observer,
    judges: Judges,
    access_logs: AccessLogs | None = None,
    meter: Meter | None = None,
) -> Gateway:
    """The S3 port over an open store. Without ``access_logs`` and ``meter`` no bucket has any."""
    settings = store.settings
    clock = SystemClock()
    authenticator = build_authenticator(store, clock)
    authority = judges.authority
    tokens = TokenService(store.credentials.sessions, judges.federation, Trust(judges.grants), clock)
    return Gateway(
        table=TABLE,
        authenticator=authenticator,
        engine=store.engine,
        authority=authority,
        settings=EdgeSettings(
            regions=settings.region,
            domains=settings.domain,
            website_domains=settings.website_domain,
            max_header_bytes=settings.max_header_bytes,
            trusted_proxies=settings.trusted_proxy,
            metrics_token=settings.metrics_token,
            trusts_http=settings.sse_c_over_http,
        ),
        observer=observer,
        clock=clock,
        readiness=lambda: readiness_of(store),
        access_logs=access_logs,
        queries=QueryApi(authenticator, ServiceSet(store.people, tokens, authority.authorise_on)),
        meter=meter,
    )


def build_console(store: Store, observer: Observer, judges: Judges, emptyings: Emptyings, s3_url: str) -> Starlette:
    """The management port over an open store; what it needs is imported here, by the first who asks."""
    from trug.manage.api.callers import Callers
    from trug.manage.api.rates import Rates
    from trug.manage.api.visit import Surroundings
    from trug.manage.services import House, services
    from trug.manage.tokens import published

    settings, clock = store.settings, SystemClock()
    return services(
        House(
            surroundings=Surroundings(
                engine=store.engine,
                authority=judges.authority,
                metadata=store.metadata,
                clock=clock,
                credentials=store.credentials,
                emptyings=emptyings,
                region=settings.region[0],
                public_url=(*settings.public_url, s3_url)[0].rstrip("/"),
                version=__version__,
                env=settings.env,
                upload_seconds=settings.upload_timeout,
                upload_types=frozenset(settings.upload_types),
                scratch=settings.directory,
                profiles=upload_profiles(settings.upload_profiles),
                sessions=store.credentials.sessions,
                user_types=settings.user_types,
            ),
            callers=Callers(
                build_authenticator(store, clock),
                store.credentials,
                _bearer(store, judges.federation),
            ),
            observer=observer,
            rates=Rates(settings.api_rate),
        ),
        published(store.development),
    )


def _bearer(store: Store, federation: Federation) -> Callable[[str], Awaitable[Identity]]:
    """Who knows whom tokens stand for: users of the default account."""
    account = Account(DEFAULT_ACCOUNT, canonical_id_of(DEFAULT_ACCOUNT))
    verify = partial(federation.verify_bearer, account)
    return verify if store.development is None else store.development.beside(account, verify)


def readiness_of(store: Store) -> Readiness:
    """Whether writes are taken: not while the store waits to be opened anew after a failed sync."""
    is_ready = not store.metadata.is_in_doubt
    return Readiness(is_ready=is_ready, durability=store.settings.durability, store="ok" if is_ready else "reopening")


def build_observer(settings: Settings, *, is_terminal: bool) -> Observer:
    """The access log on standard error, for people on a terminal, in JSON otherwise."""
    is_human = settings.log_format == "human" or (settings.log_format == "auto" and is_terminal)
    sink = shared_standard_error if settings.workers > 1 else standard_error
    return Observer(log=AccessLog(sink, is_human=is_human))


class Service:
    """The S3 port as an ASGI application that opens its store itself: at lifespan start, or at the first request."""

    def __init__(self, settings: Settings, observer: Observer, membership: Membership | None = None) -> None:
        self._settings = settings
        self._observer = observer
        self._membership = membership
        self._opening = asyncio.Lock()
        self._gateway: Gateway | None = None
        self._judges: Judges | None = None
        self._store: Store | None = None
        self._access_logs: AccessLogs | None = None
        self._emptyings: Emptyings | None = None
        self._analyses: Analyses | None = None
        self._jobs: list[asyncio.Task[None]] = []

    @property
    def store(self) -> Store:
        """The open store; AssertionError before it is."""
        assert self._store is not None  # noqa: S101 - asked only of a started service
        return self._store

    @property
    def gateway(self) -> Gateway:
        """What answers over the open store; AssertionError before it is."""
        assert self._gateway is not None  # noqa: S101 - asked only of a started service
        return self._gateway

    async def start(self) -> Gateway:
        """Open the store, once."""
        async with self._opening:
            if self._gateway is None:
                store = await Store.open(self._settings, membership=self._membership)
                try:
                    if self._membership is None or self._membership.is_first:
                        _warn_of(await store.initialise())
                except BaseException:
                    await store.close()
                    raise
                self._access_logs = AccessLogs(store.engine, SystemClock())
                judges, share = Judges.of(store), self._settings.emptying_share
                self._emptyings = Emptyings(store.engine, store.metadata, judges.authority, SystemClock(), share=share)
                request_metrics = RequestMetrics(store.metadata, self._observer.metrics.measured)
                self._analyses = Analyses(store.engine, store.metadata, SystemClock())
                self._measure(store, self._access_logs, request_metrics)
                self._jobs = [
                    asyncio.create_task(job)
                    for job in (
                        *self._jobs_of(store, self._access_logs, self._emptyings),
                        *self._counting(self._analyses, request_metrics),
                    )
                ]
                meter = Meter(request_metrics, self._analyses, store.engine, store.metadata, SystemClock())
                self._store, self._judges = store, judges
                self._gateway = build_gateway(store, self._observer, judges, self._access_logs, meter)
            return self._gateway

    def _measure(self, store: Store, access_logs: AccessLogs, request_metrics: RequestMetrics) -> None:
        """Count what the store does, for all processes that serve it."""
        metrics, store_of = self._observer.metrics, store.metadata
        counters: tuple[tuple[str, str, Callable[[], float]], ...] = (
            ("trug_changes_total", "Changes decided.", lambda: store_of.done.changes),
            ("trug_commits_total", "Transactions of one or more changes.", lambda: store_of.done.batches),
            (
                "trug_write_lock_seconds_total",
                "Time waited for the store's write lock.",
                lambda: store_of.done.lock_wait_ns / 1e9,
            ),
            ("trug_bucket_log_lines_lost_total", "Lines of buckets' access logs dropped.", lambda: access_logs.lost),
            (
                "trug_bucket_requests_uncounted_total",
                "Requests under metrics configurations that there was no room to count for.",
                lambda: request_metrics.uncounted,
            ),
        )
        for name, description, read in counters:
            metrics.gauge(name, description, read, kind="counter")
        if store.seat is not None:
            metrics.join(store.seat)

    def _jobs_of(
        self, store: Store, access_logs: AccessLogs, emptyings: Emptyings
    ) -> Iterator[Coroutine[Any, Any, None]]:
        yield keep_trusted(store.metadata)
        yield keep_noted(store.credentials)
        yield access_logs.keep_delivering(store.settings.access_log_period)
        if self._membership is None or self._membership.leads:
            yield keep_sweeping(store.engine.sweep)
            yield keep_marked(store.engine.locks)
            yield ExpectedFiles(store.engine, store.metadata, SystemClock()).keep_running()
            yield Indexing(store.metadata).keep_built()
            yield Inventories(store.engine, store.metadata, SystemClock()).keep_made()
            yield LifecycleRuns(store.engine.lifecycles, store.metadata, SystemClock(), access_logs).keep_running()
            yield emptyings.keep_going()
        if self._membership is not None:
            yield keep_compared(store.metadata)
            yield keep_published((store.pins.publish, self._observer.metrics.publish))

    def _counting(self, analyses: Analyses, request_metrics: RequestMetrics) -> Iterator[Coroutine[Any, Any, None]]:
        yield request_metrics.keep_current()
        yield analyses.keep_stored()
        if self._membership is None or self._membership.leads:
            yield analyses.keep_made()

    def console(self, s3_url: str) -> Starlette:
        """The management port over the open store; ``s3_url`` is where the S3 port listens."""
        assert self._emptyings is not None  # noqa: S101 - asked only of a started service
        assert self._judges is not None  # noqa: S101 - as above
        return build_console(self.store, self._observer, self._judges, self._emptyings, s3_url)

    async def stop(self) -> None:
        """Close the store, if it is open."""
        if self._store is None:
            return
        for job in self._jobs:
            job.cancel()
        await asyncio.wait(self._jobs)
        if self._emptyings is not None:
            await self._emptyings.stop()
        if self._access_logs is not None:
            await self._access_logs.deliver()
        if self._analyses is not None:
            await self._store_analyses(self._analyses)
        await self._store.close()
        self._observer.close()
        self._store = self._gateway = None

    async def _store_analyses(self, analyses: Analyses) -> None:
        """What was counted since it was stored last; an end must not fail for it."""
        try:
            await analyses.store()
        except Unavailable:
            logger.warning("the last minute's counts of storage class analyses could not be stored")

    async def __call__(self, scope: MutableMapping[str, Any], receive: Any, send: Any) -> None:
        gateway = self._gateway or await self.start()
        await Application(gateway)(scope, receive, send)


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
