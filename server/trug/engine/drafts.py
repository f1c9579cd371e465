"""What callers hand to the engine and get back from it."""

from __future__ import annotations

from dataclasses import field
from typing import NamedTuple

from trug.domain.frozen import frozen
from trug.domain.objects import STANDARD, Checksum
from trug.domain.preconditions import NO_CONDITIONS, ReadConditions
from trug.ports.rows import Bucket, Entry, Part, Upload


@frozen
class Draft:
    """What an object will carry beside its bytes: system metadata by lower-case header name, user metadata, tags."""

    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    storage_class: str = STANDARD


class Stored(NamedTuple):
    """What a write made: ``version_id`` is None where the bucket's versions are not on; times in µs."""

    version_id: str | None
    etag: str
    size: int
    modified: int
    checksum: Checksum | None


class Deleted(NamedTuple):
    """What a delete did: ``version_id`` of the marker it made or of the version it removed, None when there is none
    to tell; ``marker`` when that version is a delete marker."""

    version_id: str | None
    marker: bool


class RequestedPart(NamedTuple):
    """A part as CompleteMultipartUpload's document names it; ``checksums`` by algorithm name, base64."""

    number: int
    etag: str
    checksums: dict[str, str]


@frozen
class CopySource:
    """What a copy reads: an existing bucket the caller may read, key, version id if named, and its conditions."""

    bucket: Bucket
    key: str
    version_id: str | None = None
    conditions: ReadConditions = NO_CONDITIONS


@frozen
class CopyDirectives:
    """What a copy changes: ``draft`` None keeps the source's metadata, ``tags`` None its tags. Storage class and
    website redirect are never copied ("CopyObject"): they are what the request says, None for their defaults."""

    draft: Draft | None = None
    tags: dict[str, str] | None = None
    checksum_algorithm: str | None = None
    storage_class: str | None = None
    redirect: str | None = None

    @property
    def changes_nothing(self) -> bool:
        return self == CopyDirectives()


class Copied(NamedTuple):
    """A copy: what it made, and the version of the source it read (None where the source bucket has no versions)."""

    stored: Stored
    source_version_id: str | None


class CopiedPart(NamedTuple):
    """A part made by UploadPartCopy, and the version of its source."""

    part: Part
    source_version_id: str | None


class ObjectPage(NamedTuple):
    """A page of ListObjects: entries and common prefixes each in byte order; ``next`` is where the next page starts
    after (a key or a common prefix), None on the last page."""

    entries: list[Entry]
    prefixes: list[str]
    next: str | None


class ListedVersion(NamedTuple):
    """A version in ListObjectVersions."""

    entry: Entry
    is_latest: bool


class VersionPage(NamedTuple):
    """A page of ListObjectVersions; ``next_key``/``next_version_id`` are the next markers, both None on the last page;
    ``next_version_id`` is "" when the page ends with a common prefix."""

    versions: list[ListedVersion]
    prefixes: list[str]
    next_key: str | None
    next_version_id: str | None


class UploadPage(NamedTuple):
    """A page of ListMultipartUploads; markers as in VersionPage."""

    uploads: list[Upload]
    prefixes: list[str]
    next_key: str | None
    next_upload_id: str | None


class PartPage(NamedTuple):
    """A page of ListParts; ``next`` is the last part's number when there are more, else None."""

    upload: Upload
    parts: list[Part]
    next: int | None
