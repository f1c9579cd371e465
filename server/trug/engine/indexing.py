"""The index that search goes by: switched on for a bucket, built for what is there, taken down when it is switched off.

Which labels an object has is said in ``domain.object_fields``; the store keeps them with every current version of a
bucket that has the search bit (``ports.effects.PutCurrent``). What is here is the rest: the way there and back, page by
page. Labels of keys that are gone cost space and no more: whatever is found by a label is looked at again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from trug.domain.configurations import HAS_SEARCH, SEARCH
from trug.domain.frozen import frozen
from trug.domain.lines import key_of
from trug.engine.configurations import announced, configured
from trug.engine.refusals import no_such_bucket
from trug.ports.changes import Decided, Moment, Read, Rejected, Rows
from trug.ports.effects import KeepDocument, Label
from trug.ports.reads import BucketWithId, CurrentRange, Document, LabelledKeys
from trug.ports.rows import Bucket
from trug.ports.stores import MetadataStore

BUILDING, READY, CLEARING, OFF = "building", "ready", "clearing", "off"
PAGE = 250
ON = b"{}"


class Progress(NamedTuple):
    """How far the index of a bucket is: its state, and the last key that was looked at."""

    state: str = OFF
    after: str = ""


def unpacked(document: bytes | None) -> Progress:
    return Progress() if document is None else Progress(*msgspec.msgpack.decode(document, type=tuple[str, str]))


def kept(bucket: int, progress: Progress) -> KeepDocument:
    document = None if progress.state == OFF else msgspec.msgpack.encode(tuple(progress))
    return KeepDocument(SEARCH, str(bucket), document)


def progress_of(bucket: int) -> Document:
    return Document(SEARCH, str(bucket))


@frozen
class SwitchIndex:
    """Have an index kept for a bucket, or no longer."""

    bucket: Bucket
    is_on: bool
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.bucket.id),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[None] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket.id))
        if bucket is None:
            return Rejected(no_such_bucket(self.bucket.name))
        if bool(bucket.configured & HAS_SEARCH) == self.is_on:
            return Decided(None)
        progress = kept(bucket.id, Progress(BUILDING if self.is_on else CLEARING))
        stored = configured(bucket, SEARCH, ON if self.is_on else None)
        return Decided(None, (*stored, progress, announced(bucket, SEARCH)))


@frozen
class StepIndex:
    """The next page of building or taking down; the answer is whether there is more to do."""

    bucket: int
    progress: Progress
    blobs: tuple[int, ...] = ()

    @property
    def _page(self) -> Read[Any]:
        if self.progress.state == BUILDING:
            return CurrentRange(self.bucket, self.progress.after, True, "", PAGE)
        return LabelledKeys(self.bucket, PAGE)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (progress_of(self.bucket), self._page)

    def decide(self, rows: Rows, moment: Moment) -> Decided[bool] | Rejected:
        if unpacked(rows.of(progress_of(self.bucket))) != self.progress:
            return Decided(True)
        page = rows.of(self._page)
        is_building = self.progress.state == BUILDING
        keys = tuple(map(key_of, page)) if is_building else tuple(page)
        if not keys:
            return Decided(False, (kept(self.bucket, Progress(READY if is_building else OFF)),))
        after = Progress(self.progress.state, keys[-1] if is_building else "")
        return Decided(True, (Label(self.bucket, keys, is_building), kept(self.bucket, after)))


class Indexes:
    """The indexes of buckets."""

    def __init__(self, metadata: MetadataStore) -> None:
        self._metadata = metadata

    async def switch(self, bucket: Bucket, *, is_on: bool) -> None:
        """Have an index kept, or no longer. The work itself is done by ``step``."""
        await self._metadata.commit(SwitchIndex(bucket, is_on))

    async def state(self, bucket: int) -> str:
        """``off``, ``building``, ``ready`` or ``clearing``."""
        return unpacked(await self._metadata.fetch(progress_of(bucket))).state

    async def step(self, bucket: int) -> bool:
        """Build or take down a page; whether there is more to do."""
        progress = unpacked(await self._metadata.fetch(progress_of(bucket)))
        if progress.state not in (BUILDING, CLEARING):
            return False
        return await self._metadata.commit(StepIndex(bucket, progress))
