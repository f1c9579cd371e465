"""A request's body as verified stream: length, framing, signatures and digests hold, or the end is an error."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from typing import Protocol

from trug.domain.checksums import ALGORITHMS, Algorithm, Buffer, Hasher, decode, encode
from trug.domain.errors import ErrorCode, S3Error, invalid_argument
from trug.wire.chunked import ChunkDecoder, ChunkSignatures, malformed_trailer
from trug.wire.integrity import NOTHING, Integrity, read_content_md5, read_integrity
from trug.wire.payload import Mode, Payload
from trug.wire.request import Headers, RawBody, WireRequest

# Bound once: looking up a member costs 0.1 µs before Python 3.12.
_LITERAL = Mode.LITERAL
_UNSIGNED = Mode.UNSIGNED

THREAD_FROM = 64 * 1024
"""From this many bytes on, a digest costs more than the hop to a thread."""

_MOST_DIGITS = 19

_Update = Callable[[Buffer], None]


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


def body_at_hand(raw: RawBody, headers: Headers, payload: Payload) -> VerifiedBody | None:
    """What ``verified_body`` makes of a body without framing, where nothing speaks of any; errors of what its headers
    claim."""
    mode = payload.mode
    if mode is not _LITERAL and mode is not _UNSIGNED:
        return None
    claims = read_integrity(headers)
    return VerifiedBody(raw, raw.length, payload, claims) if claims.trailer is None else None


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

    async def gather(self, algorithms: Collection[str], limit: int) -> GatheredBody:
        if self.length is not None and self.length > limit:
            raise S3Error(ErrorCode.MaxMessageLengthExceeded)
        content: bytes | bytearray
        if self._decoder is None and self.length:
            content = await self._raw.read()
            if len(content) != self.length:
                content = await _Plain(self._raw, self.length).gather_behind(content)
        else:
            content = await self._stream().gather(limit)
        return GatheredBody(self, content, self._needed(algorithms))

    async def read(self, limit: int) -> bytes:
        gathered = await self.gather((), limit)
        if len(gathered.content) < THREAD_FROM:
            gathered.verified()
        else:
            await asyncio.to_thread(gathered.verified)
        return bytes(gathered.content)

    def digests_of(self, content: bytes, algorithms: Collection[str]) -> Mapping[str, bytes]:
        """The digests of its payload, which came as ``content``, as ``GatheredBody.verified``."""
        return GatheredBody(self, content, self._needed(algorithms)).verified()

    def verified(self, digests: Mapping[str, bytes]) -> Mapping[str, bytes]:
        """These digests of the whole payload, once they and the signatures of chunks have proved right."""
        if self._decoder is not None:
            self._decoder.verify()
        self.verify(digests)
        return digests

    @property
    def signatures(self) -> ChunkSignatures | None:
        """What must see the payload, in order, where its chunks are signed."""
        return None if self._decoder is None else self._decoder.signatures

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

    def _needed(self, algorithms: Collection[str]) -> Sequence[Algorithm]:
        claims = self._claims
        asked = algorithms if type(algorithms) is frozenset else frozenset(algorithms)
        return needed(asked, self._payload.mode is _LITERAL, claims.content_md5 is not None, claims.algorithm)

    def _stream(self) -> _Stream:
        if self._decoder is None:
            return _Plain(self._raw, self.length)
        return _Chunked(self._raw, self._decoder)


class GatheredBody:
    """A ``VerifiedBody`` in memory."""

    __slots__ = ("_algorithms", "_body", "content")

    def __init__(self, body: VerifiedBody, content: bytes | bytearray, algorithms: Iterable[Algorithm]) -> None:
        self._body = body
        self._algorithms = algorithms
        self.content = content

    def verified(self) -> Mapping[str, bytes]:
        content = self.content
        if (signatures := self._body.signatures) is not None:
            signatures.update(content)
        return self._body.verified({algorithm.name: algorithm.hash(content) for algorithm in self._algorithms})


@cache
def needed(asked: frozenset[str], is_literal: bool, has_md5: bool, claimed: str | None) -> Sequence[Algorithm]:  # noqa: FBT001 - keys of a cache
    """All digests that are computed of a body: those asked for, and those that what was signed and claimed needs."""
    names = {*asked, *(("SHA256",) if is_literal else ()), *(("MD5",) if has_md5 else ())}
    return [ALGORITHMS[name] for name in sorted(names if claimed is None else names | {claimed})]


class VerifiedSource:
    """An opened ``VerifiedBody``: the ``Source`` that the engine reads.

    It has two lanes where there is enough to do, since MD5 alone takes twice as long as a SHA-256.
    """

    __slots__ = ("_body", "_hashers", "_is_done", "_stream", "lanes")

    def __init__(self, body: VerifiedBody, stream: _Stream, algorithms: Iterable[Algorithm]) -> None:
        self._body = body
        self._stream = stream
        self._hashers = {algorithm.name: algorithm.new() for algorithm in algorithms}
        self.lanes = _lanes(self._hashers, body.signatures)
        self._is_done = False

    async def readinto(self, buffer: memoryview) -> int:
        filled = 0
        while filled < len(buffer) and not self._is_done:
            count = await self._stream.readinto(buffer[filled:])
            filled += count
            if not count or self._stream.is_at_end:
                await self._stream.finish()
                self._is_done = True
        return filled

    def verified(self) -> Mapping[str, bytes]:
        return self._body.verified({name: hasher.digest() for name, hasher in self._hashers.items()})


class _Stream(Protocol):
    """The payload without its framing."""

    @property
    def is_at_end(self) -> bool:
        """True once all of the declared payload was handed out, even if its end has not been read yet."""
        ...

    async def readinto(self, buffer: memoryview) -> int:
        """The next bytes of payload, as many as have come and fit; 0 at the end."""
        ...

    async def finish(self) -> None:
        """Read what follows the payload. IncompleteBody, or another S3Error, when it did not end as it must."""
        ...

    async def gather(self, limit: int) -> bytes | bytearray:
        """All of the payload, which is declared to be within ``limit`` bytes; MaxMessageLengthExceeded where nothing
        was declared and more comes. Its end is read too."""
        ...


class _Plain:
    __slots__ = ("_left", "_raw")

    def __init__(self, raw: RawBody, length: int | None) -> None:
        self._raw = raw
        self._left = length

    @property
    def is_at_end(self) -> bool:
        return self._left == 0

    async def readinto(self, buffer: memoryview) -> int:
        if self._left is None:
            return await self._raw.readinto(buffer)
        count = await self._raw.readinto(buffer[: self._left]) if self._left else 0
        self._left -= count
        return count

    async def finish(self) -> None:
        if self._left:
            raise S3Error(ErrorCode.IncompleteBody)

    async def gather(self, limit: int) -> bytes | bytearray:
        if self._left is None:
            return await self._gather_unmeasured(limit)
        if not self._left:
            return b""
        first = await self._raw.read()
        return first if len(first) == self._left else await self.gather_behind(first)

    async def gather_behind(self, first: bytes) -> bytearray:
        """All of a payload with a length, whose first piece was read and is not all of it."""
        if not first or len(first) > (self._left or 0):
            raise S3Error(ErrorCode.IncompleteBody)
        content = bytearray(self._left or 0)
        content[: len(first)] = first
        rest = memoryview(content)[len(first) :]
        while rest:
            count = await self._raw.readinto(rest)
            if not count:
                raise S3Error(ErrorCode.IncompleteBody)
            rest = rest[count:]
        return content

    async def _gather_unmeasured(self, limit: int) -> bytes:
        pieces = []
        left = limit
        while piece := await self._raw.read():
            left -= len(piece)
            if left < 0:
                raise S3Error(ErrorCode.MaxMessageLengthExceeded)
            pieces.append(piece)
        return b"".join(pieces)


class _Chunked:
    __slots__ = ("_at", "_data", "_decoder", "_left", "_raw")

    def __init__(self, raw: RawBody, decoder: ChunkDecoder) -> None:
        self._raw = raw
        self._decoder = decoder
        self._left = decoder.length
        self._data = b""
        self._at = 0

    @property
    def is_at_end(self) -> bool:
        return self._left == 0

    async def readinto(self, buffer: memoryview) -> int:
        filled = 0
        while not filled and await self._has_more():
            self._at, filled = self._decoder.feed(self._data, self._at, buffer)
        self._left -= filled
        return filled

    async def _has_more(self) -> bool:
        if self._at == len(self._data):
            self._data, self._at = await self._raw.read(), 0
        return bool(self._data)

    async def finish(self) -> None:
        while await self._has_more():
            self._at, _ = self._decoder.feed(self._data, self._at, _NOWHERE)
        self._decoder.finish()

    async def gather(self, limit: int) -> bytearray:
        content = bytearray(self._left)
        rest = memoryview(content)
        while rest and (count := await self.readinto(rest)):
            rest = rest[count:]
        await self.finish()
        return content


_NOWHERE = memoryview(bytearray())


def _lanes(
    hashers: Mapping[str, Hasher], signatures: ChunkSignatures | None
) -> tuple[Callable[[memoryview], None], ...]:
    beside_md5: list[_Update] = []
    others: list[_Update] = [] if signatures is None else [signatures.update]
    for name, hasher in hashers.items():
        lane = beside_md5 if name == "MD5" or ALGORITHMS[name].is_quick else others
        lane.append(hasher.update)
    return tuple(_lane(updates) for updates in (beside_md5, others) if updates)


def _lane(updates: Sequence[_Update]) -> Callable[[memoryview], None]:
    def update_all(data: memoryview) -> None:
        for update in updates:
            update(data)

    return update_all


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
