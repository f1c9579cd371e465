"""trug as a process: signals, the HTTP server, and what is printed when it starts."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import math
import os
import resource
import signal
import socket
import ssl
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from typing import Any

from trug import __version__
from trug.app import Service, Store, build_observer
from trug.edge.patience import Patience
from trug.edge.port import Port
from trug.manage.descriptors import most_connections as console_connections
from trug.manage.listening import Manner, control, listening
from trug.observe import Observer, configure_logging
from trug.settings import Settings
from trug.sockets import Doors, doors_of, tell_ready, urls_of

logger = logging.getLogger(__name__)

MOST_DESCRIPTORS = 65_536
OWN_DESCRIPTORS = 512
WELL_KNOWN = ("minioadmin", "minio123", "password", "admin")


def serve(settings: Settings) -> int:
    """Serve until TERM or INT; the exit code. What ``Store.open`` raises, AddressInUse, OSError."""
    return run(_serve(settings), settings)


def run(work: Coroutine[Any, Any, int], settings: Settings) -> int:
    """What a process of a server does, on a loop, with logging and memory set up for it."""
    configure_logging(is_human=sys.stderr.isatty() or settings.log_format == "human")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    tune_allocator()
    tune_collector()
    with asyncio.Runner(loop_factory=_new_loop) as runner:
        return runner.run(work)


def _new_loop() -> asyncio.AbstractEventLoop:
    import uvloop

    return uvloop.new_event_loop()


async def _serve(settings: Settings) -> int:
    """TERM drains, a second one stops at once, HUP reads the certificate again."""
    doors = doors_of(settings)
    observer = build_observer(settings, is_terminal=sys.stderr.isatty())
    service = Service(settings, observer)
    await service.start()
    try:
        urls, console = urls_of(settings, doors.s3), urls_of(settings, doors.console)
        sys.stderr.write(announcement(service.store, urls, console))
        port = S3Port(settings, Port(service.gateway, patience_of(settings), most=most_connections()), observer)
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, port.stop)
        loop.add_signal_handler(signal.SIGHUP, port.reload_certificate)
        async with management(service, doors):
            await port.serve(doors.s3, lambda: tell_ready(settings.ready_fd, urls, console))
    finally:
        await service.stop()
    return 0


@contextlib.asynccontextmanager
async def management(service: Service, doors: Doors) -> AsyncIterator[None]:
    """The command line's socket, and the management port."""
    settings, development = service.store.settings, service.store.development
    if development is not None and doors.console:
        development.listens_on(doors.console[0].getsockname()[1])
    s3_url = urls_of(settings, doors.s3)[0]
    manner = Manner(settings.tls_cert, settings.tls_key, settings.trusted_proxy, math.ceil(settings.shutdown_timeout))
    async with (
        control(service.store.managed, settings.directory),
        listening(doors.console, lambda: service.console(s3_url), manner)
        if doors.console
        else contextlib.nullcontext(),
    ):
        yield


def patience_of(settings: Settings) -> Patience:
    return Patience(keep_alive=settings.keep_alive)


class S3Port:
    """The S3 port until it is told to stop: it drains then, and told again it ends at once."""

    def __init__(self, settings: Settings, port: Port, observer: Observer) -> None:
        observer.metrics.gauge("trug_connections", "Open connections.", lambda: port.open_connections)
        self._settings = settings
        self._tls = tls_of(settings)
        self._port = port
        self._patience = settings.shutdown_timeout
        self._end = asyncio.Event()

    async def serve(self, sockets: Sequence[socket.socket], is_listening: Callable[[], None]) -> None:
        """Listen, say so, and go on until told to stop."""
        await self._port.listen(sockets, self._tls)
        is_listening()
        await self._end.wait()
        await self._port.drain(self._patience)

    def stop(self) -> None:
        if self._end.is_set():
            self._port.cut()
        self._end.set()

    def drain(self, *, seconds: float | None = None) -> None:
        """As ``stop``, but again it changes nothing; ``seconds`` that requests in flight get, if not those set."""
        if not self._end.is_set():
            self._patience = self._patience if seconds is None else seconds
            self._end.set()

    def reload_certificate(self) -> None:
        if self._tls is not None:
            self._tls.load_cert_chain(self._settings.tls_cert, self._settings.tls_key or None)
            logger.info("certificate read again from %s", self._settings.tls_cert)


def tls_of(settings: Settings) -> ssl.SSLContext | None:
    """What speaks TLS, None where nobody asked for it."""
    if not settings.tls_cert:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(settings.tls_cert, settings.tls_key or None)
    return context


def most_connections() -> int:
    """As many as there are descriptors, less those that files, the database and the management port need; the soft
    limit is raised first."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = MOST_DESCRIPTORS if hard == resource.RLIM_INFINITY else min(hard, MOST_DESCRIPTORS)
    if soft < wanted:
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
            soft = wanted
    return max(soft - OWN_DESCRIPTORS - console_connections(soft), soft // 2)


def announcement(store: Store, urls: Sequence[str], console: Sequence[str]) -> str:
    """Where the server is, who may enter, and how safe the data is: lines for people."""
    settings, root = store.settings, store.root
    processes = f" · {settings.workers} workers" if settings.workers > 1 else ""
    place = os.path.abspath(settings.directory)
    lines = [
        f"trug {__version__} · data in {place} · durability {settings.durability}{processes}",
        f"S3 API      {'  '.join(urls)}",
        f"HTTP API    {'  '.join(console) or 'off'}",
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
    return "".join(f"{line}\n" for line in lines)


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
    youngest objects, 700 by default, takes time from them. Not even once: that would take 20 ms to free 0.5 MiB."""
    gc.freeze()
    gc.set_threshold(20_000, 20, 20)
    gc.enable()


def tune_allocator() -> None:
    """Keep freed buffers in the process: glibc otherwise maps and unmaps memory for each one (six times the CPU of a
    64 MiB upload, measured). Two arenas for all threads: left alone, each thread keeps one of its own with all that it
    freed."""
    import ctypes

    trim_threshold, top_pad, mmap_threshold, most_arenas = -1, -2, -3, -8
    try:
        libc = ctypes.CDLL("libc.so.6")
    except OSError:
        return
    settings = ((mmap_threshold, 4 << 20), (trim_threshold, 16 << 20), (top_pad, 1 << 20), (most_arenas, 2))
    for parameter, value in settings:
        libc.mallopt(parameter, value)
