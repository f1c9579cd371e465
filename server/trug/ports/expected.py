"""Files that somebody was given a URL to upload, and what became of them: the rows, the questions and the effects."""

from __future__ import annotations

from typing import NamedTuple

from trug.domain.frozen import frozen
from trug.ports.changes import Effect, Read

PENDING, UPLOADED, VERIFIED, FAILED, EXPIRED = "pending", "uploaded", "verified", "failed", "expired"
OPEN = (PENDING, UPLOADED)
SETTLED = (VERIFIED, FAILED, EXPIRED)


@frozen
class Details:
    """What was asked for and what was found; nothing searches for any of it.

    ``type`` is what the client called it, ``media`` the media type that the file must have, ``checksum``
    ``ALGORITHM:base64`` or empty. ``upload_id`` is the multipart upload that was begun for it. ``etag`` is that of the
    object which was looked at last, with its sequence, ``reason`` why it failed, ``moved_to`` the key under which it is
    in quarantine.
    """

    name: str
    type: str
    media: str
    size: int
    profile: str = ""
    checksum: str = ""
    metadata: dict[str, str] = {}  # noqa: RUF012 - msgspec makes another for each value
    upload_id: str = ""
    etag: str = ""
    reason: str = ""
    moved_to: str = ""


class ExpectedFile(NamedTuple):
    """A file that may be uploaded as ``key`` until ``expires``; times in µs since 1970.

    ``state`` is what the server knows of it, ``status`` what is told: what a client reported counts until the server
    has settled it. ``owner`` is the ARN of who asked.
    """

    id: str
    owner: str
    bucket: int
    key: str
    state: str
    status: str
    created: int
    updated: int
    expires: int
    details: Details


@frozen
class PutExpected(Effect):
    """Insert or replace an expected file."""

    file: ExpectedFile


@frozen
class RemoveExpected(Effect):
    """Forget an expected file."""

    id: str


@frozen
class ExpectedWithId(Read[ExpectedFile | None]):
    """The expected file with this id."""

    id: str


@frozen
class ExpectedAt(Read[list[ExpectedFile]]):
    """All that are expected as this key."""

    bucket: int
    key: str


@frozen
class ExpectedOf(Read[list[ExpectedFile]]):
    """An owner's, by id after ``after``, at most ``limit``; ``status`` empty means any."""

    owner: str
    status: str = ""
    after: str = ""
    limit: int = 100


@frozen
class ExpectedDue(Read[list[ExpectedFile]]):
    """Those in a state that expired before ``time``, by (expires, id) after that pair, at most ``limit``."""

    state: str
    time: int
    after: tuple[int, str] = (0, "")
    limit: int = 100


@frozen
class IsAnyExpected(Read[bool]):
    """Whether any file is pending or uploaded, or expires after ``time``."""

    time: int
