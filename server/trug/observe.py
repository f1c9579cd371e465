"""What the server did: request ids, one log line per request, and numbers for Prometheus."""

from __future__ import annotations

import base64
import json
import logging
import os
import re
import secrets
import sys
import threading
from bisect import bisect_left
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Protocol, TextIO
from urllib.parse import unquote_plus

import msgspec

from trug.domain.request_metrics import Measured, add_all

UNRESOLVED = "Unresolved"
"""The operation of a request that was refused before anybody knew what it asked for."""

REQUEST_ID: ContextVar[str] = ContextVar("request_id", default="")

Sink = Callable[[bytes], object]


class Trace(msgspec.Struct, gc=False, omit_defaults=True):
    """One request as it goes into the access log; its fields, in order, are those of the JSON line.

    ``time`` is when it came in, µs since 1970; ``ms`` how long it took until its last byte was handed to the transport.
    ``query`` is raw here and redacted before it is written. ``error`` is S3's code, empty for a success. ``notes`` are
    for the access logs of buckets, and never written here: they are taken away before.
    """

    time: int | datetime
    request_id: str
    method: str
    path: str
    query: str = ""
    status: int = 0
    operation: str = UNRESOLVED
    error: str = ""
    bytes_in: int = 0
    bytes_out: int = 0
    ms: float = 0.0
    client: str = ""
    user_agent: str = ""
    notes: list[Any] | None = None


class RequestIds:
    """16 upper-case hex digits, as AWS has them; unique in the process and begun at random.

    A new beginning for each 256 of them: to write a number of 64 bits anew takes five times as long.
    """

    __slots__ = ("_begin", "_ends", "_state")

    _STEP = 0x9E3779B97F4A7D
    _MASK = 0xFFFFFFFFFFFFFF
    _ENDS = tuple(f"{number:02X}" for number in range(256))

    def __init__(self) -> None:
        self._state = secrets.randbits(56)
        self._begin = ""
        self._ends: Iterator[str] = iter(())

    def next(self) -> str:
        end = next(self._ends, None)
        return self._begin + end if end is not None else self._begin_anew()

    def _begin_anew(self) -> str:
        self._state = (self._state + self._STEP) & self._MASK
        self._begin = f"{self._state:014X}"
        self._ends = iter(self._ENDS)
        return self.next()


# --- the access log -------------------------------------------------------------------------------------------------

SECRET_PARAMETERS = frozenset(
    {
        "signature",
        "x-amz-signature",
        "x-amz-security-token",
        "x-amz-server-side-encryption-customer-key",
        "x-amz-copy-source-server-side-encryption-customer-key",
        "authorization",
        "password",
        "newpassword",
        "oldpassword",
        "privatekey",
        "samlassertion",
        "webidentitytoken",
    }
)
LONGEST_TEXT = 2048
LINES_AT_A_TIME = 128
GATHER_SECONDS = 0.1
_UNPRINTABLE = re.compile(r"[^\x20-\x7e]")


def redacted(query: str) -> str:
    """The raw query with the values of signatures and tokens replaced, however their names were percent-encoded."""
    if "=" not in query:
        return query
    return "&".join(_redacted_pair(pair) for pair in query.split("&"))


def _redacted_pair(pair: str) -> str:
    name, equals, _ = pair.partition("=")
    return f"{name}=***" if equals and unquote_plus(name).strip().lower() in SECRET_PARAMETERS else pair


def _finished(trace: Trace) -> Trace:
    if isinstance(trace.time, int):
        trace.time = datetime.fromtimestamp(trace.time // 1000 / 1000, UTC)
    trace.ms = round(trace.ms, 3)
    trace.query = redacted(trace.query)[:LONGEST_TEXT]
    trace.path = trace.path[:LONGEST_TEXT]
    trace.user_agent = trace.user_agent[:256]
    return trace


def json_lines(traces: Iterable[Trace]) -> bytes:
    """One JSON object a line."""
    return _ENCODER.encode_lines([_finished(trace) for trace in traces])


def human_lines(traces: Iterable[Trace]) -> bytes:
    """One line a request, for a terminal: nothing a client sent can move its cursor."""
    return "".join(_human_line(_finished(trace)) for trace in traces).encode()


def _human_line(trace: Trace) -> str:
    asked = f"{trace.path}?{trace.query}" if trace.query else trace.path
    line = (
        f"{trace.time:%H:%M:%S} {trace.status} {trace.method:<6} {asked}  {trace.operation}"
        f"{' ' + trace.error if trace.error else ''}  in {trace.bytes_in} out {trace.bytes_out}  {trace.ms:.1f} ms"
        f"  {trace.client}  {trace.user_agent}  {trace.request_id}"
    )
    return _UNPRINTABLE.sub("?", line) + "\n"


_ENCODER = msgspec.json.Encoder(decimal_format="number")


class AccessLog:
    """Lines are queued by the loop, then formatted and written by one thread, many at a time.

    A sink that does not keep up costs lines, never requests: above ``limit`` waiting lines the oldest go, and ``lost``
    counts them.
    """

    def __init__(self, sink: Sink, *, is_human: bool = False, limit: int = 65_536) -> None:
        self._sink = sink
        self._lines = human_lines if is_human else json_lines
        self._limit = limit
        self._waiting: deque[Trace] = deque()
        self._is_due = False
        self._wake = threading.Event()
        self._closing = threading.Event()
        self._thread: threading.Thread | None = None
        self.lost = 0

    def add(self, trace: Trace) -> None:
        waiting = self._waiting
        waiting.append(trace)
        if self._is_due:
            if len(waiting) > self._limit:
                self._shed()
            return
        self._is_due = True
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="access-log", daemon=True)
            self._thread.start()
        self._wake.set()

    def close(self) -> None:
        """Write what waits and end the thread. A later ``add`` starts another."""
        thread, self._thread = self._thread, None
        if thread is not None:
            self._closing.set()
            self._wake.set()
            thread.join()
            self._closing.clear()
            self._is_due = False
        self._drain()

    def _shed(self) -> None:
        try:
            self._waiting.popleft()
            self.lost += 1
        except IndexError:  # the writer was quicker
            pass

    def _run(self) -> None:
        while not self._closing.is_set():
            self._wake.wait()
            self._wake.clear()
            self._closing.wait(GATHER_SECONDS)
            self._is_due = False  # before draining: what is added from here on wakes us again
            self._drain()

    def _drain(self) -> None:
        for batch in self._batches():
            try:
                self._sink(self._lines(batch))
            except (OSError, ValueError):  # a log that cannot be written must not end the server
                self.lost += len(batch)

    def _batches(self) -> Iterator[list[Trace]]:
        """Short batches: between two of them the writer lets go of the interpreter."""
        waiting = self._waiting
        while waiting:
            batch: list[Trace] = []
            while waiting and len(batch) < LINES_AT_A_TIME:
                batch.append(waiting.popleft())
            yield batch


def standard_error(data: bytes) -> None:
    """Write all of ``data`` to descriptor 2."""
    view = memoryview(data)
    while view:
        view = view[os.write(2, view) :]


AT_ONCE = 4096
"""What a pipe takes as a whole, however many processes write to it (POSIX's PIPE_BUF on Linux)."""


def shared_standard_error(data: bytes) -> None:
    """As ``standard_error``, beside other processes that write there: lines stay whole."""
    begin = 0
    while begin < len(data):
        end = data.rfind(b"\n", begin, begin + AT_ONCE) + 1 or data.find(b"\n", begin) + 1 or len(data)
        standard_error(data[begin:end])
        begin = end


# --- everything else that is logged ---------------------------------------------------------------------------------


class JsonFormatter(logging.Formatter):
    """A log record as one JSON line, with the id of the request it was made in."""

    def format(self, record: logging.LogRecord) -> str:
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if request_id := REQUEST_ID.get():
            line["request_id"] = request_id
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line)


class HumanFormatter(logging.Formatter):
    """A log record for a terminal."""

    def __init__(self) -> None:
        super().__init__("%(asctime)s %(levelname)s %(message)s", "%H:%M:%S")

    def format(self, record: logging.LogRecord) -> str:
        line = super().format(record)
        request_id = REQUEST_ID.get()
        return f"{line}  [{request_id}]" if request_id else line


def configure_logging(*, is_human: bool, stream: TextIO | None = None, level: int = logging.INFO) -> None:
    """Send the whole process's log to ``stream`` (standard error), replacing what was configured before."""
    handler = logging.StreamHandler(stream or sys.stderr)
    handler.setFormatter(HumanFormatter() if is_human else JsonFormatter())
    logging.basicConfig(handlers=[handler], level=level, force=True)


# --- numbers --------------------------------------------------------------------------------------------------------

BOUNDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)


class Tally(msgspec.Struct, gc=False):
    """What is counted of one operation."""

    statuses: list[int] = msgspec.field(default_factory=lambda: [0] * 6)
    durations: list[int] = msgspec.field(default_factory=lambda: [0] * (len(BOUNDS) + 1))
    seconds: float = 0.0
    bytes_in: int = 0
    bytes_out: int = 0

    def add(self, other: Tally) -> None:
        self.statuses = [one + two for one, two in zip(self.statuses, other.statuses, strict=True)]
        self.durations = [one + two for one, two in zip(self.durations, other.durations, strict=True)]
        self.seconds += other.seconds
        self.bytes_in += other.bytes_in
        self.bytes_out += other.bytes_out


class Figures(msgspec.Struct):
    """All numbers of one process. ``counted`` only grow, ``standing`` are as they are now, ``measured`` is for the
    metrics configurations of buckets."""

    tallies: dict[str, Tally]
    counted: dict[str, int | float]
    standing: dict[str, int | float]
    measured: Measured = msgspec.field(default_factory=dict)

    def add(self, other: Figures) -> None:
        for operation, tally in other.tallies.items():
            self.tallies.setdefault(operation, Tally()).add(tally)
        for mine, others in ((self.counted, other.counted), (self.standing, other.standing)):
            for name, value in others.items():
                mine[name] = mine.get(name, 0) + value
        add_all(self.measured, other.measured)


IN_FLIGHT = "trug_requests_in_flight"


class Peers(Protocol):
    """Where processes that answer for one server publish their figures."""

    def publish(self, content: bytes) -> None: ...

    @property
    def published(self) -> bytes:
        """What was published last in this process's place, empty when nothing was."""
        ...

    def figures_of_others(self) -> Sequence[tuple[bytes, bool]]:
        """What the others published, and whether they live."""
        ...


class Metrics:
    """Counters and histograms by operation, and gauges that rooms below keep as plain values."""

    def __init__(self) -> None:
        self.in_flight = 0
        self.measured: Measured = {}
        self._tallies: dict[str, Tally] = {}
        self._gauges: list[tuple[str, str, str, Callable[[], float]]] = []
        self._before: Mapping[str, int | float] = {}
        self._peers: Peers | None = None

    def join(self, peers: Peers) -> None:
        """Answer for these processes too, whichever is asked, and go on from what was counted in this one's place."""
        self._peers = peers
        if peers.published:
            before = decoded(peers.published)
            self._before = before.counted
            for operation, tally in before.tallies.items():
                self._tallies.setdefault(operation, Tally()).add(tally)
            add_all(self.measured, before.measured)

    def publish(self) -> None:
        """Show the others this process's figures. ValueError when there are too many."""
        if self._peers is not None:
            self._peers.publish(_FIGURES.encode(self._own()))

    def _own(self) -> Figures:
        counted: dict[str, int | float] = dict(self._before)
        standing: dict[str, int | float] = {IN_FLIGHT: self.in_flight}
        for name, _, kind, read in self._gauges:
            if kind == "counter":
                counted[name] = self._before.get(name, 0) + read()
            else:
                standing[name] = read()
        return Figures(self._tallies, counted, standing, self.measured)

    def together(self) -> Figures:
        """This process's figures with those of all others."""
        own = self._own()
        if self._peers is None:
            return own
        self.publish()  # or who is asked next would see less than was told here
        total = Figures({}, {}, {})
        total.add(own)
        for content, is_alive in self._peers.figures_of_others():
            others = decoded(content)
            total.add(others if is_alive else msgspec.structs.replace(others, standing={}))
        return total

    def gauge(self, name: str, description: str, read: Callable[[], float], *, kind: str = "gauge") -> None:
        """Show the plain value that ``read`` gives whenever the metrics are asked for."""
        self._gauges.append((name, description, kind, read))

    def count(self, trace: Trace, seconds: float) -> None:
        tally = self._tallies.get(trace.operation)
        if tally is None:
            tally = self._tallies[trace.operation] = Tally()
        tally.statuses[trace.status // 100] += 1
        tally.durations[bisect_left(BOUNDS, seconds)] += 1
        tally.seconds += seconds
        tally.bytes_in += trace.bytes_in
        tally.bytes_out += trace.bytes_out

    def render(self) -> str:
        """Prometheus text exposition format 0.0.4."""
        return "\n".join(self.lines(self.together())) + "\n"

    def lines(self, figures: Figures) -> list[str]:
        """The lines of ``render``, without what was ``measured`` for buckets."""
        return list(self._lines(figures))

    def _lines(self, figures: Figures) -> Iterator[str]:
        tallies = sorted(figures.tallies.items())
        yield from _heading("trug_requests_total", "counter", "Requests by operation and class of status.")
        for name, tally in tallies:
            for hundred, number in enumerate(tally.statuses):
                if number:
                    status = f"{hundred}xx" if hundred else "none"
                    yield f'trug_requests_total{{operation="{name}",status="{status}"}} {number}'
        yield from _heading("trug_request_seconds", "histogram", "Time from the header to the last byte answered.")
        for name, tally in tallies:
            yield from _histogram("trug_request_seconds", f'operation="{name}"', tally)
        yield from _heading("trug_received_bytes_total", "counter", "Bytes of request bodies.")
        for name, tally in tallies:
            yield f'trug_received_bytes_total{{operation="{name}"}} {tally.bytes_in}'
        yield from _heading("trug_sent_bytes_total", "counter", "Bytes of response bodies.")
        for name, tally in tallies:
            yield f'trug_sent_bytes_total{{operation="{name}"}} {tally.bytes_out}'
        yield from _heading(IN_FLIGHT, "gauge", "Requests being answered now.")
        yield f"{IN_FLIGHT} {figures.standing[IN_FLIGHT]}"
        for name, description, kind, _ in self._gauges:
            yield from _heading(name, kind, description)
            yield f"{name} {(figures.counted if kind == 'counter' else figures.standing)[name]}"


_FIGURES = msgspec.msgpack.Encoder()


def decoded(content: bytes) -> Figures:
    """What another process has published. msgspec.DecodeError when it is something else."""
    return msgspec.msgpack.decode(content, type=Figures)


def _heading(name: str, kind: str, description: str) -> tuple[str, str]:
    return f"# HELP {name} {description}", f"# TYPE {name} {kind}"


def _histogram(name: str, label: str, tally: Tally) -> Iterator[str]:
    total = 0
    for bound, number in zip((*map(str, BOUNDS), "+Inf"), tally.durations, strict=True):
        total += number
        yield f'{name}_bucket{{{label},le="{bound}"}} {total}'
    yield f"{name}_sum{{{label}}} {tally.seconds:.6f}"
    yield f"{name}_count{{{label}}} {total}"


# --- both -----------------------------------------------------------------------------------------------------------


class Observer:
    """Sees each request begin and end. ``log`` None: nothing is written."""

    def __init__(self, *, log: AccessLog | None = None) -> None:
        self.host_id = base64.b64encode(secrets.token_bytes(48)).decode()
        self.metrics = Metrics()
        self.log = log
        self._ids = RequestIds()
        if log is not None:
            self.metrics.gauge(
                "trug_log_lines_lost_total", "Access log lines dropped.", lambda: log.lost, kind="counter"
            )

    def begin(self, method: str, path: str, query: str, received: int, client: str = "", user_agent: str = "") -> Trace:
        """``received`` in µs since 1970. Each begun trace must be ended."""
        request_id = self._ids.next()
        REQUEST_ID.set(request_id)
        self.metrics.in_flight += 1
        return Trace(received, request_id, method, path, query, 0, UNRESOLVED, "", 0, 0, 0.0, client, user_agent)

    def end(self, trace: Trace, seconds: float) -> None:
        """The request is answered; it took ``seconds``."""
        trace.ms = seconds * 1000
        self.metrics.in_flight -= 1
        self.metrics.count(trace, seconds)
        if self.log is not None:
            self.log.add(trace)

    def close(self) -> None:
        if self.log is not None:
            self.log.close()
