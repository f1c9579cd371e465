"""Request metrics of the buckets that have metrics configurations: counted here, shown to Prometheus, and gone with the
configuration."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from typing import NamedTuple

from trug.domain.configurations import HAS_METRICS, METRICS
from trug.domain.reports import Metrics
from trug.domain.request_metrics import COUNTERS, KINDS, Filters, Measured, Measures
from trug.jobs.configured import readable
from trug.ports.reads import BucketWithId, Configurations
from trug.ports.remembered import Remembered
from trug.ports.stores import MetadataStore

logger = logging.getLogger(__name__)

PERIOD = 1.0
"""Seconds after which what was counted for a configuration is gone with it."""
MOST = 10_000
"""Configurations of all buckets that one process counts for: their figures take 3 MB. What falls under others too is
``uncounted``."""
BUCKETS_AT_HAND = 256
"""Buckets whose configurations are kept compiled: at worst there are 1,000 of each."""


class Configured(NamedTuple):
    """A bucket with metrics configurations."""

    name: str
    filters: Filters


class RequestMetrics:
    """``measured`` is what this process counted, and was handed in. ``uncounted`` requests there was no room for.

    A configuration that is removed and made again within ``PERIOD`` may go on where it was: it looks as if it had never
    been away.
    """

    def __init__(self, metadata: MetadataStore, measured: Measured) -> None:
        self._metadata = metadata
        self._configured: Remembered[int, Configured] = Remembered(metadata, self._read, BUCKETS_AT_HAND)
        self._seen = -1
        self.measured = measured
        self.uncounted = 0

    async def filters_of(self, bucket: int) -> Filters | None:
        """The metrics configurations of the bucket of this number, None where it has none. Damaged, Unavailable."""
        found = self._configured.known(bucket) or await self._configured.find(bucket)
        return None if found is None else found.filters

    async def _read(self, number: int) -> Configured | None:
        bucket = await self._metadata.fetch(BucketWithId(number))
        if bucket is None or not bucket.configured & HAS_METRICS:
            return None
        documents = await self._metadata.fetch(Configurations(number, METRICS))
        return Configured(bucket.name, Filters(readable(documents, Metrics)))

    def measures_of(self, bucket: int, name: str) -> Measures | None:
        """Where to count a request under a configuration; None where there is no room for one more of them."""
        by_name = self.measured.get(bucket)
        found = None if by_name is None else by_name.get(name)
        if found is not None:
            return found
        if sum(map(len, self.measured.values())) >= MOST:
            self.uncounted += 1
            return None
        made = self.measured.setdefault(bucket, {})[name] = Measures()
        return made

    async def keep_current(self, period: float = PERIOD) -> None:
        """Forget what is configured no more, every ``period`` seconds, until cancelled. A failure is logged."""
        while True:
            await asyncio.sleep(period)
            try:
                await self.forget_gone()
            except Exception:
                logger.exception("request metrics of configurations that are gone could not be forgotten")

    async def forget_gone(self) -> None:
        """Forget what was counted for configurations that are no more. Nothing to do while nothing was configured."""
        generation = self._metadata.generation
        if generation == self._seen or generation & 1:
            return
        for number in list(self.measured):
            found = await self._configured.find(number)
            by_name = self.measured.get(number, {})
            for name in [name for name in by_name if found is None or name not in found.filters.ids]:
                del by_name[name]
            if not by_name:
                self.measured.pop(number, None)
        self._seen = generation

    async def lines(self, measured: Measured) -> list[str]:
        """What all processes counted, for Prometheus: of configurations that there are."""
        await self.forget_gone()
        rows: list[tuple[str, Measures]] = []
        for number, by_name in measured.items():
            found = await self._configured.find(number)
            if found is not None:
                ids = sorted(by_name.keys() & found.filters.ids)
                rows += [(f'bucket="{found.name}",filter_id="{name}"', by_name[name]) for name in ids]
        rows.sort(key=_label)
        return list(_exposition(rows)) if rows else []


def _label(row: tuple[str, Measures]) -> str:
    return row[0]


def _exposition(rows: list[tuple[str, Measures]]) -> Iterator[str]:
    for place, (name, known_as) in enumerate(COUNTERS):
        metric = f"trug_bucket_{name}_total"
        shown = [(label, each.counts[place]) for label, each in rows if each.counts[place] or place not in KINDS]
        if shown:
            yield from _heading(metric, "counter", known_as)
            yield from [f"{metric}{{{label}}} {number}" for label, number in shown]
    first = [(label, each.first_bytes, each.first_byte_seconds) for label, each in rows]
    yield from _summary("trug_bucket_first_byte_seconds", "FirstByteLatency", first)
    whole = [(label, each.answered, each.seconds) for label, each in rows]
    yield from _summary("trug_bucket_request_seconds", "TotalRequestLatency", whole)


def _summary(metric: str, known_as: str, rows: list[tuple[str, int, float]]) -> Iterator[str]:
    yield from _heading(metric, "summary", known_as)
    for label, number, seconds in rows:
        yield f"{metric}_sum{{{label}}} {seconds:.6f}"
        yield f"{metric}_count{{{label}}} {number}"


def _heading(metric: str, kind: str, known_as: str) -> Iterator[str]:
    yield f"# HELP {metric} Of requests under a bucket's metrics configuration: {known_as}."
    yield f"# TYPE {metric} {kind}"
