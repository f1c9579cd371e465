"""Request ids, the access log and the metrics."""

from __future__ import annotations

import io
import json
import logging
import re
import threading
from collections.abc import Iterator

import pytest

from trug.observe import (
    REQUEST_ID,
    AccessLog,
    Metrics,
    Observer,
    RequestIds,
    Trace,
    configure_logging,
    human_lines,
    json_lines,
    redacted,
    shared_standard_error,
)


class Table:
    """Where the figures of several processes lie."""

    def __init__(self) -> None:
        self.places: dict[int, tuple[bytes, bool]] = {}

    def place(self, number: int) -> Place:
        return Place(self, number)


class Place:
    """Of one process."""

    def __init__(self, table: Table, number: int) -> None:
        self._table = table
        self._number = number

    def publish(self, content: bytes) -> None:
        self._table.places[self._number] = content, True

    @property
    def published(self) -> bytes:
        return self._table.places.get(self._number, (b"", True))[0]

    def figures_of_others(self) -> list[tuple[bytes, bool]]:
        return [place for number, place in self._table.places.items() if number != self._number]


def trace(**fields: object) -> Trace:
    return Trace(time=1_700_000_000_123_456, request_id="0" * 16, method="GET", path="/b/k", **fields)  # type: ignore[arg-type]


def test_request_ids_are_sixteen_hex_digits_and_never_the_same() -> None:
    ids = RequestIds()
    made = [ids.next() for _ in range(10_000)]
    assert len(set(made)) == len(made)
    assert all(re.fullmatch(r"[0-9A-F]{16}", each) for each in made)


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("", ""),
        ("acl", "acl"),
        ("prefix=a%20b&max-keys=2", "prefix=a%20b&max-keys=2"),
        ("X-Amz-Credential=AK%2F1&X-Amz-Signature=abc", "X-Amz-Credential=AK%2F1&X-Amz-Signature=***"),
        ("AWSAccessKeyId=AK&Expires=1&Signature=a%2Bb", "AWSAccessKeyId=AK&Expires=1&Signature=***"),
        ("x-amz-security-token=t&a=1", "x-amz-security-token=***&a=1"),
        ("X%2dAmz-Signature=abc", "X%2dAmz-Signature=***"),
        ("+signature=abc", "+signature=***"),
    ],
)
def test_secrets_do_not_reach_the_log(query: str, shown: str) -> None:
    assert redacted(query) == shown


def test_json_lines() -> None:
    written = io.BytesIO()
    log = AccessLog(written.write)
    log.add(trace(query="Signature=secret", status=200, operation="GetObject", bytes_out=7, ms=1.5, client="::1"))
    log.add(trace(status=404, error="NoSuchKey", user_agent='a"b\n' + "x" * 500))
    log.close()
    first, second = map(json.loads, written.getvalue().splitlines())
    assert first == {
        "time": "2023-11-14T22:13:20.123000Z",
        "request_id": "0" * 16,
        "method": "GET",
        "path": "/b/k",
        "query": "Signature=***",
        "status": 200,
        "operation": "GetObject",
        "bytes_out": 7,
        "ms": 1.5,
        "client": "::1",
    }
    assert second["error"] == "NoSuchKey"
    assert len(second["user_agent"]) == 256


def test_a_line_for_a_terminal_holds_nothing_that_moves_its_cursor() -> None:
    line = human_lines([trace(status=200, user_agent="\x1b[2Jevil\r\nGET", operation="GetObject")]).decode()
    assert line.count("\n") == 1
    assert line.isascii()
    assert "\x1b" not in line
    assert "GetObject" in line


def test_a_log_that_does_not_keep_up_loses_lines_and_counts_them() -> None:
    gate = threading.Event()
    written: list[bytes] = []

    def slow(data: bytes) -> None:
        assert gate.wait(10)
        written.append(data)

    log = AccessLog(slow, limit=10)
    for _ in range(500):
        log.add(trace())
    gate.set()
    log.close()
    assert sum(data.count(b"\n") for data in written) + log.lost == 500
    assert log.lost > 0


def test_a_log_that_cannot_be_written_harms_nobody() -> None:
    def broken(_: bytes) -> None:
        raise BrokenPipeError

    log = AccessLog(broken)
    log.add(trace())
    log.close()
    assert log.lost == 1


def test_a_closed_log_can_go_on() -> None:
    written = io.BytesIO()
    log = AccessLog(written.write)
    for _ in range(2):
        log.add(trace())
        log.close()
    assert written.getvalue().count(b"\n") == 2


def test_metrics() -> None:
    metrics = Metrics()
    metrics.gauge("trug_buckets", "Buckets.", lambda: 3)
    metrics.count(trace(operation="GetObject", status=206, bytes_out=10), 0.0004)
    metrics.count(trace(operation="GetObject", status=200, bytes_out=5), 0.3)
    metrics.count(trace(operation="PutObject", status=403, bytes_in=2), 99.0)
    lines = metrics.render().splitlines()
    for line in (
        'trug_requests_total{operation="GetObject",status="2xx"} 2',
        'trug_requests_total{operation="PutObject",status="4xx"} 1',
        'trug_request_seconds_bucket{operation="GetObject",le="0.0005"} 1',
        'trug_request_seconds_bucket{operation="GetObject",le="0.5"} 2',
        'trug_request_seconds_bucket{operation="PutObject",le="10.0"} 0',
        'trug_request_seconds_bucket{operation="PutObject",le="+Inf"} 1',
        'trug_request_seconds_count{operation="GetObject"} 2',
        'trug_sent_bytes_total{operation="GetObject"} 15',
        'trug_received_bytes_total{operation="PutObject"} 2',
        "trug_requests_in_flight 0",
        "trug_buckets 3",
    ):
        assert line in lines


def test_observer_counts_what_is_under_way() -> None:
    observer = Observer()
    begun = observer.begin("GET", "/b", "", 0)
    assert observer.metrics.in_flight == 1
    begun.status = 200
    observer.end(begun, 0.0123456)
    assert observer.metrics.in_flight == 0
    assert b'"ms":12.346' in json_lines([begun])


@pytest.fixture
def root_logger() -> Iterator[logging.Logger]:
    root = logging.getLogger()
    before = root.handlers[:], root.level
    yield root
    root.handlers[:], _ = before
    root.setLevel(before[1])


@pytest.mark.parametrize("is_human", [True, False])
def test_log_lines_carry_the_request(is_human: bool, root_logger: logging.Logger) -> None:
    stream = io.StringIO()
    configure_logging(is_human=is_human, stream=stream)
    token = REQUEST_ID.set("00000000000000AB")
    root_logger.error("no %s", "luck", exc_info=ValueError("why"))
    REQUEST_ID.reset(token)
    text = stream.getvalue()
    assert "00000000000000AB" in text
    assert "ValueError: why" in text
    if not is_human:
        assert json.loads(text)["message"] == "no luck"


def test_figures_of_all_processes_are_summed_and_outlive_a_crash() -> None:
    table = Table()
    one, other = Metrics(), Metrics()
    for number, metrics in enumerate((one, other)):
        metrics.gauge("commits", "c", lambda number=number: 5 + number, kind="counter")
        metrics.gauge("open", "o", lambda: 2)
        metrics.in_flight = 1
        metrics.join(table.place(number))
        metrics.count(trace(operation="GetObject", status=200, bytes_out=10), 0.1)
        metrics.publish()
    for metrics in (one, other):
        lines = metrics.render().splitlines()
        assert 'trug_requests_total{operation="GetObject",status="2xx"} 2' in lines
        assert 'trug_sent_bytes_total{operation="GetObject"} 20' in lines
        assert {"trug_requests_in_flight 2", "commits 11", "open 4"} <= set(lines)

    table.places[1] = table.places[1][0], False
    lines = one.render().splitlines()
    assert 'trug_requests_total{operation="GetObject",status="2xx"} 2' in lines
    assert {"trug_requests_in_flight 1", "commits 11", "open 2"} <= set(lines)

    heir = Metrics()
    heir.gauge("commits", "c", lambda: 1, kind="counter")
    heir.join(table.place(1))
    heir.count(trace(operation="GetObject", status=200), 0.1)
    lines = heir.render().splitlines()
    assert 'trug_requests_total{operation="GetObject",status="2xx"} 3' in lines
    assert "commits 12" in lines


def test_lines_of_several_processes_stay_whole(capfd: pytest.CaptureFixture[str]) -> None:
    """Pieces end where lines do, and are no longer than a pipe takes at once, unless a line is."""
    lines = [b"%d" % number * (number % 40 + 1) for number in range(1, 400)] + [b"x" * 10_000, b"last"]
    shared_standard_error(b"\n".join(lines))
    assert capfd.readouterr().err.encode().split(b"\n") == lines
