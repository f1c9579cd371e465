"""The metadata in memory: the executable specification of what each read and each effect means."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice, takewhile
from typing import Any, Protocol, TypeVar

from trug.adapters.memory.reports import MemoryReports
from trug.adapters.memory.table import Journal, Place, Table
from trug.domain import lines
from trug.domain.audit import HEAD, KIND, AuditRecord, Touched, end_of, written
from trug.domain.configurations import HAS_SEARCH
from trug.domain.identity import Account
from trug.domain.object_fields import labels_of
from trug.ports.acting import ACTOR
from trug.ports.auditing import told_of
from trug.ports.changes import Change, Effect, Moment, Read, Rejected, Rows
from trug.ports.effects import (
    Advance,
    Announce,
    Attest,
    Declare,
    Drop,
    ForgetBlobs,
    ForgetDropped,
    ForgetReminders,
    KeepDocument,
    Label,
    NameBlob,
    OpenEpoch,
    PutAccount,
    PutAnnotation,
    PutBucket,
    PutCurrent,
    PutEntity,
    PutHistory,
    PutInline,
    PutItem,
    PutKey,
    PutLink,
    PutPart,
    PutUpload,
    Remind,
    RemoveAccount,
    RemoveAnnotations,
    RemoveBucket,
    RemoveCurrent,
    RemoveEntity,
    RemoveHistory,
    RemoveInline,
    RemoveItem,
    RemoveKey,
    RemoveLink,
    RemoveParts,
    RemoveUpload,
    ReserveIds,
    SealEpoch,
    SetConfiguration,
    SetReferences,
    Tally,
    TouchUpload,
    TrimAudit,
)
from trug.ports.expected import (
    OPEN,
    ExpectedAt,
    ExpectedDue,
    ExpectedFile,
    ExpectedOf,
    ExpectedWithId,
    IsAnyExpected,
    PutExpected,
    RemoveExpected,
)
from trug.ports.keys import Clock
from trug.ports.reads import (
    Accounts,
    AccountWithCanonicalId,
    AccountWithEmail,
    AccountWithId,
    AnnotationNamed,
    Annotations,
    AuditRecords,
    BlobNamed,
    BlobsBetween,
    BodyWithId,
    BucketHolds,
    BucketNamed,
    BucketOnce,
    BucketsOf,
    BucketWithId,
    CommonPrefixes,
    Configuration,
    Configurations,
    CountersOf,
    CountersOfAccount,
    Current,
    CurrentContent,
    CurrentRange,
    Declared,
    Document,
    DroppedBefore,
    Entities,
    EntityAt,
    EntityCount,
    Events,
    FeedStart,
    InlineContent,
    ItemAt,
    KeysOf,
    KeyWithId,
    Labelled,
    LabelledBetween,
    LabelledKeys,
    LastEpoch,
    LinkCount,
    LinksFrom,
    LinksTo,
    NewestHistory,
    NextId,
    NullHistory,
    OpenUploads,
    PartNumbered,
    Parts,
    References,
    Reminders,
    RowsOf,
    UnsealedEpochs,
    UploadWithId,
    VersionRange,
    WithVersionId,
    WithVersionIdContent,
)
from trug.ports.rows import (
    NULL_VERSION,
    AccessKey,
    Annotation,
    Bucket,
    Counters,
    Dropped,
    Entity,
    Epoch,
    Event,
    Fetched,
    Item,
    Listed,
    Part,
    Reminder,
    Upload,
    Version,
)
from trug.ports.stores import BlobKeeper, Damaged, Reader

R = TypeVar("R")
T = TypeVar("T")

SECOND = 1_000_000


class MemoryMetadata:
    """A MetadataStore (ports.stores) that lives as long as its process; for one event loop.

    A commit runs at once and without awaiting, so that every change and every question finds a whole state. The lock
    time is the commit time. The feed goes back ``feed_kept`` sequences.
    """

    def __init__(self, clock: Clock, blobs: BlobKeeper | None = None, *, feed_kept: int = 1_000_000) -> None:
        self._clock = clock
        self._blobs = blobs
        self._state = State(feed_kept)
        self._sequence = 0
        self._generation = 0
        self._time = 0

    @property
    def sequence(self) -> int:
        return self._sequence

    @property
    def generation(self) -> int:
        """Always even: nobody can look while a change is applied."""
        return self._generation

    async def commit(self, change: Change[T]) -> T:
        try:
            self._sync(change.blobs)
            return self._run(change)
        except BaseException:
            self._state.journal.undo()
            self._unlink(change.blobs)
            raise

    def at_hand(self, bucket: int, key: str, *, content: bool) -> Fetched | None:
        try:
            return self._state.fetch(CurrentContent(bucket, key))
        except Damaged:
            return None

    async def fetch(self, read: Read[R]) -> R:
        return self._state.fetch(read)

    async def view(self, question: Callable[[Reader], T]) -> T:
        return question(self._state)

    def accept_clock(self) -> None:
        """Here lock time is the clock's, which tests set."""

    async def reports(self) -> MemoryReports:
        state = self._state
        return MemoryReports(
            state.buckets, state.bucket_names, state.counters, state.accounts, state.account_counters, state.items
        )

    async def close(self) -> None:
        pass

    def _run(self, change: Change[T]) -> T:
        rows = self._answers(change)
        moment = self._next_moment()
        decision = change.decide(rows, moment)
        if isinstance(decision, Rejected):
            raise decision.reason
        refreshes = self._state.apply(decision.effects, moment)
        self._state.journal.keep()
        self._sequence, self._time = self._state.sequence, moment.time
        self._generation += 2 if refreshes else 0
        return decision.result

    def _answers(self, change: Change[Any]) -> Rows:
        rows = Rows()
        while wanted := change.reads(rows):
            for read in wanted:
                rows[read] = self._state.fetch(read)
        return rows

    def _next_moment(self) -> Moment:
        time = max(self._time, self._clock.now())
        return Moment(self._sequence + 1, time, time)

    def _sync(self, blobs: Sequence[int]) -> None:
        if self._blobs is not None and blobs:
            self._blobs.sync(blobs)

    def _unlink(self, blobs: Sequence[int]) -> None:
        if self._blobs is not None and blobs:
            self._blobs.unlink(blobs)


class State:
    """All rows, each table under the place named beside it."""

    def __init__(self, feed_kept: int) -> None:
        journal = self.journal = Journal()
        self.buckets = Table[Bucket](journal)  # id
        self.bucket_names = Table[int](journal)  # name
        self.configurations = Table[bytes](journal)  # bucket, kind
        self.counters = Table[Counters](journal)  # bucket
        self.account_counters = Table[Counters](journal)  # account
        self.current = Table[Version](journal)  # bucket, key
        self.history = Table[Version](journal)  # bucket, key, -sequence
        self.inline = Table[bytes](journal)  # id
        self.files = Table[int](journal)  # blob
        self.references = Table[int](journal)  # kind, id
        self.dropped = Table[Dropped](journal)  # id
        self.epochs = Table[Epoch](journal)  # number
        self.uploads = Table[Upload](journal)  # id
        self.upload_ids = Table[int](journal)  # upload id
        self.open_uploads = Table[Upload](journal)  # bucket, key, upload id
        self.parts = Table[Part](journal)  # upload, number
        self.annotations = Table[Annotation](journal)  # version, name
        self.feed = Table[Event](journal)  # sequence
        self.accounts = Table[Account](journal)  # id
        self.entities = Table[bytes](journal)  # account, kind, place
        self.links = Table[str](journal)  # account, kind, left, right: the right side
        self.links_back = Table[str](journal)  # account, kind, right, left: the left side
        self.keys = Table[AccessKey](journal)  # access key
        self.keys_of = Table[str](journal)  # account, user, access key
        self.declared = Table[bytes](journal)  # kind, name
        self.documents = Table[bytes](journal)  # kind, name
        self.expected = Table[ExpectedFile](journal)  # id
        self.labels = Table[str](journal)  # bucket, name, value, key: the key
        self.labelled = Table[frozenset[tuple[str, str]]](journal)  # bucket, key: its labels
        self.items = Table[tuple[Item, str]](journal)  # account, kind, id: the item and its words
        self.reminders = Table[Reminder](journal)  # at, bucket, key
        self.audit = Table[AuditRecord](journal)  # sequence
        self.reserved = Table[int](journal)  # the one row: next id
        self.feed_kept = feed_kept
        self.sequence = 0
        self.second = 0
        self.drops = 0

    def fetch(self, read: Read[R]) -> R:
        answer: R = ANSWERS[type(read)](self, read)
        return answer

    def apply(self, effects: Iterable[Effect], moment: Moment) -> bool:
        """Apply in order what the commit of this moment does; whether any of it refreshes."""
        self.sequence, self.second = moment.sequence, moment.time // SECOND
        refreshes = False
        trail = []
        for effect in effects:
            touched = told_of(effect, self.fetch)
            if touched is not None:
                trail.append(touched)
            APPLY[type(effect)](self, effect)
            refreshes |= effect.refreshes
        if trail:
            self._record(trail, moment)
        self._trim()
        return refreshes

    def _record(self, trail: list[Touched], moment: Moment) -> None:
        """The audit record of what a change has done, chained to the one before it."""
        end = end_of(self.documents.find(KIND, HEAD))
        record = end.followed_by(moment.sequence, moment.time, written(ACTOR.get(), trail))
        self.audit.put(record, record.sequence)
        self.documents.put(end.after(record).packed(), KIND, HEAD)

    def _trim(self) -> None:
        end = self.sequence - self.feed_kept
        for event in list(takewhile(lambda event: event.sequence < end, self.feed.since())):
            self.feed.remove(event.sequence)


class Keyed(Protocol):
    """A row that lies in a bucket under a key."""

    @property
    def bucket(self) -> int: ...

    @property
    def key(self) -> str: ...


K = TypeVar("K", bound=Keyed)


def within(rows: Iterator[K], bucket: int, stop: str) -> Iterator[K]:
    """Rows as long as they are of this bucket and below ``stop``, when it is not empty."""
    return takewhile(lambda row: row.bucket == bucket and (not stop or row.key < stop), rows)


def versions_of(rows: Iterator[Version], bucket: int, key: str) -> Iterator[Version]:
    return takewhile(lambda version: (version.bucket, version.key) == (bucket, key), rows)


def history_of(state: State, bucket: int, key: str, before: int = 2**63 - 1) -> Iterator[Version]:
    """The key's rows of ``history`` with a sequence below ``before``, newest first."""
    return versions_of(state.history.after(bucket, key, -before), bucket, key)


def fetched(state: State, version: Version | None) -> Fetched | None:
    if version is None or version.inline is None:
        return version and Fetched(version, None)
    content = state.inline.find(version.inline)
    if content is None:
        raise Damaged(f"inline bytes {version.inline} are missing")
    return Fetched(version, content)


def row_of(version: Version) -> bytes:
    return version.key.encode() + lines.line_of(version.key, version.listing, version.record.owner)


# Answers


def bucket_named(state: State, read: BucketNamed) -> Bucket | None:
    bucket = state.bucket_names.find(read.name)
    return None if bucket is None else state.buckets.find(bucket)


def bucket_with_id(state: State, read: BucketWithId) -> Bucket | None:
    return state.buckets.find(read.id)


def bucket_once(state: State, read: BucketOnce) -> Bucket | None:
    removed = (event for event in state.feed.since() if (event.kind, event.bucket) == ("BucketRemoved", read.id))
    once = (Bucket(event.bucket, event.key, event.account, "", 0) for event in removed)
    return state.buckets.find(read.id) or next(once, None)


def buckets_of(state: State, read: BucketsOf) -> list[Bucket]:
    by_name = (state.buckets.find(bucket) for bucket in state.bucket_names.after(read.after))
    wanted = (
        bucket
        for bucket in by_name
        if bucket is not None
        and bucket.account == read.account
        and bucket.name.startswith(read.prefix)
        and read.region in ("", bucket.region)
    )
    return list(islice(wanted, read.limit))


def bucket_holds(state: State, read: BucketHolds) -> bool:
    return any(
        next(within(table.since(read.bucket), read.bucket, ""), None) for table in (state.current, state.history)
    )


def counters_of(state: State, read: CountersOf) -> Counters:
    return state.counters.find(read.bucket) or Counters()


def counters_of_account(state: State, read: CountersOfAccount) -> Counters:
    return state.account_counters.find(read.account) or Counters()


def configuration(state: State, read: Configuration) -> bytes | None:
    return state.configurations.find(read.bucket, read.kind)


def configurations(state: State, read: Configurations) -> list[tuple[str, bytes]]:
    beginning = f"{read.kind}/"
    places = state.configurations.places_after((read.bucket, beginning + read.after))
    of_kind = takewhile(lambda place: place[0] == read.bucket and str(place[1]).startswith(beginning), places)
    page = list(islice(of_kind, read.limit))
    return [
        (str(kind).removeprefix(beginning), state.configurations.find(bucket, kind) or b"") for bucket, kind in page
    ]


def current(state: State, read: Current | CurrentContent) -> Version | None:
    return state.current.find(read.bucket, read.key)


def current_content(state: State, read: CurrentContent) -> Fetched | None:
    return fetched(state, current(state, read))


def with_version_id(state: State, read: WithVersionId | WithVersionIdContent) -> Version | None:
    newest = state.current.find(read.bucket, read.key)
    if newest is not None and newest.version_id == read.version_id:
        return newest
    older = history_of(state, read.bucket, read.key)
    return next((version for version in older if version.version_id == read.version_id), None)


def with_version_id_content(state: State, read: WithVersionIdContent) -> Fetched | None:
    return fetched(state, with_version_id(state, read))


def newest_history(state: State, read: NewestHistory) -> Version | None:
    return next(history_of(state, read.bucket, read.key, read.before), None)


def null_history(state: State, read: NullHistory) -> Version | None:
    rows = history_of(state, read.bucket, read.key)
    return next((version for version in rows if version.version_id == NULL_VERSION), None)


def current_range(state: State, read: CurrentRange) -> list[bytes]:
    seek = state.current.after if read.after else state.current.since
    rows = within(seek(read.bucket, read.start), read.bucket, read.stop)
    return [row_of(version) for version in islice(rows, max(read.limit, 0))]


def common_prefixes(state: State, read: CommonPrefixes) -> list[str]:
    found: dict[str, None] = {}
    for version in within(state.current.since(read.bucket, read.start), read.bucket, read.stop):
        rolled = lines.rolled_up(row_of(version), read.prefix.encode(), read.delimiter.encode())
        if rolled is None:
            break
        found[rolled.decode()] = None
    return list(islice(found, max(read.limit, 0)))


def version_range(state: State, read: VersionRange) -> list[Listed]:
    versions = (
        version
        for table in (state.current, state.history)
        for version in within(table.since(read.bucket, read.start), read.bucket, read.stop)
        if version.key != read.start or version.sequence < read.before
    )
    newest_first = sorted(versions, key=lambda version: (version.key, -version.sequence))
    return [
        Listed(row_of(version), version.version_id, version.sequence, version.marker)
        for version in newest_first[: max(read.limit, 0)]
    ]


def labelled(state: State, read: Labelled) -> list[str]:
    rows = state.labels.places_after((read.bucket, read.name, read.value, read.after))
    place = (read.bucket, read.name, read.value)
    keys = (str(row[3]) for row in takewhile(lambda row: row[:3] == place, rows))
    return list(islice(takewhile(lambda key: not read.stop or key < read.stop, keys), read.limit))


def labelled_between(state: State, read: LabelledBetween) -> list[str]:
    rows = state.labels.places_since((read.bucket, read.name, read.low))
    within_range = takewhile(lambda row: row[:2] == (read.bucket, read.name) and str(row[2]) <= read.high, rows)
    return [str(row[3]) for row in islice(within_range, read.limit)]


def labelled_keys(state: State, read: LabelledKeys) -> list[str]:
    return [str(place[1]) for place in state.labelled.places_under(read.bucket)[: read.limit]]


def references(state: State, read: References) -> int:
    return state.references.find(read.kind, read.id) or 1


def inline_content(state: State, read: InlineContent) -> bytes | None:
    return state.inline.find(read.id)


def blob_named(state: State, read: BlobNamed) -> bool:
    return state.files.find(read.blob) is not None


def blobs_between(state: State, read: BlobsBetween) -> list[int]:
    return list(islice(takewhile(lambda blob: blob < read.stop, state.files.since(read.start)), read.limit))


def unsealed_epochs(state: State, _: UnsealedEpochs) -> list[Epoch]:
    return [epoch for epoch in state.epochs.since() if not epoch.sealed]


def last_epoch(state: State, _: LastEpoch) -> int:
    return max((epoch.number for epoch in state.epochs.since()), default=0)


def dropped_before(state: State, read: DroppedBefore) -> list[Dropped]:
    old = takewhile(lambda dropped: dropped.sequence < read.sequence, state.dropped.since())
    return list(islice(old, read.limit))


def upload_with_id(state: State, read: UploadWithId) -> Upload | None:
    upload = state.upload_ids.find(read.upload_id)
    return None if upload is None else state.uploads.find(upload)


def body_with_id(state: State, read: BodyWithId) -> Upload | None:
    return state.uploads.find(read.id)


def open_uploads(state: State, read: OpenUploads) -> list[Upload]:
    rows = within(state.open_uploads.since(read.bucket, read.key), read.bucket, read.stop)
    wanted = (upload for upload in rows if upload.key != read.key or is_listed_after(upload, read))
    return list(islice(wanted, read.limit))


def is_listed_after(upload: Upload, read: OpenUploads) -> bool:
    return not read.beyond and upload.upload_id > read.upload_id


def part_numbered(state: State, read: PartNumbered) -> Part | None:
    return state.parts.find(read.upload, read.number)


def parts(state: State, read: Parts) -> list[Part]:
    rows = takewhile(lambda part: part.upload == read.upload, state.parts.after(read.upload, read.after))
    return list(islice(rows, read.limit))


def annotation_named(state: State, read: AnnotationNamed) -> Annotation | None:
    return state.annotations.find(read.version, read.name)


def annotations_of(state: State, read: Annotations) -> list[Annotation]:
    rows = takewhile(lambda row: row.version == read.version, state.annotations.after(read.version, read.after))
    return list(islice(rows, read.limit))


def account_with_id(state: State, read: AccountWithId) -> Account | None:
    return state.accounts.find(read.id)


def account_with_canonical_id(state: State, read: AccountWithCanonicalId) -> Account | None:
    return next((row for row in state.accounts.since() if row.canonical_id == read.canonical_id), None)


def account_with_email(state: State, read: AccountWithEmail) -> Account | None:
    return next((row for row in state.accounts.since() if row.email == read.email), None)


def accounts(state: State, read: Accounts) -> list[Account]:
    return list(islice(state.accounts.after(read.after), read.limit))


def entity_at(state: State, read: EntityAt) -> bytes | None:
    return state.entities.find(read.account, read.kind, read.place)


def entities(state: State, read: Entities) -> list[Entity]:
    of_kind = (read.account, read.kind)
    places = state.entities.places_since((*of_kind, first_of(read.after, read.within)))
    wanted = takewhile(lambda place: place[:2] == of_kind and str(place[2]).startswith(read.within), places)
    return [
        Entity(read.account, read.kind, str(place[2]), state.entities.find(*place) or b"")
        for place in islice(wanted, max(read.limit, 0))
    ]


def entity_count(state: State, read: EntityCount) -> int:
    return len(state.entities.places_under(read.account, read.kind))


def links_from(state: State, read: LinksFrom) -> list[str]:
    return others(state.links, (read.account, read.kind, read.left), read.after, "", read.limit)


def links_to(state: State, read: LinksTo) -> list[str]:
    return others(state.links_back, (read.account, read.kind, read.right), read.after, read.within, read.limit)


def others(table: Table[str], side: Place, after: str, within: str, limit: int) -> list[str]:
    places = table.places_since((*side, first_of(after, within)))
    wanted = takewhile(lambda place: place[:3] == side and str(place[3]).startswith(within), places)
    return [str(place[3]) for place in islice(wanted, max(limit, 0))]


def first_of(after: str, within: str) -> str:
    """The least text that is above ``after`` and can begin with ``within``."""
    return max(f"{after}\0", within) if after else within


def link_count(state: State, read: LinkCount) -> int:
    return len(state.links_back.places_under(read.account, read.kind, read.right))


def key_with_id(state: State, read: KeyWithId) -> AccessKey | None:
    return state.keys.find(read.access_key)


def keys_of(state: State, read: KeysOf) -> list[AccessKey]:
    places = state.keys_of.places_under(read.account, read.user)
    return [key for place in places if (key := state.keys.find(place[2])) is not None]


def declared(state: State, read: Declared) -> bytes | None:
    return state.declared.find(read.kind, read.name)


def document(state: State, read: Document) -> bytes | None:
    return state.documents.find(read.kind, read.name)


def audit_records(state: State, read: AuditRecords) -> list[AuditRecord]:
    return list(islice(state.audit.after(read.after), max(read.limit, 0)))


def item_at(state: State, read: ItemAt) -> Item | None:
    found = state.items.find(read.account, read.kind, read.id)
    return None if found is None else found[0]


def reminders(state: State, read: Reminders) -> list[Reminder]:
    return list(islice(takewhile(lambda reminder: reminder.at <= read.time, state.reminders.since()), read.limit))


def events(state: State, read: Events) -> list[Event]:
    return list(islice(state.feed.after(read.after), max(read.limit, 0)))


def feed_start(state: State, _: FeedStart) -> int:
    oldest = next((event.sequence for event in state.feed.since()), state.sequence + 1)
    return max(0, min(state.sequence - state.feed_kept, oldest - 1))


def expected_of(state: State, read: ExpectedOf) -> list[ExpectedFile]:
    owned = (file for file in state.expected.after(read.after) if file.owner == read.owner)
    return list(islice((file for file in owned if read.status in ("", file.status)), read.limit))


def expected_due(state: State, read: ExpectedDue) -> list[ExpectedFile]:
    due = [file for file in state.expected.since() if file.state == read.state and file.expires < read.time]
    later = [file for file in due if (file.expires, file.id) > read.after]
    return sorted(later, key=lambda file: (file.expires, file.id))[: read.limit]


def is_any_expected(state: State, read: IsAnyExpected) -> bool:
    return any(file.state in OPEN or file.expires > read.time for file in state.expected.since())


def next_id(state: State, _: NextId) -> int:
    return state.reserved.find() or 1


def rows_of(state: State, read: RowsOf) -> list[tuple[Place, Any]]:
    tables: dict[str, Table[Any]] = {
        "current": state.current,
        "history": state.history,
        "inline": state.inline,
        "files": state.files,
        "epochs": state.epochs,
        "reference_counts": state.references,
        "dropped": state.dropped,
        "uploads": state.uploads,
        "parts": state.parts,
        "annotations": state.annotations,
        "buckets": state.buckets,
        "configurations": state.configurations,
        "accounts": state.accounts,
        "entities": state.entities,
        "links": state.links,
        "access_keys": state.keys,
        "declared": state.declared,
        "documents": state.documents,
        "audit": state.audit,
        "expected_files": state.expected,
        "items": state.items,
    }
    table = tables[read.table]
    places = islice(table.places_after(read.after or ()), read.limit)
    rows: list[tuple[Place, Any]] = [(place, table.find(*place)) for place in places]
    if read.table == "items":
        return [(place, item) for place, (item, _) in rows]
    return [(place, len(content)) for place, content in rows] if read.table == "inline" else rows


ANSWERS: dict[type[Read[Any]], Callable[[State, Any], Any]] = {
    BucketNamed: bucket_named,
    BucketWithId: bucket_with_id,
    BucketOnce: bucket_once,
    BucketsOf: buckets_of,
    BucketHolds: bucket_holds,
    CountersOf: counters_of,
    CountersOfAccount: counters_of_account,
    Configuration: configuration,
    Configurations: configurations,
    Current: current,
    CurrentContent: current_content,
    WithVersionId: with_version_id,
    WithVersionIdContent: with_version_id_content,
    NewestHistory: newest_history,
    NullHistory: null_history,
    CurrentRange: current_range,
    CommonPrefixes: common_prefixes,
    VersionRange: version_range,
    Labelled: labelled,
    LabelledBetween: labelled_between,
    LabelledKeys: labelled_keys,
    References: references,
    InlineContent: inline_content,
    BlobNamed: blob_named,
    BlobsBetween: blobs_between,
    UnsealedEpochs: unsealed_epochs,
    LastEpoch: last_epoch,
    DroppedBefore: dropped_before,
    UploadWithId: upload_with_id,
    BodyWithId: body_with_id,
    OpenUploads: open_uploads,
    PartNumbered: part_numbered,
    AnnotationNamed: annotation_named,
    Annotations: annotations_of,
    Parts: parts,
    AccountWithId: account_with_id,
    AccountWithCanonicalId: account_with_canonical_id,
    AccountWithEmail: account_with_email,
    Accounts: accounts,
    EntityAt: entity_at,
    Entities: entities,
    EntityCount: entity_count,
    LinksFrom: links_from,
    LinksTo: links_to,
    LinkCount: link_count,
    KeyWithId: key_with_id,
    KeysOf: keys_of,
    Declared: declared,
    Document: document,
    AuditRecords: audit_records,
    ItemAt: item_at,
    Reminders: reminders,
    ExpectedWithId: lambda state, read: state.expected.find(read.id),
    ExpectedAt: lambda state, read: [file for file in state.expected.since() if file[2:4] == (read.bucket, read.key)],
    ExpectedOf: expected_of,
    ExpectedDue: expected_due,
    IsAnyExpected: is_any_expected,
    Events: events,
    FeedStart: feed_start,
    NextId: next_id,
    RowsOf: rows_of,
}


# Effects


def put_bucket(state: State, effect: PutBucket) -> None:
    forget_bucket_name(state, effect.bucket.id)
    state.buckets.put(effect.bucket, effect.bucket.id)
    state.bucket_names.put(effect.bucket.id, effect.bucket.name)


def remove_bucket(state: State, effect: RemoveBucket) -> None:
    forget_bucket_name(state, effect.id)
    state.buckets.remove(effect.id)
    state.counters.remove(effect.id)
    for place in state.configurations.places_under(effect.id):
        state.configurations.remove(*place)


def forget_bucket_name(state: State, bucket: int) -> None:
    if (old := state.buckets.find(bucket)) is not None:
        state.bucket_names.remove(old.name)


def set_configuration(state: State, effect: SetConfiguration) -> None:
    if effect.document is None:
        state.configurations.remove(effect.bucket, effect.kind)
    else:
        state.configurations.put(effect.document, effect.bucket, effect.kind)


def put_current(state: State, effect: PutCurrent) -> None:
    version = effect.version
    state.current.put(version, version.bucket, version.key)
    relabel_searched(state, version.bucket, version.key, version)


def remove_current(state: State, effect: RemoveCurrent) -> None:
    state.current.remove(effect.bucket, effect.key)
    relabel_searched(state, effect.bucket, effect.key, None)


def relabel_searched(state: State, bucket: int, key: str, version: Version | None) -> None:
    row = state.buckets.find(bucket)
    if row is not None and row.configured & HAS_SEARCH:
        relabel(state, bucket, key, version)


def relabel(state: State, bucket: int, key: str, version: Version | None) -> None:
    for old in state.labelled.find(bucket, key) or ():
        state.labels.remove(bucket, *old, key)
    state.labelled.remove(bucket, key)
    if version is not None:
        labels = labels_of(key, version.listing, version.record)
        state.labelled.put(labels, bucket, key)
        for new in labels:
            state.labels.put(key, bucket, *new, key)


def label(state: State, effect: Label) -> None:
    for key in effect.keys:
        version = state.current.find(effect.bucket, key) if effect.wanted else None
        relabel(state, effect.bucket, key, version)


def put_history(state: State, effect: PutHistory) -> None:
    version = effect.version
    state.history.put(version, version.bucket, version.key, -version.sequence)


def remove_history(state: State, effect: RemoveHistory) -> None:
    state.history.remove(effect.bucket, effect.key, -effect.sequence)


def put_inline(state: State, effect: PutInline) -> None:
    state.inline.put(effect.content, effect.id)


def remove_inline(state: State, effect: RemoveInline) -> None:
    state.inline.remove(effect.id)


def name_blob(state: State, effect: NameBlob) -> None:
    state.files.put(effect.blob, effect.blob)


def forget_blobs(state: State, effect: ForgetBlobs) -> None:
    for blob in effect.blobs:
        state.files.remove(blob)


def set_references(state: State, effect: SetReferences) -> None:
    if effect.count < 2:
        state.references.remove(effect.kind, effect.id)
    else:
        state.references.put(effect.count, effect.kind, effect.id)


def drop(state: State, effect: Drop) -> None:
    state.drops += 1
    state.dropped.put(Dropped(state.drops, state.sequence, effect.kind, effect.target), state.drops)


def forget_dropped(state: State, effect: ForgetDropped) -> None:
    for dropped in effect.ids:
        state.dropped.remove(dropped)


def open_epoch(state: State, effect: OpenEpoch) -> None:
    state.epochs.put(Epoch(effect.number, sealed=False), effect.number)


def seal_epoch(state: State, effect: SealEpoch) -> None:
    if state.epochs.find(effect.number) is not None:
        state.epochs.put(Epoch(effect.number, sealed=True), effect.number)


def put_upload(state: State, effect: PutUpload) -> None:
    keep_upload(state, effect.upload)


def touch_upload(state: State, effect: TouchUpload) -> None:
    if (upload := state.uploads.find(effect.id)) is not None:
        keep_upload(state, upload._replace(changed=state.sequence))


def remove_upload(state: State, effect: RemoveUpload) -> None:
    if (upload := state.uploads.find(effect.id)) is not None:
        forget_upload(state, upload)


def keep_upload(state: State, upload: Upload) -> None:
    if (old := state.uploads.find(upload.id)) is not None:
        forget_upload(state, old)
    state.uploads.put(upload, upload.id)
    state.upload_ids.put(upload.id, upload.upload_id)
    if upload.completed is None:
        state.open_uploads.put(upload, upload.bucket, upload.key, upload.upload_id)


def forget_upload(state: State, upload: Upload) -> None:
    state.uploads.remove(upload.id)
    state.upload_ids.remove(upload.upload_id)
    state.open_uploads.remove(upload.bucket, upload.key, upload.upload_id)


def put_part(state: State, effect: PutPart) -> None:
    state.parts.put(effect.part, effect.part.upload, effect.part.number)


def remove_parts(state: State, effect: RemoveParts) -> None:
    for number in effect.numbers:
        state.parts.remove(effect.upload, number)


def put_annotation(state: State, effect: PutAnnotation) -> None:
    state.annotations.put(effect.annotation, effect.annotation.version, effect.annotation.name)


def remove_annotations(state: State, effect: RemoveAnnotations) -> None:
    for name in effect.names:
        state.annotations.remove(effect.version, name)


def tally(state: State, effect: Tally) -> None:
    more = Counters(effect.objects, effect.versions, effect.bytes, effect.uploads, effect.current)
    add(state.counters, more, effect.bucket)
    add(state.account_counters, more, effect.account)


def add(table: Table[Counters], more: Counters, place: int | str) -> None:
    so_far = table.find(place) or Counters()
    table.put(Counters._make(map(sum, zip(so_far, more, strict=True))), place)


def announce(state: State, effect: Announce) -> None:
    told = (effect.kind, effect.bucket, effect.key, effect.version_id, effect.size, effect.etag, effect.account)
    state.feed.put(Event(state.sequence, *told, time=state.second * SECOND), state.sequence)


def advance(state: State, _: Advance) -> None:
    state.sequence += 1


def put_account(state: State, effect: PutAccount) -> None:
    state.accounts.put(effect.account, effect.account.id)


def remove_account(state: State, effect: RemoveAccount) -> None:
    state.accounts.remove(effect.id)


def put_entity(state: State, effect: PutEntity) -> None:
    account, kind, place, document = effect.entity
    state.entities.put(document, account, kind, place)


def remove_entity(state: State, effect: RemoveEntity) -> None:
    state.entities.remove(effect.account, effect.kind, effect.place)


def put_link(state: State, effect: PutLink) -> None:
    account, kind, left, right = effect.link
    state.links.put(right, account, kind, left, right)
    state.links_back.put(left, account, kind, right, left)


def remove_link(state: State, effect: RemoveLink) -> None:
    account, kind, left, right = effect.link
    state.links.remove(account, kind, left, right)
    state.links_back.remove(account, kind, right, left)


def put_key(state: State, effect: PutKey) -> None:
    key = effect.key
    forget_owner(state, key.access_key)
    state.keys.put(key, key.access_key)
    state.keys_of.put(key.access_key, key.account, key.user, key.access_key)


def remove_key(state: State, effect: RemoveKey) -> None:
    forget_owner(state, effect.access_key)
    state.keys.remove(effect.access_key)


def forget_owner(state: State, access_key: str) -> None:
    if (old := state.keys.find(access_key)) is not None:
        state.keys_of.remove(old.account, old.user, access_key)


def declare(state: State, effect: Declare) -> None:
    state.declared.put(effect.document, effect.kind, effect.name)


def keep_document(state: State, effect: KeepDocument) -> None:
    if effect.document is None:
        state.documents.remove(effect.kind, effect.name)
    else:
        state.documents.put(effect.document, effect.kind, effect.name)


def attest(_: State, __: Attest) -> None:
    """Told already."""


def trim_audit(state: State, effect: TrimAudit) -> None:
    for record in list(takewhile(lambda record: record.sequence < effect.bound, state.audit.since())):
        state.audit.remove(record.sequence)


def put_item(state: State, effect: PutItem) -> None:
    state.items.put((effect.item, effect.words), *effect.item[:3])


def remove_item(state: State, effect: RemoveItem) -> None:
    state.items.remove(effect.account, effect.kind, effect.id)


def remind(state: State, effect: Remind) -> None:
    for key in effect.keys:
        state.reminders.put(Reminder(effect.at, effect.bucket, key, state.sequence), effect.at, effect.bucket, key)


def forget_reminders(state: State, effect: ForgetReminders) -> None:
    for reminder in effect.reminders:
        if state.reminders.find(*reminder[:3]) == reminder:
            state.reminders.remove(*reminder[:3])


def reserve_ids(state: State, effect: ReserveIds) -> None:
    state.reserved.put(effect.next)


APPLY: dict[type[Effect], Callable[[State, Any], None]] = {
    PutBucket: put_bucket,
    RemoveBucket: remove_bucket,
    SetConfiguration: set_configuration,
    PutCurrent: put_current,
    RemoveCurrent: remove_current,
    PutHistory: put_history,
    RemoveHistory: remove_history,
    PutInline: put_inline,
    RemoveInline: remove_inline,
    NameBlob: name_blob,
    ForgetBlobs: forget_blobs,
    SetReferences: set_references,
    Drop: drop,
    ForgetDropped: forget_dropped,
    OpenEpoch: open_epoch,
    SealEpoch: seal_epoch,
    PutUpload: put_upload,
    TouchUpload: touch_upload,
    RemoveUpload: remove_upload,
    PutPart: put_part,
    PutAnnotation: put_annotation,
    RemoveAnnotations: remove_annotations,
    RemoveParts: remove_parts,
    Tally: tally,
    Announce: announce,
    Advance: advance,
    PutAccount: put_account,
    RemoveAccount: remove_account,
    PutEntity: put_entity,
    RemoveEntity: remove_entity,
    PutLink: put_link,
    RemoveLink: remove_link,
    PutKey: put_key,
    RemoveKey: remove_key,
    Declare: declare,
    KeepDocument: keep_document,
    Attest: attest,
    TrimAudit: trim_audit,
    PutExpected: lambda state, effect: state.expected.put(effect.file, effect.file.id),
    RemoveExpected: lambda state, effect: state.expected.remove(effect.id),
    Label: label,
    PutItem: put_item,
    RemoveItem: remove_item,
    Remind: remind,
    ForgetReminders: forget_reminders,
    ReserveIds: reserve_ids,
}
