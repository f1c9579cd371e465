"""Row I of the list of bad inputs: ranges and conditions."""

from __future__ import annotations

import base64
import hashlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from tests.support.raw import Answer, Header
from tests.support.stand import Stand

TEN = b"0123456789"
NONE = (416, "InvalidRange")


def told(answer: Answer) -> tuple[int, str]:
    return answer.status, answer.code


@pytest.fixture
def ten(stand: Stand, bucket: str) -> str:
    stand.put(bucket, "key", TEN)
    return f"/{bucket}/key"


RANGES: list[tuple[str, int, bytes]] = [
    ("bytes=0-", 206, TEN),
    ("bytes=0-0", 206, b"0"),
    ("bytes=-1", 206, b"9"),
    ("bytes=-0", 416, b""),
    ("bytes=5-2", 200, TEN),
    ("bytes=10-", 416, b""),
    ("bytes=-99", 206, TEN),
    ("bytes=00-01", 206, b"01"),
    ("bytes=0-99", 206, TEN),
    ("bytes=9-9", 206, b"9"),
    (f"bytes=0-{'9' * 4000}", 206, TEN),
    (f"bytes={'9' * 4000}-", 416, b""),
    (f"bytes=-{'9' * 4000}", 206, TEN),
    (f"bytes={2**63}-{2**64}", 416, b""),
    (f"bytes=-{2**64}", 206, TEN),
    (f"bytes={'0' * 4000}1-1", 206, b"1"),
    ("bytes=0-0,2-3", 200, TEN),
    ("bytes=0-0,1-2", 200, TEN),
    ("bytes=" + ",".join(f"{n}-{n}" for n in range(5000)), 200, TEN),
    ("items=0-1", 200, TEN),
    ("bytes=a-b", 200, TEN),
    ("bytes 0-1", 200, TEN),
    ("bytes=", 200, TEN),
    ("bytes=-", 200, TEN),
    ("", 200, TEN),
    ("bytes=--1", 200, TEN),
    ("bytes=+0-1", 200, TEN),
    ("bytes=0x0-0x1", 200, TEN),
    ("bytes=\xb2-\xb3", 200, TEN),
    ("bytes=0-1\x0b", 200, TEN),
    ("bytes=1_0-", 200, TEN),
]


@pytest.mark.parametrize(("asked", "status", "content"), RANGES, ids=[ascii(asked)[:20] for asked, _, _ in RANGES])
def test_i1_i2_ranges(stand: Stand, ten: str, asked: str, status: int, content: bytes) -> None:
    if len(asked) > 30_000 or "\x0b" in asked:  # more header than is taken, and what HTTP does not carry
        assert stand.ask("GET", ten, [("Range", asked)]).status in (400, status)
        return
    with stand.costing(0.1):
        answer = stand.ask("GET", ten, [("Range", asked)])
    assert answer.status == status
    if status == 416:
        assert told(answer) == NONE
        assert answer.header("content-range") == "bytes */10"
        return
    assert answer.body == content
    assert (answer.header("content-range") is None) == (status == 200)
    head = stand.ask("HEAD", ten, [("Range", asked)])
    assert (head.status, head.header("content-length")) == (status, str(len(content)))


def test_i2_range_headers_twice(stand: Stand, ten: str) -> None:
    answer = stand.ask("GET", ten, [("Range", "bytes=0-0"), ("Range", "bytes=2-3")])
    assert (answer.status, answer.body) == (200, TEN)


@pytest.mark.parametrize("asked", ["bytes=0-", "bytes=0-0", "bytes=-1", "bytes=5-"])
def test_i4_a_range_of_nothing(stand: Stand, bucket: str, asked: str) -> None:
    stand.put(bucket, "key", b"")
    assert told(stand.ask("GET", f"/{bucket}/key", [("Range", asked)])) == NONE


PARTS = [
    ("0", 400, "InvalidArgument"),
    ("10001", 400, "InvalidArgument"),
    ("-1", 400, "InvalidArgument"),
    ("a", 400, "InvalidArgument"),
    ("", 400, "InvalidArgument"),
    ("9" * 400, 400, "InvalidArgument"),
    ("2", 416, "InvalidPartNumber"),
    ("10000", 416, "InvalidPartNumber"),
]


@pytest.mark.parametrize(("number", "status", "code"), PARTS, ids=[number[:6] for number, _, _ in PARTS])
def test_i5_part_numbers(stand: Stand, ten: str, number: str, status: int, code: str) -> None:
    assert told(stand.ask("GET", f"{ten}?partNumber={number}")) == (status, code)
    assert stand.ask("HEAD", f"{ten}?partNumber={number}").status == status


def test_i5_a_range_and_a_part(stand: Stand, ten: str) -> None:
    assert told(stand.ask("GET", f"{ten}?partNumber=1", [("Range", "bytes=0-1")])) == (400, "InvalidRequest")


# --- conditions ---

ETAG = hashlib.md5(TEN).hexdigest()
PAST, FUTURE = "Mon, 21 Nov 2005 10:00:00 GMT", "Fri, 21 Nov 2099 10:00:00 GMT"
READS: dict[str, tuple[list[Header], int]] = {
    "match": ([("If-Match", f'"{ETAG}"')], 200),
    "match-bare": ([("If-Match", ETAG)], 200),
    "match-any": ([("If-Match", "*")], 200),
    "match-list": ([("If-Match", f'"x", "{ETAG}"')], 200),
    "match-weak": ([("If-Match", f'W/"{ETAG}"')], 412),
    "match-wrong": ([("If-Match", '"x"')], 412),
    "match-part": ([("If-Match", f'"{ETAG[:-1]}"')], 412),
    "match-empty": ([("If-Match", "")], 412),
    "none-match": ([("If-None-Match", f'"{ETAG}"')], 304),
    "none-match-weak": ([("If-None-Match", f'W/"{ETAG}"')], 304),
    "none-match-any": ([("If-None-Match", "*")], 304),
    "none-match-other": ([("If-None-Match", '"x"')], 200),
    "since-past": ([("If-Modified-Since", PAST)], 200),
    "since-future": ([("If-Modified-Since", FUTURE)], 200),
    "unmodified-past": ([("If-Unmodified-Since", PAST)], 412),
    "unmodified-future": ([("If-Unmodified-Since", FUTURE)], 200),
    "bad-date": ([("If-Modified-Since", "nonsense"), ("If-Unmodified-Since", "2026-11-21")], 200),
    "bad-dates": ([("If-Unmodified-Since", "Mon, 99 Nov 2005 10:00:00 GMT")], 200),
    "long-date": ([("If-Unmodified-Since", "1" * 5000)], 200),
    "two-dates": ([("If-Unmodified-Since", PAST), ("If-Unmodified-Since", PAST)], 200),
    "match-beats-date": ([("If-Match", f'"{ETAG}"'), ("If-Unmodified-Since", PAST)], 200),
    "wrong-match-beats-date": ([("If-Match", '"x"'), ("If-Unmodified-Since", FUTURE)], 412),
    "none-match-beats-date": ([("If-None-Match", '"x"'), ("If-Modified-Since", FUTURE)], 200),
    "both-tags": ([("If-Match", f'"{ETAG}"'), ("If-None-Match", f'"{ETAG}"')], 304),
    "both-wrong": ([("If-Match", '"x"'), ("If-None-Match", f'"{ETAG}"')], 412),
    "backtracking": ([("If-None-Match", '"' * 8000)], 200),
    "many": ([("If-None-Match", ",".join(['"x"'] * 4000))], 200),
}


@pytest.mark.parametrize(("headers", "status"), READS.values(), ids=READS.keys())
def test_i6_conditions_of_reads(stand: Stand, ten: str, headers: list[Header], status: int) -> None:
    for method in ("GET", "HEAD"):
        answer = stand.ask(method, ten, headers)
        assert answer.status == status
        if status == 304:
            assert (answer.body, answer.header("etag")) == (b"", f'"{ETAG}"')
        if status == 412 and method == "GET":
            assert answer.code == "PreconditionFailed"


def test_i8_a_match_where_nothing_is(stand: Stand, empty: str) -> None:
    for tag in ('"x"', "*"):
        assert told(stand.ask("PUT", f"/{empty}/key", [("If-Match", tag)], b"x")) == (404, "NoSuchKey")


@pytest.mark.parametrize("tag", ['"x"', "x", 'W/"x"', "", "**", "* , *", '"*"', "*,*"])
def test_i9_other_none_matches(stand: Stand, empty: str, tag: str) -> None:
    assert told(stand.ask("PUT", f"/{empty}/key", [("If-None-Match", tag)], b"x")) == (501, "NotImplemented")


@pytest.mark.parametrize("name", ["If-Modified-Since", "If-Unmodified-Since"])
def test_i9_dates_on_writes(stand: Stand, empty: str, name: str) -> None:
    assert told(stand.ask("PUT", f"/{empty}/key", [(name, FUTURE)], b"x")) == (501, "NotImplemented")


def test_conditions_that_contradict(stand: Stand, bucket: str) -> None:
    both = [("If-Match", "*"), ("If-None-Match", "*")]
    assert stand.ask("PUT", f"/{bucket}/key", both, b"x").status in (404, 412)
    stand.put(bucket, "key")
    assert told(stand.ask("PUT", f"/{bucket}/key", both, b"x")) == (412, "PreconditionFailed")
    twice = [("If-None-Match", "*"), ("If-None-Match", "*")]
    assert stand.ask("PUT", f"/{bucket}/key", twice, b"x").status in (412, 501)
    assert stand.get(bucket, "key") == b"content"


def at_once(count: int, work: Callable[[int], Answer]) -> list[Answer]:
    """All begin together."""
    barrier = threading.Barrier(count)

    def one(number: int) -> Answer:
        barrier.wait()
        return work(number)

    with ThreadPoolExecutor(count) as threads:
        return list(threads.map(one, range(count)))


@pytest.mark.parametrize("size", [10, 40_000])
def test_i10_of_64_creations_one_wins(stand: Stand, bucket: str, size: int) -> None:
    bodies = [b"%02d" % number * (size // 2) for number in range(64)]
    requests = [stand.spell("PUT", f"/{bucket}/key", [("If-None-Match", "*")], body) for body in bodies]
    answers = at_once(64, lambda number: stand.send(requests[number], "PUT"))
    won = [number for number, answer in enumerate(answers) if answer.status == 200]
    assert len(won) == 1
    assert {told(answer) for answer in answers} == {(200, ""), (412, "PreconditionFailed")}
    assert stand.get(bucket, "key") == bodies[won[0]]
    assert stand.holds(bucket)[0] == ["key"]


def test_compare_and_swap(stand: Stand, bucket: str) -> None:
    stand.put(bucket, "key", b"0")
    lost: list[Answer] = []

    def add(_: int) -> Answer:
        while True:
            read = stand.ask("GET", f"/{bucket}/key")
            swap = [("If-Match", read.header("etag") or "")]
            answer = stand.ask("PUT", f"/{bucket}/key", swap, b"%d" % (int(read.body) + 1))
            if answer.status == 200:
                return answer
            lost.append(answer)

    assert len(at_once(8, add)) == 8
    assert stand.get(bucket, "key") == b"8"
    assert {told(answer) for answer in lost} <= {(412, "PreconditionFailed")}


def test_i12_a_conditional_complete_and_a_delete(stand: Stand, bucket: str) -> None:
    outcomes = set()
    for turn in range(10):
        key = f"key{turn}"
        etag = stand.put(bucket, key, b"old").header("etag") or ""
        upload = stand.begin_upload(bucket, key)
        part = stand.put_part(bucket, upload, 1, b"new", key)
        only = f"<Part><PartNumber>1</PartNumber><ETag>{part}</ETag></Part>"
        document = f"<CompleteMultipartUpload>{only}</CompleteMultipartUpload>"
        complete = stand.spell("POST", f"/{bucket}/{key}?uploadId={upload}", [("If-Match", etag)], document.encode())
        delete = stand.spell("DELETE", f"/{bucket}/{key}", [("If-Match", etag)])
        requests = [(complete, "POST"), (delete, "DELETE")]
        completed, deleted = at_once(2, lambda number: stand.send(*requests[number]))  # noqa: B023
        outcomes.add((completed.status, deleted.status))
        assert (completed.status == 200) != (deleted.status == 204)
        assert completed.status in (200, 404, 409, 412)
        assert deleted.status in (204, 404, 409, 412)
        assert stand.ask("GET", f"/{bucket}/{key}").status == (200 if completed.status == 200 else 404)
    assert outcomes


def test_i13_a_delete_marker_is_no_object(stand: Stand, versioned: str) -> None:
    stand.put(versioned, "key")
    stand.ask("DELETE", f"/{versioned}/key")
    assert stand.ask("PUT", f"/{versioned}/key", [("If-None-Match", "*")], b"new").status == 200
    stand.ask("DELETE", f"/{versioned}/key")
    assert told(stand.ask("PUT", f"/{versioned}/key", [("If-Match", "*")], b"new")) == (404, "NoSuchKey")
    assert len(stand.holds(versioned)[0]) == 4


def test_conditions_of_deletions(stand: Stand, bucket: str) -> None:
    etag = stand.put(bucket, "key").header("etag") or ""
    for header in (("If-Match", '"x"'), ("x-amz-if-match-size", "8"), ("x-amz-if-match-last-modified-time", PAST)):
        assert told(stand.ask("DELETE", f"/{bucket}/key", [header])) == (412, "PreconditionFailed")
    for header in (
        ("x-amz-if-match-size", "x"),
        ("x-amz-if-match-size", "9" * 400),
        ("x-amz-if-match-last-modified-time", "x"),
    ):
        assert told(stand.ask("DELETE", f"/{bucket}/key", [header])) == (400, "InvalidArgument")
    assert stand.get(bucket, "key") == b"content"
    assert stand.ask("DELETE", f"/{bucket}/key", [("If-Match", etag)]).status == 204


def test_a_checksum_of_a_range_is_not_told(stand: Stand, ten: str) -> None:
    digest = base64.b64encode(hashlib.sha256(TEN).digest()).decode()
    stand.ask("PUT", ten, [("x-amz-checksum-sha256", digest)], TEN)
    mode = ("x-amz-checksum-mode", "ENABLED")
    assert stand.ask("GET", ten, [mode]).header("x-amz-checksum-sha256") == digest
    assert stand.ask("GET", ten, [mode, ("Range", "bytes=0-1")]).header("x-amz-checksum-sha256") is None
