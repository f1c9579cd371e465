"""What readers of the feed ask and are told."""

from __future__ import annotations

from typing import Annotated

from msgspec import UNSET, Meta, Struct, UnsetType

Place = Annotated[int, Meta(ge=0, le=2**62, description="The sequence that was read last.")]


class ListEvents(Struct):
    """``since`` is the sequence after which to begin: without it a page begins with the oldest event that there is, a
    stream with the next one. ``type`` has types with commas between them, each maybe with ``*`` at its end."""

    since: Place | None = None
    bucket: Annotated[str, Meta(max_length=255, description="Only events in this bucket.")] = ""
    prefix: Annotated[str, Meta(max_length=1024, description="Only events on keys that begin so.")] = ""
    type: Annotated[str, Meta(max_length=1024, description="Only events of these types.")] = ""
    limit: Annotated[int, Meta(ge=1, le=1000, description="How many events a page has at most.")] = 100


class Event(Struct, omit_defaults=True):
    """One change. ``id`` never changes, however often the event is told; ``sequence`` orders all of them. ``time`` is
    exact to a second. ``name`` is what happened to an account, ``configuration`` which one of a bucket was changed,
    ``file`` and ``status`` what became of a file that was to be uploaded by a presigned URL."""

    id: str
    sequence: int
    type: str
    time: str = ""
    account: str = ""
    bucket: str = ""
    key: str = ""
    version_id: str = ""
    size: int | UnsetType = UNSET
    etag: str = ""
    name: str = ""
    configuration: str = ""
    file: str = ""
    status: str = ""


class EventPage(Struct):
    """Events in order. ``next`` is the ``since`` of the next page; ``more`` says whether there is more to read now."""

    events: list[Event]
    next: int
    more: bool
