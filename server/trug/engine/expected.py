"""How it goes on with files that somebody was given a URL to upload."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from trug.domain.frozen import frozen, replace
from trug.engine.refusals import no_such_bucket
from trug.ports.changes import Decided, Moment, Read, Rejected, Rows
from trug.ports.effects import Announce
from trug.ports.expected import PENDING, SETTLED, ExpectedFile, ExpectedWithId, PutExpected, RemoveExpected
from trug.ports.reads import BucketWithId

REPORTED = ("uploaded", "processing", "completed", "failed")
"""What a client may say of a file."""


class Unknown(Exception):
    """There is no such expected file."""


@frozen
class Expect:
    """Begin to expect a file. Answers its row."""

    file: ExpectedFile
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (BucketWithId(self.file.bucket),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[ExpectedFile] | Rejected:
        if rows.of(BucketWithId(self.file.bucket)) is None:
            return Rejected(no_such_bucket(""))
        return _kept(self.file._replace(created=moment.time), moment)


@frozen
class ReportStatus:
    """Remember what a client says of a file; it is told until the server has settled what is so. Answers the row."""

    id: str
    status: str
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (ExpectedWithId(self.id),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[ExpectedFile] | Rejected:
        file = rows.of(ExpectedWithId(self.id))
        if file is None:
            return Rejected(Unknown())
        if file.state in SETTLED or file.status == self.status:
            return Decided(file)
        return _kept(file._replace(status=self.status), moment)


@frozen
class Settle:
    """Set what the server knows of a file: its state, and of the object that was looked at its ETag, why it is not what
    was asked for, and where it was moved to. Answers the row, None when it is gone, or is not in ``only_from``."""

    id: str
    state: str
    etag: str = ""
    reason: str = ""
    moved_to: str = ""
    only_from: str = ""
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return () if rows else (ExpectedWithId(self.id),)

    def decide(self, rows: Rows, moment: Moment) -> Decided[ExpectedFile | None]:
        file = rows.of(ExpectedWithId(self.id))
        if file is None or self.only_from not in ("", file.state):
            return Decided(None)
        details = replace(file.details, etag=self.etag, reason=self.reason, moved_to=self.moved_to)
        status = self.state if self.state in SETTLED or file.status == PENDING else file.status
        return _kept(file._replace(state=self.state, status=status, details=details), moment)


@frozen
class ForgetExpected:
    """Forget expected files by their ids."""

    ids: tuple[str, ...]
    blobs: tuple[int, ...] = ()

    def reads(self, rows: Rows) -> Sequence[Read[Any]]:
        return ()

    def decide(self, rows: Rows, moment: Moment) -> Decided[None]:
        return Decided(None, [RemoveExpected(number) for number in self.ids])


def _kept(file: ExpectedFile, moment: Moment) -> Decided[Any]:
    """The row as it is from now on, which the feed tells."""
    file = file._replace(updated=moment.time)
    return Decided(file, (PutExpected(file), Announce("FileStatus", file.bucket, file.key, file.id, etag=file.status)))
