"""A request as it came in, before anybody knows what it asks for."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field
from itertools import repeat
from typing import Any, Generic, Protocol, TypeVar

from trug.domain.bounded import Bounded
from trug.domain.frozen import frozen
from trug.ports.body import Body

T = TypeVar("T")


class Shape:
    """Which names the headers of a request have, in their order, lower case.

    Clients send a few shapes again and again, so shapes are interned, and what follows from the names alone is found
    out once of each (``Rule``). ``facts[rule]`` is what a rule says of them. One that is not ``is_shared``, having more
    names than clients send, or longer ones, is that of a single request: nothing is to be kept for its sake.
    """

    __slots__ = ("facts", "has_repeats", "is_kept", "is_shared", "last", "names")

    def __init__(self, names: tuple[str, ...], *, is_shared: bool = False) -> None:
        self.names = names
        self.has_repeats = len(set(names)) < len(names)
        self.is_shared = is_shared
        self.is_kept = is_shared and not self.has_repeats and not any(name.endswith(SECRET) for name in names)
        self.facts = Facts(names)
        self.last: tuple[Sequence[bytes], Headers] | None = None

    @classmethod
    def of(cls, raw: tuple[bytes, ...]) -> Shape:
        shape = _SHAPES.get(raw)
        if shape is None:
            is_shared = len(raw) <= MOST_NAMES and sum(map(len, raw)) < LONGEST_SHAPE
            shape = cls(tuple([name.decode("latin-1").lower() for name in raw]), is_shared=is_shared)
            if is_shared:
                _SHAPES.keep(raw, shape)
        return shape


class Facts(dict["Rule[Any]", Any]):
    """What rules say of these names, asked once of each: a look-up in C, where a call of the rule is one in Python."""

    __slots__ = ("_names",)

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__()
        self._names = names

    def __missing__(self, rule: Rule[Any]) -> Any:
        said = self[rule] = rule.judge(self._names)
        return said


LONGEST_SHAPE = 1024
MOST_NAMES = 48
LONGEST_LIKE = 2048
"""Bytes of a head that is kept for the sake of the next one like it."""
SECRET = "customer-key"
"""Ends the names of headers that nobody keeps."""
_SHAPES: Bounded[tuple[bytes, ...], Shape] = Bounded(1024)


class Rule(Generic[T]):
    """What the names of a request's headers say, whatever their values: ``judge`` is given them once per shape."""

    __slots__ = ("judge",)

    def __init__(self, judge: Callable[[tuple[str, ...]], T]) -> None:
        self.judge = judge

    def __call__(self, headers: Headers) -> T:
        said: T = headers.shape.facts[self]
        return said


class Headers(dict[str, str]):
    """Request headers by lower-case name, copied before the body is read, never changed.

    A name that came several times reads as its values joined by commas, as SigV4 and RFC 9110 join them;
    ``count`` tells how often it came. Values are Latin-1 as on the wire, stripped. (A dict itself: a request asks for a
    dozen names, and a method of ours in between costs more than the look-up.)
    """

    __slots__ = ("shape",)

    def __init__(self, pairs: Sequence[tuple[bytes, bytes]]) -> None:
        raw_names, raw_values = zip(*pairs, strict=True) if pairs else ((), ())
        self.fill(Shape.of(raw_names), raw_values)

    def fill(self, shape: Shape, raw: Sequence[bytes]) -> None:
        """Make of new, empty headers those of this shape; ``raw`` values as on the wire."""
        self.shape = shape
        values = _texts(raw)
        if shape.has_repeats or len(values) != len(shape.names):
            self.update(_joined(shape.names, raw))
        else:
            self.update(zip(shape.names, values, strict=True))

    @classmethod
    def arrived(cls, names: Sequence[bytes], values: Sequence[bytes], size: int) -> Headers:
        """The headers of a head of ``size`` bytes, or more, as it came off the wire.

        Most values are those of the last head of the same shape (host, agent, the hash of an empty body, the date for a
        second): these are taken from there. Five headers of which two differ take 13,000 instructions, and 30,000 when
        all are made anew.
        """
        raw = tuple(names)
        shape = _SHAPES.get(raw) or Shape.of(raw)
        headers = cls.__new__(cls)
        last = shape.last
        if last is None:
            headers.fill(shape, values)
        else:
            before, like = last
            headers.shape = shape
            headers.update(like)
            for name, value, known in zip(shape.names, values, before):  # noqa: B905 - a shape has as many of each
                if value != known:
                    headers[name] = value.strip(b" \t").decode("latin-1")
        if shape.is_kept and size < LONGEST_LIKE:
            shape.last = values, headers
        return headers

    def with_values(self, values: Mapping[str, str]) -> Headers:
        """These headers and, where they have none of a name, the given ones (lower-case names)."""
        added = [name for name in values if name not in self]
        merged = Headers(())
        merged.shape = Shape((*self.shape.names, *added)) if added else self.shape
        merged.update(values)
        merged.update(self)
        return merged

    def with_host(self, host: str) -> Headers:
        """These headers with another Host, if they have one."""
        replaced = self.with_values({})
        if "host" in replaced:
            replaced["host"] = host
        return replaced

    def count(self, name: str) -> int:
        """How many lines carried this name."""
        return self.shape.names.count(name)


def _texts(values: Iterable[bytes]) -> list[str]:
    """Values as text, all in one go: half the instructions of one by one. They are more than there were where one holds
    a line end, which no parser of ours lets through."""
    return b"\n".join(map(bytes.strip, values, repeat(b" \t"))).decode("latin-1").split("\n")


def _joined(names: Iterable[str], values: Iterable[bytes]) -> dict[str, str]:
    """Values by name, those of one name joined at the end: thousands of lines of it must cost no more."""
    lines: dict[str, list[str]] = {}
    for name, value in zip(names, values, strict=True):
        lines.setdefault(name, []).append(value.decode("latin-1").strip(" \t"))
    return {name: ",".join(values) for name, values in lines.items()}


@frozen
class Target:
    """What a request is about: ``bucket`` and ``key`` are decoded text, None where the path has none.

    ``path`` is the raw path as received (percent-encoded, no query); ``is_virtual`` when the bucket came from Host,
    ``is_website`` when the Host is that of its website, ``is_accelerated`` when it is that of Transfer Acceleration.
    """

    bucket: str | None
    key: str | None
    path: str
    is_virtual: bool = False
    is_website: bool = False
    is_accelerated: bool = False


class RawBody(Protocol):
    """The bytes after the header, as they arrive."""

    @property
    def length(self) -> int | None:
        """Content-Length, None when the body is chunked."""
        ...

    async def read(self) -> bytes:
        """The next bytes, ``b""`` at the end. IncompleteBody when the client is gone before it."""
        ...

    async def readinto(self, buffer: memoryview) -> int:
        """The next bytes into ``buffer``, as many as have come and fit; 0 at the end. Errors as ``read``."""
        ...


class WholeBody(RawBody, Protocol):
    """A body that may have come already."""

    def whole(self) -> bytes | None:
        """All of its bytes, which may still be read; None where they have not come, or some were read."""
        ...


@frozen
class WireRequest:
    """A request before interpretation.

    ``query`` holds decoded (name, value) pairs in their order, ``raw_query`` the text as received; a name without
    ``=`` has the value ``""``. ``received`` is in µs since 1970, ``client`` the peer's address. ``is_private`` when
    nobody else could read it on its way, so that it may carry a customer's key; ``tls`` is the version of TLS that it
    came over (``1.3``), empty where that is unknown.
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
    is_private: bool = False
    tls: str = ""


@frozen
class Incoming:
    """What ``from_wire`` of a request model is given: the request and its body as authenticated and verified.

    ``bucket`` and ``key`` are empty where the path has none.
    """

    wire: WireRequest
    body: Body
    headers: Headers
    parameters: dict[str, str]
    bucket: str
    key: str

    @classmethod
    def of(cls, wire: WireRequest, body: Body) -> Incoming:
        target = wire.target
        return cls(wire, body, wire.headers, wire.parameters, target.bucket or "", target.key or "")
