"""What callers hand to the engine and get back from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import NamedTuple

from trug.domain.acl import Acl, AclAsked
from trug.domain.encryption import CustomerKey, Encryption, Protection
from trug.domain.frozen import frozen, replace
from trug.domain.objects import STANDARD, Checksum, Listing
from trug.domain.preconditions import NO_CONDITIONS, ReadConditions
from trug.domain.restoration import Restoration
from trug.domain.retention import Lock
from trug.ports.rows import Bucket, Listed, Part, Upload


@frozen
class Draft:
    """What an object will carry beside its bytes: system metadata by lower-case header name, user metadata, tags; and
    how they are to be encrypted and locked, None where the client did not say. ``asked`` is the list of access that the
    client asked for; ``owner`` and ``acl`` are what came of it (Record), as is ``filename``."""

    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    storage_class: str = STANDARD
    protection: Protection | None = None
    lock: Lock | None = None
    asked: AclAsked | None = None
    owner: str = ""
    acl: Acl | None = None
    filename: str = ""


@frozen
class Stored:
    """What a write made: ``version_id`` is None where the bucket's versions are not on; times in µs."""

    version_id: str | None
    etag: str
    size: int
    modified: int
    checksum: Checksum | None
    encryption: Encryption | None = None


@frozen
class Deleted:
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
    """What a copy reads: an existing bucket the caller may read, key, version id if named, its conditions, and the
    customer's key that it needs, if any."""

    bucket: Bucket
    key: str
    version_id: str | None = None
    conditions: ReadConditions = NO_CONDITIONS
    customer_key: CustomerKey | None = None


@frozen
class CopyDirectives:
    """What a copy changes: ``draft`` None keeps the source's metadata, ``tags`` None its tags. Storage class,
    website redirect, encryption, lock, owner and list of access are never copied ("CopyObject"): they are what the
    request says, None (of the owner: empty) for their defaults. ``annotations`` is whether they are to be copied."""

    draft: Draft | None = None
    tags: dict[str, str] | None = None
    checksum_algorithm: str | None = None
    storage_class: str | None = None
    redirect: str | None = None
    protection: Protection | None = None
    lock: Lock | None = None
    annotations: bool = True
    owner: str = ""
    acl: Acl | None = None

    @property
    def changes_nothing(self) -> bool:
        """Whether a copy onto the object itself would be refused; another list of access alone is no reason for one."""
        return replace(self, owner="", acl=None) == CopyDirectives()


class Copied(NamedTuple):
    """A copy: what it made, the version of the source it read (None where the source bucket has no versions), and the
    tags it has."""

    stored: Stored
    source_version_id: str | None
    tags: dict[str, str]


class UploadedPart(NamedTuple):
    """A part, and the upload that it is one of."""

    part: Part
    upload: Upload


class CopiedPart(NamedTuple):
    """A part made by UploadPartCopy, the version of its source, and the upload."""

    part: Part
    source_version_id: str | None
    upload: Upload


class ObjectPage(NamedTuple):
    """A page of ListObjects: rows (domain.lines) and common prefixes each in byte order; ``next`` is where the next
    page starts after (a key or a common prefix), None on the last page; ``restorations`` by index of their row, where
    they were asked for."""

    rows: list[bytes]
    prefixes: list[str]
    next: str | None
    restorations: Mapping[int, Restoration] = {}


class Entry(NamedTuple):
    """A version as lists show it, field by field; ``listing.modified`` is of whole seconds. ``version_id`` is empty
    where the list was one of objects."""

    key: str
    version_id: str
    marker: bool
    listing: Listing


class ListedVersion(NamedTuple):
    """A version of a list for those who want more of it than its line."""

    entry: Entry
    is_latest: bool


class VersionPage(NamedTuple):
    """A page of ListObjectVersions; ``latest`` says of each version whether it is its key's newest.

    ``next_key`` and ``next_version_id`` are the next markers, both None on the last page; ``next_version_id`` is ""
    when the page ends with a common prefix. ``restorations`` by index of their version, where they were asked for.
    """

    versions: list[Listed]
    latest: list[bool]
    prefixes: list[str]
    next_key: str | None
    next_version_id: str | None
    restorations: Mapping[int, Restoration] = {}


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
