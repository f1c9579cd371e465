"""How versions of a key come and go: every change of an object ends here."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from trug.domain.configurations import HAS_LIFECYCLE, HAS_OBJECT_LOCK, HAS_QUOTA
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import frozen, replace
from trug.domain.objects import Judged, Listing, Record, judged_of
from trug.domain.preconditions import NO_WRITE_CONDITIONS, WriteConditions
from trug.domain.retention import is_protected, protected
from trug.domain.versioning import Versioning, is_well_formed
from trug.engine.drafts import Deleted, Stored
from trug.engine.locking import lock_reads, locked
from trug.engine.named import Named
from trug.engine.quotas import quota_reads, refusal_by_quota
from trug.engine.refusals import (
    Moved,
    malformed_version,
    no_such_bucket,
)
from trug.ports.changes import Decided, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import (
    Announce,
    Drop,
    NameBlob,
    PutAnnotation,
    PutCurrent,
    PutHistory,
    PutInline,
    Remind,
    RemoveCurrent,
    RemoveHistory,
    RemoveInline,
    SetReferences,
    Tally,
)
from trug.ports.reads import BucketWithId, Current, NewestHistory, NullHistory, References, WithVersionId
from trug.ports.rows import NULL_VERSION, Annotation, Bucket, Version

MARKER_LISTING = Listing(etag="", size=0, modified=0)

OFF, ENABLED, SUSPENDED = Versioning

make = tuple.__new__
"""Makes a NamedTuple of all its fields in a third of the time its own constructor takes."""


# Bytes and who refers to them


def place_of(version: Version) -> tuple[str, int] | None:
    """Where a version's bytes are: (kind, id), None when it has none."""
    if version.inline is not None:
        return "inline", version.inline
    if version.blob is not None:
        return "blob", version.blob
    if version.body is not None:
        return "body", version.body
    return None


def references_to(version: Version | None) -> tuple[References, ...]:
    """What must be read before this version's bytes can be released or shared."""
    place = None if version is None else place_of(version)
    return () if place is None else (References(*place),)


def recount(rows: Rows, changes: Iterable[tuple[tuple[str, int] | None, int]]) -> list[Effect]:
    """Add to the reference counts of places; bytes that nobody refers to any more are dropped.

    ``changes`` are (place, difference); those of one place are summed first, so that giving up and taking the same
    bytes is nothing.
    """
    sums: dict[tuple[str, int], int] = {}
    for place, difference in changes:
        if place is not None:
            sums[place] = sums.get(place, 0) + difference
    return [_counted(rows, place, difference) for place, difference in sums.items() if difference]


def _counted(rows: Rows, place: tuple[str, int], difference: int) -> Effect:
    kind, target = place
    count = rows.of(References(kind, target)) + difference
    if count > 0:
        return SetReferences(kind, target, count)
    return RemoveInline(target) if kind == "inline" else Drop(kind, target)


def unanswered(rows: Rows, wanted: Sequence[Read[Any]]) -> Sequence[Read[Any]]:
    return [read for read in wanted if read not in rows]


# What a new newest version does to those before it


@frozen
class Room:
    """The effects of making room for a new newest version, what they add to the totals, and the place of the bytes
    that the replaced version, if any, gives up (its count is not among the effects)."""

    effects: Sequence[Effect]
    objects: int
    versions: int
    bytes: int
    current: int
    freed: tuple[str, int] | None = None


HAS_SAY = HAS_QUOTA | HAS_OBJECT_LOCK

ROOM_ENOUGH = Room((), 0, 0, 0, 0)
"""Nothing has to go: the key is new, in a bucket without versions."""


def room_reads(rows: Rows, bucket_id: int, key: str) -> Sequence[Read[Any]]:
    """The next reads before room can be made in a bucket for a new version of ``key``."""
    first = BucketWithId(bucket_id)
    current = Current(bucket_id, key)
    if current not in rows:
        return (first, current)
    bucket, newest = rows.of(first), rows.of(current)
    if bucket is None:
        return ()
    if bucket.configured & HAS_SAY and (judges := _judge_reads(rows, bucket)):
        return judges
    if bucket.versioning is OFF:
        place = None if newest is None else place_of(newest)
        return () if place is None or (count := References(*place)) in rows else (count,)
    wanted: list[Read[Any]] = [] if newest is not None else [NewestHistory(bucket_id, key)]
    if bucket.versioning is SUSPENDED:
        wanted += _null_version_reads(rows, newest, bucket_id, key)
    return unanswered(rows, wanted)


def _judge_reads(rows: Rows, bucket: Bucket) -> Sequence[Read[Any]]:
    """What the bucket's configurations need to know before they say what they have to say to a new version."""
    return (*quota_reads(rows, bucket), *lock_reads(rows, bucket))


def _null_version_reads(rows: Rows, newest: Version | None, bucket_id: int, key: str) -> Sequence[Read[Any]]:
    if newest is not None and newest.version_id == NULL_VERSION:
        return references_to(newest)
    null = NullHistory(bucket_id, key)
    return references_to(rows.of(null)) if null in rows else (null,)


def forgotten(version: Version) -> Sequence[Effect]:
    """What goes with a version besides its bytes: the sweep removes its annotations."""
    return (Drop("annotations", version.id),) if version.record.annotations else ()


def make_room(rows: Rows, bucket: Bucket, key: str, newest: Version | None, moment: Moment) -> Room:
    """Demote or replace ``newest``, what is current now. Follows "How S3 Versioning works", the unversioned and
    suspended cases included: those replace the null version, wherever it stands."""
    if bucket.versioning is OFF:
        if newest is None:
            return ROOM_ENOUGH
        size = newest.listing.size
        return Room(forgotten(newest), -1, -1, -size, -size, place_of(newest))
    replaced = _replaced(rows, bucket, key, newest)
    effects: list[Effect] = []
    if newest is not None and not _is_same(newest, replaced):
        effects.append(PutHistory(newest._replace(noncurrent_since=moment.time)))
    if newest is None:
        marker = rows.of(NewestHistory(bucket.id, key))
        if marker is not None and not _is_same(marker, replaced):
            effects.append(PutHistory(marker._replace(noncurrent_since=moment.time)))
    if replaced is not None and not _is_same(replaced, newest):
        effects.append(RemoveHistory(bucket.id, key, replaced.sequence))
    if replaced is not None:
        effects += forgotten(replaced)
    return Room(
        effects,
        objects=0 if newest is None else -1,
        versions=0 if replaced is None else -1,
        bytes=0 if replaced is None else -replaced.listing.size,
        current=0 if newest is None else -newest.listing.size,
        freed=None if replaced is None else place_of(replaced),
    )


def _replaced(rows: Rows, bucket: Bucket, key: str, newest: Version | None) -> Version | None:
    if bucket.versioning is ENABLED:
        return None
    if newest is not None and newest.version_id == NULL_VERSION:
        return newest
    return rows.of(NullHistory(bucket.id, key))


def _is_same(version: Version, other: Version | None) -> bool:
    return other is not None and version.sequence == other.sequence


def overfull(rows: Rows, bucket: Bucket, room: Room, size: int) -> S3Error | None:
    """What the quotas of a bucket that has any say to a new version of ``size`` bytes, with room made for it."""
    return refusal_by_quota(rows, bucket, versions=room.versions + 1, size=room.bytes + size)


def refusal_of(conditions: WriteConditions, current: Version | None, key: str) -> S3Error | None:
    """What the conditions say against writing over ``current``."""
    if conditions is NO_WRITE_CONDITIONS:
        return None
    try:
        conditions.check(None if current is None else current.listing)
    except S3Error as refusal:
        refusal.fields.setdefault("Key", key)
        return refusal
    return None


# Changes


@frozen
class PutVersion:
    """Make an object the newest version of its key.

    Its bytes are ``content`` (kept inline under the id ``inline``), the file ``blob``, or none. ``version_id`` is used
    where versioning is on. It may be left out where the bucket had no versions when the change was made: if it has by
    then, the change is rejected with Moved, so that one which brings a file must not. Answers Stored.
    """

    bucket: int
    key: str
    id: int
    version_id: str
    listing: Listing
    record: Record
    conditions: WriteConditions
    event: str
    inline: int | None = None
    content: bytes = b""
    blob: int | None = None

    @property
    def blobs(self) -> tuple[int, ...]:
        return () if self.blob is None else (self.blob,)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return room_reads(rows, self.bucket, self.key)

    def decide(self, rows: Rows, moment: Moment) -> Decided[Stored] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is None:
            return Rejected(no_such_bucket(""))
        if not self.version_id and bucket.versioning is ENABLED:
            return Rejected(Moved())
        room = room_for(rows, bucket, self.key, self.conditions, self.listing.size, moment)
        if isinstance(room, S3Error):
            return Rejected(room)
        version = self._version(bucket, moment)
        if self.record.lock is not None or bucket.configured & HAS_OBJECT_LOCK:
            held = locked(rows, bucket, version, moment)
            if isinstance(held, S3Error):
                return Rejected(held)
            version = held
        effects = (*cleared(rows, room), *self._bytes(), *added(bucket, version, room, self.event))
        return Decided(stored(bucket, version), effects)

    def _version(self, bucket: Bucket, moment: Moment) -> Version:
        version_id = self.version_id if bucket.versioning is ENABLED else NULL_VERSION
        listing = dated(self.listing, moment.time)
        place = (self.bucket, self.key, moment.sequence, self.id, version_id)
        return make(Version, (*place, listing, self.record, False, self.inline, self.blob, None, None))

    def _bytes(self) -> Sequence[Effect]:
        if self.inline is not None:
            return (PutInline(self.inline, self.content),)
        return () if self.blob is None else (NameBlob(self.blob),)


def dated(listing: Listing, time: int) -> Listing:
    """As of the moment of its commit, unless it has a time already."""
    etag, size, modified, storage_class, algorithm, kind = listing
    return make(Listing, (etag, size, modified or time, storage_class, algorithm, kind))


def cleared(rows: Rows, room: Room) -> Sequence[Effect]:
    """The effects of making room, on the bytes given up too."""
    return room.effects if room.freed is None else (*room.effects, _counted(rows, room.freed, -1))


def stored(bucket: Bucket, version: Version) -> Stored:
    """What the writer of ``version`` is told."""
    told = version.version_id if bucket.versioning is ENABLED else None
    etag, size, modified, _, _, _ = version.listing
    return Stored(told, etag, size, modified, version.record.checksum, version.record.encryption)


def added(bucket: Bucket, version: Version, room: Room, event: str) -> Sequence[Effect]:
    """The version itself, the totals and the feed."""
    etag, size, _, _, _, _ = version.listing
    number = bucket.id
    effects = (
        PutCurrent(version),
        Tally(
            number,
            bucket.account,
            objects=room.objects + 1,
            versions=room.versions + 1,
            bytes=room.bytes + size,
            current=room.current + size,
        ),
        Announce(event, number, version.key, version.version_id, size, etag),
    )
    return (*effects, *reminded(bucket, version.key)) if bucket.configured & HAS_LIFECYCLE else effects


def tally_of(bucket: Bucket, room: Room, *, versions: int = 0) -> Tally:
    """What making room takes from the totals, for ``versions`` more that hold nothing."""
    return Tally(
        bucket.id,
        bucket.account,
        objects=room.objects,
        versions=room.versions + versions,
        bytes=room.bytes,
        current=room.current,
    )


def reminded(bucket: Bucket, key: str) -> Sequence[Effect]:
    """What a change of a key's versions or uploads owes a bucket with lifecycle rules: that they are looked at."""
    return (Remind(bucket.id, (key,)),) if bucket.configured & HAS_LIFECYCLE else ()


def room_for(
    rows: Rows, bucket: Bucket, key: str, conditions: WriteConditions, size: int, moment: Moment
) -> Room | S3Error:
    """Room for a new newest version of ``size`` bytes, or what the conditions or a quota say against it."""
    newest = rows.of(Current(bucket.id, key))
    refusal = refusal_of(conditions, newest, key)
    if refusal is not None:
        return refusal
    room = make_room(rows, bucket, key, newest, moment)
    refusal = overfull(rows, bucket, room, size) if bucket.configured & HAS_QUOTA else None
    return refusal or room


@frozen
class CopyVersion:
    """Make an object the newest version of its key whose bytes are those of ``source``, a version read before.

    ``annotations`` are copies of the source's, with their bytes. The source is read again: gone or not the same row,
    the change is rejected with Moved. Answers Stored.
    """

    source: Version
    bucket: int
    key: str
    id: int
    version_id: str
    listing: Listing
    record: Record
    conditions: WriteConditions
    annotations: Sequence[tuple[Annotation, bytes]] = ()
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        room = room_reads(rows, self.bucket, self.key)
        return room or unanswered(rows, (self._source, *references_to(self.source)))

    @property
    def _source(self) -> WithVersionId:
        return WithVersionId(self.source.bucket, self.source.key, self.source.version_id)

    def decide(self, rows: Rows, moment: Moment) -> Decided[Stored] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is None:
            return Rejected(no_such_bucket(""))
        source = rows.of(self._source)
        if source is None or source.id != self.source.id:
            return Rejected(Moved())
        room = room_for(rows, bucket, self.key, self.conditions, source.listing.size, moment)
        if isinstance(room, S3Error):
            return Rejected(room)
        version = locked(rows, bucket, self._version(bucket, moment), moment)
        if isinstance(version, S3Error):
            return Rejected(version)
        counts = recount(rows, ((room.freed, -1), (place_of(self.source), 1)))
        effects = [*room.effects, *counts, *added(bucket, version, room, "ObjectCreated:Copy")]
        for annotation, content in self.annotations:
            placed = annotation._replace(version=self.id, modified=moment.time)
            effects += (PutInline(annotation.inline, content), PutAnnotation(placed))
        return Decided(stored(bucket, version), effects)

    def _version(self, bucket: Bucket, moment: Moment) -> Version:
        return self.source._replace(
            bucket=self.bucket,
            key=self.key,
            sequence=moment.sequence,
            id=self.id,
            version_id=self.version_id if bucket.versioning is ENABLED else NULL_VERSION,
            listing=self.listing._replace(modified=moment.time),
            record=self.record,
            noncurrent_since=None,
        )


GONE = Deleted(None, marker=False)


@frozen
class DeleteNewest:
    """Delete a key without naming a version: remove it where versioning is off, else put a delete marker on top.

    ``id`` and ``version_id`` are the marker's. Both may be left out where the bucket had no versions when the change
    was made: if it has by then, the change is rejected with Moved. Answers Deleted.
    """

    bucket: int
    key: str
    conditions: WriteConditions
    id: int = 0
    version_id: str = ""
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return room_reads(rows, self.bucket, self.key)

    def decide(self, rows: Rows, moment: Moment) -> Decided[Deleted] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is None:
            return Rejected(no_such_bucket(""))
        current = rows.of(Current(self.bucket, self.key))
        refusal = refusal_of(self.conditions, current, self.key)
        if refusal is not None:
            return Rejected(refusal)
        if bucket.versioning is OFF:
            return Decided(GONE, self._removal(rows, bucket, current, moment))
        return self._marked(rows, bucket, current, moment) if self.id else Rejected(Moved())

    def _removal(self, rows: Rows, bucket: Bucket, current: Version | None, moment: Moment) -> Sequence[Effect]:
        if current is None:
            return ()
        room = make_room(rows, bucket, self.key, current, moment)
        return (
            *cleared(rows, room),
            RemoveCurrent(self.bucket, self.key),
            tally_of(bucket, room),
            Announce("ObjectRemoved:Delete", bucket.id, self.key, NULL_VERSION),
        )

    def _marked(self, rows: Rows, bucket: Bucket, current: Version | None, moment: Moment) -> Decided[Deleted]:
        room = make_room(rows, bucket, self.key, current, moment)
        marker = marker_of(bucket, self.key, self.id, self.version_id, moment)
        event = Announce("ObjectRemoved:DeleteMarkerCreated", bucket.id, self.key, marker.version_id)
        effects = (*cleared(rows, room), *marked(bucket, marker, room), event)
        return Decided(Deleted(marker.version_id, marker=True), effects)


def marker_of(bucket: Bucket, key: str, number: int, version_id: str, moment: Moment) -> Version:
    """A new delete marker; ``version_id`` is used where versioning is on."""
    return Version(
        bucket=bucket.id,
        key=key,
        sequence=moment.sequence,
        id=number,
        version_id=version_id if bucket.versioning is ENABLED else NULL_VERSION,
        listing=dated(MARKER_LISTING, moment.time),
        marker=True,
    )


def marked(bucket: Bucket, marker: Version, room: Room) -> Sequence[Effect]:
    """A delete marker on top of its key, and the totals."""
    effects: list[Effect] = [RemoveCurrent(bucket.id, marker.key)] if room.objects else []
    effects += (
        PutHistory(marker),
        tally_of(bucket, room, versions=1),
        *reminded(bucket, marker.key),
    )
    return effects


@frozen
class DeleteVersion:
    """Remove one version for good; the one before it becomes the newest when it was. Answers Deleted.

    Rejected with AccessDenied while a lock protects it; ``bypass`` is true of who may bypass governance, and asked to.
    """

    bucket: int
    key: str
    version_id: str
    conditions: WriteConditions
    bypass: bool = False
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        target = WithVersionId(self.bucket, self.key, self.version_id)
        if target not in rows:
            return (BucketWithId(self.bucket), target, Current(self.bucket, self.key))
        victim = rows.of(target)
        if victim is None:
            return ()
        wanted = (*references_to(victim), NewestHistory(self.bucket, self.key, before=victim.sequence))
        newest = NewestHistory(self.bucket, self.key)
        current = rows.of(Current(self.bucket, self.key))
        return unanswered(rows, wanted if current is not None else (*wanted, newest))

    def decide(self, rows: Rows, moment: Moment) -> Decided[Deleted] | Rejected:
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is None:
            return Rejected(no_such_bucket(""))
        victim = rows.of(WithVersionId(self.bucket, self.key, self.version_id))
        if victim is None:
            return self._nothing()
        lock = victim.record.lock
        if lock is not None and is_protected(lock, moment.lock_time, bypass=self.bypass):
            return Rejected(protected())
        refusal = refusal_of(self.conditions, victim, self.key)
        if refusal is not None:
            return Rejected(refusal)
        return Decided(Deleted(self.version_id, marker=victim.marker), self._effects(rows, bucket, victim))

    def _nothing(self) -> Decided[Deleted] | Rejected:
        if is_well_formed(self.version_id):
            return Decided(Deleted(self.version_id, marker=False))
        return Rejected(malformed_version(self.version_id))

    def _effects(self, rows: Rows, bucket: Bucket, victim: Version) -> Sequence[Effect]:
        current = rows.of(Current(self.bucket, self.key))
        was_current = current is not None and current.sequence == victim.sequence
        effects: list[Effect] = []
        if was_current:
            effects.append(RemoveCurrent(bucket.id, self.key))
        else:
            effects.append(RemoveHistory(bucket.id, self.key, victim.sequence))
        heir = self._heir(rows, victim, current)
        effects += _promoted(heir)
        effects += (*recount(rows, ((place_of(victim), -1),)), *forgotten(victim))
        size = victim.listing.size
        is_promoted = heir is not None and not heir.marker
        effects += (
            Tally(
                bucket.id,
                bucket.account,
                objects=int(is_promoted) - int(was_current),
                versions=-1,
                bytes=-size,
                current=(heir.listing.size if heir is not None else 0) - (size if was_current else 0),
            ),
            Announce("ObjectRemoved:Delete", bucket.id, self.key, victim.version_id),
            *(() if bucket.versioning is OFF else reminded(bucket, self.key)),
        )
        return effects

    def _heir(self, rows: Rows, victim: Version, current: Version | None) -> Version | None:
        """The version that becomes the newest, if that changes."""
        newest = current if current is not None else rows.of(NewestHistory(self.bucket, self.key))
        if newest is None or newest.sequence != victim.sequence:
            return None
        return rows.of(NewestHistory(self.bucket, self.key, before=victim.sequence))


def _promoted(heir: Version | None) -> Sequence[Effect]:
    if heir is None:
        return ()
    newest = heir._replace(noncurrent_since=None)
    if heir.marker:
        return (PutHistory(newest),)
    return (RemoveHistory(heir.bucket, heir.key, heir.sequence), PutCurrent(newest))


@frozen
class RetagVersion:
    """Replace a version's tags; ``version_id`` None is the newest. Answers the version as it is then.

    ``judged`` is what of it had a say in whether this may be done: where that is not so any more, the change is
    rejected with OperationAborted."""

    bucket: int
    key: str
    version_id: str | None
    tags: dict[str, str]
    judged: Judged | None = None
    blobs: tuple[int, ...] = ()

    @property
    def _named(self) -> Named:
        return Named(self.bucket, self.key, self.version_id)

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else self._named.reads()

    def decide(self, rows: Rows, moment: Moment) -> Decided[Version] | Rejected:
        try:
            found = self._named.find(rows)
        except S3Error as refusal:
            return Rejected(refusal)
        if self.judged is not None and self.judged != judged_of(found.version.record):
            return Rejected(S3Error(ErrorCode.OperationAborted))
        version = found.version._replace(record=replace(found.version.record, tags=self.tags))
        listing = version.listing
        kind = "ObjectTagging:Put" if self.tags else "ObjectTagging:Delete"
        event = Announce(kind, version.bucket, self.key, version.version_id, listing.size, listing.etag)
        return Decided(version, (found.put(version), event, *reminded(found.bucket, self.key)))
