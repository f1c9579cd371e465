"""Buckets emptied, page by page and a few deletions at once; a job that was interrupted goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import suppress
from enum import Enum
from time import monotonic
from typing import TypeVar

from trug.access import actions
from trug.access.actions import Action
from trug.access.authority import Ask, Authority, is_plain_owner
from trug.domain.errors import ErrorCode, S3Error
from trug.domain.frozen import replace
from trug.domain.lines import key_of
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.engine.emptying import (
    EMPTYING,
    MOST_LEFT,
    Asker,
    BeginEmptying,
    Emptying,
    KeepEmptying,
    emptying_of,
    unpacked_emptying,
)
from trug.engine.engine import Engine
from trug.engine.refusals import Moved
from trug.operations.context import Context
from trug.ports.keys import Clock
from trug.ports.reads import BucketWithId, OpenUploads, RowsOf, VersionRange
from trug.ports.rows import Bucket, Listed, Upload
from trug.ports.stores import MetadataStore
from trug.wire.request import Headers, Target, WireRequest

logger = logging.getLogger(__name__)

T = TypeVar("T")

PAGE = 1000
AT_ONCE = 32
"""How many deletions wait at the same time: others' writes queue behind them, and the loop is held up till then."""
SHARE = 0.25
"""Of its time a job deletes so much while others write; in the rest the store is theirs."""
SHARE_ALONE = 0.5
"""The same while nobody else writes."""
PERIOD = 60.0
"""Seconds between two looks for jobs that nobody is at."""
FORSAKEN = 30_000_000
"""Nobody is at a job that was not at work for so many µs."""


class Fate(Enum):
    """What became of a version or an upload: a lock or a policy may keep it."""

    GONE = "gone"
    LOCKED = "locked"
    REFUSED = "refused"


GONE, LOCKED, REFUSED = Fate.GONE, Fate.LOCKED, Fate.REFUSED


class Emptyings:
    """Empties buckets for those who ask; each version and upload is removed only if they may."""

    def __init__(
        self, engine: Engine, metadata: MetadataStore, authority: Authority, clock: Clock, *, share: float = SHARE
    ) -> None:
        self._engine = engine
        self._metadata = metadata
        self._authority = authority
        self._clock = clock
        self._share = share
        self._running: dict[int, asyncio.Task[None]] = {}

    async def begin(self, bucket: Bucket, asker: Asker) -> Emptying:
        """Begin to empty the bucket, or join who does; how far that is. NoSuchBucket."""
        state = await self._metadata.commit(BeginEmptying(bucket.id, asker))
        if bucket.id not in self._running:
            task = asyncio.create_task(self._run(bucket, state))
            self._running[bucket.id] = task
            task.add_done_callback(lambda _: self._running.pop(bucket.id, None))
        return state

    async def settled(self, bucket: Bucket, seconds: float) -> Emptying | None:
        """How far the job is when it is over, or after ``seconds``; None where nobody ever emptied the bucket."""
        task = self._running.get(bucket.id)
        if task is not None:
            await asyncio.wait((task,), timeout=seconds)
        return await self.find(bucket)

    async def find(self, bucket: Bucket) -> Emptying | None:
        """How far the last job is, None where nobody ever emptied the bucket."""
        return unpacked_emptying(await self._metadata.fetch(emptying_of(bucket.id)))

    async def stop(self) -> None:
        """Leave all jobs where they are."""
        tasks = list(self._running.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def keep_going(self, period: float = PERIOD) -> None:
        """Go on with jobs that nobody is at, now (with all there are: whoever was at them is gone) and every ``period``
        seconds, until cancelled. A failure is logged."""
        idle = 0
        while True:
            try:
                await self.go_on(idle=idle)
            except Exception:
                logger.exception("buckets could not be emptied")
            await asyncio.sleep(period)
            idle = FORSAKEN

    async def go_on(self, *, idle: int = FORSAKEN) -> None:
        """Do to their end the jobs that nobody was at for ``idle`` µs."""
        async for number, state in self._forsaken(self._clock.now() - idle):
            bucket = await self._metadata.fetch(BucketWithId(number))
            if bucket is not None and number not in self._running:
                await self._run(bucket, state)

    async def _forsaken(self, since: int) -> AsyncIterator[tuple[int, Emptying]]:
        place = (EMPTYING, "")
        while page := await self._metadata.fetch(RowsOf("documents", place, PAGE)):
            for (kind, name), document in page:
                state = unpacked_emptying(document) if kind == EMPTYING else None
                if state is not None and not state.is_over and state.beat <= since:
                    yield int(name), state
            place = page[-1][0]
            if place[0] != EMPTYING:
                return

    # --- the job ---

    async def _run(self, bucket: Bucket, state: Emptying) -> None:
        try:
            while not state.is_over:
                step = self._step_of_uploads if state.of_uploads else self._step_of_versions
                state = await self._metadata.commit(KeepEmptying(bucket.id, state, await step(bucket, state)))
        except Moved:
            logger.info("the bucket %s is gone, or somebody else empties it", bucket.name)
        except Exception:
            logger.exception("the bucket %s could not be emptied any further", bucket.name)

    async def _step_of_versions(self, bucket: Bucket, state: Emptying) -> Emptying:
        """A page of versions, from its end, so that the older ones of a key do not become current only to go."""
        asked = VersionRange(bucket.id, state.key, state.before, "", PAGE)
        page = await self._metadata.view(lambda reader: reader.fetch(asked))
        if not page:
            return replace(state, of_uploads=True, key="")
        old = [version for version in reversed(page) if version.sequence <= state.sequence]
        fates = await self._fates(old, lambda version: self._remove(bucket, state.asker, version))
        last = page[-1]
        reached = replace(state, key=key_of(last.row), before=last.sequence, removed=state.removed + fates.count(GONE))
        return _with_left(reached, [key_of(version.row) for version in old], fates)

    async def _step_of_uploads(self, bucket: Bucket, state: Emptying) -> Emptying:
        asked = OpenUploads(bucket.id, state.key, state.upload, False, "", PAGE)
        page = await self._metadata.view(lambda reader: reader.fetch(asked))
        if not page:
            return replace(state, is_over=True)
        old = [upload for upload in page if upload.initiated <= state.begun]
        fates = await self._fates(old, lambda upload: self._abort(bucket, state.asker, upload))
        last = page[-1]
        reached = replace(state, key=last.key, upload=last.upload_id, aborted=state.aborted + fates.count(GONE))
        return _with_left(reached, [upload.key for upload in old], fates)

    async def _fates(self, rows: Sequence[T], remove: Callable[[T], Awaitable[Fate]]) -> list[Fate]:
        """What became of each; between a few and the next others have their turn."""
        fates: list[Fate] = []
        for start in range(0, len(rows), AT_ONCE):
            began, before = monotonic(), self._metadata.sequence
            some = await asyncio.gather(*map(remove, rows[start : start + AT_ONCE]))
            took = monotonic() - began
            written_by_others = self._metadata.sequence - before - some.count(GONE)
            await asyncio.sleep(took * rest_after(self._share, is_alone=written_by_others <= 0))
            fates += some
        return fates

    async def _remove(self, bucket: Bucket, asker: Asker, version: Listed) -> Fate:
        key = key_of(version.row)
        if not await self._may(actions.DELETE_OBJECT_VERSION, bucket, asker, key, version.version_id):
            return REFUSED
        try:
            await self._engine.objects.delete(bucket, key, version.version_id, NO_WRITE_CONDITIONS)
        except S3Error as refusal:
            if refusal.code is not ErrorCode.AccessDenied:
                raise
            return LOCKED
        return GONE

    async def _abort(self, bucket: Bucket, asker: Asker, upload: Upload) -> Fate:
        if not await self._may(actions.ABORT_MULTIPART_UPLOAD, bucket, asker, upload.key):
            return REFUSED
        with suppress(S3Error):  # completed or given up meanwhile
            await self._engine.multipart.abort(bucket, upload.key, upload.upload_id)
        return GONE

    async def _may(self, action: Action, bucket: Bucket, asker: Asker, key: str, version_id: str | None = None) -> bool:
        if is_plain_owner(asker.identity, bucket):
            return True
        context = Context(self._wire(bucket, asker), asker.identity, action, bucket)
        ask = Ask(asker.identity, action, context, bucket, key, version_id)
        return await self._authority.find_refusal(ask) is None

    def _wire(self, bucket: Bucket, asker: Asker) -> WireRequest:
        """The request as policies see it, from whoever asked, now."""
        return WireRequest(
            method="DELETE",
            target=Target(bucket.name, None, f"/{bucket.name}"),
            query=(),
            raw_query="",
            headers=Headers([(b"user-agent", asker.user_agent.encode("latin-1"))] if asker.user_agent else []),
            raw_body=NO_BODY,
            scheme=asker.scheme,
            client=asker.client,
            received=self._clock.now(),
            request_id="",
        )


def rest_after(share: float, *, is_alone: bool) -> float:
    """How long to rest after a time of work, in such times."""
    return 1 / (max(share, SHARE_ALONE) if is_alone else share) - 1


def _with_left(state: Emptying, keys: Sequence[str], fates: Sequence[Fate]) -> Emptying:
    left = [key for key, fate in zip(keys, fates, strict=True) if fate is not GONE]
    if not left:
        return state
    return replace(
        state,
        locked=state.locked + fates.count(LOCKED),
        refused=state.refused + fates.count(REFUSED),
        left=tuple(dict.fromkeys((*state.left, *left)))[:MOST_LEFT],
    )


class NoBody:
    """A ``RawBody`` without a byte."""

    length: int | None = 0

    async def read(self) -> bytes:
        return b""

    async def readinto(self, _: memoryview) -> int:
        return 0


NO_BODY = NoBody()
