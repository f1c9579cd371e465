"""A successful answer, before it becomes HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import field

from trug.domain.frozen import frozen

XML = "application/xml"


class Lasting(dict[str, str]):
    """Headers that many answers have alike, and nobody changes: ``lines``, how they stand on the wire, is written once
    and kept with them (the whole header of an answer took 18,000 of a GET's 279,000 instructions)."""

    lines = ""


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
