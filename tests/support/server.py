"""A whole server in this process: memory adapters, engine, operation table and gateway on a loopback port."""

from __future__ import annotations

import asyncio
import base64
import http.client
import itertools
import socket
import threading
import zlib
from collections.abc import Coroutine, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import boto3
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.config import Config
from botocore.credentials import Credentials
from tests.support.chunks import unsigned
from tests.support.credentials import MemoryCredentials, credential
from tests.support.grants import ANYTHING, MemoryGrants

from trug.access.authority import Authority
from trug.access.grants import GrantSource
from trug.adapters.clock import SystemClock
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.keys import MemoryKeyRing
from trug.adapters.memory.metadata import MemoryMetadata
from trug.auth.authenticate import Authenticator
from trug.domain.identity import ANONYMOUS, Account, Identity, canonical_id_of
from trug.domain.versioning import Versioning
from trug.edge.gateway import Gateway
from trug.edge.health import Readiness
from trug.edge.incoming import EdgeSettings
from trug.edge.metered import Meter
from trug.edge.patience import Patience
from trug.edge.port import Port
from trug.engine.buckets import PLAIN, NewBuckets
from trug.engine.engine import Engine, Keys
from trug.jobs.access_logs import AccessLogs
from trug.jobs.request_metrics import RequestMetrics
from trug.jobs.storage_class_analyses import Analyses
from trug.observe import Observer
from trug.operations.catalogue import TABLE
from trug.ports.keys import Clock

T = TypeVar("T")

REGION = "us-east-1"
ROOT = ("AKIAROOT", "root-secret")
USER = ("AKIAUSER", "user-secret")
LIMITED = ("AKIALIMITED", "limited-secret")
STRANGER = ("AKIASTRANGER", "stranger-secret")
STRANGERS_USER = ("AKIASTRANGERSUSER", "strangers-user-secret")
ACCOUNT = Account("111111111111", canonical_id_of("111111111111"))
OTHER_ACCOUNT = Account("222222222222", canonical_id_of("222222222222"), "Other & Co")
CREDENTIALS = MemoryCredentials(
    credential(*ROOT, account=ACCOUNT),
    credential(*USER, user="ana", account=ACCOUNT),
    credential(*LIMITED, user="bob", account=ACCOUNT),
    credential(*STRANGER, account=OTHER_ACCOUNT),
    credential(*STRANGERS_USER, user="eve", account=OTHER_ACCOUNT),
)


def everyday_grants() -> MemoryGrants:
    """Ana may do anything, and Bob and Eve nothing until a test lets them."""
    grants = MemoryGrants()
    grants.let("ana", ANYTHING)
    return grants


SECONDS = 30
PATIENT = Patience()
DOMAIN = "s3.test"
WEBSITE_DOMAIN = "site.test"
KMS_KEY = "reports-key"


class Answer(NamedTuple):
    """An answer as it came; header names are lower case."""

    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def code(self) -> str:
        """The ``<Code>`` of an error."""
        return ET.fromstring(self.body).findtext("Code") or ""

    def texts(self, name: str) -> list[str]:
        """The texts of all elements of this name, wherever they stand."""
        root = ET.fromstring(self.body)
        return [element.text or "" for element in root.iter() if element.tag.rpartition("}")[2] == name]


@dataclass
class Server:
    """Runs in a thread of its own; ``endpoint`` is its URL."""

    endpoint: str
    engine: Engine
    loop: asyncio.AbstractEventLoop
    numbers: Iterator[int]
    access_logs: AccessLogs | None = None
    grants: MemoryGrants = field(default_factory=everyday_grants)
    analyses: Analyses | None = None

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Have the server's own loop do something."""
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(SECONDS)

    def make_bucket(
        self, versioning: Versioning = Versioning.OFF, *, account: Account = ACCOUNT, locks: bool = False
    ) -> str:
        """A new empty bucket, with Object Lock on where ``locks``."""
        name = f"bucket-{next(self.numbers)}"
        self.run(self._make(name, versioning, account, locks=locks))
        return name

    def deliver_access_logs(self) -> int:
        """Have what waits for buckets' access logs written; how many objects were made."""
        assert self.access_logs is not None
        return self.run(self.access_logs.deliver())

    def analyse(self) -> int:
        """Have the storage class analyses that are due made; how many went on."""
        assert self.analyses is not None
        self.run(self.analyses.store())
        return self.run(self.analyses.make_due())

    async def _make(self, name: str, versioning: Versioning, account: Account, *, locks: bool) -> None:
        bucket = await self.engine.buckets.create(name, account=account.id, region=REGION, tags={}, locks=locks)
        if versioning is not Versioning.OFF:
            await self.engine.buckets.set_versioning(bucket, versioning)

    def set_versioning(self, name: str, versioning: Versioning) -> None:
        self.run(self._set_versioning(name, versioning))

    async def _set_versioning(self, name: str, versioning: Versioning) -> None:
        bucket = await self.engine.buckets.find(name)
        assert bucket is not None
        await self.engine.buckets.set_versioning(bucket, versioning)

    def client(self, keys: tuple[str, str] = ROOT, **options: Any) -> Any:
        """A boto3 client that never retries."""
        access_key, secret = keys
        config = Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 1}, **options)
        return boto3.client(
            "s3",
            endpoint_url=self.endpoint,
            region_name=REGION,
            aws_access_key_id=access_key,
            aws_secret_access_key=secret,
            config=config,
        )

    def ask(
        self,
        method: str,
        target: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
        *,
        keys: tuple[str, str] = ROOT,
        has_trailer: bool = False,
    ) -> Answer:
        """One request, exactly as spelled, signed by botocore. ``target`` is raw: path and query as on the wire.

        ``has_trailer`` signs it as aws-chunked with an unsigned payload and a trailer.
        """
        request = AWSRequest(method=method, url=self.endpoint + target, headers=dict(headers or {}), data=body)
        if has_trailer:
            request.context["checksum"] = {"request_algorithm": {"in": "trailer"}}
        S3SigV4Auth(Credentials(*keys), "s3", REGION).add_auth(request)
        return self.send(method, target, dict(request.headers.items()), body)

    def ask_framed(
        self,
        method: str,
        target: str,
        content: bytes,
        headers: Mapping[str, str] | None = None,
        *,
        crc32: str | None = None,
        is_http_chunked: bool = False,
    ) -> Answer:
        """Send ``content`` aws-chunked with a CRC32 trailer; in HTTP's own chunks too, and so without
        Content-Length, where ``is_http_chunked``."""
        value = crc32 or base64.b64encode(zlib.crc32(content).to_bytes(4, "big")).decode()
        body = unsigned([content] if content else [], ("x-amz-checksum-crc32", value))
        framing = {
            "Content-Encoding": "aws-chunked",
            "x-amz-decoded-content-length": str(len(content)),
            "x-amz-trailer": "x-amz-checksum-crc32",
        }
        if is_http_chunked:
            framing["Transfer-Encoding"] = "chunked"
            body = b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)
        return self.ask(method, target, framing | dict(headers or {}), body, has_trailer=True)

    def send(self, method: str, target: str, headers: Mapping[str, str], body: bytes = b"") -> Answer:
        """One request that is signed already, or not at all."""
        address = urlsplit(self.endpoint)
        connection = http.client.HTTPConnection(address.hostname or "", address.port, timeout=SECONDS)
        names = {name.lower() for name in headers}
        try:
            connection.putrequest(method, target, skip_host="host" in names, skip_accept_encoding=True)
            for name, value in headers.items():
                connection.putheader(name, value)
            if not {"content-length", "transfer-encoding"} & names:
                connection.putheader("Content-Length", str(len(body)))
            connection.endheaders(body)
            response = connection.getresponse()
            answered = {name.lower(): value for name, value in response.getheaders()}
            return Answer(response.status, answered, response.read())
        finally:
            connection.close()


def compose(
    *,
    trusts_http: bool = False,
    visitor: Identity = ANONYMOUS,
    time: Clock | None = None,
    answer_within: float = 5,
    store: type[MemoryMetadata] = MemoryMetadata,
    restore_delay: float = 0,
    grants: GrantSource | None = None,
    new_buckets: NewBuckets = PLAIN,
    domains: tuple[str, ...] = (DOMAIN,),
) -> tuple[Gateway, Engine]:
    """The house in memory, with one KMS key; where it ``trusts_http`` it takes customers' keys. ``visitor`` is who
    comes to websites, ``time`` the clock of the store; long answers begin after ``answer_within`` seconds, and archived
    objects are restored after ``restore_delay``. ``grants`` has the policies of users; ``new_buckets`` says how buckets
    are made; they are hosts under ``domains``."""
    clock, blobs = SystemClock(), MemoryBlobs()
    metadata = store(time or clock, blobs)
    if isinstance(grants, MemoryGrants):
        grants.metadata = metadata
    ring = MemoryKeyRing()
    ring.create(KMS_KEY)
    engine = Engine.over(
        metadata,
        blobs,
        clock,
        keys=Keys(own=ring, kms=ring),
        restore_delay=restore_delay,
        new_buckets=new_buckets,
    )
    observer = Observer()
    gateway = Gateway(
        table=TABLE,
        authenticator=Authenticator(CREDENTIALS, clock, (REGION,), allows_sigv2_header=False),
        engine=engine,
        authority=Authority(metadata, grants or everyday_grants()),
        settings=EdgeSettings(
            regions=(REGION,),
            domains=domains,
            website_domains=(WEBSITE_DOMAIN,),
            trusts_http=trusts_http,
            answer_within=answer_within,
        ),
        observer=observer,
        clock=clock,
        readiness=lambda: Readiness(is_ready=True, durability="none", store="ok"),
        visitor=visitor,
        access_logs=AccessLogs(engine, clock),
        meter=Meter(
            RequestMetrics(metadata, observer.metrics.measured),
            Analyses(engine, metadata, time or clock),
            engine,
            metadata,
            clock,
        ),
    )
    return gateway, engine


@contextmanager
def serving(**options: Any) -> Iterator[Server]:
    """A server that listens until the block is left; ``options`` are those of ``compose``."""
    grants = everyday_grants()
    gateway, engine = compose(grants=grants, **options)
    with listening(gateway) as (endpoint, loop):
        analyses = None if gateway.meter is None else gateway.meter.analyses
        yield Server(endpoint, engine, loop, itertools.count(1), gateway.access_logs, grants, analyses)


@contextmanager
def listening(
    gateway: Gateway, *, patience: Patience = PATIENT, most: int = 1000
) -> Iterator[tuple[str, asyncio.AbstractEventLoop]]:
    """The S3 port over a gateway, in a thread of its own: its URL and its loop."""
    listener = socket.create_server(("127.0.0.1", 0))
    begun: Future[tuple[asyncio.AbstractEventLoop, asyncio.Event]] = Future()

    async def serve() -> None:
        over = asyncio.Event()
        port = Port(gateway, patience, most=most)
        await port.listen([listener])
        begun.set_result((asyncio.get_running_loop(), over))
        await over.wait()
        await port.drain(1)

    thread = threading.Thread(target=asyncio.run, args=(serve(),), name="server")
    thread.start()
    loop, over = begun.result(SECONDS)
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", loop
    finally:
        loop.call_soon_threadsafe(over.set)
        thread.join(SECONDS)
        listener.close()
