"""What the storage manager does, over the engine: it knows nothing of HTTP."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Collection, Sequence
from urllib.parse import quote

import msgspec

from trug.access import actions
from trug.domain.configurations import UPLOAD_TYPES
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.lines import KEY_END, shown
from trug.domain.media_types import is_allowed
from trug.domain.preconditions import WriteConditions
from trug.domain.sizes import formatted_size
from trug.domain.uuids import uuid7
from trug.engine.drafts import Draft
from trug.engine.versions import PutVersion
from trug.manage.api.problems import bad_request
from trug.manage.api.visit import Surroundings, Visit
from trug.manage.storage.content import LOOKED_AT, type_of
from trug.manage.storage.schemas import File, FileDescribed, FilePage, ListFiles
from trug.operations.granting import is_plain, with_owner
from trug.operations.parameters import LARGEST_UPLOAD
from trug.ports.rows import Bucket, Version
from trug.wire.body import VerifiedBody
from trug.wire.dates import iso_date
from trug.wire.integrity import NOTHING
from trug.wire.payload import Payload
from trug.wire.request import RawBody

LONGEST_LIST = 1000
USUAL_LIST = 10
READ_AT_ONCE = 1000
SMALL = 256 << 10
"""Files up to this size are gathered before they are stored, so that their size is known and the short way is taken."""

EXTENSION = re.compile(r"\.[A-Za-z0-9]{1,16}\Z")
NOT_ALLOWED = "files of this type are not allowed"
UNKNOWN = "application/octet-stream"


def extension_of(key: str) -> str:
    """``.jpg`` of ``photos/a.JPG``, empty where the last part of the key has none."""
    name = key.rpartition("/")[2]
    found = EXTENSION.search(name)
    return found[0].lower() if found and found.start() else ""


def wanted_extension(text: str) -> str:
    """An extension as clients ask for it, with or without its dot, in any case; empty for any."""
    return f".{text.lower().removeprefix('.')}" if text else ""


def url_of(around: Surroundings, bucket: str, key: str) -> str:
    """Where S3 has the file."""
    return f"{around.public_url}/{bucket}/{quote(key, safe='/-_.~')}"


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


# --- lists ----------------------------------------------------------------------------------------------------------


async def list_files(around: Surroundings, bucket: Bucket, asked: ListFiles, after: str) -> tuple[FilePage, str | None]:
    """A page of files, and after which key the next one begins, None on the last. The page is full unless it is the
    last, whatever the extension asked for leaves out."""
    limit = min(asked.limit, LONGEST_LIST) if asked.limit > 0 else USUAL_LIST
    extension = wanted_extension(asked.extension)
    files: list[File] = []
    async for row in _rows(around, bucket, asked.prefix, after, READ_AT_ONCE if extension else limit + 1):
        key, _, line = row.partition(KEY_END)
        name = key.decode()
        if extension and extension_of(name) != extension:
            continue
        if len(files) == limit:
            return FilePage(files), files[-1].key
        files.append(_file(around, bucket, name, line))
    return FilePage(files), None


async def _rows(around: Surroundings, bucket: Bucket, prefix: str, after: str, at_once: int) -> AsyncIterator[bytes]:
    """Rows of current objects (domain.lines), a page of the store at a time."""
    following: str | None = after
    while following is not None:
        page = await around.engine.listings.objects(bucket, prefix=prefix, delimiter="", after=following, limit=at_once)
        for row in page.rows:
            yield row
        following = page.next


def _file(around: Surroundings, bucket: Bucket, key: str, line: bytes) -> File:
    time, _, size, style, _ = shown(line)
    return File(
        key=key,
        url=url_of(around, bucket.name, key),
        size_bytes=int(size),
        size_formatted=formatted_size(int(size)),
        extension=extension_of(key),
        storage_class=style[0],
        last_modified=f"{time}Z",
    )


def described(around: Surroundings, bucket: Bucket, version: Version) -> FileDescribed:
    """All there is to tell of a file."""
    listing, record = version.listing, version.record
    return FileDescribed(
        key=version.key,
        url=url_of(around, bucket.name, version.key),
        size_bytes=listing.size,
        size_formatted=formatted_size(listing.size),
        extension=extension_of(version.key),
        storage_class=listing.storage_class,
        last_modified=iso_date(listing.modified),
        filename=name_of(version),
        content_type=record.headers.get("content-type", UNKNOWN),
    )


def name_of(version: Version) -> str:
    """What a file was called when it was uploaded, else what the end of its key is."""
    return version.record.filename or version.key.rpartition("/")[2]
