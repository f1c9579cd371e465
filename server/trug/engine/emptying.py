"""How far a bucket has been emptied, kept from page to page, so that a job that was interrupted goes on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

from trug.domain.frozen import frozen, replace
from trug.domain.identity import Identity
from trug.engine.refusals import Moved, no_such_bucket
from trug.ports.changes import Decided, Moment, Read, Rejected, Rows
from trug.ports.effects import KeepDocument
from trug.ports.reads import BucketWithId, Document

EMPTYING = "emptying"

MOST_LEFT = 10
"""How many of the keys that could not be removed are told by name."""


@frozen
class Asker:
    """Who asked for it, and as much of how they asked as policies go by."""

    identity: Identity
    client: str
    scheme: str
    user_agent: str = ""


@frozen
class Emptying:
    """A job that removes what a bucket held at ``sequence``; what was written later stays. Times in µs.

    The next version is the one of ``key`` with a sequence below ``before``; ``of_uploads`` when all versions have been
    seen: then the next is the upload of ``key`` after ``upload``. ``locked`` and ``refused`` count versions (and
    uploads) that a lock or a policy keeps; ``left`` has the first of their keys. ``beat`` is when the job was last at
    work.
    """

    asker: Asker
    sequence: int
    begun: int
    beat: int
    key: str = ""
    before: int = 2**63 - 1
    upload: str = ""
    of_uploads: bool = False
    removed: int = 0
    aborted: int = 0
    locked: int = 0
    refused: int = 0
    left: tuple[str, ...] = ()
    is_over: bool = False


def emptying_of(bucket: int) -> Document:
    return Document(EMPTYING, str(bucket))


def unpacked_emptying(document: bytes | None) -> Emptying | None:
    return None if document is None else msgspec.msgpack.decode(document, type=Emptying)


@frozen
class BeginEmptying:
    """Begin to empty a bucket, or join who does. Answers the state of the job."""

    bucket: int
    asker: Asker
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.bucket), emptying_of(self.bucket))

    def decide(self, rows: Rows, moment: Moment) -> Decided[Emptying] | Rejected:
        if rows.of(BucketWithId(self.bucket)) is None:
            return Rejected(no_such_bucket(""))
        running = unpacked_emptying(rows.of(emptying_of(self.bucket)))
        if running is not None and not running.is_over:
            return Decided(running)
        state = Emptying(self.asker, moment.sequence, moment.time, moment.time)
        return Decided(state, (_kept(self.bucket, state),))


@frozen
class KeepEmptying:
    """Remember how far the job has come. Rejected with Moved when somebody else went on with it from ``known``, and
    where the bucket is gone. Answers the state that is kept."""

    bucket: int
    known: Emptying
    state: Emptying
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.bucket), emptying_of(self.bucket))

    def decide(self, rows: Rows, moment: Moment) -> Decided[Emptying] | Rejected:
        kept = unpacked_emptying(rows.of(emptying_of(self.bucket)))
        if rows.of(BucketWithId(self.bucket)) is None or kept != self.known:
            return Rejected(Moved())
        state = replace(self.state, beat=moment.time)
        return Decided(state, (_kept(self.bucket, state),))


def _kept(bucket: int, state: Emptying) -> KeepDocument:
    return KeepDocument(EMPTYING, str(bucket), msgspec.msgpack.encode(state))
