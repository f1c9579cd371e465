"""What is noted of a request for the access logs, request metrics and analyses of buckets that have them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from trug.domain.configurations import HAS_ANALYTICS, HAS_LOGGING, HAS_METRICS
from trug.domain.frozen import frozen
from trug.domain.identity import Identity
from trug.domain.storage_class_analysis import Seen
from trug.ports.rows import Bucket
from trug.wire.request import WireRequest

NOTED = HAS_LOGGING | HAS_METRICS | HAS_ANALYTICS
"""Buckets about which anything is noted."""
COPIED = "REST.COPY.OBJECT_GET"
"""The reading half of CopyObject, as access logs call it."""


@frozen
class Note:
    """One line to be written into the log of ``bucket``, and what its metrics count: who asked, and how.

    ``operation`` is as access logs call it, empty where it is the request's own. ``status`` 0 is the answer's.
    ``size`` is that of the object in question; ``turn_around`` is in µs. ``stands_alone`` is false of a line that is
    about one of many keys of a request, which has a line of its own. It counts as ``counter`` (domain.request_metrics)
    for the metrics configurations whose ids are ``filters``; ``tags`` are those that the object had before.
    ``seen`` is for analyses.
    """

    bucket: Bucket
    identity: Identity
    wire: WireRequest
    operation: str = ""
    key: str | None = None
    version_id: str | None = None
    status: int = 0
    error: str = ""
    size: int | None = None
    turn_around: int | None = None
    stands_alone: bool = True
    tags: Mapping[str, str] | None = None
    counter: int = 0
    filters: tuple[str, ...] = ()
    seen: Seen | None = None


class Notebook(Protocol):
    """Where notes of one request are kept until it is answered."""

    notes: list[Note] | None


def note(notebook: Notebook | None, entry: Note) -> None:
    """Keep a note, where somebody keeps any and the bucket has a log, metrics or analyses."""
    if notebook is None or not entry.bucket.configured & NOTED:
        return
    if notebook.notes is None:
        notebook.notes = []
    notebook.notes.append(entry)
