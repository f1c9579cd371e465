"""A request as it came in, before anybody knows what it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field
from typing import Protocol

from trug.domain.frozen import frozen
from trug.ports.body import Body

_NAMES: dict[bytes, str] = {}
"""The first thousand header names that came, decoded: nearly all requests use the same few."""


def _name(raw: bytes) -> str:
    name = raw.decode("latin-1").lower()
    if len(_NAMES) < 1024 and len(raw) < 64:
        _NAMES[raw] = name
    return name


class Headers(dict[str, str]):
    """Request headers by lower-case name, copied before the body is read, never changed.

    A name that came several times reads as its values joined by commas, as SigV4 and RFC 9110 join them;
    ``count`` tells how often it came. Values are Latin-1 as on the wire, stripped. (A dict itself: a request asks for a
    dozen names, and a method of ours in between costs more than the look-up.)
    """

    __slots__ = ("_counts",)

    def __init__(self, pairs: Iterable[tuple[bytes, bytes]]) -> None:
        super().__init__()
        repeated: dict[str, list[str]] = {}  # joined at the end: thousands of lines of one name must cost no more
        for raw_name, raw_value in pairs:
            name = _NAMES.get(raw_name) or _name(raw_name)
            value = raw_value.decode("latin-1").strip(" \t")
            if name in self:
                repeated.setdefault(name, [self[name]]).append(value)
            else:
                self[name] = value
        self._counts: dict[str, int] = {name: len(lines) for name, lines in repeated.items()}
        self.update((name, ",".join(lines)) for name, lines in repeated.items())

    def with_values(self, values: Mapping[str, str]) -> Headers:
        """These headers and, where they have none of a name, the given ones (lower-case names)."""
        merged = Headers(())
        merged.update(values)
        merged.update(self)
        merged._counts = self._counts
        return merged

    def count(self, name: str) -> int:
        """How many lines carried this name."""
        return self._counts.get(name, 1) if name in self else 0


@frozen
class Target:
    """What a request is about: ``bucket`` and ``key`` are decoded text, None where the path has none.

    ``path`` is the raw path as received (percent-encoded, no query); ``is_virtual`` when the bucket came from Host.
    """

    bucket: str | None
    key: str | None
    path: str
    is_virtual: bool = False


class RawBody(Protocol):
    """The bytes after the header, as they arrive."""

    @property
    def length(self) -> int | None:
        """Content-Length, None when the body is chunked."""
        ...

    async def read(self) -> bytes:
        """The next bytes, ``b""`` at the end. IncompleteBody when the client is gone before it."""
        ...


@frozen
class WireRequest:
    """A request before interpretation.

    ``query`` holds decoded (name, value) pairs in their order, ``raw_query`` the text as received; a name without
    ``=`` has the value ``""``. ``received`` is in µs since 1970, ``client`` the peer's address.
    """

    method: str
    target: Target
    query: tuple[tuple[str, str], ...]
    raw_query: str
    headers: Headers
    raw_body: RawBody
    scheme: str
    client: str
    received: int
    request_id: str
    parameters: dict[str, str] = field(default_factory=dict)
    """The query as a mapping: the first value of each name."""


@frozen
class Incoming:
    """What ``from_wire`` of a request model is given: the request and its body as authenticated and verified."""

    wire: WireRequest
    body: Body

    @property
    def headers(self) -> Headers:
        return self.wire.headers

    @property
    def parameters(self) -> dict[str, str]:
        return self.wire.parameters

    @property
    def bucket(self) -> str:
        """The bucket's name; only for rows whose path has one."""
        assert self.wire.target.bucket is not None  # noqa: S101 - the table resolved a row with {Bucket}
        return self.wire.target.bucket

    @property
    def key(self) -> str:
        """The key; only for rows whose path has one."""
        assert self.wire.target.key is not None  # noqa: S101 - the table resolved a row with {Key+}
        return self.wire.target.key
