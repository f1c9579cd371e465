"""Forms with files: each file is taken in as it arrives, and all become visible together at the end."""

from __future__ import annotations

import asyncio
import re
import tempfile
from contextlib import closing

from trug.domain.errors import ErrorCode, S3Error
from trug.engine.versions import PutVersion
from trug.manage.api.forms import Form, Part
from trug.manage.api.problems import Mistake, bad_request
from trug.manage.api.reading import NOT_VALID
from trug.manage.api.visit import Visit
from trug.manage.storage.service import SMALL, taken_in
from trug.operations.parameters import LARGEST_UPLOAD
from trug.ports.rows import Bucket

BUCKET = "bucket"
PIECE = 256 << 10
LONGEST_NAME = 1024
"""In bytes of UTF-8: as long as a key."""
HOSTILE = re.compile("[\\x00-\\x1f\\x7f-\\x9f\\u061c\\u200e\\u200f\\u2028-\\u202e\\u2066-\\u2069]")
"""Controls, ends of lines, and what turns the direction of text, so that one type looks like another."""


async def received(visit: Visit, field: str, *, most: int) -> list[str]:
    """The URLs of the files in the form's ``field``, in their order; all of them are stored, or none.

    A file that comes before the bucket is put aside until the bucket is known. Problem 400 for a form without a bucket
    or a file, or with more than ``most`` files.
    """
    objects = visit.surroundings.engine.objects
    changes: list[PutVersion] = []
    try:
        with closing(Scratch(visit.surroundings.scratch)) as scratch:
            bucket = await _taken_in(visit, scratch, field, most, changes)
    except BaseException:
        await objects.forget(changes)
        raise
    await objects.put_all(changes)  # from here on the bytes are the store's, whatever becomes of the commit
    return [visit.surroundings.url_of(bucket.name, change.key) for change in changes]


async def _taken_in(visit: Visit, scratch: Scratch, field: str, most: int, changes: list[PutVersion]) -> Bucket:
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
                aside.append((filename, await scratch.keep(part)))
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
    if HOSTILE.search(part.filename):
        raise bad_request(NOT_VALID, Mistake(field, "has a file name with characters that cannot be shown"))
    if so_far >= most:
        raise bad_request(NOT_VALID, Mistake(field, f"at most {most}"))
    return part.filename


class Scratch:
    """One temporary file without a name for all that a form puts aside; in memory while that is little."""

    def __init__(self, directory: str | None) -> None:
        self._file = tempfile.SpooledTemporaryFile(SMALL, dir=directory)  # noqa: SIM115 - closed by ``close``
        self._end = 0

    async def keep(self, part: Part) -> Aside:
        """All of a part, put aside. EntityTooLarge above 5 GiB, together with what was put aside before: nobody has
        looked yet whether the client may store anything."""
        offset = self._end
        while piece := await part.read():
            self._end += len(piece)
            if self._end > LARGEST_UPLOAD:
                raise S3Error(ErrorCode.EntityTooLarge)
            if self._end > SMALL:
                await asyncio.to_thread(self._file.write, piece)
            else:
                self._file.write(piece)
        return Aside(self, offset, self._end - offset)

    async def read(self, offset: int, size: int) -> bytes:
        return await asyncio.to_thread(self._read, offset, size)

    def _read(self, offset: int, size: int) -> bytes:
        self._file.seek(offset)
        return self._file.read(size)

    def close(self) -> None:
        self._file.close()


class Aside:
    """A file that was put aside: a ``RawBody``."""

    def __init__(self, scratch: Scratch, offset: int, length: int) -> None:
        self._scratch = scratch
        self._offset = offset
        self._stop = offset + length
        self.length: int | None = length

    async def read(self) -> bytes:
        return await self._next(PIECE)

    async def readinto(self, buffer: memoryview) -> int:
        piece = await self._next(len(buffer))
        buffer[: len(piece)] = piece
        return len(piece)

    async def _next(self, most: int) -> bytes:
        piece = await self._scratch.read(self._offset, min(most, self._stop - self._offset))
        self._offset += len(piece)
        return piece
