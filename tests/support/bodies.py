"""Request bodies that are in memory, and the requests they belong to."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence

from trug.wire.request import Headers, Target, WireRequest


class PiecewiseBody:
    """A RawBody that hands out ``pieces``; ``length`` is what Content-Length says."""

    def __init__(self, pieces: Iterable[bytes], length: int | None = None) -> None:
        self._pieces: deque[bytes] = deque(piece for piece in pieces if piece)
        self.length = length

    async def read(self) -> bytes:
        return self._pieces.popleft() if self._pieces else b""

    async def readinto(self, buffer: memoryview) -> int:
        piece = await self.read()
        size = min(len(piece), len(buffer))
        buffer[:size] = piece[:size]
        if size < len(piece):
            self._pieces.appendleft(piece[size:])
        return size


def split(data: bytes, sizes: Sequence[int]) -> list[bytes]:
    """``data`` cut into pieces of ``sizes``, over and over; in one piece when there are none."""
    if not any(sizes):
        return [data]
    pieces = []
    at = turn = 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        pieces.append(data[at : at + size])
        at += size
        turn += 1
    return pieces


def request(
    body: bytes | Sequence[bytes] = b"",
    headers: Mapping[str, str] | Sequence[tuple[str, str]] = (),
    *,
    method: str = "PUT",
    parameters: Mapping[str, str] | None = None,
    length: int | None = None,
    is_chunked: bool = False,
) -> WireRequest:
    """A request with this body, whose Content-Length is right unless ``length`` says otherwise."""
    pieces = [body] if isinstance(body, bytes) else body
    claimed = None if is_chunked else sum(map(len, pieces)) if length is None else length
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return WireRequest(
        method=method,
        target=Target("bucket", "key", "/bucket/key"),
        query=tuple((parameters or {}).items()),
        raw_query="",
        headers=Headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]),
        raw_body=PiecewiseBody(pieces, claimed),
        scheme="http",
        client="127.0.0.1",
        received=0,
        request_id="0",
        parameters=dict(parameters or {}),
    )
