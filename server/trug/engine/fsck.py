"""What does not fit in a store: rows without bytes, bytes without rows, wrong checksums, wrong counts."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Iterable
from typing import Any, NamedTuple, Protocol

from trug.domain.audit import ANCHOR, HEAD, Walk, end_of
from trug.domain.audit import KIND as AUDIT
from trug.domain.configurations import ACCOUNT_QUOTA, FLAGS, QUOTA
from trug.domain.encryption import size_on_disk
from trug.engine.reading import PIECE
from trug.engine.uploads import place_of_extent
from trug.engine.versions import place_of
from trug.ports.reads import BlobNamed, CountersOf, CountersOfAccount, Document, InlineContent, RowsOf
from trug.ports.rows import Bucket, Counters, Part, Version
from trug.ports.stores import BlobStore, Damaged, MetadataStore, Reader, Unavailable

PAGE = 250
RETRIES = 2
ONLY_CHECKSUMS = (
    "accounts", "entities", "links", "access_keys", "declared", "documents", "expected_files", "epochs", "items",
)  # fmt: skip

Place = tuple[str, int]


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
            stays = set(again.findings)
            report = Report(again.checked, [finding for finding in report.findings if finding in stays])
        return report

    async def _once(self) -> Report:
        check = Check(self._metadata, self._blobs)
        for table in ONLY_CHECKSUMS:
            await check.checksums(table)
        await check.audit()
        await check.configurations()
        await check.counted()
        await check.versions("current")
        await check.versions("history")
        await check.uploads()
        await check.parts()
        await check.annotations()
        await check.references()
        await check.totals()
        await check.leaks()
        await check.strangers(await asyncio.to_thread(lambda: list(self._shelf.numbers())))
        return Report(check.checked, check.findings)


class Check:
    """The state of one run: what was found, and who refers to what."""

    def __init__(self, metadata: MetadataStore, blobs: BlobStore) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._counted: dict[Place, int] = {}
        self._referred: Counter[Place] = Counter()
        self._totals: dict[int, list[int]] = {}
        self._bodies: set[int] = set()
        self._configured: dict[int, int] = {}
        self._verified: set[int] = set()
        self.checked = 0
        self.findings: list[str] = []

    async def _pages(self, table: str) -> AsyncIterator[list[tuple[Any, Any]]]:
        """A table's rows with their places; the damaged ones are findings."""
        after: Any = None
        while page := await self._page(table, after):
            after = page[-1][0]
            self.checked += len(page)
            self.findings += [f"{table} row {place!r}: damaged" for place, row in page if row is None]
            yield [(place, row) for place, row in page if row is not None]

    async def _page(self, table: str, after: Any) -> list[tuple[Any, Any]]:
        return await self._metadata.view(lambda reader: reader.fetch(RowsOf(table, after, PAGE)))

    async def checksums(self, table: str) -> None:
        """Nothing but the rows' own."""
        async for _ in self._pages(table):
            pass

    async def audit(self) -> None:
        """Whether each record of the audit trail follows from the one before it, and none is missing."""
        anchor = await self._metadata.fetch(Document(AUDIT, ANCHOR))
        walk = Walk(end_of(anchor))
        async for page in self._pages("audit"):
            breaks = [walk.find_break(record) for _, record in page]
            self.findings += [f"audit: {found}" for found in breaks if found is not None]
        loss = walk.find_loss(end_of(await self._metadata.fetch(Document(AUDIT, HEAD))))
        self.findings += [] if loss is None else [f"audit: {loss}"]

    async def configurations(self) -> None:
        async for page in self._pages("configurations"):
            for (bucket, kind), _ in page:
                flag = FLAGS.get(kind.partition("/")[0], 0)
                self._configured[bucket] = self._configured.get(bucket, 0) | flag

    async def counted(self) -> None:
        """The counts of places with two references and more; no row means one."""
        async for page in self._pages("reference_counts"):
            self._counted.update({tuple(place): count for place, count in page})

    async def versions(self, table: str) -> None:
        async for page in self._pages(table):
            owners = []
            for _, version in page:
                self._add(version, is_current=table == "current")
                place = place_of(version)
                if place is not None and place[0] != "body":
                    owners.append((f"{version.key!r} {version.version_id}", place, stored_size_of(version)))
            await self._bytes(owners)

    def _add(self, version: Version, *, is_current: bool) -> None:
        totals = self._totals.setdefault(version.bucket, [0] * len(Counters._fields))
        totals[0] += is_current
        totals[1] += 1
        totals[2] += version.listing.size
        totals[4] += version.listing.size if is_current else 0
        if version.body is not None:
            self._bodies.add(version.body)
            self._referred["body", version.body] += 1

    async def _bytes(self, owners: list[tuple[str, Place, int]]) -> None:
        """Count these references, and read what they refer to, each place once."""
        self._referred.update(place for _, place, _ in owners)
        inline = [owner for owner in owners if owner[1][0] == "inline"]
        if inline:
            self.findings += await self._metadata.view(lambda reader: wrong_inline(reader, inline))
        for owner, (kind, blob), size in owners:
            if kind == "blob" and blob not in self._verified:
                self._verified.add(blob)
                await self._blob(owner, blob, size)

    async def _blob(self, owner: str, blob: int, size: int) -> None:
        try:
            file = await self._blobs.open(blob, size)
            try:
                for offset in range(0, size, PIECE):
                    await file.read(offset, min(PIECE, size - offset))
                    await asyncio.sleep(0)
            finally:
                file.close()
        except (Damaged, Unavailable) as damage:
            self.findings.append(f"{owner}: {damage}")

    async def uploads(self) -> None:
        async for page in self._pages("uploads"):
            for _, upload in page:
                if upload.completed is None:
                    self._totals.setdefault(upload.bucket, [0] * len(Counters._fields))[3] += 1
                self._bodies.discard(upload.id)
        self.findings += [f"body {body}: has no row" for body in sorted(self._bodies)]

    async def parts(self) -> None:
        async for page in self._pages("parts"):
            await self._bytes([owner for _, part in page for owner in _owners_in(part)])

    async def annotations(self) -> None:
        async for page in self._pages("annotations"):
            await self._bytes(
                [
                    (f"annotation {row.name!r} of version {row.version}", ("inline", row.inline), row.size)
                    for _, row in page
                ]
            )

    async def references(self) -> None:
        """Each place's count against those who refer to it."""
        wrong = [place for place, count in self._referred.items() if self._counted.get(place, 1) != count]
        idle = [place for place in self._counted if place not in self._referred]
        for place in (*wrong, *idle):
            found, counted = self._referred.get(place, 0), self._counted.get(place, 1)
            self.findings.append(f"{place[0]} {place[1]}: {found} references, counted {counted}")

    async def totals(self) -> None:
        """What is kept of buckets and accounts against what was found."""
        accounts: dict[str, Counters] = {}
        async for page in self._pages("buckets"):
            for _, bucket in page:
                found = Counters(*self._totals.pop(bucket.id, ()))
                sum_so_far = accounts.get(bucket.account, Counters())
                accounts[bucket.account] = Counters(*map(sum, zip(sum_so_far, found, strict=True)))
                await self._total(bucket, found)
                await self._marks(bucket)
        held = [number for number, totals in self._totals.items() if totals[1]]  # its uploads go by the sweep
        self.findings += [f"bucket {number}: has versions but no row" for number in held]
        for account, found in accounts.items():
            kept = await self._metadata.fetch(CountersOfAccount(account))
            if kept != found:
                self.findings.append(f"account {account}: counted {kept}, found {found}")

    async def _total(self, bucket: Bucket, found: Counters) -> None:
        kept = await self._metadata.fetch(CountersOf(bucket.id))
        if kept != found:
            self.findings.append(f"bucket {bucket.name}: counted {kept}, found {found}")

    async def _marks(self, bucket: Bucket) -> None:
        """Whether the bucket's row tells of the configurations that there are."""
        found = self._configured.get(bucket.id, 0)
        if await self._metadata.fetch(Document(QUOTA, bucket.account)) is not None:
            found |= FLAGS[ACCOUNT_QUOTA]
        if found != bucket.configured:
            self.findings.append(f"bucket {bucket.name}: marked as {bucket.configured:#x}, configured {found:#x}")

    async def leaks(self) -> None:
        """Bytes that have a row, but that nothing refers to and no sweep will remove."""
        dropped: set[Place] = set()
        async for page in self._pages("dropped"):
            dropped.update((row.kind, row.target) for _, row in page)
        for table, kind in (("files", "blob"), ("inline", "inline")):
            async for page in self._pages(table):
                known = [(kind, _number(place)) for place, _ in page]
                leaked = [place for place in known if place not in self._referred and place not in dropped]
                self.findings += [f"{kind} {number}: nothing refers to it" for _, number in leaked]
                self._verified.difference_update(number for _, number in known if kind == "blob")
        self.findings += [f"blob {blob}: has no row in files" for blob in sorted(self._verified)]

    async def strangers(self, numbers: Iterable[int]) -> None:
        """Files that no row names."""
        for blob in numbers:
            self.checked += 1
            try:
                is_named = await self._metadata.fetch(BlobNamed(blob))
            except Damaged:
                continue  # its row is a finding already
            if not is_named:
                self.findings.append(f"blob {blob}: bytes without a row")


def wrong_inline(reader: Reader, owners: list[tuple[str, Place, int]]) -> list[str]:
    """Findings on inline bytes: missing, of another length, or damaged."""
    findings = []
    for owner, (_, number), size in owners:
        try:
            content = reader.fetch(InlineContent(number))
        except Damaged as damage:
            findings.append(f"{owner}: {damage}")
            continue
        if content is None or len(content) != size:
            findings.append(f"{owner}: inline bytes {number} are missing or of another length")
    return findings


def stored_size_of(version: Version) -> int:
    """How many bytes are stored of a version that has no parts."""
    return size_on_disk(version.listing.size, version.record.encryption)


def _owners_in(part: Part) -> list[tuple[str, Place, int]]:
    name = f"part {part.number} of upload {part.upload}"
    return [(name, place_of_extent(extent), extent.size) for extent in part.extents]


def _number(place: Any) -> int:
    return int(place[0] if isinstance(place, tuple | list) else place)
