"""Search: pages of current objects, by key, that a condition holds of."""

from __future__ import annotations

from functools import partial
from time import monotonic
from typing import NamedTuple

from trug.domain.configurations import HAS_SEARCH
from trug.domain.filters import Begins, Compared, Condition, Every, Scalar, holds
from trug.domain.keys import LAST_CHARACTER, MAX_KEY_BYTES, after_prefix
from trug.domain.lines import KEY_END, listing_shown
from trug.domain.object_fields import LISTED, SECOND, listed_field, recorded_field, words_in
from trug.domain.objects import EMPTY_RECORD, Listing, Record
from trug.engine.candidates import candidates
from trug.engine.indexing import READY, progress_of, unpacked
from trug.ports.reads import Current, CurrentRange
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore, Reader

PAGE = 1000
MOST_SCANNED = 20_000
"""How many keys a page is looked for among; one that is not full by then says where to go on."""
SLICE = 0.25
"""In seconds: how long a reader's thread looks at keys before others have their turn, whatever is asked of a key."""


class Found(NamedTuple):
    """An object that was found."""

    key: str
    listing: Listing


class FoundPage(NamedTuple):
    """What was found, and after which key to go on; None when that was all."""

    found: list[Found]
    next: str | None


class Span(NamedTuple):
    """The keys from ``start`` on and below ``stop``, where that is not empty."""

    start: str
    stop: str

    def within(self, other: Span) -> Span:
        """The keys that are in both."""
        stops = [stop for stop in (self.stop, other.stop) if stop]
        return Span(max(self.start, other.start), min(stops, default=""))


ALL_KEYS = Span("", "")


def span_of(condition: Condition) -> Span:
    """Keys among which all are that a bound condition holds of."""
    match condition:
        case Every(parts):
            span = ALL_KEYS
            for part in parts:
                span = span.within(span_of(part))
            return span
        case Begins("key", text):
            return Span(str(text), after_prefix(str(text)))
        case Compared("key", "=", value):
            return Span(str(value), f"{value}\0")
        case Compared("key", ">=" | ">", value):
            return Span(str(value), "")
        case Compared("key", "<=", value):
            return Span("", f"{value}\0")
        case Compared("key", "<", value) if value:
            return Span("", str(value))
    return ALL_KEYS


class Subject:
    """One object as conditions ask about it; its record is read when something needs it."""

    def __init__(self, reader: Reader, bucket: Bucket, found: Found, record: Record | None = None) -> None:
        self._reader = reader
        self._bucket = bucket
        self._record = record
        self.found = found

    def value_of(self, field: str) -> Scalar | None:
        if field == "bucket":
            return self._bucket.name
        if field == "version":
            return "current"
        key, listing = self.found
        return listed_field(key, listing, field) if field in LISTED else recorded_field(self.record, field)

    @property
    def record(self) -> Record:
        if self._record is None:
            version = self._reader.fetch(Current(self._bucket.id, self.found.key))
            self._record = EMPTY_RECORD if version is None else version.record
        return self._record

    def words(self) -> frozenset[str]:
        return frozenset(words_in(self.found.key, self.record))


class Searches:
    """Finds objects by what they are: by the bucket's index where it has one, else by looking at key after key."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def way(self, bucket: Bucket, condition: Condition) -> str:
        """How a page would be looked for, in words."""
        span = span_of(condition)
        if await self._is_indexed(bucket):
            question = partial(candidates, bucket=bucket.id, condition=condition, start=span.start, stop=span.stop)
            found = await self._metadata.view(question)
            if found is not None:
                return f"index: {found.lead}"
        if span == ALL_KEYS:
            return "keys: all"
        return f"keys: from {span.start!r}" + (f" below {span.stop!r}" if span.stop else "")

    async def page(self, bucket: Bucket, condition: Condition, *, after: str, limit: int) -> FoundPage:
        """At most ``limit`` objects after the key ``after`` that a bound condition holds of, modified to the second.

        A page may be short, and even empty, and others follow: no more than 20,000 keys are looked at for one, and no
        longer than 20 slices.
        """
        look = picked if await self._is_indexed(bucket) else scanned
        span = span_of(condition)
        found: list[Found] = []
        place: str | None = after
        for _ in range(MOST_SCANNED // PAGE):
            question = partial(look, bucket=bucket, condition=condition, span=span, after=place or "")
            more, place = await self._metadata.view(partial(question, most=limit + 1 - len(found)))
            found += more
            if len(found) > limit or (len(found) == limit and place is not None):
                return FoundPage(found[:limit], found[limit - 1].key)
            if place is None:
                return FoundPage(found, None)
        return FoundPage(found, place)

    async def _is_indexed(self, bucket: Bucket) -> bool:
        """Whether the index of a bucket has all that is there."""
        if not bucket.configured & HAS_SEARCH:
            return False
        return unpacked(await self._metadata.fetch(progress_of(bucket.id))).state == READY


def picked(
    reader: Reader, *, bucket: Bucket, condition: Condition, span: Span, after: str, most: int
) -> tuple[list[Found], str | None]:
    """As ``scanned``, by the bucket's index where that is a help; no more than ``most`` are looked for."""
    start = max(after, just_before(span.start))
    names = candidates(reader, bucket.id, condition, start, span.stop)
    if names is None:
        return scanned(reader, bucket=bucket, condition=condition, span=span, after=after, most=most)
    found: list[Found] = []
    end = monotonic() + SLICE
    for key in names.keys:
        version = reader.fetch(Current(bucket.id, key))
        if version is None:
            continue
        modified = version.listing.modified // SECOND * SECOND
        subject = Subject(reader, bucket, Found(key, version.listing._replace(modified=modified)), version.record)
        if holds(condition, subject.value_of, subject.words):
            found.append(subject.found)
        if len(found) == most or monotonic() > end:
            return found, key
    return found, names.keys[-1] if names.has_more else None


def just_before(start: str) -> str:
    """A text below which no key is that is not below ``start`` itself: what to go on after, to have ``start`` too."""
    if not start:
        return ""
    last = start[-1]
    if last == "\0":
        return start[:-1]
    before = "\ud7ff" if last == "\ue000" else chr(ord(last) - 1)
    return f"{start[:-1]}{before}{LAST_CHARACTER * MAX_KEY_BYTES}"


def scanned(
    reader: Reader, *, bucket: Bucket, condition: Condition, span: Span, after: str, most: int
) -> tuple[list[Found], str | None]:
    """What a page of keys has that is sought, and after which key to go on, None when there are no more."""
    del most  # a page is looked at whole
    start, is_after = (after, True) if after and after >= span.start else (span.start, False)
    if span.stop and start >= span.stop:
        return [], None
    rows = reader.fetch(CurrentRange(bucket.id, start, is_after, span.stop, PAGE))
    found: list[Found] = []
    end = monotonic() + SLICE
    for row in rows:
        looked_at = found_of(row)
        subject = Subject(reader, bucket, looked_at)
        if holds(condition, subject.value_of, subject.words):
            found.append(looked_at)
        if monotonic() > end:
            return found, looked_at.key
    return found, looked_at.key if len(rows) == PAGE else None


def found_of(row: bytes) -> Found:
    key, _, line = row.partition(KEY_END)
    return Found(key.decode(), listing_shown(line))
