"""Access logs: lines wait in memory, and are delivered into the target buckets as objects.

As on AWS this is done as well as it can be: what waits when a process is killed is lost, and so is what comes faster
than it can be written. What the server itself delivers is not logged again, so that a bucket may hold its own log.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from trug.domain.access_log import EVENT_TIME, LogTarget, Origin, log_key
from trug.domain.acl import Ownership, private
from trug.domain.configurations import LOGGING
from trug.domain.errors import S3Error
from trug.domain.frozen import replace
from trug.domain.preconditions import NO_WRITE_CONDITIONS
from trug.engine.access_logs import check_target, unpacked
from trug.engine.content import Content
from trug.engine.drafts import Draft
from trug.engine.engine import Engine
from trug.ports.keys import Clock
from trug.ports.rows import Bucket

logger = logging.getLogger(__name__)

PERIOD = 60.0
"""Seconds."""
FULL = 1 << 20
"""Bytes of one log at which it is delivered at once."""
ROOM = 16 << 20
"""Bytes of all logs that may wait."""
DAY = 86_400_000_000
DRAFT = Draft(headers={"content-type": "text/plain"})


@dataclass(slots=True)
class Waiting:
    """Lines of one bucket's log by the day of their requests, since 1970."""

    bucket: Bucket
    size: int = 0
    days: dict[int, list[str]] = field(default_factory=dict)


class AccessLogs:
    """The lines that wait. ``lost`` counts those that nobody will read."""

    def __init__(self, engine: Engine, clock: Clock) -> None:
        self._engine = engine
        self._clock = clock
        self._waiting: dict[int, Waiting] = {}
        self._size = 0
        self._is_full = asyncio.Event()
        self.lost = 0

    def add(self, bucket: Bucket, time: int, line: str) -> None:
        """A line for the log of ``bucket``, about a request that came in at ``time`` (µs since 1970)."""
        if self._size + len(line) > ROOM:
            self.lost += 1
            return
        waiting = self._waiting.get(bucket.id)
        if waiting is None:
            waiting = self._waiting[bucket.id] = Waiting(bucket)
        waiting.days.setdefault(time // DAY, []).append(line)
        waiting.size += len(line)
        self._size += len(line)
        if waiting.size >= FULL:
            self._is_full.set()

    async def keep_delivering(self, period: float = PERIOD) -> None:
        """Deliver every ``period`` seconds, and whenever a log has grown to 1 MiB, until cancelled."""
        while True:
            try:
                async with asyncio.timeout(period):
                    await self._is_full.wait()
            except TimeoutError:
                pass
            await self.deliver()

    async def deliver(self) -> int:
        """Write what waits into the target buckets; how many objects were made. A failure costs its lines."""
        waiting, self._waiting, self._size = self._waiting, {}, 0
        self._is_full.clear()
        made = 0
        for each in waiting.values():
            try:
                made += await self._deliver(each)
            except Exception:
                self._lose(each)
                logger.warning("the access log of %s could not be delivered", each.bucket.name, exc_info=True)
        return made

    async def _deliver(self, waiting: Waiting) -> int:
        source = await self._engine.buckets.find(waiting.bucket.name)
        if source is None or source.id != waiting.bucket.id:
            return 0
        target = unpacked(await self._engine.configurations.find(source, LOGGING))
        if target is None:
            return 0
        bucket = await self._receiver(source, target)
        if bucket is None:
            self._lose(waiting)
            return 0
        files = list(self._files(source, target, waiting))
        draft = await self._draft(bucket, target)
        for key, content in files:
            await self._engine.objects.put(bucket, key, Content(content), draft, NO_WRITE_CONDITIONS)
        return len(files)

    async def _draft(self, bucket: Bucket, target: LogTarget) -> Draft:
        """A log belongs to the target's owner, who shares it with those he granted it to, where lists count."""
        if not target.grants or await self._engine.access_lists.ownership_of(bucket) is Ownership.ENFORCED:
            return DRAFT
        owner = private((await self._engine.accounts.with_id(bucket.account)).canonical_id)
        return replace(DRAFT, acl=replace(owner, grants=owner.grants + target.grants))

    async def _receiver(self, source: Bucket, target: LogTarget) -> Bucket | None:
        """The target bucket as it is now; None where nothing may be delivered there any more."""
        try:
            return check_target(source, await self._engine.buckets.find(target.bucket))
        except S3Error as refusal:
            logger.warning("the access log of %s is not delivered: %s", source.name, refusal.message)
            return None

    def _files(self, source: Bucket, target: LogTarget, waiting: Waiting) -> Iterator[tuple[str, bytes]]:
        """Keys and contents: one, or one for each day where logs are partitioned by the time of events."""
        origin = Origin(source.account, source.region, source.name)
        now = datetime.fromtimestamp(self._clock.now() // 1_000_000, UTC)
        if target.key_format != EVENT_TIME:
            lines = [line for day in waiting.days.values() for line in day]
            yield log_key(target, origin, now, unique()), "".join(lines).encode()
            return
        for day, lines in waiting.days.items():
            moment = datetime.fromtimestamp(day * DAY // 1_000_000, UTC)
            yield log_key(target, origin, moment, unique()), "".join(lines).encode()

    def _lose(self, waiting: Waiting) -> None:
        self.lost += sum(map(len, waiting.days.values()))


def unique() -> str:
    """What tells files of one second apart."""
    return secrets.token_hex(8).upper()
