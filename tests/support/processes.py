"""trug as users start it: a process of its own, on a free port."""

from __future__ import annotations

import json
import os
import selectors
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
SECONDS = 60
QUIET = ("--dev", "--port", "0", "--console-port", "off")


@dataclass
class ServerProcess:
    """A server that listens at ``url``, its management port at ``console``; what it prints goes to the file ``log``."""

    process: subprocess.Popen[bytes]
    url: str
    log: Path
    console: str = ""

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(SECONDS)

    def terminate(self) -> int:
        """Ask it to end; its exit code."""
        self.process.terminate()
        return self.process.wait(SECONDS)


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "trug", *arguments]


def environment() -> dict[str, str]:
    """This one's, without any setting of trug."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TRUG_", "MINIO_"))}
    return {**kept, "PYTHONPATH": str(ROOT / "server")}


def run(directory: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end, from ``directory``."""
    return subprocess.run(
        command(*arguments),
        cwd=directory,
        env=environment(),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )


def start(directory: Path, options: Sequence[str] = (), usual: Sequence[str] = QUIET) -> ServerProcess:
    """Serve the folder ``data`` of ``directory``; AssertionError with what was printed when it does not come up."""
    read, write = os.pipe()
    quiet = usual[:-2] if "--console-port" in options and usual is QUIET else usual
    log = directory / "server.log"
    with log.open("ab") as out:
        process = subprocess.Popen(
            command("serve", str(directory / "data"), *quiet, "--ready-fd", str(write), *options),
            cwd=directory,
            env=environment(),
            stdout=out,
            stderr=out,
            pass_fds=(write,),
        )
    os.close(write)
    line = first_line(read)
    if not line:
        process.kill()
        process.wait(SECONDS)
        raise AssertionError(log.read_text())
    ready = json.loads(line)
    return ServerProcess(process, ready["s3"][0], log, next(iter(ready["console"]), ""))


def with_console() -> tuple[str, ...]:
    """Options of a server with a management port, whose S3 port has a number that it knows before it is bound."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        return ("--dev", "--host", "127.0.0.1", "--port", str(free.getsockname()[1]), "--console-port", "0")


def first_line(descriptor: int, seconds: float = SECONDS) -> bytes:
    """A line, or less when the writer is gone or too slow; the descriptor is closed."""
    line = b""
    try:
        while not line.endswith(b"\n") and is_readable(descriptor, seconds):
            piece = os.read(descriptor, 4096)
            if not piece:
                break
            line += piece
    finally:
        os.close(descriptor)
    return line


def is_readable(descriptor: int, seconds: float) -> bool:
    with selectors.DefaultSelector() as selector:
        selector.register(descriptor, selectors.EVENT_READ)
        return bool(selector.select(seconds))


@contextmanager
def serving(directory: Path, options: Sequence[str] = (), usual: Sequence[str] = QUIET) -> Iterator[ServerProcess]:
    """A server until the block is left; it is killed if it still runs then."""
    server = start(directory, options, usual)
    try:
        yield server
    finally:
        server.kill()
