"""What does not fit in a store: rows without bytes, bytes without rows, wrong checksums, wrong counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple, Protocol

from trug.engine.reading import PIECE
from trug.engine.uploads import place_of_extent
from trug.engine.versions import place_of
from trug.ports.reads import (
    BlobNamed,
    BlobsBetween,
    BucketWithId,
    CountersOf,
    DroppedBefore,
    InlineContent,
    References,
    RowsOf,
)
from trug.ports.rows import Counters, Part, Version
from trug.ports.stores import BlobStore, Damaged, MetadataStore, Unavailable

PAGE = 500
RETRIES = 2
END = 2**62


class Shelf(Protocol):
    """The blobs that really are there."""

    def numbers(self) -> Iterable[int]:
        """All blobs that have a file under their final name, of epochs that nobody writes at the moment."""
        ...


class Report(NamedTuple):
    """How many rows and blobs were looked at, and what was found, one line each."""

    checked: int
    findings: list[str]


class Fsck:
    """One check of a whole store, page by page; what is written meanwhile is left out of account."""

    def __init__(self, metadata: MetadataStore, blobs: BlobStore, shelf: Shelf) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._shelf = shelf

    async def run(self) -> Report:
        """Look at every row and every byte. Nothing is repaired.

        Where something was found while others wrote, it is looked for again: only what stays is reported.
        """
        began = self._metadata.sequence
        report = await self._once()
        for _ in range(RETRIES):
            if not report.findings or self._metadata.sequence == began:
                break
            began = self._metadata.sequence
            again = await self._once()
            kept = [finding for finding in report.findings if finding in set(again.findings)]
            report = Report(again.checked, kept)
        return report

    async def _once(self) -> Report:
        check = Check(self._metadata, self._blobs)
        await check.versions("current")
        await check.versions("history")
        await check.uploads()
        await check.parts()
        await check.references()
        await check.counters()
        await check.leaks()
        await check.strangers(await asyncio.to_thread(lambda: list(self._shelf.numbers())))
        return Report(check.checked, check.findings)


class Check:
    """The state of one run: what was found, and who refers to what."""

    def __init__(self, metadata: MetadataStore, blobs: BlobStore) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._referred: Counter[tuple[str, int]] = Counter()
        self._totals: dict[int, list[int]] = {}
        self._bodies: set[int] = set()
        self._verified: set[int] = set()
        self.checked = 0
        self.findings: list[str] = []

    async def _rows(self, table: str) -> AsyncIterator[Any]:
        """The rows of a table whose checksums fit; the others are findings."""
        after: Any = None
        while True:
            page = await self._page(table, after)
            for place, row in page:
                self.checked += 1
                if row is None:
                    self.findings.append(f"{table} row {place!r}: wrong checksum")
                else:
                    yield row
            if len(page) < PAGE:
                return
            after = page[-1][0]

    async def _page(self, table: str, after: Any) -> list[Any]:
        return await self._metadata.view(lambda reader: reader.fetch(RowsOf(table, after, PAGE)))

    async def versions(self, table: str) -> None:
        async for version in self._rows(table):
            self._count(version, is_current=table == "current")
            if version.body is not None:
                self._bodies.add(version.body)
                self._referred["body", version.body] += 1
            place = place_of(version)
            if place is not None and place[0] != "body":
                self._referred[place] += 1
                await self._bytes(f"{version.key!r} {version.version_id}", place, version.listing.size)

    def _count(self, version: Version, *, is_current: bool) -> None:
        totals = self._totals.setdefault(version.bucket, [0, 0, 0, 0])
        totals[0] += is_current
        totals[1] += 1
        totals[2] += version.listing.size

    async def _bytes(self, owner: str, place: tuple[str, int], size: int) -> None:
        """Read the bytes at a place once."""
        kind, number = place
        try:
            if kind == "inline":
                content = await self._metadata.fetch(InlineContent(number))
                if content is None or len(content) != size:
                    self.findings.append(f"{owner}: inline bytes {number} are missing or of another length")
            elif number not in self._verified:
                self._verified.add(number)
                await self._read_blob(number, size)
        except (Damaged, Unavailable) as damage:
            self.findings.append(f"{owner}: {damage}")

    async def _read_blob(self, blob: int, size: int) -> None:
        file = await self._blobs.open(blob, size)
        try:
            for offset in range(0, size, PIECE):
                await file.read(offset, min(PIECE, size - offset))
        finally:
            file.close()
        if not await self._metadata.fetch(BlobNamed(blob)):
            self.findings.append(f"blob {blob}: has no row in files")

    async def uploads(self) -> None:
        async for upload in self._rows("uploads"):
            if upload.completed is None:
                self._totals.setdefault(upload.bucket, [0, 0, 0, 0])[3] += 1
            self._bodies.discard(upload.id)
        self.findings += [f"body {body}: has no row" for body in sorted(self._bodies)]

    async def parts(self) -> None:
        async for part in self._rows("parts"):
            await self._part(part)

    async def _part(self, part: Part) -> None:
        for extent in part.extents:
            place = place_of_extent(extent)
            self._referred[place] += 1
            await self._bytes(f"part {part.number} of upload {part.upload}", place, extent.size)

    async def references(self) -> None:
        """No count row means one reference."""
        for place, count in self._referred.items():
            counted = await self._metadata.fetch(References(*place))
            if counted != count:
                self.findings.append(f"{place[0]} {place[1]}: {count} references, counted {counted}")

    async def counters(self) -> None:
        for bucket, totals in self._totals.items():
            if await self._metadata.fetch(BucketWithId(bucket)) is None:
                if any(totals[:3]):
                    self.findings.append(f"bucket {bucket}: has versions but no row")
                continue
            kept = await self._metadata.fetch(CountersOf(bucket))
            if kept != Counters(*totals):
                self.findings.append(f"bucket {bucket}: counted {kept}, found {Counters(*totals)}")

    async def leaks(self) -> None:
        """Blobs that have a row in files, but that nothing refers to and no sweep will remove."""
        dropped = {row.target for row in await self._metadata.fetch(DroppedBefore(END, END)) if row.kind == "blob"}
        start = 0
        while page := await self._metadata.fetch(BlobsBetween(start, END, PAGE)):
            self.checked += len(page)
            start = page[-1] + 1
            leaked = [blob for blob in page if ("blob", blob) not in self._referred and blob not in dropped]
            self.findings += [f"blob {blob}: nothing refers to it" for blob in leaked]

    async def strangers(self, numbers: Iterable[int]) -> None:
        """Files that no row names."""
        for blob in numbers:
            self.checked += 1
            if not await self._metadata.fetch(BlobNamed(blob)):
                self.findings.append(f"blob {blob}: bytes without a row")
