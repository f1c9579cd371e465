"""trug as a process: sockets, signals, the HTTP server, and what is printed when it starts."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import gc
import json
import logging
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import TextIO

import uvicorn

from trug import __version__
from trug.app import Service, Store, build_observer
from trug.edge.protocol import guarded_by
from trug.manage.client import socket_path
from trug.manage.control import Control
from trug.observe import Observer, configure_logging
from trug.settings import Settings

logger = logging.getLogger(__name__)

BACKLOG = 2048
WELL_KNOWN = ("minioadmin", "minio123", "password", "admin")


class AddressInUse(Exception):
    """A port that should be listened on is taken."""


def serve(settings: Settings) -> int:
    """Serve until TERM or INT; the exit code. What ``Store.open`` raises, AddressInUse, OSError."""
    is_terminal = sys.stderr.isatty()
    configure_logging(is_human=is_terminal or settings.log_format == "human")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    tune_allocator()
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(_serve(settings, is_terminal=is_terminal))


def _new_loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


async def _serve(settings: Settings, *, is_terminal: bool) -> int:
    sockets = listening_sockets(settings.host, settings.port)
    observer = build_observer(settings, is_terminal=is_terminal)
    service = Service(settings, observer)
    await service.start()
    try:
        tune_collector()
        urls = urls_of(settings, sockets)
        announce(service.store, urls, sys.stderr)
        async with _control(service.store):
            await _S3Server(_config(settings, service, observer), urls, settings.ready_fd).serve(sockets)
    finally:
        await service.stop()
    return 0


def _config(settings: Settings, service: Service, observer: Observer) -> uvicorn.Config:
    return uvicorn.Config(
        service,
        http=guarded_by(observer),
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=int(settings.keep_alive),
        timeout_graceful_shutdown=int(settings.shutdown_timeout),
        ssl_certfile=settings.tls_cert or None,
        ssl_keyfile=settings.tls_key or None,
        backlog=BACKLOG,
    )


class _Server(uvicorn.Server):
    """uvicorn's server without signal handlers of its own."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


class _S3Server(_Server):
    """The S3 port under our signals: TERM drains, a second one stops at once, HUP reads the certificate again.

    Writes one JSON line to ``ready_fd``, when that is not negative, as soon as it listens.
    """

    def __init__(self, config: uvicorn.Config, urls: Sequence[str], ready_fd: int) -> None:
        super().__init__(config)
        self._urls = urls
        self._ready_fd = ready_fd

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._end)
        loop.add_signal_handler(signal.SIGHUP, self._reload_certificate)
        await super().startup(sockets)
        if self.started and self._ready_fd >= 0:
            os.write(self._ready_fd, json.dumps({"s3": list(self._urls), "console": []}).encode() + b"\n")

    def _end(self) -> None:
        if self.should_exit:
            self.force_exit = True
        self.should_exit = True

    def _reload_certificate(self) -> None:
        if self.config.ssl is not None and self.config.ssl_certfile is not None:
            self.config.ssl.load_cert_chain(self.config.ssl_certfile, self.config.ssl_keyfile)
            logger.info("certificate read again from %s", self.config.ssl_certfile)


def listening_sockets(hosts: Sequence[str], port: int) -> list[socket.socket]:
    """A bound socket for each address; a free port is picked once for all of them. Addresses that this machine does
    not have are left out, as long as one remains. AddressInUse, OSError."""
    for _ in range(16):
        try:
            return _bind_all(hosts, port)
        except AddressInUse:
            if port:
                raise
    raise AddressInUse("found no port that is free on all addresses")


def _bind_all(hosts: Sequence[str], port: int) -> list[socket.socket]:
    sockets: list[socket.socket] = []
    missing: OSError | None = None
    for host in hosts:
        try:
            bound = _bind(host, port)
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                _close_all(sockets)
                raise AddressInUse(f"{host} port {port} is in use by another program") from error
            missing = error
            continue
        port = bound.getsockname()[1]
        sockets.append(bound)
    if not sockets and missing is not None:
        raise missing
    return sockets


def _bind(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    bound = socket.socket(family)
    try:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        bound.bind((host, port))
    except BaseException:
        bound.close()
        raise
    bound.setblocking(False)
    return bound


def _close_all(sockets: Sequence[socket.socket]) -> None:
    for bound in sockets:
        bound.close()


def urls_of(settings: Settings, sockets: Sequence[socket.socket]) -> list[str]:
    """Where the S3 port answers."""
    scheme = "https" if settings.tls_cert else "http"
    return [f"{scheme}://{_address(bound)}" for bound in sockets]


def _address(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


@contextlib.asynccontextmanager
async def _control(store: Store) -> AsyncIterator[None]:
    """Answer the command line on a Unix socket while the store is open."""
    path = socket_path(store.settings.directory)
    if path is None:
        yield
        return
    with contextlib.suppress(FileNotFoundError):
        os.unlink(path)
    config = uvicorn.Config(
        Control(store.managed),
        uds=path,
        lifespan="off",
        log_config=None,
        access_log=False,
        ws="none",
        timeout_graceful_shutdown=1,
    )
    server = _Server(config)
    before = os.umask(0o177)
    try:
        bound = socket.socket(socket.AF_UNIX)
        bound.bind(path)
    finally:
        os.umask(before)
    task = asyncio.create_task(server.serve([bound]))
    try:
        yield
    finally:
        server.should_exit = True
        await task
        with contextlib.suppress(FileNotFoundError):
            os.unlink(path)


def announce(store: Store, urls: Sequence[str], out: TextIO) -> None:
    """Say where the server is, who may enter, and how safe the data is."""
    settings, root = store.settings, store.root
    lines = [
        f"trug {__version__} · data in {os.path.abspath(settings.directory)} · durability {settings.durability}",
        f"S3 API      {'  '.join(urls)}",
        f"Access key  {root.pair.access_key}   (secret: {root.kept})",
    ]
    lines += [f"warning: {text}" for text in settings.warnings]
    if root.pair.secret_key in WELL_KNOWN and not settings.dev:
        lines.append("WARNING: the root secret is a well-known default: anybody who reaches this port owns the data")
    if settings.durability == "none":
        lines.append("WARNING: durability none: acknowledged writes may be lost in a crash of the machine")
    if root.pair.is_new:
        lines += first_steps(root.pair.access_key, root.pair.secret_key, urls[0])
    read = sorted({origin.split()[0] for origin in settings.origins.values()} & {".env", "trug.toml"})
    if read:
        lines.append(f"settings read from {', '.join(read)}")
    print("\n".join(lines), file=out, flush=True)


def first_steps(access_key: str, secret_key: str, url: str) -> list[str]:
    """What whoever has just got a root key pair wants to know, in lines; ``url`` is where the S3 API answers."""
    return [
        "",
        "A root key pair was made; this is the only time it is printed:",
        f"  access key  {access_key}",
        f"  secret key  {secret_key}",
        "",
        "  import boto3",
        f'  s3 = boto3.client("s3", endpoint_url="{url}", aws_access_key_id="{access_key}",',
        f'                    aws_secret_access_key="{secret_key}", region_name="us-east-1")',
        "",
        f"  AWS_ACCESS_KEY_ID={access_key} AWS_SECRET_ACCESS_KEY={secret_key} AWS_DEFAULT_REGION=us-east-1 \\",
        f"    aws --endpoint-url {url} s3 mb s3://first",
        "",
    ]


def tune_collector() -> None:
    """Look for cycles seldom, and never among what was there at the start: requests leave none, and each look at the
    youngest objects, 700 by default, takes time from them."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)


def tune_allocator() -> None:
    """Keep freed buffers in the process: glibc otherwise maps and unmaps memory for each one (six times the CPU of a
    64 MiB upload, measured)."""
    import ctypes

    trim_threshold, top_pad, mmap_threshold = -1, -2, -3
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:
        return
    for parameter, value in ((mmap_threshold, 4 << 20), (trim_threshold, 16 << 20), (top_pad, 1 << 20)):
        libc.mallopt(parameter, value)
