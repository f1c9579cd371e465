"""Reply or S3Error → the bytes of an answer, and what becomes of the connection after it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Iterable, Mapping, Sequence
from email.utils import formatdate
from http import HTTPStatus

from trug.domain.errors import S3Error
from trug.domain.frozen import replace
from trug.edge.incoming import Arriving, holds_control
from trug.wire.headers import CONTROL
from trug.wire.reply import XML, Lasting, Reply
from trug.wire.xml import document, element

DRAINED_BYTES = 64 * 1024
DRAIN_SECONDS = 1.0
LINGER_BYTES = 32 * 1024 * 1024
LINGER_SECONDS = 2.0

BODILESS = frozenset({204, 304})
_UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f]")
"""What XML 1.0 cannot write: an error that SDKs cannot parse tells them nothing."""
RETRY_LATER = {"retry-after": "1"}


class BrokenStream(Exception):
    """A stream ended elsewhere than announced: the connection must be cut."""


class ClientGone(Exception):
    """Nobody is there to be answered."""


# --- errors ---------------------------------------------------------------------------------------------------------


def error_reply(error: S3Error, *, resource: str, request_id: str, host_id: str) -> Reply:
    """The answer of an error ("Error responses" in the Amazon S3 API reference): flat XML, without a namespace."""
    status = error.code.status
    if status in BODILESS:
        return Reply(status, headers=error.headers)
    sent = [("Resource", resource), ("RequestId", request_id), ("HostId", host_id)]
    inside = _elements([*_told(error), *sent])
    return Reply(status, headers=_error_headers(error), body=document("Error", inside, namespaced=False))


def control_error_reply(error: S3Error, *, request_id: str, host_id: str) -> Reply:
    """The answer of an error as S3 Control has it: one level deeper."""
    inside = f"<Error>{_elements(_told(error))}</Error>"
    sent = _elements([("RequestId", request_id), ("HostId", host_id)])
    body = document("ErrorResponse", inside, sent, namespaced=False)
    return Reply(error.code.status, headers=_error_headers(error), body=body)


def _told(error: S3Error) -> Sequence[tuple[str, str]]:
    return [("Code", error.code.name), ("Message", error.message), *error.fields.items()]


def _elements(pairs: Iterable[tuple[str, str]]) -> str:
    return "".join([element(name, _UNWRITABLE.sub("\ufffd", text)) for name, text in pairs])


def _error_headers(error: S3Error) -> dict[str, str]:
    return {"content-type": XML, **(RETRY_LATER if error.code.status == 503 else {}), **error.headers}


# --- the header -----------------------------------------------------------------------------------------------------

_TOKEN = re.compile(r"[!#$%&'*+\-.^_`|~0-9A-Za-z]+\Z")


class _Names(dict[str, str]):
    """Header names in lower case: each distinct one is looked at once, and the first thousand are kept."""

    def __missing__(self, name: str) -> str:
        if not _TOKEN.match(name):
            raise ValueError(f"not a header name: {name!r}")
        lowered = name.lower()
        if len(self) < 1024:
            self[name] = lowered
        return lowered


AT_HAND = (bytes, memoryview)
RawHeaders = list[tuple[bytes, bytes]]
_NAMES = _Names()
_STATUS_LINES = {status.value: f"HTTP/1.1 {status.value} {status.phrase}\r\n" for status in HTTPStatus}


def clean(headers: Mapping[str, str]) -> Mapping[str, str]:
    """The headers with a space for each control character (E22)."""
    if not holds_control(headers):
        return headers
    return {name: CONTROL.sub(" ", value) for name, value in headers.items()}


def encoded(headers: Mapping[str, str]) -> RawHeaders:
    """Headers in Latin-1, with ``?`` for what it lacks."""
    lines = clean(headers).items()
    return [(_NAMES[name].encode("ascii"), value.encode("latin-1", "replace")) for name, value in lines]


def pairs_of(letterhead: str) -> RawHeaders:
    """The lines of a letterhead as names and values."""
    pairs = [line.split(": ", 1) for line in letterhead.splitlines()]
    return [(name.encode("ascii"), value.encode("ascii")) for name, value in pairs]


def head_of(reply: Reply, letterhead: str, last: str) -> bytes:
    """Status line and header of an answer, ``letterhead`` and ``last`` being whole lines of it."""
    headers = reply.headers
    if type(headers) is not Lasting:
        lines = lines_of(headers)
    elif not (lines := headers.lines):
        lines = headers.lines = lines_of(headers)
    text = f"{_STATUS_LINES[reply.status]}{letterhead}{lines}{last}\r\n"
    return text.encode() if text.isascii() else text.encode("latin-1", "replace")


def lines_of(headers: Mapping[str, str]) -> str:
    """Headers as whole lines."""
    names = _NAMES
    return "".join([f"{names[name]}: {value}\r\n" for name, value in clean(headers).items()])


class Letterhead:
    """The headers on every answer: Date, Server and the two ids."""

    __slots__ = ("_host_id", "_second", "_text")

    def __init__(self, host_id: str) -> None:
        self._host_id = host_id
        self._second = -1
        self._text = ""

    def text(self, request_id: str, received: int) -> str:
        """Whole lines; ``received`` in µs since 1970 gives the date."""
        second = received // 1_000_000
        if second != self._second:
            self._second = second
            self._text = f"date: {formatdate(second, usegmt=True)}\r\nserver: trug\r\nx-amz-id-2: {self._host_id}\r\n"
        return f"{self._text}x-amz-request-id: {request_id}\r\n"


def announced_length(reply: Reply) -> int | None:
    """The Content-Length to be written; None where there is none, or the reply says it itself."""
    if reply.status in BODILESS:
        return None
    if reply.length is not None:
        return reply.length
    if "content-length" in reply.headers or not isinstance(reply.body, AT_HAND):
        return None
    return len(reply.body)


# --- streams --------------------------------------------------------------------------------------------------------


async def begun(reply: Reply) -> Reply:
    """The reply with the first piece of its stream at hand: what fails there can still be answered as an error (R4). A
    stream of a single piece becomes a plain body."""
    if isinstance(reply.body, AT_HAND):
        return reply
    pieces = reply.body
    first = await anext(aiter(pieces), b"")
    if len(first) != reply.length:
        return replace(reply, body=_Resumed(first, pieces))
    await close_stream(pieces)
    return replace(reply, body=first)


class _Resumed:
    """A stream whose first piece was looked at. No generator: one more for each piece to go through."""

    __slots__ = ("_first", "_rest")

    def __init__(self, first: bytes | memoryview, rest: AsyncIterator[bytes | memoryview]) -> None:
        self._first: bytes | memoryview | None = first
        self._rest = rest

    def __aiter__(self) -> AsyncIterator[bytes | memoryview]:
        return self

    def __anext__(self) -> Awaitable[bytes | memoryview]:
        first, self._first = self._first, None
        return self._rest.__anext__() if first is None else _given(first)

    async def aclose(self) -> None:
        await close_stream(self._rest)


async def _given(piece: bytes | memoryview) -> bytes | memoryview:
    return piece


async def close_stream(chunks: bytes | memoryview | AsyncIterator[bytes | memoryview]) -> None:
    """A generator left in its middle gives back what it holds now, not when it is collected."""
    aclose = getattr(chunks, "aclose", None)
    if aclose is not None:
        await aclose()


# --- what is left of the request --------------------------------------------------------------------------------------


async def settled(body: Arriving) -> bool:
    """Whether the body's end was reached, reading at most 64 KiB for a second. Never asks for a body not yet sent."""
    if body.is_gone or not may_linger(body):
        return False
    if body.length is not None and body.length - body.received > DRAINED_BYTES:
        return False
    return await body.discard(DRAINED_BYTES, DRAIN_SECONDS)


async def linger(body: Arriving) -> None:
    """Read and discard for a while: closing on unread bytes would reset the connection under the answer."""
    await body.discard(LINGER_BYTES, LINGER_SECONDS)


def may_linger(body: Arriving) -> bool:
    """False when the client still waits for 100 Continue: it sends nothing then, and asking would invite it to."""
    return not body.is_gone and (body.is_begun or not body.awaits_continue)
