"""Requests as the edge hands them on, without the edge."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from urllib.parse import unquote, unquote_plus, urlsplit

from trug.wire.request import Headers, Target, WireRequest


class BytesBody:
    """A RawBody that has arrived."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._length = len(content)

    @property
    def length(self) -> int | None:
        return self._length

    async def read(self) -> bytes:
        content, self._content = self._content, b""
        return content

    async def readinto(self, buffer: memoryview) -> int:
        size = min(len(buffer), len(self._content))
        buffer[:size], self._content = self._content[:size], self._content[size:]
        return size


def wire_request(
    method: str,
    url: str,
    headers: Mapping[str, str] | Iterable[tuple[str, str]] = (),
    body: bytes = b"",
    *,
    bucket_in_host: str | None = None,
    received: int | None = None,
) -> WireRequest:
    """The request for ``url`` (absolute or a path), path-style unless ``bucket_in_host`` names its bucket.

    ``Host`` is the URL's when no header gives it.
    """
    parts = urlsplit(url)
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    if parts.netloc and not any(name.lower() == "host" for name, _ in pairs):
        pairs.insert(0, ("Host", parts.netloc))
    # urlsplit drops blanks that a raw target would keep, so the path is cut out by hand.
    rest = url.split("://", 1)[-1].partition("#")[0]
    before, _, raw_query = rest.partition("?")
    path = "/" + before.partition("/")[2]
    query = tuple(
        (unquote_plus(name), unquote_plus(value))
        for name, _, value in (piece.partition("=") for piece in raw_query.split("&") if piece)
    )
    return WireRequest(
        method=method,
        target=target_of(path, bucket_in_host),
        query=query,
        raw_query=raw_query,
        headers=Headers([(name.encode("latin-1"), value.encode("latin-1")) for name, value in pairs]),
        raw_body=BytesBody(body),
        scheme=parts.scheme or "http",
        client="127.0.0.1",
        received=time.time_ns() // 1000 if received is None else received,
        request_id="TEST",
        parameters=dict(reversed(query)),
    )


def target_of(path: str, bucket_in_host: str | None) -> Target:
    if bucket_in_host is not None:
        return Target(bucket_in_host, unquote(path[1:]) or None, path, is_virtual=True)
    bucket, _, key = path[1:].partition("/")
    return Target(unquote(bucket) or None, unquote(key) or None, path)
