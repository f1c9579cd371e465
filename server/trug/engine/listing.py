"""Lists: pages of keys and versions that step over common prefixes instead of reading through them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import NamedTuple, Protocol, TypeVar

from trug.domain.keys import after_prefix
from trug.domain.versioning import is_well_formed
from trug.engine.drafts import ListedVersion, ObjectPage, VersionPage
from trug.engine.refusals import malformed_version
from trug.ports.reads import CurrentRange, HistoryRange, WithVersionId
from trug.ports.rows import Bucket, Entry
from trug.ports.stores import MetadataStore, Reader

NEWEST = 2**63 - 1
FIRST_STEP = 64


class Place(NamedTuple):
    """Where a scan goes on: from ``key``; after it when ``after``."""

    key: str
    after: bool


def common_prefix(key: str, prefix: str, delimiter: str) -> str | None:
    """What ``key`` is rolled up into: up to the first delimiter behind the prefix, None when there is none."""
    if not delimiter or not key.startswith(prefix):
        return None
    cut = key.find(delimiter, len(prefix))
    return None if cut < 0 else key[: cut + len(delimiter)]


def first_place(prefix: str, delimiter: str, after: str) -> Place | None:
    """Where a list with this prefix begins that goes on after ``after`` (a key, or a common prefix: all that it rolls
    up is over). None when nothing can follow."""
    if after < prefix and not after.startswith(prefix):
        return Place(prefix, after=False)
    rolled = common_prefix(after, prefix, delimiter)
    if rolled is None:
        return Place(after, after=True)
    beyond = after_prefix(rolled)
    return Place(beyond, after=False) if beyond else None


class Listings:
    """ListObjects and ListObjectVersions over the rows."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def objects(self, bucket: Bucket, *, prefix: str, delimiter: str, after: str, limit: int) -> ObjectPage:
        """At most ``limit`` keys and common prefixes of current objects, in UTF-8 byte order, after ``after``."""
        if limit == 0:
            return ObjectPage([], [], None)
        question = ObjectQuestion(bucket.id, prefix, delimiter, after, limit)
        return await self._metadata.view(question.answer)

    async def versions(
        self, bucket: Bucket, *, prefix: str, delimiter: str, key_marker: str, version_id_marker: str, limit: int
    ) -> VersionPage:
        """At most ``limit`` versions (newest first within a key) and common prefixes, after the two markers."""
        if limit == 0:
            return VersionPage([], [], None, None)
        question = VersionQuestion(bucket.id, prefix, delimiter, key_marker, version_id_marker, limit)
        return await self._metadata.view(question.answer)


class ObjectQuestion(NamedTuple):
    """One page of current objects."""

    bucket: int
    prefix: str
    delimiter: str
    after: str
    limit: int

    def answer(self, reader: Reader) -> ObjectPage:
        place = first_place(self.prefix, self.delimiter, self.after)
        stop = after_prefix(self.prefix)
        if not self.delimiter:
            return self._plain(reader, place, stop)
        entries: list[Entry] = []
        prefixes: list[str] = []
        last = ""
        for entry, rolled in self._rolled(reader, place, stop):
            if len(entries) + len(prefixes) == self.limit:
                return ObjectPage(entries, prefixes, last)
            last = rolled or entry.key
            if rolled is None:
                entries.append(entry)
            else:
                prefixes.append(rolled)
        return ObjectPage(entries, prefixes, None)

    def _plain(self, reader: Reader, place: Place | None, stop: str) -> ObjectPage:
        if place is None:
            return ObjectPage([], [], None)
        found = reader.fetch(CurrentRange(self.bucket, place.key, place.after, stop, self.limit + 1))
        page = found[: self.limit]
        return ObjectPage(page, [], page[-1].key if len(found) > self.limit else None)

    def _rolled(self, reader: Reader, place: Place | None, stop: str) -> Iterator[tuple[Entry, str | None]]:
        """Keys, and the first key of each common prefix with it."""
        step = FIRST_STEP
        while place is not None:
            found = reader.fetch(CurrentRange(self.bucket, place.key, place.after, stop, step))
            seen = 0
            for entry, rolled in roll_up(found, self.prefix, self.delimiter):
                yield entry, rolled
                seen += 1
            place = next_place(found, step, self.prefix, self.delimiter, stop)
            step = next_step(seen)


class VersionQuestion(NamedTuple):
    """One page of versions."""

    bucket: int
    prefix: str
    delimiter: str
    key_marker: str
    version_id_marker: str
    limit: int

    def answer(self, reader: Reader) -> VersionPage:
        versions: list[ListedVersion] = []
        prefixes: list[str] = []
        last_key, last_version = "", ""
        for version, rolled in self._rolled(reader):
            if len(versions) + len(prefixes) == self.limit:
                return VersionPage(versions, prefixes, last_key, last_version)
            if rolled is None:
                versions.append(version)
                last_key, last_version = version.entry.key, version.entry.version_id
            else:
                prefixes.append(rolled)
                last_key, last_version = rolled, ""
        return VersionPage(versions, prefixes, None, None)

    def _rolled(self, reader: Reader) -> Iterator[tuple[ListedVersion, str | None]]:
        place, before = self._begin(reader)
        stop = after_prefix(self.prefix)
        latest_of = place.key if place is not None and place.after else None
        step = FIRST_STEP if self.delimiter else self.limit + 1
        while place is not None:
            found = self._merged(reader, place, before, stop, step)
            seen = 0
            for entry, rolled in roll_up(found, self.prefix, self.delimiter):
                yield ListedVersion(entry, is_latest=entry.key != latest_of), rolled
                latest_of = entry.key
                seen += 1
            place = next_place(found, step, self.prefix, self.delimiter, stop)
            before = found[-1].sequence if place is not None and place.after else NEWEST
            step = next_step(seen)

    def _begin(self, reader: Reader) -> tuple[Place | None, int]:
        """The place behind the markers, and below which sequence of its key."""
        if not self._is_within_a_key:
            return first_place(self.prefix, self.delimiter, self.key_marker), 0
        marked = reader.fetch(WithVersionId(self.bucket, self.key_marker, self.version_id_marker))
        if marked is not None:
            return Place(self.key_marker, after=True), marked.sequence
        if not is_well_formed(self.version_id_marker):
            raise malformed_version(self.version_id_marker)
        return Place(self.key_marker, after=False), NEWEST  # deleted since the last page: what is left of the key

    @property
    def _is_within_a_key(self) -> bool:
        """Whether the markers name a version whose key this list shows by itself."""
        if not self.version_id_marker or not self.key_marker.startswith(self.prefix):
            return False
        return common_prefix(self.key_marker, self.prefix, self.delimiter) is None

    def _merged(self, reader: Reader, place: Place, before: int, stop: str, step: int) -> list[Entry]:
        """The next rows of both tables by (key, newest first)."""
        below = before if place.after else NEWEST
        current = reader.fetch(CurrentRange(self.bucket, place.key, place.after, stop, step))
        history = reader.fetch(HistoryRange(self.bucket, place.key, below, stop, step))
        if not history:
            return current
        return sorted((*current, *history), key=lambda entry: (entry.key, -entry.sequence))[:step]


class Keyed(Protocol):
    """Anything that stands under a key."""

    @property
    def key(self) -> str: ...


K = TypeVar("K", bound=Keyed)


def roll_up(found: Sequence[K], prefix: str, delimiter: str) -> Iterator[tuple[K, str | None]]:
    """Each row outside common prefixes, and the first of each common prefix with it."""
    at = 0
    while at < len(found):
        row = found[at]
        rolled = common_prefix(row.key, prefix, delimiter)
        yield row, rolled
        at = at + 1 if rolled is None else _index_after(found, rolled, at)


def _index_after(found: Sequence[Keyed], rolled: str, at: int) -> int:
    beyond = after_prefix(rolled)
    return bisect_left(found, beyond, lo=at, key=lambda row: row.key) if beyond else len(found)


def next_place(found: list[Entry], step: int, prefix: str, delimiter: str, stop: str) -> Place | None:
    """Where the scan goes on after these rows: behind the last, or behind what it is rolled up into."""
    if len(found) < step:
        return None
    rolled = common_prefix(found[-1].key, prefix, delimiter)
    if rolled is None:
        return Place(found[-1].key, after=True)
    beyond = after_prefix(rolled)
    return Place(beyond, after=False) if beyond and (not stop or beyond < stop) else None


def next_step(seen: int) -> int:
    """How many rows to ask for next: twice what the last rows were good for."""
    return max(2, min(1000, 2 * seen))
