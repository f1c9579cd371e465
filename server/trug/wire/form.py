"""Forms as browsers post them: the fields before the file in memory, the file as it arrives."""

from __future__ import annotations

import logging
import re
from collections import deque
from typing import TYPE_CHECKING, Any

from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.domain.keys import check_key
from trug.wire.body import VerifiedBody
from trug.wire.integrity import read_integrity
from trug.wire.payload import Payload
from trug.wire.request import Headers, RawBody, WireRequest

if TYPE_CHECKING:
    from python_multipart import MultipartParser

MOST_BYTES = 20 * 1024
"""Of everything but the file ("POST Object")."""
AT_ONCE = 256 * 1024
"""Requests up to this many bytes are read before anything is stored: so the file's size is known, and small ones take
the short way."""
FILENAME = "${filename}"
FILE = "file"
MULTIPART = "multipart/form-data"
BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,\-./:=? ]{0,255}[0-9A-Za-z'()+_,\-./:=?]\Z")
PARAMETER = re.compile(r'\s*;\s*([!#$%&\'*+\-.^_`|~0-9A-Za-z]+)=(?:"((?:[^"\\]|\\.)*)"|([^\s;"]*))')
ESCAPED_QUOTE = re.compile(r'\\(["\\])')
CONTROL = re.compile("[\x00-\x1f\x7f]")
IDENTITY_CODINGS = frozenset({"7bit", "8bit", "binary"})


class Form:
    """A form of which all fields before the file have come: by lower-case name, in their order.

    ``${filename}`` in them is replaced by the name that the file had on the visitor's machine, without its folders.
    """

    __slots__ = ("fields", "file", "key")

    def __init__(self, fields: dict[str, str], filename: str, file: FormFile) -> None:
        name = re.split(r"[/\\]", filename)[-1]
        self.fields = {field: value.replace(FILENAME, name) for field, value in fields.items()}
        self.file = file
        self.key = self._key()

    def _key(self) -> str:
        key = self.fields.get("key", "")
        if not key:
            raise missing_field("key")
        check_key(key)
        return key

    @property
    def headers(self) -> Headers:
        """The fields as the headers that PutObject takes them from."""
        pairs = [(HEADERS.get(name, name).encode(), value.encode()) for name, value in self.fields.items()]
        return Headers(pairs)

    def body(self, headers: Headers) -> VerifiedBody:
        """The file, to be held against the digests that the form's ``headers`` claim."""
        return VerifiedBody(self.file, self.file.length, Payload(), read_integrity(headers))


HEADERS = {"acl": "x-amz-acl"}


def missing_field(name: str) -> S3Error:
    """InvalidArgument, to be raised, as S3 words it."""
    return invalid_argument(
        f"Bucket POST must contain a field named '{name}'.  If it is specified, please check the order of the fields.",
        name,
        "",
    )


async def read_form(wire: WireRequest) -> Form:
    """Read a form up to its file.

    PreconditionFailed for a body of another type, MissingContentLength, MalformedPOSTRequest,
    MaxPostPreDataLengthExceeded for fields of more than 20 KiB, InvalidArgument for a form without a file or a key and
    for a field that comes twice.
    """
    boundary = _boundary_of(wire.headers.get("content-type", ""))
    raw = wire.raw_body
    if raw.length is None:
        raise S3Error(ErrorCode.MissingContentLength)
    parts = _Parts(boundary)
    while not parts.has_file:
        await parts.take(raw)
    if raw.length <= AT_ONCE:
        while not parts.is_finished:
            await parts.take(raw)
    return Form(parts.fields, parts.filename, FormFile(raw, parts))


class FormFile:
    """The file of a form: a ``RawBody``. Its end is not told before the whole form has come and proved well-formed."""

    __slots__ = ("_largest", "_parts", "_raw", "_size", "_smallest", "length")

    def __init__(self, raw: RawBody, parts: _Parts) -> None:
        self._raw = raw
        self._parts = parts
        self._size = sum(map(len, parts.pieces))
        self._smallest = 0
        self._largest: int | None = None
        self.length: int | None = self._size if parts.is_finished else None

    def limit(self, smallest: int, largest: int) -> None:
        """How many bytes it may have. EntityTooSmall or EntityTooLarge, here where that is known already, else out of
        the reading."""
        self._smallest, self._largest = smallest, largest
        self._check()

    async def read(self) -> bytes:
        piece = await self._next()
        if piece:
            self._parts.pieces.popleft()
        return bytes(piece)

    async def readinto(self, buffer: memoryview) -> int:
        piece = await self._next()
        if not piece:
            return 0
        count = min(len(piece), len(buffer))
        buffer[:count] = piece[:count]
        if count == len(piece):
            self._parts.pieces.popleft()
        else:
            self._parts.pieces[0] = piece[count:]
        return count

    async def _next(self) -> memoryview:
        """What comes first of what was not read yet; empty at the end."""
        parts = self._parts
        while not parts.pieces and not parts.is_finished:
            await parts.take(self._raw)
            self._size += sum(map(len, parts.pieces))
            self._check()
        return parts.pieces[0] if parts.pieces else memoryview(b"")

    def _check(self) -> None:
        size = self._size
        if self._largest is not None and size > self._largest:
            raise S3Error(
                ErrorCode.EntityTooLarge, fields={"ProposedSize": str(size), "MaxSizeAllowed": str(self._largest)}
            )
        if self._parts.is_finished and size < self._smallest:
            raise S3Error(
                ErrorCode.EntityTooSmall, fields={"ProposedSize": str(size), "MinSizeAllowed": str(self._smallest)}
            )


class _Parts:
    """What the parser finds: fields up to the file, then its bytes, then parts that nobody asked for."""

    def __init__(self, boundary: bytes) -> None:
        self.fields: dict[str, str] = {}
        self.filename = ""
        self.pieces: deque[memoryview] = deque()
        self.has_file = False
        self.is_finished = False
        self._is_closed = False
        self._fed = 0
        self._size = 0
        self._part = _Part()
        self._boundary_size = len(boundary) + len("\r\n--\r\n")
        self._parser = self._parser_of(boundary)

    def _parser_of(self, boundary: bytes) -> MultipartParser:
        import python_multipart

        logging.getLogger(python_multipart.__name__).setLevel(logging.CRITICAL)  # it warns of whatever visitors send
        callbacks: Any = {
            "on_part_begin": self._begin,
            "on_header_field": self._header_name,
            "on_header_value": self._header_value,
            "on_header_end": self._header_end,
            "on_headers_finished": self._headers_end,
            "on_part_data": self._data,
            "on_part_end": self._end,
            "on_end": self._close,
        }
        return python_multipart.MultipartParser(boundary, callbacks)

    async def take(self, raw: RawBody) -> None:
        """Read some more of the request."""
        data = await raw.read()
        if not data:
            self._finish()
            return
        self._fed += len(data)
        self._write(data)
        if not self.has_file and (self._is_closed or self._fed > 2 * MOST_BYTES):
            # What comes before the first boundary is not counted otherwise.
            raise _no_file() if self._is_closed else _too_long()

    def _write(self, data: bytes) -> None:
        from python_multipart.exceptions import FormParserError

        try:
            self._parser.write(data)
        except FormParserError as error:
            raise malformed() from error

    def _finish(self) -> None:
        if not self._is_closed:
            raise malformed()
        self.is_finished = True

    # --- what the parser calls ---

    def _begin(self) -> None:
        self._part = _Part()
        self._count(self._boundary_size)

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start + 1)
        self._part.header += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._count(end - start)
        self._part.header_value += data[start:end]

    def _header_end(self) -> None:
        self._count(len("\r\n"))
        self._part.end_header()

    def _headers_end(self) -> None:
        part = self._part
        if part.name is None:
            raise malformed()
        if part.is_file:
            if self.has_file:
                raise _not_one_file(2)
            self.has_file, self.filename = True, part.filename

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._part.is_file:
            self.pieces.append(memoryview(data)[start:end])
            return
        self._count(end - start)
        if not self.has_file:
            self._part.value += data[start:end]

    def _end(self) -> None:
        part = self._part
        if self.has_file or part.name is None:
            return
        if part.name in self.fields:
            raise invalid_argument(f"The field '{part.name}' must not come twice.", part.name, "")
        self.fields[part.name] = _text(bytes(part.value))

    def _close(self) -> None:
        self._is_closed = True

    def _count(self, size: int) -> None:
        self._size += size
        if self._size > MOST_BYTES:
            raise _too_long()


class _Part:
    """One part: its headers as they come, and what its Content-Disposition says."""

    __slots__ = ("filename", "header", "header_value", "name", "value")

    def __init__(self) -> None:
        self.header = bytearray()
        self.header_value = bytearray()
        self.value = bytearray()
        self.name: str | None = None
        self.filename = ""

    @property
    def is_file(self) -> bool:
        return self.name == FILE

    def end_header(self) -> None:
        name, value = self.header.decode("latin-1").lower(), _text(bytes(self.header_value))
        self.header.clear()
        self.header_value.clear()
        if name == "content-disposition":
            self._dispose(value)
        if name == "content-transfer-encoding" and value.strip().lower() not in IDENTITY_CODINGS:
            raise malformed()

    def _dispose(self, value: str) -> None:
        """One rule for what names a field: ``name`` once, plain, never in the extended forms of RFC 2231 (M12)."""
        kind, _, _ = value.partition(";")
        found = _parameters(value[len(kind) :])
        name = found.get("name", "")
        if self.name is not None or kind.strip().lower() != "form-data" or not name or CONTROL.search(name):
            raise malformed()
        self.name = name.lower()
        self.filename = found.get("filename", "")


def _parameters(text: str) -> dict[str, str]:
    found: dict[str, str] = {}
    at, text = 0, text.rstrip()
    while at < len(text):
        match = PARAMETER.match(text, at)
        if match is None:
            raise malformed()
        name, quoted, plain = match[1].lower(), match[2], match[3]
        if name in found or name.startswith("name*"):
            raise malformed()
        found[name] = ESCAPED_QUOTE.sub(r"\1", quoted) if quoted is not None else plain
        at = match.end()
    return found


def _boundary_of(content_type: str) -> bytes:
    kind, _, _ = content_type.partition(";")
    if kind.strip().lower() != MULTIPART:
        raise S3Error(
            ErrorCode.PreconditionFailed,
            fields={"Condition": "Bucket POST must be of the enclosure-type multipart/form-data"},
        )
    boundary = _parameters(content_type[len(kind) :]).get("boundary", "")
    if not BOUNDARY.match(boundary):
        raise malformed()
    return boundary.encode("ascii")


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8")
    except UnicodeDecodeError as error:
        raise malformed() from error


def malformed() -> S3Error:
    """MalformedPOSTRequest, to be raised."""
    return S3Error(ErrorCode.MalformedPOSTRequest)


def _no_file() -> S3Error:
    return _not_one_file(0)


def _not_one_file(count: int) -> S3Error:
    return invalid_argument("POST requires exactly one file upload per request.", FILE, str(count))


def _too_long() -> S3Error:
    return S3Error(ErrorCode.MaxPostPreDataLengthExceeded, fields={"MaxPostPreDataLength": str(MOST_BYTES)})
