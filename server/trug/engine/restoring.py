"""RestoreObject over the rows: the bytes of archived objects lie where all others do, so that a restored copy is only
a time from which they may be read."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trug.domain.errors import S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.restoration import SECOND, restored
from trug.engine.named import Named
from trug.ports.changes import Decided, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce
from trug.ports.rows import Bucket, Version
from trug.ports.stores import MetadataStore


@frozen
class RestoreVersion:
    """Ask for a restored copy of a version; ``now`` and ``delay`` in µs. Answers the version as it was before."""

    named: Named
    days: int
    tier: str
    now: int
    delay: int
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else self.named.reads()

    def decide(self, rows: Rows, moment: Moment) -> Decided[Version] | Rejected:
        try:
            found = self.named.find(rows)
            version = found.version
            record, listing = version.record, version.listing
            made = restored(
                listing.storage_class,
                record.restoration,
                days=self.days,
                tier=self.tier,
                now=self.now,
                delay=self.delay,
            )
        except S3Error as refusal:
            return Rejected(refusal)
        effects = (
            found.put(version._replace(record=replace(record, restoration=made))),
            Announce("ObjectRestore:Post", version.bucket, version.key, version.version_id, listing.size, listing.etag),
        )
        return Decided(version, effects)


class Restoring:
    """Makes archived objects readable, after ``delay`` seconds."""

    def __init__(self, metadata: MetadataStore, delay: float) -> None:
        self._metadata = metadata
        self._delay = int(delay * SECOND)

    async def restore(
        self, bucket: Bucket, key: str, version_id: str | None, *, days: int, tier: str, now: int
    ) -> bool:
        """Ask for a restored copy for so many days; whether one was there already, which now stays as long.

        InvalidObjectState, RestoreAlreadyInProgress, InvalidArgument; errors of ``Objects.find``.
        """
        change = RestoreVersion(Named(bucket.id, key, version_id), days, tier, now, self._delay)
        before: Version = await self._metadata.commit(change)
        held = before.record.restoration
        return held is not None and held.is_readable(now)
