"""An object opened for reading: any span of it, verified block by block."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

from trug.domain import ends
from trug.domain.errors import ErrorCode, S3Error
from trug.engine.pins import Pin
from trug.ports.reads import BodyWithId, InlineContent, PartNumbered
from trug.ports.rows import Extent, Upload, Version
from trug.ports.stores import BlobStore, Damaged, MetadataStore

PIECE = 256 << 10


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
        if self.version.body is None:
            if number == 1:
                return 0, self.version.listing.size
            raise _no_such_part(number, 1)
        return part_span(await body_of(self._metadata, self.version.body), number)

    def content(self, start: int, stop: int) -> bytes | AsyncIterator[bytes | memoryview]:
        """The bytes from ``start`` to before ``stop``: at once when they are inline, else in pieces of 256 KiB.
        Damaged out of the pieces when stored bytes are not what was written, Cut when they are read for too long."""
        if self._content is not None:
            return self._content if stop - start == len(self._content) else self._content[start:stop]
        if start == stop:
            return b""
        return self._pieces(start, stop)

    async def _pieces(self, start: int, stop: int) -> AsyncIterator[bytes | memoryview]:
        async for extent in self.extents(start, stop):
            if extent.inline:
                yield await self._inline(extent)
                continue
            file = await self._blobs.open(extent.id, extent.size)
            try:
                for offset, length in _split(extent):
                    self._go_on()
                    yield await file.read(offset, length)
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


async def body_of(metadata: MetadataStore, body: int) -> Upload:
    """The body row of a multipart object. Damaged when it is not there."""
    upload = await metadata.fetch(BodyWithId(body))
    if upload is None or upload.completed is None:
        raise Damaged(f"body {body} has no row")
    return upload


def part_span(upload: Upload, number: int) -> tuple[int, int]:
    """The half-open span of the part with this number. InvalidPartNumber when the object has no such part."""
    table = table_of(upload)
    index = ends.find(table, number)
    if index is None:
        raise _no_such_part(number, ends.count(table))
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


def _split(extent: Extent) -> Iterator[tuple[int, int]]:
    """(offset, length) of pieces that end on multiples of 256 KiB, so that block checksums are read once."""
    offset, stop = extent.offset, extent.offset + extent.length
    while offset < stop:
        end = min(stop, (offset // PIECE + 1) * PIECE)
        yield offset, end - offset
        offset = end


def _no_such_part(number: int, count: int) -> S3Error:
    fields = {"ActualPartCount": str(count), "PartNumberRequested": str(number)}
    return S3Error(ErrorCode.InvalidPartNumber, fields=fields)
