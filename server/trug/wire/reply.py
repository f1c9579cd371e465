"""A successful answer, before it becomes HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import field

from trug.domain.frozen import frozen

XML = "application/xml"


class Lasting(dict[str, str]):
    """Headers that many answers have alike, and nobody changes: ``lines``, how they stand on the wire, is written once
    and kept with them (15,000 instructions of a HEAD's 245,000)."""

    __slots__ = ("lines",)

    def __init__(self, headers: Mapping[str, str]) -> None:
        super().__init__(headers)
        self.lines = ""


@frozen
class Reply:
    """Status, headers (lower-case names, values without CR or LF) and body.

    A body that is at hand gets its Content-Length; a stream carries its length in ``length``. What fails before the
    first piece of a stream is still answered as an error; later an exception out of it breaks the connection. Bodies
    are never sent to HEAD: there ``length`` alone counts.
    """

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | memoryview | AsyncIterator[bytes | memoryview] = b""
    length: int | None = None
