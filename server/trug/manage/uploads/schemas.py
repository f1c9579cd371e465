"""What the presigned-upload service is asked and answers."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import Meta, Struct

MOST_TEXT = 1024
Text = Annotated[str, Meta(max_length=MOST_TEXT)]
Id = Annotated[str, Meta(min_length=1, max_length=64, description="The file's UUID, the key of the answer.")]
Status = Literal["pending", "uploaded", "processing", "completed", "verified", "failed", "expired"]


class AskUrl(Struct):
    """A file that is to be uploaded: its name with an extension, its size, and its ``type`` (image, video, audio, text,
    application) or ``content_type`` (image/png)."""

    filename: Annotated[str, Meta(min_length=1, max_length=255)]
    file_size: Annotated[int, Meta(gt=0, description="In bytes.")]
    type: Annotated[str, Meta(max_length=128)] = ""
    content_type: Annotated[str, Meta(max_length=128)] = ""
    checksum: Annotated[str, Meta(max_length=128, description="ALGORITHM:base64, as SHA256:… or MD5:…")] = ""
    profile: Annotated[str, Meta(max_length=64)] = "default"
    bucket: Annotated[str, Meta(max_length=255, description="Another bucket than the profile's.")] = ""
    metadata: Annotated[dict[Annotated[str, Meta(max_length=64)], Text], Meta(max_length=16)] = {}
    method: Literal["PUT", "POST"] = "PUT"


class Part(Struct):
    """Where a part goes by PUT, and how many bytes it has; its answer's ETag is told when the upload is completed."""

    number: int
    size: int
    url: str


class Parts(Struct):
    """The way for large files: PUT each part, then POST the list of their ETags (``CompleteMultipartUpload``, XML) to
    ``complete_url``."""

    upload_id: str
    parts: list[Part]
    complete_url: str
    abort_url: str


class UploadUrl(Struct, omit_defaults=True):
    """Where the file goes, until ``expires_at``: by PUT to ``url``, with ``headers``, or by a form with ``fields`` and
    the file after them. ``key`` is the file's UUID; the object is ``object_key`` in ``bucket``."""

    url: str
    key: str
    status: str = ""
    method: str = ""
    expires_at: str = ""
    bucket: str = ""
    object_key: str = ""
    headers: dict[str, str] = {}
    fields: dict[str, str] = {}
    multipart: Parts | None = None


class Report(Struct):
    """What a client says of a file."""

    uuid: Id
    status: Literal["uploaded", "processing", "completed", "failed"]


class FileNamed(Struct):
    """One file."""

    uuid: Id


class FileStatus(Struct, omit_defaults=True):
    """How it stands with a file. ``type`` is what was asked for, ``reason`` why it failed, ``moved_to`` the key under
    which it then lies in its bucket."""

    uuid: str
    name: str
    type: str
    status: str
    updated_at: str
    created_at: str = ""
    expires_at: str = ""
    content_type: str = ""
    size: int = 0
    bucket: str = ""
    object_key: str = ""
    metadata: dict[str, str] = {}
    reason: str = ""
    moved_to: str = ""


class ListStatus(Struct):
    """The caller's files, the oldest first."""

    status: Annotated[Status | Literal[""], Meta(description="Only files of this status.")] = ""
    token: Annotated[str, Meta(max_length=64, description="next_token of the page before.")] = ""
    limit: Annotated[int, Meta(ge=1, le=1000)] = 100


class StatusPage(Struct, omit_defaults=True):
    """A page of files; ``next_token`` is not there on the last one."""

    files: list[FileStatus]
    next_token: str = ""
