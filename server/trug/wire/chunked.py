"""aws-chunked, decoded: bytes at any split in, the payload out in one copy, its signatures checked as it is hashed."""

from __future__ import annotations

import hashlib
import re
from collections import deque
from enum import Enum, auto
from hmac import compare_digest

from trug.domain.checksums import Buffer
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
    What came out is verified only once ``finish`` and ``verify`` have returned, and ``signatures``, where there are
    some, have seen all of it in between.
    """

    __slots__ = (
        "_allowed", "_chunks", "_expect", "_half_ended", "_left", "_line", "_signs_trailer", "_size", "_total",
        "_trailer", "_trailer_signature", "_trailers",
        "length", "signatures",
    )  # fmt: skip

    def __init__(
        self, length: int, *, signer: ChunkSigner | None = None, trailer: str | None = None, has_trailer: bool = False
    ) -> None:
        self.length = length
        self.signatures = ChunkSignatures(signer) if signer is not None else None
        self._trailer = trailer
        self._signs_trailer = has_trailer and signer is not None
        self._allowed = _allowed(trailer, is_signed=self._signs_trailer) if has_trailer else ()
        self._expect = _Expect.HEADER
        self._line = b""
        self._chunks = 0
        self._size = 0
        self._left = 0
        self._total = 0
        self._trailers: dict[str, str] = {}
        self._trailer_signature = ""
        self._half_ended = False

    @property
    def trailer_value(self) -> str | None:
        """The value of the announced trailer, None when none came."""
        return self._trailers.get(self._trailer) if self._trailer is not None else None

    def feed(self, data: bytes, start: int, buffer: memoryview) -> tuple[int, int]:
        """Decode ``data`` from ``start`` on, until it ends or more payload comes than ``buffer`` holds.

        Returns where to go on in ``data`` and how many bytes of payload are in ``buffer`` now. Raises IncompleteBody
        for broken framing and for more payload than declared, InvalidChunkSizeError, MalformedTrailerError, and
        InvalidRequest for bytes after the end.
        """
        view = memoryview(data)
        at, filled = start, 0
        while at < len(data):
            if self._expect is not _Expect.DATA:
                at = self._take_line(data, at)
                continue
            size = min(self._left, len(data) - at, len(buffer) - filled)
            if not size:
                break
            buffer[filled : filled + size] = view[at : at + size]
            at += size
            filled += size
            self._left -= size
            if not self._left:
                self._expect = _Expect.DATA_END
        return at, filled

    def finish(self) -> None:
        """Check that the body came to its end. Raises IncompleteBody."""
        if self._expect is not _Expect.NOTHING:
            raise incomplete()

    def verify(self) -> None:
        """Check the signatures behind the payload, which ``signatures`` have seen. Raises SignatureDoesNotMatch."""
        if self.signatures is None:
            return
        self.signatures.finish()
        if self._signs_trailer:
            text = "".join(f"{name}:{value}\n" for name, value in self._trailers.items())
            self.signatures.check_trailer(text.encode("latin-1"), self._trailer_signature.encode("latin-1"))

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
        if header is None or (self.signatures is None and header[2] is not None):
            raise incomplete()
        self._check_size(int(header[1], 16))
        if self.signatures is not None:
            self.signatures.announce(self._size, header[2] or b"")
        self._expect = _Expect.DATA if self._left else _Expect.TRAILER

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
        self._expect = _Expect.HEADER

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
        self._trailer_signature = self._trailers.pop(SIGNATURE_TRAILER, "")
        self._expect = _Expect.NOTHING


class ChunkSignatures:
    """The chain of chunk signatures, held against the payload as it is hashed.

    That may be later than the framing was read, and on another thread: ``announce`` is called by who reads the framing,
    the rest by who hashes, always behind. SignatureDoesNotMatch from all of these.
    """

    __slots__ = ("_announced", "_left", "_sha256", "_signature", "_signer")

    def __init__(self, signer: ChunkSigner) -> None:
        self._signer = signer
        self._announced: deque[tuple[int, bytes]] = deque()
        self._sha256 = hashlib.sha256()
        self._signature = b""
        self._left = 0

    def announce(self, size: int, signature: bytes) -> None:
        """The next chunk has ``size`` bytes; 0 is the last."""
        self._announced.append((size, signature))

    def update(self, data: Buffer, /) -> None:
        """The next bytes of the payload, of chunks announced before."""
        view = memoryview(data)
        while view:
            if not self._left:
                self._left, self._signature = self._announced.popleft()
            piece = view[: self._left]
            self._sha256.update(piece)
            self._left -= len(piece)
            view = view[len(piece) :]
            if not self._left:
                self._check()

    def finish(self) -> None:
        """All the payload was seen: only the empty last chunk is left."""
        if self._left or [size for size, _ in self._announced] != [0]:
            raise S3Error(ErrorCode.SignatureDoesNotMatch)
        _, self._signature = self._announced.popleft()
        self._check()

    def check_trailer(self, text: bytes, signature: bytes) -> None:
        """The trailer, without the line of its signature."""
        if not compare_digest(signature, self._signer.trailer(hashlib.sha256(text).hexdigest()).encode()):
            raise S3Error(ErrorCode.SignatureDoesNotMatch)

    def _check(self) -> None:
        if not compare_digest(self._signature, self._signer.chunk(self._sha256.hexdigest()).encode()):
            raise S3Error(ErrorCode.SignatureDoesNotMatch)
        self._sha256 = hashlib.sha256()


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
