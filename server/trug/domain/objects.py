"""What is known of a stored object: the part that lists show, and the rest."""

from __future__ import annotations

from dataclasses import field
from typing import NamedTuple

from trug.domain.acl import Acl
from trug.domain.encryption import Encryption
from trug.domain.frozen import frozen
from trug.domain.restoration import Restoration
from trug.domain.retention import Lock

STANDARD = "STANDARD"
COMPOSITE = "COMPOSITE"
FULL_OBJECT = "FULL_OBJECT"


class Checksum(NamedTuple):
    """A checksum as S3 shows it: ``algorithm`` (``CRC64NVME``), base64 ``value`` (``-N`` behind a composite), type."""

    algorithm: str
    value: str
    type: str = FULL_OBJECT


class Listing(NamedTuple):
    """What lists show of a version: bare ETag, size in bytes, time in µs since 1970, class, how it was checksummed.

    A NamedTuple, not a dataclass: a page of a list makes a thousand of them.
    """

    etag: str
    size: int
    modified: int
    storage_class: str = STANDARD
    checksum_algorithm: str = ""
    checksum_type: str = ""


@frozen
class Record:
    """What GET and HEAD show beside the listing.

    ``headers`` holds the system metadata under lower-case header names (``content-type``, ``cache-control`` …),
    ``metadata`` the user's, without ``x-amz-meta-``; ``checksum`` has type and base64 value; ``parts`` is how many
    parts a multipart object has, 0 for any other; ``encryption`` is None of what is stored plain, ``lock`` of what
    never had one, ``restoration`` of what nobody asked to restore; ``annotations`` is how many there are. ``owner`` is
    the id of the account that owns the object, empty where that is the bucket's; ``filename`` is what the file was
    called where it came from, empty where nobody said; ``acl`` is None of what is private to its owner. New fields get
    defaults, so that old rows still read.
    """

    headers: dict[str, str] = field(default_factory=dict)
    metadata: dict[str, str] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)
    checksum: Checksum | None = None
    parts: int = 0
    encryption: Encryption | None = None
    lock: Lock | None = None
    restoration: Restoration | None = None
    annotations: int = 0
    owner: str = ""
    filename: str = ""
    acl: Acl | None = None


EMPTY_RECORD = Record()


class Judged(NamedTuple):
    """What of a version policies and lists of access may have a say by. Of one that is not there: of an empty one."""

    tags: dict[str, str]
    owner: str
    acl: Acl | None


def judged_of(record: Record) -> Judged:
    return Judged(record.tags, record.owner, record.acl)
