"""The processes of a server with several, and clients that each talk to another of them."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from urllib.parse import urlsplit

from tests.support.client import Client
from tests.support.processes import ServerProcess

STEPS = 600
STEP = 0.05


def workers_of(server: ServerProcess) -> set[int]:
    """The process ids of a server's workers."""
    parent = server.process.pid
    with open(f"/proc/{parent}/task/{parent}/children", encoding="ascii") as file:
        return set(map(int, file.read().split()))


def eventually(is_so: Callable[[], bool]) -> None:
    """Wait for it, half a minute at most."""
    for _ in range(STEPS):
        if is_so():
            return
        time.sleep(STEP)
    raise AssertionError("it never came to be")


def is_alive(process: int) -> bool:
    try:
        with open(f"/proc/{process}/stat", encoding="ascii") as file:
            return file.read().rpartition(")")[2].split()[0] not in "ZX"
    except FileNotFoundError:
        return False


def worker_of(client: Client) -> str:
    """What a worker calls itself in its answers."""
    return client.ask("GET", "/").headers["x-amz-id-2"]


@contextmanager
def one_of_each(url: str, count: int) -> Iterator[Sequence[Client]]:
    """A client for each of ``count`` workers; those that are being replaced are waited for."""
    found: dict[str, Client] = {}

    def is_complete() -> bool:
        client = stack.enter_context(Client(url))
        found.setdefault(worker_of(client), client)
        return len(found) == count

    with ExitStack() as stack:
        eventually(is_complete)
        yield list(found.values())


def kill(processes: set[int], number: signal.Signals = signal.SIGKILL) -> None:
    for process in processes:
        with contextlib.suppress(ProcessLookupError):
            os.kill(process, number)


def wait_until_refused(url: str) -> None:
    """Until the server takes no new connections."""
    address = urlsplit(url)

    def is_refused() -> bool:
        try:
            socket.create_connection((address.hostname or "", address.port or 0), timeout=5).close()
        except ConnectionRefusedError:
            return True
        except OSError:
            return False
        return False

    eventually(is_refused)
