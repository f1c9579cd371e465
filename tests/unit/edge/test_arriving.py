"""A body as its connection feeds it, whoever is quicker."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

import pytest

from trug.domain.errors import ErrorCode, S3Error
from trug.edge.arriving import HIGH_WATER, Empty, SocketBody


class Wire:
    """A connection that keeps what a body asks of it. ``direct_bytes`` come straight into the buffers it is given."""

    def __init__(self, direct_bytes: bytes | None = None) -> None:
        self.loop = asyncio.get_running_loop()
        self.asked: list[str] = []
        self.body: SocketBody | None = None
        self._direct_bytes = direct_bytes

    def invite(self) -> None:
        self.asked.append("invite")

    def pause(self) -> None:
        self.asked.append("pause")

    def resume(self) -> None:
        self.asked.append("resume")

    def watch(self) -> None:
        self.asked.append("watch")

    def direct(self, buffer: memoryview) -> asyncio.Future[None] | None:
        if self._direct_bytes is None:
            return None
        self.asked.append(f"direct {len(buffer)}")
        waiter = self.loop.create_future()
        self.loop.call_soon(self._fill, buffer, waiter)
        return waiter

    def _fill(self, buffer: memoryview, waiter: asyncio.Future[None]) -> None:
        assert self._direct_bytes is not None and self.body is not None
        piece, self._direct_bytes = self._direct_bytes[: len(buffer)], self._direct_bytes[len(buffer) :]
        buffer[: len(piece)] = piece
        self.body.filled(len(piece))
        if len(piece) == len(buffer):
            waiter.set_result(None)
        else:
            self.body.fail(ErrorCode.IncompleteBody, is_gone=True)

    def undirect(self) -> None:
        self.asked.append("undirect")


def body_on(
    wire: Wire, length: int | None = None, *pieces: bytes, waits: bool = False, is_over: bool = False
) -> SocketBody:
    body = wire.body = SocketBody(wire, length, awaits_continue=waits)
    for piece in pieces:
        body.feed(piece)
    if is_over:
        body.end()
    return body


def run(test: Coroutine[Any, Any, None]) -> None:
    asyncio.run(test)


def test_what_has_come_is_read_without_asking_for_more() -> None:
    async def test() -> None:
        wire = Wire()
        body = body_on(wire, 5, b"ab", b"cde")
        assert body.is_finished
        assert [await body.read() for _ in range(4)] == [b"ab", b"cde", b"", b""]
        assert wire.asked == []

    run(test())


def test_who_comes_too_early_waits() -> None:
    async def test() -> None:
        wire = Wire()
        body = body_on(wire, None, waits=True)
        reading = asyncio.create_task(body.read())
        await asyncio.sleep(0)
        assert body.is_wanted
        assert wire.asked == ["invite", "resume", "watch"]
        body.feed(b"a")
        assert await reading == b"a"
        assert not body.is_wanted
        reading = asyncio.create_task(body.read())
        await asyncio.sleep(0)
        body.end()
        assert await reading == b""
        assert wire.asked.count("invite") == 1

    run(test())


def test_nobody_is_invited_who_has_begun() -> None:
    async def test() -> None:
        wire = Wire()
        body = body_on(wire, 3, b"ab", waits=True)
        assert await body.read() == b"ab"
        reading = asyncio.create_task(body.read())
        await asyncio.sleep(0)
        body.feed(b"c")
        assert await reading == b"c"
        assert "invite" not in wire.asked

    run(test())


def test_a_buffer_takes_what_fits() -> None:
    async def test() -> None:
        wire = Wire()
        body = body_on(wire, None, b"abcde", b"f", is_over=True)
        buffer = memoryview(bytearray(3))
        assert [bytes(buffer[: await body.readinto(buffer)]) for _ in range(4)] == [b"abc", b"de", b"f", b""]

    run(test())


def test_a_buffer_is_filled_by_the_socket_when_nothing_has_come() -> None:
    async def test() -> None:
        wire = Wire(b"cdefghij")
        body = body_on(wire, 10, b"ab")
        buffer = memoryview(bytearray(6))
        read = [bytes(buffer[: await body.readinto(buffer)]) for _ in range(4)]
        assert read == [b"ab", b"cdefgh", b"ij", b""]
        assert wire.asked == ["watch", "direct 6", "undirect", "direct 2", "undirect"] or wire.asked == [
            "direct 6",
            "watch",
            "undirect",
            "direct 2",
            "undirect",
        ]

    run(test())


def test_a_client_that_leaves_while_a_buffer_is_filled() -> None:
    async def test() -> None:
        wire = Wire(b"abc")
        body = body_on(wire, 10)
        with pytest.raises(S3Error) as caught:
            await body.readinto(memoryview(bytearray(6)))
        assert caught.value.code is ErrorCode.IncompleteBody
        assert wire.asked[-1] == "undirect"
        assert body.is_gone
        assert not await body.discard(100, 10)

    run(test())


def test_a_reader_that_is_cancelled_gives_the_buffer_back() -> None:
    async def test() -> None:
        wire = Wire(b"")
        wire._fill = lambda buffer, waiter: None  # type: ignore[method-assign]
        body = body_on(wire, 10)
        reading = asyncio.create_task(body.readinto(memoryview(bytearray(6))))
        await asyncio.sleep(0)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert wire.asked[-1] == "undirect"
        assert not body.is_wanted

    run(test())


def test_what_came_before_a_failure_is_read_before_it() -> None:
    async def test() -> None:
        body = body_on(Wire(), 10, b"abc")
        body.fail(ErrorCode.BadRequest)
        body.fail(ErrorCode.IncompleteBody, is_gone=True)
        assert await body.read() == b"abc"
        with pytest.raises(S3Error) as caught:
            await body.read()
        assert caught.value.code is ErrorCode.BadRequest

    run(test())


def test_the_socket_is_left_alone_when_nobody_reads() -> None:
    async def test() -> None:
        wire = Wire()
        body = body_on(wire, None, bytes(HIGH_WATER))
        assert wire.asked == []
        body.feed(b"x")
        assert wire.asked == ["pause"]
        await body.read()
        assert await body.read() == b"x"

    run(test())


def test_discarding_ends_at_the_end_at_the_limit_or_in_time() -> None:
    async def test() -> None:
        assert await body_on(Wire(), 3, b"abc").discard(100, 10)
        endless = body_on(Wire())
        discarding = asyncio.create_task(endless.discard(2, 10))
        await asyncio.sleep(0)
        endless.feed(b"abc")
        assert not await discarding
        assert not await body_on(Wire(), 3).discard(100, 0.01)

    run(test())


def test_a_reader_that_was_away_gives_the_client_its_time_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    async def test() -> None:
        wire = Wire()
        body = body_on(wire, None)
        for away, watched in ((10.0, 1), (10.0, 1), (0.0, 2)):
            monkeypatch.setattr("trug.edge.arriving.AWAY_SECONDS", away)
            reading = asyncio.create_task(body.read())
            await asyncio.sleep(0.001)
            body.feed(b"a")
            await reading
            assert wire.asked.count("watch") == watched

    run(test())


def test_framing_alone_is_counted_until_content_comes() -> None:
    async def test() -> None:
        body = body_on(Wire(), None)
        assert body.count_framing(10) == 10
        assert body.count_framing(10) == 20
        body.feed(b"a")
        assert body.count_framing(10) == 0
        assert body.count_framing(10) == 10

    run(test())


def test_no_body_at_all() -> None:
    async def test() -> None:
        assert (await Empty().read(), await Empty().readinto(memoryview(bytearray(1)))) == (b"", 0)
        assert await Empty().discard(0, 0)

    run(test())
