"""Starts and ends servers below the shim."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any, Self

from tests.crash.shim import Control, build
from tests.support import processes
from tests.support.client import Client

SECONDS = 60


class Task:
    """A process that the zygote started for us."""

    def __init__(self, pid: int, status: int, answer: int) -> None:
        self.pid = pid
        self._status = status
        self._answer = answer
        self._code: int | None = None

    def answer(self) -> Any:
        """The line it answers with; None when it ended without one."""
        line = processes.first_line(self._answer, SECONDS)
        return json.loads(line) if line.endswith(b"\n") else None

    def wait(self, seconds: float = SECONDS) -> int | None:
        """Its exit code (-9 when it was killed); None when it still runs after that time."""
        if self._code is None and processes.is_readable(self._status, seconds):
            self._code = int(processes.first_line(self._status, seconds))
        return self._code

    def kill(self) -> None:
        self._signal(signal.SIGKILL)
        assert self.wait() is not None

    def terminate(self) -> int | None:
        self._signal(signal.SIGTERM)
        return self.wait()

    def _signal(self, number: signal.Signals) -> None:
        if self.wait(0) is None:
            os.kill(self.pid, number)


class Crashed(Exception):
    """A server did not come up."""


class Bench:
    """A place to run servers in, one at a time: the data directory, the shim's page and the zygote."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.directory = folder / "data"
        self.log = folder / "server.log"
        self.control = Control(folder / "control")
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._orders = ours
        environment = {**processes.environment(), "LD_PRELOAD": build()}
        environment["PYTHONPATH"] += f"{os.pathsep}{processes.ROOT}"
        self._zygote = subprocess.Popen(
            [sys.executable, "-m", "tests.crash.zygote", str(theirs.fileno())],
            cwd=folder,
            env=environment,
            pass_fds=(theirs.fileno(),),
            stdin=subprocess.DEVNULL,
        )
        theirs.close()

    def begin(self, work: str, *, is_counted: bool = True) -> Task:
        """Start a piece of the zygote's work on the data directory."""
        status, told = os.pipe()
        answer, answered = os.pipe()
        order = {
            "work": work,
            "directory": str(self.directory),
            "page": str(self.control.path) if is_counted else "",
            "trace": str(self.control.trace_path),
            "log": str(self.log),
        }
        socket.send_fds(self._orders, [json.dumps(order).encode()], [told, answered])
        os.close(told)
        os.close(answered)
        pid = b""
        while not pid.endswith(b"\n"):
            piece = os.read(status, 1)
            assert piece, "the zygote is gone"
            pid += piece
        return Task(int(pid), status, answer)

    def serve(self, work: str = "serve") -> tuple[Task, Client]:
        """A server that listens. Crashed when it ended before."""
        started = self.try_serve(work)
        if started is None:
            raise Crashed("killed as it started")
        return started

    def try_serve(self, work: str = "serve") -> tuple[Task, Client] | None:
        """A server that listens; None when it was struck as it started. Crashed when it ended of itself."""
        task = self.begin(work)
        ready = task.answer()
        if ready is not None:
            return task, Client(ready["s3"][0], console=next(iter(ready["console"]), ""))
        code = task.wait()
        if code == -signal.SIGKILL and self.control.struck:
            return None
        raise Crashed(f"the server did not start (exit code {code}):\n{self.log.read_text()[-3000:]}")

    def examine(self) -> list[str]:
        """What does not fit in the directory once a start has recovered it and the sweep has run."""
        task = self.begin("examine", is_counted=False)
        findings = task.answer()
        code = task.wait()
        if findings is None or code != 0:
            return [f"the store cannot be examined (exit code {code}):\n{self.log.read_text()[-3000:]}"]
        return [str(finding) for finding in findings]

    def close(self) -> None:
        self._orders.close()
        self._zygote.wait(SECONDS)
        self.control.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
