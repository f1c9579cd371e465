"""When a request had come as a whole."""

from __future__ import annotations

import asyncio
import itertools

import pytest
from tests.support.bodies import PiecewiseBody, request

from trug.domain.frozen import replace
from trug.domain.identity import ANONYMOUS
from trug.domain.versioning import Versioning
from trug.edge.metered import TimedBody, turn_around
from trug.operations.noting import Note
from trug.ports.rows import Bucket
from trug.wire.request import RawBody

BUCKET = Bucket(1, "data", "1", "us-east-1", 0, Versioning.OFF)


class Steps:
    """A clock that goes on by 100 µs whenever it is asked."""

    def __init__(self) -> None:
        self._steps = itertools.count(1)

    def now(self) -> int:
        return 100 * next(self._steps)


def note(body: RawBody) -> Note:
    return Note(BUCKET, ANONYMOUS, replace(request(), raw_body=body, received=50))


def test_of_a_request_without_a_body_it_is_when_it_came_in() -> None:
    assert turn_around(note(PiecewiseBody((), 0)), 75) == 25


@pytest.mark.parametrize("length", [None, 3])
def test_nobody_knows_when_a_body_came_that_nobody_timed(length: int | None) -> None:
    assert turn_around(note(PiecewiseBody([b"abc"], length)), 75) is None


@pytest.mark.parametrize("is_into", [True, False])
def test_counts_from_what_was_read_last(is_into: bool) -> None:
    body = TimedBody(PiecewiseBody([b"ab", b"c"], 3), Steps())
    assert body.length == 3
    assert turn_around(note(body), 75) is None, "a body that was not read"

    async def read() -> bytes:
        if not is_into:
            return await body.read()
        buffer = memoryview(bytearray(3))
        return bytes(buffer[: await body.readinto(buffer)])

    assert asyncio.run(read()) == b"ab"
    assert asyncio.run(read()) == b"c"
    assert turn_around(note(body), 230) == 30
    assert turn_around(note(body), 150) == 0, "a clock that was set back"
