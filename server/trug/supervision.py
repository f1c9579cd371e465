"""The supervisor of the workers: holds the data directory, replaces those that crash, passes signals on.

It imports little, so that it costs little memory, and it starts processes anew rather than by fork: SQLite's locks and
what threads hold do not survive a fork.
"""

from __future__ import annotations

import json
import selectors
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress

from trug.adapters.board import Board
from trug.adapters.filesystem import directory, layout
from trug.settings import Settings, as_text
from trug.sockets import Doors, doors_of, tell_ready, urls_of

SHORTEST_WAIT = 0.1
LONGEST_WAIT = 30.0
STEADY = 10.0
"""Who lived for so many seconds is replaced at once; for each who dies sooner the wait doubles."""

PATIENCE = 10.0
"""How many seconds longer than its requests may take a worker gets to end."""

HEEDED = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)


def supervise(settings: Settings) -> int:
    """Serve with several processes until TERM or INT; the exit code. DirectoryInUse, DirectoryRefused, AddressInUse,
    OSError."""
    with ExitStack() as stack:
        doors = doors_of(settings)
        stack.callback(doors.close)
        directory.prepare(settings.directory)
        stack.callback(directory.lock(settings.directory).release)
        board = Board(layout.board_path(settings.directory), settings.workers, is_new=True)
        stack.callback(board.close)
        signals = stack.enter_context(heeded_signals())
        return Supervisor(settings, doors, board, signals).run()


@contextmanager
def heeded_signals() -> Iterator[socket.socket]:
    """A socket from which the numbers of signals can be read as they come."""
    read, write = socket.socketpair()
    for end in (read, write):
        end.setblocking(False)
    before = [(number, signal.signal(number, lambda *_: None)) for number in HEEDED]
    woken = signal.set_wakeup_fd(write.fileno(), warn_on_full_buffer=False)
    try:
        yield read
    finally:
        signal.set_wakeup_fd(woken)
        for number, handler in before:
            signal.signal(number, handler)
        read.close()
        write.close()


class Worker:
    """A worker as its supervisor knows it: orders go to it in lines of text, reports come in lines of JSON."""

    def __init__(self, index: int, settings: str, doors: Doors) -> None:
        self.index = index
        self.began = time.monotonic()
        self.is_ready = False
        self._heard = b""
        self.link, theirs = socket.socketpair()
        with theirs:
            s3, console = ([bound.fileno() for bound in each] for each in doors)
            passed = [theirs.fileno(), *s3, *console]
            numbers = map(str, (index, theirs.fileno(), *s3, *(["--console", *console] if console else ())))
            self.process = subprocess.Popen(  # noqa: S603 - nothing in it comes from outside
                [sys.executable, "-m", "trug", "worker", *numbers],
                pass_fds=passed,
                stdin=subprocess.DEVNULL,
            )
        self.order(settings)
        self.link.setblocking(False)

    def order(self, text: str) -> None:
        """Who is gone need not hear it."""
        with suppress(OSError):
            self.link.sendall(text.encode() + b"\n")

    def reports(self) -> list[dict[str, str]]:
        """What it has said since; nothing more when it has ended."""
        piece = b""
        with suppress(OSError):
            piece = self.link.recv(1 << 16)
        *lines, self._heard = (self._heard + piece).split(b"\n")
        return [json.loads(line) for line in lines]

    @property
    def fate(self) -> str:
        """How it ended, in words."""
        code = self.process.returncode
        how = f"was ended by signal {-code}" if code < 0 else f"ended with exit code {code}"
        return f"{how} (process {self.process.pid})"


class Supervisor:
    """Starts as many workers as asked for and keeps them: one loop over their reports, their ends, and signals.

    The first worker opens the store before the others do: makes, migrates, recovers it. Until all of them listen, one
    that ends takes the server with it.
    """

    def __init__(self, settings: Settings, doors: Doors, board: Board, signals: socket.socket) -> None:
        self._settings = settings
        self._doors = doors
        self._board = board
        self._signals = signals
        self._selector = selectors.DefaultSelector()
        self._workers: dict[int, Worker] = {}
        self._due: dict[int, tuple[float, str]] = {}
        self._waits = [0.0] * settings.workers
        self._announcement = ""
        self._is_up = False
        self._is_ending = False
        self._patience_ends = float("inf")
        self._code = 0

    def run(self) -> int:
        """Until all workers have ended because they were told to; the exit code."""
        with self._selector:
            self._selector.register(self._signals, selectors.EVENT_READ)
            for index in range(self._settings.workers):
                self._start(index)
            self._workers[0].order("begin")
            try:
                while self._workers or self._due:
                    self._turn()
            finally:
                self._kill()
        return self._code

    def _turn(self) -> None:
        """Wait for something, and do what it asks for."""
        for key, _ in self._selector.select(self._time_left()):
            if key.data is None:
                self._heed()
            else:
                self._listen(key.data)
        self._bury()
        now = time.monotonic()
        for index, (when, fate) in list(self._due.items()):
            if when <= now:
                del self._due[index]
                self._start_again(index, fate)
        if self._patience_ends <= now:
            self._kill()

    def _time_left(self) -> float | None:
        next_time = min(self._patience_ends, *(when for when, _ in self._due.values()), float("inf"))
        return None if next_time == float("inf") else max(0.0, next_time - time.monotonic())

    # Workers

    def _start(self, index: int) -> Worker:
        doors = self._doors if index == 0 else Doors(self._doors.s3, [])  # the first has the management port
        worker = Worker(index, as_text(self._settings), doors)
        self._workers[index] = worker
        self._selector.register(worker.link, selectors.EVENT_READ, worker)
        return worker

    def _start_again(self, index: int, fate: str) -> None:
        try:
            self._start(index).order(f"join {fate}")
        except OSError as error:  # no memory, no process: there may be later
            sys.stderr.write(f"trug: worker {index} cannot be started: {error.strerror}\n")
            self._due[index] = time.monotonic() + LONGEST_WAIT, fate

    def _listen(self, worker: Worker) -> None:
        for report in worker.reports():
            if "opened" in report:
                self._announcement = report["opened"]
                for other in self._workers.values():
                    if other is not worker:
                        other.order("join")
            worker.is_ready |= "ready" in report
        if not self._is_up and not self._is_ending and all(each.is_ready for each in self._workers.values()):
            self._is_up = True
            sys.stderr.write(self._announcement)
            tell_ready(self._settings.ready_fd, *(urls_of(self._settings, each) for each in self._doors))

    def _bury(self) -> None:
        """See which workers have ended, and what follows."""
        for worker in list(self._workers.values()):
            if worker.process.poll() is None:
                continue
            self._listen(worker)
            del self._workers[worker.index]
            self._selector.unregister(worker.link)
            worker.link.close()
            self._board.clear(worker.index)
            if self._is_ending:
                continue
            if not self._is_up:
                self._code = worker.process.returncode if worker.process.returncode > 0 else 1
                self._end()
            else:
                self._replace(worker)

    def _replace(self, worker: Worker) -> None:
        now = time.monotonic()
        wait = 0.0 if now - worker.began > STEADY else max(SHORTEST_WAIT, 2 * self._waits[worker.index])
        self._waits[worker.index] = min(wait, LONGEST_WAIT)
        self._due[worker.index] = now + self._waits[worker.index], worker.fate

    def _order_all(self, text: str) -> None:
        for worker in self._workers.values():
            worker.order(text)

    def _kill(self) -> None:
        for worker in self._workers.values():
            worker.process.kill()

    # Signals

    def _heed(self) -> None:
        """The first TERM or INT lets requests end, the second does not."""
        for number in self._signals.recv(256):
            if number == signal.SIGHUP:
                self._order_all("reload")
            elif number in (signal.SIGTERM, signal.SIGINT):
                self._end()

    def _end(self) -> None:
        order = "stop" if self._is_ending else "drain"
        patience = 0.0 if self._is_ending else self._settings.shutdown_timeout
        self._is_ending = True
        self._due.clear()
        self._doors.close()
        self._order_all(order)
        self._patience_ends = time.monotonic() + patience + PATIENCE
