"""Notes of a request → what request metrics and storage class analyses of its buckets count."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress

from trug.domain.configurations import HAS_ANALYTICS, HAS_METRICS
from trug.domain.errors import S3Error
from trug.domain.frozen import replace
from trug.domain.request_metrics import GET, Filters, counter_of
from trug.domain.storage_class_analysis import Seen, place_of
from trug.domain.tags import HEADER as TAGGING
from trug.domain.tags import parse_tagging_header
from trug.engine.engine import Engine
from trug.jobs.request_metrics import RequestMetrics
from trug.jobs.storage_class_analyses import Analyses
from trug.observe import Trace
from trug.operations.noting import COPIED, Note
from trug.ports.keys import Clock
from trug.ports.reads import UploadWithId
from trug.ports.stores import Damaged, MetadataStore, Unavailable
from trug.wire.reply import Reply
from trug.wire.request import RawBody, WireRequest

SECOND = 1_000_000
UPLOADS = frozenset({"PutObject", "CopyObject", "PostObject"})
"""What analyses count as uploads: "you will not see multipart object upload activity in your export data"."""
NO_TAGS: dict[str, str] = {}


class TimedBody:
    """A body that remembers when something of it was read last (µs since 1970; None while nothing was)."""

    __slots__ = ("_clock", "_raw", "length", "read_at")

    def __init__(self, raw: RawBody, clock: Clock) -> None:
        self._raw = raw
        self._clock = clock
        self.length = raw.length
        self.read_at: int | None = None

    async def read(self) -> bytes:
        piece = await self._raw.read()
        self.read_at = self._clock.now()
        return piece

    async def readinto(self, buffer: memoryview) -> int:
        count = await self._raw.readinto(buffer)
        self.read_at = self._clock.now()
        return count


def turn_around(note: Note, now: int) -> int | None:
    """µs from the complete request to ``now``, when its answer begins; None where it is not known when the body had
    come."""
    body = note.wire.raw_body
    came = body.read_at if isinstance(body, TimedBody) else note.wire.received if body.length == 0 else None
    return None if came is None else max(now - came, 0)


class Meter:
    """Finds out under which metrics configurations and analyses a request falls, and counts it there."""

    def __init__(
        self, metrics: RequestMetrics, analyses: Analyses, engine: Engine, metadata: MetadataStore, clock: Clock
    ) -> None:
        self.metrics = metrics
        self.analyses = analyses
        self._engine = engine
        self._metadata = metadata
        self._clock = clock

    def timed(self, wire: WireRequest) -> WireRequest:
        """The request, with a body that tells when it had come."""
        return wire if wire.raw_body.length == 0 else replace(wire, raw_body=TimedBody(wire.raw_body, self._clock))

    async def before(self, note: Note) -> Note:
        """With the tags of what the request deletes, where it takes them to tell what it falls under."""
        with suppress(Damaged, Unavailable):
            return replace(note, tags=await self._tags(await self.metrics.filters_of(note.bucket.id), note, "", None))
        return note

    async def filed(self, notes: list[Note], operation: str, reply: Reply) -> list[Note]:
        """With the configurations that the request falls under, now that it is answered."""
        filed = [
            await self._filed(note, operation, reply) if note.bucket.configured & HAS_METRICS else note
            for note in notes
        ]
        if filed[0].bucket.configured & HAS_ANALYTICS and not filed[0].operation:
            with suppress(Damaged, Unavailable, S3Error):
                filed[0] = replace(filed[0], seen=await self._seen(filed[0], operation, reply))
        return filed

    async def _seen(self, note: Note, operation: str, reply: Reply) -> Seen | None:
        """What analyses make of a request; None where it is not for them: "only includes requests with data relevant to
        storage class analysis", and no failed ones."""
        is_upload = operation in UPLOADS
        if note.key is None or reply.status >= 300 or not (is_upload or operation == "GetObject"):
            return None
        filters = await self.analyses.filters_of(note.bucket.id)
        if filters is None:
            return None
        version_id = note.version_id or reply.headers.get("x-amz-version-id")
        version = await self._engine.objects.find(note.bucket, note.key, version_id)
        names = filters.matching(note.key, version.record.tags)
        size, modified, storage_class = version.listing[1:4]
        place = place_of(self.analyses.age_of(modified), size)
        return Seen(tuple(names), storage_class, place, size if is_upload else None) if names else None

    async def _filed(self, note: Note, operation: str, reply: Reply) -> Note:
        has_key = note.key is not None or note.wire.target.is_website
        if note.operation:
            counter = GET if note.operation == COPIED else None
        else:
            counter = counter_of(operation, note.wire.method, has_key=has_key)
        if counter is None:
            return note
        with suppress(Damaged, Unavailable):  # what is counted must not spoil an answer
            filters = await self.metrics.filters_of(note.bucket.id)
            if filters is None:
                return note
            key = note.key or "" if has_key else None
            tags = await self._tags(filters, note, operation, reply) if note.tags is None else note.tags
            return replace(note, counter=counter, filters=tuple(filters.matching(key, tags)))
        return note

    async def _tags(
        self, filters: Filters | None, note: Note, operation: str, reply: Reply | None
    ) -> Mapping[str, str]:
        """Those of the object that a request is about, or will be; none where there is none, or nobody asks for them.

        AWS does not say when an object's tags count: here it is when the request was answered, and of what it deletes,
        before that.
        """
        if filters is None or note.key is None or not filters.heeds_tags(note.key):
            return NO_TAGS
        if operation == "CreateMultipartUpload":
            with suppress(S3Error):
                return parse_tagging_header(note.wire.headers.get(TAGGING, ""))
            return NO_TAGS
        upload_id = note.wire.parameters.get("uploadId")
        if upload_id is not None and not note.operation:
            upload = await self._metadata.fetch(UploadWithId(upload_id))
            return NO_TAGS if upload is None or upload.bucket != note.bucket.id else upload.record.tags
        version_id = note.version_id
        if version_id is None and reply is not None and not note.operation:
            version_id = reply.headers.get("x-amz-version-id")
        with suppress(S3Error):
            return (await self._engine.objects.find(note.bucket, note.key, version_id)).record.tags
        return NO_TAGS

    def count(self, notes: list[Note], trace: Trace, seconds: float) -> None:
        """The request was answered; it all took ``seconds``."""
        for note in notes:
            if note.seen is not None:
                self.analyses.count(note.bucket.id, note.seen, trace.bytes_out)
            for name in note.filters:
                measures = self.metrics.measures_of(note.bucket.id, name)
                if measures is None:
                    continue
                if note.operation:
                    measures.count(note.counter)
                else:
                    measures.count_answer(
                        note.counter,
                        status=trace.status,
                        received=trace.bytes_in,
                        sent=trace.bytes_out,
                        first_byte=None if note.turn_around is None else note.turn_around / SECOND,
                        seconds=seconds,
                    )
