"""Servers under measurement: started, and watched through /proc."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent.parent
CACHE = Path(__file__).resolve().parent / ".cache"
SECONDS = 60
SETTLING = 0.15


class Tree(NamedTuple):
    """A process and its descendants. Linux only."""

    pid: int

    def cpu(self) -> float:
        """User and system seconds so far, ended threads and reaped children included, to the nanosecond of the
        scheduler (all but reaped children: those count in ticks)."""
        return sum(_clock(pid) + _reaped(pid) for pid in self._pids())

    def settled_cpu(self) -> float:
        """The same once what answers leave behind (log lines, a checkpoint) is likely done."""
        time.sleep(SETTLING)
        return self.cpu()

    def resident(self) -> float:
        """MiB of memory now."""
        return sum(_status(pid, "VmRSS") for pid in self._pids())

    def peak(self) -> float:
        """MiB of memory at most since ``forget_peak``; summed over processes, whose peaks may not coincide."""
        return sum(_status(pid, "VmHWM") for pid in self._pids())

    def forget_peak(self) -> None:
        for pid in self._pids():
            with contextlib.suppress(OSError):
                Path(f"/proc/{pid}/clear_refs").write_text("5")

    def _pids(self) -> list[int]:
        parents = {int(entry): _parent(entry) for entry in os.listdir("/proc") if entry.isdigit()}
        found = [self.pid]
        for pid in found:
            found += [child for child, parent in parents.items() if parent == pid]
        return found


def _fields(pid: int | str) -> list[str]:
    """The fields of /proc/PID/stat behind the name; none when the process is gone."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _parent(pid: str) -> int:
    found = _fields(pid)
    return int(found[1]) if found else 0


def _clock(pid: int) -> float:
    try:
        return time.clock_gettime(~pid << 3 | 2)  # what clock_getcpuclockid(3) makes of a process
    except OSError:
        return 0.0


def _reaped(pid: int) -> float:
    found = _fields(pid)
    return (int(found[13]) + int(found[14])) / os.sysconf("SC_CLK_TCK") if found else 0.0


def _status(pid: int, name: str) -> float:
    with contextlib.suppress(OSError):
        for line in Path(f"/proc/{pid}/status").read_text().splitlines():
            if line.startswith(name + ":"):
                return int(line.split()[1]) / 1024
    return 0.0


def listener_of(port: int) -> int | None:
    """The process that listens on a TCP port of this machine, when we may know."""
    inodes = set()
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        for line in Path(table).read_text().splitlines()[1:]:
            fields = line.split()
            if fields[3] == "0A" and int(fields[1].rpartition(":")[2], 16) == port:
                inodes.add(f"socket:[{fields[9]}]")
    pids = sorted(int(entry) for entry in os.listdir("/proc") if entry.isdigit())
    return next((pid for pid in pids if _holds(pid, inodes)), None)


def _holds(pid: int, inodes: set[str]) -> bool:
    try:
        return any(os.readlink(f"/proc/{pid}/fd/{number}") in inodes for number in os.listdir(f"/proc/{pid}/fd"))
    except OSError:
        return False


class Running(NamedTuple):
    """A server that answers."""

    host: str
    port: int
    tree: Tree
    seconds: float
    """From exec until it said that it listens."""
    console: tuple[str, int] | None = None
    """Where the management port listens, if it does."""


def environment(root: Path = ROOT) -> dict[str, str]:
    """This one's, without any setting of trug, and with compiled modules kept, as they are where trug is installed."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRUG_", "MINIO_"))}
    kept.pop("PYTHONDONTWRITEBYTECODE", None)
    return {**kept, "PYTHONPATH": f"{root / 'server'}{os.pathsep}{ROOT}"}


@contextmanager
def workplace() -> Iterator[Path]:
    """A directory on the disk of this checkout, gone afterwards (/tmp may be memory, where syncing costs nothing)."""
    CACHE.mkdir(exist_ok=True)
    with TemporaryDirectory(dir=CACHE) as directory:
        yield Path(directory)


@contextmanager
def trug(
    directory: Path,
    options: Sequence[str] = (),
    *,
    root: Path = ROOT,
    under: Sequence[str] = (),
    console_port: str = "off",
) -> Iterator[Running]:
    """``trug serve`` of the checkout ``root`` with its defaults; its log goes to a file beside the data."""
    arguments = [*serve_arguments(directory, console_port), *options]
    with started(["-m", "trug", *arguments], directory / "server.log", root=root, under=under) as running:
        yield running


def serve_arguments(directory: Path, console_port: str = "off") -> list[str]:
    port = ("--host", "127.0.0.1", "--port", "0", "--console-port", console_port)
    return ["serve", str(directory / "data"), "--dev", *port]


@contextmanager
def started(arguments: Sequence[str], log: Path, *, root: Path = ROOT, under: Sequence[str] = ()) -> Iterator[Running]:
    """A Python program that takes ``--ready-fd``, run ``under`` another when one is given. RuntimeError with its log
    when it does not come up."""
    read, write = os.pipe()
    began = time.perf_counter()
    with log.open("ab") as out:
        process = subprocess.Popen(
            [*under, sys.executable, *arguments, "--ready-fd", str(write)],
            cwd=log.parent,
            env=environment(root),
            stdout=out,
            stderr=out,
            pass_fds=(write,),
        )
    os.close(write)
    try:
        with os.fdopen(read, "rb") as ready:
            line = ready.readline()
        if not line:
            raise RuntimeError(log.read_text())
        told = json.loads(line)
        addresses = [_address(urls[0]) for urls in (told["s3"], told.get("console")) if urls]
        tree, seconds = Tree(process.pid), time.perf_counter() - began
        yield Running(*addresses[0], tree, seconds, addresses[1] if len(addresses) > 1 else None)
    finally:
        process.terminate()
        try:
            process.wait(SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _address(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return parts.hostname or "", parts.port or 0


NGINX = """
daemon off; worker_processes 1; pid {here}/nginx.pid; error_log {here}/error.log;
events {{ worker_connections 1024; }}
http {{
  access_log off; sendfile on; tcp_nopush on; keepalive_requests 100000000; default_type binary/octet-stream;
  client_body_temp_path {here}/body; proxy_temp_path {here}/proxy; fastcgi_temp_path {here}/fastcgi;
  uwsgi_temp_path {here}/uwsgi; scgi_temp_path {here}/scgi;
  server {{ listen 127.0.0.1:{port}; root {files}; }}
}}
"""


@contextmanager
def nginx(files: Path, port: int) -> Iterator[Running | None]:
    """nginx serving ``files``; None where it is not installed."""
    program = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if program is None:
        yield None
        return
    here = files.parent / "nginx"
    here.mkdir()
    os.chmod(files.parent, 0o755)
    configuration = here / "nginx.conf"
    user = "user root;" if os.geteuid() == 0 else ""
    configuration.write_text(user + NGINX.format(here=here, files=files, port=port))
    process = subprocess.Popen([program, "-c", str(configuration), "-e", str(here / "error.log")])
    try:
        yield Running("127.0.0.1", port, Tree(process.pid), 0.0)
    finally:
        process.send_signal(signal.SIGQUIT)
        process.wait(SECONDS)
