"""Storage class analyses: what is done to objects is counted, what there is is looked at once a day, and what comes of
both is added to the export."""

from __future__ import annotations

import asyncio
import csv
import io
import logging
from collections.abc import Mapping, Sequence

from trug.domain.configurations import ANALYTICS, HAS_ANALYTICS
from trug.domain.errors import S3Error
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.domain.reports import Analytics, Export, bucket_of_arn
from trug.domain.request_metrics import Filters
from trug.domain.storage_class_analysis import (
    DAY,
    HEADER,
    Observed,
    Seen,
    Stock,
    Stocks,
    Use,
    Uses,
    add_uses,
    export_rows,
    observed,
    place_of,
    sorted_rows,
)
from trug.engine.configurations import progress_name
from trug.engine.content import Content
from trug.engine.drafts import Draft, ListedVersion
from trug.engine.engine import Engine
from trug.engine.inventory import Question
from trug.engine.listing import listed_objects
from trug.engine.storage_class_analysis import AddDay, AddUses, Analysis, Kept, unpacked
from trug.jobs.configured import ConfiguredBuckets, readable
from trug.ports.keys import Clock
from trug.ports.reads import BucketWithId, Configurations, Document
from trug.ports.remembered import Remembered
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore, Unavailable

logger = logging.getLogger(__name__)

PERIOD = 60.0
"""Seconds between two looks at what is due, and after which what was counted is stored: so much a crash can lose."""
LATE = 5 * 60 * 1_000_000
"""µs after the end of a day until all processes have stored what was done on it."""
PAGE = 1000
MOST = 10_000
"""Analyses that one process counts for until it stores what it counted. What is done beyond them is not counted."""
BUCKETS_AT_HAND = 256
LARGEST = 16 << 20
"""Bytes of an export that is added to; after more than ten years another one begins."""
DRAFT = Draft(headers={"content-type": "text/csv"})


class Analyses:
    """Counts, and makes what is due, of all buckets."""

    def __init__(self, engine: Engine, metadata: MetadataStore, clock: Clock) -> None:
        self._engine = engine
        self._metadata = metadata
        self._clock = clock
        self._buckets = ConfiguredBuckets(metadata, HAS_ANALYTICS)
        self._filters: Remembered[int, Filters] = Remembered(metadata, self._read_filters, BUCKETS_AT_HAND)
        self._counted: dict[tuple[int, str], dict[int, Uses]] = {}
        self._settled = (-1, -1)

    @property
    def _today(self) -> int:
        return self._clock.now() // DAY

    def age_of(self, modified: int) -> int:
        """How old something of that time (µs since 1970) is, in days."""
        return (self._clock.now() - modified) // DAY

    # --- what is done ---

    async def filters_of(self, bucket: int) -> Filters | None:
        """The analyses of the bucket of this number, None where it has none. Damaged, Unavailable."""
        return self._filters.known(bucket) or await self._filters.find(bucket)

    async def _read_filters(self, number: int) -> Filters | None:
        bucket = await self._metadata.fetch(BucketWithId(number))
        if bucket is None or not bucket.configured & HAS_ANALYTICS:
            return None
        return Filters(await self._configurations(number))

    async def _configurations(self, bucket: int) -> list[Analytics]:
        documents = await self._metadata.fetch(Configurations(bucket, ANALYTICS))
        return list(readable(documents, Analytics))

    def count(self, bucket: int, seen: Seen, sent: int) -> None:
        """A request was answered with ``sent`` bytes."""
        today = self._today
        for name in seen.names:
            days = self._counted.get((bucket, name))
            if days is None:
                if len(self._counted) >= MOST:
                    continue
                days = self._counted[bucket, name] = {}
            use = days.setdefault(today, {}).setdefault(seen.storage_class, Use())
            if seen.uploaded is None:
                use.retrieve(seen.place, sent)
            else:
                use.uploaded += seen.uploaded

    async def keep_stored(self, period: float = PERIOD) -> None:
        """Store what was counted, every ``period`` seconds, until cancelled. A failure is logged."""
        while True:
            await asyncio.sleep(period)
            try:
                await self.store()
            except Exception:
                logger.exception("what storage class analyses have counted could not be stored")

    async def store(self) -> None:
        """Add what was counted here to what all processes have."""
        for place in list(self._counted):
            uses = self._counted.pop(place)
            try:
                await self._metadata.commit(AddUses(Kept(*place), uses, self._today))
            except Unavailable:
                self._count_again(place, uses)
                raise

    def _count_again(self, place: tuple[int, str], uses: Mapping[int, Uses]) -> None:
        days = self._counted.setdefault(place, {})
        for day, each in uses.items():
            add_uses(days.setdefault(day, {}), each)

    # --- what there is ---

    async def keep_made(self, period: float = PERIOD) -> None:
        """Analyse what is due, every ``period`` seconds, until cancelled. A failure is logged."""
        while True:
            await asyncio.sleep(period)
            try:
                await self.make_due()
            except Exception:
                logger.exception("storage class analyses could not be looked after")

    async def make_due(self) -> int:
        """Analyse all days that are over; how many analyses went on. Nothing to do while no other day is over and
        nothing was configured anywhere."""
        over, generation = (self._clock.now() - LATE) // DAY, self._metadata.generation
        if (over, generation) == self._settled:
            return 0
        made, is_settled = 0, True
        for bucket in await self._buckets.find():
            try:
                made += await self._analyse(bucket, over)
            except Exception:
                is_settled = False
                logger.exception("the storage class analyses of %s were interrupted", bucket.name)
        if is_settled:
            self._settled = over, generation
        return made

    async def _analyse(self, bucket: Bucket, over: int) -> int:
        """All analyses of a bucket, up to the day before ``over``, with one look at its objects."""
        due = [
            (analytics, analysis)
            for analytics in await self._configurations(bucket.id)
            if (analysis := await self._begun(bucket, analytics)).due < over
        ]
        if not due:
            return 0
        stocks = await self._stocks(bucket, [analytics for analytics, _ in due])
        for analytics, analysis in due:
            days = sorted({over - 1, *(day for day in analysis.going if analysis.due <= day < over)})
            rows: list[list[str]] = []
            seen = list(analysis.days)
            for day in days:
                seen.append(observed(seen, day, analysis.going.get(day, {}), stocks[analytics.id]))
                rows += export_rows(analytics, seen)
            if analytics.export is not None:
                await self._export(bucket, analytics.id, analytics.export, rows)
            await self._keep(Kept(bucket.id, analytics.id), seen[len(analysis.days) :])
        return len(due)

    async def _begun(self, bucket: Bucket, analytics: Analytics) -> Analysis:
        """What is kept of an analysis, which begins today if there is nothing."""
        place = progress_name(bucket.id, analytics.id)
        found = unpacked(await self._metadata.fetch(Document(ANALYTICS, place)))
        if found is None:
            await self._metadata.commit(AddUses(Kept(bucket.id, analytics.id), {}, self._today))
        return found or Analysis(self._today)

    async def _keep(self, kept: Kept, days: Sequence[Observed]) -> None:
        for day in days:
            await self._metadata.commit(AddDay(kept, day))

    async def _stocks(self, bucket: Bucket, analyses: Sequence[Analytics]) -> Mapping[str, Stocks]:
        """What there is now under each of these, by id: current objects alone."""
        filters = Filters(analyses)
        found: dict[str, Stocks] = {each.id: {} for each in analyses}
        heeds_tags = any(each.filter is not None and each.filter.tags for each in analyses)
        after: str | None = ""
        while after is not None:
            page = await self._engine.listings.objects(bucket, prefix="", delimiter="", after=after, limit=PAGE)
            listed, after = listed_objects(page), page.next
            tags = await self._tags(bucket, listed) if heeds_tags else [NO_TAGS] * len(listed)
            for (entry, _), of_object in zip(listed, tags, strict=True):
                size, modified, storage_class = entry.listing[1:4]
                place = place_of(self.age_of(modified), size)
                for name in filters.matching(entry.key, of_object):
                    found[name].setdefault(storage_class, Stock()).hold(place, size)
            await asyncio.sleep(0)
        return found

    async def _tags(self, bucket: Bucket, listed: Sequence[ListedVersion]) -> list[Mapping[str, str]]:
        versions = await self._metadata.view(Question(bucket.id, listed).answer)
        return [NO_TAGS if version is None else version.record.tags for version in versions]

    # --- the export ---

    async def _export(self, source: Bucket, name: str, export: Export, rows: list[list[str]]) -> None:
        """Add rows to the export: those of the same days that stand there are of an attempt that was interrupted."""
        destination = await self._engine.buckets.find(bucket_of_arn(export.bucket))
        if destination is None or (destination.account, destination.region) != (source.account, source.region):
            logger.warning("the storage class analysis %s of %s has no bucket to go to", name, source.name)
            return
        key = place_of_export(export, source.name, name)
        content = await asyncio.to_thread(merged, await self._content(destination, key), rows)
        try:
            await self._engine.objects.put(destination, key, Content(content), DRAFT, NO_WRITE_CONDITIONS)
        except S3Error as refusal:
            logger.warning("the storage class analysis %s of %s is not exported: %s", name, source.name, refusal)

    async def _content(self, destination: Bucket, key: str) -> bytes:
        """The export so far; empty where there is none that can be added to."""
        try:
            reading = await self._engine.objects.open(destination, key, None)
        except S3Error:
            return b""
        size = reading.version.listing.size
        if size > LARGEST:
            return b""
        content = reading.content(0, size)
        if isinstance(content, bytes | memoryview):
            return bytes(content)
        return b"".join([bytes(piece) async for piece in content])


NO_TAGS: Mapping[str, str] = {}


def place_of_export(export: Export, source: str, name: str) -> str:
    """The key of the one file that an analysis is exported to; AWS does not say what it is called."""
    return f"{export.prefix}/{source}/{name}.csv" if export.prefix else f"{source}/{name}.csv"


def merged(before: bytes, rows: Sequence[Sequence[str]]) -> bytes:
    """The export with these rows too, in place of those of the same days. What is no export is dropped."""
    dates = {row[0] for row in rows}
    kept = [row for row in _rows_of(before) if row[0] not in dates]
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(sorted_rows([*kept, *rows]))
    return text.getvalue().encode()


def _rows_of(content: bytes) -> list[list[str]]:
    try:
        rows = list(csv.reader(io.StringIO(content.decode())))
    except (UnicodeDecodeError, csv.Error):
        return []
    if not rows or tuple(rows[0]) != HEADER or any(len(row) != len(HEADER) for row in rows):
        return []
    return rows[1:]
