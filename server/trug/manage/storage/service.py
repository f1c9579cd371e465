"""What the storage manager does, over the engine: it knows nothing of HTTP."""

from __future__ import annotations

from collections.abc import AsyncIterator

from trug.access import actions
from trug.domain.errors import S3Error
from trug.domain.lines import KEY_END, shown
from trug.domain.media import extension_of
from trug.domain.preconditions import WriteConditions
from trug.domain.sizes import formatted_size
from trug.domain.uuids import uuid7
from trug.engine.drafts import Draft
from trug.engine.versions import PutVersion
from trug.manage.api.problems import bad_request
from trug.manage.api.visit import Surroundings, Visit
from trug.manage.storage.content import ALLOWED, LOOKED_AT, type_of
from trug.manage.storage.schemas import File, FilePage, ListFiles
from trug.ports.rows import Bucket
from trug.wire.body import VerifiedBody
from trug.wire.integrity import NOTHING
from trug.wire.payload import Payload
from trug.wire.request import RawBody

LONGEST_LIST = 1000
USUAL_LIST = 10
READ_AT_ONCE = 1000
SMALL = 256 << 10
"""Files up to this size are gathered before they are stored, so that their size is known and the short way is taken."""

NOT_ALLOWED = "files of this type are not allowed"


def wanted_extension(text: str) -> str:
    """An extension as clients ask for it, with or without its dot, in any case; empty for any."""
    return f".{text.lower().removeprefix('.')}" if text else ""


def url_of(around: Surroundings, bucket: str, key: str) -> str:
    """Where S3 has the file."""
    return around.url_of(bucket, key)


# --- uploads --------------------------------------------------------------------------------------------------------


class Begun:
    """A file whose beginning was read already: a ``RawBody`` of all of it."""

    def __init__(self, head: bytes, rest: RawBody | None) -> None:
        self.length = len(head) if rest is None else None
        self._head = memoryview(head)
        self._rest = rest

    async def read(self) -> bytes:
        if self._head:
            head, self._head = bytes(self._head), memoryview(b"")
            return head
        return b"" if self._rest is None else await self._rest.read()

    async def readinto(self, buffer: memoryview) -> int:
        if not self._head:
            return 0 if self._rest is None else await self._rest.readinto(buffer)
        size = min(len(self._head), len(buffer))
        buffer[:size] = self._head[:size]
        self._head = self._head[size:]
        return size


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
    head, body = await begun(file)
    media = type_of(head)
    if media not in ALLOWED:
        raise bad_request(NOT_ALLOWED)
    around = visit.surroundings
    key = f"{uuid7(around.clock.now())}{extension_of(filename)}"
    await visit.authorise(actions.PUT_OBJECT, bucket, key)
    verified = VerifiedBody(body, body.length, Payload(), NOTHING)
    draft = Draft(headers={"content-type": media})
    return await around.engine.objects.prepared(bucket, key, verified, draft, WriteConditions())


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


async def exists(visit: Visit, bucket: Bucket, key: str) -> bool:
    """Whether there is a current file of this key."""
    try:
        await visit.surroundings.engine.objects.find(bucket, key, None)
    except S3Error:
        return False
    return True
