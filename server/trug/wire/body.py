"""A request's body as verified stream: length, framing, signatures and digests hold, or the end is an error."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import TracebackType
from typing import Protocol, Self

from trug.domain.checksums import ALGORITHMS, Hasher, decode, encode
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.wire.chunked import ChunkDecoder, incomplete, malformed_trailer
from trug.wire.integrity import NOTHING, Integrity, read_content_md5, read_integrity
from trug.wire.payload import Mode, Payload
from trug.wire.request import RawBody, WireRequest

# Bound once: looking up a member costs 0.1 µs before Python 3.12.
_LITERAL = Mode.LITERAL
_UNSIGNED = Mode.UNSIGNED

THREAD_FROM = 64 * 1024
"""From this many bytes on, a digest costs more than the hop to a thread."""

_MOST_DIGITS = 19


def verified_body(wire: WireRequest, payload: Payload, *, streams: bool) -> VerifiedBody:
    """The body of ``wire``, to be held against how its payload was signed and what its headers claim.

    ``streams`` is true of the operations that take aws-chunked bodies without signatures. Raises S3Error for headers
    that cannot stand together (InvalidRequest, InvalidArgument, InvalidDigest, MissingContentLength …); not one byte is
    read.
    """
    raw = wire.raw_body
    if wire.method in ("GET", "HEAD"):
        return VerifiedBody(raw, raw.length, payload, NOTHING)
    claims = _claims(wire)
    mode = payload.mode
    if mode is _LITERAL or mode is _UNSIGNED:
        if claims.trailer is not None:
            raise malformed_trailer()
        if streams and "aws-chunked" in (wire.headers.get("content-encoding") or ""):
            raise invalid_argument(
                "The aws-chunked encoding needs an x-amz-content-sha256 header that begins with STREAMING-.",
                "x-amz-content-sha256",
                wire.headers.get("x-amz-content-sha256") or "",
            )
        return VerifiedBody(raw, raw.length, payload, claims)
    if mode is Mode.UNSIGNED_TRAILER and not streams:
        raise S3Error(
            ErrorCode.InvalidRequest, f"{Mode.UNSIGNED_TRAILER.value} is supported by PutObject and UploadPart alone."
        )
    length = _decoded_length(wire)
    return VerifiedBody(raw, length, payload, claims, _decoder(payload, length, claims))


class VerifiedBody:
    """The ``Body`` of a request that came over HTTP. It can be read once."""

    __slots__ = ("_claims", "_decoder", "_payload", "_raw", "length")

    def __init__(
        self,
        raw: RawBody,
        length: int | None,
        payload: Payload,
        claims: Integrity,
        decoder: ChunkDecoder | None = None,
    ) -> None:
        self._raw = raw
        self._payload = payload
        self._claims = claims
        self._decoder = decoder
        self.length = length

    @property
    def checksum_algorithm(self) -> str | None:
        return self._claims.algorithm

    def open(self, algorithms: Collection[str]) -> VerifiedSource:
        return VerifiedSource(self, self._stream(), self._needed(algorithms))

    async def whole(self, algorithms: Collection[str], limit: int) -> tuple[bytes, Mapping[str, bytes]]:
        if self.length is not None and self.length > limit:
            raise S3Error(ErrorCode.MaxMessageLengthExceeded)
        data = await self._collect(limit)
        needed = self._needed(algorithms)
        if len(data) < THREAD_FROM:
            digests = _hash(data, needed)
        else:
            digests = await asyncio.get_running_loop().run_in_executor(_threads(), _hash, data, needed)
        self.verify(digests)
        return data, digests

    async def read(self, limit: int) -> bytes:
        data, _ = await self.whole((), limit)
        return data

    async def _collect(self, limit: int) -> bytes:
        stream = self._stream()
        pieces = []
        total = 0
        while piece := await stream.next():
            total += len(piece)
            if total > limit:
                raise S3Error(ErrorCode.MaxMessageLengthExceeded)
            pieces.append(piece)
        return b"".join(pieces)

    def verify(self, digests: Mapping[str, bytes]) -> None:
        """Hold the digests of the complete payload against what was signed and claimed.

        Raises XAmzContentSHA256Mismatch, BadDigest, and InvalidRequest for a trailer that is no digest.
        """
        payload, claims = self._payload, self._claims
        if payload.mode is _LITERAL and digests["SHA256"].hex() != payload.sha256:
            raise S3Error(
                ErrorCode.XAmzContentSHA256Mismatch,
                fields={
                    "ClientComputedContentSHA256": payload.sha256,
                    "S3ComputedContentSHA256": digests["SHA256"].hex(),
                },
            )
        if claims.content_md5 is not None and digests["MD5"] != claims.content_md5:
            raise S3Error(
                ErrorCode.BadDigest,
                fields={"ExpectedDigest": encode(claims.content_md5), "CalculatedDigest": encode(digests["MD5"])},
            )
        if claims.algorithm is not None and digests[claims.algorithm] != self._claimed_value(claims.algorithm):
            raise S3Error(
                ErrorCode.BadDigest, f"The {claims.algorithm} you specified did not match the calculated checksum."
            )

    def _claimed_value(self, algorithm: str) -> bytes | None:
        if self._claims.value is not None or self._decoder is None:
            return self._claims.value
        return decode(ALGORITHMS[algorithm], self._decoder.trailer_value or "", where="trailing header")

    def _needed(self, algorithms: Collection[str]) -> set[str]:
        needed = set(algorithms)
        if self._payload.mode is _LITERAL:
            needed.add("SHA256")
        if self._claims.content_md5 is not None:
            needed.add("MD5")
        if self._claims.algorithm is not None:
            needed.add(self._claims.algorithm)
        return needed

    def _stream(self) -> _Stream:
        if self._decoder is None:
            return _Plain(self._raw, self.length)
        return _Chunked(self._raw, self._decoder)


class VerifiedSource:
    """An opened ``VerifiedBody``: the ``Source`` that the engine reads.

    Digests of large buffers run in threads, beside whatever the caller does with the bytes: in two lanes, since MD5
    alone takes as long as the others together. Within a lane, buffers keep their order.
    """

    __slots__ = ("_beside", "_body", "_buffer", "_hashers", "_is_done", "_lanes", "_piece", "_stream", "digests")

    def __init__(self, body: VerifiedBody, stream: _Stream, algorithms: Iterable[str]) -> None:
        self._body = body
        self._stream = stream
        self._hashers = {name: ALGORITHMS[name].new() for name in algorithms}
        self._lanes = _lanes(self._hashers)
        self._piece = memoryview(b"")
        self._beside: list[asyncio.Future[None]] = []
        self._buffer: object = None
        self._is_done = False
        self.digests: Mapping[str, bytes] = {}

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._catch_up()

    async def readinto(self, buffer: memoryview) -> int:
        if self._is_done:
            return 0
        if buffer.obj is self._buffer:
            await self._catch_up()
        filled = await self._fill(buffer)
        await self._catch_up()
        self._hash(buffer[:filled])
        if filled < len(buffer) or (not self._piece and self._stream.is_at_end):
            await self._finish()
        return filled

    async def _fill(self, buffer: memoryview) -> int:
        filled = 0
        while filled < len(buffer):
            if not self._piece:
                self._piece = memoryview(await self._stream.next())
                if not self._piece:
                    break
            size = min(len(self._piece), len(buffer) - filled)
            buffer[filled : filled + size] = self._piece[:size]
            self._piece = self._piece[size:]
            filled += size
        return filled

    def _hash(self, data: memoryview) -> None:
        if len(data) < THREAD_FROM:
            for lane in self._lanes:
                _update(lane, data)
            return
        loop = asyncio.get_running_loop()
        self._beside += [loop.run_in_executor(_threads(), _update, lane, data) for lane in self._lanes]
        self._buffer = data.obj

    async def _catch_up(self) -> None:
        while self._beside:
            await self._beside.pop()

    async def _finish(self) -> None:
        if await self._stream.next():
            raise incomplete()
        await self._catch_up()
        digests = {name: hasher.digest() for name, hasher in self._hashers.items()}
        self._body.verify(digests)
        self.digests = digests
        self._is_done = True


class _Stream(Protocol):
    """The payload, piece by piece; an empty piece once it came to its end and is framed and signed as it must be."""

    @property
    def is_at_end(self) -> bool:
        """True once all of the declared payload was handed out, even if its end has not been read yet."""
        ...

    async def next(self) -> bytes | memoryview: ...


class _Plain:
    __slots__ = ("_length", "_raw", "_total")

    def __init__(self, raw: RawBody, length: int | None) -> None:
        self._raw = raw
        self._length = length
        self._total = 0

    @property
    def is_at_end(self) -> bool:
        return self._total == self._length

    async def next(self) -> bytes:
        if self._total == self._length:
            return b""
        piece = await self._raw.read()
        self._total += len(piece)
        if self._length is not None and (self._total > self._length or not piece):
            raise S3Error(ErrorCode.IncompleteBody)
        return piece


class _Chunked:
    __slots__ = ("_decoder", "_is_done", "_raw", "_slices", "_total")

    def __init__(self, raw: RawBody, decoder: ChunkDecoder) -> None:
        self._raw = raw
        self._decoder = decoder
        self._slices: Iterator[memoryview] = iter(())
        self._total = 0
        self._is_done = False

    @property
    def is_at_end(self) -> bool:
        return self._total == self._decoder.length

    async def next(self) -> bytes | memoryview:
        while not self._is_done:
            for piece in self._slices:
                self._total += len(piece)
                return piece
            await self._feed()
        return b""

    async def _feed(self) -> None:
        data = await self._raw.read()
        if data:
            self._slices = self._decoder.feed(data)
            return
        self._decoder.finish()
        self._is_done = True


def _lanes(hashers: Mapping[str, Hasher]) -> list[list[Hasher]]:
    beside_md5: list[Hasher] = []
    others: list[Hasher] = []
    for name, hasher in hashers.items():
        lane = beside_md5 if name == "MD5" or ALGORITHMS[name].is_quick else others
        lane.append(hasher)
    return [lane for lane in (beside_md5, others) if lane]


def _update(lane: Sequence[Hasher], data: memoryview) -> None:
    for hasher in lane:
        hasher.update(data)


def _hash(data: bytes, algorithms: Iterable[str]) -> dict[str, bytes]:
    return {name: ALGORITHMS[name].hash(data) for name in algorithms}


@cache
def _threads() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(thread_name_prefix="digest")


def _claims(wire: WireRequest) -> Integrity:
    # The checksum headers of CompleteMultipartUpload speak of the object, not of the document that is sent.
    if wire.method == "POST" and "uploadId" in wire.parameters:
        return Integrity(read_content_md5(wire.headers))
    return read_integrity(wire.headers)


def _decoded_length(wire: WireRequest) -> int:
    text = wire.headers.get("x-amz-decoded-content-length")
    if text is None:
        raise S3Error(ErrorCode.MissingContentLength)
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise invalid_argument(
            "The value of x-amz-decoded-content-length is not a length.", "x-amz-decoded-content-length", text
        )
    return int(text)


def _decoder(payload: Payload, length: int, claims: Integrity) -> ChunkDecoder:
    mode = payload.mode
    has_trailer = mode is not Mode.SIGNED_CHUNKS
    if claims.trailer is not None and not has_trailer:
        raise malformed_trailer()
    if mode is Mode.UNSIGNED_TRAILER:
        return ChunkDecoder(length, trailer=claims.trailer, has_trailer=True)
    if payload.signer is None:
        raise S3Error(ErrorCode.SignatureDoesNotMatch)
    return ChunkDecoder(length, signer=payload.signer, trailer=claims.trailer, has_trailer=has_trailer)
