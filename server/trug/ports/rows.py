"""What the metadata holds, row by row."""

from __future__ import annotations

from typing import NamedTuple

from trug.domain.objects import EMPTY_RECORD, Checksum, Listing, Record
from trug.domain.versioning import Versioning

NULL_VERSION = "null"


class Bucket(NamedTuple):
    """A bucket: ``id`` is never used again, ``account`` owns it, ``created`` in µs since 1970.

    ``configured`` has the bit (domain.configurations.FLAGS) of each kind of configuration that is set, so that who
    needs none of a kind reads none.
    """

    id: int
    name: str
    account: str
    region: str
    created: int
    versioning: Versioning = Versioning.OFF
    configured: int = 0


class Version(NamedTuple):
    """A version of a key, an object or a delete marker.

    Its bytes are named by at most one of ``inline`` (id of inline bytes), ``blob`` (id of a file) and ``body`` (id of a
    multipart body); by none when there are none. ``id`` is set once; ``sequence`` orders the versions of a key.
    ``noncurrent_since`` (µs) stands only on versions that were current once.
    """

    bucket: int
    key: str
    sequence: int
    id: int
    version_id: str
    listing: Listing
    record: Record = EMPTY_RECORD
    marker: bool = False
    inline: int | None = None
    blob: int | None = None
    body: int | None = None
    noncurrent_since: int | None = None


class Listed(NamedTuple):
    """A version as lists of versions show it; ``row`` is its key and line (domain.lines)."""

    row: bytes
    version_id: str
    sequence: int
    marker: bool


class Fetched(NamedTuple):
    """A version together with its inline bytes, read in one statement; ``content`` is None when it has none inline."""

    version: Version
    content: bytes | None


class Extent(NamedTuple):
    """A stretch of stored bytes: of the inline bytes or of the file ``id``, ``length`` bytes from ``offset``.

    ``size`` is how many bytes the whole inline value or file holds: its block checksums are found by it. Where ``key``
    is not empty they are encrypted under it, the blob's key, wrapped under the body's; ``offset`` and ``length`` then
    count bytes of plaintext.
    """

    inline: bool
    id: int
    offset: int
    length: int
    size: int
    key: bytes = b""


class Part(NamedTuple):
    """A part of an upload or body: bare MD5 ETag, size in bytes, time in µs, its bytes, its checksum if any."""

    upload: int
    number: int
    etag: str
    size: int
    modified: int
    extents: tuple[Extent, ...]
    checksum: Checksum | None = None


class Annotation(NamedTuple):
    """A text beside the version with the id ``version``: bare MD5 ETag, size in bytes, time in µs; its bytes lie under
    the id ``inline``."""

    version: int
    name: str
    etag: str
    size: int
    modified: int
    inline: int
    checksum: Checksum | None = None


class Completed(NamedTuple):
    """What CompleteMultipartUpload made: kept so that a repeated call answers the same.

    ``ends`` is the packed table of where each part ends in the object (domain.ends). ``requested`` is a SHA-256 over
    the part numbers and ETags of the call that made it.
    """

    version_id: str
    etag: str
    checksum: Checksum | None
    ends: bytes
    requested: bytes


class Upload(NamedTuple):
    """A multipart upload, which Complete turns into a body under the same ``id``.

    ``upload_id`` is what clients see; ids of one key sort by initiation. ``initiated`` in µs. ``changed`` is the
    sequence of the last change of its parts. ``initiator`` is an ARN. ``checksum_algorithm``/``_type`` are empty when
    the client asked for none.
    """

    id: int
    upload_id: str
    bucket: int
    key: str
    initiated: int
    changed: int
    initiator: str
    storage_class: str
    checksum_algorithm: str
    checksum_type: str
    record: Record
    completed: Completed | None = None


class Counters(NamedTuple):
    """Exact totals of a bucket or an account; ``versions`` counts objects and markers, noncurrent ones included, and
    ``bytes`` is what all of them hold, ``current`` what the objects do that are current."""

    objects: int = 0
    versions: int = 0
    bytes: int = 0
    uploads: int = 0
    current: int = 0


class Entity(NamedTuple):
    """A thing of IAM in an account: a user, a group, a role, a policy, a version of one …, by its kind.

    ``place`` is where it sorts and what is unique among its kind in the account: its name in lower case, behind the
    place of what it belongs to and a slash where it belongs to something. ``document`` is packed by ``iam.entities``.
    """

    account: str
    kind: str
    place: str
    document: bytes


class Link(NamedTuple):
    """That two things of an account belong together (a user to a group, a principal to a policy), by their places."""

    account: str
    kind: str
    left: str
    right: str


class Item(NamedTuple):
    """A JSON document of an account, of a kind (``item``, ``user``, ``filter``), by an id unique in both.

    ``owner`` is an ARN, ``type`` what its owner calls its sort. Times in µs since 1970, ``expires`` 0 for never.
    ``revision`` is the sequence of its last change. ``document`` is a JSON object as text.
    """

    account: str
    kind: str
    id: str
    owner: str
    type: str
    created: int
    modified: int
    expires: int
    revision: int
    document: str


class AccessKey(NamedTuple):
    """An access key; ``user`` is empty for the account's root, ``secret`` is sealed under the master key."""

    access_key: str
    account: str
    user: str
    secret: bytes
    created: int
    active: bool = True


class Dropped(NamedTuple):
    """Bytes nobody refers to any more, to be removed by the sweep. ``kind`` is ``blob``, ``inline``, ``body``,
    ``upload`` or ``annotations`` (of the version of that id); ``sequence`` is the commit that dropped them."""

    id: int
    sequence: int
    kind: str
    target: int


class Reminder(NamedTuple):
    """That the lifecycle of a key is to be looked at from ``at`` (µs) on; written by the commit ``sequence``."""

    at: int
    bucket: int
    key: str
    sequence: int


class Event(NamedTuple):
    """A row of the feed: what a change was about (ports.effects.Announce), under its sequence.

    ``time`` is the second of its commit in µs since 1970, 0 when nobody knows it any more.
    """

    sequence: int
    kind: str
    bucket: int
    key: str
    version_id: str
    size: int
    etag: str
    account: str
    time: int


class Epoch(NamedTuple):
    """A range of 4,096 blob numbers that one process writes."""

    number: int
    sealed: bool
