"""What the storage manager is asked and answers."""

from __future__ import annotations

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from trug.domain.media_types import PATTERN

BucketName = Annotated[str, Meta(min_length=1, max_length=255, description="The bucket's name.")]
Key = Annotated[str, Meta(min_length=1, max_length=1024, description="The file's key.")]


class Health(Struct):
    """``timestamp`` is in RFC 3339."""

    status: str
    env: str
    timestamp: str


class UploadForm(Struct):
    """The parts of a form with one file, in any order."""

    bucket: BucketName
    file: Annotated[bytes, Meta(description="The file, with its name.")]


class ManyUploadsForm(Struct):
    """The parts of a form with several files, in any order."""

    bucket: BucketName
    files: Annotated[list[bytes], Meta(description="The files, each with its name.")]


class Uploaded(Struct):
    """Where the file is."""

    url: str


class ManyUploaded(Struct):
    """Where the files are, in the order they were sent in."""

    urls: list[str]


class ListFiles(Struct):
    """``limit`` is 10 where it is 0 or less, and at most 1,000."""

    bucket: BucketName
    extension: Annotated[str, Meta(max_length=64, description="Only files with this extension.")] = ""
    token: Annotated[str, Meta(max_length=4096, description="next_token of the page before.")] = ""
    limit: int = 10
    prefix: Annotated[str, Meta(max_length=1024, description="Only keys that begin so.")] = ""
    filter: Annotated[str, Meta(max_length=4096, description="Only files that this filter holds of.")] = ""


class File(Struct):
    """A file of a list; ``extension`` is lower-case, with its dot."""

    key: str
    url: str
    size_bytes: int
    size_formatted: str
    extension: str
    storage_class: str
    last_modified: str


class FileDescribed(File):
    """A file with the name that it was uploaded under and the type of its content."""

    filename: str
    content_type: str


class FilePage(Struct):
    """A page of a list; ``next_token`` is not there on the last one."""

    files: list[File]
    next_token: str | UnsetType = UNSET


class FileNamed(Struct):
    """One file."""

    bucket: BucketName
    key: Key


class Presign(Struct):
    """One file, for ``expires`` seconds."""

    bucket: BucketName
    key: Key
    expires: Annotated[int, Meta(ge=1, le=604_800, description="How long the URL is good, in seconds.")] = 900


class Presigned(Struct):
    """A URL that needs no credentials for a while."""

    presigned_url: str


class Bucket(Struct):
    """A bucket of a list."""

    name: str
    creation_date: str


class CreateBucket(Struct):
    """A bucket to be made."""

    bucket_name: BucketName


class BucketCreated(Struct):
    """The bucket that was made."""

    bucket_name: str


class BucketAsked(Struct):
    """One bucket."""

    bucket: BucketName


class BucketToDelete(Struct):
    """One bucket."""

    name: BucketName


class BucketStats(Struct):
    """What a bucket holds: current files, and their bytes."""

    bucket_name: str
    total_files: int
    total_size_bytes: int
    total_size_formatted: str


class UploadTypes(Struct):
    """The types that may be uploaded into a bucket."""

    bucket_name: str
    types: list[str]


MediaType = Annotated[str, Meta(pattern=PATTERN, max_length=127, examples=["image/*"])]


class SetUploadTypes(Struct):
    """``types`` that may be uploaded into the bucket; none: the server's list counts again."""

    bucket_name: BucketName
    types: Annotated[list[MediaType], Meta(max_length=100)]


class EmptyingState(Struct):
    """How far a bucket has been emptied: what was there when that was asked for goes, what comes later stays.

    ``locked`` counts what a lock protects, ``refused`` what policies keep the one who asked from removing; ``left``
    has some of their keys.
    """

    bucket_name: str
    status: Literal["running", "finished"]
    started: str
    removed_versions: int
    removed_uploads: int
    locked: int
    refused: int
    left: list[str]
