"""Forms as browsers and HTTP libraries post them, read part by part as they arrive; no part is ever whole in memory."""

from __future__ import annotations

import logging
import re
from collections import deque
from collections.abc import AsyncIterator, Mapping
from typing import Any, NamedTuple

import python_multipart
from python_multipart.exceptions import FormParserError
from python_multipart.multipart import parse_options_header

from trug.manage.api.bodies import Inlet
from trug.manage.api.problems import Problem, bad_request

LONGEST_FIELD = 64 * 1024
MOST_PARTS = 2000
LONGEST_HEADER = 16 * 1024
NOT_A_FORM = "the body is not multipart/form-data"
MALFORMED = "the form is not well-formed"

logging.getLogger(python_multipart.__name__).setLevel(logging.CRITICAL)  # it warns of whatever visitors send


class Begun(NamedTuple):
    """A part begins; ``filename`` is None of what is no file."""

    name: str
    filename: str | None


class Ended(NamedTuple):
    """A part is over."""


Event = Begun | Ended | memoryview


class Part:
    """One part of a form: a ``RawBody``, whose length nobody knows before its end."""

    def __init__(self, begun: Begun, form: Form) -> None:
        self.name = begun.name
        self.filename = begun.filename
        self.length: int | None = None
        self._form = form

    async def read(self) -> bytes:
        """The next bytes, ``b""`` at the end. Problem 400 for a form that breaks off or is malformed."""
        return bytes(await self._form.next_piece())

    async def readinto(self, buffer: memoryview) -> int:
        """Some of the next bytes, as many as fit; 0 at the end. Errors as ``read``."""
        piece = await self._form.next_piece()
        size = min(len(piece), len(buffer))
        buffer[:size] = piece[:size]
        if size < len(piece):
            self._form.give_back(piece[size:])
        return size

    async def text(self) -> str:
        """All of a field. Problem 400 for what is too long or no UTF-8."""
        gathered = bytearray()
        while piece := await self.read():
            gathered += piece
            if len(gathered) > LONGEST_FIELD:
                raise bad_request(f"the field {self.name} is too long")
        try:
            return gathered.decode()
        except UnicodeDecodeError as error:
            raise bad_request(f"the field {self.name} is not UTF-8") from error


class Form:
    """A form that is being read, part after part."""

    def __init__(self, inlet: Inlet, content_type: str) -> None:
        self._inlet = inlet
        self._events: deque[Event] = deque()
        self._is_closed = False
        self._is_over = False
        self._parts = 0
        self._headers: dict[bytes, bytes] = {}
        self._name, self._value = bytearray(), bytearray()
        self._parser = self._parser_of(content_type)

    def _parser_of(self, content_type: str) -> python_multipart.MultipartParser:
        kind, options = parse_options_header(content_type)
        boundary = options.get(b"boundary", b"")
        if kind != b"multipart/form-data" or not 0 < len(boundary) <= 256:
            raise bad_request(NOT_A_FORM)
        callbacks: Any = {
            "on_part_begin": self._headers.clear,
            "on_header_field": lambda data, start, end: self._gather(self._name, data[start:end]),
            "on_header_value": lambda data, start, end: self._gather(self._value, data[start:end]),
            "on_header_end": self._header_end,
            "on_headers_finished": self._begin,
            "on_part_data": lambda data, start, end: self._events.append(memoryview(data)[start:end]),
            "on_part_end": lambda: self._events.append(Ended()),
            "on_end": self._close,
        }
        try:
            return python_multipart.MultipartParser(boundary, callbacks)
        except (FormParserError, ValueError) as error:
            raise bad_request(NOT_A_FORM) from error

    async def parts(self) -> AsyncIterator[Part]:
        """The parts in their order; what was not read of one is skipped. Problem 400."""
        while (begun := await self._next_begun()) is not None:
            yield Part(begun, self)

    async def _next_begun(self) -> Begun | None:
        while True:
            while not self._events and await self._feed():
                pass
            if not self._events:
                return None
            event = self._events.popleft()
            if isinstance(event, Begun):
                return event

    async def next_piece(self) -> memoryview:
        """What comes next of the part that is being read; empty at its end, which stays."""
        while not self._events and await self._feed():
            pass
        event = self._events[0] if self._events else Ended()
        if isinstance(event, memoryview):
            self._events.popleft()
            return event
        return memoryview(b"")

    def give_back(self, piece: memoryview) -> None:
        self._events.appendleft(piece)

    async def _feed(self) -> bool:
        """Parse some more of the request; False at its end."""
        data = await self._inlet.read()
        if not data:
            if not self._is_closed:
                raise bad_request(MALFORMED)
            return False
        try:
            self._parser.write(data)
        except FormParserError as error:
            raise bad_request(MALFORMED) from error
        return True

    # --- what the parser calls ---

    def _gather(self, text: bytearray, piece: bytes) -> None:
        text += piece
        if len(text) > LONGEST_HEADER:
            raise bad_request(MALFORMED)

    def _header_end(self) -> None:
        self._headers[bytes(self._name).lower()] = bytes(self._value)
        self._name.clear()
        self._value.clear()

    def _begin(self) -> None:
        self._parts += 1
        if self._parts > MOST_PARTS:
            raise Problem(413, "the form has too many parts")
        kind, options = parse_options_header(self._headers.get(b"content-disposition", b""))
        name = options.get(b"name")
        if kind != b"form-data" or name is None:
            raise bad_request(MALFORMED)
        self._events.append(Begun(_text(name), _filename(options)))

    def _close(self) -> None:
        self._is_closed = True


def _filename(options: Mapping[bytes, bytes]) -> str | None:
    """The file's name without its folders (RFC 7578 knows no extended form of it)."""
    found = options.get(b"filename")
    return None if found is None else re.split(r"[/\\]", _text(found))[-1]


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise bad_request(MALFORMED) from error
