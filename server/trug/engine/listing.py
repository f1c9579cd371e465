"""Lists: pages of keys and versions that step over common prefixes instead of reading through them."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from operator import ne
from typing import NamedTuple, Protocol, TypeVar

from trug.domain.keys import after_prefix
from trug.domain.lines import KEY_END, UNUSUAL, key_of, listing_shown, rolled_up
from trug.domain.restoration import ARCHIVED, Restoration
from trug.domain.versioning import is_well_formed
from trug.engine.drafts import Entry, ListedVersion, ObjectPage, VersionPage
from trug.engine.refusals import malformed_version
from trug.ports.changes import Read
from trug.ports.reads import CommonPrefixes, Current, CurrentRange, VersionRange, WithVersionId
from trug.ports.rows import Bucket, Listed, Version
from trug.ports.stores import MetadataStore, Reader

NEWEST = 2**63 - 1
FIRST_STEP = 64
ROWS_WORTH_A_SEEK = 6
"""To seek the next common prefix takes 15,000 instructions, to read the next row 2,500."""


SHORT = 100
"""Lists of so few rows are read on the event loop: that takes 60 µs, and another thread would take 50 µs more."""

NO_OBJECTS = ObjectPage([], [], None)


class Place(NamedTuple):
    """Where a scan goes on: from ``key``; after it when ``after``."""

    key: str
    after: bool

    @property
    def newer(self) -> bytes | None:
        """Of which key the newest version came before, if of any."""
        return self.key.encode() if self.after else None


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

    async def objects(
        self, bucket: Bucket, *, prefix: str, delimiter: str, after: str, limit: int, restorations: bool = False
    ) -> ObjectPage:
        """At most ``limit`` keys and common prefixes of current objects, in UTF-8 byte order, after ``after``.

        With ``restorations``, which take a read for each archived object of the page.
        """
        if limit == 0:
            return NO_OBJECTS
        question = ObjectQuestion(bucket.id, prefix, delimiter, after, limit)
        if restorations:
            return await self._metadata.view(question.answer_with_restorations)
        if limit <= SHORT and not delimiter:
            read = question.plain_read()
            return NO_OBJECTS if read is None else question.page_of(await self._metadata.fetch(read))
        return await self._metadata.view(question.answer)

    async def versions(
        self,
        bucket: Bucket,
        *,
        prefix: str,
        delimiter: str,
        key_marker: str,
        version_id_marker: str,
        limit: int,
        restorations: bool = False,
    ) -> VersionPage:
        """At most ``limit`` versions (newest first within a key) and common prefixes, after the two markers; with
        ``restorations`` as in ``objects``."""
        if limit == 0:
            return VersionPage([], [], [], None, None)
        question = VersionQuestion(bucket.id, prefix, delimiter, key_marker, version_id_marker, limit)
        return await self._metadata.view(question.answer_with_restorations if restorations else question.answer)


class ObjectQuestion(NamedTuple):
    """One page of current objects."""

    bucket: int
    prefix: str
    delimiter: str
    after: str
    limit: int

    def answer(self, reader: Reader) -> ObjectPage:
        if not self.delimiter:
            read = self.plain_read()
            return NO_OBJECTS if read is None else self.page_of(reader.fetch(read))
        place = first_place(self.prefix, self.delimiter, self.after)
        stop = after_prefix(self.prefix)
        rows: list[bytes] = []
        prefixes: list[str] = []
        last: bytes | str = ""
        for found in self._rolled(reader, place, stop):
            if len(rows) + len(prefixes) == self.limit:
                return ObjectPage(rows, prefixes, last if isinstance(last, str) else key_of(last))
            last = found
            if isinstance(found, str):
                prefixes.append(found)
            else:
                rows.append(found)
        return ObjectPage(rows, prefixes, None)

    def answer_with_restorations(self, reader: Reader) -> ObjectPage:
        page = self.answer(reader)
        archived = {index: Current(self.bucket, key) for index, key in archived_of(page.rows)}
        return page._replace(restorations=restorations_of(reader, archived))

    def plain_read(self) -> CurrentRange | None:
        """What a page without delimiter asks for; None when nothing can follow."""
        place = first_place(self.prefix, "", self.after)
        if place is None:
            return None
        return CurrentRange(self.bucket, place.key, place.after, after_prefix(self.prefix), self.limit + 1)

    def page_of(self, found: list[bytes]) -> ObjectPage:
        """The page that these rows make, of which one may be too many."""
        if len(found) <= self.limit:
            return ObjectPage(found, [], None)
        page = found[: self.limit]
        return ObjectPage(page, [], key_of(page[-1]))

    def _rolled(self, reader: Reader, place: Place | None, stop: str) -> Iterator[bytes | str]:
        """Rows and common prefixes."""
        step = FIRST_STEP
        while place is not None:
            found = reader.fetch(CurrentRange(self.bucket, place.key, place.after, stop, step))
            seen, rolled = 0, None
            for row, rolled in roll_up_rows(found, self.prefix, self.delimiter):
                yield found[row] if rolled is None else rolled
                seen += 1
            if len(found) < step:
                return
            if rolled is None:
                place = Place(key_of(found[-1]), after=True)
            else:
                place = behind(rolled, stop)
                if place is not None and len(found) > seen * ROWS_WORTH_A_SEEK and after_prefix(self.delimiter):
                    prefixes = reader.fetch(self._prefixes(place, stop))
                    yield from prefixes
                    place = behind(prefixes[-1], stop) if prefixes else place
            step = self.limit + 1 if seen == len(found) else next_step(seen)

    def _prefixes(self, place: Place, stop: str) -> CommonPrefixes:
        return CommonPrefixes(self.bucket, self.prefix, self.delimiter, place.key, stop, self.limit + 1)


class VersionQuestion(NamedTuple):
    """One page of versions."""

    bucket: int
    prefix: str
    delimiter: str
    key_marker: str
    version_id_marker: str
    limit: int

    def answer(self, reader: Reader) -> VersionPage:
        place, before = self._begin(reader)
        if not self.delimiter:
            return self._plain(reader, place, before)
        versions: list[Listed] = []
        latest: list[bool] = []
        prefixes: list[str] = []
        last: Listed | str = ""
        for found, is_latest in self._rolled(reader, place, before):
            if len(versions) + len(prefixes) == self.limit:
                return VersionPage(versions, latest, prefixes, *_markers(last))
            last = found
            if isinstance(found, str):
                prefixes.append(found)
            else:
                versions.append(found)
                latest.append(is_latest)
        return VersionPage(versions, latest, prefixes, None, None)

    def answer_with_restorations(self, reader: Reader) -> VersionPage:
        page = self.answer(reader)
        archived = {
            index: WithVersionId(self.bucket, key, page.versions[index].version_id)
            for index, key in archived_of([version.row for version in page.versions])
        }
        return page._replace(restorations=restorations_of(reader, archived))

    def _plain(self, reader: Reader, place: Place | None, before: int) -> VersionPage:
        if place is None:
            return VersionPage([], [], [], None, None)
        stop = after_prefix(self.prefix)
        found = reader.fetch(VersionRange(self.bucket, place.key, before, stop, self.limit + 1))
        page = found[: self.limit]
        keys = [version.row.partition(KEY_END)[0] for version in page]
        latest = list(map(ne, keys, (place.newer, *keys)))
        return VersionPage(page, latest, [], *(_markers(page[-1]) if len(found) > self.limit else (None, None)))

    def _rolled(self, reader: Reader, place: Place | None, before: int) -> Iterator[tuple[Listed | str, bool]]:
        """Versions, and whether each is its key's newest, and common prefixes."""
        stop = after_prefix(self.prefix)
        newer = None if place is None else place.newer
        step = FIRST_STEP
        while place is not None:
            found = reader.fetch(VersionRange(self.bucket, place.key, before, stop, step))
            rows = [version.row for version in found]
            seen, rolled = 0, None
            for at, rolled in roll_up_rows(rows, self.prefix, self.delimiter):
                key, _, _ = rows[at].partition(KEY_END)
                yield (found[at], key != newer) if rolled is None else (rolled, False)
                newer = key
                seen += 1
            if len(found) < step:
                return
            place = Place(key_of(rows[-1]), after=True) if rolled is None else behind(rolled, stop)
            before = found[-1].sequence if rolled is None else NEWEST
            step = next_step(seen)

    def _begin(self, reader: Reader) -> tuple[Place | None, int]:
        """The place behind the markers, and below which sequence of its key."""
        if not self._is_within_a_key:
            place = first_place(self.prefix, self.delimiter, self.key_marker)
            return place, 0 if place is not None and place.after else NEWEST
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


def archived_of(rows: Sequence[bytes]) -> Iterator[tuple[int, str]]:
    """Index and key of the rows whose objects are archived."""
    for index, row in enumerate(rows):
        key, _, line = row.partition(KEY_END)
        if line.startswith(UNUSUAL) and listing_shown(line).storage_class in ARCHIVED:
            yield index, key.decode()


def restorations_of(reader: Reader, archived: Mapping[int, Read[Version | None]]) -> dict[int, Restoration]:
    """The restorations of versions, by the index of each; of those alone that have one."""
    found = {index: reader.fetch(read) for index, read in archived.items()}
    return {
        index: version.record.restoration
        for index, version in found.items()
        if version is not None and version.record.restoration is not None
    }


def listed_versions(page: VersionPage) -> list[ListedVersion]:
    """The versions of a page, field by field."""
    return [
        ListedVersion(_entry(version.row, version.version_id, marker=version.marker), is_latest)
        for version, is_latest in zip(page.versions, page.latest, strict=True)
    ]


def listed_objects(page: ObjectPage) -> list[ListedVersion]:
    """The objects of a page, field by field."""
    return [ListedVersion(_entry(row, "", marker=False), is_latest=True) for row in page.rows]


def _entry(row: bytes, version_id: str, *, marker: bool) -> Entry:
    key, line = row.split(KEY_END, 1)
    return Entry(key.decode(), version_id, marker, listing_shown(line))


def _markers(last: Listed | str) -> tuple[str, str]:
    return (last, "") if isinstance(last, str) else (key_of(last.row), last.version_id)


class Keyed(Protocol):
    """Anything that stands under a key."""

    @property
    def key(self) -> str: ...


K = TypeVar("K", bound=Keyed)


def roll_up(found: Sequence[K], prefix: str, delimiter: str) -> Iterator[tuple[K, str | None]]:
    """Each of these outside common prefixes, and the first of each common prefix with it."""
    at = 0
    while at < len(found):
        rolled = common_prefix(found[at].key, prefix, delimiter)
        yield found[at], rolled
        if rolled is None:
            at += 1
        else:
            beyond = after_prefix(rolled)
            at = bisect_left(found, beyond, lo=at, key=lambda row: row.key) if beyond else len(found)


def roll_up_rows(rows: Sequence[bytes], prefix: str, delimiter: str) -> Iterator[tuple[int, str | None]]:
    """The same of rows (domain.lines), by their index: they sort as their keys do."""
    encoded = prefix.encode(), delimiter.encode()
    at = 0
    while at < len(rows):
        rolled = rolled_up(rows[at], *encoded)
        if rolled is None:
            yield at, None
            at += 1
        else:
            common = rolled.decode()
            yield at, common
            beyond = after_prefix(common).encode()
            at = bisect_left(rows, beyond, lo=at) if beyond else len(rows)


def behind(rolled: str, stop: str) -> Place | None:
    """Where the scan goes on after a common prefix."""
    beyond = after_prefix(rolled)
    return Place(beyond, after=False) if beyond and (not stop or beyond < stop) else None


def next_step(seen: int) -> int:
    """How many rows to ask for next: twice what the last rows were good for."""
    return max(2, min(1000, 2 * seen))
