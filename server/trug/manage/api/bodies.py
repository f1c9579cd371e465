"""The body of a request on the management port, as it arrives."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from contextlib import suppress
from hashlib import sha256
from typing import Any

from trug.domain.errors import ErrorCode, S3Error
from trug.manage.api.problems import Problem, bad_request, unauthenticated
from trug.wire.payload import Mode, Payload

Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]

MOST_DISCARDED = 64 << 20
SECONDS_OF_DISCARDING = 5
OTHER_BODY = "the body is not the one that was signed"
SIGNED_CHUNKS = "bodies in signed chunks are not taken here"
TOO_LARGE = "the request is too large"


class Inlet:
    """A ``RawBody`` over ASGI's ``receive``. ``length`` is None where the client did not say."""

    def __init__(self, receive: Receive, length: int | None) -> None:
        self._receive = receive
        self._rest = memoryview(b"")
        self.length = length
        self.received = 0
        self.is_finished = False
        self._hash: Any = None
        self._signed = ""

    def expect(self, payload: Payload) -> None:
        """Hold the body against the hash it was signed with; before it is read. Problem 400 for chunks that are signed
        each, which this port does not take."""
        if payload.mode is Mode.LITERAL:
            self._hash, self._signed = sha256(), payload.sha256
        elif payload.mode is not Mode.UNSIGNED:
            raise bad_request(SIGNED_CHUNKS)

    async def read(self) -> bytes:
        """The next bytes, ``b""`` at the end. IncompleteBody when the client is gone before it."""
        if self._rest:
            rest, self._rest = bytes(self._rest), memoryview(b"")
            return rest
        while not self.is_finished:
            message = await self._receive()
            if message["type"] == "http.disconnect":
                raise S3Error(ErrorCode.IncompleteBody)
            self.is_finished = not message.get("more_body", False)
            chunk: bytes = message.get("body", b"")
            self.received += len(chunk)
            self._check(chunk)
            if chunk:
                return chunk
        return b""

    def _check(self, chunk: bytes) -> None:
        if self._hash is None:
            return
        self._hash.update(chunk)
        if self.is_finished and self._hash.hexdigest() != self._signed:
            raise unauthenticated(OTHER_BODY)

    async def readinto(self, buffer: memoryview) -> int:
        """Some of the next bytes, as many as fit; 0 at the end. Errors as ``read``."""
        piece = self._rest or memoryview(await self.read())
        size = min(len(piece), len(buffer))
        buffer[:size] = piece[:size]
        self._rest = piece[size:]
        return size

    async def whole(self, limit: int) -> bytes:
        """All of it. Problem 413 for more than ``limit`` bytes."""
        if (self.length or 0) > limit:
            raise Problem(413, TOO_LARGE)
        gathered = bytearray()
        while piece := await self.read():
            gathered += piece
            if len(gathered) > limit:
                raise Problem(413, TOO_LARGE)
        return bytes(gathered)

    async def discard(self) -> None:
        """Read and forget the rest, as long as it is neither too much nor too slow: a client that is still sending
        would not see its answer otherwise."""
        end = self.received + MOST_DISCARDED
        with suppress(TimeoutError, S3Error, Problem):
            async with asyncio.timeout(SECONDS_OF_DISCARDING):
                while self.received < end and await self.read():
                    pass

    async def gone(self) -> None:
        """Return when the client has gone; to be waited for only once the body was read."""
        while (await self._receive())["type"] != "http.disconnect":
            pass


def declared_length(text: str | None) -> int | None:
    """``Content-Length``; the server's parser has seen to its form."""
    return int(text) if text and text.isascii() and text.isdigit() else None
