"""Forms with files: each file is taken in as it arrives, and all become visible together at the end."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from typing import IO

from trug.engine.versions import PutVersion
from trug.manage.api.forms import Form, Part
from trug.manage.api.problems import Mistake, bad_request
from trug.manage.api.reading import NOT_VALID
from trug.manage.api.visit import Visit
from trug.manage.storage.service import SMALL, taken_in
from trug.ports.rows import Bucket

BUCKET = "bucket"
PIECE = 256 << 10
LONGEST_NAME = 1024
"""In bytes of UTF-8: as long as a key."""


async def received(visit: Visit, field: str, *, most: int) -> list[str]:
    """The URLs of the files in the form's ``field``, in their order; all of them are stored, or none.

    A file that comes before the bucket is put aside until the bucket is known. Problem 400 for a form without a bucket
    or a file, or with more than ``most`` files.
    """
    objects = visit.surroundings.engine.objects
    changes: list[PutVersion] = []
    try:
        async with AsyncExitStack() as stack:
            bucket = await _taken_in(visit, stack, field, most, changes)
    except BaseException:
        await objects.forget(changes)
        raise
    await objects.put_all(changes)  # from here on the bytes are the store's, whatever becomes of the commit
    return [visit.surroundings.url_of(bucket.name, change.key) for change in changes]


async def _taken_in(visit: Visit, stack: AsyncExitStack, field: str, most: int, changes: list[PutVersion]) -> Bucket:
    """Receive all files, adding their changes as they come. Returns the bucket."""
    bucket: Bucket | None = None
    aside: list[tuple[str, Aside]] = []
    form = Form(visit.body, visit.request.headers.get("content-type", ""))
    async for part in form.parts():
        if part.name == BUCKET and part.filename is None:
            if bucket is not None:
                raise bad_request(NOT_VALID, Mistake(BUCKET, "comes twice"))
            bucket = await visit.bucket(await part.text())
        elif part.name == field:
            filename = _check(part, field, most, len(changes) + len(aside))
            if bucket is None:
                held = await stack.enter_async_context(put_aside(part, visit.surroundings.scratch))
                aside.append((filename, held))
            else:
                changes.append(await taken_in(visit, bucket, filename, part))
    if bucket is None:
        raise bad_request(NOT_VALID, Mistake(BUCKET, "is missing"))
    for place, (filename, file) in enumerate(aside):
        changes.insert(place, await taken_in(visit, bucket, filename, file))
    if not changes:
        raise bad_request(NOT_VALID, Mistake(field, "is missing"))
    return bucket


def _check(part: Part, field: str, most: int, so_far: int) -> str:
    """The name of a file. Problem 400 for what is none, and for one too many."""
    if not part.filename:
        raise bad_request(NOT_VALID, Mistake(field, "has no file name"))
    if len(part.filename.encode()) > LONGEST_NAME:
        raise bad_request(NOT_VALID, Mistake(field, "has too long a file name"))
    if so_far >= most:
        raise bad_request(NOT_VALID, Mistake(field, f"at most {most}"))
    return part.filename


class Aside:
    """A file that lies in a temporary file: a ``RawBody``."""

    def __init__(self, file: IO[bytes], length: int) -> None:
        self._file = file
        self.length: int | None = length

    async def read(self) -> bytes:
        return await asyncio.to_thread(self._file.read, PIECE)

    async def readinto(self, buffer: memoryview) -> int:
        piece = await asyncio.to_thread(self._file.read, len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)


@asynccontextmanager
async def put_aside(part: Part, directory: str | None) -> AsyncIterator[Aside]:
    """The rest of a part, in memory while it is small, else in a temporary file that has no name."""
    with tempfile.SpooledTemporaryFile(SMALL, dir=directory) as file:
        length = 0
        while piece := await part.read():
            length += len(piece)
            if length > SMALL:
                await asyncio.to_thread(file.write, piece)
            else:
                file.write(piece)
        file.seek(0)
        yield Aside(file, length)
