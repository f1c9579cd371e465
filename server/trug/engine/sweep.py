"""The sweep: what nobody refers to is removed, in bounded slices, once no reader depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from trug.domain.ends import numbers
from trug.domain.frozen import frozen
from trug.engine.annotations import ExpandAnnotations
from trug.engine.pins import Pins
from trug.engine.uploads import place_of_extent, references_to_extents
from trug.engine.versions import recount, unanswered
from trug.ports.changes import Decided, Effect, Moment, Read, Rows
from trug.ports.effects import Drop, ForgetBlobs, ForgetDropped, PutPart, RemoveParts, RemoveUpload
from trug.ports.reads import BodyWithId, DroppedBefore, OpenUploads, Parts
from trug.ports.rows import Dropped, Extent, Part, Upload
from trug.ports.stores import BlobStore, MetadataStore

SLICE = 100
MOST_EXTENTS = 256


@frozen
class ForgetRemoved:
    """The blobs of these rows are unlinked for good: forget them."""

    dropped: tuple[Dropped, ...]
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return ()

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        ids = tuple(row.id for row in self.dropped)
        return Decided(None, (ForgetBlobs(tuple(row.target for row in self.dropped)), ForgetDropped(ids)))


@frozen
class ExpandParts:
    """Release a slice of the parts of a dropped body, an aborted upload, or those a completed one left out.

    Answers after which part to go on; None when that was the last slice: the row is forgotten then, and the upload's
    own row where it is over.
    """

    dropped: Dropped
    after: int
    blobs: tuple[int, ...] = ()

    @property
    def _parts(self) -> Parts:
        return Parts(self.dropped.target, self.after, SLICE)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        if not rows:
            return (self._parts, BodyWithId(self.dropped.target))
        return unanswered(rows, references_to_extents(self._cut(rows).extents))

    def _cut(self, rows: Rows) -> Cut:
        parts = rows.of(self._parts)
        if self.dropped.kind == "leftover":
            kept = _kept_numbers(rows.of(BodyWithId(self.dropped.target)))
            parts = [part for part in parts if part.number not in kept]
        return cut(parts, MOST_EXTENTS)

    def decide(self, rows: Rows, moment: Moment) -> Decided[int | None]:
        found, piece = rows.of(self._parts), self._cut(rows)
        effects: list[Effect] = recount(rows, [(place_of_extent(extent), -1) for extent in piece.extents])
        if piece.gone:
            effects.append(RemoveParts(self.dropped.target, tuple(piece.gone)))
        if piece.rest is not None:
            return Decided(self.after, [*effects, PutPart(piece.rest)])
        if len(found) == SLICE:
            return Decided(found[-1].number, effects)
        if self.dropped.kind != "leftover":
            effects.append(RemoveUpload(self.dropped.target))
        effects.append(ForgetDropped((self.dropped.id,)))
        return Decided(None, effects)


class Cut(NamedTuple):
    """Extents to release now, the numbers of the parts that are gone with them, and what is left of the next part."""

    extents: list[Extent]
    gone: list[int]
    rest: Part | None


def cut(parts: Sequence[Part], most: int) -> Cut:
    """The front of ``parts``, at most ``most`` extents of it: one part may have thousands."""
    extents: list[Extent] = []
    gone: list[int] = []
    for part in parts:
        room = most - len(extents)
        extents += part.extents[:room]
        if len(part.extents) > room:
            return Cut(extents, gone, part._replace(extents=part.extents[room:]))
        gone.append(part.number)
    return Cut(extents, gone, None)


def _kept_numbers(upload: Upload | None) -> frozenset[int]:
    if upload is None or upload.completed is None:
        return frozenset()
    return frozenset(numbers(upload.completed.ends))


@frozen
class ExpandBucket:
    """Give up a slice of the uploads that were open in a removed bucket. Answers whether more may be left."""

    dropped: Dropped
    blobs: tuple[int, ...] = ()

    @property
    def _uploads(self) -> OpenUploads:
        return OpenUploads(self.dropped.target, "", "", beyond=False, stop="", limit=SLICE)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (self._uploads,)

    def decide(self, rows: Rows, moment: Moment) -> Decided[bool]:
        uploads = rows.of(self._uploads)
        effects: list[Effect] = []
        for upload in uploads:
            effects += (RemoveUpload(upload.id), Drop("upload", upload.id))
        if uploads:
            return Decided(True, effects)
        return Decided(False, (ForgetDropped((self.dropped.id,)),))


class Sweep:
    """Removes dropped bytes, a slice at a time."""

    def __init__(self, metadata: MetadataStore, blobs: BlobStore, pins: Pins) -> None:
        self._metadata = metadata
        self._blobs = blobs
        self._pins = pins

    async def run(self) -> int:
        """One slice: how many rows of ``dropped`` it took on; 0 when there was nothing to do."""
        horizon = self._pins.oldest(self._metadata.sequence) + 1
        rows = await self._metadata.fetch(DroppedBefore(horizon, SLICE))
        blobs = tuple(row for row in rows if row.kind == "blob")
        if blobs:
            await self._blobs.remove([row.target for row in blobs])
            await self._metadata.commit(ForgetRemoved(blobs))
        for row in rows:
            if row.kind == "bucket":
                await self._expand_bucket(row)
            elif row.kind == "annotations":
                await self._expand_annotations(row)
            elif row.kind != "blob":
                await self._expand_parts(row)
        return len(rows)

    async def _expand_parts(self, row: Dropped) -> None:
        after: int | None = 0
        while after is not None:
            after = await self._metadata.commit(ExpandParts(row, after))

    async def _expand_annotations(self, row: Dropped) -> None:
        while await self._metadata.commit(ExpandAnnotations(row)):
            pass

    async def _expand_bucket(self, row: Dropped) -> None:
        while await self._metadata.commit(ExpandBucket(row)):
            pass
