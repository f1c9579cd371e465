"""What the storage manager does, over the engine: it knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import msgspec

from trug.access import actions
from trug.domain.configurations import UPLOAD_TYPES
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.keys import extension_of
from trug.domain.lines import date_of
from trug.domain.media import LOOKED_AT, type_of
from trug.domain.media_types import is_allowed
from trug.domain.preconditions import WriteConditions
from trug.domain.sizes import formatted_size
from trug.domain.uuids import uuid7
from trug.engine.drafts import Draft
from trug.engine.versions import PutVersion
from trug.manage.api.problems import bad_request
from trug.manage.api.visit import Surroundings, Visit
from trug.manage.storage.schemas import FileDescribed
from trug.operations.granting import is_plain, with_owner
from trug.operations.parameters import LARGEST_UPLOAD
from trug.ports.rows import Bucket, Version
from trug.wire.body import VerifiedBody
from trug.wire.dates import SECOND
from trug.wire.integrity import NOTHING
from trug.wire.payload import Payload
from trug.wire.request import RawBody

SMALL = 256 << 10
"""Files up to this size are gathered before they are stored, so that their size is known and the short way is taken."""

NOT_ALLOWED = "files of this type are not allowed"
UNKNOWN = "application/octet-stream"


# --- uploads --------------------------------------------------------------------------------------------------------


class Begun:
    """A file whose beginning was read already: a ``RawBody`` of all of it. EntityTooLarge above 5 GiB."""

    def __init__(self, head: bytes, rest: RawBody | None) -> None:
        self.length = len(head) if rest is None else None
        self._head = memoryview(head)
        self._rest = rest
        self._read = len(head)

    async def read(self) -> bytes:
        if self._head:
            head, self._head = bytes(self._head), memoryview(b"")
            return head
        piece = b"" if self._rest is None else await self._rest.read()
        self._count(len(piece))
        return piece

    async def readinto(self, buffer: memoryview) -> int:
        if not self._head:
            size = 0 if self._rest is None else await self._rest.readinto(buffer)
            self._count(size)
            return size
        size = min(len(self._head), len(buffer))
        buffer[:size] = self._head[:size]
        self._head = self._head[size:]
        return size

    def _count(self, size: int) -> None:
        self._read += size
        if self._read > LARGEST_UPLOAD:
            raise S3Error(ErrorCode.EntityTooLarge)


async def begun(file: RawBody) -> tuple[bytes, Begun]:
    """The beginning of a file, enough to tell its type, and the file; a small one is gathered."""
    head = bytearray()
    while len(head) < SMALL:
        piece = await file.read()
        if not piece:
            return bytes(head[:LOOKED_AT]), Begun(bytes(head), None)
        head += piece
    return bytes(head[:LOOKED_AT]), Begun(bytes(head), file)


async def taken_in(visit: Visit, bucket: Bucket, filename: str, file: RawBody) -> PutVersion:
    """A file received under a name of its own, to be committed or forgotten. Problem 400 for a type that is not
    allowed; what the engine raises."""
    around, call = visit.surroundings, visit.call(bucket)
    key = f"{uuid7(around.clock.now())}{extension_of(filename)}"
    await call.authorise(actions.PUT_OBJECT, bucket, key)
    head, body = await begun(file)
    media = type_of(head)
    if not is_allowed(media, await types_of(around, bucket)):
        raise bad_request(NOT_ALLOWED)
    draft = Draft(headers={"content-type": media or UNKNOWN}, filename=filename)
    if not is_plain(call, None):
        draft = await with_owner(call, key, draft)
    verified = VerifiedBody(body, body.length, Payload(), NOTHING)
    return await around.engine.objects.prepared(bucket, key, verified, draft, WriteConditions())


async def types_of(around: Surroundings, bucket: Bucket) -> Collection[str]:
    """The types that may be uploaded into a bucket: its own list, else the server's."""
    document = await around.engine.configurations.find(bucket, UPLOAD_TYPES)
    return around.upload_types if document is None else msgspec.msgpack.decode(document, type=frozenset[str])


async def set_types(around: Surroundings, bucket: Bucket, types: Sequence[str]) -> None:
    """The bucket's own list from now on; an empty one: the server's again."""
    document = msgspec.msgpack.encode(sorted(set(types))) if types else None
    await around.engine.configurations.store(bucket, UPLOAD_TYPES, document)


def described(around: Surroundings, bucket: Bucket, version: Version) -> FileDescribed:
    """All there is to tell of a file."""
    listing, record = version.listing, version.record
    return FileDescribed(
        key=version.key,
        url=around.url_of(bucket.name, version.key),
        size_bytes=listing.size,
        size_formatted=formatted_size(listing.size),
        extension=extension_of(version.key),
        storage_class=listing.storage_class,
        last_modified=f"{date_of(listing.modified // SECOND)}Z",
        filename=name_of(version),
        content_type=record.headers.get("content-type", UNKNOWN),
    )


def name_of(version: Version) -> str:
    """What a file was called when it was uploaded, else what the end of its key is."""
    return version.record.filename or version.key.rpartition("/")[2]
