"""Answers sent piece by piece: cut off for who takes too little or has gone, and what was read from is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from trug.manage.api import streams
from trug.manage.api.streams import Stream

Message = dict[str, Any]
Send = Callable[[Message], Awaitable[None]]

PIECES = [b"a" * 1000] * 20


class Content:
    """Pieces, and whether they were closed."""

    def __init__(self) -> None:
        self.is_closed = False

    async def pieces(self) -> AsyncIterator[bytes]:
        try:
            for piece in PIECES:
                await asyncio.sleep(0)
                yield piece
        finally:
            self.is_closed = True


async def never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError("never")


async def gone() -> Message:
    await asyncio.sleep(0.02)
    return {"type": "http.disconnect"}


def poured(
    send: Send, receive: Callable[[], Awaitable[Message]] = never, *, method: str = "GET", idle: float = 5
) -> Content:
    """Send all of it with a limit on idleness."""
    content = Content()
    stream = Stream(content.pieces(), 200, {"content-length": "20000"}, idle=idle)
    asyncio.run(stream({"type": "http", "method": method}, receive, send))  # type: ignore[arg-type]
    return content


def test_all_of_it_arrives() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    assert poured(send).is_closed
    assert b"".join(message.get("body", b"") for message in sent) == b"".join(PIECES)
    assert [message.get("more_body", False) for message in sent[1:]] == [True] * 20 + [False]


def test_head_reads_nothing() -> None:
    sent: list[Message] = []

    async def send(message: Message) -> None:
        sent.append(message)

    assert not poured(send, method="HEAD").is_closed
    assert [message.get("body", b"") for message in sent] == [b"", b""]


async def stuck(message: Message) -> None:
    if message["type"] == "http.response.body":
        await asyncio.Event().wait()


def test_who_takes_nothing_is_cut_off() -> None:
    with pytest.raises(TimeoutError):
        poured(stuck, idle=0.05)


def test_who_has_gone_is_not_waited_for() -> None:
    with pytest.raises(ConnectionAbortedError):
        poured(stuck, gone)


def test_who_takes_too_little_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "GRACE", 0.02)
    monkeypatch.setattr(streams, "LEAST", 1_000_000)

    async def slowly(message: Message) -> None:
        await asyncio.sleep(0.01)

    with pytest.raises(TimeoutError, match="too little"):
        poured(slowly)


def test_what_was_read_from_is_closed() -> None:
    content = Content()

    async def scene() -> None:
        stream = Stream(content.pieces(), 200, {"content-length": "20000"}, idle=0.05)
        with pytest.raises(TimeoutError):
            await stream({"type": "http", "method": "GET"}, never, stuck)  # type: ignore[arg-type]
        assert content.is_closed

    asyncio.run(scene())
