"""aws-chunked, decoded: bytes at any split in, slices of the payload out, every signature checked on the way."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from enum import Enum, auto
from hmac import compare_digest

from trug.domain.errors import ErrorCode, S3Error
from trug.wire.payload import ChunkSigner

SMALLEST_CHUNK = 8192
LONGEST_HEADER = 256
LONGEST_TRAILER = 2048
SIGNATURE_TRAILER = "x-amz-trailer-signature"

_HEADER = re.compile(rb"([0-9A-Fa-f]{1,16})(?:;chunk-signature=(.*))?\r\n", re.DOTALL)
_LINE_END = b"\r\n"


class _Expect(Enum):
    HEADER = auto()
    DATA = auto()
    DATA_END = auto()
    TRAILER = auto()
    NOTHING = auto()


class ChunkDecoder:
    """Decodes one aws-chunked body whose payload has ``length`` bytes.

    Follows "Signature calculations for the Authorization header: transferring payload in multiple chunks" and
    "Signature calculations for trailing headers" in the S3 API reference. ``signer`` stands where chunks are signed;
    ``trailer`` names the only trailer besides the signature that may come, None when none was announced;
    ``has_trailer`` is true of the modes that end in one. ``trailer_value`` holds its text after ``finish``.
    Slices handed out are verified only once ``finish`` has returned.
    """

    __slots__ = (
        "_allowed", "_chunks", "_expect", "_half_ended", "_left", "_line", "_sha256", "_signature", "_signer",
        "_signs_trailer", "_size", "_total", "_trailer", "_trailers",
        "length",
    )  # fmt: skip

    def __init__(
        self, length: int, *, signer: ChunkSigner | None = None, trailer: str | None = None, has_trailer: bool = False
    ) -> None:
        self.length = length
        self._signer = signer
        self._trailer = trailer
        self._signs_trailer = has_trailer and signer is not None
        self._allowed = _allowed(trailer, is_signed=self._signs_trailer) if has_trailer else ()
        self._expect = _Expect.HEADER
        self._line = b""
        self._chunks = 0
        self._size = 0
        self._left = 0
        self._total = 0
        self._sha256 = hashlib.sha256()
        self._signature = b""
        self._trailers: dict[str, str] = {}
        self._half_ended = False

    @property
    def trailer_value(self) -> str | None:
        """The value of the announced trailer, None when none came."""
        return self._trailers.get(self._trailer) if self._trailer is not None else None

    def feed(self, data: bytes) -> Iterator[memoryview]:
        """The payload's slices in ``data``, views and no copies; all of ``data`` is taken once these are exhausted.

        Raises IncompleteBody for broken framing and for more payload than declared, InvalidChunkSizeError,
        SignatureDoesNotMatch, MalformedTrailerError, and InvalidRequest for bytes after the end.
        """
        view = memoryview(data)
        at = 0
        while at < len(data):
            if self._expect is _Expect.DATA:
                end = min(at + self._left, len(data))
                yield self._payload(view[at:end])
                at = end
            else:
                at = self._take_line(data, at)

    def finish(self) -> None:
        """Check that the body came to its end. Raises IncompleteBody."""
        if self._expect is not _Expect.NOTHING:
            raise incomplete()

    def _payload(self, piece: memoryview) -> memoryview:
        if self._signer is not None:
            self._sha256.update(piece)
        self._left -= len(piece)
        if not self._left:
            self._expect = _Expect.DATA_END
        return piece

    def _take_line(self, data: bytes, at: int) -> int:
        """Take from ``data`` what belongs to the line that is being read; where the next begins."""
        end = data.find(b"\n", at, at + LONGEST_HEADER) + 1 or min(at + LONGEST_HEADER, len(data))
        line = self._line + data[at:end]
        if line.endswith(b"\n"):
            self._line = b""
            self._on_line(line)
        else:
            self._line = line
            self._check_bound(line)
        return end

    def _check_bound(self, line: bytes) -> None:
        if self._expect is _Expect.NOTHING:
            self._on_line(line)
        if self._expect is _Expect.DATA_END and not _LINE_END.startswith(line):
            raise incomplete()
        if self._expect is _Expect.TRAILER and len(line) > LONGEST_TRAILER:
            raise malformed_trailer()
        if self._expect is _Expect.HEADER and len(line) > LONGEST_HEADER:
            raise incomplete()

    def _on_line(self, line: bytes) -> None:
        match self._expect:
            case _Expect.HEADER:
                self._on_header(line)
            case _Expect.DATA_END:
                self._on_data_end(line)
            case _Expect.TRAILER:
                self._on_trailer(line)
            case _:
                raise S3Error(ErrorCode.InvalidRequest, "The request body goes on after its last chunk.")

    def _on_header(self, line: bytes) -> None:
        header = _HEADER.fullmatch(line)
        if header is None or (self._signer is None and header[2] is not None):
            raise incomplete()
        self._check_size(int(header[1], 16))
        if self._signer is not None:
            self._signature = header[2] or b""
        if self._left:
            self._expect = _Expect.DATA
            return
        self._check_chunk_signature()
        self._expect = _Expect.TRAILER

    def _check_size(self, size: int) -> None:
        if size and self._chunks and self._size < SMALLEST_CHUNK:
            raise S3Error(
                ErrorCode.InvalidChunkSizeError,
                fields={"Chunk": str(self._chunks + 1), "BadChunkSize": str(self._size)},
            )
        self._chunks += 1
        self._size = self._left = size
        self._total += size
        if self._total > self.length or (not size and self._total < self.length):
            raise incomplete()

    def _on_data_end(self, line: bytes) -> None:
        if line != _LINE_END:
            raise incomplete()
        self._check_chunk_signature()
        self._expect = _Expect.HEADER

    def _check_chunk_signature(self) -> None:
        if self._signer is None:
            return
        if not compare_digest(self._signature, self._signer.chunk(self._sha256.hexdigest()).encode()):
            raise S3Error(ErrorCode.SignatureDoesNotMatch)
        self._sha256 = hashlib.sha256()

    def _on_trailer(self, line: bytes) -> None:
        if self._half_ended:
            if line != _LINE_END:
                raise malformed_trailer()
            self._half_ended = False
        elif line == _LINE_END:
            self._on_end()
        else:
            self._add_trailer(line.decode("latin-1"))
            # AWS's examples, and minio-go after them, end a trailer with LF CR LF.
            self._half_ended = not line.endswith(_LINE_END)

    def _add_trailer(self, line: str) -> None:
        name, colon, value = line.partition(":")
        name = name.strip().lower()
        if not colon or name not in self._allowed or name in self._trailers:
            raise malformed_trailer()
        self._trailers[name] = value.strip()

    def _on_end(self) -> None:
        if self._signs_trailer and self._trailer is None and not self._trailers:
            raise incomplete()
        if self._trailer is not None and self._trailer not in self._trailers:
            raise malformed_trailer()
        if self._signs_trailer:
            self._check_trailer_signature()
        self._expect = _Expect.NOTHING

    def _check_trailer_signature(self) -> None:
        assert self._signer is not None  # noqa: S101 - only signed chunks sign their trailer
        signature = self._trailers.pop(SIGNATURE_TRAILER, "")
        text = "".join(f"{name}:{value}\n" for name, value in self._trailers.items())
        wanted = self._signer.trailer(hashlib.sha256(text.encode("latin-1")).hexdigest())
        if not compare_digest(signature.encode("latin-1"), wanted.encode()):
            raise S3Error(ErrorCode.SignatureDoesNotMatch)


def without_aws_chunked(content_encoding: str) -> str:
    """The Content-Encoding to store of a streamed upload: all but the token ``aws-chunked``; ``""`` for nothing."""
    tokens = (token.strip() for token in content_encoding.split(","))
    return ",".join(token for token in tokens if token and token.lower() != "aws-chunked")


def incomplete() -> S3Error:
    """IncompleteBody as S3 words it for a body whose framing is broken or ends too early."""
    return S3Error(ErrorCode.IncompleteBody, "The request body terminated unexpectedly")


def malformed_trailer() -> S3Error:
    return S3Error(ErrorCode.MalformedTrailerError)


def _allowed(trailer: str | None, *, is_signed: bool) -> tuple[str, ...]:
    announced = () if trailer is None else (trailer,)
    return (*announced, SIGNATURE_TRAILER) if is_signed else announced
