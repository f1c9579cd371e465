"""The change feed: pages of JSON, or a stream of server-sent events."""

from __future__ import annotations

from collections.abc import AsyncIterator
from time import monotonic

import msgspec
from starlette.responses import Response, StreamingResponse

from trug.jobs.following import moved
from trug.manage.api.endpoint import Family
from trug.manage.api.problems import Problem, bad_request
from trug.manage.api.visit import Visit
from trug.manage.events import schemas, service
from trug.manage.events.service import Feed, Wanted
from trug.ports.reads import FeedStart
from trug.ports.stores import Unavailable

family = Family("events", "What has changed, in order.", "/api/v1")

STREAM = "text/event-stream"
LAST_ID = "last-event-id"
KEEP_ALIVE = 15.0
"""In seconds: how long a stream is silent at most."""
AT_ONCE = 100
LARGEST = 2**62
LONGEST_ID = len(str(LARGEST))


@family.endpoint(
    "ListEvents",
    "GET /events",
    "What has changed",
    query=schemas.ListEvents,
    answer=schemas.EventPage,
    refuses=(404, 410),
    heeds=("prefix",),
)
async def list_events(visit: Visit, asked: schemas.ListEvents) -> schemas.EventPage | Response:
    """A page of JSON, or, for who accepts ``text/event-stream``, a stream of server-sent events that goes on until the
    client leaves; ``Last-Event-ID`` then takes the place of ``since``. Each caller is told what it may know of: all
    of a bucket that it may list, else what happens to objects that it may get."""
    wanted = await service.wanted_of(visit, asked)
    metadata = visit.surroundings.metadata
    if STREAM not in visit.request.headers.get("accept", ""):
        since = await metadata.fetch(FeedStart()) if asked.since is None else asked.since
        return await Feed(visit).page(wanted, since, asked.limit)
    since = _last_id(visit, metadata.sequence if asked.since is None else asked.since)
    await service.check_kept(visit, since)
    if visit.request.method == "HEAD":
        return Response(media_type=STREAM)
    return StreamingResponse(_told(visit, wanted, since), media_type=STREAM, headers={"x-accel-buffering": "no"})


def _last_id(visit: Visit, otherwise: int) -> int:
    text = visit.request.headers.get(LAST_ID, "")
    if not text:
        return otherwise
    if not (text.isascii() and text.isdigit()) or len(text) > LONGEST_ID or int(text) > LARGEST:
        raise bad_request("Last-Event-ID is no sequence")
    return int(text)


async def _told(visit: Visit, wanted: Wanted, since: int) -> AsyncIterator[bytes]:
    """The stream. One that has fallen behind what the feed keeps, whose reader's credentials are over, or whose server
    stops, ends: the client comes again with the last id, and is told why."""
    feed, metadata, ending = Feed(visit), visit.surroundings.metadata, visit.ending
    spoke = monotonic()
    yield b": trug\n\n"
    while not ending.is_set():
        try:
            if await visit.is_over():
                return
            page = await feed.page(wanted, since, AT_ONCE)
        except (Problem, Unavailable):
            return
        since = page.next
        if page.events:
            yield b"".join(map(_line, page.events))
            spoke = monotonic()
        if not page.more:
            await moved(metadata, since, seconds=spoke + KEEP_ALIVE - monotonic(), ending=ending)
        if monotonic() >= spoke + KEEP_ALIVE:
            yield b"id: %d\n: still here\n\n" % since
            spoke = monotonic()


def _line(event: schemas.Event) -> bytes:
    return b"id: %s\nevent: %s\ndata: %s\n\n" % (event.id.encode(), event.type.encode(), msgspec.json.encode(event))
