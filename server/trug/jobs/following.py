"""Those who follow the change feed inside the server: each has a place of its own in it, which the store keeps."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from math import inf
from time import monotonic
from typing import Any
from weakref import WeakKeyDictionary, ref

import msgspec

from trug.domain.frozen import frozen
from trug.ports.changes import Decided, Moment, Read, Rows
from trug.ports.effects import KeepDocument
from trug.ports.reads import Document, Events, FeedStart
from trug.ports.rows import Event
from trug.ports.stores import MetadataStore, Unavailable

logger = logging.getLogger(__name__)

PERIOD = 0.1
"""In seconds: how often somebody who waits for changes looks. The look is at a word in memory."""
AT_ONCE = 200
FARTHEST = 100_000
"""How many sequences a follower may come forward before the store is told, where nothing was for it."""
REST, LONGEST_REST = 0.5, 30.0
PLACES = "feed-place"


async def moved(
    metadata: MetadataStore, sequence: int, *, seconds: float = inf, ending: asyncio.Event | None = None
) -> None:
    """Return once anything was committed after ``sequence``, after so many seconds, or soon after ``ending`` is set."""
    end = monotonic() + seconds
    while metadata.sequence <= sequence and (left := end - monotonic()) > 0:
        if ending is not None and ending.is_set():
            return
        await _watch_on(metadata).wait(sequence, ending, left)


class _Watch:
    """One look at a store for all who wait for its changes: a thousand who looked themselves took a fifth of a CPU."""

    def __init__(self, metadata: MetadataStore, loop: asyncio.AbstractEventLoop) -> None:
        self.loop = loop
        self._store = ref(metadata)  # which is the key that this stands under
        self._waiting: dict[asyncio.Future[None], tuple[int, asyncio.Event | None]] = {}
        self._is_looking = False

    async def wait(self, sequence: int, ending: asyncio.Event | None, seconds: float) -> None:
        """Until it is worth while to look again; at the latest after so many seconds."""
        coming = self.loop.create_future()
        self._waiting[coming] = sequence, ending
        self._look_soon()
        try:
            await asyncio.wait((coming,), timeout=None if seconds == inf else seconds)
        finally:
            self._waiting.pop(coming, None)

    def _look_soon(self) -> None:
        if not self._is_looking:
            self._is_looking = True
            self.loop.call_later(PERIOD, self._look)

    def _look(self) -> None:
        self._is_looking = False
        try:
            store = self._store()
            last: float = inf if store is None else store.sequence
        except Exception:  # whoever waits looks himself, and is told
            last = inf
        for coming, (sequence, ending) in self._waiting.items():
            if not coming.done() and (last > sequence or (ending is not None and ending.is_set())):
                coming.set_result(None)
        if self._waiting:
            self._look_soon()


_WATCHES: WeakKeyDictionary[MetadataStore, _Watch] = WeakKeyDictionary()


def _watch_on(metadata: MetadataStore) -> _Watch:
    loop = asyncio.get_running_loop()
    watch = _WATCHES.get(metadata)
    if watch is None or watch.loop is not loop:
        watch = _WATCHES[metadata] = _Watch(metadata, loop)
    return watch


@frozen
class KeepPlace:
    """Have the store know up to which sequence a follower has read."""

    name: str
    sequence: int
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return ()

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        return Decided(None, (KeepDocument(PLACES, self.name, msgspec.msgpack.encode(self.sequence)),))


async def everybody() -> bool:
    return True


class Follower:
    """Hands the feed's events of some ``kinds`` to ``handle``, in order and each at least once.

    An event is repeated, with the same sequence, when ``handle`` raised or the process ended before the place was kept;
    ``handle`` gets a few of them at a time. As long as not ``is_wanted``, events are passed over, unread: what becomes
    wanted by a commit sees all later ones. ``missed`` is called when events have left the feed unread.
    """

    def __init__(
        self,
        metadata: MetadataStore,
        name: str,
        handle: Callable[[Sequence[Event]], Awaitable[None]],
        *,
        kinds: frozenset[str],
        is_wanted: Callable[[], Awaitable[bool]] = everybody,
        missed: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        self._metadata = metadata
        self._name = name
        self._handle = handle
        self._kinds = kinds
        self._is_wanted = is_wanted
        self._missed = missed
        self._kept = self._place = -1

    @property
    def place(self) -> int:
        """Up to which sequence it has read; -1 before the first step."""
        return self._place

    async def run(self) -> bool:
        """One step: a page of the feed. Whether there may be more at once. What ``handle`` raises; Unavailable."""
        metadata = self._metadata
        if self._place < 0:
            self._kept = self._place = await self._stored()
        last = metadata.sequence
        if not await self._is_wanted():
            await self._come_to(max(last, self._place))
            return False
        start = await metadata.fetch(FeedStart())
        if start > self._place:
            await self._leap(start)
        page = await metadata.fetch(Events(self._place, AT_ONCE))
        wanted = [event for event in page if event.kind in self._kinds]
        if wanted:
            await self._handle(wanted)
        is_last = len(page) < AT_ONCE
        await self._come_to(max(last, page[-1].sequence if page else 0) if is_last else page[-1].sequence, bool(wanted))
        return not is_last

    async def keep_following(self) -> None:
        """Follow until cancelled. A failure is logged and tried again after ever longer rests."""
        rest = REST
        while True:
            try:
                has_more = await self.run()
            except Exception as failure:
                if not isinstance(failure, Unavailable):
                    logger.warning("%s cannot follow the feed, trying again", self._name, exc_info=True)
                await asyncio.sleep(rest)
                rest = min(2 * rest, LONGEST_REST)
                continue
            rest = REST
            if has_more:
                await asyncio.sleep(0)
            else:
                await moved(self._metadata, self._place)

    async def _stored(self) -> int:
        document = await self._metadata.fetch(Document(PLACES, self._name))
        return 0 if document is None else msgspec.msgpack.decode(document, type=int)

    async def _leap(self, start: int) -> None:
        if self._missed is not None:
            await self._missed()
        self._place = start

    async def _come_to(self, sequence: int, is_worth_keeping: bool = False) -> None:  # noqa: FBT001, FBT002
        self._place = max(self._place, sequence)
        if is_worth_keeping or self._place - self._kept > FARTHEST:
            await self._metadata.commit(KeepPlace(self._name, self._place))
            self._kept = self._place
