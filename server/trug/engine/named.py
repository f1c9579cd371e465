"""The version that a request names, found inside a change."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from trug.domain.errors import S3Error
from trug.engine.refusals import hidden_by_marker, is_marker, no_such_bucket, no_such_key, unknown_version
from trug.ports.changes import Read, Rows
from trug.ports.effects import PutCurrent, PutHistory
from trug.ports.reads import BucketWithId, Current, NewestHistory, WithVersionId
from trug.ports.rows import Bucket, Version


class Found(NamedTuple):
    """A version, its bucket, and whether it is the current one of its key."""

    bucket: Bucket
    version: Version
    is_current: bool

    def put(self, version: Version) -> PutCurrent | PutHistory:
        """The effect that puts ``version`` in its place."""
        return PutCurrent(version) if self.is_current else PutHistory(version)


class Named(NamedTuple):
    """A version of a key: the one with ``version_id``, the newest where that is None."""

    bucket: int
    key: str
    version_id: str | None

    def reads(self) -> Sequence[Read[Any]]:
        """What must be read before ``find``."""
        return (BucketWithId(self.bucket), Current(self.bucket, self.key), self._elsewhere)

    @property
    def _elsewhere(self) -> NewestHistory | WithVersionId:
        if self.version_id is None:
            return NewestHistory(self.bucket, self.key)
        return WithVersionId(self.bucket, self.key, self.version_id)

    def find(self, rows: Rows) -> Found:
        """The version. NoSuchBucket, NoSuchKey, NoSuchVersion, MethodNotAllowed for a delete marker that was named,
        InvalidArgument for text that is no version id."""
        bucket = rows.of(BucketWithId(self.bucket))
        if bucket is None:
            raise no_such_bucket("")
        current = rows.of(Current(self.bucket, self.key))
        if self.version_id is None and current is not None:
            return Found(bucket, current, is_current=True)
        version = rows.of(self._elsewhere)
        if version is None:
            raise no_such_key(self.key) if self.version_id is None else unknown_version(self.key, self.version_id)
        if version.marker:
            raise self._hidden(version)
        return Found(bucket, version, is_current=current is not None and current.sequence == version.sequence)

    def _hidden(self, marker: Version) -> S3Error:
        return hidden_by_marker(self.key, marker) if self.version_id is None else is_marker(marker)
