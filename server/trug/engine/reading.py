"""An object opened for reading: any span of it, verified block by block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from trug.domain import ends
from trug.domain.blocks import BLOCK
from trug.domain.encryption import Encryption, Span, size_on_disk
from trug.domain.errors import ErrorCode, S3Error
from trug.engine.ciphers import BlobCipher, BodyKey
from trug.engine.pins import Pin
from trug.ports.reads import BodyWithId, InlineContent, PartNumbered
from trug.ports.rows import Extent, Upload, Version
from trug.ports.stores import BlobFile, BlobStore, Damaged, MetadataStore

PIECE = 512 << 10


class Cut(Exception):
    """A reading took longer than the sweep may wait for it."""


class Reading:
    """One version with its bytes at hand; holds what it reads until it is garbage."""

    def __init__(
        self, version: Version, content: bytes | None, pin: Pin, metadata: MetadataStore, blobs: BlobStore
    ) -> None:
        self.version = version
        self._content = content
        self._pin = pin
        self._metadata = metadata
        self._blobs = blobs

    async def part(self, number: int) -> tuple[int, int]:
        """The half-open span of a part: of any object that was not uploaded in parts, part 1 is the whole.
        InvalidPartNumber (416) when there is no such part."""
        count = self.version.record.parts
        if self.version.body is None or not count:
            if number == 1:
                return 0, self.version.listing.size
            raise _no_such_part(number, 1)
        return part_span(await body_of(self._metadata, self.version.body), number, count)

    def content(self, start: int, stop: int) -> bytes | memoryview | AsyncIterator[bytes | memoryview]:
        """The bytes from ``start`` to before ``stop``: those ``at_hand``, else pieces of at most 512 KiB, each of which
        stays what it is for as long as somebody holds it.

        Damaged out of the pieces when stored bytes are not what was written, Cut when they are read for too long.
        """
        found = self.at_hand(start, stop)
        return self._pieces(start, stop) if found is None else found

    def at_hand(self, start: int, stop: int) -> bytes | memoryview | None:
        """The bytes, verified, when they can be had without waiting and without much memory: inline ones, and up to
        512 KiB of one blob that are in the page cache. None when they must be read in pieces, or are damaged."""
        content, length = self._content, stop - start
        if content is not None:
            return content if length == len(content) else content[start:stop]
        if length == 0:
            return b""
        version = self.version
        if version.blob is None or length > PIECE:
            return None
        return self._blobs.at_hand(version.blob, version.listing.size, start, length)

    async def _pieces(self, start: int, stop: int) -> AsyncIterator[bytes | memoryview]:
        async for extent in self.extents(start, stop):
            if extent.inline:
                yield await self._inline(extent)
                continue
            file = await self._blobs.open(extent.id, extent.size)
            try:
                offset, stop_at = extent.offset, extent.offset + extent.length
                while offset < stop_at:
                    self._go_on()
                    end = min(stop_at, _next_border(offset, self._blobs.piece))
                    yield file.at_hand(offset, end - offset) or await file.read(offset, end - offset)
                    offset = end
            finally:
                file.close()

    def _go_on(self) -> None:
        if self._pin.is_cut:
            raise Cut(f"reading {self.version.key!r} took too long")

    async def extents(self, start: int, stop: int) -> AsyncIterator[Extent]:
        """The stretches of stored bytes that make up a span of the object, in order."""
        version = self.version
        if version.inline is not None:
            yield Extent(True, version.inline, start, stop - start, version.listing.size)
        elif version.blob is not None:
            yield Extent(False, version.blob, start, stop - start, version.listing.size)
        elif version.body is not None:
            upload = await body_of(self._metadata, version.body)
            for number, begin in ends.parts_in(table_of(upload), start, stop):
                self._go_on()
                part = await self._metadata.fetch(PartNumbered(upload.id, number))
                if part is None:
                    raise Damaged(f"part {number} of body {upload.id} has no row")
                for extent in clip(part.extents, max(start - begin, 0), min(stop - begin, part.size)):
                    self._go_on()
                    yield extent

    async def _inline(self, extent: Extent) -> bytes:
        content = await self._metadata.fetch(InlineContent(extent.id))
        if content is None:
            raise Damaged(f"inline bytes {extent.id} have no row")
        return content[extent.offset : extent.offset + extent.length]


class SealedReading(Reading):
    """One version whose bytes are encrypted, with the key of its body: spans of the plaintext, of which only the
    segments that hold them are opened."""

    def __init__(
        self,
        version: Version,
        content: bytes | None,
        pin: Pin,
        metadata: MetadataStore,
        blobs: BlobStore,
        *,
        encryption: Encryption,
        key: BodyKey,
    ) -> None:
        super().__init__(version, content, pin, metadata, blobs)
        self.encryption = encryption
        self.key = key

    def at_hand(self, start: int, stop: int) -> bytes | memoryview | None:
        """As of any reading. Damaged when what is at hand does not open."""
        length = stop - start
        if length == 0:
            return b""
        version = self.version
        if version.body is not None or length > PIECE:
            return None
        extent = self._whole(start, length)
        span = Span.of(start, stop, self.key.layers)
        first, end = span.first * BLOCK, min(span.end * BLOCK, extent.size)
        if self._content is None:
            sealed = self._blobs.at_hand(extent.id, extent.size, first, end - first)
        else:
            sealed = memoryview(self._content)[first:end]
        return None if sealed is None else self._opened(self._cipher(extent), extent, sealed, span, length)

    async def extents(self, start: int, stop: int) -> AsyncIterator[Extent]:
        """The stretches of plaintext that make up a span of the object, each with the key of its blob."""
        if self.version.body is None:
            if stop > start:
                yield self._whole(start, stop - start)
            return
        async for extent in super().extents(start, stop):
            yield extent

    async def _pieces(self, start: int, stop: int) -> AsyncIterator[bytes | memoryview]:
        async for extent in self.extents(start, stop):
            if extent.inline:
                sealed = await self._inline(Extent(True, extent.id, 0, extent.size, extent.size))
                yield self._clipped(extent, memoryview(sealed))
                continue
            file = await self._blobs.open(extent.id, extent.size)
            try:
                async for piece in self._opened_pieces(extent, file):
                    yield piece
            finally:
                file.close()

    async def _opened_pieces(self, extent: Extent, file: BlobFile) -> AsyncIterator[memoryview]:
        cipher = self._cipher(extent)
        offset, stop = extent.offset, extent.offset + extent.length
        while offset < stop:
            self._go_on()
            wanted = Span.of(offset, stop, cipher.layers)
            end = min(wanted.end, _next_border(wanted.first, self._blobs.piece // BLOCK))
            first = wanted.first * BLOCK
            stored = min(end * BLOCK, extent.size) - first
            sealed = file.at_hand(first, stored) or await file.read(first, stored)
            length = min(stop, end * cipher.room) - offset
            yield self._opened(cipher, extent, memoryview(sealed), wanted, length)
            offset += length

    def _clipped(self, extent: Extent, sealed: memoryview) -> memoryview:
        """What an extent covers of inline bytes, which are few."""
        cipher = self._cipher(extent)
        span = Span.of(extent.offset, extent.offset + extent.length, cipher.layers)
        return self._opened(cipher, extent, sealed[span.first * BLOCK : span.end * BLOCK], span, extent.length)

    def _opened(self, cipher: BlobCipher, extent: Extent, sealed: memoryview, span: Span, length: int) -> memoryview:
        """``length`` bytes of plaintext from where ``span`` begins; ``sealed`` is what was read of its segments."""
        plain = cipher.open(sealed, span.first, last=-(-extent.size // BLOCK) - 1)
        return plain[span.skip : span.skip + length]

    def _cipher(self, extent: Extent) -> BlobCipher:
        return self.key.cipher(extent.id, extent.key, inline=extent.inline)

    def _whole(self, start: int, length: int) -> Extent:
        """A stretch of the one blob of a version that has no parts."""
        version = self.version
        size = size_on_disk(version.listing.size, self.encryption)
        if version.inline is not None:
            return Extent(True, version.inline, start, length, size, self.encryption.blob_key)
        assert version.blob is not None  # noqa: S101 - it has bytes, and no parts
        return Extent(False, version.blob, start, length, size, self.encryption.blob_key)


async def body_of(metadata: MetadataStore, body: int) -> Upload:
    """The body row of a multipart object. Damaged when it is not there."""
    upload = await metadata.fetch(BodyWithId(body))
    if upload is None or upload.completed is None:
        raise Damaged(f"body {body} has no row")
    return upload


def part_span(upload: Upload, number: int, count: int) -> tuple[int, int]:
    """The half-open span of the part with this number, of an object that has the first ``count`` of its body's.
    InvalidPartNumber when the object has no such part."""
    table = table_of(upload)
    index = ends.find(table, number)
    if index is None or index >= count:
        raise _no_such_part(number, count)
    return ends.begin_of(table, index), ends.entry(table, index)[1]


def table_of(upload: Upload) -> bytes:
    """Where the parts of a completed upload end (domain.ends)."""
    assert upload.completed is not None  # noqa: S101 - body_of checked
    return upload.completed.ends


def clip(extents: tuple[Extent, ...], start: int, stop: int) -> Iterator[Extent]:
    """The stretches of ``extents``, laid end to end, that a span of them covers."""
    begin = 0
    for extent in extents:
        low, high = max(start - begin, 0), min(stop - begin, extent.length)
        if low < high:
            yield extent._replace(offset=extent.offset + low, length=high - low)
        begin += extent.length


def _next_border(offset: int, piece: int) -> int:
    """Pieces end on multiples of their size, so that no block is read twice."""
    return (offset // piece + 1) * piece


def _no_such_part(number: int, count: int) -> S3Error:
    fields = {"ActualPartCount": str(count), "PartNumberRequested": str(number)}
    return S3Error(ErrorCode.InvalidPartNumber, fields=fields)
