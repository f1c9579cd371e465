"""Random lives of a bucket: the engine over both pairs of stores against the reference."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Awaitable, Mapping
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, multiple, rule
from tests.model.reference import Kept, Reference, rolled_up
from tests.support.bodies import request
from tests.support.changes import apply
from tests.support.clock import HandClock

from trug.adapters.filesystem import directory as data_directory
from trug.adapters.filesystem.blobs import FilesystemBlobs
from trug.adapters.filesystem.shelf import FilesystemShelf
from trug.adapters.memory.blobs import MemoryBlobs
from trug.adapters.memory.keys import MemoryKeyRing
from trug.adapters.memory.metadata import MemoryMetadata
from trug.adapters.sql.store import SqlMetadata
from trug.domain.encryption import Managed, Protection
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.lines import key_of
from trug.domain.preconditions import NO_WRITE_CONDITIONS, WriteConditions
from trug.domain.retention import COMPLIANCE, DAY, GOVERNANCE, DefaultRetention, Lock, LockConfiguration
from trug.domain.versioning import Versioning
from trug.engine.drafts import CopyDirectives, CopySource, Draft, RequestedPart
from trug.engine.engine import Engine, Keys
from trug.engine.epochs import EpochLedger
from trug.engine.fsck import Fsck
from trug.engine.named import Named
from trug.engine.renaming import RenameConditions
from trug.ports.reads import CountersOf
from trug.ports.rows import Annotation
from trug.ports.stores import BlobStore, MetadataStore
from trug.wire.body import verified_body
from trug.wire.payload import Payload

T = TypeVar("T")

INLINE_MAX = 8
KEYS = st.sampled_from(["a/b", "a", "\U0001f600/\uffee"])
CONTENTS = st.sampled_from([b"", b"x", b"inline", b"in a file of its own", b"y" * 70_000])
PROTECTIONS = st.sampled_from([None, None, Managed("AES256"), Managed("aws:kms:dsse")])
PREFIXES = st.sampled_from(["", "a", "a/", "\U0001f600", "zz"])
MINUTES = 10 * 60_000_000
MODES = st.sampled_from([GOVERNANCE, COMPLIANCE])
DELIMITERS = st.sampled_from(["", "/", "b"])


class EmptyShelf:
    def numbers(self) -> list[int]:
        return []


class BucketLife(RuleBasedStateMachine):
    """One bucket from its creation on."""

    written = Bundle("written")

    def __init__(self) -> None:
        super().__init__()
        self.clock = HandClock()
        self.latest = self.began = self.clock.time
        self.loop = asyncio.new_event_loop()
        self.metadata, self.blobs, self.shelf = self.open_stores()
        ring = MemoryKeyRing()
        keys = Keys(own=ring, kms=ring)
        self.engine = Engine.over(self.metadata, self.blobs, self.clock, inline_max=INLINE_MAX, keys=keys)
        self.reference = Reference()
        made = self.engine.buckets.create("life", account="1", region="us-east-1", tags={})
        self.id = self.run(made).id

    def open_stores(self) -> tuple[MetadataStore, BlobStore, Any]:
        blobs = MemoryBlobs()
        return MemoryMetadata(self.clock, blobs), blobs, EmptyShelf()

    def run(self, work: Awaitable[T]) -> T:
        async def awaited() -> T:
            return await work

        return self.loop.run_until_complete(awaited())

    @property
    def bucket(self) -> Any:
        bucket = self.run(self.engine.buckets.find("life"))
        assert bucket is not None
        return bucket

    def _keep(
        self, key: str, version_id: str | None, content: bytes, tags: Mapping[str, str], lock: Lock | None = None
    ) -> None:
        """A new version in the reference, locked as asked, else as the bucket says."""
        kept = Kept(version_id or "null", content, tags=dict(tags))
        if self.reference.has_lock:
            asked = lock or Lock()
            mode, days = self.reference.default
            until = asked.until if asked.mode else self.lock_time + days * DAY
            kept.mode, kept.is_held = asked.mode or mode, asked.hold == "ON"
            kept.until = self._end(key, kept, until) if kept.mode else 0
        self.reference.put(key, kept)

    def _end(self, key: str, kept: Kept, until: int) -> int:
        """When a new version's retention ends, which the engine knows to the millisecond."""
        lock = self.run(self.engine.objects.find(self.bucket, key, kept.version_id)).record.lock
        assert lock is not None
        assert lock.mode == kept.mode
        assert until <= lock.until < until + MINUTES
        return lock.until

    @property
    def lock_time(self) -> int:
        """In memory, the latest time that the clock ever showed."""
        return self.latest

    def _body(self, content: bytes) -> Any:
        return verified_body(request(content), Payload(), streams=True)

    @rule(target=written, key=KEYS, content=CONTENTS, tags=st.sampled_from([{}, {"t": "1"}]), protection=PROTECTIONS)
    def put(self, key: str, content: bytes, tags: dict[str, str], protection: Protection | None) -> Any:
        draft = Draft(tags=tags, protection=protection)
        stored = self.run(self.engine.objects.put(self.bucket, key, self._body(content), draft, NO_WRITE_CONDITIONS))
        assert stored.size == len(content)
        self._keep(key, stored.version_id, content, tags)
        return key, stored.version_id or "null"

    @rule(target=written, key=KEYS, days=st.integers(1, 3), mode=MODES, hold=st.sampled_from(["", "ON", "OFF"]))
    def put_locked(self, key: str, days: int, mode: str, hold: str) -> Any:
        lock = Lock(mode, self.lock_time + days * DAY, hold)
        put = self.engine.objects.put(self.bucket, key, self._body(b"locked"), Draft(lock=lock), NO_WRITE_CONDITIONS)
        try:
            stored = self.run(put)
        except S3Error as refusal:
            assert refusal.code is ErrorCode.InvalidRequest
            assert not self.reference.has_lock
            return multiple()
        assert self.reference.has_lock
        self._keep(key, stored.version_id, b"locked", {}, lock)
        return key, stored.version_id

    @rule()
    def switch_lock_on(self) -> None:
        self._configure_lock(LockConfiguration())

    @rule(mode=MODES, days=st.integers(1, 3))
    def set_default_retention(self, mode: str, days: int) -> None:
        self._configure_lock(LockConfiguration(DefaultRetention(mode, days)))

    def _configure_lock(self, configuration: LockConfiguration) -> None:
        try:
            self.run(self.engine.locks.configure(self.bucket, configuration))
        except S3Error as refusal:
            assert refusal.code is ErrorCode.InvalidBucketState
            assert self.reference.versioning is not Versioning.ENABLED
            return
        assert self.reference.versioning is Versioning.ENABLED
        default = configuration.default
        self.reference.has_lock = True
        self.reference.default = ("", 0) if default is None else (default.mode, default.days)

    @rule(version=written, mode=st.one_of(MODES, st.just("")), days=st.integers(1, 3), bypass=st.booleans())
    def retain(self, version: tuple[str, str], mode: str, days: int, *, bypass: bool) -> None:
        found = self.reference.find(*version)
        if found is None or found.is_marker or not self.reference.has_lock:
            return
        until = self.lock_time + days * DAY if mode else 0
        is_active = self.lock_time < found.until and not (bypass and found.mode == GOVERNANCE)
        is_allowed = not is_active or (mode == found.mode and until >= found.until)
        try:
            self.run(self.engine.locks.retain(self.bucket, *version, mode, until, bypass=bypass))
        except S3Error as refusal:
            assert refusal.code is ErrorCode.AccessDenied
            assert not is_allowed
            return
        assert is_allowed
        found.mode, found.until = mode, until

    @rule(version=written, is_held=st.booleans())
    def hold(self, version: tuple[str, str], *, is_held: bool) -> None:
        found = self.reference.find(*version)
        if found is None or found.is_marker or not self.reference.has_lock:
            return
        self.run(self.engine.locks.hold(self.bucket, *version, "ON" if is_held else "OFF"))
        found.is_held = is_held

    @rule(days=st.sampled_from([-2, -1, 1, 2, 4]))
    def let_the_clock_leap(self, days: int) -> None:
        self.clock.time += days * DAY
        self.latest = max(self.latest, self.clock.time)
        self.run(self.metadata.commit(apply()))

    @rule(key=KEYS)
    def put_if_absent(self, key: str) -> None:
        conditions = WriteConditions(if_none_match="*")
        put = self.engine.objects.put(self.bucket, key, self._body(b"once"), Draft(), conditions)
        try:
            stored = self.run(put)
        except S3Error as refusal:
            assert refusal.code is ErrorCode.PreconditionFailed
            assert self.reference.newest(key) is not None
            return
        assert self.reference.newest(key) is None
        self._keep(key, stored.version_id, b"once", {})

    @rule(target=written, source=KEYS, key=KEYS, protection=PROTECTIONS)
    def copy(self, source: str, key: str, protection: Protection | None) -> Any:
        found = self.reference.newest(source)
        copy = self.engine.copies.copy(
            CopySource(self.bucket, source),
            self.bucket,
            key,
            directives=CopyDirectives(draft=Draft(), protection=protection),
            conditions=NO_WRITE_CONDITIONS,
        )
        try:
            copied = self.run(copy)
        except S3Error as refusal:
            if refusal.code is ErrorCode.NotImplemented:
                return multiple()  # it has annotations, and the copy was to be encrypted
            assert refusal.code is ErrorCode.NoSuchKey
            assert found is None
            return multiple()
        assert found is not None
        version_id = copied.stored.version_id
        self._keep(key, version_id, found.content, found.tags)
        return key, version_id or "null"

    @rule(key=KEYS, name=st.sampled_from(["one", "two"]), content=st.sampled_from([b"x", b"yy"]))
    def annotate(self, key: str, name: str, content: bytes) -> None:
        found = self.reference.newest(key)
        annotation = Annotation(0, name, "0" * 32, len(content), 0, 0)
        try:
            self.run(self.engine.annotations.put(Named(self.id, key, None), annotation, content, if_match=None))
        except S3Error as refusal:
            assert refusal.code is (ErrorCode.NoSuchKey if found is None else ErrorCode.NotImplemented)
            return
        assert found is not None
        assert self.run(self.engine.annotations.find(self.bucket, key, None, name))[1] == content

    @rule(target=written, key=KEYS, content=st.sampled_from([b"x", b"in a file of its own"]))
    def append(self, key: str, content: bytes) -> Any:
        found = self.reference.newest(key)
        offset = 0 if found is None else len(found.content)
        body, draft = self._body(content), Draft()
        try:
            stored = self.run(self.engine.appending.append(self.bucket, key, offset, body, draft, NO_WRITE_CONDITIONS))
        except S3Error as refusal:
            assert refusal.code is ErrorCode.NotImplemented
            assert found is not None
            return multiple()
        assert stored.size == offset + len(content)
        before, tags = (b"", {}) if found is None else (found.content, found.tags)
        self._keep(key, stored.version_id, before + content, tags)
        return key, stored.version_id or "null"

    @rule(target=written, source=KEYS, key=KEYS)
    def rename(self, source: str, key: str) -> Any:
        found = self.reference.newest(source)
        try:
            version_id = self.run(self.engine.renaming.rename(self.bucket, source, key, RenameConditions()))
        except S3Error as refusal:
            if refusal.code is ErrorCode.NotImplemented:
                assert self.reference.versioning is not Versioning.OFF  # and it has annotations
            else:
                assert found is None or source == key
            return multiple()
        assert found is not None
        self.reference.delete_newest(source, self._newest_id(source))
        self._keep(key, version_id, found.content, found.tags)
        return key, version_id or "null"

    def _newest_id(self, key: str) -> str:
        """The id of a key's newest version, which may be a marker."""
        versions = self.engine.listings.versions(
            self.bucket, prefix=key, delimiter="", key_marker="", version_id_marker="", limit=1
        )
        return next((found.version_id for found in self.run(versions).versions), "null")

    @rule(target=written, key=KEYS, tail=CONTENTS, source=KEYS, protection=PROTECTIONS)
    def multipart(self, key: str, tail: bytes, source: str, protection: Protection | None) -> Any:
        found = self.reference.newest(source)
        parts, draft = self.engine.multipart, Draft(protection=protection)
        upload = self.run(
            parts.create(self.bucket, key, draft, initiator="me", checksum_algorithm="", checksum_type="")
        )
        first = self.run(parts.put_part(self.bucket, key, upload.upload_id, 1, self._body(b"thrown away"))).part
        left_out = self.run(parts.put_part(self.bucket, key, upload.upload_id, 7, self._body(b"left out"))).part
        assert left_out.size == 8
        content = tail
        if found is None or not found.content:
            first = self.run(parts.put_part(self.bucket, key, upload.upload_id, 1, self._body(tail))).part
        else:
            content = found.content
            copied = parts.copy_part(self.bucket, key, upload.upload_id, 1, CopySource(self.bucket, source), None)
            first = self.run(copied).part
        requested = [RequestedPart(1, first.etag, {})]
        stored = self.run(
            parts.complete(
                self.bucket,
                key,
                upload.upload_id,
                requested,
                conditions=NO_WRITE_CONDITIONS,
                checksum=None,
                size=len(content),
            )
        )
        self._keep(key, stored.version_id, content, {})
        return key, stored.version_id or "null"

    @rule(key=KEYS)
    def abort(self, key: str) -> None:
        parts = self.engine.multipart
        upload = self.run(
            parts.create(self.bucket, key, Draft(), initiator="me", checksum_algorithm="", checksum_type="")
        )
        self.run(parts.put_part(self.bucket, key, upload.upload_id, 1, self._body(b"in a file of its own")))
        self.run(parts.abort(self.bucket, key, upload.upload_id))

    @rule(key=KEYS)
    def delete(self, key: str) -> None:
        deleted = self.run(self.engine.objects.delete(self.bucket, key, None, NO_WRITE_CONDITIONS))
        self.reference.delete_newest(key, deleted.version_id or "null")

    @rule(version=written, bypass=st.booleans())
    def delete_version(self, version: tuple[str, str], *, bypass: bool) -> None:
        key, version_id = version
        found = self.reference.find(key, version_id)
        is_protected = found is not None and found.is_protected(self.lock_time, bypass=bypass)
        delete = self.engine.objects.delete(self.bucket, key, version_id, NO_WRITE_CONDITIONS, bypass=bypass)
        try:
            deleted = self.run(delete)
        except S3Error as refusal:
            assert refusal.code is ErrorCode.AccessDenied
            assert is_protected
            return
        assert not is_protected
        assert deleted.marker == (found is not None and found.is_marker)
        if found is not None:
            self.reference.delete_version(key, version_id)

    @rule(key=KEYS)
    def delete_latest_marker(self, key: str) -> None:
        versions = self.reference.keys.get(key, [])
        if versions and versions[0].is_marker:
            version_id = versions[0].version_id
            self.run(self.engine.objects.delete(self.bucket, key, version_id, NO_WRITE_CONDITIONS))
            self.reference.delete_version(key, version_id)

    @rule(version=written)
    def retag(self, version: tuple[str, str]) -> None:
        found = self.reference.find(*version)
        if found is None or found.is_marker:
            return
        self.run(self.engine.objects.retag(self.bucket, *version, tags={"new": "tag"}))
        found.tags = {"new": "tag"}

    @initialize(versioning=st.sampled_from(Versioning))
    def begin(self, versioning: Versioning) -> None:
        if versioning is not Versioning.OFF:
            self.switch(versioning)

    @rule(versioning=st.sampled_from([Versioning.ENABLED, Versioning.SUSPENDED]))
    def switch(self, versioning: Versioning) -> None:
        try:
            self.run(self.engine.buckets.set_versioning(self.bucket, versioning))
        except S3Error as refusal:
            assert refusal.code is ErrorCode.InvalidBucketState
            assert self.reference.has_lock
            return
        assert versioning is Versioning.ENABLED or not self.reference.has_lock
        self.reference.versioning = versioning

    @rule()
    def sweep(self) -> None:
        while self.run(self.engine.sweep.run()):
            pass

    @rule(key=KEYS)
    def read(self, key: str) -> None:
        found = self.reference.newest(key)
        try:
            reading = self.run(self.engine.objects.open(self.bucket, key, None))
        except S3Error as refusal:
            assert refusal.code is ErrorCode.NoSuchKey
            assert found is None
            return
        assert found is not None
        assert self.run(self._content(reading)) == found.content
        assert reading.version.record.tags == found.tags

    @rule(version=written)
    def read_version(self, version: tuple[str, str]) -> None:
        found = self.reference.find(*version)
        try:
            reading = self.run(self.engine.objects.open(self.bucket, *version))
        except S3Error as refusal:
            assert refusal.code is (ErrorCode.NoSuchVersion if found is None else ErrorCode.MethodNotAllowed)
            assert found is None or found.is_marker
            return
        assert found is not None
        assert self.run(self._content(reading)) == found.content

    async def _content(self, reading: Any) -> bytes:
        content = reading.content(0, reading.version.listing.size)
        if isinstance(content, bytes | memoryview):
            return bytes(content)
        return b"".join([bytes(piece) async for piece in content])

    @rule(prefix=PREFIXES, delimiter=DELIMITERS, limit=st.integers(1, 4))
    def list_objects(self, prefix: str, delimiter: str, limit: int) -> None:
        shown: list[tuple[str, str]] = []
        after: str | None = ""
        while after is not None:
            page = self.run(
                self.engine.listings.objects(self.bucket, prefix=prefix, delimiter=delimiter, after=after, limit=limit)
            )
            rows = [("key", key_of(row)) for row in page.rows] + [("prefix", text) for text in page.prefixes]
            assert len(rows) <= limit
            shown += sorted(rows, key=lambda row: row[1].encode())
            after = page.next
        assert shown == rolled_up(self.reference.objects(), prefix, delimiter)

    @rule(limit=st.integers(1, 4), prefix=st.sampled_from(["", "a", "a/b"]))
    def list_versions(self, limit: int, prefix: str) -> None:
        shown: list[tuple[str, str, bool, bool]] = []
        key, version_id = "", ""
        while True:
            page = self.run(
                self.engine.listings.versions(
                    self.bucket,
                    prefix=prefix,
                    delimiter="",
                    key_marker=key,
                    version_id_marker=version_id,
                    limit=limit,
                )
            )
            for version, is_latest in zip(page.versions, page.latest, strict=True):
                shown.append((key_of(version.row), version.version_id, version.marker, is_latest))
            if page.next_key is None:
                break
            key, version_id = page.next_key, page.next_version_id or ""
        assert shown == [row for row in self.reference.versions() if row[0].startswith(prefix)]

    @rule(prefix=PREFIXES, delimiter=DELIMITERS, limit=st.integers(1, 4))
    def list_versions_rolled_up(self, prefix: str, delimiter: str, limit: int) -> None:
        shown: list[tuple[str, str]] = []
        key, version_id = "", ""
        while True:
            page = self.run(
                self.engine.listings.versions(
                    self.bucket,
                    prefix=prefix,
                    delimiter=delimiter,
                    key_marker=key,
                    version_id_marker=version_id,
                    limit=limit,
                )
            )
            rows = [("key", key_of(version.row)) for version in page.versions]
            rows += [("prefix", text) for text in page.prefixes]
            assert len(rows) <= limit
            shown += sorted(rows, key=lambda row: row[1].encode())
            if page.next_key is None:
                break
            key, version_id = page.next_key, page.next_version_id or ""
        once = [row for place, row in enumerate(shown) if row not in shown[:place]]
        assert once == rolled_up(sorted(self.reference.keys, key=str.encode), prefix, delimiter)

    @invariant()
    def totals_are_exact(self) -> None:
        counters = self.run(self.metadata.fetch(CountersOf(self.id)))
        versions = [kept for kept_of_key in self.reference.keys.values() for kept in kept_of_key]
        assert counters.objects == len(self.reference.objects())
        assert counters.versions == len(versions)
        assert counters.bytes == sum(len(kept.content) for kept in versions)
        assert counters.uploads == 0
        newest = [self.reference.newest(key) for key in self.reference.objects()]
        assert counters.current == sum(len(kept.content) for kept in newest if kept is not None)

    def teardown(self) -> None:
        try:
            self.sweep()
            report = self.run(Fsck(self.metadata, self.blobs, self.shelf).run())
            assert report.findings == []
        finally:
            self.run(self.blobs.close())
            self.run(self.metadata.close())
            self.loop.run_until_complete(self.loop.shutdown_default_executor())
            self.loop.close()


class StoredBucketLife(BucketLife):
    """The same on SQLite and files, where no clock that leaps moves lock time."""

    @property
    def lock_time(self) -> int:
        return self.began

    def open_stores(self) -> tuple[MetadataStore, BlobStore, Any]:
        self.directory = tempfile.mkdtemp(prefix="trug-model-")
        data_directory.prepare(self.directory)
        ledger = EpochLedger(lambda: metadata)
        blobs = FilesystemBlobs(self.directory, epochs=ledger, durability="none")
        metadata = SqlMetadata.open(self.directory, clock=self.clock, durability="none", blobs=blobs)
        return metadata, blobs, FilesystemShelf(self.directory)

    def teardown(self) -> None:
        try:
            super().teardown()
        finally:
            shutil.rmtree(self.directory)


QUICK = settings(
    max_examples=25,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
)

BucketLife.TestCase.settings = settings(QUICK, max_examples=60)
StoredBucketLife.TestCase.settings = QUICK

TestBucketLife = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")(BucketLife.TestCase)
TestStoredBucketLife = pytest.mark.filterwarnings("default::pytest.PytestUnraisableExceptionWarning")(
    StoredBucketLife.TestCase
)
