"""Files that somebody was given a URL for: looked at as they arrive, put aside where they are not as promised."""

from __future__ import annotations

import asyncio
import logging
from base64 import b64encode
from collections.abc import AsyncIterator, Sequence
from typing import NamedTuple

from trug.domain.checksums import new_digest
from trug.domain.errors import S3Error
from trug.domain.media import LOOKED_AT, active_type, is_of
from trug.domain.objects import FULL_OBJECT
from trug.domain.preconditions import ReadConditions
from trug.engine.engine import Engine
from trug.engine.expected import ForgetExpected, Settle
from trug.engine.reading import Reading
from trug.engine.renaming import RenameConditions
from trug.jobs.following import Follower, moved
from trug.ports.expected import (
    EXPIRED,
    FAILED,
    OPEN,
    SETTLED,
    UPLOADED,
    VERIFIED,
    ExpectedAt,
    ExpectedDue,
    ExpectedFile,
    IsAnyExpected,
)
from trug.ports.keys import Clock
from trug.ports.reads import BucketWithId
from trug.ports.rows import Bucket, Event, Version
from trug.ports.stores import Damaged, MetadataStore, Unavailable

logger = logging.getLogger(__name__)

ARRIVALS = frozenset(
    {
        "ObjectCreated:Put",
        "ObjectCreated:Post",
        "ObjectCreated:Copy",
        "ObjectCreated:CompleteMultipartUpload",
    }
)
PERIOD = 5.0
"""In seconds: how often it is seen to what has expired."""
REST = 1.0
DAY = 86_400_000_000
STILL_COMING = DAY
"""In µs: how long what was begun before its URL expired may take to arrive."""
REMEMBERED = 30 * DAY
"""In µs: how long the status of a file can be asked for after its URL expired."""
PAGE = 100
FOREVER = 2**62
QUARANTINE = ".quarantine/"
"""Where what is not as it was promised to be is moved to, in its bucket."""


class Verdict(NamedTuple):
    """What became of a look at a file: why it is not what was asked for, empty when it is. ``seen`` is the version that
    was looked at (``seen_as``)."""

    etag: str
    reason: str
    seen: str = ""


class ExpectedFiles:
    """Looks at what arrives, told by the feed; nobody's report is needed, and none is believed over it."""

    def __init__(self, engine: Engine, metadata: MetadataStore, clock: Clock) -> None:
        self._engine = engine
        self._metadata = metadata
        self._clock = clock
        self._follower = Follower(
            metadata,
            "expected-files",
            self._arrived,
            kinds=ARRIVALS,
            is_wanted=self._is_any,
            missed=self._look_at_all,
        )

    async def keep_running(self) -> None:
        """Until cancelled. A failure is logged and tried again."""
        loop = asyncio.get_running_loop()
        next_tidying = loop.time()
        while True:
            try:
                if await self._follower.run():
                    await asyncio.sleep(0)
                    continue
                if loop.time() >= next_tidying:
                    await self.tidy()
                    next_tidying = loop.time() + PERIOD
            except Unavailable:
                await asyncio.sleep(REST)
            except Exception:
                logger.warning("files that were expected could not be looked at, trying again", exc_info=True)
                await asyncio.sleep(REST)
            await moved(self._metadata, self._follower.place, seconds=next_tidying - loop.time())

    async def run(self) -> None:
        """Look at all that has arrived, then at all that has expired."""
        while await self._follower.run():
            pass
        await self.tidy()

    async def tidy(self) -> None:
        """See to what expired: it is looked for once more, and what was begun for it is given up; then forget what is
        old."""
        now = self._clock.now()
        for state in OPEN:
            async for file in self._due(state, now):
                if not await self._look(file):
                    await self._expire(file)
        for state in SETTLED:
            old = [file.id async for file in self._due(state, now - REMEMBERED)]
            for start in range(0, len(old), PAGE):
                await self._metadata.commit(ForgetExpected(tuple(old[start : start + PAGE])))

    async def _is_any(self) -> bool:
        return await self._metadata.fetch(IsAnyExpected(self._clock.now() - STILL_COMING))

    async def _due(self, state: str, time: int) -> AsyncIterator[ExpectedFile]:
        after = (0, "")
        while page := await self._metadata.fetch(ExpectedDue(state, time, after, PAGE)):
            after = page[-1].expires, page[-1].id
            for file in page:
                yield file

    async def _look_at_all(self) -> None:
        """Where the feed no longer knows what has arrived."""
        for state in OPEN:
            async for file in self._due(state, FOREVER):
                await self._look(file)

    async def _arrived(self, events: Sequence[Event]) -> None:
        for event in events:
            for file in await self._metadata.fetch(ExpectedAt(event.bucket, event.key)):
                await self._look(file)

    async def _look(self, file: ExpectedFile) -> bool:
        """Verify the object, unless it is the one that was looked at before. Whether there is any."""
        bucket = await self._metadata.fetch(BucketWithId(file.bucket))
        if bucket is None:
            return False
        try:
            found = await self._engine.objects.find(bucket, file.key, None)
        except S3Error:
            return False
        if is_settled(file, seen_as(found)):
            return True
        await self._metadata.commit(Settle(file.id, UPLOADED))
        verdict = await self._verdict(bucket, file)
        if verdict is None:
            return False
        if verdict.reason:
            await self._put_aside(bucket, file, verdict)
        else:
            await self._metadata.commit(Settle(file.id, VERIFIED, verdict.seen))
        await self._give_up_parts(bucket, file)
        return True

    async def _verdict(self, bucket: Bucket, file: ExpectedFile) -> Verdict | None:
        """None when there is nothing to look at any more."""
        try:
            reading = await self._engine.objects.open(bucket, file.key, None)
        except S3Error as refusal:
            return None if refusal.code.status == 404 else Verdict("", f"it cannot be read: {refusal.code.name}")
        etag, seen = reading.version.listing.etag, seen_as(reading.version)
        try:
            return Verdict(etag, await mistake(reading, file), seen)
        except (Damaged, OSError):
            logger.warning("%s/%s cannot be read", bucket.name, file.key, exc_info=True)
            return Verdict(etag, "it cannot be read", seen)

    async def _put_aside(self, bucket: Bucket, file: ExpectedFile, verdict: Verdict) -> None:
        """Into quarantine, unless another object has taken its place, which then is looked at by its own event.

        It has failed before it is moved: were the server killed in between, it would be found as it lies."""
        await self._metadata.commit(Settle(file.id, FAILED, verdict.seen, verdict.reason))
        target = f"{QUARANTINE}{file.id}/{file.key.rpartition('/')[2]}"
        try:
            same = RenameConditions(ReadConditions(if_match=f'"{verdict.etag}"' if verdict.etag else None))
            await self._engine.renaming.rename(bucket, file.key, target, same)
        except S3Error as refusal:
            logger.warning("%s/%s stays where it is: %s", bucket.name, file.key, refusal.message)
            return
        await self._metadata.commit(Settle(file.id, FAILED, verdict.seen, verdict.reason, target))

    async def _expire(self, file: ExpectedFile) -> None:
        await self._metadata.commit(Settle(file.id, EXPIRED, only_from=file.state))
        bucket = await self._metadata.fetch(BucketWithId(file.bucket))
        if bucket is not None:
            await self._give_up_parts(bucket, file)

    async def _give_up_parts(self, bucket: Bucket, file: ExpectedFile) -> None:
        """Abort the multipart upload that was begun for a file, if it is still open."""
        if not file.details.upload_id:
            return
        try:
            await self._engine.multipart.abort(bucket, file.key, file.details.upload_id)
        except S3Error:
            return


def seen_as(version: Version) -> str:
    """What tells a version from every other under its key: the ETag alone is the same where the type is another one,
    and where somebody took pains."""
    return f"{version.listing.etag}@{version.sequence}"


def is_settled(file: ExpectedFile, seen: str) -> bool:
    """Whether nothing is left to do about a version."""
    is_left = file.state == FAILED and not file.details.moved_to
    return file.state in SETTLED and file.details.etag == seen and not is_left


async def mistake(reading: Reading, file: ExpectedFile) -> str:
    """What is wrong with an object that was expected, empty when nothing is. Damaged."""
    wanted, size = file.details, reading.version.listing.size
    if size != wanted.size:
        return f"it has {size} bytes instead of {wanted.size}"
    head = b"".join([bytes(piece) async for piece in pieces(reading, min(size, LOOKED_AT))])
    if not is_of(wanted.media, head):
        return f"its content is not {wanted.media}"
    shown = active_type(reading.version.record.headers.get("content-type", ""))
    if shown not in ("", wanted.media):
        return f"its Content-Type is {shown} instead of {wanted.media}"
    if wanted.checksum and not await has_checksum(reading, wanted.checksum):
        return "its checksum is another one"
    return ""


async def has_checksum(reading: Reading, checksum: str) -> bool:
    """Whether the object has this checksum, ``ALGORITHM:base64``: it is read where its row does not say so."""
    algorithm, _, value = checksum.partition(":")
    stored = reading.version.record.checksum
    if stored is not None and (stored.algorithm, stored.type) == (algorithm, FULL_OBJECT):
        return stored.value == value
    digest = new_digest(algorithm)
    async for piece in pieces(reading, reading.version.listing.size):
        digest.update(piece)
        await asyncio.sleep(0)
    return b64encode(digest.digest()).decode() == value


async def pieces(reading: Reading, stop: int) -> AsyncIterator[bytes | memoryview]:
    content = reading.content(0, stop)
    if isinstance(content, (bytes, memoryview)):
        yield content
        return
    async for piece in content:
        yield piece
